"""The GitHub workflow says what it should; it cannot run here, but it can be read."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
(FILE,) = (ROOT / ".github" / "workflows").glob("*.yml")
WORKFLOW = yaml.safe_load(FILE.read_text("utf-8"))
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def matrix():
    """(system, Python) of each test run."""
    plan = JOBS["test"]["strategy"]["matrix"]
    product = {(system, python) for system in plan["os"] for python in plan["python"]}
    return product | {(extra["os"], extra["python"]) for extra in plan["include"]}


def test_it_runs_on_every_push_and_pull_request():
    # YAML 1.1 reads the bare word `on` as true.
    assert {"push", "pull_request", "workflow_dispatch"} == set(WORKFLOW[True])


@pytest.mark.parametrize("system", ["ubuntu", "macos", "windows"])
def test_the_tests_run_on_this_system(system):
    assert f"{system}-latest" in {where for where, _ in matrix()}


def test_the_pythons_are_those_that_the_project_supports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    tested = {python for _, python in matrix()}
    named = {step["with"]["python-version"] for step in STEPS if "setup-python" in step.get("uses", "")}
    named = {python for python in named if "matrix" not in python} | tested
    assert all(isinstance(python, str) for python in named), "3.10 without quotes is the number 3.1"
    assert all(python in supported for python in named)
    oldest = min(tested, key=lambda python: [int(part) for part in python.split(".")])
    assert f">={oldest}" == project["requires-python"]


def test_each_action_is_pinned_to_a_major_version_of_github_itself():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used), used


def test_each_command_is_one_of_the_course(tmp_path):
    text = (ROOT / "tools" / "course.py").read_text("utf-8")
    commands = re.findall(r'^    "(\w+)": "', text.partition("COMMANDS = {")[2].partition("}")[0], re.M)
    for step in STEPS:
        if "run" in step:
            program, file, command = shlex.split(step["run"])[:3]
            assert (program, file) == ("python", "tools/course.py") and command in commands


def test_only_main_is_published_and_only_after_the_tests():
    publish = JOBS["publish"]
    assert set(publish["needs"]) == {"test", "site"}
    assert "refs/heads/main" in publish["if"] and "pull_request" in publish["if"]
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert WORKFLOW["permissions"] == {"contents": "read"}, "all other jobs only read"


def test_what_is_published_is_what_make_site_builds():
    (upload,) = [step for step in JOBS["site"]["steps"] if "upload-pages-artifact" in step.get("uses", "")]
    source = (ROOT / "tools" / "website.py").read_text("utf-8")
    assert upload["with"]["path"] == "build/site/html"
    assert 'ROOT / "build" / "site"' in source and '"html"' in source


def test_every_job_ends_some_time():
    assert all("timeout-minutes" in job for name, job in JOBS.items() if name != "publish")
