"""What a notebook costs a learner: seconds from top to bottom, and the kernel's highest memory."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil
from measure import Row
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
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


def cost(rounds=2):
    # The kernel finds course_lib as the learner's does, and draws as in a notebook.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    )
    os.environ.pop("MPLBACKEND", None)
    rows = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        name, limit = path.stem, LONG.get(path.stem[:2], SECONDS)
        runs = [run(path) for _ in range(rounds)]
        taken, memory, with_torch = (min(values) for values in zip(*runs))
        rows.append(Row(f"{name}: top to bottom", taken, "s", ("<=", limit), "with kernel start"))
        rows.append(Row(f"{name}: kernel before PyTorch", memory, "MB", ("<=", MEMORY)))
        rows.append(Row(f"{name}: kernel at the end", with_torch, "MB", ("<=", MEMORY_WITH_TORCH)))
    return rows
