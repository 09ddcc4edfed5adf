"""Grading that ends at any moment, as when a computer is switched off: the next run makes it whole."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from class_tools import SET, content

from assignments import gradebook
from assignments.gradebook import Course

ROOT = Path(__file__).resolve().parents[2]
# Right, a cell twice, partly right, blank, no notebook: five are enough to be in the middle of, and quick.
STUDENTS = ["s100", "s101", "s120", "s122", "s125"]
KILLS = 20

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")


def start_grading(course):
    """The `grade` command in a process of its own."""
    command = [sys.executable, "-m", "assignments", "--course", str(course.root), "grade", SET]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, **quiet)


def graded_so_far(course):
    return len(list(course.root.glob("autograded/*/*/*.ipynb")))


def test_grading_killed_twenty_times_ends_in_the_same_database(small):
    undisturbed = small(STUDENTS, "undisturbed")
    start = time.monotonic()
    assert start_grading(undisturbed).wait(300) == 0
    took = time.monotonic() - start
    expected = content(undisturbed)
    rng, in_the_middle, orphans = random.Random(8), 0, []
    for kill in range(KILLS):
        course = small(STUDENTS, f"killed-{kill}")
        process = start_grading(course)
        if kill % 2:  # half of them as soon as so many are stored, wherever the next one is then
            stored = rng.randint(1, len(STUDENTS) - 1)
            while graded_so_far(course) < stored and process.poll() is None:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.02))
        else:
            time.sleep(rng.uniform(0.3, 1) * took)
        try:
            orphans += psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            pass
        process.kill()
        process.wait()
        in_the_middle += 0 < graded_so_far(course) < len(STUDENTS)
        gradebook.grade(Course(course.root), SET)
        assert content(course) == expected, f"after kill {kill}"
    assert in_the_middle >= 5  # else the moments were badly chosen, and this test shows little
    assert psutil.wait_procs(orphans, timeout=20)[1] == []  # no student's code runs on
