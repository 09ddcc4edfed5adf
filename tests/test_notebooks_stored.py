"""Every stored notebook is in the normal form, and the normal form is what it says it is."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STORED = sorted((ROOT / "notebooks").glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def code_cells(notebook):
    """The code cells that the kernel ran: an empty one it does not count."""
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "".join(cell["source"]).strip()
    ]


# ------------------------------------------------------------------------ what is stored


@pytest.fixture(params=STORED, ids=lambda path: path.stem)
def stored(request):
    return request.param.read_bytes().decode("utf-8")


def test_stored_in_the_normal_form(stored):
    assert tool.normalised(stored) == stored, "run: make notebooks"


def test_stored_with_its_outputs(stored):
    cells = code_cells(json.loads(stored))
    assert any(cell["outputs"] for cell in cells), "never executed: make notebooks"
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


def test_stored_without_errors_warnings_or_widget_state(stored):
    notebook = json.loads(stored)
    assert "widgets" not in notebook["metadata"]
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            if "raises-exception" not in cell["metadata"].get("tags", []):
                assert output["output_type"] != "error", cell["source"]
            assert output.get("name") != "stderr", output["text"]
            assert tool.WIDGET_VIEW not in output.get("data", {})


def test_stored_text_is_the_same_on_every_run(stored):
    for cell in code_cells(json.loads(stored)):
        for output in cell["outputs"]:
            text = "".join(output.get("text", []))
            text += "".join(output.get("data", {}).get("text/plain", []))
            assert not re.search(r"0x[0-9a-f]{6,}", text), f"a memory address: {text}"


# ------------------------------------------------------------------- the normaliser itself


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def code(source, outputs=(), count=None, **metadata):
    return {
        "cell_type": "code",
        "source": source,
        "outputs": list(outputs),
        "execution_count": count,
        "metadata": metadata,
    }


def messy():
    """A notebook as a browser and a hurried author leave it."""
    picture = {
        "output_type": "execute_result",
        "execution_count": 44,
        "data": {
            tool.WIDGET_VIEW: {"model_id": "8f2e"},
            "image/png": "iVBOR\nw0KGgo=\n",
            "text/plain": "learning_rate(lr=0.3)\nconverged",
        },
        "metadata": {"image/png": {"width": 900, "alt": "cost"}, tool.WIDGET_VIEW: {}},
    }
    lone_widget = {
        "output_type": "display_data",
        "data": {tool.WIDGET_VIEW: {"model_id": "77aa"}},
        "metadata": {},
    }
    bar = {
        "output_type": "display_data",
        "data": {tool.WIDGET_VIEW: {"model_id": "3c1d"}, "text/plain": "  0%|          | 0/5 [00:00<?, ?it/s]"},
        "metadata": {},
    }
    return {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": {
            "kernelspec": {"name": "my-venv", "display_name": "My venv"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {"state": "much"},
        },
        "cells": [
            {"cell_type": "markdown", "source": "# Learning rate σ\r\nhow far", "metadata": {}},
            {"cell_type": "markdown", "source": "Learning rate σ!", "metadata": {}},
            code("", count=7),
            code(
                "print(1)\nprint(2)",
                [stream("1\n"), stream(["2", "\n"]), stream("oh\n", "stderr"), stream("3\n")],
                count=43,
                tags=["keep"],
                scrolled=True,
                execution={"iopub.execute_input": "2026-01-01"},
            ),
            code("figure", [bar, picture, lone_widget], count=44, collapsed=False),
        ],
    }


@pytest.fixture
def tidy():
    return json.loads(tool.normalised(json.dumps(messy())))


def test_normalising_twice_changes_nothing_more():
    once = tool.normalised(json.dumps(messy()))
    assert tool.normalised(once) == once
    assert tool.normalised(json.dumps(messy(), indent=4)) == once


def test_the_file_is_readable_in_a_diff():
    text = tool.normalised(json.dumps(messy()))
    assert text.startswith('{\n "cells": [\n') and text.endswith("}\n")
    assert "σ" in text


def test_ids_are_readable_unique_and_kept(tidy):
    ids = [cell["id"] for cell in tidy["cells"]]
    assert ids == ["learning-rate", "learning-rate-2", "cell-3", "print-1", "figure"]
    tidy["cells"][1]["id"] = "chosen"
    tidy["cells"].pop(0)
    again = json.loads(tool.normalised(json.dumps(tidy)))
    assert [cell["id"] for cell in again["cells"]] == ["chosen", "cell-3", "print-1", "figure"]


def test_cells_that_ran_are_numbered_in_order(tidy):
    empty, prints, figure = tidy["cells"][2:]
    assert empty["execution_count"] is None
    assert prints["execution_count"] == 1
    assert figure["execution_count"] == figure["outputs"][0]["execution_count"] == 2


def test_streams_are_merged_but_not_mixed(tidy):
    outputs = tidy["cells"][3]["outputs"]
    assert [(out["name"], out["text"]) for out in outputs] == [
        ("stdout", ["1\n", "2\n"]),
        ("stderr", ["oh\n"]),
        ("stdout", ["3\n"]),
    ]


def test_the_picture_stays_and_the_live_view_goes(tidy):
    picture, lone_widget = tidy["cells"][4]["outputs"]
    assert picture["data"] == {
        "image/png": "iVBOR\nw0KGgo=",
        "text/plain": ["learning_rate(lr=0.3)\n", "converged"],
    }
    assert picture["metadata"] == {"image/png": {"width": 900, "alt": "cost"}}
    assert tool.WIDGET_VIEW in lone_widget["data"]  # nothing would be left of it


def test_metadata_keeps_what_was_meant(tidy):
    assert tidy["cells"][3]["metadata"] == {"tags": ["keep"]}
    assert tidy["cells"][4]["metadata"] == {}
    assert tidy["metadata"] == tool.PLAIN_METADATA
    assert (tidy["nbformat"], tidy["nbformat_minor"]) == (4, 5)


def test_check_names_the_files_and_normalise_mends_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    path = tmp_path / "06_messy.ipynb"
    path.write_text(json.dumps(messy()), "utf-8")
    assert tool.main(["check"]) == 1
    assert "06_messy.ipynb" in capsys.readouterr().out
    assert tool.main(["normalise", "06"]) == 0
    assert tool.main(["check"]) == 0
    assert rb"\r" not in path.read_bytes() and b"\r" not in path.read_bytes()


def test_a_name_that_no_notebook_has(tmp_path, monkeypatch):
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    with pytest.raises(SystemExit, match="No notebook is called 99"):
        tool.main(["check", "99"])
