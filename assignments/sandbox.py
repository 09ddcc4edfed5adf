"""Starts workers for submissions, with limits and behind walls, and reads what they send without believing it."""

import base64
import contextlib
import json
import math
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import course_lib
from course_lib.exercises.engine.guard import Outcome, Raised
from course_lib.exercises.engine.values import ROOM, Odd

from . import worker

ASSIGNMENTS = Path(__file__).resolve().parent
COURSE = Path(course_lib.__file__).resolve().parent
FIRST_USER = 60600  # user ids that systems leave free, one for each worker at a time
LARGEST = 2 * 2**20  # bytes of one message: the largest array as text, and what goes with it
DEEPEST = 8  # brackets in brackets
PATIENCE = 2.0  # seconds beyond a limit that a worker has to say so itself
NUMBER_KINDS = {"b1", *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)), "f2", "f4", "f8"}


class Lost(Exception):
    """A worker is of no more use: out of time ("time"), gone ("ended"), or it sent what it should not ("nonsense")."""


class Unable(Exception):
    """The sandbox itself does not work here; the message says why."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds for one cell and for all, bytes of memory, of a file and of disk."""

    seconds: float = 10.0
    total: float = 90.0
    memory: int = 4 * 2**30
    file: int = 16 * 2**20
    disk: int = 64 * 2**20
    processes: int = 32
    open_files: int = 64

    def for_the_system(self):
        """The same in the system's own words."""
        return {
            "RLIMIT_CPU": math.ceil(self.total) + 5,
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.file,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }


class Sandbox:
    """A nursery of workers; `hidden` are folders that no submission may see, `walls=False` does without namespaces."""

    def __init__(self, limits=None, hidden=(), walls=True):
        if not hasattr(os, "fork"):
            raise Unable("Grading needs Linux or macOS: on Windows, run it in WSL or in a container.")
        self.limits, self.lock = limits or Limits(), threading.Lock()
        self.hidden = [str(ASSIGNMENTS), *(str(Path(p).resolve()) for p in hidden)]
        self.own_user = os.getuid() == 0
        self.folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        os.chmod(self.folder.name, 0o711)
        self.errors, problems = Path(self.folder.name) / "errors", []
        for self.walls in [True, False] if walls else [False]:
            try:
                self._start()
                with self.worker(0) as first:
                    self.greeting = first.greeting
                if self.greeting.get("python") is True:
                    return
                raise Unable(f"Others may not read Python here: {sys.base_prefix} should be in /opt or /usr.")
            except (Unable, OSError) as error:
                problems.append(f"{error} {self.errors.read_text('utf-8', 'replace').strip()[-200:]}")
                self._stop()
        self.folder.cleanup()
        raise Unable(f"No submission can be run on this machine. {' '.join(problems)}")

    def _start(self):
        ours, theirs = socket.socketpair()
        (Path(self.folder.name) / "root").mkdir(exist_ok=True)
        libraries = [p for p in sys.path if p.endswith("-packages")]  # wherever they are installed
        plan = {
            "control": theirs.fileno(),
            "course": str(COURSE.parent),
            "folder": self.folder.name,
            "root": str(Path(self.folder.name) / "root") if self.walls else "",
            "shown": [p for p in (sys.prefix, sys.base_prefix, str(COURSE), *libraries) if p not in ("/", "/usr")],
            "hidden": self.hidden,
            "disk": self.limits.disk,
            "limits": self.limits.for_the_system(),
        }
        # Nothing of this process's environment goes along; one thread and a fixed hash give the same marks every time.
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": self.folder.name,
            "MPLCONFIGDIR": self.folder.name,
            "MPLBACKEND": "Agg",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(libraries),
            "PYTHONHASHSEED": "0",
            "COURSE_PROGRESS": "off",
            **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")},
        }
        with open(self.errors, "w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-B", worker.__file__, json.dumps(plan)],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        theirs.close()
        self.control = ours

    @contextlib.contextmanager
    def worker(self, slot):
        """A Worker of its own; afterwards all it started has ended. Workers at the same time need different slots."""
        (pipe, theirs), (leash, collar) = socket.socketpair(), socket.socketpair()
        user = user_of(slot) if self.own_user else 0
        home = "" if self.walls else tempfile.mkdtemp(dir=self.folder.name)
        if home and user:
            os.chown(home, user, user)
        job = json.dumps({"home": home, "user": user}).encode()
        try:
            with self.lock:
                if self.process.poll() is not None:  # lack of memory may have ended it
                    self.control.close()
                    self._start()
                socket.send_fds(self.control, [job], [theirs.fileno(), collar.fileno()])
            theirs.close()
            collar.close()
            try:
                started = Worker(pipe)
            except Lost as loss:
                raise Unable(f"No worker starts ({loss}).") from None
            yield started
        finally:
            for end in (theirs, collar, pipe):
                end.close()
            leash.shutdown(socket.SHUT_WR)
            leash.settimeout(60)
            leash.recv(1)  # until the keeper has gone, and all before it
            leash.close()
            if home:
                subprocess.run(["rm", "-rf", home], check=False)

    def close(self):
        """End the nursery; workers still at work end as soon as they are let go."""
        self._stop()
        self.folder.cleanup()

    def _stop(self):
        self.control.close()
        self.process.kill()
        self.process.wait()

    def protections(self):
        """(name, in force, sentence) of each protection on this machine."""
        walls, apart = self.walls, self.walls or self.own_user
        touch = "your files, the grading or another submission" if walls else "files that not every user may change"
        table = [
            ("own process", True, "Each submission runs in a process of its own, apart from checks and marks.", ""),
            ("limits", True, "Time, memory, output and the size of files are limited (memory not on macOS).", ""),
            (
                "own user",
                apart,
                f"A submission cannot touch {touch}.",
                "Submissions run as you and could change your files: grade as root in a container.",
            ),
            (
                "processes",
                apart,
                "The number of processes is limited, and all of them end with the submission.",
                "A submission may leave processes behind: grade as root in a container.",
            ),
            (
                "network",
                walls,
                "A submission has no network.",
                "A submission can use the network: grade on Linux, or in a container that has none.",
            ),
            (
                "sources",
                self.greeting.get("hidden") is True,
                "A submission cannot see problem sets, database and other submissions.",
                "Submissions can read problem sets and hidden cases: grade as root on Linux.",
            ),
        ]
        return [(name, holds, yes if holds else no) for name, holds, yes, no in table]


def user_of(slot):
    """The user id of a worker; two graders on one machine should not meet in one."""
    return FIRST_USER + (os.getpid() * 7 + slot) % 570


def protections():
    """(name, in force, sentence) of each protection that submissions are graded with on this machine."""
    try:
        sandbox = Sandbox()
    except Unable as error:
        return [("grading", False, str(error))]
    sandbox.close()
    return sandbox.protections()


class Worker:
    """One end of the pipe to a worker; what comes out is only ever data of the few kinds that `pack` writes."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.greeting = self.receive(30)

    def send(self, message, seconds=30):
        self.pipe.settimeout(seconds)
        try:
            worker.send(self.pipe, message)
        except TimeoutError:
            raise Lost("time") from None
        except OSError:
            raise Lost("ended") from None

    def receive(self, seconds):
        """The next message, a dict; raises Lost if none comes in time, or none that can be read."""
        ends = time.monotonic() + seconds
        (length,) = struct.unpack(">I", self._exactly(4, ends))
        if length > LARGEST:
            raise Lost("nonsense")
        return read_message(self._exactly(length, ends))

    def _exactly(self, count, ends):
        parts = bytearray()
        while len(parts) < count:
            self.pipe.settimeout(max(ends - time.monotonic(), 0.001))
            try:
                part = self.pipe.recv(min(count - len(parts), 2**16))
            except TimeoutError:
                raise Lost("time") from None
            except OSError:
                raise Lost("ended") from None
            if not part:
                raise Lost("ended")
            if time.monotonic() > ends:
                raise Lost("time")
            parts += part
        return bytes(parts)


# ------------------------------------------------------------------------------------- reading what comes out


def read_message(data):
    """The dict that bytes of JSON say; raises Lost for anything else, however deep or odd."""
    try:
        text = data.decode("utf-8")
        outside = "".join(text.replace(r"\\", "").replace(r"\"", "").split('"')[::2])  # of all quotes
        depth = 0
        for bracket in re.findall(r"[][{}]", outside):
            depth += 1 if bracket in "[{" else -1
            if depth > DEEPEST:
                raise Lost("nonsense")
        message = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError, MemoryError):
        raise Lost("nonsense") from None
    if not isinstance(message, dict):
        raise Lost("nonsense")
    return message


def _whole(digits):
    if len(digits) > 301:
        raise ValueError("a whole number of too many digits")
    return int(digits)


def words(value, most):
    """A text from a worker, cut, without what could trouble a database or a page; raises Lost if it is none."""
    if not isinstance(value, str):
        raise Lost("nonsense")
    text = value[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(ch if ch.isprintable() or ch in "\n\t" else "\ufffd" for ch in text)


def listed(value, most, kind=str, least=0):
    """A list of so many items of one kind; raises Lost if it is something else."""
    if not isinstance(value, list) or not least <= len(value) <= most or not all(type(v) is kind for v in value):
        raise Lost("nonsense")
    return value


def value_of(data, deep=0):
    """The plain value or the Odd that `pack` wrote; raises Lost for anything else."""
    if data is None or type(data) in (bool, int, float):
        return data
    if isinstance(data, str):
        return words(data, 500)
    if isinstance(data, list) and len(data) <= ROOM and deep < 2:
        return [value_of(v, deep + 1) for v in data]
    if isinstance(data, dict) and set(data) == {"odd"} and not deep:
        return Odd(words(data["odd"], 100))
    if isinstance(data, dict) and set(data) == {"dtype", "shape", "data"}:
        return _array(**data)
    raise Lost("nonsense")


def _array(dtype, shape, data):
    if not (isinstance(dtype, str) and dtype in NUMBER_KINDS and isinstance(data, str)):
        raise Lost("nonsense")
    shape = listed(shape, 8, int)
    if not shape or any(not 0 <= n <= ROOM for n in shape) or math.prod(shape) > ROOM:
        raise Lost("nonsense")
    try:
        if len(base64.b64decode(data, validate=True)) != math.prod(shape) * int(dtype[1]):
            raise Lost("nonsense")
    except ValueError:
        raise Lost("nonsense") from None
    array = worker.unpack_array({"dtype": dtype, "shape": shape, "data": data})
    return array != 0 if dtype == "b1" else array  # a byte may say "true" in 255 ways


def outcome_of(reply, cells, inputs):
    """The Outcome that a reply tells of; the line that raised is taken from the notebook, not from the reply."""
    raised, where = reply.get("raised"), reply.get("where")
    if raised is not None:
        kind, message = listed(raised, 2, least=2)
        raised = Raised(words(kind, 80), words(message, 300), _line(where, cells))
    stopped = reply.get("stopped")
    if stopped not in ("", "time", "output"):
        raise Lost("nonsense")
    changed = [i for i in listed(reply.get("changed"), inputs, int) if 0 <= i < inputs]
    touched = [words(name, 60) for name in listed(reply.get("touched"), 1000)[:20]]
    value = None if raised or stopped else value_of(reply.get("value"))
    return Outcome(value, raised, stopped, tuple(changed), tuple(touched), words(reply.get("printed"), 1000))


def _line(where, cells):
    if where is None:
        return ""
    cell, number = listed(where, 2, int, least=2)
    lines = cells[cell - 1].splitlines() if 0 < cell <= len(cells) else []
    return f"line {number}: {lines[number - 1].strip()}"[:200] if 0 < number <= len(lines) else ""
