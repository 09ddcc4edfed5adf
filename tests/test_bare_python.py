"""The course in a Python as bare as a browser's: everything works but what needs PyTorch, scikit-learn or Optuna."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT / "tests" / "bare"


def bare(*command):
    """What a program prints last, run by the bare Python and read as JSON."""
    path = os.pathsep.join([str(BARE), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *map(str, command)], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_bare():
    program = """
import json, sys, threading, subprocess
from importlib.util import find_spec
answers = [find_spec(name) for name in ("torch", "sklearn", "optuna", "isal", "psutil")]
for act in (threading.Thread(target=print).start, lambda: subprocess.run(["true"]), lambda: __import__("torch")):
    try:
        answers.append(act())
    except Exception as error:
        answers.append(type(error).__name__)
print(json.dumps(answers))
"""
    assert bare("-c", program) == [None] * 5 + ["RuntimeError", "OSError", "ModuleNotFoundError"]


def test_every_module_figure_and_exercise_works_but_those_of_optuna():
    missing = "ModuleNotFoundError: No module named 'optuna'"
    assert bare(BARE / "open_everything.py") == {"explore.samplers": missing, "explore.tuner": missing}


def test_an_endless_answer_is_stopped_there_too():
    program = """
import json
from course_lib.exercises import activation_functions as ex
def endless(z, a):
    while True:
        pass
answers = endless, ex.leaky_relu.right_answers()[0]
print(json.dumps([ex.leaky_relu.judge(answer).status.name for answer in answers]))
"""
    assert bare("-c", program) == ["TOO_SLOW", "CORRECT"]
