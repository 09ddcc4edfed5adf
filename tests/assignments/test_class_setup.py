"""The kit's libraries are the instructor's: a learner's JupyterLab shows none of them."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def course():
    spec = importlib.util.spec_from_file_location("course", ROOT / "tools" / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nbgrader_does_not_show_in_a_learners_jupyterlab(course):
    command = [sys.executable, "-m", "jupyter", "labextension", "list"]
    listing = subprocess.run(command, env=course.environment(), capture_output=True, text=True)
    said = listing.stdout + listing.stderr
    assert "@jupyter/nbgrader" in said, "nbgrader is not installed: its absence shows nothing"
    disabled = said.split("Disabled extensions:")[1]
    assert "@jupyter/nbgrader" in disabled and "@jupyter-notebook/lab-extension" in disabled


def test_nbgraders_server_parts_are_off_in_a_learners_jupyterlab(course):
    code = """
import json
from jupyter_core.paths import jupyter_config_path
from jupyter_server.extension.config import ExtensionConfigManager
print(json.dumps(ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()))
"""
    outputs = {}
    plain = {name: value for name, value in os.environ.items() if name != "JUPYTER_CONFIG_PATH"}  # make test sets it
    for name, env in (("learner", course.environment()), ("plain", plain)):
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        outputs[name] = {k: v for k, v in json.loads(done.stdout).items() if k.startswith("nbgrader.")}
    assert len(outputs["plain"]) == 4 and all(outputs["plain"].values())  # nbgrader switches them on
    assert outputs["learner"] == dict.fromkeys(outputs["plain"], False)


def test_teach_runs_the_kit_where_the_instructor_is(course, monkeypatch, tmp_path):
    runs, extras = [], []
    monkeypatch.setattr(course, "setup", lambda *names: extras.append(names))
    monkeypatch.setattr(course, "run", lambda command, folder: runs.append((command[1:], folder)) or 0)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)
    assert course.main(["teach", "grade", "set_1", "--again"]) == 0
    assert extras == [("teach",)]
    assert runs == [(["-m", "assignments", "grade", "set_1", "--again"], str(tmp_path))]
    assert os.environ["PYTHONPATH"] == str(ROOT)
    monkeypatch.delenv("COURSE_COMMAND")


def test_learners_do_not_get_nbgrader():
    for name in ("environment.yml", "binder/environment.yml", "binder/postBuild"):
        assert "nbgrader" not in (ROOT / name).read_text("utf-8")
    code = "import sys, course_lib.exercises; print(*[m for m in ('nbgrader', 'assignments') if m in sys.modules])"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == ""
