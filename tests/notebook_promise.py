"""Loaded when the notebooks run as tests: no kernel may take more memory than docs/launching.md promises.

mybinder.org guarantees a learner 450 MB and stops what takes more than 2 GB, JupyterLab's server
included. So every lesson has to fit into the first until it imports PyTorch, and into the second
always. Looking at the kernels that run anyway costs nothing; where the system keeps no peak, as
outside Linux, nothing is promised and nothing is checked.
"""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "launching.md"
ROW = re.compile(r"^\| (\d\d_\w+) \| (\d+) \| (\d+) \| (\d+) \| ([^|]+) \|$", re.M)

SERVER = 90  # megabytes of JupyterLab's server, beside the kernel
GUARANTEED, LIMIT = 450, 2000
SLACK = 1.2  # other machines, other versions of a library

spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def promised():
    """Of each lesson in the table: seconds, MB before PyTorch is imported, MB at most."""
    rows = ROW.findall(TABLE.read_text("utf-8"))
    return {name: (int(seconds), int(before), int(most)) for name, seconds, before, most, _ in rows}


def complaint(name, before, most):
    """What is wrong with the memory that a lesson took, in a sentence, or None."""
    if before + SERVER > GUARANTEED:
        return f"{name} takes {before:.0f} MB before PyTorch: with the server that is over {GUARANTEED} MB"
    if most + SERVER > LIMIT:
        return f"{name} takes {most:.0f} MB: with the server that is over {LIMIT} MB, and Binder would stop it"
    if name in promised() and most > SLACK * promised()[name][2]:
        return (
            f"{name} takes {most:.0f} MB, and {TABLE.name} promises {promised()[name][2]} MB. If that has to be, "
            f"measure again: python tests/benchmarks/notebook_cost.py {name[:2]}"
        )


def peak(item):
    """Megabytes that the kernel of this cell's notebook held at most until now."""
    return tool.peak_memory(item.parent.kernel.km.provisioner.pid)


def watched(item):
    return sys.platform == "linux" and type(item).__name__ == "IPyNbCell" and item.parent.kernel.is_alive()


def pytest_runtest_call(item):
    if watched(item) and "torch" in item.cell.metadata.get("tags", []):
        item.parent.before_torch = getattr(item.parent, "before_torch", peak(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    wrong = None
    if watched(item) and (nextitem is None or nextitem.parent is not item.parent):
        most = peak(item)
        wrong = complaint(item.path.stem, getattr(item.parent, "before_torch", most), most)
    yield
    if wrong:
        pytest.fail(wrong, pytrace=False)
