"""What mybinder.org will do with the course, as far as it can be known without Docker and without a network."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fresh
import pytest
import rattler
from packaging.requirements import Requirement
from rattler.exceptions import InvalidMatchSpecError

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / "binder"
ENVIRONMENT = (ROOT / "environment.yml").read_text("utf-8")
SPECS = re.findall(r"^  - (.+)$", ENVIRONMENT.split("dependencies:")[1], re.M)
CHANNELS = re.findall(r"^  - (.+)$", ENVIRONMENT.split("dependencies:")[0], re.M)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="repo2docker and Binder's scripts are for Unix")


# ---------------------------------------------------------------------------- what gets built


def dockerfile(folder):
    """What repo2docker says and would build, from the binder/ in this folder."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug"]
    command += ["--user-id", "1000", "--user-name", "jovyan", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture
def copied(tmp_path):
    """Function(new names, changes) → what repo2docker makes of a changed copy of binder/."""

    def build(names=None, change=str):
        shutil.rmtree(tmp_path / "binder", ignore_errors=True)
        (tmp_path / "binder").mkdir()
        for file in BINDER.iterdir():
            name = (names or {}).get(file.name, file.name)
            (tmp_path / "binder" / name).write_text(change(file.read_text("utf-8")), "utf-8")
        return dockerfile(tmp_path)

    return build


def found(text):
    """Of a build: the Python that conda installs, whether postBuild runs, whether start does."""
    conda = re.search("Building conda environment for python=(.*)", text)
    assert conda and "No frozen env" not in text, text
    return conda[1], "RUN ./binder/postBuild" in text, 'ENTRYPOINT="${REPO_DIR}/binder/start"' in text


def test_binder_builds_with_conda_the_python_asked_for_and_both_scripts(copied):
    assert found(dockerfile(ROOT)) == ("3.12", True, True)


@pytest.mark.parametrize("spelled", ["python>=3.12", "python 3.12.*"])
def test_other_spellings_of_the_python_would_be_overlooked(copied, spelled):
    assert found(copied(change=lambda text: text.replace("python=3.12", spelled)))[0] != "3.12"


def test_names_in_lower_case_would_be_overlooked(copied):
    lower = copied(names={"postBuild": "postbuild", "start": "Start"})
    if not os.path.exists(BINDER / "POSTBUILD"):  # a file system that tells capitals apart, as Binder's does
        assert found(lower) == ("3.12", False, False)
    assert sorted(os.listdir(BINDER)) == ["environment.yml", "postBuild", "start"]


def test_line_ends_stay_those_of_unix_everywhere():
    files = ["binder/start", "binder/postBuild", "binder/environment.yml"]
    said = subprocess.run(["git", "check-attr", "eol", *files], cwd=ROOT, capture_output=True, text=True)
    if said.returncode:
        pytest.skip("not a git checkout")
    assert said.stdout.splitlines() == [f"{file}: eol: lf" for file in files]
    assert all(b"\r" not in (ROOT / file).read_bytes() for file in files)


# ----------------------------------------------------------------------------- what gets installed


def test_conda_understands_every_line():
    for spec in SPECS:
        rattler.MatchSpec(spec, strict=True)
    for wrong in ("numpy>=2.*", "numpy>>2", "numpy=>2"):
        with pytest.raises(InvalidMatchSpecError):
            rattler.MatchSpec(wrong, strict=True)
    assert CHANNELS == ["conda-forge", "nodefaults"]  # one source of libraries, and never the default one


def exact_versions():
    """Of every library: the version in constraints.txt for the environment's Python."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    here = {"python_version": "3.12"}
    return {pin.name: str(pin.specifier)[2:] for pin in pins if not pin.marker or pin.marker.evaluate(here)}


def test_conda_reads_the_ranges_as_pip_does():
    pip_names = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch", "python-isal": "isal"}
    versions = exact_versions()
    for spec in SPECS:
        name = re.match(r"[\w-]+", spec)[0]
        wanted = rattler.MatchSpec(spec, strict=True).version
        if name not in ("python", "pip"):
            exact = rattler.Version(versions[pip_names.get(name, name)])
            assert rattler.VersionSpec(wanted).matches(exact), spec
    assert rattler.VersionSpec("=3.12").matches(rattler.Version("3.12.7"))
    assert not rattler.VersionSpec("=3.12").matches(rattler.Version("3.13.0"))


# ------------------------------------------------------------------------------- the two scripts


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A copy of the course beside a fresh environment without it: (its folder, the Python)."""
    folder = tmp_path_factory.mktemp("binder")
    return fresh.copy(folder / "course"), fresh.environment(folder / "env")


def test_post_build_installs_the_course_in_place(clean):
    course, python = clean
    where = [python, "-c", "import os; os.chdir('/'); import course_lib; print(course_lib.__file__)"]
    assert "No module named 'course_lib'" in fresh.run(python, where, course).stderr
    built = fresh.run(python, ["bash", "binder/postBuild"], course)
    assert built.returncode == 0, built.stdout + built.stderr
    assert Path(fresh.run(python, where, course).stdout.strip()) == course / "course_lib" / "__init__.py"


def test_post_build_fails_when_something_in_it_does(clean, tmp_path):
    course, python = clean
    shutil.copytree(course / "binder", tmp_path / "binder")
    assert fresh.run(python, ["bash", "binder/postBuild"], tmp_path).returncode != 0  # no course there


def test_start_sets_what_make_lab_sets_and_hands_over(clean, tmp_path, monkeypatch):
    course, python = clean
    spec = importlib.util.spec_from_file_location("course", course / "tools" / "course.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    given = {"PATH": os.environ["PATH"], "JUPYTER_CONFIG_PATH": "/kept"}
    monkeypatch.setattr(os, "environ", given)
    wanted = tool.environment()
    code = "import json, os, sys; print(json.dumps([dict(os.environ), os.getpid(), sys.argv[1:]]))"
    command = ["bash", str(course / "binder" / "start"), sys.executable, "-c", code, "two words", "*"]
    started = subprocess.Popen(command, cwd=tmp_path, env=given, stdout=subprocess.PIPE, text=True)
    environ, pid, arguments = json.loads(started.communicate()[0])
    assert {name: environ.get(name) for name in wanted} == wanted
    assert arguments == ["two words", "*"]
    assert pid == started.pid, "start must hand over by exec: Binder stops the program by its number"
