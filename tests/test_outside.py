"""One notebook file somewhere else, on a machine without the course: its first cell fetches what it needs."""

import functools
import http.server
import json
import shutil
import sys
import threading

import fresh
import pytest
from notebook_promise import tool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fresh environment is laid out as on Unix")
LESSON = tool.FOLDER / "00_start_here.ipynb"


@pytest.fixture
def repository(tmp_path):
    """The address of a machine that hands the course out as GitHub does, and a list of what was fetched."""
    fetched, folder = [], tmp_path / "served"
    fresh.copy(tmp_path / "zipped" / "course-main")
    shutil.make_archive(folder / "course" / "archive" / "HEAD", "zip", tmp_path / "zipped")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, form, *words):
            fetched.append(words[0])

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/course", fetched
        server.shutdown()


def texts(notebook):
    return [
        "".join(output.get("text", output.get("data", {}).get("text/plain", "")))
        for cell in json.loads(notebook)["cells"]
        for output in cell.get("outputs", [])
    ]


def test_a_lesson_brings_the_course_along_and_runs(repository, tmp_path):
    address, fetched = repository
    python = fresh.environment(tmp_path / "env")
    elsewhere = tmp_path / "downloads"
    elsewhere.mkdir()
    lesson = tool.read(LESSON)
    execute = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", LESSON.name]

    without = json.loads(lesson)
    without["cells"] = [cell for cell in without["cells"] if cell["id"] != "install"]
    tool.write(elsewhere / LESSON.name, json.dumps(without))
    assert "No module named 'course_lib'" in fresh.run(python, execute, elsewhere).stderr

    tool.write(elsewhere / LESSON.name, lesson.replace(tool.repository(), address))
    ran = fresh.run(python, execute, elsewhere)
    assert ran.returncode == 0, ran.stderr
    assert len(fetched) == 1 and "/archive/HEAD.zip" in fetched[0]
    installed, *rest = texts(tool.normalised(tool.read(elsewhere / LESSON.name)))
    assert "restart the kernel" in installed  # what pip says when it is done
    assert rest == texts(lesson)
