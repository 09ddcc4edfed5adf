"""What a lesson needs beside the math: the source of a function, shown from the module itself."""

import inspect
import textwrap

from IPython.display import Markdown


def source(*objects):
    """The source of functions or classes as it stands in course_lib, to be shown in a cell."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(o)).rstrip() for o in objects)
    return Markdown(f"```python\n{code}\n```")


def table(header, rows):
    """Rows of text or numbers under a header, as a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return Markdown("\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines))
