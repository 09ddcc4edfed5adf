"""What a newcomer meets first: the commands and their messages, the versions, the README."""

import ast
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


@pytest.fixture
def course():
    spec = importlib.util.spec_from_file_location("course", ROOT / "tools" / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------- what a newcomer may run into


def test_python_too_old(course):
    message = course.too_old((3, 9))
    assert "3.10 or newer" in message and "this is Python 3.9" in message and "PYTHON=" in message
    assert course.too_old((3, 10)) is None and course.too_old((4, 0)) is None


def test_an_old_python_can_read_the_file_that_says_so():
    source = (ROOT / "tools" / "course.py").read_text("ascii")
    ast.parse(source, feature_version=(3, 4))
    before_check = source.split("if too_old")[0]
    assert re.findall(r"^(?:from|import) .*", before_check, re.M) == ["import sys"]


def test_taken_port(course):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        message = course.port_problem(port)
        assert f"Port {port} is taken" in message and f"make lab PORT={port + 1}" in message
    assert course.port_problem(port) is None


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port(course, port):
    assert "from 1 to 65535" in course.port_problem(port)


def test_taken_port_stops_the_lab_before_anything_is_installed(course, monkeypatch, capsys):
    monkeypatch.setattr(course, "setup", lambda *extras: pytest.fail("went on"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert course.main(["lab", "--port", str(port)]) == 1
    assert f"Port {port} is taken" in capsys.readouterr().out


def test_folder_without_write_permission(course, monkeypatch, capsys, tmp_path):
    assert course.not_writable(tmp_path) is None

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(course.tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(course, "make_venv", lambda: pytest.fail("went on"))
    for command in ("lab", "setup", "test", "notebooks", "bench", "site"):
        assert course.main([command]) == 1
        said = capsys.readouterr().out
        assert str(ROOT) in said and "Permission denied" in said and "Copy the course" in said


def no_browser():
    raise webbrowser.Error("could not locate runnable browser")


@pytest.mark.parametrize(
    ("environ", "platform", "find", "expected"),
    [
        ({}, "linux", str, False),
        ({"DISPLAY": ""}, "linux", str, False),
        ({"DISPLAY": ":0"}, "linux", str, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", str, True),
        ({"BROWSER": "opens-on-my-laptop"}, "linux", str, True),
        ({"DISPLAY": ":0"}, "linux", no_browser, False),
        ({}, "win32", str, True),
        ({}, "darwin", str, True),
    ],
)
def test_is_there_a_browser(course, environ, platform, find, expected):
    assert course.can_open_browser(environ, platform, find) is expected


def test_the_lab_of_a_conda_environment_installs_nothing(course, monkeypatch):
    started = []
    monkeypatch.setattr(course, "setup", lambda *extras: pytest.fail("installs"))
    monkeypatch.setattr(course, "WINDOWS", True)  # there it is started by run()
    monkeypatch.setattr(course, "run", started.append)
    course.main(["lab", "--here"])
    assert started[0][:3] == [sys.executable, "-m", "jupyterlab"]
    monkeypatch.setattr(course, "setup", lambda *extras: started.append(extras))
    course.main(["lab"])
    assert started[1] == ("lab",) and started[2][0] == str(course.PYTHON)


def test_options_of_jupyterlab(course):
    assert "--no-browser" in course.lab_options(port=None, browser=False)
    options = course.lab_options(port=9000, browser=True)
    assert "--no-browser" not in options
    assert {"--ServerApp.port=9000", "--ServerApp.port_retries=0"} < set(options)


def test_no_question_about_news_covers_the_lesson(course):
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    listing = subprocess.run(command, env=course.environment(), capture_output=True, text=True)
    disabled = (listing.stdout + listing.stderr).split("Disabled extensions:")[1]
    assert "@jupyterlab/apputils-extension:announcements" in disabled


def test_the_first_notebook_opens(course, tmp_path):
    assert course.first_notebook(tmp_path) == ""
    for name in ("06_learning_rate", "00_start_here"):
        (tmp_path / f"{name}.ipynb").touch()
    assert course.first_notebook(tmp_path) == "/tree/notebooks/00_start_here.ipynb"


# --------------------------------------------------------------------------------- setting up


@pytest.fixture
def installs(course, monkeypatch, tmp_path):
    """The course in an empty folder, and a list of what setup() would have asked of pip."""
    calls = []
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr(course, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(course, "PYTHON", tmp_path / ".venv" / "python")

    def make_venv():
        course.VENV.mkdir(exist_ok=True)
        course.PYTHON.touch()

    monkeypatch.setattr(course, "make_venv", make_venv)
    monkeypatch.setattr(course, "pip_version", lambda: (23, 0))
    monkeypatch.setattr(course, "pip", lambda *arguments: calls.append(arguments))
    return calls


def test_setup_installs_once_and_through_the_constraints(course, installs):
    course.setup("lab", "test")
    course.setup("lab", "test")
    assert len(installs) == 1
    assert installs[0][:3] == ("install", "--constraint", course.ROOT / "constraints.txt")


def test_what_the_tests_need_is_enough_for_the_lab_and_not_the_other_way_round(course, installs):
    course.setup("lab", "test")
    course.setup("lab")
    assert len(installs) == 1
    (course.VENV / "installed-lab-test.txt").unlink()
    course.setup("lab")
    course.setup("lab", "test")
    assert [call[-1].rpartition("[")[2] for call in installs[1:]] == ["lab]", "lab,test]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_setup_installs_again_when_the_versions_changed(course, installs, name):
    course.setup("lab", "test")
    with open(course.ROOT / name, "a") as file:
        file.write("# changed\n")
    course.setup("lab", "test")
    assert len(installs) == 2


def test_a_half_finished_setup_is_continued(course, installs, monkeypatch):
    def fail(*arguments):
        raise course.Problem("no network")

    works = course.pip
    monkeypatch.setattr(course, "pip", fail)
    with pytest.raises(course.Problem):
        course.setup("lab", "test")
    monkeypatch.setattr(course, "pip", works)
    course.setup("lab", "test")
    assert len(installs) == 1


def test_a_failed_install_says_what_to_check(course, monkeypatch):
    calls = []
    monkeypatch.setattr(course.subprocess, "call", lambda command: calls.append(command) or 1)
    monkeypatch.setattr(course, "PAUSE", 0)
    with pytest.raises(course.Problem) as problem:
        course.pip("install", "something")
    assert len(calls) == course.ATTEMPTS > 1
    for word in ("network", "disk", "GB are free", "same command again"):
        assert word in str(problem.value)


def test_an_install_that_fails_once_is_tried_again(course, monkeypatch, capsys):
    answers = [1, 0]
    monkeypatch.setattr(course.subprocess, "call", lambda command: answers.pop(0))
    monkeypatch.setattr(course, "PAUSE", 0)
    course.pip("install", "something")
    assert answers == [] and "trying again" in capsys.readouterr().out


# ----------------------------------------------------------------------------------- versions


def test_both_environment_files_are_the_same():
    # Two real files: a symbolic link breaks on Windows.
    assert (ROOT / "environment.yml").read_bytes() == (
        ROOT / "binder" / "environment.yml"
    ).read_bytes()


def test_conda_gets_what_pip_gets():
    conda_names = {"matplotlib": "matplotlib-base", "torch": "pytorch-cpu", "isal": "python-isal"}
    wanted = {"python=3.12", "pip"}  # >=3.12 and 3.12.* give 3.10 on mybinder.org
    for text in PROJECT["dependencies"] + EXTRAS["lab"]:
        name = Requirement(text).name
        wanted.add(text.partition(";")[0].replace(name, conda_names.get(name, name)))
    dependencies = (ROOT / "environment.yml").read_text().split("dependencies:")[1]
    assert set(re.findall(r"^  - (.+)$", dependencies, re.M)) == wanted


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_every_range_has_an_exact_version_inside_it(python):
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    environment = {"python_version": python}
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(environment)]
    versions = {canonicalize_name(pin.name): str(pin.specifier) for pin in here}
    assert len(versions) == len(here), "a name with two versions"
    for text in PROJECT["dependencies"] + [text for extra in EXTRAS.values() for text in extra]:
        wanted = Requirement(text)
        exact = versions[canonicalize_name(wanted.name)]
        assert re.fullmatch(r"==[\w.]+", exact)
        assert wanted.specifier.contains(exact[2:]), f"{wanted} but {exact}"


def test_importing_the_math_is_light():
    heavy = {"torch", "sklearn", "optuna", "matplotlib", "ipywidgets"}
    code = f"import sys, course_lib; print(*sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


# ------------------------------------------------------------------------------------- README


def test_the_readme_lists_the_notebooks_there_are():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d\d) \| (?:\[[^]]+\]\((.+?)\)|[^|]+?) \|", readme, re.M)
    assert [number for number, _ in rows] == [f"{number:02}" for number in range(len(rows))]
    linked = {link for _, link in rows if link}
    present = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert linked == present
    assert all(link.startswith(f"notebooks/{number}_") for number, link in rows if link)


def test_what_the_readme_points_to_exists():
    readme = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", readme):
        assert (ROOT / link).exists(), link


def test_the_readme_names_only_commands_there_are(course):
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"(?:`|^ {4})make (\w+)", readme, re.M)) <= set(course.COMMANDS)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(targets) == set(course.COMMANDS)


# ----------------------------------------------------------------- what must not be committed

# Put together here, so that this file does not hold them itself.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "download.py" + "torch.org"]
REGISTRIES += ["anaconda" + ".org/", "registry.npm" + "js.org"]
FOREIGN_PATHS = r"(?<![\w.:/])/(?:work|opt|root|home|Users|tmp)/\w"


def committed():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_file_names_a_machine_or_a_registry():
    for path in committed():
        if path.suffix in (".png", ".gz"):
            continue
        text = path.read_text("utf-8")
        assert not [host for host in REGISTRIES if host in text], path
        assert not re.findall(FOREIGN_PATHS, text), path
