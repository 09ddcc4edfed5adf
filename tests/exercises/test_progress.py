"""Progress survives crashes, spoilt files, read-only folders and several notebooks at once."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import course_lib
from course_lib.exercises import activation_functions as ex
from course_lib.exercises.engine import progress
from course_lib.exercises.engine.progress import Progress

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def saved(file):
    return json.loads(file.read_text())["exercises"]


def test_checks_are_noted(file):
    relu, choice = replace(ex.leaky_relu), replace(ex.zero_output)
    relu.notebook = choice.notebook = "02_activation_functions"
    relu.check(relu.unsolved_answer())
    assert not file.exists()
    relu.check(lambda z, a: z)
    choice.check("c")
    assert saved(file) == {
        "02_activation_functions/leaky_relu": "tried",
        "02_activation_functions/zero_output": "solved",
    }
    relu.check(relu.right_answers()[0])
    relu.check(lambda z, a: z)
    assert saved(file)["02_activation_functions/leaky_relu"] == "solved"
    table = course_lib.progress()
    assert table.counts("02_activation_functions") == (2, 0, 5)
    assert table.counts("06_learning_rate") == (0, 0, 7)
    assert "✓\u00a0leaky_relu" in str(table)
    assert "✓\u00a0leaky_relu" in table._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("rubbish", ['{"exercises": {"a/b": "sol', "", "[]", '{"exercises": {"a": 1}}', "\0\0"])
def test_a_spoilt_file_is_kept_aside_and_said_once(file, rubbish):
    file.write_text(rubbish)
    book = Progress(file)
    assert ".bak" in book.note("n/one", "solved")
    assert book.note("n/two", "tried") == ""
    assert saved(file) == {"n/one": "solved", "n/two": "tried"}
    assert file.with_name("progress.json.bak").read_text() == rubbish


def test_bytes_that_are_no_text_are_a_spoilt_file_too(file):
    file.write_bytes(b"\xff\xfe\x00{")
    assert ".bak" in Progress(file).note("n/one", "solved")


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path):
    occupied = tmp_path / "no folder"
    occupied.write_text("a file where a folder should be")
    book = Progress(occupied / "progress.json")
    assert "cannot be saved" in book.note("n/one", "solved")
    assert book.note("n/two", "tried") == ""
    assert book.states() == {"n/one": "solved", "n/two": "tried"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_said_once(tmp_path):
    tmp_path.chmod(0o500)
    book = Progress(tmp_path / "progress.json")
    assert "cannot be saved" in book.note("n/one", "solved")
    assert book.note("n/two", "tried") == ""


def test_a_crash_while_writing_leaves_the_old_file(file, monkeypatch):
    book = Progress(file)
    book.note("n/one", "solved")

    def crash(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress.os, "replace", crash)
    assert "No space left" in book.note("n/two", "solved")
    monkeypatch.undo()
    assert saved(file) == {"n/one": "solved"}
    book.note("n/three", "tried")
    assert set(saved(file)) == {"n/one", "n/two", "n/three"}
    assert [f.name for f in file.parent.iterdir()] == ["progress.json"]


def test_a_lock_that_somebody_forgot_is_ignored(file, monkeypatch):
    monkeypatch.setattr(progress, "LOCK_SECONDS", 0.1)
    file.with_name("progress.json.lock").write_text("")
    assert Progress(file).note("n/one", "solved") == ""
    assert saved(file) == {"n/one": "solved"}


def test_notebooks_that_write_at_once_lose_nothing(file):
    program = (
        "import sys; from course_lib.exercises.engine.progress import note\nfor i in range(20): "
        "assert note(f'{sys.argv[1]}/{i}', 'tried') == ''\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [subprocess.Popen([sys.executable, "-c", program, str(n)], env=env) for n in range(4)]
    assert [w.wait() for w in writers] == [0] * 4
    assert len(saved(file)) == 80


@pytest.mark.parametrize("start", ["notebooks", "notebooks/deeper", "assignments", "."])
def test_it_lies_beside_the_notebooks(tmp_path, monkeypatch, start):
    monkeypatch.delenv("COURSE_PROGRESS")
    for folder in ("notebooks/deeper", "assignments", "course_lib"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(progress, "_started_in", tmp_path / start)
    assert progress.path() == tmp_path / "notebooks" / ".course_progress.json"


def test_elsewhere_it_lies_where_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(progress, "_started_in", tmp_path)
    assert progress.path() == tmp_path / ".course_progress.json"


def test_importing_the_course_imports_no_exercise():
    program = "import sys, course_lib; sys.exit('course_lib.exercises' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
