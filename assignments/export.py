"""What leaves the class: marks as CSV, with the truth about every student and set, and feedback as HTML."""

import csv
import io
from dataclasses import dataclass, field

from . import intake
from .gradebook import FAILED, KitError, Row, submissions

NOT_SUBMITTED = "not submitted"
NOT_GRADED = "not graded yet"  # collected, and the next `grade` will see to it
WAITS = "waits for manual marks"
COMPLETE = "complete"


@dataclass
class Result:
    """How one student stands in one set; `total` is there once it is final."""

    student: object
    set: str
    status: str = NOT_SUBMITTED
    why: str = ""
    late: bool = False
    points: dict = field(default_factory=dict)  # exercise -> points, or None as long as they are not known
    possible: float = 0.0
    flags: list = field(default_factory=list)

    @property
    def total(self):
        return sum(self.points.values()) if self.status == COMPLETE else None


def results(course, names=()):
    """A Result of every student and released set, by set and then by last name."""
    course.must_exist()
    if unknown := [name for name in names if name not in course.released()]:
        raise KitError(f"{unknown[0]} has not been released in this class.")
    students, found = course.students(), []
    for name in names or course.released():
        handed_in = submissions(course, name)
        with course.gradebook() as gradebook:
            rows = Row.read(gradebook, name)
            grades = _grades(gradebook, name)
            cells = {cell.name: cell.max_score for cell in gradebook.find_notebook(name, name).grade_cells}
        order = [c.removesuffix("-marks") for c in _in_order(course, name) if c in cells]
        for student in students:
            result = Result(student, name, points=dict.fromkeys(order), possible=sum(cells.values()))
            _fill(result, handed_in.get(student.id), rows.get(student.id), grades.get(student.id, {}))
            found.append(result)
    return found


def _in_order(course, name):
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in course.release_of(name).cells]


def _grades(gradebook, name):
    """student -> {exercise: (points or None, whether a person has to look)}."""
    found = {}
    for submission in gradebook.assignment_submissions(name):
        theirs = found.setdefault(submission.student.id, {})
        for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
            points = grade.auto_score if grade.manual_score is None else grade.manual_score
            if points is not None:
                points += grade.extra_credit or 0
            theirs[grade.cell.name.removesuffix("-marks")] = points, grade.needs_manual_grade
    return found


def _fill(result, submission, row, grades):
    """Status, reason and points of one Result."""
    if submission is None and row is None:
        return
    if row is None or submission is not None and row.submission != submission.digest():
        result.status = NOT_GRADED
        result.why = "handed in anew since it was graded" if row else ""
        result.late = bool(submission.intake.get("late"))
        return
    waits = [name for name, (_, waiting) in grades.items() if waiting]
    result.late, result.flags = row.late, row.flags
    if row.status == FAILED and waits:
        result.status, result.why = FAILED, row.why
        return
    result.points |= {name: None if waiting else points for name, (points, waiting) in grades.items()}
    result.status = WAITS if waits else COMPLETE
    result.why = ", ".join(name for name in result.points if name in waits)


# -------------------------------------------------------------------------------------------- CSV

HEAD = ["id", "last_name", "first_name", "email", "set", "status", "why", "late", "total", "possible"]


def table(found):
    """The results as rows of text, the first of them the heads of the columns."""
    exercises = list(dict.fromkeys((r.set, name) for r in found for name in r.points))
    yield [*HEAD, *(f"{set_name}: {name}" for set_name, name in exercises), "flags"]
    for r in found:
        s = r.student
        late = "" if r.status == NOT_SUBMITTED else "yes" if r.late else "no"
        head = [s.id, s.last_name, s.first_name, s.email, r.set, r.status, r.why, late]
        points = [r.points.get(name) if set_name == r.set else None for set_name, name in exercises]
        numbers = [number(value) for value in (r.total, r.possible, *points)]
        yield [*map(safe, head), *numbers, safe("; ".join(r.flags))]


def number(value):
    """Points as text, "" where they are not known; all the digits that they have."""
    return "" if value is None else f"{round(value, 6):.10g}"


def safe(text):
    """The text such that a spreadsheet takes it for text: what starts like a formula gets an apostrophe."""
    text = " ".join(str(text).split("\0"))
    return f"'{text}" if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def write_csv(course, path, names=()):
    """Write the CSV; returns the results."""
    found = results(course, names)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(table(found))
    intake.replace(path, text.getvalue().encode("utf-8-sig"))  # so that Excel sees the accents
    return found


# --------------------------------------------------------------------------------------- feedback


def feedback(course, name):
    """Make feedback/<student>/<set>/<set>.html of every graded notebook; returns the students."""
    course.must_exist()
    course.release_of(name)
    done = sorted(path.parent.parent.name for path in course.root.glob(f"autograded/*/{name}/{name}.ipynb"))
    if not done:
        raise KitError(f"Nothing of {name} is graded yet: give  grade {name}  first.")
    result = course.nbgrader().generate_feedback(name, force=True)
    if not result["success"]:
        raise KitError(f"nbgrader could not make the feedback on {name}:\n{result.get('error') or result.get('log')}")
    return done
