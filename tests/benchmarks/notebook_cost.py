"""What a notebook costs a learner: seconds from top to bottom, and the kernel's highest memory.

python tests/benchmarks/notebook_cost.py [names]   measure these, or all, and write docs/launching.md
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from measure import Row
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import notebook_promise as promise  # noqa: E402

MEGABYTE = 1e6

# Seconds a notebook may take; those that train for long may take longer.
SECONDS, LONG = 10, {"15": 30, "16": 30}
MEMORY, MEMORY_WITH_TORCH = 220, 450


class HighWater(threading.Thread):
    """Watches a process and keeps the most memory it held."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.process, self.peak, self.over = psutil.Process(pid), 0, threading.Event()
        self.start()

    def look(self):
        self.peak = max(self.peak, self.process.memory_info().rss / MEGABYTE)
        return self.peak

    def run(self):
        while not self.over.wait(0.02):
            self.look()


def run(path):
    """Seconds in all, and peak megabytes before the cell tagged `torch` and at the end."""
    notebook = nbformat.read(path, as_version=4)
    before_torch = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(path, folder)
        client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}})

        def on_cell(cell, cell_index):
            if "torch" in cell.metadata.get("tags", []) and not before_torch:
                before_torch.append(watch.look())

        client.on_cell_execute = on_cell
        start = time.perf_counter()
        with client.setup_kernel(stderr=subprocess.DEVNULL):
            watch = HighWater(client.km.provisioner.pid)
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            taken = time.perf_counter() - start
            peak = watch.look()
            watch.over.set()
            watch.join()
    return taken, before_torch[0] if before_torch else peak, peak


def measured(paths, rounds=2):
    """Of each notebook: seconds, megabytes before PyTorch, megabytes at most; the best of the rounds."""
    # The kernel finds course_lib as the learner's does, and draws as in a notebook.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    )
    os.environ.pop("MPLBACKEND", None)
    for path in paths:
        yield path.stem, [min(values) for values in zip(*(run(path) for _ in range(rounds)))]


def cost():
    rows = []
    for name, (taken, memory, with_torch) in measured(sorted((ROOT / "notebooks").glob("*.ipynb"))):
        limit = LONG.get(name[:2], SECONDS)
        rows.append(Row(f"{name}: top to bottom", taken, "s", ("<=", limit), "with kernel start"))
        rows.append(Row(f"{name}: kernel before PyTorch", memory, "MB", ("<=", MEMORY)))
        rows.append(Row(f"{name}: kernel at the end", with_torch, "MB", ("<=", MEMORY_WITH_TORCH)))
    return rows


def table(costs):
    """The rows of the table in docs/launching.md, from (seconds, MB before PyTorch, MB at most) of each lesson."""
    rows = []
    for name, (taken, before, most) in sorted(costs.items()):
        fits = round(most) + promise.SERVER <= promise.GUARANTEED
        verdict = "within" if fits else "above, once PyTorch is imported"
        rows.append(f"| {name} | {taken:.0f} | {before:.0f} | {most:.0f} | {verdict} |")
    return "\n".join(rows)


def write(costs):
    """Put these figures in the table, in place of all that stood there."""
    text = promise.ROW.sub("", promise.TABLE.read_text("utf-8"))
    head, rest = re.split(r"(?<=\n\|---\|---\|---\|---\|---\|\n)\n*", text)
    rest = f"\n{rest}" if rest else ""
    promise.tool.write(promise.TABLE, f"{head}{table(costs)}\n{rest}")


def main(names):
    costs = promise.promised()
    for name, (taken, before, most) in measured(promise.tool.chosen(names)):
        print(f"{name}: {taken:.1f} s, {before:.0f} MB before PyTorch, {most:.0f} MB at most", flush=True)
        costs[name] = taken, before, most
    write(costs)


if __name__ == "__main__":
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["COURSE_PROGRESS"] = "off"
    main(sys.argv[1:])
