"""A class in a folder: released sets, submissions, and nbgrader's database with what was graded.

Each submission is one transaction: its marks, its status and what they belong to change together or not
at all. So grading may end at any moment, and the next run goes on where it stopped.
"""

import contextlib
import hashlib
import html
import io
import json
import os
import re
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import nbformat

from . import intake, notebooks, problems
from .intake import KitError, Student

ROOT = Path(__file__).resolve().parents[1]
COURSE_ID = "neural_networks"
FAILED = "could not be graded"

CONFIG = '''\
"""Read by nbgrader and its formgrader; written by `prepare`, which may be given again."""

import os
import sys

c = get_config()
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.course_id = {course_id!r}
c.NbGrader.logfile = ""
sys.path.insert(0, {root!r})  # where the kit is
# nbgrader's own autograding runs students' code with your rights, beside the database. Here it refuses.
c.Autograde.sanitize_preprocessors = ["assignments.gradebook.RefuseToRun"]
c.GenerateFeedback.preprocessors = [
    "assignments.gradebook.ForStudents",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
'''
FOR_THE_INSTRUCTOR = "for-the-instructor"  # the id of the cell with the flags


# ------------------------------------------------------------------------------------ the folder


class Course:
    """The folder of a class, and where things are in it."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.submitted = self.root / "submitted"

    @property
    def db_url(self):
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def must_exist(self):
        """This course; raises KitError unless `prepare` has made it."""
        if not (self.root / "gradebook.db").exists():
            raise KitError(
                f"{self.root} is no class yet: make one with  prepare roster.csv  (or name yours: --course FOLDER)."
            )
        return self

    @contextlib.contextmanager
    def gradebook(self):
        """nbgrader's Gradebook of this class, with the kit's own table in it."""
        from nbgrader.api import Gradebook

        with Gradebook(self.db_url, COURSE_ID) as gradebook:
            yield gradebook

    def make_gradebook(self):
        """Make the database, unless there is one; at every moment there is a whole one or none."""
        from nbgrader.api import Gradebook

        file, partial = self.root / "gradebook.db", self.root / ".gradebook.db.new"
        if file.exists():
            return
        partial.unlink(missing_ok=True)
        # nbgrader starts alembic by its name alone.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        with Gradebook(f"sqlite:///{partial}", COURSE_ID) as gradebook:
            reports().create(gradebook.engine)
        os.replace(partial, file)

    def config(self):
        """The traitlets Config in the class's nbgrader_config.py."""
        from traitlets.config import PyFileConfigLoader

        return PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()

    def nbgrader(self):
        """nbgrader's own commands, for this class."""
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        config = self.config()
        return NbGraderAPI(CourseDirectory(config=config), config=config)

    def students(self):
        """The roster, by last name."""
        with self.gradebook() as gradebook:
            found = [Student(s.id, s.last_name or "", s.first_name or "", s.email or "") for s in gradebook.students]
        return sorted(found, key=lambda s: (intake.words(s.last_name), intake.words(s.first_name), s.id))

    def chosen(self):
        """The sets made from the bank, as lists of exercises by name."""
        file = self.root / "sets.json"
        return json.loads(file.read_text("utf-8")) if file.exists() else {}

    def problem_set(self, name):
        """The ProblemSet of this name, one of the course's or one made from the bank for this class."""
        chosen = self.chosen()
        try:
            return problems.from_bank(name, chosen[name]) if name in chosen else problems.find(name)
        except ValueError as error:
            raise KitError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None

    def released(self):
        """The names of the sets that were released."""
        return sorted(path.parent.name for path in self.root.glob("release/*/*.ipynb"))

    def release_of(self, name):
        """The released notebook of a set; raises KitError if there is none."""
        file = self.root / "release" / name / f"{name}.ipynb"
        if not file.exists():
            raise KitError(f"{name} has not been released in this class: give  release {name}  first.")
        return nbformat.read(file, as_version=4)


def reports():
    """The table that the kit keeps beside nbgrader's: what became of each submission."""
    from sqlalchemy import Boolean, Column, MetaData, String, Table, Text

    return Table(
        "course_report",
        MetaData(),
        Column("student", String(128), primary_key=True),
        Column("set", String(128), primary_key=True),
        Column("submission", String(64)),  # what was graded
        Column("status", String(32)),
        Column("why", Text),
        Column("late", Boolean),
        Column("flags", Text),
        Column("marks", Text),
        Column("answers", Text),  # exercise -> hash of the answer that was graded
        Column("approved", Text),  # exercise -> hash of the answer that a manual mark was given for
    )


@dataclass(frozen=True)
class Row:
    """One line of that table."""

    student: str
    set: str
    submission: str = ""
    status: str = ""
    why: str = ""
    late: bool = False
    flags: list = ()
    marks: dict = None
    answers: dict = None
    approved: dict = None

    JSON = ("flags", "marks", "answers", "approved")

    @classmethod
    def read(cls, gradebook, set_name, student=None):
        """The lines of a set by student, of all or of one."""
        table = reports()
        wanted = table.select().where(table.c.set == set_name)
        if student is not None:
            wanted = wanted.where(table.c.student == student)
        rows = gradebook.db.execute(wanted).mappings()
        return {r["student"]: cls(**{k: json.loads(v) if k in cls.JSON else v for k, v in r.items()}) for r in rows}

    def write(self, gradebook):
        table = reports()
        values = {k: json.dumps(v, sort_keys=True) if k in self.JSON else v for k, v in vars(self).items()}
        this = (table.c.student == self.student) & (table.c.set == self.set)
        gradebook.db.execute(table.delete().where(this))
        gradebook.db.execute(table.insert().values(**values))


# ------------------------------------------------------------------------------ prepare, release


def prepare(course, roster=None, due=()):
    """Make the class's folder, or bring it up to date; returns sentences about what changed."""
    students = intake.read_roster(roster) if roster else []
    if not roster and not (course.root / "gradebook.db").exists():
        raise KitError(f"A new class needs its roster: a CSV file with the columns {', '.join(intake.COLUMNS)}.")
    dates = [_due(text) for text in due]
    for name, _ in dates:
        course.problem_set(name)
    course.root.mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(course_id=COURSE_ID, root=str(ROOT))
    intake.replace(course.root / "nbgrader_config.py", config.encode())
    course.make_gradebook()
    said = []
    with course.gradebook() as gradebook:
        before = {student.id for student in gradebook.students}
        for student in students:
            gradebook.update_or_create_student(
                student.id, last_name=student.last_name, first_name=student.first_name, email=student.email
            )
        if students:
            new = len({s.id for s in students} - before)
            said.append(f"{len(students)} students in the roster, {new} of them new.")
            if gone := sorted(before - {s.id for s in students}):
                said.append(f"No longer in the roster, but kept with their marks: {', '.join(gone)}.")
        for name, when in dates:
            gradebook.update_or_create_assignment(name, duedate=when)
            said.append(f"{name} is due {shown(when)}.")
    return said


def _due(text):
    """('set_1', a time in UTC) from "set_1=2026-12-01" or "set_1=2026-12-01 18:00"; a day lasts until midnight."""
    name, _, when = text.partition("=")
    try:
        moment = datetime.fromisoformat(when.strip())
    except ValueError:
        raise KitError(f"{text!r} is no due date: write  set_1=2026-12-01  or  'set_1=2026-12-01 18:00'.") from None
    if len(when.strip()) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59)
    return name.strip(), moment.astimezone(timezone.utc).replace(tzinfo=None)


def shown(moment):
    """A time of the database, in the instructor's time zone."""
    return moment.replace(tzinfo=timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M")


def release(course, name, exercises=None):
    """Generate a set, hand it to nbgrader, and pack what students get; returns the zip's path."""
    course.must_exist()
    if exercises:
        problem_set = _from_bank(course, name, exercises)
    else:
        problem_set = course.problem_set(name)
    source = course.root / "source" / name
    with course.gradebook() as gradebook:
        graded = len(Row.read(gradebook, name))
        due = {a.name: a.duedate for a in gradebook.assignments}.get(name)
    notebook = nbformat.writes(notebooks.source_notebook(problem_set, shown(due) if due else "")) + "\n"
    public = json.dumps(notebooks.public_file(problem_set), ensure_ascii=False, indent=1) + "\n"
    file = source / f"{name}.ipynb"
    if graded and (not file.exists() or _cells(file.read_text("utf-8")) != _cells(notebook)):
        raise KitError(
            f"{name} was graded for {graded} students and has changed since: releasing it anew would part them from "
            "their marks. Go back to the version that was handed out, or give the changed set another name."
        )
    if exercises:
        chosen = {**course.chosen(), name: list(exercises)}
        intake.replace(course.root / "sets.json", json.dumps(chosen, indent=1).encode())
    intake.replace(file, notebook.encode())
    intake.replace(source / f"{name}_public.json", public.encode())
    intake.replace(course.root / "marking" / f"{name}.md", notebooks.marking_guide(problem_set).encode())
    result = course.nbgrader().generate_assignment(name, force=True, create=True)
    if not result["success"]:
        raise KitError(f"nbgrader could not release {name}:\n{result.get('error') or result.get('log')}")
    return pack(course.root / "release" / name, course.root / f"{name}.zip")


def _from_bank(course, name, exercises):
    if name in {s.name for s in problems.every_set()}:
        raise KitError(f"{name} is a set of the course: give yours another name.")
    if course.chosen().get(name, exercises) != exercises and name in course.released():
        before = ", ".join(course.chosen()[name])
        raise KitError(f"{name} is released already, with {before}: give the new set another name.")
    try:
        return problems.from_bank(name, exercises)
    except ValueError as error:
        raise KitError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None


def _cells(text):
    """What of a source notebook marks depend on: graded cells, not the words around them."""
    cells = json.loads(text)["cells"]
    return [
        (cell["metadata"]["nbgrader"]["grade_id"], cell["metadata"]["nbgrader"].get("points"))
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
    ]


def pack(folder, file):
    """Pack a folder into a zip that is the same whenever its files are."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                member = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
                member.external_attr = 0o644 << 16
                archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    intake.replace(file, data.getvalue())
    return file


# ---------------------------------------------------------------------------------------- grading


@dataclass(frozen=True)
class Submission:
    """What a student handed in of one set, and where it lies."""

    student: str
    set: str
    folder: Path

    @property
    def notebook(self):
        return self.folder / f"{self.set}.ipynb"

    @property
    def intake(self):
        return intake.record(self.folder)

    def digest(self):
        """Changes whenever what was handed in does; all that is noted about it counts, too."""
        try:
            data = self.notebook.read_bytes()
        except OSError:
            data = b""
        noted = json.dumps([self.intake.get("problem", ""), self.intake.get("late", False), str(_timestamp(self))])
        return hashlib.sha256(data + noted.encode()).hexdigest()


def submissions(course, name):
    """The submissions of a set, by student, of those in the roster."""
    found = [Submission(s.id, name, course.submitted / s.id / name) for s in course.students()]
    return {s.student: s for s in found if s.notebook.exists() or s.intake}


def grade(course, name, only=(), again=False, processes=None, progress=lambda items, total: items):
    """Grade what was collected of a set; returns (the graded, the number left as they were).

    The graded are the Rows of this run, by student. `progress(items, total)` shows how far it is, as tqdm does.
    """
    from .grading import Grader
    from .sandbox import Unable

    course.must_exist()
    problem_set, released = course.problem_set(name), course.release_of(name)
    collected = submissions(course, name)
    for student in only:
        if student not in collected:
            raise KitError(f"There is nothing of {name} from {student}: is the id right, and was it collected?")
    if not collected:
        raise KitError(f"There is nothing of {name} to grade yet: give  collect {name} download.zip  first.")
    if only:
        collected = {student: collected[student] for student in only}
    with course.gradebook() as gradebook:
        rows = Row.read(gradebook, name)
    todo = [s for s in collected.values() if again or not _is_done(course, s, rows.get(s.student))]
    if not todo:
        return {}, len(collected)
    processes = processes or max(1, min(len(todo), os.cpu_count() or 1))
    graded = {}
    try:
        grader = Grader(problem_set, processes=processes, hidden=[course.root])
    except Unable as why:
        raise KitError(f"Students' code cannot be run apart here, so nothing was graded: {why}") from None
    with grader, ThreadPoolExecutor(processes) as pool:
        futures = {pool.submit(_report, grader, s): s for s in todo}
        try:
            with course.gradebook() as gradebook:
                for future in progress(as_completed(futures), total=len(todo)):
                    row = store(course, gradebook, problem_set, released, futures[future], *future.result())
                    graded[row.student] = row
        finally:  # Ctrl-C: what waits is not begun
            pool.shutdown(wait=False, cancel_futures=True)
    return dict(sorted(graded.items())), len(collected) - len(todo)


def _is_done(course, submission, row):
    return row is not None and row.submission == submission.digest() and autograded(course, submission).exists()


def _report(grader, submission):
    """(digest of what was graded, its Report); nothing that happens to one stops the others."""
    from .grading import Report

    digest, noted = submission.digest(), submission.intake
    if not submission.notebook.exists():
        why = noted.get("problem") or "there is no notebook"
    else:
        try:
            return digest, grader.grade(submission.notebook, submission.student)
        except Exception as error:
            why = f"an error in the grading itself, {type(error).__name__}: {error}"[:500]
    return digest, Report(submission.student, submission.set, FAILED, why)


def autograded(course, submission):
    """Where the formgrader looks for the graded notebook."""
    return course.root / "autograded" / submission.student / submission.set / f"{submission.set}.ipynb"


def store(course, gradebook, problem_set, released, submission, digest, report):
    """Write one Report: the notebook for the formgrader, then all of the database at once; returns the Row."""
    failed = report.status == FAILED
    own = own_cells(submission.notebook, released, report.answers)
    answers = {} if failed else {p.name: _hash(own.answers.get(p.name, "")) for p in problem_set}
    before = Row.read(gradebook, submission.set, submission.student).get(submission.student)
    shown_notebook = graded_notebook(released, report, own)
    intake.replace(autograded(course, submission), (nbformat.writes(shown_notebook) + "\n").encode())
    row = Row(
        student=submission.student,
        set=submission.set,
        submission=digest,
        status=report.status,
        why=report.why,
        late=_is_late(gradebook, submission),
        flags=list(report.flags),
        marks={name: mark.to_json() for name, mark in report.marks.items()},
        answers=answers,
        approved=_update_marks(gradebook, problem_set, submission, report, before, answers),
    )
    row.write(gradebook)
    gradebook.db.commit()
    return row


def _hash(text):
    return hashlib.sha256(text.strip().encode(errors="replace")).hexdigest()[:16]


def _is_late(gradebook, submission):
    assignment = gradebook.find_assignment(submission.set)
    when = _timestamp(submission)
    return bool(submission.intake.get("late") or when and assignment.duedate and when > assignment.duedate)


def _timestamp(submission):
    """When it was handed in, in UTC, if that is known."""
    try:
        text = (submission.folder / "timestamp.txt").read_text("utf-8").strip()
        return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None)
    except (OSError, ValueError):
        return None


def _update_marks(gradebook, problem_set, submission, report, before, answers):
    """Bring nbgrader's grades up to date without committing; returns what manual marks were given for.

    A manual mark is never touched. It stands as long as the answer is the one that it was given for; otherwise
    the grade needs a look again.
    """
    from nbgrader.api import Comment, Grade, SubmittedAssignment, SubmittedNotebook

    db = gradebook.db
    assignment = gradebook.find_assignment(submission.set)
    found = db.query(SubmittedAssignment).filter_by(assignment_id=assignment.id, student_id=submission.student)
    submitted = found.one_or_none()
    if submitted is None:
        with db.no_autoflush:
            submitted = SubmittedAssignment(assignment=assignment, student=gradebook.find_student(submission.student))
            for notebook in assignment.notebooks:
                theirs = SubmittedNotebook(notebook=notebook, assignment=submitted)
                for cell in notebook.grade_cells:
                    Grade(cell=cell, notebook=theirs, needs_manual_grade=True)
                for cell in notebook.solution_cells:
                    Comment(cell=cell, notebook=theirs)
        db.add(submitted)  # with all that belongs to it
    submitted.timestamp = _timestamp(submission)
    approved = dict(before.approved) if before else {}
    for grade in (grade for notebook in submitted.notebooks for grade in notebook.grades):
        name = grade.cell.name.removesuffix("-marks")
        mark = report.marks.get(name) if report.status != FAILED else None
        if grade.manual_score is None:
            approved.pop(name, None)
        elif before and not grade.needs_manual_grade:
            approved[name] = before.answers.get(name, "")
        grade.auto_score = mark.earned if mark else None
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None
        else:
            grade.needs_manual_grade = mark is None or approved.get(name) != answers.get(name)
    return approved


# ------------------------------------------------------------------------------- what is shown


@dataclass
class OwnCells:
    """A student's answers by exercise, and the other cells that are theirs."""

    answers: dict
    others: list


def own_cells(path, released, answers):
    """What is the student's own in a submitted notebook, as far as it can be read.

    `answers` are the cells that were marked; where grading found none, the cell of the exercise's name is shown.
    """
    try:
        cells = intake.parsed(Path(path).read_bytes())["cells"]
    except (OSError, intake.Refused):
        cells = []
    cells = [(intake.tag(c), c.get("cell_type"), intake.source(c)) for c in cells if isinstance(c, dict)]
    places = {cell.metadata.nbgrader.grade_id for cell in released.cells if "nbgrader" in cell.metadata}
    tagged = {tag: text for tag, _, text in cells if tag in places and not tag.endswith("-marks")}
    found = {**tagged, **{name: text for name, text in answers.items() if text.strip()}}
    known = {*found.values(), *(cell.source for cell in released.cells)}
    others = [(kind, text) for tag, kind, text in cells if text.strip() and text not in known and tag not in places]
    return OwnCells(found, others)


MOST_SHOWN = 20_000  # characters of one cell


def harmless(text):
    """Markdown without HTML, links and pictures: it is shown on a page that may change marks."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text[:MOST_SHOWN])
    return re.sub(r"\](?=[(:\[])", "] ", text)


def graded_notebook(released, report, own):
    """The released notebook with the student's answers in it, and under each its verdict and marks."""
    notebook = nbformat.from_dict(json.loads(json.dumps(released)))
    for cell in notebook.cells:
        ours = cell.metadata.get("nbgrader", {})
        tag = ours.get("grade_id", "")
        name = tag.removesuffix("-marks")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if tag in own.answers and not ours.get("locked"):
            is_text = cell.cell_type == "markdown"
            cell.source = harmless(own.answers[tag]) if is_text else own.answers[tag][:MOST_SHOWN]
        if tag != name and name in report.marks:
            panel = in_a_panel(report.marks[name], own.answers.get(name, ""))
            cell.outputs = [nbformat.v4.new_output("display_data", panel._repr_mimebundle_())]
    top = []
    if report.status == FAILED:
        why = f"**This notebook could not be graded:** {html.escape(report.why)}"
        top.append(nbformat.v4.new_markdown_cell(harmless(why), id="could-not-be-graded"))
    if report.flags:
        listed = "\n".join(f"- {harmless(flag)}" for flag in report.flags)
        cell = nbformat.v4.new_markdown_cell(f"**For the instructor's eye only:**\n\n{listed}", id=FOR_THE_INSTRUCTOR)
        top.append(cell)
    notebook.cells[:0] = top
    if own.others:
        heading = "## Other cells of this student's notebook"
        notebook.cells.append(nbformat.v4.new_markdown_cell(heading, id="others"))
    for i, (kind, source) in enumerate(own.others[:50]):
        if kind == "code":
            cell = nbformat.v4.new_code_cell(source[:MOST_SHOWN], id=f"other-{i}")
        else:
            cell = nbformat.v4.new_markdown_cell(harmless(source), id=f"other-{i}")
        notebook.cells.append(cell)
    return notebook


def in_a_panel(mark, source):
    """A Mark as a Panel: the verdict, headed by the points."""
    verdict = mark.verdict
    line = verdict.line.partition(": ")[2].strip()
    if line not in source:  # it came from the student's process, and may tell anything
        verdict = replace(verdict, line="")
    panel = verdict.panel()
    earned = "waits for marks" if mark.earned is None else f"{mark.earned:g} of {mark.possible:g} points"
    return replace(panel, title=f"{earned} · {panel.title}", foot="\n\n".join(mark.notes))


# What nbgrader calls, by name, in its own work on a class; see CONFIG.


class RefuseToRun:
    """Stands in the way of nbgrader's own autograding, whose button the formgrader has."""

    def __init__(self, **_):
        pass

    def __call__(self, *_):
        raise RuntimeError("Grade with  python tools/course.py teach grade : there, students' code runs apart.")


class ForStudents:
    """Takes out of the feedback what is for the instructor's eye only."""

    def __init__(self, **_):
        pass

    def __call__(self, notebook, resources):
        notebook.cells = [cell for cell in notebook.cells if cell.get("id") != FOR_THE_INSTRUCTOR]
        return notebook, resources
