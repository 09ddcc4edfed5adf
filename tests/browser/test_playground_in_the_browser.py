"""The playground as a learner has it: it plays, pauses, steps, takes changes, and waits when nobody looks."""

import time

import nbformat
import pytest

from .driver import Notebook, jupyter_lab

pytestmark = pytest.mark.browser

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
FIGURE = "from course_lib import explore\nfigure = explore.playground(lr=0.3)\nfigure"
FAR = "from IPython.display import HTML\nHTML('<div id=\"far\" style=\"height: 3000px\">far below</div>')"


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    file = tmp_path_factory.mktemp("playground") / "playground.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (FIGURE, FAR)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), file)
    with jupyter_lab([file]) as address:
        notebook = Notebook(browser, address(file.name))
        notebook.run_all()
        assert not notebook.complaints()
        yield notebook
        notebook.close()


@pytest.fixture
def figure(page):
    (explorer,) = page.explorers()
    pause(page, explorer)
    page.execute("figure.restart()")
    explorer.root.scroll_into_view_if_needed()
    page.wait_until_quiet()
    return explorer


def press(figure, label):
    figure.control(label).press("Space")


def pause(page, figure):
    if page.execute("", "figure.playing") == "True":
        press(figure, "❚❚ pause")


def steps(page):
    """How many steps were taken; to ask for it, a cell has to get its turn."""
    return int(page.execute("", "figure.session.steps"))


def grows(page, start, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if steps(page) > start:
            return True
        time.sleep(0.1)
    return False


def test_it_plays_draws_and_pauses(page, figure):
    before, pictures = figure.seen(), int(page.execute("", "figure._pictures"))
    press(figure, "▶ play")
    assert figure.wait_for_change(before) and grows(page, 100)
    seen = {figure.seen() for _ in range(12)}
    assert len(seen) > 3, "the page shows too few of the pictures"
    pause(page, figure)
    page.wait_until_quiet()
    stopped = steps(page)
    assert int(page.execute("", "figure._pictures")) > pictures + 3
    assert f"steps={stopped}" in figure.call() and f"step {stopped}," in figure.words()
    assert page.execute("", "figure._acknowledged > 0") == "True", "the page never said that it saw a picture"
    time.sleep(1)
    assert steps(page) == stopped and figure.error() == ""


def test_one_step_one_epoch_restart(page, figure):
    for label, count in (("1 step", 1), ("1 step", 2), ("1 epoch", 15), ("↺ restart", 0)):
        before = figure.seen()
        press(figure, label)
        assert figure.wait_for_change(before)
        page.wait_until_quiet()
        assert steps(page) == count


def test_a_setting_changed_while_it_plays_counts_from_then_on(page, figure):
    press(figure, "▶ play")
    assert grows(page, 50)
    figure.control("learning rate").press("ArrowRight")
    assert grows(page, steps(page))
    assert page.execute("", "figure.playing") == "True"
    pause(page, figure)
    page.wait_until_quiet()
    assert "changes={" in figure.call() and "lr" in figure.call().split("changes=")[1]
    call = figure.call()
    again = f"({call}).session.training.params.vector"
    assert page.execute("", f"bool(({again} == figure.session.training.params.vector).all())") == "True"


def test_it_waits_out_of_sight_and_goes_on_in_sight(page, figure):
    press(figure, "▶ play")
    assert grows(page, 20)
    page.page.locator("#far").evaluate("e => e.scrollIntoView({block: 'end'})")
    time.sleep(1.5)
    waiting = steps(page)
    time.sleep(1.5)
    assert steps(page) == waiting and page.execute("", "figure.playing") == "True"
    figure.root.evaluate("e => e.scrollIntoView()")
    assert grows(page, waiting)
    pause(page, figure)


def test_a_cell_gets_its_turn_at_once_and_holds_the_training_up(page, figure):
    press(figure, "▶ play")
    assert grows(page, 20)
    page.execute("import time\nfirst = figure.session.steps\ntime.sleep(1)\nlast = figure.session.steps")
    assert page.execute("", "last - first") == "0"
    start = time.monotonic()
    for _ in range(5):
        steps(page)
    assert (time.monotonic() - start) / 5 < 1.5
    assert grows(page, steps(page))
    pause(page, figure)


def test_every_group_of_controls_is_in_its_tab_and_fits(page, figure, screenshots):
    tabs = figure.root.locator(".lm-TabBar-tab").all()
    assert len(tabs) == 6
    for i, tab in enumerate(tabs):
        tab.click()
        page.wait_until_quiet()
        for control in figure.controls():
            if control.label not in ("▶ play", "1 step", "1 epoch", "↺ restart", "+", "−"):
                control.nudge()
                page.wait_until_quiet()
                assert figure.error() == "", control.label
        figure.screenshot(screenshots / f"playground-tab-{i}.png")
        assert figure.cut_off() == []
    assert page.console_errors == []
