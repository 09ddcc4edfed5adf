"""Exercises as a learner meets them: in JupyterLab, with answers that are right, wrong and hostile."""

import nbformat
import pytest

from course_lib.exercises.engine.progress import exercise_sets

from .driver import Notebook, jupyter_lab

pytestmark = pytest.mark.browser

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LESSONS = {s.notebook: s for s in exercise_sets()}
IMPORT = "import numpy as np\nfrom course_lib.exercises import activation_functions as ex"

# One cell for each way an answer can fare: the cell, and what its panel must say.
STATES = {
    "not attempted": ("ex.leaky_relu.check()", "Not attempted yet"),
    "raised": (
        "def leaky_relu(z, a=0.01):\n    return z.largest(0)\n\nex.leaky_relu.check(leaky_relu)",
        "return z.largest(0)",
    ),
    "wrong type": ('ex.leaky_relu.check(lambda z, a=0.01: "many")', "Wrong kind of answer"),
    "wrong shape": ("ex.leaky_relu.check(lambda z, a=0.01: np.zeros((3, 7)))", "Wrong shape"),
    "known mistake": ("ex.leaky_relu.check(lambda z, a=0.01: np.maximum(z, 0))", "here is why"),
    "diagnosis": ("ex.leaky_relu.check(lambda z, a=0.01: 3 * np.where(z > 0, z, a * z))", "what is off"),
    "too slow": (
        "def leaky_relu(z, a=0.01):\n    while True:\n        pass\n\nex.leaky_relu.check(leaky_relu)",
        "it took too long",
    ),
    "too much output": (
        "def leaky_relu(z, a=0.01):\n    while True:\n        print(z)\n\nex.leaky_relu.check(leaky_relu)",
        "it printed too much",
    ),
    "hint": ("ex.leaky_relu.hint()", "Hint 1 of"),
    "asks before the solution": ("ex.softmax.solution()", "Have you tried?"),
    "solution": ("ex.leaky_relu.solution()", "Solution"),
    "correct": (
        "def leaky_relu(z, a=0.01):\n    return np.where(z > 0, z, a * z)\n\nex.leaky_relu.check(leaky_relu)",
        "Correct",
    ),
    "progress": ("import course_lib\n\ncourse_lib.progress()", "leaky_relu"),
}


def answered(exercise):
    """A cell in which a learner solves this exercise."""
    if hasattr(exercise, "solution_code"):
        return f"{exercise.solution_code}\n\n\nex.{exercise.name}.check({exercise.name})"
    right = exercise.right_answers()[0]
    given = ", ".join(f"{k}={v!r}" for k, v in right.items()) if isinstance(right, dict) else repr(right)
    return f"ex.{exercise.name}.check({given})"


def run(browser, tmp_path, cells):
    """The notebook with these cells, after Run All."""
    file = tmp_path / "exercises.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": KERNEL}
        ),
        file,
    )
    with jupyter_lab([file]) as address:
        notebook = Notebook(browser, address(file.name))
        notebook.run_all()
        yield notebook
        notebook.close()


def outputs(notebook):
    """The text under each code cell."""
    return [cell.inner_text() for cell in notebook.page.locator(".jp-CodeCell .jp-Cell-outputWrapper").all()]


def test_every_way_an_answer_can_fare(browser, tmp_path, screenshots):
    for notebook in run(browser, tmp_path, [IMPORT, *(cell for cell, _ in STATES.values())]):
        assert notebook.complaints() == []
        shown = dict(zip(STATES, outputs(notebook)[1:], strict=True))
        missing = {name: shown[name] for name, (_, text) in STATES.items() if text not in shown[name]}
        assert missing == {}
        panels = notebook.page.locator(".cl-panel")
        wide = panels.evaluate_all("all => all.filter(p => p.scrollWidth > p.clientWidth + 1).length")
        assert wide == 0, "a panel is wider than its cell"
        for number, panel in enumerate(panels.all()):
            panel.screenshot(path=screenshots / f"exercise-panel-{number:02d}.png")
        assert notebook.execute("", "1 + 1") == "2", "the kernel does not answer any more"


@pytest.mark.parametrize("name", LESSONS)
def test_every_exercise_of_a_lesson_can_be_solved(browser, tmp_path, name):
    cells = [f"import numpy as np\nfrom course_lib.exercises import {name[3:]} as ex"]
    for exercise in LESSONS[name]:
        cells += [f"ex.{exercise.name}", answered(exercise)]
    for notebook in run(browser, tmp_path, cells):
        assert notebook.complaints() == []
        shown = outputs(notebook)[1:]
        for exercise, verdict in zip(LESSONS[name], shown[1::2], strict=True):
            assert "Correct" in verdict or "Noted" in verdict, f"{exercise.name}: {verdict}"
        assert notebook.page.locator(".MathJax_Error, mjx-merror").count() == 0
