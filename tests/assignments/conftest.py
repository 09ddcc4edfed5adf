"""A class to test with; and every test's marks come from a database of its own."""

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up_class import Expected, make_class, zipped  # noqa: E402

from assignments import __main__ as kit  # noqa: E402
from assignments import notebooks, problems  # noqa: E402
from assignments.gradebook import Course  # noqa: E402

SET = "set_1"


@pytest.fixture(autouse=True)
def no_progress_file(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")


@pytest.fixture
def command(capsys):
    """function(folder, *words) -> what a command of the kit says; it must succeed unless code says otherwise."""

    def run(folder, *words, code=0):
        capsys.readouterr()
        ended = kit.main(["--course", str(folder), *map(str, words)])
        said = capsys.readouterr().out
        assert ended == code, said
        return said

    return run


def hostile(problem_set):
    """(source of a cell, what is to come of it): no such cell gains or costs a point."""
    everything = {p.name for p in problem_set if type(p.exercise).__name__ != "FreeText"}
    honest = Expected("waits for manual marks", everything)
    return [
        ("import os\nos._exit(0)", honest),
        ("import torch", Expected("waits for manual marks", everything, flag="imports torch")),
        ("import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\nwhile True:\n    pass", honest),
    ]


@pytest.fixture(scope="session")
def made():
    """The thirty made-up submissions, as an LMS packs them, and what has to come of them."""
    problem_set = problems.find(SET)
    return make_class(notebooks.release_notebook(problem_set), problem_set, hostile(problem_set))


@pytest.fixture(scope="session")
def collected_once(tmp_path_factory, made):
    """A class that went through all commands up to `collect`; never changed, tests get copies."""
    home = tmp_path_factory.mktemp("collected")
    folder = home / "class"
    (home / "roster.csv").write_text(made.roster, "utf-8")
    (home / "moodle.zip").write_bytes(zipped(made.moodle))
    (home / "canvas.zip").write_bytes(zipped(made.canvas))
    for words in (
        ["prepare", home / "roster.csv", "--due", f"{SET}=2026-12-01"],
        ["release", SET],
        ["collect", SET, home / "moodle.zip", home / "canvas.zip"],
    ):
        assert kit.main(["--course", str(folder), *map(str, words)]) == 0
    return folder


@pytest.fixture(scope="session")
def graded_once(tmp_path_factory, collected_once):
    """The same after `grade`."""
    folder = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(collected_once, folder)
    assert kit.main(["--course", str(folder), "grade", SET]) == 0
    return folder


@pytest.fixture
def graded(graded_once, tmp_path):
    """A Course of one's own, graded."""
    shutil.copytree(graded_once, tmp_path / "class")
    return Course(tmp_path / "class")


@pytest.fixture
def small(collected_once, tmp_path):
    """function(students) -> a Course of one's own with only these submissions, not graded."""

    def make(students, name="small"):
        folder = tmp_path / name
        shutil.copytree(collected_once, folder, ignore=shutil.ignore_patterns("submitted"))
        for student in students:
            shutil.copytree(collected_once / "submitted" / student, folder / "submitted" / student)
        return Course(folder)

    return make


CONTENT = {
    "students": "SELECT id, last_name, first_name, email FROM student",
    "submissions": """
        SELECT a.name, s.student_id, s.timestamp, s.extension, n.flagged, n.late_submission_penalty
        FROM submitted_assignment s JOIN assignment a ON a.id = s.assignment_id
        JOIN submitted_notebook n ON n.assignment_id = s.id""",
    "grades": """
        SELECT a.name, s.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade
        FROM grade g JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id""",
    "comments": """
        SELECT a.name, s.student_id, c.name, m.auto_comment, m.manual_comment
        FROM comment m JOIN base_cell c ON c.id = m.cell_id JOIN submitted_notebook n ON n.id = m.notebook_id
        JOIN submitted_assignment s ON s.id = n.assignment_id JOIN assignment a ON a.id = s.assignment_id""",
    "reports": "SELECT * FROM course_report",
    "lines": """
        SELECT (SELECT count(*) FROM grade), (SELECT count(*) FROM comment),
        (SELECT count(*) FROM submitted_notebook), (SELECT count(*) FROM submitted_assignment),
        (SELECT count(*) FROM base_cell), (SELECT count(*) FROM student)""",
}


def content(course):
    """All that the database says and all graded notebooks, without ids and times of writing."""
    with sqlite3.connect(course.root / "gradebook.db") as db:
        found = {what: sorted(map(repr, db.execute(query))) for what, query in CONTENT.items()}
    found["notebooks"] = {
        str(path.relative_to(course.root)): path.read_bytes() for path in course.root.glob("autograded/*/*/*.ipynb")
    }
    return found


def mark_by_hand(course, student, exercise, points, comment=None):
    """Enter a manual mark as the formgrader does."""
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(SET, student)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.cell.name.removesuffix("-marks") == exercise:
                    grade.manual_score, grade.needs_manual_grade = points, False
            for each in notebook.comments:
                if comment and each.cell.name == exercise:
                    each.manual_comment = comment
        gradebook.db.commit()
