"""From a submitted notebook to a Report: the trusted side, which holds the problems, the hidden cases and the marks."""

import contextlib
import itertools
import json
import os
import queue
import re
import stat
import time
from dataclasses import dataclass, field, replace

from course_lib.exercises.engine import Function, Number, Status
from course_lib.exercises.engine.guard import Outcome, Raised
from course_lib.exercises.engine.values import Odd
from course_lib.exercises.handed_out import normal

from .notebooks import HIDDEN, public_file, source_notebook
from .problems import FreeText, Mark, find
from .sandbox import PATIENCE, Limits, Lost, Sandbox, Unable, listed, outcome_of, words
from .worker import SEEN, pack

LARGEST_NOTEBOOK = 20 * 2**20  # bytes, pictures included
MOST_CELLS, MOST_CODE = 2000, 2 * 2**20  # the latter in characters of all cells together
LOSSES = 3  # times that the process of one problem may end before its time
RESTARTS = 12  # of one submission
GRADED, NOT_GRADED = "graded", "could not be graded"
ENDED = Outcome(raised=Raised("ProcessEnded", "the process it ran in ended: a crash, os._exit, or no memory left"))
NONSENSE = Outcome(raised=Raised("NoAnswer", "the process it ran in sent something else than an answer"))


class Unreadable(Exception):
    """A submission that is no notebook; the message says why, in one sentence."""


@dataclass(frozen=True)
class Report:
    """What came of one submission; flags and seconds are for the instructor and change no mark."""

    student: str
    set: str
    status: str
    why: str = ""
    marks: dict = field(default_factory=dict)  # name -> Mark
    flags: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)  # name -> the source of the cell that was marked
    seconds: float = 0.0

    def to_json(self):
        """A dict of plain data."""
        return {**vars(self), "marks": {name: mark.to_json() for name, mark in self.marks.items()}}

    @classmethod
    def from_json(cls, data):
        """The report that `to_json` wrote."""
        return cls(**{**data, "marks": {name: Mark.from_json(mark) for name, mark in data["marks"].items()}})


@dataclass(frozen=True)
class Cell:
    """As much of a notebook's cell as grading needs."""

    kind: str
    source: str
    grade_id: str


def read_cells(path):
    """The cells of a notebook of any age, however bare; raises Unreadable if it is none."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise Unreadable("It is not a file.")
            if info.st_size > LARGEST_NOTEBOOK:
                raise Unreadable(f"The file has {info.st_size / 1e6:.0f} MB: more than any notebook needs.")
            data = file.read(LARGEST_NOTEBOOK)
    except OSError as error:
        raise Unreadable(f"The file cannot be read: {error.strerror}.") from None
    if not data.strip():
        raise Unreadable("The file is empty.")
    try:
        notebook = json.loads(data, parse_int=str)  # no number in it matters, and one may have a million digits
        sheets = notebook.get("worksheets") or [notebook]  # notebooks of before 2015 had sheets
        cells = [_cell(cell) for sheet in sheets for cell in sheet["cells"]]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise Unreadable("The file is not a notebook, or is damaged: it cannot be read as one.") from None
    if sum(len(cell.source) for cell in cells) > MOST_CODE or len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has more than {MOST_CELLS} cells or {MOST_CODE / 1e6:.0f} million letters.")
    return cells


def _cell(data):
    source = data.get("source", data.get("input", ""))
    source = source if isinstance(source, str) else "".join(source)
    source = source.encode("utf-8", "replace").decode()  # a lone half of a character can be stored nowhere
    mine = (data.get("metadata") or {}).get("nbgrader") or {}
    grade_id = mine.get("grade_id") if isinstance(mine, dict) else None
    return Cell(data["cell_type"], source, grade_id if isinstance(grade_id, str) else "")


class Run:
    """A submission in its worker, which starts again, without the cell to blame, whenever it is lost."""

    def __init__(self, sandbox, slot, sources, names, files, marked_in=None):
        self.sandbox, self.slot, self.sources, self.names, self.files = sandbox, slot, sources, names, files
        self.marked_in = marked_in or {}  # name -> the index of its marking cell
        self.left_out, self.only_definitions = set(), set()
        self.found, self.notes, self.loaded = {}, {}, set()
        self.worker, self.restarts, self.stack = None, 0, contextlib.ExitStack()
        self.ends = time.monotonic() + sandbox.limits.total

    def ready(self):
        """A worker that has run the cells; raises Lost when the submission has used up its time or its chances."""
        while self.worker is None:
            if self.restarts > RESTARTS or time.monotonic() > self.ends:
                self.note("it used up its time, or ended again and again: what was not marked by then is 0")
                raise Lost("time")
            self.restarts += 1
            self.worker, running = self.stack.enter_context(self.sandbox.worker(self.slot)), None
            try:
                self.worker.send(self._job())
                while "running" in (message := self.receive(2 * self.sandbox.limits.seconds)):
                    running = message["running"]
                self.hear(message)
                self.found = {name: listed(message["found"][name], 2 * MOST_CELLS, int) for name in self.names}
            except (Lost, KeyError, TypeError) as loss:
                self.drop()
                if running is None and str(loss) != "time":
                    raise Unable("A worker ended before it began.") from None
                self._blame(running, str(loss))
        return self.worker

    def _job(self):
        return {
            "cells": self.sources,
            "left_out": sorted(self.left_out),
            "only_definitions": sorted(self.only_definitions),
            "names": self.names,
            "files": self.files,
            "marked_in": self.marked_in,
            "seconds": self.sandbox.limits.seconds,
        }

    def _blame(self, cell, why):
        if type(cell) is not int or not 0 <= cell < len(self.sources):
            return
        (self.left_out if cell in self.only_definitions else self.only_definitions).add(cell)
        how = {"time": "had to be stopped", "ended": "ended the process it ran in"}.get(why, "sent what it should not")
        self.note(f"cell {cell + 1} {how}")

    def hear(self, message):
        for note in listed(message.get("seen"), SEEN):
            self.note(f"its cells used {words(note, 80)}")
        self.loaded.update(listed(message.get("loaded"), 500))

    def note(self, text):
        self.notes[text] = None

    def receive(self, seconds):
        return self.worker.receive(min(seconds + PATIENCE, max(self.ends - time.monotonic(), 0.1)))

    def drop(self):
        """End the worker and all it started."""
        self.worker = None
        self.stack.close()

    def value(self, name, nth):
        """The plain value that cells bound to a name."""
        with Reached(self, name, nth, PATIENCE, function=False) as reached:
            outcome = reached([])
        return Odd("something that cannot be read") if outcome.raised or outcome.stopped else outcome.value


class Reached:
    """`call(args, seed) -> Outcome` of the nth thing that cells bound to a name, in a process for it alone.

    With `then`, the other names are what they were when its marking cell ran; else what they are in the end.
    """

    def __init__(self, run, name, nth, seconds, function=True, then=False):
        self.run, self.name, self.seconds = run, name, seconds
        self.order = {"name": name, "nth": nth, "seconds": seconds, "function": function, "then": then}
        self.ids, self.worker = itertools.count(), None
        self.losses, self.raised = [], set()

    def __enter__(self):
        return self

    def __call__(self, args, seed=0):
        try:
            if self.losses and (self.losses[-1] != "ended" or len(self.losses) == LOSSES):
                raise Lost(self.losses[-1])
            worker = self.run.ready()
            if self.worker is not worker:
                worker.send(self.order)
                self.worker = worker
            request = {"id": next(self.ids), "args": pack(list(args)), "seed": seed}
            worker.send(request)
            reply = self.run.receive(self.seconds)
            if "ended" in reply:
                self.losses.append("ended")
                self.worker = None
                return ENDED
            if reply.get("id") != request["id"]:
                raise Lost("nonsense")
            self.run.hear(reply)
            outcome = outcome_of(reply, self.run.sources, len(args))
        except Lost as loss:
            self.run.drop()
            self.worker = None
            self.losses.append(str(loss))
            return {"time": Outcome(stopped="time"), "ended": ENDED}.get(str(loss), NONSENSE)
        self.raised.add(outcome.raised and outcome.raised.type)
        return outcome

    def __exit__(self, *error):
        if self.losses:
            what = ", ".join(dict.fromkeys(self.losses[:LOSSES]))
            self.run.note(f"{self.name}: the process had to be started again ({what})")
        if self.worker:
            try:
                self.worker.send({"end": True})
                if self.run.receive(PATIENCE) != {"ended": self.name}:
                    raise Lost("nonsense")
            except Lost:
                self.run.drop()


class Grader:
    """Grades submissions to one set, `processes` of them at a time; `grade` may be called from several threads.

    `hidden` are the folders that no submission may see: the gradebook's, above all.
    """

    def __init__(self, problem_set, processes=2, limits=None, hidden=(), walls=True):
        self.problem_set = problem_set
        self.sandbox = Sandbox(limits or Limits(), hidden, walls)
        self.slots = queue.SimpleQueue()
        for slot in range(processes):
            self.slots.put(slot)
        self.files = {f"{problem_set.name}_public.json": json.dumps(public_file(problem_set))}
        cells = {cell.metadata.nbgrader.grade_id: cell for cell in source_notebook(problem_set).cells}
        self.questions = {p.name: cells[f"{p.name}-task"].source.strip() for p in problem_set}
        self.released = {
            name: (cell.source.split(HIDDEN[0])[0].strip(), cell.metadata.nbgrader.locked)
            for name, cell in cells.items()
            if cell.cell_type == "code"
        }
        self.released_lines = {line.strip() for source, _ in self.released.values() for line in source.splitlines()}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.sandbox.close()

    def protections(self):
        """(name, in force, sentence) of each protection that submissions are graded with."""
        return self.sandbox.protections()

    def grade(self, path, student):
        """The Report on a submitted notebook; whatever is in it, this never raises."""
        start = time.monotonic()
        slot = self.slots.get()
        try:
            report = self._report(read_cells(path), student, slot)
        except Unreadable as why:
            report = self._not_graded(student, str(why))
        except Exception as error:
            what = f"{type(error).__name__}: {error}"[:300]
            report = self._not_graded(student, f"The grading itself failed, not the submission ({what}).")
        finally:
            self.slots.put(slot)
        return replace(report, seconds=round(time.monotonic() - start, 3))

    def _not_graded(self, student, why):
        return Report(student, self.problem_set.name, NOT_GRADED, why)

    def _report(self, cells, student, slot):
        code = [cell for cell in cells if cell.kind == "code"]
        names = [p.name for p in self.problem_set if not isinstance(p.exercise, FreeText)]
        marked_in = {name: i for name in names for i, cell in enumerate(code) if cell.grade_id == f"{name}-marks"}
        run = Run(self.sandbox, slot, [cell.source for cell in code], [*names, "STUDENT"], self.files, marked_in)
        marks, answers, flags = {}, {}, self._flags_of_cells(cells)
        try:
            with contextlib.suppress(Lost):
                run.ready()
            for problem in self.problem_set:
                marks[problem.name], answers[problem.name] = self._mark(problem, run, student, cells)
            flags += self._flags_of_student(run, student, marks)
        finally:
            run.drop()
        flags += self._flags_of_imports(code, run.loaded)
        return Report(student, self.problem_set.name, GRADED, "", marks, [*flags, *run.notes], answers)

    def _mark(self, problem, run, student, cells):
        """(Mark, source) of the last answer before the marking cell that is not as it was handed out, else after it."""
        if isinstance(problem.exercise, FreeText):
            text = self._text(problem, cells)
            return problem.mark(student, answer=text), text
        answers = [*enumerate(run.found.get(problem.name, ()))][::-1]
        marked_in = run.marked_in.get(problem.name, -1)
        for nth, number in sorted(answers, key=lambda answer: answer[1] - 1 > marked_in):
            if isinstance(problem.exercise, Function):
                mark = self._mark_function(problem, run, student, nth, then=number - 1 <= marked_in)
            else:
                mark = problem.mark(student, answer=run.value(problem.name, nth))
            if mark.verdict.status is not Status.NOT_ATTEMPTED:
                return mark, run.sources[number - 1] if 0 < number <= len(run.sources) else ""
        return problem.mark(student), ""

    def _mark_function(self, problem, run, student, nth, then):
        """The Mark of a function with the other names as they were then; if it missed one, as they are in the end."""
        with Reached(run, problem.name, nth, problem.exercise.seconds, then=then) as reached:
            mark = problem.mark(student, call=reached)
        if then and "NameError" in reached.raised:
            return max(mark, self._mark_function(problem, run, student, nth, False), key=lambda m: m.earned)
        return mark

    def _text(self, problem, cells):
        """The text of an answer in words: by its cell's grade_id, else what stands below the question."""
        texts = [cell.source for cell in cells if cell.grade_id == problem.name and cell.kind != "code"]
        if not texts:
            below = [i + 1 for i, cell in enumerate(cells) if cell.source.strip() == self.questions.get(problem.name)]
            texts = [cells[i].source for i in below if i < len(cells) and cells[i].kind != "code"]
        written = [t for t in texts if problem.mark("", answer=t).verdict.status is not Status.NOT_ATTEMPTED]
        return (written or texts or [""])[-1]

    def _flags_of_cells(self, cells):
        """Cells that are not as they were handed out; the honest have such cells too."""
        found = {}
        for cell in cells:
            found.setdefault(cell.grade_id, []).append(cell.source.strip())
        known = [name for name in found if name in self.released]
        if not known:
            return ["none of its cells has the marks of the notebook that was handed out"]
        more = [name for name in known if len(found[name]) > 1]
        gone = [name for name in self.released if name not in found]
        edited = [name for name in known if self.released[name][1] and {self.released[name][0]} != {*found[name]}]
        told = {"there more than once": more, "missing": gone, "locked, but edited": edited}
        return [f"cells {what}: {', '.join(names)}" for what, names in told.items() if names]

    def _flags_of_imports(self, code, loaded):
        """Modules that a problem forbids, from the text of the cells and from what was loaded."""
        lines = [line.strip() for cell in code for line in cell.source.splitlines()]
        text = "\n".join(line for line in lines if line not in self.released_lines)
        imports = "\n".join(re.findall(r"^.*\bimport.*$", text, re.MULTILINE))
        forbidden = dict.fromkeys(module for problem in self.problem_set for module in problem.forbids)
        return [
            f"it imports {module}"
            for module in forbidden
            if re.search(rf"\b{re.escape(module)}\b", imports) or module in loaded
        ]

    def _flags_of_student(self, run, student, marks):
        """Whose notebook it says it is, if not the student's, and numbers that are right for that other one."""
        nths = range(len(run.found.get("STUDENT", ())))
        named = run.value("STUDENT", nths[-1]) if nths else ""
        if not isinstance(named, str) or normal(named) in ("", normal(student)):
            return []
        flags = [f"its STUDENT is {named[:60]!r}, not {student!r}"]
        for problem in self.problem_set:
            if isinstance(problem.exercise, Number) and not marks[problem.name].verdict.correct:
                for nth, _ in enumerate(run.found.get(problem.name, ())):
                    if problem.mark(named, answer=run.value(problem.name, nth)).verdict.correct:
                        flags.append(f"{problem.name}: right for {named[:60]!r}, whose numbers are others")
        return flags


def stock_check(set_name, exercise_name, namespace):
    """What the hidden test of the source notebook calls, for stock nbgrader: the points, or an AssertionError.

    There is no sandbox around it: what it is good for is to compare.
    """
    mark = find(set_name)[exercise_name].mark(namespace["STUDENT"], answer=namespace.get(exercise_name, ...))
    if not mark.earned:
        raise AssertionError(mark.verdict.message)
    return mark.earned
