"""The course in a Python as bare as a browser's: everything works but what needs PyTorch, scikit-learn or Optuna."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BARE = ROOT / "tests" / "bare"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Python in a browser is a POSIX one: Windows cannot play it")


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


@pytest.mark.parametrize("lesson", ["00_start_here", "04_backpropagation", "16_transfer_learning"])
def test_a_lesson_leaves_out_what_needs_the_missing_and_goes_on(lesson):
    ran = bare(BARE / "run_lesson.py", ROOT / "notebooks" / f"{lesson}.ipynb")
    assert [cell["error"] for cell in ran if cell["error"]] == []
    for cell in ran:
        if re.search(r"^(import|from) (torch|sklearn|optuna)\b", cell["source"], re.M):
            assert cell["left out"], cell["source"]
    kept = [cell for cell in ran if not cell["left out"]]
    assert not any(re.search(r"\b(torch|nn)\.\w", cell["source"]) for cell in kept)
    assert len(kept) > len(ran) / 2 and any("explore." in cell["source"] for cell in kept)


LOST = """
import json
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
shell.run_cell("import course_lib.lesson; x = 1")
told = []
for cell in (CELLS):
    with capture_output() as shown:
        error = shell.run_cell(cell).error_in_exec
    said = [str(output.data["text/plain"]) for output in shown.outputs]
    told.append([type(error).__name__, shown.stdout, *said])
print(json.dumps(told))
"""


def test_what_is_left_out_and_what_is_not():
    cells = [
        "x = 2; import torch; y = 3",  # left out
        "y",  # would have been made there
        "x",  # half made there
        "z = x + 1",
        "z",
        "mistyped",
        "import no_such_module",
        "1 + 1",
        "# nothing",
        "def f():\n    return y\nf()",
    ]
    told = bare("-c", LOST.replace("CELLS", repr(cells)))
    panel = [["NoneType", "", said] for _, _, *rest in told[:1] for said in rest]
    assert panel and "Left out: PyTorch is not here" in panel[0][2] and "in the browser" in panel[0][2]
    assert [row for row in told if row[2:] == panel[0][2:]] == [told[i] for i in (0, 1, 2, 3, 4, 9)]
    assert [told[i][0] for i in (5, 6, 7, 8)] == ["NameError", "ModuleNotFoundError", "NoneType", "NoneType"]
    assert "2" in "".join(told[7][1:])


def test_nothing_is_changed_where_everything_is_there():
    program = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
shell.run_cell("import course_lib.lesson")
print(len(shell.ast_transformers))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
