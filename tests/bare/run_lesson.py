"""Run a lesson as Run All does, without a kernel of its own; print what became of each code cell, as JSON."""

import json
import sys
import traceback
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False  # it would start a thread
shell = InteractiveShell.instance(config=config)
ran = []
for cell in json.loads(Path(sys.argv[1]).read_text("utf-8"))["cells"]:
    source = "".join(cell["source"])
    if cell["cell_type"] != "code" or not source.strip():
        continue
    with capture_output() as shown:
        result = shell.run_cell(source)
    error = result.error_in_exec or result.error_before_exec
    words = shown.stdout + "".join(str(output.data) for output in shown.outputs)
    ran.append(
        {
            "source": source,
            "error": "".join(traceback.format_exception(error)) if error else "",
            "left out": "Left out: " in words,
        }
    )
print(json.dumps(ran))
