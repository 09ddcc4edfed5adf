"""Every lesson as a learner meets it: opened in JupyterLab, run, worked by keyboard, looked at."""

import json

import pytest

pytestmark = pytest.mark.browser


def stored_figures(path):
    """How many of the notebook's stored outputs have a picture."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_stored_pictures_are_visible_before_anything_ran(lesson):
    assert len(lesson.stored) == stored_figures(lesson.path)
    assert all(width > 100 and height > 50 for width, height in lesson.stored), lesson.stored


def test_run_all_succeeds(lesson):
    assert lesson.complaints("error") == []
    assert lesson.page.evaluate("() => course.ran")


def test_every_live_figure_appears(lesson):
    missing = lesson.page.locator(".jupyter-widgets-error-widget")
    assert missing.count() == 0, lesson.console_errors
    if "explore." in lesson.path.read_text("utf-8"):
        assert lesson.explorers()
    for explorer in lesson.explorers():
        widths = [picture["natural"] for picture in explorer.pictures()]
        assert widths and min(widths) > 1, f"{explorer} lacks a picture: {widths}"


def test_pictures_are_sharp_and_described(lesson):
    for explorer in lesson.explorers():
        for picture in explorer.pictures():
            sharp = picture["natural"] >= 2 * picture["shown"] - 1
            assert sharp, f"{explorer} is blurred: {picture}"
            assert picture["inside"], f"{explorer} is wider than its cell: {picture}"
            assert picture["text"], f"{explorer} has a picture without alt text or title"


def test_every_control_moves_its_figure_by_keyboard(lesson):
    stuck = []
    for explorer in lesson.explorers():
        for control in explorer.each_control():
            seen, value = explorer.seen(), control.value()
            control.nudge()
            if not explorer.wait_for_change(seen):
                stuck.append(f"{explorer}, {control.label}: {value} → {control.value()}")
            if control.kind == "toggle":
                control.nudge()  # of several one has to stay down
            if "cl-playing" in explorer.root.get_attribute("class"):
                control.press("Space")  # it would never come to rest
            lesson.wait_until_quiet()
            assert explorer.error() == "", f"{explorer}, {control.label}"
    assert stuck == []


def test_hurried_moves_end_where_the_controls_stand(lesson):
    """JupyterLab may serve widgets from two threads at once; what was overtaken leaves no trace."""
    for explorer in lesson.explorers():
        for place in ("first", "last", "middle"):
            explorer.go(place)
        lesson.wait_until_quiet()
        hurried, call = explorer.seen(), explorer.call()
        first = next(control for control in explorer.controls() if control.ordered)
        for place in ("first", "middle"):
            first.go(place)
            lesson.wait_until_quiet()
        assert explorer.call() == call
        assert explorer.seen() == hurried, f"{call} looks different when it is reached at leisure"


def test_nothing_is_cut_off_at_three_settings(lesson, screenshots):
    for number, explorer in enumerate(lesson.explorers()):
        for state in ("first", "middle", "last"):
            explorer.go(state)
            explorer.screenshot(screenshots / f"{lesson.path.stem}-{number}-{state}.png")
            assert explorer.cut_off() == [], f"{explorer}, {state} settings: {explorer.call()}"
            assert explorer.error() == ""


def test_the_console_stays_free_of_errors(lesson):
    assert lesson.console_errors == []


def test_no_request_leaves_this_machine(lesson):
    assert lesson.strangers == []
