"""The student's side of a graded problem set: numbers of their own, and public cases to check at will.

All it knows stands in the `<set>_public.json` beside the notebook; what is marked stays with the instructor.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from ..lesson import table
from .engine.checker import misfit
from .engine.exercise import Function, Mistake
from .engine.panel import Panel
from .engine.values import numbers, plain, show
from .engine.verdict import Status

LATER = "Marks come from other cases, hidden ones, after you have handed in."


class Handout:
    """One problem set in the hands of one student: `check`, `numbers` and `hint`, by name of the exercise."""

    def __init__(self, name, student, folder="."):
        if not (isinstance(student, str) and normal(student)):
            raise ValueError("STUDENT is empty: put your id between the quotes, run that cell, then this one again")
        file = Path(folder) / f"{name}_public.json"
        if not file.exists():
            raise FileNotFoundError(
                f"{file.name} is not beside this notebook; put it back where both were handed out, then run this again"
            )
        self.name, self.student = name, student
        self.exercises = json.loads(file.read_text("utf-8"))["exercises"]
        self.hints_given = dict.fromkeys(self.exercises, 0)

    def check(self, name, answer=...):
        """What the public cases say of a function; of another answer, only whether it has the right form."""
        return CHECKS[self._data(name)["kind"]](name, self._data(name), answer)

    def numbers(self, name):
        """Your own numbers for this exercise, by their names."""
        data = self._data(name)
        if not data.get("ranges"):
            raise ValueError(f"{name} has no numbers of your own; everything stands in its text")
        return Given(own_numbers(data["set"], name, data["ranges"], self.student))

    def hint(self, name):
        """The next hint; after the last one, the last one again."""
        hints = self._data(name)["hints"]
        self.hints_given[name] = given = min(self.hints_given[name] + 1, len(hints))
        return Panel("hint", f"Hint {given} of {len(hints)} · {name}", hints[given - 1])

    def _data(self, name):
        if name not in self.exercises:
            raise ValueError(f"there is no exercise {name!r} in {self.name}; it has {', '.join(self.exercises)}")
        return self.exercises[name]

    def __repr__(self):
        return f"{self.name} for {self.student.strip()}: {', '.join(self.exercises)}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        text = f"The numbers of this notebook are those of `{self.student.strip()}`. Not you? Then change `STUDENT`."
        panel = Panel("good", f"Ready · {self.name}", text)
        return {"text/plain": repr(self), "text/html": panel.html()}


class Given(dict):
    """Numbers by name, shown as a table."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/markdown": table(self, [[f"{v:g}" for v in self.values()]]).data}


def own_numbers(set_name, exercise, ranges, student):
    """One number of every range, chosen by the student's id: the same in every process, another for a neighbour."""
    return {
        name: choices[hashed(set_name, exercise, name, normal(student)) % len(choices)]
        for name, choices in ranges.items()
    }


def normal(student):
    """An id as it is compared: without the spaces around it, capitals as small letters."""
    return student.strip().casefold()


def hashed(*words):
    """A whole number below 2⁶³ that looks random and that these words always give again."""
    digest = hashlib.sha256("\0".join(words).encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


# ----------------------------------------------------------------------------- plain values as JSON


def to_data(value):
    """A plain value as JSON can hold it; an array stays one."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    return [to_data(v) for v in value] if isinstance(value, list | tuple) else plain(value)


def from_data(data):
    """The value that `to_data` wrote."""
    if isinstance(data, dict):
        return np.array(data["array"], dtype=data["dtype"])
    return [from_data(v) for v in data] if isinstance(data, list) else data


# ------------------------------------------------------------------------------- how each kind is checked


class Public:
    """A Function as far as its public cases show it: they stand for the oracle and for each known mistake."""

    remember = ""
    how_to_start = Function.how_to_start

    def __init__(self, name, data):
        self.name = name
        self.signature, self.rtol, self.seconds = data["signature"], data["rtol"], data["seconds"]
        self.inputs = [tuple(from_data(case)) for case in data["cases"]]
        self.oracle = self._stored(data["expected"])
        self.mistakes = [Mistake(m["name"], self._stored(m["outputs"]), m["why"]) for m in data["mistakes"]]

    def cases(self, seed):
        return self.inputs

    def _stored(self, outputs):
        answers = dict(zip(map(_key, self.inputs), map(from_data, outputs), strict=True))
        return lambda *args: answers[_key(args)]

    judge = Function.judge


def _key(args):
    return json.dumps(to_data(args))


def check_function(name, data, answer):
    verdict = Public(name, data).judge(answer)
    if verdict.status is Status.WRONG_TYPE and not callable(answer):
        text = f"The check wants the function itself, without brackets: `check({name!r}, {name})`."
        return Panel("bad", f"Wrong kind of answer · {name}", text)
    if not verdict.correct:
        return verdict.panel()
    count = len(data["cases"])
    return Panel("good", f"Right on the {count} public cases · {name}", LATER)


def check_number(name, data, answer):
    if answer is None or answer is Ellipsis:
        return Panel("info", f"Not attempted yet · {name}", "Put your number where the dots are, then run both cells.")
    got, like = plain(answer), np.zeros(data["shape"]) if data["shape"] else 0.0
    if isinstance(got, list) and numbers(got) is not None:
        got = numbers(got)
    if problem := misfit(got, like, "Your answer"):
        return Panel("bad", f"Wrong kind of answer · {name}", problem[1])
    if not np.isfinite(got).all():
        return Panel("bad", f"Wrong kind of answer · {name}", "Your answer is not finite: a number is wanted.")
    text = f"`{show(got)}` has the right form. Whether it is the right number you learn with your mark; "
    return Panel("info", f"Noted · {name}", text + f"{data['precision']}.")


def check_choice(name, data, answer):
    if answer is None or answer is Ellipsis:
        return Panel("info", f"Not attempted yet · {name}", f'Put a letter where the dots are: `{name} = "a"`.')
    letter = answer.strip(" ().").lower() if isinstance(answer, str) else ""
    if letter not in [*data["letters"]]:
        wanted = ", ".join(f'"{x}"' for x in data["letters"])
        return Panel("bad", f"Wrong kind of answer · {name}", f"Answer with one letter: {wanted}.")
    return Panel("info", f"Noted · {name}", f"You chose ({letter}). Whether it is right you learn with your mark.")


CHECKS = {"function": check_function, "number": check_number, "choice": check_choice}
