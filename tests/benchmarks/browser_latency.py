"""From key press to new pixels in a real browser: the live figures, and other ways to build one."""

import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import numpy as np
from measure import Row

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from browser.driver import (  # noqa: E402
    Explorer,
    Notebook,
    chromium,
    jupyter_lab,
    why_no_browser,
)

# Every live figure, one line each: the call, the label of a control, pictures that a move brings.
# `python run.py figures` measures them all, so this is the place to add a new one.
FIGURES = (
    ("explore.neuron()", "weight w₁", 1),
    ("explore.layers()", "units per layer", 1),
    ("explore.scaling()", "learning rate", 1),
    ("explore.first_network()", "updates so far", 1),
    ("explore.activation_lab()", "input mean", 2),
    ("explore.hidden_units(lr=0.1)", "learning rate", 2),
    ("explore.rounding()", "input z", 1),
    ("explore.learning_rate(lr=0.01)", "learning rate", 2),
    ("explore.learning_rate()", "activation", 2),
    ("explore.batch_sizes()", "learning rate", 2),
    ("explore.descent()", "gradient noise", 2),
    ("explore.regimes()", "learning rate", 1),
    ("explore.rate_finder()", "activation", 2),
    ("explore.schedules()", "schedule", 2),
    ("explore.outlier()", "height (hundred €)", 1),
    ("explore.loss_curves()", "output z", 1),
    ("explore.wrong_start()", "learning rate", 1),
    ("explore.stability()", "logit z", 1),
    ("explore.backprop()", "W¹₁₁", 1),
    ("explore.graph_steps()", "steps back", 1),
    ("explore.gradient_check()", "step h", 1),
    ("explore.symmetry()", "learning rate", 1),
    ("explore.initialization()", "activation", 2),
    ("explore.penalties()", "strength λ", 1),
    ("explore.penalty_paths()", "strength λ", 1),
    ("explore.dropout()", "step", 1),
    ("explore.early_stopping()", "patience", 1),
    ("explore.playground()", "seed", 3),
    ("explore.two_runs()", "learning rate", 1),
    ("explore.race()", "learning rate", 2),
    ("explore.network_race()", "learning rate", 2),
    ("explore.damping()", "momentum β", 1),
    ("explore.inside_adam()", "learning rate", 1),
    ("explore.depth()", "hidden layers", 2),
    ("explore.dying_relu()", "learning rate", 2),
    ("explore.model_size()", "noise", 2),
    ("explore.open_test_set()", "learning rate", 1),
    ("explore.threshold()", "threshold", 1),
    ("explore.clipping()", "limit", 1),
    ("explore.cliff()", "learning rate", 1),
    ("explore.clipped_network()", "learning rate", 2),
    ("explore.transfer()", "learning rate", 2),
    ("explore.tuner()", "learning rate", 1),
    ("explore.samplers()", "trials", 2),
    ("explore.normalization()", "shift z by", 2),
    ("explore.normalized_training()", "learning rate", 2),
)

# The figure that was promised to be fast, and the same built otherwise: the call, its place in
# the page, pictures that a move brings.
START = 0.01  # the presses lead up to a rate of 2.5: a network that learns, at every one of them
RACE = {
    "live": (f"explore.learning_rate(lr={START})", ".cl-explorer", 2),
    "interact": (f"rivals.interact({START})", ".rival-interact", 1),
    "ipympl": (f"rivals.ipympl({START})", ".rival-ipympl", 1),
    "floor": (f"rivals.floor({START})", ".rival-floor", 1),
}
# What a move may take, in units of the floor: 60 ms and 100 ms where the floor takes 23 ms.
QUICK, DEEP = 2.6, 4.3
DEEP_FIGURES = ("explore.normalized_training()",)  # three runs of deep networks, two of them normalized
ROUNDS, PRESSES = 8, 5  # 40 measured presses each, and one unmeasured press in each round
DRAG_SECONDS, DRAGS = 3, 3


@contextmanager
def notebook_with(calls):
    """A notebook, run in JupyterLab, with one of these calls in each cell."""
    setup = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
import rivals
from course_lib import explore
"""
    cells = [nbformat.v4.new_code_cell(source) for source in (setup, *calls)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "benchmark.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
        with jupyter_lab([file]) as address, chromium() as browser:
            notebook = Notebook(browser, address(file.name), scripts=[HERE / "probe.js"])
            notebook.run_all()
            assert not notebook.complaints(), notebook.complaints()
            yield notebook
            notebook.close()


class Contestant:
    """One figure with one slider, and how long its pictures took."""

    def __init__(self, notebook, root, label, pictures):
        self.notebook, self.page, self.pictures = notebook, notebook.page, pictures
        self.figure = Explorer(notebook, root)
        self.control = self.figure.control(label)
        self.first, self.last = [], []  # milliseconds to the first picture, and to the last

    def ready(self):
        """In view, nothing cached, nothing under way, and the stopwatch on this figure."""
        self.notebook.execute("rivals.forget()")
        self.figure.root.evaluate("root => root.scrollIntoView({block: 'center'})")
        self.control.part.focus()
        self.notebook.wait_until_quiet()
        self.figure.root.evaluate("root => probe.watch(root)")

    def steps(self):
        """How many values the slider has below the present one, and above."""
        return self.control.part.evaluate(
            """handle => {
                const slider = handle.closest(".noUi-target").noUiSlider;
                const { range, step } = slider.options, now = Number(slider.get());
                return [Math.round((now - range.min) / step), Math.round((range.max - now) / step)];
            }"""
        )

    def press(self, key):
        """Milliseconds from one key press to its first and its last picture."""
        self.figure.root.evaluate("root => probe.watch(root)")
        self.page.keyboard.press(key)
        times = self.page.evaluate("pictures => probe.stop(pictures)", self.pictures)
        # A value may leave one of several pictures as it was; then only the others are sent.
        assert times, f"no picture came after {key} on {self.control.value()}"
        return times[0], times[-1]

    def block(self, presses):
        """One unmeasured press, then these, all one way: a value seen twice would be cached."""
        self.ready()
        below, above = self.steps()
        presses = min(presses, (below + above) // 2 - 1)
        key = "ArrowRight" if above > presses else "ArrowLeft"
        self.press(key)
        for _ in range(presses):
            first, last = self.press(key)
            self.first.append(first)
            self.last.append(last)

    def drag(self):
        """Pictures per second during a drag, and milliseconds from its end to the last picture."""
        self.control.go("first")
        self.ready()
        seen = self.control.part.evaluate(
            "(handle, duration) => probe.drag(handle, duration)", 1000 * DRAG_SECONDS
        )
        # Of a figure with several pictures the first counts; the others wait for the end by design.
        which = min((w for w, _ in seen["shown"]), default=0)
        times = [when for w, when in seen["shown"] if w == which]
        during = [when for when in times if when <= seen["release"]]
        lag = max([0, *(when - seen["release"] for when in times)])
        return len(during) / DRAG_SECONDS, lag


def race(rounds=ROUNDS, drags=DRAGS):
    """The rows for the figure that was promised to be fast, beside its rivals."""
    if reason := why_no_browser():
        return [Row(f"not measured: {reason}", float("nan"), "ms")]
    rows = []
    with notebook_with(call for call, _, _ in RACE.values()) as notebook:
        racers = {
            name: Contestant(notebook, notebook.page.locator(root).first, "learning rate", pictures)
            for name, (_, root, pictures) in RACE.items()
        }
        for _ in range(rounds):
            for racer in racers.values():
                racer.block(PRESSES)
        dragged = {name: [] for name in racers if name != "floor"}
        for _ in range(drags):
            for name in dragged:
                dragged[name].append(racers[name].drag())

    live = np.median(racers["live"].first)
    for name, racer in racers.items():
        is_live = name == "live"
        middle, high = np.percentile(racer.first, [50, 95])
        what = f"key press to new pixels, {name}"
        count = f"of {len(racer.first)} presses"
        rows.append(Row(f"{what}: median", middle, "ms", ("<=", 50) if is_live else None, count))
        rows.append(Row(f"{what}: 95 %", high, "ms", ("<=", 100) if is_live else None))
        if is_live:
            second = np.median(racer.last)
            rows.append(Row(f"{what}: second picture, median", second, "ms", ("<=", 150)))
        else:
            goal = (">=", 3.5) if name == "interact" else None
            rows.append(Row(f"    {name} / live", middle / live, "×", goal))
    for name, results in dragged.items():
        is_live = name == "live"
        rate, lag = np.median(results, axis=0)
        what = f"drag of {DRAG_SECONDS} s, {name}"
        rows.append(Row(f"{what}: pictures", rate, "/s", (">=", 12) if is_live else None))
        rows.append(Row(f"{what}: settles after", lag, "ms", ("<=", 150) if is_live else None))
    return rows


def playing(duration=5):
    """Pictures a second of the playground while it trains."""
    if reason := why_no_browser():
        return [Row(f"not measured: {reason}", float("nan"), "ms")]
    floor, root, one = RACE["floor"]
    with notebook_with([floor, "explore.playground()"]) as notebook:
        base = Contestant(notebook, notebook.page.locator(root), "learning rate", one)
        base.block(PRESSES)
        (figure,) = notebook.explorers()
        figure.root.evaluate("root => root.scrollIntoView()")
        figure.control("▶ play").press("Space")
        figure.root.evaluate("root => probe.watch(root)")
        time.sleep(duration)
        seen = notebook.page.evaluate("() => probe.shown")
        figure.control("❚❚ pause").press("Space")
    times = [when for which, when in seen if which == 0]
    middle = (times[-1] - times[0]) / (len(times) - 1)
    note = f"{1000 / middle:.1f} pictures a second"
    goal = ("<=", 2.1)  # 20 pictures a second where the floor takes 23 ms
    return [Row("the playground while it plays: a picture", middle / np.median(base.first), "× floor", goal, note)]


def figures(rounds=4):
    """The median for every live figure of the course, each against the floor of the same page."""
    if reason := why_no_browser():
        return [Row(f"not measured: {reason}", float("nan"), "ms")]
    rows = []
    floor, root, one = RACE["floor"]
    with notebook_with([floor, *(call for call, _, _ in FIGURES)]) as notebook:
        base = Contestant(notebook, notebook.page.locator(root), "learning rate", one)
        racers = [
            Contestant(notebook, explorer.root, label, pictures)
            for explorer, (_, label, pictures) in zip(notebook.explorers(), FIGURES, strict=True)
        ]
        for _ in range(rounds):
            for racer in (base, *racers):
                racer.block(PRESSES)
    empty = np.median(base.first)
    rows.append(Row("an Image that only changes: the floor", empty, "ms"))
    for (call, label, pictures), racer in zip(FIGURES, racers, strict=True):
        middle = np.median(racer.first)
        note = f"{middle:.0f} ms, {len(racer.first)} presses"
        if pictures > 1:
            note += f"; last picture after {np.median(racer.last):.0f} ms"
        goal = DEEP if call in DEEP_FIGURES else QUICK
        rows.append(Row(f"{call}, {label}", middle / empty, "× floor", ("<=", goal), note))
    return rows
