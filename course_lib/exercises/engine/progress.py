"""What has been tried and solved, kept in one small file beside the notebooks.

Several notebooks write at once, disks fill up, computers crash: what is on disk is always a
whole file, what two notebooks know is merged, and no failure here ever stops a check.
"""

import importlib
import json
import os
import pkgutil
import time
from dataclasses import dataclass
from pathlib import Path

from .panel import SIGNS, STYLE

FILE = ".course_progress.json"
STATES = ("open", "tried", "solved")  # a later one wins
LOCK_SECONDS = 2.0

_started_in = Path.cwd()  # a learner may change the folder later
_books = {}


def path():
    """Where to keep it: as COURSE_PROGRESS says ("off": nowhere), else beside the notebooks."""
    named = os.environ.get("COURSE_PROGRESS")
    if named:
        return None if named == "off" else Path(named)
    for folder in (_started_in, *_started_in.parents):
        if (folder / "notebooks").is_dir() and (folder / "course_lib").is_dir():
            return folder / "notebooks" / FILE
    return _started_in / FILE


def _book():
    where = path()
    if where not in _books:
        _books[where] = Progress(where)
    return _books[where]


def note(key, state):
    """Note that `key` is now tried or solved; return what the learner should know, or ""."""
    return _book().note(key, state)


def state(key):
    """ "open", "tried" or "solved"."""
    return _book().states().get(key, "open")


class Progress:
    """States by exercise: those of this session, merged with those in the file."""

    def __init__(self, where):
        self.where, self.mine = where, {}
        self.warned = set()

    def states(self):
        """State by exercise, here and in the file."""
        try:
            saved = self._read()
        except (OSError, ValueError):
            saved = {}
        return _merged(saved, self.mine)

    def note(self, key, state):
        self.mine = _merged(self.mine, {key: state})
        if self.where is None:
            return ""
        try:
            with _Lock(self.where):
                said = self._save()
        except OSError as error:
            said = (
                f"Your progress cannot be saved here ({error.strerror or 'no access'}), so it "
                "lasts until this notebook is closed. Everything else works."
            )
        if said in self.warned:
            return ""
        self.warned.add(said)
        return said

    def _save(self):
        said, saved = "", {}
        try:
            saved = self._read()
        except ValueError:
            spoilt = self.where.with_name(self.where.name + ".bak")
            os.replace(self.where, spoilt)
            said = (
                f"The file with your progress could not be read; it was kept as `{spoilt.name}`, "
                "and a new one was begun with what this notebook knows."
            )
        text = json.dumps({"version": 1, "exercises": _merged(saved, self.mine)}, indent=1)
        half = self.where.with_name(f"{self.where.name}.{os.getpid()}.tmp")
        try:
            half.write_text(text + "\n", encoding="utf-8")
            os.replace(half, self.where)  # all of it or nothing
        finally:
            half.unlink(missing_ok=True)
        return said

    def _read(self):
        """What the file says; ValueError if it is no progress file."""
        if self.where is None or not self.where.exists():
            return {}
        data = json.loads(self.where.read_text(encoding="utf-8"))
        states = data.get("exercises") if isinstance(data, dict) else None
        if not isinstance(states, dict) or not set(map(str, states.values())) <= set(STATES):
            raise ValueError("no progress file")
        return states


def _merged(a, b):
    return {k: max(a.get(k, "open"), b.get(k, "open"), key=STATES.index) for k in sorted({*a, *b})}


class _Lock:
    """One writer at a time: a file that only one process can create. A forgotten one is ignored."""

    def __init__(self, where):
        self.file = where.with_name(where.name + ".lock")

    def __enter__(self):
        give_up = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < give_up:
            try:
                os.close(os.open(self.file, os.O_CREAT | os.O_EXCL))
                return
            except FileExistsError:
                time.sleep(0.01)
            except PermissionError:
                if not os.access(self.file.parent, os.W_OK):
                    raise
                time.sleep(0.01)  # Windows: it is just being deleted

    def __exit__(self, *error):
        self.file.unlink(missing_ok=True)


def exercise_sets():
    """Every ExerciseSet of the course, in the order of the notebooks."""
    package = importlib.import_module("course_lib.exercises")
    modules = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.ispkg]
    found = [importlib.import_module(f"{package.__name__}.{name}") for name in modules]
    return sorted((m.SET for m in found if hasattr(m, "SET")), key=lambda s: s.notebook)


@dataclass(frozen=True)
class Overview:
    """A table: for every notebook, its exercises and how far each has come."""

    rows: tuple  # of (notebook, ((exercise, state), ...))

    def counts(self, notebook):
        """(solved, tried, open) of one notebook."""
        states = [state for _, state in dict(self.rows)[notebook]]
        return tuple(states.count(s) for s in reversed(STATES))

    def _cells(self):
        marks = {"solved": SIGNS["good"], "tried": SIGNS["bad"], "open": SIGNS["info"]}
        yield "notebook", "solved", "tried", "open", "exercises"
        for notebook, exercises in self.rows:
            # No line break between a mark and its name.
            listed = "  ".join(f"{marks[state]}\u00a0{name}" for name, state in exercises)
            yield (notebook, *map(str, self.counts(notebook)), listed)

    def __str__(self):
        width = max(len(row[0]) for row in self._cells())
        return "\n".join(f"{a:<{width}}  {b:>6}  {c:>5}  {d:>4}  {e}" for a, b, c, d, e in self._cells())

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        head, *body = self._cells()
        lines = ["<tr>" + "".join(f'<th scope="col">{c}</th>' for c in head) + "</tr>"]
        lines += ["<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in body]
        table = "\n".join(["<table>", *lines, "</table>"])
        return {
            "text/plain": str(self),
            "text/html": f'{STYLE}\n<div class="cl-panel cl-info">\n{table}\n</div>',
        }


def overview():
    """The Overview of all exercise sets, as of now."""
    states = _book().states()
    return Overview(tuple((s.notebook, tuple((e.name, states.get(e.key, "open")) for e in s)) for s in exercise_sets()))
