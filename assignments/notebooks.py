"""Makes of a problem set the nbgrader source notebook, what is handed out beside it, and a guide for the markers."""

import ast
import re

import nbformat
import numpy as np

from course_lib.exercises.engine import Choice, Function, Number
from course_lib.exercises.engine.exercise import filled_in
from course_lib.exercises.engine.guard import called
from course_lib.exercises.engine.values import agree, plain
from course_lib.exercises.handed_out import to_data

from .problems import FreeText, Problem

KINDS = {Function: "function", Number: "number", Choice: "choice", FreeText: "free text"}
SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")

START = """\
import matplotlib.pyplot as plt
import numpy as np

from course_lib.exercises.handed_out import Handout
from course_lib.figures import use_style

use_style()
handout = Handout("{name}", STUDENT)
check, numbers, hint = handout.check, handout.numbers, handout.hint
handout"""

HOW = """\
| | exercise | kind | points |
|---|---|---|---|
{rows}
| | **all** | | **{points:g}** |

**How marks are given.** Write your answers in the cells with `# YOUR CODE HERE` or dots; the others are locked.

- For a function, `check` runs a few *public* cases as often as you like and says what is off. Your mark comes from
  *hidden* cases, the awkward ones among them: a function that knows only the public answers earns nothing.
- A mistake that has the idea right can earn part of the points.
- Numbers are drawn for you alone: your neighbour's are others, and so are the right answers. Three significant digits
  do.
- The question to be answered in words is read by a person. Double-click *YOUR ANSWER HERE* and write in its place.
- What you write must stand on numpy: no torch, no functions of `course_lib`.

`hint("{example}")` gives a hint, and one more each time you call it; hints cost nothing.

**To hand in:** *Kernel*, *Restart Kernel and Run All Cells*; look through it; save; hand in `{name}.ipynb`."""

WHO = """\
# Who are you? Your id, as on the class list, between the quotes.
STUDENT = \"\""""


def source_notebook(problem_set, due=""):
    """The nbgrader source notebook of a set; `due` is shown as it is."""
    rows = [
        f"| {i} | {p.title} | {KINDS[type(p.exercise)]} | {p.points:g} |" for i, p in enumerate(problem_set, start=1)
    ]
    functions = [p.name for p in problem_set if isinstance(p.exercise, Function)]
    how = HOW.format(
        rows="\n".join(rows),
        points=problem_set.points,
        name=problem_set.name,
        example=(functions or [p.name for p in problem_set])[0],
    )
    due = due or "as your instructor has announced"
    cells = [
        text(
            "title",
            f"# {problem_set.title}\n\n{problem_set.intro}\n\n"
            f"| | |\n|---|---|\n| Goes with | {problem_set.part} |\n| To be handed in | {due} |",
        ),
        text("how-marks-are-given", how),
        code("who", WHO),
        code("start", START.format(name=problem_set.name), locked=True),
    ]
    for i, problem in enumerate(problem_set, start=1):
        cells += cells_of(problem, i)
    cells.append(text("end", "That was all. Restart, run all cells, look once more, save, and hand it in."))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def marking_guide(problem_set):
    """What instructors need beside the submissions, in Markdown: answers, rubrics, what mistakes still earn."""
    parts = [f"# {problem_set.title}: answers and marking", "Not to be handed out."]
    for i, problem in enumerate(problem_set, start=1):
        exercise = problem.exercise
        parts.append(f"## {i} · {problem.title} ({problem.points:g} points)")
        if isinstance(exercise, Function):
            parts.append(f"```python\n{exercise.solution_code}\n```")
        elif isinstance(exercise, Number):
            own = any(len(choices) > 1 for choices in problem.ranges.values())
            parts.append("Every student has numbers of their own." if own else "The numbers are the same for all.")
            parts.append(re.sub(r"\{(\w+)\}", r"`\1`", exercise.working.strip()))
        else:
            parts.append(exercise.solution_text())
        if isinstance(exercise, FreeText):
            rubric = [f"| {points:g} | {what} |" for points, what in exercise.rubric]
            parts.append("\n".join(["| points | for |", "|---|---|", *rubric]))
        elif problem.parts:
            partly = [f"| {name} | {share * problem.points:g} |" for name, share in problem.parts.items()]
            parts.append("\n".join(["| mistake | still earns |", "|---|---|", *partly]))
    return "\n\n".join(parts) + "\n"


def cells_of(problem, i):
    """The cells of one exercise: what is asked, the answer, the marking, and perhaps a look at it."""
    exercise, name = problem.exercise, problem.name
    fixed = {k: v[0] for k, v in problem.ranges.items() if len(v) == 1}
    asked = exercise.text() if isinstance(exercise, Choice) else filled_in(exercise.prompt.strip(), fixed)
    yield text(f"{name}-task", f"## {i} · {problem.title} ({problem.points:g} points)\n\n{asked}")
    if isinstance(exercise, FreeText):
        model = "\n".join([SOLUTION[0], exercise.model.strip(), SOLUTION[1]])
        yield graded(nbformat.v4.new_markdown_cell(model, id=name), name, points=problem.points, solution=True)
        return
    if len(fixed) < len(problem.ranges):
        yield code(f"{name}-numbers", f'numbers("{name}")', locked=True)
    if isinstance(exercise, Function):
        yield code(name, with_solution_marked(exercise), solution=True)
    else:
        yield code(name, f"{name} = ...", locked=False)
    yield code(
        f"{name}-marks",
        "\n".join(
            [
                f'check("{name}", {name})',
                HIDDEN[0],
                "from assignments.grading import stock_check",
                f'stock_check("{problem.set_name}", "{name}", globals())',
                HIDDEN[1],
            ]
        ),
        points=problem.points,
        locked=True,
    )
    if problem.look:
        yield code(f"{name}-look", problem.look.strip(), locked=True)


def with_solution_marked(function):
    """The solution of a Function, its body between nbgrader's marks; head and docstring stay."""
    lines = function.solution_code.split("\n")
    body = function.definition.body
    first = body[1] if ast.get_docstring(function.definition) else body[0]
    head, tail = lines[: first.lineno - 1], lines[first.lineno - 1 :]
    return "\n".join([*head, f"    {SOLUTION[0]}", *tail, f"    {SOLUTION[1]}"])


def text(cell_id, source):
    """A cell of text that nbgrader keeps as it is."""
    return graded(nbformat.v4.new_markdown_cell(source, id=cell_id), cell_id, locked=True)


def code(cell_id, source, **how):
    return graded(nbformat.v4.new_code_cell(source, id=cell_id), cell_id, **how)


def graded(cell, grade_id, points=None, solution=False, locked=False):
    """The cell with nbgrader's metadata, schema 3."""
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
        "cell_type": cell.cell_type,
        **({} if points is None else {"points": points}),
    }
    return cell


def release_notebook(problem_set, due=""):
    """The notebook that students get, made of the source by nbgrader's own steps."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions, ComputeChecksums, LockCells

    notebook, resources = source_notebook(problem_set, due), {}
    for step in (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, ComputeChecksums):
        notebook, resources = step().preprocess(notebook, resources)
    return notebook


# --------------------------------------------------------------------- what is handed out beside it


def public_file(problem_set):
    """What the notebook's `check`, `numbers` and `hint` know: no oracle, no solution, no hidden case."""
    return {
        "set": problem_set.name,
        "title": problem_set.title,
        "exercises": {p.name: public_data(p) for p in problem_set if not isinstance(p.exercise, FreeText)},
    }


def public_data(problem: Problem):
    """What students may know of one exercise, as plain data."""
    exercise = problem.exercise
    data = {"kind": KINDS[type(exercise)], "set": problem.set_name, "points": problem.points, "hints": exercise.hints}
    if isinstance(exercise, Function):
        expected = [plain(exercise.oracle(*args)) for args in problem.public]
        data |= {
            "signature": exercise.signature,
            "rtol": exercise.rtol,
            "seconds": exercise.seconds,
            "cases": [to_data(args) for args in problem.public],
            "expected": to_data(expected),
            "mistakes": [*_public_mistakes(problem, expected)],
        }
    if isinstance(exercise, Number):
        drawn = problem.drawn("anybody")
        data |= {
            "ranges": {k: list(v) for k, v in problem.ranges.items()},
            "shape": list(np.shape(drawn.oracle(*drawn.values.values()))),
            "precision": exercise.precision,
        }
    if isinstance(exercise, Choice):
        data["letters"] = "".join(exercise.letters)
    return data


def _public_mistakes(problem, expected):
    """The known mistakes that the public cases can show, by what they give there."""
    for mistake in problem.exercise.mistakes:
        with np.errstate(all="ignore"):
            outcomes = [called(mistake.wrong, args) for args in problem.public]
        outputs = [o.value for o in outcomes]
        if any(o.raised for o in outcomes) or all(map(agree, outputs, expected)):
            continue
        yield {"name": mistake.name, "why": mistake.why, "outputs": to_data(outputs)}
