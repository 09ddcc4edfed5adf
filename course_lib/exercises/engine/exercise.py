"""The kinds of exercise, each declared by what it asks and by the mistakes it knows.

Every exercise has `check`, which judges an answer and notes the progress, `hint` and `solution`;
`judge` is the judging alone, for tests and for grading.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import progress
from .checker import judge_function, judge_value, not_attempted
from .guard import SECONDS, Caller, put_numpy_back
from .panel import Panel
from .values import few_digits, plain
from .verdict import Status, Verdict

FRESH_CASES = 6


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is often given, and why it is wrong.

    `wrong` is a function for Function and Number, example settings for Setting; there, `when`
    tells from the settings and their result whether this mistake was made.
    """

    name: str
    wrong: Any
    why: str
    when: Callable | None = None


class ExerciseSet:
    """The exercises of one notebook, in order."""

    def __init__(self, notebook):
        self.notebook, self.exercises = notebook, []

    def add(self, exercise):
        """Put `exercise` at the end and return it; raises ValueError if its name is taken."""
        if exercise.name in (e.name for e in self.exercises):
            raise ValueError(f"{self.notebook} has two exercises called {exercise.name!r}")
        exercise.notebook = self.notebook
        self.exercises.append(exercise)
        return exercise

    def __iter__(self):
        return iter(self.exercises)


@dataclass(kw_only=True, repr=False, eq=False)
class Exercise:
    """What all kinds share; `remember` is what to keep in mind once it is solved."""

    name: str = ""
    prompt: str
    hints: list
    remember: str = ""
    notebook: str = field(default="", init=False)

    def __post_init__(self):
        self.checks = self.attempts = self.hints_given = 0
        self.warned = False

    @property
    def key(self):
        return f"{self.notebook}/{self.name}"

    # what the kinds differ in

    accepted = Status.CORRECT
    how_to_start = "Put your answer where the dots are, run the cell, and this check will look at it."

    def text(self):
        """What is asked, in Markdown."""
        return self.prompt.strip()

    def solution_text(self):
        raise NotImplementedError

    @property
    def stub(self):
        """The code a learner starts from, `check` included."""
        return f"{self.name} = ...\n\nex.{self.name}.check({self.name})"

    # what a learner calls

    def check(self, answer=...):
        """Judge `answer`, show what is right or wrong about it, and note the progress."""
        put_numpy_back()
        return self._noted(self.judge(answer, seed=self.checks))

    def _noted(self, verdict):
        """The verdict as the learner sees it; one who has not begun leaves no trace."""
        if verdict.status is Status.NOT_ATTEMPTED:
            return replace(verdict, next_step=f"For a first hint: `ex.{self.name}.hint()`")
        self.checks += 1
        self.attempts += 1
        done = verdict.status is self.accepted
        note = progress.note(self.key, "solved" if done else "tried")
        step = "" if done else f"For a hint: `ex.{self.name}.hint()`"
        return replace(verdict, next_step=verdict.next_step or step, note=note)

    def hint(self):
        """The next hint; after the last one, the last one again."""
        self.hints_given = min(self.hints_given + 1, len(self.hints))
        last = self.hints_given == len(self.hints)
        after = f"That was the last one; `ex.{self.name}.solution()` shows the answer."
        return Panel(
            "hint",
            f"Hint {self.hints_given} of {len(self.hints)} · {self.name}",
            self.hints[self.hints_given - 1],
            foot=after if last else "",
        )

    def solution(self):
        """The solution; whoever has not tried yet is asked once whether they really want it."""
        if not (self.warned or self.attempts or progress.state(self.key) != "open"):
            self.warned = True
            return Panel(
                "wait",
                f"Have you tried? · {self.name}",
                "A wrong try teaches more than a right answer read: the check will tell what is off.",
                foot=f"`ex.{self.name}.solution()` once more, and you will see it.",
            )
        return Panel("hint", f"Solution · {self.name}", self.remember, code=self.solution_text())

    def __repr__(self):
        return f"{self.name}\n\n{self.text()}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/markdown": f"**{self.name}**\n\n{self.text()}"}


@dataclass(kw_only=True, repr=False, eq=False)
class Function(Exercise):
    """Write a function.

    `solution_code` is its source, and names it; `oracle` is what is right; `inputs(rng)` draws the
    inputs of one call, `edge_cases` lists those that are always tried first.
    """

    solution_code: str
    oracle: Callable
    inputs: Callable
    mistakes: list
    edge_cases: list = ()
    alternatives: list = ()
    rtol: float = 1e-9
    seconds: float = SECONDS

    how_to_start = (
        "Replace the line `raise NotImplementedError` by your own, run the cell, and this check "
        "will look at what your function gives back."
    )

    def __post_init__(self):
        super().__post_init__()
        self.solution_code = self.solution_code.strip()
        self.definition = next(node for node in ast.parse(self.solution_code).body if isinstance(node, ast.FunctionDef))
        self.name = self.definition.name
        self.signature = f"{self.name}({', '.join(a.arg for a in self.definition.args.args)})"

    def cases(self, seed):
        """The inputs of every call, as tuples: the edge cases, then fresh ones from `seed`."""
        rng = np.random.default_rng(seed)
        fresh = [few_digits(list(self.inputs(rng))) for _ in range(FRESH_CASES)]
        return [tuple(c) for c in (*self.edge_cases, *fresh)]

    def judge(self, answer=..., seed=0, call=None):
        """The Verdict; `call(args, seed) -> Outcome` reaches a function that runs elsewhere."""
        if call is None:
            if answer is None or answer is Ellipsis:
                return not_attempted(self)
            if not callable(answer):
                how = f"`ex.{self.name}.check({self.name})`"
                return Verdict(
                    self.name,
                    Status.WRONG_TYPE,
                    f"The check wants the function itself, without brackets: {how}.",
                )
            call = Caller(answer, self.seconds)
        return judge_function(self, call, seed, answer)

    @property
    def stub(self):
        head = self.solution_code.split("\n")
        first, last = self.definition.lineno, self.definition.body[0].lineno
        if ast.get_docstring(self.definition):
            last = self.definition.body[0].end_lineno + 1
        lines = head[first - 1 : last - 1]
        return "\n".join([*lines, "    raise NotImplementedError", "", "", f"ex.{self.name}.check({self.name})"])

    def solution_text(self):
        return self.solution_code

    def right_answers(self):
        """The solution and the differently written right answers, as functions."""
        names = {"np": np}
        exec(self.solution_code, names)
        return [names[self.name], *self.alternatives]

    def wrong_answers(self):
        """(name, answer) of every known mistake."""
        return [(m.name, m.wrong) for m in self.mistakes]

    def unsolved_answer(self):
        """What the stub, as handed out, answers."""
        names = {"np": np}
        exec(self.stub[: self.stub.rindex("\n")], names)
        return names[self.name]


@dataclass(kw_only=True, repr=False, eq=False)
class Number(Exercise):
    """Work out a number or an array by hand.

    `values` are the numbers given, a dict or a function of an rng; the prompt has their names in
    {braces}; `oracle` and each mistake take them in that order.
    """

    values: dict | Callable
    oracle: Callable
    mistakes: list
    working: str
    rtol: float = 1e-2
    precision: str = "three significant digits are enough"
    seed: int | None = None

    def text(self):
        return filled_in(self.prompt.strip(), self.given(self.seed))

    def given(self, seed):
        if not callable(self.values):
            return self.values
        seed = self.seed if self.seed is not None else seed or 0
        return {k: few_digits(v) for k, v in self.values(np.random.default_rng(seed)).items()}

    def drawn(self, seed):
        """This exercise with the numbers of one seed, for one student."""
        mine = replace(self, seed=seed)
        mine.notebook = self.notebook
        return mine

    def judge(self, answer=..., seed=None):
        return judge_value(self, answer, self.seed)

    def solution_text(self):
        return filled_in(self.working, self.given(self.seed)).strip()

    def right_answers(self):
        right = plain(self.oracle(*self.given(self.seed).values()))
        return [right, right * (1 + self.rtol / 4)]

    def wrong_answers(self):
        given = self.given(self.seed).values()
        return [(m.name, m.wrong(*given) if callable(m.wrong) else m.wrong) for m in self.mistakes]

    def unsolved_answer(self):
        return ...


def filled_in(text, values):
    """Put the values where the text has their names in braces; other braces, as of LaTeX, stay."""
    return re.sub(r"\{(\w+)\}", lambda m: f"{values[m[1]]:g}" if m[1] in values else m[0], text)


@dataclass(frozen=True)
class Option:
    """One of the statements to choose from, and what to say to whoever picks it."""

    text: str
    why: str
    right: bool = False
    name: str = ""


@dataclass(kw_only=True, repr=False, eq=False)
class Choice(Exercise):
    """Choose among statements, lettered a, b, c, …"""

    options: list

    def __post_init__(self):
        super().__post_init__()
        if sum(o.right for o in self.options) != 1:
            raise ValueError(f"{self.name}: exactly one option must be right")
        self.letters = dict(zip("abcdefgh", self.options, strict=False))

    def text(self):
        listed = [f"- **{letter}** {option.text}" for letter, option in self.letters.items()]
        return "\n".join([super().text(), "", *listed])

    @property
    def how_to_start(self):
        return f'Put the letter of your choice where the dots are: `{self.name} = "a"`.'

    def _letter(self, answer):
        return answer.strip(" ().").lower() if isinstance(answer, str) else None

    def judge(self, answer=..., seed=None):
        if answer is None or answer is Ellipsis:
            return not_attempted(self)
        letter = self._letter(answer)
        if letter not in self.letters:
            wanted = ", ".join(f'"{x}"' for x in self.letters)
            return Verdict(self.name, Status.WRONG_TYPE, f"Answer with one letter: {wanted}.")
        return self._verdict(letter, self.letters[letter])

    def _verdict(self, letter, option):
        if option.right:
            return Verdict(self.name, Status.CORRECT, f"{option.why} {self.remember}".strip())
        return Verdict(
            self.name,
            Status.KNOWN_MISTAKE,
            option.why,
            option.name or letter,
            got=f"({letter}) {option.text}",
        )

    def solution_text(self):
        return next(f"({x}) {o.text}" for x, o in self.letters.items() if o.right)

    def right_answers(self):
        letter = next(x for x, o in self.letters.items() if o.right)
        return [letter, f" ({letter.upper()}) "]

    def wrong_answers(self):
        return [(o.name or x, x) for x, o in self.letters.items() if not o.right]

    def unsolved_answer(self):
        return ...


@dataclass(kw_only=True, repr=False, eq=False)
class Prediction(Choice):
    """Say what will happen before the figure shows it; never marked, only compared afterwards.

    `measured()` says in words what does happen, from a run.
    """

    measured: Callable

    accepted = Status.RECORDED

    def __post_init__(self):
        super().__post_init__()
        self.predicted = None

    def right_answers(self):
        return list(self.letters)

    def wrong_answers(self):
        return []

    @property
    def made(self):
        """Whether a prediction was made, now or on another day."""
        return self.predicted is not None or progress.state(self.key) == "solved"

    def _verdict(self, letter, option):
        return Verdict(
            self.name,
            Status.RECORDED,
            f"You predict ({letter}): {option.text}",
            next_step=f"Now look: run the next cell. `ex.{self.name}.reveal()` compares.",
        )

    def check(self, answer=...):
        """Note the prediction."""
        verdict = super().check(answer)
        if verdict.status is Status.RECORDED:
            self.predicted = self._letter(answer)
        return verdict

    def unlock(self, show):
        """What `show()` returns (a live figure, say), or the request to predict first."""
        if self.made:
            return show()
        return Panel(
            "wait",
            f"First your prediction · {self.name}",
            f'Answer with `ex.{self.name}.check("a")`, or another letter; then run this cell again.',
        )

    def reveal(self):
        """What happens, next to what was predicted."""
        if not self.made:
            return self.unlock(None)
        text = f"{self.measured()}\n\n"
        if self.predicted:
            text += f"You had predicted ({self.predicted}). {self.letters[self.predicted].why}"
        return Panel("hint", f"What happens · {self.name}", text + f"\n\n{self.remember}")

    solution = reveal


@dataclass(kw_only=True, repr=False, eq=False)
class Setting(Exercise):
    """Find settings of a run that reach a goal.

    `controls` maps each setting to its check (`value -> value`, or ValueError); `run(**settings)`
    trains; `reached(result)` judges, and `in_words(result)` tells the learner what came of it. A
    setting that is in `present` need not be given: with dots in its place it stays what it is there.
    """

    controls: dict
    run: Callable
    reached: Callable
    in_words: Callable
    goal: str
    solved_by: list
    mistakes: list
    present: dict = field(default_factory=dict)

    @property
    def how_to_start(self):
        if self.present:
            return "Put a value where the dots of a setting are; those you leave keep the setting as it is."
        return "Put values where the dots are; the check trains with them and tells what came of it."

    def check(self, **settings):
        """Train with these settings, judge the result, and note the progress."""
        put_numpy_back()
        return self._noted(self.judge(settings))

    def judge(self, answer=..., seed=None):
        if answer is Ellipsis or not answer:
            return not_attempted(self)
        answer = {k: v for k, v in answer.items() if v is not Ellipsis or k not in self.present}
        if not answer or any(v is Ellipsis for v in answer.values()):
            return not_attempted(self)
        call = f"{self.name}.check({', '.join(f'{k}={v!r}'[:60] for k, v in answer.items())})"
        try:
            settings = self._checked(self.present | answer)
            result = self.run(**settings)  # refuses settings that do not go together
        except ValueError as error:
            return Verdict(self.name, Status.WRONG_TYPE, f"{error}.", failing_input=call)
        facts = {"failing_input": call, "expected": self.goal, "got": self.in_words(result)}
        if self.reached(result):
            return Verdict(self.name, Status.CORRECT, self.remember, **facts)
        for mistake in self.mistakes:
            if mistake.when(settings, result):
                return Verdict(self.name, Status.KNOWN_MISTAKE, mistake.why, mistake.name, **facts)
        return Verdict(self.name, Status.WRONG, "The goal is not reached yet.", **facts)

    def _checked(self, settings):
        """Every setting asked for, none that is not, each within its range."""
        for name in (*settings, *self.controls):
            if name not in self.controls or name not in settings:
                listed = ", ".join(f"{c}=…" for c in self.controls)
                problem = "missing" if name in self.controls else "not asked for"
                raise ValueError(f"{name} is {problem}: give {listed}")
        return {name: check(settings[name]) for name, check in self.controls.items()}

    @property
    def stub(self):
        return f"ex.{self.name}.check({', '.join(f'{c}=...' for c in self.controls)})"

    def solution_text(self):
        chosen = ", ".join(f"{k}={v!r}" for k, v in self.solved_by[0].items())
        return f"ex.{self.name}.check({chosen})"

    def right_answers(self):
        return self.solved_by

    def wrong_answers(self):
        return [(m.name, m.wrong) for m in self.mistakes]

    def unsolved_answer(self):
        return {name: ... for name in self.controls}
