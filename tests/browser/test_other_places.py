"""The lessons in other places than JupyterLab: Jupyter Notebook 7, and as pages on screen and on paper."""

import pytest
from notebook_promise import tool

from .conftest import LESSONS
from .driver import Notebook, jupyter_lab

pytestmark = pytest.mark.browser

PAPER = 720  # pixels of text on A4, at 96 an inch, with the margins that browsers leave


# ------------------------------------------------------------------------------ Jupyter Notebook 7


@pytest.fixture(scope="module")
def lesson(browser):
    """A lesson open in Jupyter Notebook 7, after Run All."""
    with jupyter_lab(LESSONS[:1], program="notebook") as address:
        notebook = Notebook(browser, address(LESSONS[0].name))
        notebook.stored = notebook.stored_pictures()
        notebook.run_all()
        yield notebook
        notebook.close()


def test_it_is_jupyter_notebook_7(lesson):
    name, version = lesson.page.evaluate("() => [jupyterapp.name, jupyterapp.version]")
    assert name == "Jupyter Notebook" and version.startswith("7.")


def test_stored_pictures_are_there_before_anything_ran(lesson):
    assert lesson.stored and all(width > 100 and height > 50 for width, height in lesson.stored)


def test_a_slider_moves_its_live_figure(lesson):
    assert lesson.complaints("error") == []
    assert lesson.page.locator(".jupyter-widgets-error-widget").count() == 0
    (explorer,) = lesson.explorers()
    slider = explorer.control("learning rate")
    seen, call, value = explorer.seen(), explorer.call(), slider.value()
    # By the mouse: in a notebook's command mode Notebook 7 keeps the arrow keys to itself.
    track = slider.root.locator(".noUi-target")
    track.click(position={"x": 0.2 * track.bounding_box()["width"], "y": 2})
    assert explorer.wait_for_change(seen)
    lesson.wait_until_quiet()
    assert slider.value() != value and explorer.call() != call and explorer.error() == ""
    assert all(picture["natural"] > 1 and picture["text"] for picture in explorer.pictures())


# ----------------------------------------------------------------------------- on screen, on paper


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def page(request, browser, tmp_path_factory):
    """A lesson as a page, opened from the disk; `asked` is what it asked of the network, which is not there."""
    file = tmp_path_factory.mktemp("page") / "lesson.html"
    file.write_text(tool.html(request.param.read_text("utf-8")), "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(file.as_uri())
    yield page
    context.close()


def test_as_a_page_all_but_the_formulas_is_there_without_a_network(page):
    assert {url.split("/")[2] for url in page.asked if url.startswith("http")} <= {"cdnjs.cloudflare.com"}
    widths = page.evaluate("() => [...document.images].map(i => i.complete && i.naturalWidth)")
    assert widths and min(widths) > 100
    assert page.locator(".jupyter-widgets, .jp-mod-error").count() == 0


def test_on_paper_nothing_is_wider_than_the_sheet(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    wide = page.evaluate(
        """width => [...document.querySelectorAll("img, table, pre, .jp-RenderedHTMLCommon")]
            .filter((part) => part.getBoundingClientRect().right > width || part.scrollWidth > part.clientWidth + 1)
            .map((part) => [part.tagName, part.innerText.slice(0, 60)])""",
        PAPER,
    )
    assert wide == []


def test_it_can_be_printed(browser, tmp_path):
    file = tmp_path / "lesson.html"
    file.write_text(tool.html(LESSONS[6].read_text("utf-8")), "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    pdf = page.pdf(format="A4")
    context.close()
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Subtype /Image") >= 3
