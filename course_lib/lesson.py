"""What a lesson needs beside the math: a function's source shown from the module, tables, and cells left out."""

import ast
import inspect
import sys
import textwrap
from importlib.util import find_spec

from IPython import get_ipython
from IPython.display import Markdown, display

from .exercises.engine.panel import Panel
from .setup_check import MEND

OPTIONAL = {"torch": "PyTorch", "sklearn": "scikit-learn", "optuna": "Optuna"}


def source(*objects):
    """The source of functions or classes as it stands in course_lib, to be shown in a cell."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(o)).rstrip() for o in objects)
    return Markdown(f"```python\n{code}\n```")


def table(header, rows):
    """Rows of text or numbers under a header, as a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return Markdown("\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines))


# ------------------------------------------------------------------ without PyTorch, scikit-learn or Optuna


class LeaveOut:
    """Has a cell that needs a library which is not here say so and end without an error: Run All goes on.

    So it is with a later cell that needs what such a cell would have made. IPython calls `visit` with
    the syntax tree of each cell.
    """

    TRY = "try:\n    ...\nexcept (ImportError, NameError):\n    if not __left_out__(): raise"

    def __init__(self, shell):
        self.names = shell.user_ns
        self.lost = {}  # name → the library for want of which it was not made
        self.made, self.imported = set(), set()  # names that the present cell makes
        self.names["__left_out__"] = self.explain
        self.names["__show__"] = lambda value: sys.displayhook(value)

    def visit(self, cell):
        if not cell.body:
            return cell
        self.made = set(_made(cell))
        self.imported = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(cell)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        if isinstance(cell.body[-1], ast.Expr):  # within `try` its value would not be shown
            shown = ast.parse("__show__(...)").body[0]
            shown.value.args = [cell.body[-1].value]
            cell.body[-1] = ast.copy_location(shown, cell.body[-1])
        attempt = ast.parse(self.TRY).body[0]
        attempt.body, cell.body = cell.body, [attempt]
        return ast.fix_missing_locations(cell)

    def explain(self):
        """Whether the error that is being handled comes from a missing library; if so, say it."""
        error = sys.exc_info()[1]
        name = (error.name or "").partition(".")[0]
        library = OPTIONAL.get(name) if isinstance(error, ImportError) else self.lost.get(name)
        if library is None:
            return False
        self.lost.update(dict.fromkeys(self.made | self.imported, library))
        for name in self.made:  # half made, or left over from an earlier cell
            self.names.pop(name, None)
        display(left_out(library))
        return True


def _made(node):
    """The names that a piece of syntax gives a value, in its own scope; imports aside."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for child in ast.iter_child_nodes(node):
            yield from _made(child)


def left_out(library):
    """The panel that stands in place of what a cell would have shown."""
    foot = f"{library} does not come with Python in the browser." if sys.platform == "emscripten" else f"{MEND}."
    return Panel(
        "wait", f"Left out: {library} is not here", "This cell needs it. The lesson goes on without it.", foot=foot
    )


if (shell := get_ipython()) and not all(map(find_spec, OPTIONAL)):
    shell.ast_transformers.append(LeaveOut(shell))
