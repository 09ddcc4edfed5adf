"""The set-up check names what is missing, says what for, and how to mend it."""

from importlib import metadata

import pytest

from course_lib import setup_check


@pytest.fixture
def machine(monkeypatch):
    """A pretended machine: (what the course asks for, the versions installed)."""

    def pretend(asked, installed):
        def version(name):
            if name not in installed:
                raise metadata.PackageNotFoundError(name)
            return installed[name]

        monkeypatch.setattr(setup_check.metadata, "requires", lambda course: asked)
        monkeypatch.setattr(setup_check.metadata, "version", version)
        return setup_check.check_setup()

    return pretend


ASKED = ["numpy>=2.0", 'torch>=2.2; extra == "lab"', 'pytest>=8; extra == "test"', 'nothing>=1; python_version < "3"']


def test_all_there(machine):
    panel = machine(ASKED, {"numpy": "2.1.0", "torch": "2.13.0+cpu"})
    assert (panel.tone, panel.rows) == ("good", ())
    assert "Everything is there" in str(panel) and "numpy and torch" in str(panel)


def test_what_the_course_runs_without_is_no_alarm(machine):
    panel = machine(ASKED, {"numpy": "2.1.0"})
    assert panel.tone == "wait" and "You can begin" in str(panel)
    assert panel.rows == (("○ torch", "is missing; needed for the sections “In PyTorch”, and lesson 16"),)
    assert "make lab" in panel.foot


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ({"torch": "2.3"}, "is missing"),
        ({"numpy": "1.26.4", "torch": "2.3"}, "is version 1.26.4, the course needs >=2.0"),
    ],
)
def test_what_it_needs_is_named(machine, installed, said):
    panel = machine(ASKED, installed)
    assert panel.tone == "bad" and "Something is missing" in str(panel)
    assert panel.rows[0][0] == "✗ numpy" and said in panel.rows[0][1]


def test_the_course_itself_not_installed(monkeypatch):
    def requires(course):
        raise metadata.PackageNotFoundError(course)

    monkeypatch.setattr(setup_check.metadata, "requires", requires)
    panel = setup_check.check_setup()
    assert panel.tone == "bad" and "not installed" in str(panel) and "make lab" in str(panel)


def test_a_folder_that_cannot_be_written_to(machine, monkeypatch, tmp_path):
    monkeypatch.setattr(setup_check, "progress_file", lambda: tmp_path / "progress.json")
    monkeypatch.setattr(setup_check.os, "access", lambda path, mode: path != tmp_path)
    panel = machine(ASKED, {"numpy": "2.1.0", "torch": "2.3"})
    assert panel.rows[0][0] == "○ progress" and "read-only" in panel.rows[0][1]
    assert panel.tone == "wait"
