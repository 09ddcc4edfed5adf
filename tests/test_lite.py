"""The course as a wheel, and the page for JupyterLite that `make lite` builds from it."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

spec = importlib.util.spec_from_file_location("lite", ROOT / "tools" / "lite.py")
lite = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lite)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return lite.build_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_is_for_every_system(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_holds_the_course_and_nothing_else(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "course_lib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }
    assert packed == here
    assert {"course_lib/course.mplstyle", "course_lib/data/digits.csv.gz"} < packed
    assert {"course_lib/exercises/learning_rate.py", "course_lib/explore/live.py"} < packed


def test_the_wheel_asks_for_nothing_a_browser_lacks(wheel):
    with zipfile.ZipFile(wheel) as packed:
        (metadata,) = [name for name in packed.namelist() if name.endswith("/METADATA")]
        lines = packed.read(metadata).decode().splitlines()
    needs = [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist")]
    always = {need.split(">")[0] for need in needs if ";" not in need}
    assert always == {"ipywidgets", "matplotlib", "numpy", "packaging", "tqdm"}
    assert not [need for need in needs if need.startswith("isal") and "emscripten" not in need]


def test_only_the_first_cell_of_a_notebook_is_another_one():
    before = (ROOT / "notebooks" / "06_learning_rate.ipynb").read_text("utf-8")
    old, new = json.loads(before)["cells"], json.loads(lite.for_the_browser(before))["cells"]
    changed = [i for i, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    assert len(changed) == 1 and new[changed[0]]["source"] == "%pip install --quiet how-neural-networks-learn"


def page(folder):
    """A page with all its files, empty ones."""
    for name in lite.lacks(folder):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    (folder / "pypi" / "all.json").write_text(json.dumps({lite.NAME: {}}))
    return folder


def test_a_page_that_lacks_something_is_not_taken_for_one(tmp_path, monkeypatch):
    assert lite.lacks(page(tmp_path)) == []
    (tmp_path / "files" / "06_learning_rate.ipynb").unlink()
    (tmp_path / "pypi" / "all.json").write_text("{}")
    assert lite.lacks(tmp_path) == ["files/06_learning_rate.ipynb", "how-neural-networks-learn in pypi/all.json"]
    monkeypatch.setattr(lite, "OUT", tmp_path)
    monkeypatch.setattr(lite, "build", lambda out, options: None)
    with pytest.raises(SystemExit, match="lacks files/06_learning_rate.ipynb"):
        lite.main()


def test_a_failed_build_says_why(tmp_path, wheel, monkeypatch):
    run = subprocess.run
    monkeypatch.setattr(lite, "build_wheel", lambda folder: wheel)
    program = "import sys; sys.exit('disk full')"
    monkeypatch.setattr(lite.subprocess, "run", lambda command, **how: run([sys.executable, "-c", program], **how))
    with pytest.raises(SystemExit, match="disk full"):
        lite.build(tmp_path / "page")
