"""Run a learner's function so that whatever it does, the notebook and the next check stay whole.

It gets copies of the inputs, a time limit, and a tape for what it prints; afterwards numpy, the
random state and Python's built-in names are as they were. This is care, not security: code that
means harm needs a process of its own, and so does a loop inside one C function.
"""

import _thread
import builtins
import contextlib
import ctypes
import functools
import io
import itertools
import linecache
import math
import operator
import random
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .values import copied, plain, same_data

SECONDS = 3.0  # for all calls of one check together
CHARACTERS = 100_000  # printed in one call before it is stopped
LINES_SHOWN = 5
INTERVAL = 0.05  # seconds from one TimeUp to the next

_OURS = str(Path(__file__).resolve().parents[2])
_NUMPY = str(Path(np.__file__).parent)
_GONE = object()
BROWSER = sys.platform == "emscripten"  # Python as WebAssembly: no alarms, no threads, no C calls by hand
# The names of these modules as they were when the course was loaded.
_KEPT = {
    module: {name: value for name, value in vars(module).items() if not name.startswith("__")}
    for module in (np, np.random, np.linalg, math)
}


class Stop(BaseException):
    """Ends the learner's function; no `except Exception` catches it."""


class TimeUp(Stop):
    pass


class TooMuchOutput(Stop):
    pass


@dataclass(frozen=True)
class Raised:
    """An error in words: its type, its message, and the learner's line, if one is to blame."""

    type: str
    message: str
    line: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one call came to; plain data, so that it can also come from another process."""

    value: object = None
    raised: Raised | None = None
    stopped: str = ""  # "time" or "output"
    changed: tuple = ()  # positions of the inputs it changed
    touched: tuple = ()  # names in numpy it replaced or deleted
    printed: str = ""


class Caller:
    """Calls one function, again and again, within one time limit for all calls."""

    def __init__(self, function, seconds=SECONDS):
        self.function, self.left = function, seconds

    def __call__(self, args, seed=0):
        """The Outcome of calling the function with copies of `args`."""
        inputs, tape, watch = copied(list(args)), Tape(), (LineWatch if BROWSER else Watch)(self.left)
        value, raised, stopped = None, None, "time"
        start = time.monotonic()
        with (
            _as_it_was(seed) as touched,
            contextlib.redirect_stdout(tape),
            contextlib.redirect_stderr(tape),
        ):
            try:
                try:
                    watch.start()
                    value, raised = _value_or_error(self.function, inputs)
                    stopped = ""
                except TooMuchOutput:
                    stopped = "output"
                finally:
                    watch.over = True
                    watch.stop()
            except TimeUp:  # perhaps not the first, and then it may have interrupted the stopping
                watch.stop()
        self.left = max(self.left - (time.monotonic() - start), 0.01)
        changed = tuple(i for i, a in enumerate(args) if not same_data(a, inputs[i]))
        return Outcome(value, raised, stopped, changed, tuple(touched), tape.text())


def called(function, args):
    """The Outcome of a function that needs no guarding, such as a known mistake."""
    return Outcome(*_value_or_error(function, copied(list(args))))


def _value_or_error(function, inputs):
    try:
        return plain(function(*inputs)), None
    except (Stop, KeyboardInterrupt):
        raise
    except BaseException as error:
        return None, _in_words(error, function)


def _in_words(error, function):
    try:
        message = str(error)[:300]
    except Exception:
        message = "(its message cannot be shown)"
    return Raised(type(error).__name__, message, _line(error, function))


def _line(error, function):
    """The deepest line of the learner's own code that the error passed through."""
    home = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [(f.f_code.co_filename, n) for f, n in traceback.walk_tb(error.__traceback__)]
    theirs = [
        (file, n) for file, n in frames if file == home or (home is None and not file.startswith((_OURS, _NUMPY)))
    ]
    if not theirs:
        return ""
    file, number = theirs[-1]
    return f"line {number}: {linecache.getline(file, number).strip()}".removesuffix(": ")


# Has a thread raise an error at its next call or jump back. The three arguments more than the C
# function takes, which it ignores, let it serve as a trace function.
if not BROWSER:
    _raise_soon = ctypes.PYFUNCTYPE(None, ctypes.c_ulong, *[ctypes.py_object] * 4)(
        ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
    )
_NO_THREAD = 0


def _raise_now(frame, event, arg):
    if event == "line":
        raise TimeUp
    return _raise_now


class Watch:
    """Raises TimeUp in the function that runs, once the time is up and until it has ended.

    A function may swallow the first TimeUp (`except: pass`). So the first one also starts a trace
    that brings another with every further line; before that, nothing is slowed down. Signals reach
    the main thread only, where cells run; elsewhere TimeUp is repeated, but may be swallowed.
    """

    def __init__(self, seconds):
        self.seconds, self.over = seconds, False

    def start(self):
        self.trace_before, self.home = sys.gettrace(), sys._getframe(1)
        self.thread = threading.get_ident()
        # Two ways to trace, in turn. Raising at once ends the trace, so it gets through one `except`
        # only; a waiting error gets through any number, but some Pythons look for it too late.
        soon = functools.partial(_raise_soon, self.thread, TimeUp)
        self.traces = itertools.cycle([_raise_now, soon])
        self.ends = time.monotonic() + self.seconds
        self.main = threading.current_thread() is threading.main_thread()
        self.alarm = self.main and hasattr(signal, "setitimer")  # not on Windows
        if self.main:
            self.signal = signal.SIGALRM if self.alarm else signal.SIGINT
            self.handler_before = signal.signal(self.signal, self.ring)
        if self.alarm:
            signal.setitimer(signal.ITIMER_REAL, self.seconds, INTERVAL)
        else:
            self.stopped = threading.Event()
            self.clock = threading.Thread(target=self.count_down, daemon=True)
            self.clock.start()

    def count_down(self):
        """The alarm of systems and threads that have none; runs in a thread of its own."""
        pause = self.seconds
        while not self.stopped.wait(pause):
            if self.main:
                _thread.interrupt_main(self.signal)
            elif not self.over:
                _raise_soon(self.thread, TimeUp, None, None, None)
            pause = INTERVAL

    def ring(self, signum, frame):
        if self.over:
            return
        if time.monotonic() < self.ends - INTERVAL:  # the learner's own Ctrl-C
            self.handler_before(signum, frame)
        trace = next(self.traces)
        while frame is not None and frame is not self.home:
            frame.f_trace = trace
            frame = frame.f_back
        # Python asks this one about new calls only, and it does nothing.
        sys.settrace(functools.partial(_raise_soon, _NO_THREAD, TimeUp))
        raise TimeUp

    def stop(self):
        """Back to normal; once `over`, at most one TimeUp can still come and interrupt this."""
        sys.settrace(self.trace_before)
        if self.alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            self.stopped.set()
            self.clock.join()
        if self.main:
            signal.signal(self.signal, self.handler_before)


class LineWatch:
    """The Watch of the browser: it looks at the clock with every line. A TimeUp that is swallowed is its last."""

    def __init__(self, seconds):
        self.seconds, self.over = seconds, False

    def start(self):
        self.trace_before, self.ends = sys.gettrace(), time.monotonic() + self.seconds
        sys.settrace(self.look)

    def look(self, frame, event, arg):
        if not self.over and time.monotonic() > self.ends:
            raise TimeUp
        return self.look

    def stop(self):
        """Back to normal."""
        sys.settrace(self.trace_before)


class Tape(io.TextIOBase):
    """Stands in for stdout and stderr, keeps the beginning and refuses floods."""

    encoding = "utf-8"

    def __init__(self):
        self.parts, self.length = [], 0

    def writable(self):
        return True

    def write(self, text):
        if self.length < 2000:
            self.parts.append(text[:2000])
        self.length += len(text)
        if self.length > CHARACTERS:
            raise TooMuchOutput
        return len(text)

    def text(self):
        """The first few lines of what was printed, with a note if there was more."""
        text = "".join(self.parts).rstrip()
        lines = [line[:120] for line in text.split("\n")[:LINES_SHOWN]]
        return "\n".join(lines + ["…"] * ("\n".join(lines) != text))


@contextlib.contextmanager
def _as_it_was(seed):
    """Keep Python's and numpy's global state from what runs inside; yield what it touched."""
    touched = []
    put_numpy_back()
    built_in, python_random = dict(vars(builtins)), random.getstate()
    numpy_random = np.random.get_state()  # noqa: NPY002 (the state that learners share)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), np.printoptions():
            warnings.simplefilter("ignore")
            yield touched
    finally:
        _put_back(builtins, built_in)
        touched += put_numpy_back()
        np.random.set_state(numpy_random)  # noqa: NPY002
        random.setstate(python_random)


def put_numpy_back():
    """Give numpy back every name that was replaced or deleted; return those names."""
    return [f"{m.__name__}.{name}" for m, kept in _KEPT.items() for name in _put_back(m, kept)]


def _put_back(module, kept):
    now = vars(module)
    if all(map(operator.is_, map(now.get, kept), kept.values())):  # nearly always, and quick
        return []
    lost = [name for name, value in kept.items() if now.get(name, _GONE) is not value]
    now.update({name: kept[name] for name in lost})
    return lost
