"""A made-up class to practise with: thirty submissions, honest, broken and hostile, packed as an LMS packs them.

Each comes with the status and the points that it has to end with; they follow from which answers are right in it.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field

import numpy as np

from course_lib.exercises.engine import Choice, Function, Number
from course_lib.exercises.engine.values import plain

from . import intake, notebooks, problems
from .problems import FreeText

TEXT = "The cost goes down as long as the rate is below the limit; $a<b$ & so on."


# --------------------------------------------------------------------------------- notebooks


def right_answer(problem, student):
    """The source of a cell that answers a problem rightly, with this student's numbers."""
    exercise = problem.drawn(student)
    if isinstance(exercise, Function):
        return exercise.solution_code
    if isinstance(exercise, Choice):
        return f'{problem.name} = "{exercise.right_answers()[0]}"'
    if isinstance(exercise, Number):
        right = plain(exercise.oracle(*exercise.given(None).values()))
        return f"{problem.name} = {np.asarray(right).tolist()!r}"
    return TEXT


def answered(released, problem_set, student, which=lambda problem: True, who=None):
    """A copy of the released notebook, as plain data, with right answers to the problems that `which` picks."""
    notebook = json.loads(json.dumps(released))
    for cell in notebook["cells"]:
        name = intake.tag(cell)
        if name == "who":
            cell["source"] = f'STUDENT = "{student if who is None else who}"'
        problem = next((p for p in problem_set if p.name == name), None)
        if problem is not None and which(problem):
            cell["source"] = right_answer(problem, who or student)
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if intake.tag(cell) == name)


def code_cell(source):
    return {"cell_type": "code", "id": f"own{abs(hash(source)) % 10**6}", "metadata": {}, "execution_count": None,
            "outputs": [], "source": source}  # fmt: skip


def as_bytes(notebook):
    return json.dumps(notebook).encode()


def zipped(files):
    """A zip of {name: bytes}, its members' times a minute apart, in this order."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (name, content) in enumerate(files.items()):
            member = zipfile.ZipInfo(name, (2026, 11, 20, 12 + i // 60, i % 60, 0))
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


# ------------------------------------------------------------------------------------ the class


@dataclass
class Expected:
    """What has to come of one submission; `right` are the exercises that earn all their points."""

    status: str
    right: set = field(default_factory=set)
    late: bool = False
    why: str = ""  # a part of the reason
    flag: str = ""  # a part of a flag


@dataclass
class MadeUpClass:
    roster: str
    moodle: dict = field(default_factory=dict)  # path in the zip -> bytes
    canvas: dict = field(default_factory=dict)
    expected: dict = field(default_factory=dict)


NAMES = [
    ("Ábrahám", "Zsófia"), ("Brown", "Amy"), ("Çelik", "Ömer"), ("Dubois", "Jean-Luc"), ("Eriksen", "Søren"),
    ("Fischer", "Jürgen"), ("García López", "María José"), ("Huang", "Wei"), ("Ivanova", "Olga"), ("Jones", "Tom"),
    ("Kaya", "Elif"), ("Łukasik", "Paweł"), ("Müller", "Anna"), ("Nguyen", "Thi Lan"), ("O'Brien", "Sean"),
    ("Papadopoulos", "Nikos"), ("Quist", "Ida"), ("Rossi", "Marco"), ("Smith", "Jane"), ("Tanaka", "Yuki"),
    ("Ueda", "Ken"), ("Virtanen", "Aino"), ("Weiß", "Karl"), ("Xu", "Li"), ("Young", "Bob"), ("Zhou", "Min"),
    ("Adams", "Eve"), ("Baker", "Cleo"), ("Carter", "Dan"), ("Doe", "=cmd|calc"), ("Evans", "Mia"),
    ("Frost", "Ann"), ("Gray", "Lou"),
]  # fmt: skip


HOSTILE = [
    ("import os\nos._exit(0)", ""),
    ("import torch", "imports torch"),
    ("import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\nwhile True:\n    pass", ""),
]  # the source of a cell, and a part of what grading tells the instructor; none gains or costs a point


def write(folder, set_name="set_1"):
    """Write roster.csv, moodle.zip and canvas.zip into a folder."""
    problem_set = problems.find(set_name)
    made = make_class(notebooks.release_notebook(problem_set), problem_set)
    intake.replace(folder / "roster.csv", made.roster.encode())
    intake.replace(folder / "moodle.zip", zipped(made.moodle))
    intake.replace(folder / "canvas.zip", zipped(made.canvas))


def make_class(released, problem_set):
    """The MadeUpClass for a set."""
    ids = [f"s{100 + i}" for i in range(len(NAMES))]
    lines = [f"{i},{last},{first},{i}@uni.example" for i, (last, first) in zip(ids, NAMES)]
    made = MadeUpClass("id,last_name,first_name,email\n" + "\n".join(lines) + "\n")
    by_hand = {p.name for p in problem_set if isinstance(p.exercise, FreeText)}
    functions = [p.name for p in problem_set if isinstance(p.exercise, Function)]
    everything = {p.name for p in problem_set} - by_hand
    people = iter(zip(ids, NAMES))
    file = f"{problem_set.name}.ipynb"

    def moodle(change=None, expected=None, name=file, files=None, which=lambda p: True, who=None):
        student, (last, first) = next(people)
        folder = f"{first} {last}_{4000 + len(made.expected)}_assignsubmission_file/"
        notebook = answered(released, problem_set, student, which, who)
        handed_in = files(notebook, student) if files else {name: as_bytes(change(notebook) if change else notebook)}
        made.moodle |= {folder + path: content for path, content in handed_in.items()}
        made.expected[student] = expected or Expected("waits for manual marks", everything)

    def canvas(change=None, expected=None, name=file, late=False, which=lambda p: True, earlier=None):
        student, (last, first) = next(people)
        glued = "".join(letter for letter in f"{last}{first}".lower() if letter.isalnum())
        number = 7000 + len(made.expected)
        notebook = answered(released, problem_set, student, which)
        mark = "LATE_" if late else ""
        if earlier is not None:
            made.canvas[f"{glued}_{mark}{number}_{90000 + number}_{name}"] = as_bytes(earlier)
            name = name.replace(".ipynb", "-1.ipynb")
        handed_in = as_bytes(change(notebook) if change else notebook)
        made.canvas[f"{glued}_{mark}{number}_{95000 + number}_{name}"] = handed_in
        made.expected[student] = expected or Expected("waits for manual marks", everything, late=late)

    def with_cell(source, before=functions[0]):
        def change(notebook):
            where = notebook["cells"].index(cell_of(notebook, before))
            notebook["cells"].insert(where, code_cell(source))
            return notebook

        return change

    def replaced(name, source):
        def change(notebook):
            cell_of(notebook, name)["source"] = source
            return notebook

        return change

    def doubled(notebook):
        where = notebook["cells"].index(cell_of(notebook, functions[0]))
        notebook["cells"].insert(where, json.loads(json.dumps(notebook["cells"][where])))
        return notebook

    def without_metadata(notebook):
        for cell in notebook["cells"]:
            cell["metadata"] = {}
            cell.pop("id", None)
        return {**notebook, "metadata": {}, "nbformat_minor": 4}

    def backwards(notebook):
        """Every exercise's cells in another order; the cells that all need stay first."""
        head = ("title", "how-marks-are-given", "who", "start")
        first = [cell for cell in notebook["cells"] if intake.tag(cell) in head]
        rest = [cell for cell in notebook["cells"] if cell not in first]
        notebook["cells"] = first + rest[::-1]
        return notebook

    blank = json.loads(json.dumps(released))
    all_but = lambda name: everything - {name}  # noqa: E731
    only = lambda names: Expected("waits for manual marks", set(names))  # noqa: E731

    # Honest: whatever the way they came, no mark is lost.
    moodle()
    moodle(doubled)
    moodle(with_cell("import warnings\nwarnings.warn('beware')\nprint('hello')"))
    moodle(name="Homework final (2).ipynb")
    moodle(name=f"my work/week 3/{file}")
    moodle(files=lambda nb, _: {"work.zip": zipped({f"inner/{file}": as_bytes(nb)})})
    moodle(files=lambda nb, _: {"a.zip": zipped({"b.zip": zipped({file: as_bytes(nb)})})})
    moodle(files=lambda nb, _: {f"__MACOSX/._{file}": b"\0\5\26\7", ".DS_Store": b"\0", file: as_bytes(nb)})
    moodle(files=lambda nb, _: {file: as_bytes(blank), f"better/{file}": as_bytes(nb)})  # the newer counts
    moodle(without_metadata)
    moodle(backwards)
    moodle(files=lambda nb, _: {file: as_bytes(nb), f".ipynb_checkpoints/{file}": as_bytes(blank)})
    canvas()
    canvas(late=True)
    canvas(earlier=blank)
    canvas(earlier=blank, late=True)
    canvas(with_cell("1 / 0"))
    canvas(with_cell("def helper(:\n    pass"))
    # Partly right: exactly what is right earns its points.
    canvas(which=lambda p: isinstance(p.exercise, Function | FreeText), expected=only(functions))
    canvas(which=lambda p: not isinstance(p.exercise, Function), expected=only(everything - set(functions)))
    canvas(which=lambda p: p.name in (functions[0], *by_hand), expected=only([functions[0]]))
    canvas(which=lambda p: not isinstance(p.exercise, FreeText), expected=Expected("complete", everything))
    canvas(which=lambda p: False, expected=Expected("complete", set()))
    # Broken.
    moodle(replaced(functions[0], f"def {functions[0]}(*args):\n    while True:\n        pass"),
           Expected("waits for manual marks", all_but(functions[0])))  # fmt: skip
    moodle(files=lambda nb, _: {file: as_bytes(nb)[:-700]}, expected=Expected("could not be graded", why="not JSON"))
    moodle(files=lambda nb, _: {"report.pdf": b"%PDF-1.7"}, expected=Expected("could not be graded", why="report.pdf"))
    large = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5, "filler": "x" * 21_000_000}
    moodle(files=lambda nb, _: {file: as_bytes(large)}, expected=Expected("could not be graded", why="20 MB"))
    # Hostile.
    for source, flag in HOSTILE:
        moodle(with_cell(source), Expected("waits for manual marks", everything, flag=flag))
    # Nobody's.
    made.canvas[f"strangerdanger_9999_123456_{file}"] = as_bytes(blank)
    for student, _ in people:
        made.expected[student] = Expected("not submitted")
    return made
