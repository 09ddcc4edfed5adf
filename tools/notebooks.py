"""Execute the notebooks in place and store them in a normal form, so that a rerun changes nothing.

python tools/notebooks.py execute [names]     run them top to bottom, then normalise
python tools/notebooks.py normalise [names]   only bring them to the normal form
python tools/notebooks.py check [names]       say which are not in it (exit code 1)
python tools/notebooks.py html [names]        write build/html: pages to read or print, pictures with alt text

A name is a path, or the beginning of a file name: `execute 06`. Without names: all of them.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
TEMPLATES = ROOT / "tools" / "jupyter" / "templates"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# What editors and runners leave in a cell and no reader needs.
TRANSIENT = {"ExecuteTime", "execution", "collapsed", "scrolled", "trusted", "heading_collapsed"}
PLAIN_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# The first code cell: a notebook that was opened somewhere else brings the course along.
INSTALL = """\
# Outside the course's folder, as on Colab, this installs the course. Inside, it does nothing.
from importlib.util import find_spec

if find_spec("course_lib") is None:
    %pip install -q optuna scikit-learn torch {repository}/archive/HEAD.zip
"""

# --------------------------------------------------------------------------- the normal form


def normalised(text):
    """The text of a notebook file in its normal form."""
    notebook = json.loads(text)
    if notebook.get("nbformat") != 4:
        raise ValueError("this is no notebook of format 4; open and save it in JupyterLab first")
    cells = notebook["cells"]
    ids, executed = set(), 0
    for position, cell in enumerate(cells, start=1):
        source = joined(cell["source"]).replace("\r\n", "\n")
        cell["source"] = lines(source)
        cell["id"] = free_id(cell.get("id") or slug(source) or f"cell-{position}", ids)
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in TRANSIENT}
        if cell["cell_type"] == "code":
            executed += bool(source.strip())  # the kernel does not count an empty cell
            cell["execution_count"] = executed if source.strip() else None
            cell["outputs"] = [
                normal_output(output, cell["execution_count"])
                for output in merged_streams(cell["outputs"])
                if not progress_bar(output)
            ]
    notebook = {
        "cells": cells,
        "metadata": PLAIN_METADATA,  # so neither widget state nor anybody's Python version
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def normal_output(output, count):
    if output["output_type"] == "execute_result":
        output["execution_count"] = count
    if "text" in output:
        output["text"] = lines(joined(output["text"]))
    if "data" in output:
        data = output["data"]
        if len(data) > 1:  # a live widget needs a kernel; what stands beside it does not
            data.pop(WIDGET_VIEW, None)
            output["metadata"].pop(WIDGET_VIEW, None)
        for kind, value in data.items():
            if not kind.endswith("json"):  # JSON is stored as it is, text by lines, pictures whole
                text = joined(value)
                picture = kind.startswith("image/") and kind != "image/svg+xml"
                data[kind] = text.strip() if picture else lines(text)
    return output


def progress_bar(output):
    """Whether this is a bar of tqdm: of no use when the work is over."""
    return bool(re.match(r"\s*\d+%\|", joined(output.get("data", {}).get("text/plain", ""))))


def merged_streams(outputs):
    """How a long print is cut into pieces depends on timing; the pieces together do not."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] = joined(last["text"]) + joined(output["text"])
        else:
            merged.append(output)
    return merged


def slug(source):
    """A readable id from the first line that says something: `# Step size` gives step-size."""
    for line in source.splitlines():
        words = re.findall(r"[a-z0-9]+", line.lower())
        if words:
            return "-".join(words)[:40].strip("-")
    return ""


def free_id(wanted, taken):
    """The id itself, or with a number behind it where an earlier cell has the same one."""
    free, number = wanted, 1
    while free in taken:
        number += 1
        free = f"{wanted}-{number}"
    taken.add(free)
    return free


def joined(text):
    return text if isinstance(text, str) else "".join(text)


def lines(text):
    """Split after \\n alone, as Jupyter's own files do after every line: a diff shows lines."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


# ------------------------------------------------------------------ outside the course's folder


def repository():
    """The address of the course's repository, as pyproject.toml has it."""
    return re.search(r'^Repository = "(.+)"$', read(ROOT / "pyproject.toml"), re.M)[1]


def with_install_cell(text, address):
    """The notebook in its normal form, with the cell that installs the course behind its title."""
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell.get("id") != "install"]
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "install",
        "metadata": {"tags": ["remove-cell"]},  # of no use on a page
        "outputs": [],
        "source": INSTALL.format(repository=address).rstrip(),
    }
    behind = 1 if cells and cells[0]["cell_type"] == "markdown" else 0
    notebook["cells"] = [*cells[:behind], cell, *cells[behind:]]
    return normalised(json.dumps(notebook))


def stored_form(text):
    """The text of a notebook file as it is to be stored."""
    return with_install_cell(text, repository())


# ------------------------------------------------------------------------------- executing


def execute(path):
    """Run a notebook as Run All does and store it; return the peak memory of its kernel in MB."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.reads(stored_form(read(path)), as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=300,  # seconds for one cell: something hangs
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
    )
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        peak = peak_memory(client.km.provisioner.pid)
    write(path, stored_form(nbformat.writes(notebook)))
    return peak


def peak_memory(pid):
    """Megabytes that a running process held at most; where the system keeps no peak, holds now."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1e3
    except OSError:
        import psutil

        memory = psutil.Process(pid).memory_info()
        return getattr(memory, "peak_wset", memory.rss) / 1e6


# ----------------------------------------------------------------------------- to read or print


def html(text):
    """A notebook as a page: nbconvert's, with the alt text of each picture and without scripts that nothing needs."""
    import nbformat
    from nbconvert import HTMLExporter

    notebook = nbformat.reads(text, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "remove-cell" not in cell.metadata.get("tags", [])]
    exporter = HTMLExporter(template_name="course", extra_template_basedirs=[str(TEMPLATES)])
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    return exporter.from_notebook_node(notebook)[0]


# --------------------------------------------------------------------------------- commands


def read(path):
    return path.read_bytes().decode("utf-8")


def write(path, text):
    path.write_bytes(text.encode("utf-8"))  # bytes: no system's own line ends


def chosen(names):
    """The notebooks that these names mean; all of them if there are none."""
    every = sorted(FOLDER.glob("*.ipynb"))
    if not names:
        return every
    found = []
    for name in names:
        fits = [Path(name)] if Path(name).is_file() else []
        fits = fits or [path for path in every if path.name.startswith(Path(name).name)]
        if not fits:
            have = ", ".join(path.stem for path in every) or "none yet"
            sys.exit(f"No notebook is called {name}. There are: {have}.")
        found += fits
    return found


def main(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["execute", "normalise", "check", "html"])
    parser.add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    # The kernels inherit it. With one thread sums come out alike everywhere.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["COURSE_PROGRESS"] = "off"  # notebooks are stored with every exercise open
    wrong = 0
    for path in chosen(given.names):
        if given.command == "execute":
            start = time.perf_counter()
            print(f"{path.name} ...", end=" ", flush=True)
            try:
                peak = execute(path)
            except Exception as error:  # whatever a cell raised: show it, go on with the next
                print(f"failed, and is left as it was:\n{error}")
                wrong += 1
            else:
                print(f"{time.perf_counter() - start:.1f} s, {peak:.0f} MB at most")
        elif given.command == "html":
            folder = ROOT / "build" / "html"
            folder.mkdir(parents=True, exist_ok=True)
            write(folder / f"{path.stem}.html", html(read(path)))
            print(f"{path.name}: build/html/{path.stem}.html")
        elif stored_form(read(path)) != read(path):
            if given.command == "check":
                print(f"{path.name} is not in its normal form: make notebooks ARGS={path.stem}")
                wrong += 1
            else:
                write(path, stored_form(read(path)))
                print(f"{path.name}: normalised")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
