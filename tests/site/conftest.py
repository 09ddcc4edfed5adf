"""The site, built once from the stored notebooks, and a browser to look at it."""

import contextlib
import functools
import http.server
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

spec = importlib.util.spec_from_file_location("browser_driver", ROOT / "tests" / "browser" / "driver.py")
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder with the pages. COURSE_SITE names one that is built already, for those who work on the tests."""
    if os.environ.get("COURSE_SITE"):
        return Path(os.environ["COURSE_SITE"])
    into = tmp_path_factory.mktemp("site")
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "website.py", "--into", into], capture_output=True, text=True, cwd=into
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return into / "html"


@pytest.fixture(scope="session")
def address(site):
    """The site as a browser meets it."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


# Scope "module": Playwright keeps an event loop running, which no other test should meet.
@pytest.fixture(scope="module")
def browser():
    reason = driver.why_no_browser()
    if reason and os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
        pytest.fail(f"COURSE_REQUIRE_BROWSER=1, but {reason}")
    if reason:
        pytest.skip(reason)
    with driver.chromium() as browser:
        yield browser


VIEWS = {
    "desktop, light": dict(viewport={"width": 1280, "height": 900}, color_scheme="light"),
    "phone, dark": dict(
        viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True, is_mobile=True
    ),
}


class Page:
    """A page of the site in the browser; what it asks of other machines is refused and written down."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.foreign, self.complaints = [], []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route(lambda url: not url.startswith((address, "data:", "blob:")), self.refuse)

    def refuse(self, route):
        self.foreign.append(route.request.url)
        route.abort()

    def open(self, name):
        """Open a page and wait until its formulas are set and its pictures are there."""
        self.foreign.clear()
        self.complaints.clear()
        self.page.goto(f"{self.address}/{name}")
        self.page.evaluate(
            """async () => {
                for (const picture of document.images) picture.loading = "eager";
                await Promise.all([...document.images].map((picture) => picture.decode().catch(() => 0)));
                if (window.MathJax) await MathJax.startup.promise;
            }"""
        )


@contextlib.contextmanager
def opened(browser, address, view):
    context = browser.new_context(**VIEWS[view])
    try:
        yield Page(context.new_page(), address)
    finally:
        context.close()


@pytest.fixture(scope="module", params=VIEWS)
def view(request, browser, address):
    with opened(browser, address, request.param) as page:
        yield page
