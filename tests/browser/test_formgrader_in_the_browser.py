"""nbgrader's formgrader as an instructor meets it: the class, the verdicts, and a mark that stays."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from . import driver

pytestmark = pytest.mark.browser

SET = "set_1"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class of four, graded: all right, partly right, blank, and no notebook."""
    from assignments import __main__ as kit
    from assignments import problems
    from assignments.gradebook import Course
    from assignments.practice import answered, as_bytes

    home = tmp_path_factory.mktemp("formgrader")
    folder = home / "class"

    def run(*words):
        assert kit.main(["--course", str(folder), *map(str, words)]) == 0

    people = {"anna": lambda p: True, "bob": lambda p: p.points == 3, "cleo": lambda p: False}
    roster = ["id,last_name,first_name,email", *(f"{s},{s.title()}son,{s.title()}," for s in (*people, "dan"))]
    (home / "roster.csv").write_text("\n".join(roster))
    run("prepare", home / "roster.csv")
    run("release", SET)
    made = Course(folder)
    (home / "in").mkdir()
    for student, which in people.items():
        notebook = answered(made.release_of(SET), problems.find(SET), student, which)
        (home / "in" / f"{student}.ipynb").write_bytes(as_bytes(notebook))
    (home / "in" / "dan.ipynb").write_text("torn")
    run("collect", SET, home / "in")
    run("grade", SET)
    made.run = run
    return made


@contextlib.contextmanager
def formgrader(course):
    """Serve the formgrader as its command does; yields the address that the command prints."""
    path = os.pathsep.join(filter(None, [str(driver.ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "assignments", "--course", str(course.root), "formgrader", "--no-browser"]
    server = subprocess.Popen(
        [*command, "--port", str(driver.free_port())],
        env={**driver.environment(course.root.parent / "jupyter"), "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    try:
        for line in server.stdout:
            lines.append(line)
            if found := re.search(r"http://localhost:\d+/formgrader\S+", line):
                break
        else:
            raise RuntimeError("".join(lines))
        threading.Thread(target=server.stdout.read, daemon=True).start()  # a full pipe would stop it
        yield found[0]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(15)


@pytest.fixture(scope="module")
def page(course, browser):
    with formgrader(course) as address:
        context = browser.new_context(viewport=driver.VIEWPORT)
        opened = context.new_page()
        opened.goto(address)
        yield opened
        context.close()


def open_submission(page, student):
    """Go the way of the guide: the set, its notebook, the submission."""
    address = page.url.split("/formgrader")[0]
    page.goto(f"{address}/formgrader/gradebook")
    page.get_by_role("link", name=SET).click()
    page.get_by_role("link", name=SET).last.click()
    page.wait_for_selector("text=Submission #1")  # else the button has no names to show yet
    page.get_by_role("button", name="Show All Names").click()
    page.get_by_role("link", name=f"{student.title()}son, {student.title()}").click()
    page.wait_for_selector("text=Student's answer")


def test_the_class_and_its_sets_are_there(page, screenshots):
    page.wait_for_selector(f"text={SET}")
    page.screenshot(path=screenshots / "formgrader.png")
    page.get_by_role("link", name="Manage Students").click()
    page.wait_for_selector("text=Annason, Anna")
    assert page.locator("tbody tr:has-text('son, ')").count() == 4


def test_the_answer_its_verdict_and_its_points_stand_together(page, screenshots):
    open_submission(page, "bob")
    page.screenshot(path=screenshots / "submission.png", full_page=True)
    text = page.inner_text("body")
    assert "Correct · log_cosh" in text and "3 of 3 points" in text
    assert "Not attempted yet · d_mish" in text and "0 of 4 points" in text
    assert "np.logaddexp" in text or "def log_cosh" in text
    open_submission(page, "dan")
    assert "This notebook could not be graded" in page.inner_text("body")


def test_a_mark_entered_in_the_browser_survives_a_regrade(course, page, screenshots):
    from assignments import export

    def anna():
        return next(r for r in export.results(course) if r.student.id == "anna")

    assert (anna().status, anna().total) == ("waits for manual marks", None)
    open_submission(page, "anna")
    points = page.locator("input.score").last
    points.fill("2.5")
    comment = page.locator("textarea").last
    comment.fill("Nicely put.")
    with page.expect_response(lambda r: "/api/" in r.url and r.request.method == "PUT"):
        comment.blur()
    points.focus()
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        points.fill("3.5")
        points.blur()
    page.screenshot(path=screenshots / "marked.png", full_page=True)
    assert (anna().status, anna().total) == ("complete", anna().possible - 0.5)
    course.run("grade", SET, "--again")
    assert (anna().status, anna().total) == ("complete", anna().possible - 0.5)
    open_submission(page, "anna")
    page.wait_for_function("() => [...document.querySelectorAll('input.score')].at(-1).value === '3.5'")
    assert page.locator("textarea").last.input_value() == "Nicely put."
