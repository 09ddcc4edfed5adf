"""The engine under every exercise: declared here by what they ask, judged in one way."""

from .exercise import (
    Choice,
    ExerciseSet,
    Function,
    Mistake,
    Number,
    Option,
    Prediction,
    Setting,
)
from .verdict import Status, Verdict

__all__ = [
    "Choice",
    "ExerciseSet",
    "Function",
    "Mistake",
    "Number",
    "Option",
    "Prediction",
    "Setting",
    "Status",
    "Verdict",
]
