"""Grading a class: the kit's `grade` against stock `nbgrader autograde`, of the same submissions to the same set."""

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from measure import Row, seconds

ROOT = Path(__file__).resolve().parents[2]
SET = "set_1"
CLASS, SAMPLE = 60, 10  # submissions; stock nbgrader takes so long that some must stand for all
ROUNDS = 2


def grading():
    """Rows: seconds for each submission, here and with stock nbgrader, and the ratio."""
    from assignments import gradebook, problems

    problem_set = problems.find(SET)
    with tempfile.TemporaryDirectory(prefix="course-grading-") as home:
        ours = _class(Path(home) / "ours", problem_set, CLASS)
        stock = _class(Path(home) / "stock", problem_set, SAMPLE)
        # Stock nbgrader as it comes: without what the kit's config says, all else the same.
        config = 'c = get_config()\nc.CourseDirectory.root = {root!r}\nc.CourseDirectory.course_id = {course!r}\n'
        text = config.format(root=str(stock.root), course=gradebook.COURSE_ID)
        (stock.root / "nbgrader_config.py").write_text(text + "c.ExecutePreprocessor.timeout = 60\n")
        os.environ["PYTHONPATH"] = str(ROOT)  # its kernels import the checks
        gradebook.grade(ours, SET, only=["s000"])  # whatever is loaded once is loaded now
        _stock(stock, "s000")
        taken = {"ours": [], "stock": []}
        for part in np.array_split([f"s{i:03}" for i in range(1, SAMPLE)], ROUNDS):
            taken["stock"] += [seconds(partial(_stock, stock, student)) for student in part]
            taken["ours"].append(seconds(lambda: gradebook.grade(ours, SET, again=True)) / CLASS)
        _must_agree(ours, stock)
    each = {name: float(np.median(times)) for name, times in taken.items()}
    return [
        Row(f"one of {CLASS} submissions, `grade`", each["ours"], "s", ("<=", 0.3), f"{os.cpu_count()} processors"),
        Row("one submission, nbgrader autograde", each["stock"], "s", note=f"median of {SAMPLE - 1}, in turn"),
        Row("stock nbgrader takes longer by", each["stock"] / each["ours"], "times", (">=", 4)),
    ]


def _class(home, problem_set, size):
    """A class whose submissions are collected: most of it right, some partly, some blank."""
    from assignments import gradebook
    from assignments.practice import answered, as_bytes

    (home / "in").mkdir(parents=True)
    ids = [f"s{i:03}" for i in range(size)]
    (home / "roster.csv").write_text("\n".join(["id,last_name,first_name,email", *(f"{s},,," for s in ids)]))
    course = gradebook.Course(home / "class")
    gradebook.prepare(course, home / "roster.csv")
    gradebook.release(course, SET)
    released, kinds = course.release_of(SET), [lambda p: True] * 3 + [lambda p: p.points > 3, lambda p: False]
    for i, student in enumerate(ids):
        folder = course.submitted / student / SET
        folder.mkdir(parents=True)
        (folder / f"{SET}.ipynb").write_bytes(as_bytes(answered(released, problem_set, student, kinds[i % 5])))
        shutil.copy(course.root / "release" / SET / f"{SET}_public.json", folder)
    return course


def _stock(course, student):
    result = course.nbgrader().autograde(SET, student, force=True, create=False)
    assert result["success"], result.get("error") or result.get("log")


def _must_agree(ours, stock):
    """Both gave the same automatic marks: a grader that does less would be no rival."""

    def marks(course):
        with course.gradebook() as gradebook:
            return {
                (s.student.id, grade.cell.name): grade.auto_score
                for s in gradebook.assignment_submissions(SET)
                for notebook in s.notebooks
                for grade in notebook.grades
                if grade.cell.cell_type == "code"
            }

    here, there = marks(ours), marks(stock)
    assert there and there == {key: here[key] for key in there}
