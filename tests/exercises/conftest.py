"""Exercises are tested without touching anybody's progress, and leave the process as it was."""

import builtins
import signal
import sys

import numpy as np
import pytest

from course_lib.exercises.engine import progress
from course_lib.exercises.engine.progress import exercise_sets

SETS = exercise_sets()
EXERCISES = [e for s in SETS for e in s]


@pytest.fixture(autouse=True)
def no_progress_file(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    monkeypatch.setattr(progress, "_books", {})


@pytest.fixture
def unharmed():
    """Everything a learner's function could break is the same afterwards."""
    state = np.random.get_state()[1].tobytes()  # noqa: NPY002
    names = {m: dict(vars(m)) for m in (np, np.random, np.linalg)}
    before = (sys.stdout, sys.stderr, sys.gettrace(), builtins.print, np.geterr())
    if hasattr(signal, "SIGALRM"):
        handler = signal.getsignal(signal.SIGALRM)
    yield
    assert (sys.stdout, sys.stderr, sys.gettrace(), builtins.print, np.geterr()) == before
    assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002
    for module, kept in names.items():
        assert not [n for n in kept if vars(module).get(n) is not kept[n]]
    if hasattr(signal, "SIGALRM"):
        assert signal.getsignal(signal.SIGALRM) == handler
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
