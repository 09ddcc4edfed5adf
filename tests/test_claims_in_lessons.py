"""No claim is forgotten: each has a heading in its lesson, followed by a cell that measures, and most a test by id."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSONS = {
    "01": "N1 N2 N3 N4 N5 N6",
    "02": "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A13 A14 A15 A16 A17 A18 A19",
    "03": "L1 L2 L3 L4 L5 L6 L7 L8 L9",
    "04": "B1 B2 B3 B4",
    "05": "G1 G2 G3 G4 G5 G6 G7 L10",
    "06": "R1 R2 R3 R4 R7",
    "07": "R5 R6 R8 R9",
    "08": "G8 G9 G10 G11 G12 G13 G14 G15",
    "09": "A11 A12 B5 B6 B7",
    "10": "B8 N5",
    "11": "B9",
    "12": "B10",
    "13": "F1 F2 F3 F5 F13",
    "14": "F3 F4 F6 F7 F8 F9 F10 F11 F12",
    "15": "R10 G5 A19",
    "16": "F14 N6",
}
CLAIMS = [(lesson, claim) for lesson, claims in LESSONS.items() for claim in claims.split()]
# Said and shown in their lessons, with nothing to assert: what needs a clock, advice, pictures in words.
NO_TEST = {"A8", "G5", "G6", "R3"}


def cells(lesson):
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(path.read_text("utf-8"))["cells"]]


@pytest.mark.parametrize(("lesson", "claim"), CLAIMS)
def test_each_claim_has_its_heading_in_its_lesson(lesson, claim):
    text = "\n".join(text for kind, text in cells(lesson) if kind == "markdown")
    headings = re.findall(r"^##+ .*", text, re.M)
    assert any(re.search(rf"\b{claim}\b", heading) for heading in headings), f"{claim} is missing in lesson {lesson}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_myth_check_measures(lesson):
    kinds = [kind for kind, text in cells(lesson)]
    starts = [i for i, (kind, text) in enumerate(cells(lesson)) if kind == "markdown" and "## Myth check" in text]
    assert len(starts) == 1 and "code" in kinds[starts[0] : starts[0] + 3]


@pytest.mark.parametrize("claim", sorted({claim for _, claim in CLAIMS} - NO_TEST))
def test_each_claim_has_a_test(claim):
    tests = re.findall(r"^def (test_\w+)", (ROOT / "tests" / "test_claims.py").read_text("utf-8"), re.M)
    assert any(claim in name.split("_") for name in tests), f"no test of {claim}"
