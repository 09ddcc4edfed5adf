"""The set-up check of the first lesson: what the course needs, what is there, how to mend the rest."""

import os
import sys
from importlib import metadata

from packaging.requirements import Requirement

from .exercises.engine.panel import Panel
from .exercises.engine.progress import path as progress_file

COURSE = "how-neural-networks-learn"
MEND = "In the folder of the course, `make lab` (Windows: `py tools\\course.py lab`) installs what is missing"
NEEDED_FOR = {
    "torch": "the sections “In PyTorch”, and lesson 16",
    "scikit-learn": "a comparison in lesson 13 and one in lesson 15",
    "optuna": "lesson 15",
    "jupyterlab": "the notebooks as they are meant to look; other notebook programs do",
}


def requirements():
    """What pyproject.toml asks of a learner's machine, as (Requirement, whether the course runs without it)."""
    found = []
    for need in map(Requirement, metadata.requires(COURSE) or []):
        for extra in ("", "lab"):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                found.append((need, extra == "lab"))
                break
    return found


def ailment(need):
    """What is wrong with one required package, in words; None if nothing is."""
    try:
        version = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        return "is missing"
    if not need.specifier.contains(version, prereleases=True):
        return f"is version {version}, the course needs {need.specifier}"


def check_setup():
    """A panel: everything is there, or what is missing, what it is needed for, and how to mend it."""
    try:
        needs = requirements()
    except metadata.PackageNotFoundError:
        return Panel("bad", "The course is not installed", f"This Python, {sys.executable}, does not know it. {MEND}.")
    present, rows, serious = [], [], False
    for need, optional in needs:
        wrong = ailment(need)
        if wrong is None:
            present.append(need.name)
            continue
        serious = serious or not optional
        use = NEEDED_FOR.get(need.name, "every lesson")
        rows.append((f"{'○' if optional else '✗'} {need.name}", f"{wrong}; needed for {use}"))
    note = writable_note()
    if note:
        rows.append(("○ progress", note))
    here = f"Python 3.10 or newer, {', '.join(present[:-1])} and {present[-1]}" if present else "Python"
    if not rows:
        return Panel("good", "Everything is there", f"Found: {here}. You can begin.")
    title = "Something is missing" if serious else "You can begin; a few things are missing"
    foot = f"{MEND}, and leaves the rest alone. Then restart the kernel (menu *Kernel*) and run this cell again."
    return Panel("bad" if serious else "wait", title, f"Found: {here}.", rows=tuple(rows), foot=foot)


def writable_note():
    """What to know if solved exercises cannot be noted down, or None."""
    file = progress_file()
    if file is None or os.access(file if file.exists() else file.parent, os.W_OK):
        return None
    return f"cannot be kept: {file.parent} is read-only. Exercises work, but are forgotten when the kernel stops"
