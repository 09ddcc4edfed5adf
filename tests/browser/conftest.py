"""JupyterLab and Chromium, started once for all browser tests."""

import os
from pathlib import Path

import pytest

from .driver import ROOT, Notebook, chromium, jupyter_lab, why_no_browser

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


# Scope "package", not "session": Playwright keeps an event loop running, which no other test
# should meet.
@pytest.fixture(scope="package")
def browser():
    reason = why_no_browser()
    if reason and os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
        pytest.fail(f"COURSE_REQUIRE_BROWSER=1, but {reason}")
    if reason:
        pytest.skip(reason)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def lab():
    with jupyter_lab(LESSONS) as address:
        yield address


@pytest.fixture(scope="package")
def screenshots(tmp_path_factory):
    """Where screenshots go: to COURSE_SCREENSHOTS, to be looked at, or to a temporary folder."""
    kept = os.environ.get("COURSE_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="package", params=LESSONS, ids=lambda path: path.stem)
def lesson(request, browser, lab):
    """A notebook as a learner has it after Run All; `stored` is what was seen of it before."""
    scale = float(os.environ.get("COURSE_SCREENSHOT_SCALE", "1"))
    notebook = Notebook(browser, lab(request.param.name), scale)
    notebook.path = request.param
    notebook.stored = notebook.stored_pictures()
    notebook.run_all()
    yield notebook
    notebook.close()
