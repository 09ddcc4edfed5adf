"""Who asks another machine for something is noticed: the page and the kernel."""

import nbformat
import pytest

from .driver import Notebook, jupyter_lab

pytestmark = pytest.mark.browser

PICTURE = 'from IPython.display import HTML\n\nHTML("<img src=\'http://192.0.2.1/x.png\'><img src=\'http://a.example/y.png\'>")'
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
PROGRAM = """
import socket

try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print(error)
"""


def test_requests_to_elsewhere_are_refused_and_noted(browser, tmp_path):
    file = tmp_path / "asks.ipynb"
    cells = [nbformat.v4.new_code_cell(code) for code in (PICTURE, PROGRAM)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=PYTHON), file)
    with pytest.raises(AssertionError, match="asked for the network:\nsocket.getaddrinfo 192.0.2.1"):
        with jupyter_lab([file]) as address:
            notebook = Notebook(browser, address(file.name))
            notebook.run_all()
            assert set(notebook.strangers) == {"http://192.0.2.1/x.png", "http://a.example/y.png"}
            pictures = notebook.page.locator(".jp-OutputArea img")
            assert pictures.evaluate_all("all => all.map((img) => img.naturalWidth)") == [0, 0]
            assert "the network is off: 192.0.2.1" in notebook.page.locator(".jp-OutputArea").last.inner_text()
            notebook.close()
