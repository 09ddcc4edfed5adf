"""What contributors meet: recipes whose files exist, forms GitHub can read, a citation that agrees with the rest."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
GUIDES = ["CONTRIBUTING.md", "docs/adding_an_exercise.md"]


# -------------------------------------------------------------------------------- citation, changes


def test_the_citation_is_one():
    assert str(CITATION["cff-version"]) == "1.2.0"
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION), "the format requires them"
    assert CITATION["authors"] and all(author.get("name") for author in CITATION["authors"])
    assert CITATION["type"] == "software"


def test_the_citation_agrees_with_the_package():
    assert str(CITATION["version"]) == PROJECT["version"]
    assert CITATION["license"] in PROJECT["license"]["text"]
    assert CITATION["repository-code"] == PROJECT["urls"]["Repository"]


def test_the_changes_of_this_version_are_listed():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] == PROJECT["version"]


# --------------------------------------------------------------------------------- what guides say


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_points_to_exists(guide):
    text = (ROOT / guide).read_text("utf-8")
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / guide).parent.joinpath(link).exists(), link
    named = re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text)
    assert named
    made = {"notebooks/18_memory.ipynb", "course_lib/explore/memory.py", "course_lib/exercises/memory.py"}
    assert [name for name in named if name not in made and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_names_only_commands_there_are(guide):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)\b", (ROOT / guide).read_text("utf-8"))) <= targets


# ----------------------------------------------------------------------------------------- GitHub


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_one_github_can_read(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert set(form) <= {"name", "description", "title", "labels", "body"}
    assert form["name"] and form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[\w-]+", one) for one in ids)
    for field in form["body"]:
        assert field["type"] in {"input", "textarea"} and field["attributes"]["label"]
        assert set(field["attributes"]) <= {"label", "description", "placeholder"}
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_there_is_a_form_for_learners_claims_figures_and_teaching():
    assert [path.stem[2:] for path in FORMS] == ["stuck", "wrong_claim", "figure", "teaching"]


# ------------------------------------------------------------------------------------- pre-commit


def hook(name, file):
    """The exit code of a hook's command on a file."""
    (entry,) = [hook["entry"] for hook in HOOKS if hook["id"] == name]
    program, *arguments = entry.split()
    assert program == "python"
    return subprocess.run([sys.executable, *arguments, str(file)], cwd=ROOT, capture_output=True).returncode


def test_the_hooks_need_no_network():
    assert [hook["language"] for hook in HOOKS] == ["system"] * len(HOOKS)


def test_the_hook_for_notebooks_tidies_them(tmp_path):
    stored = (ROOT / "notebooks" / "00_start_here.ipynb").read_bytes()
    tidy, untidy = tmp_path / "tidy.ipynb", tmp_path / "untidy.ipynb"
    tidy.write_bytes(stored)
    untidy.write_text(json.dumps(json.loads(stored), indent=4), "utf-8")
    assert hook("notebooks", tidy) == hook("notebooks", untidy) == 0
    assert untidy.read_bytes() == tidy.read_bytes()


def test_the_hook_for_code_mends_and_refuses(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("import sys\nimport os\nprint(os, sys)\n")
    assert hook("ruff", file) == 0 and file.read_text().startswith("import os\n")
    file.write_text("print(missing)\n")
    assert hook("ruff", file) == 1
