"""One address: it stands in pyproject.toml, and badges, first cells and links follow from it."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
OWNER_AND_NAME = ADDRESS.removeprefix("https://github.com/")


@pytest.fixture
def tools(monkeypatch):
    """The two modules, as `python tools/address.py` has them."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    for name in ("address", "notebooks"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import address

    import notebooks

    yield address, notebooks
    for name in ("address", "notebooks"):
        del sys.modules[name]


# -------------------------------------------------------------------------- every place agrees


def test_every_place_has_the_one_address(tools):
    address, notebooks = tools
    assert notebooks.repository() == ADDRESS
    readme = (ROOT / "README.md").read_text("utf-8")
    assert address.with_badges(readme, OWNER_AND_NAME) == readme, "run: python tools/course.py address"
    for path in NOTEBOOKS:
        text = notebooks.read(path)
        assert notebooks.stored_form(text) == text, "run: python tools/course.py address"


def test_the_badges_start_each_lesson():
    start = rf"(https://mybinder\.org/v2/gh/{re.escape(OWNER_AND_NAME)}/HEAD\?labpath=notebooks%2F([\w.]+))\)"
    badge = r"\[!\[Run (.+?) on Binder\]\(https://mybinder\.org/badge_logo\.svg\)\]\(" + start
    readme = (ROOT / "README.md").read_text("utf-8")
    found = [(said, name) for said, _, name in re.findall(badge, readme)]
    names = [path.name for path in NOTEBOOKS]
    assert found == [("the course", names[0]), *((name[:2], name) for name in names)]
    for row in re.findall(r"^\| \d\d \|.*", readme, re.M):
        linked, started = re.search(r"\(notebooks/(.+?)\)", row), re.search(r"%2F([\w.]+)\)", row)
        assert (linked and linked[1]) == (started and started[1]), row


def test_one_command_sets_it_everywhere_and_back_again(tools, monkeypatch, tmp_path, capsys):
    address, notebooks = tools
    for place in address.PLACES:
        for path in ROOT.glob(place):
            if path.is_file():
                (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, tmp_path / path.relative_to(ROOT))
    monkeypatch.setattr(address, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)

    def files():
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    before = files()
    address.main([])
    assert files() == before
    address.main(["https://github.com/Ada-99/nets.py.git"])
    assert "https://github.com/Ada-99/nets.py" in capsys.readouterr().out
    after = files()
    assert not [path for path, text in after.items() if OWNER_AND_NAME.encode() in text]
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Repository"] == "https://github.com/Ada-99/nets.py"
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "gh/Ada-99/nets.py/HEAD?labpath=notebooks%2F06_learning_rate.ipynb" in readme
    notebook = (tmp_path / "notebooks" / "06_learning_rate.ipynb").read_text("utf-8")
    assert "https://github.com/Ada-99/nets.py/archive/HEAD.zip" in notebook
    address.main([ADDRESS])
    assert files() == before


def test_no_file_outside_those_places_has_it(tools):
    address, _ = tools
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    covered = {path for place in address.PLACES for path in ROOT.glob(place)}
    others = {ROOT / name for name in listing.stdout.splitlines()} - covered
    texts = {path: path.read_bytes() for path in others if path.is_file()}
    assert not [path for path, text in texts.items() if OWNER_AND_NAME.encode() in text]


@pytest.mark.parametrize(
    "wrong",
    ["OWNER/NAME", "http://github.com/OWNER/NAME", "https://github.com/OWNER", "https://gitlab.com/OWNER/NAME", ""],
)
def test_an_address_that_is_none(tools, wrong):
    with pytest.raises(SystemExit, match="looks like this: https://github.com/OWNER/NAME"):
        tools[0].owner_and_name(wrong)


def test_a_longer_name_is_another_repository(tools):
    text = "a/b, https://github.com/a/b/x, gh/a/b?c, a/b-c, aa/b, a/bb"
    assert tools[0].renamed(text, "a/b", "n/m") == "n/m, https://github.com/n/m/x, gh/n/m?c, a/b-c, aa/b, a/bb"


def test_a_new_lesson_gets_its_badge(tools):
    row = "| 18 | [more](notebooks/18_more.ipynb) | what it is about |\n| 19 | later | not there yet | |\n"
    got = tools[0].with_badges(row, "n/m").splitlines()
    badge = "[![Run 18 on Binder](https://mybinder.org/badge_logo.svg)]"
    assert got[0] == row.splitlines()[0] + (
        f" {badge}(https://mybinder.org/v2/gh/n/m/HEAD?labpath=notebooks%2F18_more.ipynb) |"
    )
    assert got[1] == row.splitlines()[1]
    assert tools[0].with_badges("\n".join(got), "n/m") == "\n".join(got)


# ------------------------------------------------------------------- the first cell of a notebook


def first_cell(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return next(cell for cell in cells if cell["cell_type"] == "code")


def test_it_is_the_same_in_every_notebook_and_silent():
    cells = [first_cell(path) for path in NOTEBOOKS]
    assert all(cell == cells[0] for cell in cells)
    assert cells[0]["outputs"] == [] and len(cells[0]["source"]) <= 6


@pytest.fixture
def shell(monkeypatch):
    """IPython, and a list of what was asked of pip."""
    shell, asked = InteractiveShell(), []
    shell.register_magic_function(asked.append, "line", "pip")
    return shell, asked


def test_inside_it_does_nothing(shell, capsys):
    shell, asked = shell
    shell.run_cell("".join(first_cell(NOTEBOOKS[0])["source"])).raise_error()
    assert asked == [] and capsys.readouterr().out == ""


def test_outside_it_installs_the_course_and_what_the_lessons_need(shell, monkeypatch):
    shell, asked = shell
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "course_lib" else find(name))
    shell.run_cell("".join(first_cell(NOTEBOOKS[0])["source"])).raise_error()
    install, quiet, *packages, course = asked[0].split()
    assert (install, quiet) == ("install", "-q") and course == f"{ADDRESS}/archive/HEAD.zip"
    wanted = {Requirement(text).name for text in PROJECT["optional-dependencies"]["lab"]}
    assert set(packages) == wanted - {"jupyterlab"}  # it is in a notebook program already


# ------------------------------------------------------- what is imported is what gets installed


def imported():
    """Every module that the lessons, the course and the command that opens it import."""
    sources = [(path, path.read_text("utf-8")) for path in sorted((ROOT / "course_lib").rglob("*.py"))]
    sources.append((ROOT / "tools" / "course.py", (ROOT / "tools" / "course.py").read_text("utf-8")))
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        sources += [(path, re.sub(r"^(\s*)%.*", r"\1pass", cell, flags=re.M)) for cell in code]
    found = {}
    for path, source in sources:
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names.append(node.module)
            found.update({name.partition(".")[0]: path.name for name in names})
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | {"course_lib"}}


def brought(names):
    """Everything that comes along when these are installed, by the names of its packages."""
    environment, every, left = {"extra": ""}, set(), list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name not in every:
            every.add(name)
            needs = map(Requirement, metadata.requires(name) or [])
            left += [need.name for need in needs if need.marker is None or need.marker.evaluate(environment)]
    return every


def test_the_environment_has_all_that_the_lessons_import():
    conda_names = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch", "python-isal": "isal"}
    lines = (ROOT / "environment.yml").read_text("utf-8").split("dependencies:")[1]
    named = [re.match(r"[\w-]+", line)[0] for line in re.findall(r"^  - (.+)$", lines, re.M)]
    named = [conda_names.get(name, name) for name in named if name not in ("python", "pip")]
    have, packages = brought(named), metadata.packages_distributions()
    modules = imported()
    assert {"numpy", "torch", "optuna", "IPython"} <= set(modules)
    for module, file in modules.items():
        assert have & {canonicalize_name(name) for name in packages[module]}, f"{module}, imported in {file}"
