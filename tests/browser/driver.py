"""A real JupyterLab in a real browser, in a learner's words: open, run all, move a control, look.

Both the browser tests and the benchmark stand on this file. Nothing of the reader's is touched:
JupyterLab runs on a copy of the notebooks, and keeps settings, workspaces and kernels' files in a
temporary folder.
"""

import contextlib
import functools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1280, "height": 900}
SECOND = 1000  # Playwright counts in milliseconds

# JupyterLab's settings, by the extension they belong to.
SETTINGS = {
    # By default cells out of view are not rendered, so a page could not be looked at as a whole.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


# ------------------------------------------------------------------------------ JupyterLab


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home):
    """Variables that keep JupyterLab's files in `home`, and course_lib in reach, on one thread."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("JUPYTER")}
    folders = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
    }
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    path = [str(ROOT / "tests" / "offline"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    # Tests draw without a window (MPLBACKEND=Agg); in a notebook the kernel chooses the backend.
    inherited.pop("MPLBACKEND", None)
    return {
        **inherited,
        **{name: str(folder) for name, folder in folders.items()},
        **dict.fromkeys(threads, "1"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "PYTHONUNBUFFERED": "1",
        "COURSE_OFFLINE": str(home / "asked.txt"),
    }


@contextlib.contextmanager
def jupyter_lab(notebooks, program="jupyterlab"):
    """Serve a copy of these notebook files; yields function(name) -> the address to open.

    The program may also be "notebook": Jupyter Notebook 7.

    Server and kernels are off the network; AssertionError at the end if anything asked for it.
    """
    with tempfile.TemporaryDirectory(prefix="course-lab-", ignore_cleanup_errors=True) as home:
        home = Path(home)
        work = home / "course" / "notebooks"
        work.mkdir(parents=True)
        for notebook in notebooks:
            shutil.copy(notebook, work)
        for name, settings in SETTINGS.items():
            file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))
        port, token = free_port(), secrets.token_hex(16)
        options = [
            f"--ServerApp.root_dir={work.parent}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={token}",
            "--ServerApp.open_browser=False",
            "--ServerApp.log_level=WARN",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")
        log = home / "lab.log"
        with log.open("w") as stream:
            server = subprocess.Popen(
                [sys.executable, "-m", program, *options],
                cwd=work.parent,
                env=environment(home),
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        base = f"http://127.0.0.1:{port}"
        try:
            wait_for_server(f"{base}/api/status?token={token}", server, log)
            # A workspace of its own for each page: otherwise each would reopen the others' tabs.
            def address(name):
                page = "notebooks" if program == "notebook" else f"lab/workspaces/{secrets.token_hex(4)}/tree"
                return f"{base}/{page}/notebooks/{name}?token={token}"

            yield address
        finally:
            server.terminate()  # it ends its kernels on the way out
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        asked = home / "asked.txt"
        assert not asked.exists(), f"asked for the network:\n{asked.read_text()}"


def wait_for_server(address, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended at once:\n{log.read_text()}")
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not answer within {seconds} s:\n{log.read_text()}")


# --------------------------------------------------------------------------------- browser


def find_browser():
    """The path of an installed Chromium-like browser, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "msedge")
    return next(filter(None, map(shutil.which, names)), None)


def why_no_browser():
    """Why the browser tests cannot run here, in a sentence, or None when they can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    if find_browser() is None:
        return "no Chromium, Chrome or Edge was found on this machine"
    return None


OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"  # this machine, and no other


@contextlib.contextmanager
def chromium():
    from playwright.sync_api import sync_playwright

    flags = (
        "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
        "disable-component-update disable-sync"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            headless=True,
            args=[f"--{flag}" for flag in flags.split()] + [OFFLINE],
        )
        try:
            yield browser
        finally:
            browser.close()


# ---------------------------------------------------------------------------- what is seen


class Notebook:
    """One notebook open in JupyterLab."""

    def __init__(self, browser, address, scale=1, scripts=()):
        self.context = browser.new_context(viewport=VIEWPORT, device_scale_factor=scale)
        for script in (Path(__file__).with_name("page.js"), *scripts):
            self.context.add_init_script(path=script)
        self.strangers = []  # addresses on other machines that the page asked for
        self.context.on("request", lambda request: self._asked(request.url))
        self.page = self.context.new_page()
        self.page.on("websocket", lambda socket: self._asked(socket.url))
        self.console_errors = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.goto(address)
        self.wait("course.panel() !== null", 60)
        self.page.evaluate("async () => { const p = course.panel(); await p.revealed; }")
        self.wait("course.kernel()?.status === 'idle'", 60)

    @functools.cached_property
    def kernel(self):
        return psutil.Process(int(self.execute("", "__import__('os').getpid()")))

    def _note(self, message):
        if message.type == "error":
            self.console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, url):
        host = urllib.parse.urlsplit(url).hostname  # none: data and the like, which are in the page
        if host not in (None, "127.0.0.1"):
            self.strangers.append(url)

    def close(self):
        self.page.evaluate("() => course.panel().sessionContext.shutdown()")
        self.context.close()

    def wait(self, condition, seconds):
        self.page.wait_for_function(f"() => {condition}", timeout=seconds * SECOND)

    def stored_pictures(self):
        """Of each picture among the outputs: (width, height) as shown; (0, 0) if it is not."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll(".jp-Cell-outputArea img")].map((picture) =>
                picture.naturalWidth ? [picture.clientWidth, picture.clientHeight] : [0, 0])"""
        )

    def run_all(self, seconds=180):
        """Run All, as from the menu; wait until the last cell is done and every picture stands."""
        self.page.evaluate("() => course.runAll()")
        self.wait("course.ran !== null", seconds)
        self.wait_until_quiet()

    def execute(self, code, expression="None"):
        """Run code in the notebook's kernel; returns the value of an expression, as text."""
        return self.page.evaluate("words => course.execute(...words)", [code, expression])

    def wait_until_quiet(self, rest=0.4, seconds=60):
        """Wait until no picture comes any more and the kernel rests.

        Whether it rests its processor time tells: a picture that comes later is computed while the
        kernel calls itself idle, and JupyterLab runs widgets in a thread beside that of the cells.
        """

        def state():
            pictures = self.page.evaluate("() => course.state(document)")
            return pictures, sum(self.kernel.cpu_times()[:2])

        end = time.monotonic() + seconds
        seen, worked = state()
        while time.monotonic() < end:
            time.sleep(rest)
            (seen_before, worked_before), (seen, worked) = (seen, worked), state()
            if seen is not None and seen == seen_before and worked - worked_before < 0.1 * rest:
                return
        raise AssertionError(f"the notebook did not come to rest within {seconds} s")

    def complaints(self, kind="error"):
        return [c for c in self.page.evaluate("() => course.complaints()") if c[1] == kind]

    def explorers(self):
        """The live figures, from top to bottom."""
        return [
            Explorer(self, root)
            for root in self.page.locator(".cl-explorer").all()
            if not root.evaluate("root => root.parentElement.closest('.cl-explorer') !== null")
        ]


class Explorer:
    """A live figure: controls, pictures, words, and the call that brings it back."""

    def __init__(self, notebook, root):
        self.notebook, self.page, self.root = notebook, notebook.page, root

    def __str__(self):
        return (self.call() or "live figure").split("(")[0]

    def controls(self):
        kinds = ".widget-inline-hbox, .widget-checkbox, .widget-toggle-button, .widget-button"
        visible = [root for root in self.root.locator(kinds).all() if root.is_visible()]
        return [c for c in (Control(self.page, root) for root in visible) if c.kind]

    def each_control(self):
        """The controls in turn; where one may replace those after it, asked for anew each time."""
        if not self.root.locator(".cl-other").count():
            yield from self.controls()
            return
        i = 0
        while i < len(controls := self.controls()):
            yield controls[i]
            if controls[i].kind == "menu":
                self.notebook.wait_until_quiet()
            i += 1

    def go(self, where):
        """Move every control to its "first", "middle" or "last" value."""
        for control in self.each_control():
            control.go(where)

    def control(self, label):
        found = {control.label: control for control in self.controls()}
        assert label in found, f"no control {label!r} among {list(found)}"
        return found[label]

    def call(self):
        return self._text(".cl-call")

    def words(self):
        return self._text(".cl-words")

    def error(self):
        return self._text(".cl-error")

    def _text(self, where):
        texts = [e.inner_text() for e in self.root.locator(where).all() if e.is_visible()]
        return "\n".join(texts).strip()

    def pictures(self):
        """What is known of each picture: sizes in pixels, its text for those who do not see it."""
        return self.root.evaluate(
            """root => course.pictures(root).map((picture) => {
                const box = picture.getBoundingClientRect();
                const cell = picture.closest(".jp-OutputArea-output").getBoundingClientRect();
                return {
                    natural: picture.naturalWidth,
                    shown: box.width,
                    text: picture.alt || picture.closest(".cl-explorer [title]")?.title || "",
                    inside: box.left >= cell.left - 0.5 && box.right <= cell.right + 0.5,
                };
            })"""
        )

    def cut_off(self):
        """Parts that do not fit their place, as (which, text)."""
        return self.root.evaluate("root => course.cutOff(root)")

    def seen(self):
        return self.root.evaluate("root => course.seen(root)")

    def wait_for_change(self, before, seconds=10):
        """Wait until what is seen differs from `before`; says whether it came to that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.seen() != before:
                return True
            time.sleep(0.05)
        return False

    def screenshot(self, path):
        self.notebook.wait_until_quiet()
        self.root.scroll_into_view_if_needed()
        self.root.screenshot(path=path)


LEAP = 5  # steps of a slider at a press of Page Up


class Control:
    """A slider, menu, checkbox or button, worked by keyboard alone."""

    # The part that takes the keys; what it says; keys that move it forward, back, to the first, to
    # the last. JupyterLab keeps the arrow keys of a closed menu for itself, so a menu is opened.
    KINDS = {
        "slider": (
            ".noUi-handle",
            "e => e.ariaValueText",
            ("ArrowRight", "ArrowLeft", "Home", "End"),
        ),
        "menu": (
            "select",
            "e => e.value",
            ("Space ArrowDown Enter", "Space ArrowUp Enter", "Space Home Enter", "Space End Enter"),
        ),
        "checkbox": ("input[type=checkbox]", "e => e.checked", ("Space",)),
        "choice": ("input[type=radio]:not(:checked)", "e => e.value", ("Space",)),
        "toggles": ("button:not(.mod-active)", "e => e.innerText", ("Space",)),
        "toggle": ("xpath=self::button[contains(@class, 'widget-toggle-button')]", "e => e.ariaPressed", ("Space",)),
        "number": ("input[type=number]", "e => e.value", ("ArrowUp", "ArrowDown")),
        "button": ("xpath=self::button", "e => 0", ("Space",)),
    }

    def __init__(self, page, root):
        self.page, self.root = page, root
        label = root.locator(".widget-label").first
        self.label = (label if label.count() else root).inner_text().strip()
        self.kind = next((k for k, v in self.KINDS.items() if root.locator(v[0]).count()), None)
        if self.kind:
            where, self._value, self.keys = self.KINDS[self.kind]
            self.part = root.locator(where).first

    @property
    def ordered(self):
        """Whether its values have an order, with a first and a last."""
        return len(self.keys) == 4

    def value(self):
        return self.part.evaluate(self._value)

    def press(self, keys):
        self.part.focus()
        for key in keys.split():
            self.page.keyboard.press(key)

    def nudge(self):
        """Move it by one step, backwards if it stands at its end."""
        before = self.value()
        for keys in self.keys[:2]:
            self.press(keys)
            if self.value() != before:
                return

    def go(self, where):
        """Move it to its "first", "middle" or "last" value, if it has an order."""
        if self.ordered:
            forward, _, first, last = self.keys
            self.press(last if where == "last" else first)
            if where == "middle":
                leaps, steps = divmod(self.values() // 2, LEAP if self.kind == "slider" else sys.maxsize)
                for key in ["PageUp"] * leaps + [forward] * steps:
                    self.press(key)

    def values(self):
        """How many values a slider or a menu has."""
        if self.kind == "menu":
            return self.part.locator("option").count()
        return self.part.evaluate(
            """handle => {
                const { range, step } = handle.closest(".noUi-target").noUiSlider.options;
                return Math.round((range.max - range.min) / step) + 1;
            }"""
        )
