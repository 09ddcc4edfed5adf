"""With the network off everything works: nothing in a lesson asks another machine for anything.

`make test` runs every notebook under the guard that is tried here, and the browser tests run JupyterLab under it.
"""

import importlib.util
import json
import re
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

spec = importlib.util.spec_from_file_location("course", ROOT / "tools" / "course.py")
course = importlib.util.module_from_spec(spec)
spec.loader.exec_module(course)

SWALLOWED = "import socket\ntry:\n    {}\nexcept OSError as error:\n    print(error)"
ASKS = {
    "a name": ("socket.getaddrinfo('data.example', 443)", "socket.getaddrinfo data.example"),
    "an old call": ("socket.gethostbyname('data.example')", "socket.gethostbyname data.example"),
    "an address": ("socket.create_connection(('192.0.2.1', 80))", "socket.getaddrinfo 192.0.2.1"),
    "a connection": ("socket.socket().connect(('192.0.2.1', 80))", "socket.connect 192.0.2.1"),
    "a datagram": (
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.sendto 192.0.2.1",
    ),
    "a download": (
        "__import__('urllib.request').request.urlopen('http://data.example/x.csv')",
        "socket.getaddrinfo data.example",
    ),
    "a child": (
        "__import__('subprocess').run([__import__('sys').executable, '-c', "
        "'import socket; socket.gethostbyname(\"data.example\")'], stderr=-3)",
        "socket.gethostbyname data.example",
    ),
}


@pytest.mark.parametrize(("asks", "noted"), ASKS.values(), ids=ASKS)
def test_who_asks_another_machine_is_refused_and_named(asks, noted, capfd):
    assert course.run_offline([sys.executable, "-c", SWALLOWED.format(asks)]) == 1
    assert noted in capfd.readouterr().out


def test_this_machine_can_be_asked(capfd):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket\nfor host in '127.0.0.1', 'localhost':\n    socket.create_connection((host, {port}))"
        assert course.run_offline([sys.executable, "-c", program]) == 0
    assert capfd.readouterr() == ("", "")


def test_the_notebooks_are_run_off_the_network(monkeypatch):
    ran = []
    monkeypatch.setattr(course, "setup", lambda *extras: None)
    monkeypatch.setattr(course, "run", lambda command, **variables: ran.append((command, variables)) or 0)
    monkeypatch.delenv("COURSE_REPORTS", raising=False)
    assert course.test([]) == 0
    (variables,) = [variables for command, variables in ran if "--nbval" in command]
    assert str(ROOT / "tests" / "offline") in variables["PYTHONPATH"] and variables["COURSE_OFFLINE"]


LOADED = r"""(?x) !\[[^]]*\]\(\s*https?:
    | <(?:img|script|iframe|video|audio|source|link)\b [^>]*? (?:src|href)=["']?(?:https?:)?//"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_stored_loads_from_elsewhere(path):
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        shown = [cell["source"]] if cell["cell_type"] == "markdown" else []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            shown += [data[kind] for kind in ("text/html", "text/markdown", "image/svg+xml") if kind in data]
        for text in map("".join, shown):
            assert not re.search(LOADED, text, re.I), text


@pytest.mark.parametrize("text", ["![a](https://x.example/a.png)", '<img alt="" src="//x.example/a.png">'])
def test_what_loads_from_elsewhere_is_recognised(text):
    assert re.search(LOADED, text, re.I)
    assert not re.search(LOADED, "[a paper](https://x.example/paper)")
