"""The verdict on an answer: data, so that a panel, a test and a grade can be made of it."""

from dataclasses import asdict, dataclass
from enum import Enum

from .panel import Panel


class Status(str, Enum):
    """How an answer fared."""

    NOT_ATTEMPTED = "not attempted"
    RAISED = "raised"
    WRONG_TYPE = "wrong type"
    WRONG_SHAPE = "wrong shape"
    KNOWN_MISTAKE = "known mistake"
    DIAGNOSIS = "diagnosis"
    WRONG = "wrong value"
    TOO_SLOW = "too slow"
    TOO_MUCH_OUTPUT = "too much output"
    RECORDED = "recorded"  # a prediction: neither right nor wrong
    CORRECT = "correct"

    __str__ = str.__str__


HEADINGS = {
    Status.NOT_ATTEMPTED: ("info", "Not attempted yet"),
    Status.RAISED: ("bad", "It stopped with an error"),
    Status.WRONG_TYPE: ("bad", "Wrong kind of answer"),
    Status.WRONG_SHAPE: ("bad", "Wrong shape"),
    Status.KNOWN_MISTAKE: ("bad", "Not right, and here is why"),
    Status.DIAGNOSIS: ("bad", "Not right, and here is what is off"),
    Status.WRONG: ("bad", "Not right yet"),
    Status.TOO_SLOW: ("wait", "Stopped: it took too long"),
    Status.TOO_MUCH_OUTPUT: ("wait", "Stopped: it printed too much"),
    Status.RECORDED: ("hint", "Noted"),
    Status.CORRECT: ("good", "Correct"),
}


@dataclass(frozen=True)
class Verdict:
    """What is known about one answer; every field is text, rounded for reading, or empty.

    `mistake` names the known mistake or the diagnosis, `failing_input` is the call that shows it,
    `line` is the learner's own line that raised.
    """

    exercise: str
    status: Status
    message: str
    mistake: str = ""
    failing_input: str = ""
    expected: str = ""
    got: str = ""
    line: str = ""
    printed: str = ""
    next_step: str = ""
    note: str = ""

    @property
    def correct(self):
        return self.status is Status.CORRECT

    def to_json(self):
        """A dict of plain strings."""
        return {key: str(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data):
        """The verdict that `to_json` wrote; raises ValueError for an unknown status."""
        return cls(**{**data, "status": Status(data["status"])})

    def panel(self):
        tone, heading = HEADINGS[self.status]
        rows = [
            ("your line", self.line),
            ("called as", self.failing_input),
            ("expected", self.expected),
            ("got", self.got),
            ("printed", self.printed),
        ]
        return Panel(
            tone,
            f"{heading} · {self.exercise}",
            self.message,
            rows=tuple((label, value) for label, value in rows if value),
            foot="\n\n".join(part for part in (self.next_step, self.note) if part),
        )

    def __str__(self):
        return str(self.panel())

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.panel()._repr_mimebundle_()
