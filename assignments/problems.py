"""What a graded set is made of: an exercise, its points, what is public of it, and the numbers of each student."""

import difflib
import importlib
import keyword
import pkgutil
import re
from dataclasses import asdict, dataclass, field, replace

from course_lib.exercises.engine import Choice, Function, Number, Status, Verdict
from course_lib.exercises.engine.checker import not_attempted
from course_lib.exercises.engine.exercise import Exercise
from course_lib.exercises.engine.progress import exercise_sets
from course_lib.exercises.engine.values import show_call
from course_lib.exercises.handed_out import hashed, normal, own_numbers

from . import sets

# Slips that cost half the points in every exercise: the idea is right, the answer cannot be used as it is.
SLIPS = {"rounding": 0.5, "few digits": 0.5, "changes its input": 0.5}
USUAL_POINTS = {Function: 4, Number: 3, Choice: 1}  # of a lesson's exercise in a set from the bank
FORBIDDEN = ("course_lib", "scipy", "sklearn", "torch")
LEFT_AS_HANDED_OUT = "YOUR ANSWER HERE"


def spread(low, high, step):
    """The numbers from `low` to `high` in equal steps, both ends among them, to draw from."""
    return tuple(float(f"{low + i * step:.6g}") for i in range(round((high - low) / step) + 1))


@dataclass(kw_only=True, repr=False, eq=False)
class FreeText(Exercise):
    """A question answered in words, for a person to mark.

    `rubric` lists (points, what earns them); `model` is an answer that gets them all.
    """

    rubric: list
    model: str

    accepted = Status.RECORDED
    how_to_start = "Write your answer in the cell below the question."

    def judge(self, answer=..., seed=None):
        text = answer.replace(LEFT_AS_HANDED_OUT, "").strip() if isinstance(answer, str) else ""
        if not text:
            return not_attempted(self)
        return Verdict(self.name, Status.RECORDED, "Your answer waits for your instructor's marks.")

    def solution_text(self):
        return self.model.strip()


@dataclass(frozen=True)
class Mark:
    """What an answer earned: None as long as a person has to say. Nothing in it tells a hidden case."""

    earned: float | None
    possible: float
    verdict: Verdict
    notes: list = field(default_factory=list)

    def to_json(self):
        """A dict of plain data."""
        return {**asdict(self), "verdict": self.verdict.to_json()}

    @classmethod
    def from_json(cls, data):
        """The mark that `to_json` wrote."""
        return cls(**{**data, "verdict": Verdict.from_json(data["verdict"])})


@dataclass(kw_only=True, eq=False)
class Problem:
    """An exercise in a graded set.

    `public` lists the calls that students may check; `parts` says what share of the points a known mistake or a
    diagnosis still earns; `forbids` are imports that an instructor should hear of. The `values` of a Number may be
    tuples: then each student gets one of them. `look` is code for a cell that shows what came of it. `title` is its
    heading, otherwise the name.
    """

    exercise: Exercise
    points: float
    title: str = ""
    public: list = ()
    parts: dict = field(default_factory=dict)
    forbids: tuple = FORBIDDEN
    look: str = ""
    set_name: str = field(default="", init=False)

    def __post_init__(self):
        self.title = self.title or self.name.replace("_", " ")

    @property
    def name(self):
        return self.exercise.name

    @property
    def ranges(self):
        """What each number of a Number exercise is drawn from; none for other kinds."""
        if not isinstance(self.exercise, Number):
            return {}
        return {k: v if isinstance(v, tuple) else (v,) for k, v in self.exercise.values.items()}

    def drawn(self, student):
        """The exercise as it is marked for one student: with their numbers, the public cases before the hidden."""
        exercise = self.exercise
        if isinstance(exercise, Number):
            return replace(exercise, values=own_numbers(self.set_name, self.name, self.ranges, student))
        if isinstance(exercise, Function):
            return replace(exercise, edge_cases=[*self.public, *exercise.edge_cases])
        return exercise

    def mark(self, student, answer=..., call=None):
        """The Mark of an answer, or of a function that `call(args, seed) -> Outcome` reaches."""
        how = {} if call is None else {"call": call}
        verdict = self.drawn(student).judge(answer, seed=seed_of(self.set_name, self.name, student), **how)
        earned = None if verdict.status is Status.RECORDED else float(self.points * self.share(verdict))
        notes = []
        if earned and not verdict.correct:
            notes.append(f"{earned:g} of {self.points:g} points for what is right in it.")
        return Mark(earned, self.points, self._without_hidden(verdict), notes)

    def share(self, verdict):
        """The share of the points that a verdict earns."""
        return 1 if verdict.correct else {**SLIPS, **self.parts}.get(verdict.mistake, 0)

    def _without_hidden(self, verdict):
        """The verdict with all taken out that could tell a hidden case, what the student's code printed included."""
        public = [show_call(self.name, args) for args in self.public]
        if not isinstance(self.exercise, Function) or verdict.failing_input in public:
            return verdict
        message = verdict.message
        if verdict.status is Status.RAISED:
            message = "It stopped with an error on a hidden case."
        elif verdict.status is Status.WRONG:
            message = f"{message.partition('.')[0]}. The one it fails on is a hidden case."
        elif "of type" in message:  # such a type may be named after its input
            message = "It gives back something of another kind than was asked for."
        return replace(verdict, message=message, failing_input="", expected="", got="", printed="")


@dataclass(eq=False)
class ProblemSet:
    """Problems that are handed out in one notebook; `part` says which lessons they go with."""

    name: str
    title: str
    part: str
    problems: list
    intro: str = ""

    def __post_init__(self):
        names = [p.name for p in self.problems]
        if twice := next((n for n in names if names.count(n) > 1), None):
            raise ValueError(f"{self.name} has two exercises called {twice!r}")
        for problem in self.problems:
            problem.set_name = self.name
            problem.exercise.notebook = problem.exercise.notebook or self.name

    def __iter__(self):
        return iter(self.problems)

    @property
    def points(self):
        return sum(p.points for p in self.problems)

    def __getitem__(self, name):
        """The problem of this name."""
        return next(p for p in self.problems if p.name == name)


def seed_of(set_name, exercise_name, student):
    """The seed that a student's hidden cases are drawn from."""
    return hashed(set_name, exercise_name, normal(student))


# ------------------------------------------------------------------------------------------ the bank


def every_set():
    """The graded sets of the course, in order."""
    modules = sorted(m.name for m in pkgutil.iter_modules(sets.__path__))
    return [importlib.import_module(f"{sets.__name__}.{name}").SET for name in modules]


def find(name):
    """The graded set of this name; raises ValueError if there is none."""
    found = {s.name: s for s in every_set()}
    if name not in found:
        raise ValueError(f"there is no set {name!r}; the course has {', '.join(found)}")
    return found[name]


def bank():
    """Every problem an instructor may choose, as lists by name: those of the sets, then those of the lessons."""
    found = {}
    for problem_set in every_set():
        for problem in problem_set:
            found.setdefault(problem.name, []).append(problem)
            found[problem.exercise.key] = [problem]
    for lesson in exercise_sets():
        for exercise in lesson:
            if type(exercise) in USUAL_POINTS:  # predictions are never marked, settings train for seconds
                problem = Problem(exercise=exercise, points=USUAL_POINTS[type(exercise)], public=_shown(exercise))
                found.setdefault(exercise.name, []).append(problem)
                found[exercise.key] = [problem]
    return found


def _shown(exercise):
    """Calls of a lesson's function to make public: the first three that its check tries."""
    return exercise.cases(0)[:3] if isinstance(exercise, Function) else []


def from_bank(name, names, title=""):
    """A set called `name` of the exercises named; one that several lessons have is named "notebook/exercise"."""
    if not re.fullmatch(r"[A-Za-z]\w*", name) or keyword.iskeyword(name):
        raise ValueError(f"a set's name has letters, digits and _ only, such as my_set; {name!r} has not")
    found, chosen = bank(), []
    for wanted in names:
        if wanted not in found:
            near = difflib.get_close_matches(wanted, found, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no exercise {wanted!r} in the bank{meant}")
        if len(found[wanted]) > 1:
            keys = ", ".join(p.exercise.key for p in found[wanted])
            raise ValueError(f"several exercises are called {wanted!r}; choose from {keys}")
        chosen.append(replace(found[wanted][0]))
    return ProblemSet(name, title or name.replace("_", " ").capitalize(), "from the bank", chosen)
