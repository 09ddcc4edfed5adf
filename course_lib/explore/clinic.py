"""The broken-run clinic: a sick training run, all that can be measured on it, and a healthy run beside it."""

from types import SimpleNamespace

import numpy as np

from ..activations import FLAT
from ..clinic import chart, life
from ..figures import BLUE, BLUE_TO_ORANGE, GREEN, GREY, ORANGE, PINK, SKY, Bands, records
from ..patients import PATIENTS
from .controls import Menu, Switch
from .live import Explorer, Picture

NUMBERS = tuple(range(1, len(PATIENTS) + 1))
BINS = np.linspace(-4, 4, 65)
SIDE = 40
TITLES = {"gradient": "Gradients, start", "moved": "Updates", "signal": "Signal, start"}
LAYERED = {  # name: axis label, limits
    "gradient": ("‖gradient of W‖", (1e-9, 1e11)),
    "moved": ("‖change of W‖ / ‖W‖", (1e-9, 1e5)),
    "signal": ("spread of what it hands on", (1e-3, 1e9)),
}


def runs(patient, compare):
    """The life of a patient, and that of a healthy run of the same task if it is asked for."""
    sick = PATIENTS[patient - 1]
    return SimpleNamespace(sick=life(sick.case), healthy=life(sick.healthy) if compare else None)


def lived(run, of):
    """Numbers of a run over its steps: x and y of a curve."""
    return run.step / run.case.training.steps, of


def inside(values, limits):
    """Values cut to an axis' limits, those of 0 at its lower end."""
    return np.clip(np.nan_to_num(values, posinf=limits[1]), limits[0] * 1.3, limits[1] / 1.3)


def short(number):
    """A number in few characters."""
    if number == 0 or 1e-3 <= abs(number) < 1e4:
        return f"{float(f'{number:.2g}'):g}"  # 290, not 2.9e+02
    return f"{number:.0e}".replace("e+0", "e").replace("e-0", "e-")


class Course(Picture):
    """How it went: cost, share of right guesses, and of which kind the mistakes are."""

    size = (860, 290)
    compute = staticmethod(runs)

    def build(self, figure):
        self.cost, self.right, self.table = figure.subplots(1, 3, width_ratios=(1.25, 1.05, 0.7))
        self.limits = (0.01, 3e4)
        self.cost.set(xlim=(0, 1), yscale="log", ylim=self.limits, xlabel="share of the steps", ylabel="cost")
        self.guessing = self.cost.axhline(np.log(2), color=GREY, lw=1, ls=":", animated=True, label="guessing")
        self.right.set(xlim=(0, 1.08), ylim=(-0.03, 1.03), xlabel="share of the steps", ylabel="right guesses")
        self.right.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        self.right.axhline(0.5, color=GREY, lw=1, ls=":")
        looks = ((GREEN, "-.", "healthy, validation"), (BLUE, "-", "training"), (ORANGE, "--", "validation"))
        self.curves = [
            [axes.plot([], [], color=colour, ls=ls, label=label, animated=True)[0] for colour, ls, label in looks]
            for axes in (self.cost, self.right)
        ]
        legend = dict(handles=[*self.curves[0], self.guessing], loc="upper right", handlelength=2.2, borderaxespad=0.1)
        self.cost.legend(**legend)
        self.burst = self.cost.plot([], [], "X", color=ORANGE, mec="white", ms=9, animated=True)[0]
        self.fresh = self.right.plot([], [], "D", color=PINK, mec="white", ms=8, ls="", animated=True, label="fresh")[0]
        self.right.legend(handles=[self.fresh], loc="lower left", handlelength=1, borderaxespad=0.1)
        self.table.set(xlim=(-0.5, 1.5), ylim=(1.5, -0.5), xlabel="guess, validation", ylabel="true class")
        self.table.set(xticks=(0, 1), yticks=(0, 1))
        self.table.grid(False)
        self.cells = self.table.pcolormesh(
            np.arange(-0.5, 2), np.arange(-0.5, 2), np.zeros((2, 2)), cmap=BLUE_TO_ORANGE, vmin=-1, vmax=1,
            animated=True,
        )  # fmt: skip
        here = [(i, j) for i in (0, 1) for j in (0, 1)]
        self.counts = [self.table.text(j, i, "", size=15, ha="center", va="center", animated=True) for i, j in here]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.cost, self.right, self.table)]

    def show(self, result, settings):
        sick, healthy = result.sick, result.healthy
        for (well, training, validation), values in zip(self.curves, ("cost", "right"), strict=True):
            for line, run, part in ((well, healthy, 1), (training, sick, 0), (validation, sick, 1)):
                x, y = lived(run, getattr(run, values)[part]) if run else ([], [])
                line.set_data(x, inside(y, self.limits) if values == "cost" else y)
        self.guessing.set_ydata([guessing(sick.case)] * 2)
        at = [sick.diverged / sick.case.training.steps] if sick.diverged >= 0 else []
        self.burst.set_data(at, [self.limits[1] / 1.6] * len(at))
        self.fresh.set_data([1.03], [sick.fresh])
        share = sick.matrix / sick.matrix.sum(axis=1, keepdims=True)
        self.cells.set_array(share * [[-1, 1], [1, -1]])  # right: blue, wrong: orange
        for text, count in zip(self.counts, sick.matrix.ravel(), strict=True):
            text.set_text(str(count))
        self.titles[0].set_text(ended(sick))
        self.titles[1].set_text(f"Right: {sick.right[0, -1]:.0%}, {sick.right[1, -1]:.0%}; fresh {sick.fresh:.0%}")
        self.titles[2].set_text(f"Mistakes: {sick.matrix[0, 1] + sick.matrix[1, 0]} of {sick.matrix.sum()}")

    def words(self, result, settings):
        sick, healthy = result.sick, result.healthy
        said = f"Patient {settings.patient}: “{PATIENTS[settings.patient - 1].complaint}” "
        said += f"What is told: {chart(sick.case)} What is seen: {ended(sick)[0].lower()}{ended(sick)[1:]}; right on "
        said += f"{sick.right[0, -1]:.0%} of the training, {sick.right[1, -1]:.0%} of the validation and "
        said += f"{sick.fresh:.0%} of fresh records; asked twice, the same answer for {sick.same:.0%} of them."
        if healthy:
            said += f" A healthy run of this task (green) ends at {ended_at(healthy.cost[1, -1])} in validation and is "
            said += f"right on {healthy.fresh:.0%} of fresh records."
            if healthy.case.training.loss != sick.case.training.loss:
                said += " Its cost is measured by another loss."
        return said


def guessing(case):
    """The cost of saying ½ to every record: ln 2, or ¼ if errors are squared."""
    return np.log(2) if case.get("loss") == "bce" else 0.25


def ended_at(cost):
    return f"cost {short(cost)}" if np.isfinite(cost) else "a cost off the scale"


def ended(run):
    """How the cost ended, in a title."""
    if run.diverged >= 0:
        return f"Diverged at step {run.diverged} of {run.case.training.steps}"
    return f"Cost {short(run.cost[0, -1])}, validation {short(run.cost[1, -1])}"


class Layers(Picture):
    """From layer to layer: gradients, updates and signal, at the start and at the end."""

    size = (860, 250)
    later = True
    compute = staticmethod(runs)

    def build(self, figure):
        self.lines, self.depth = {}, 0
        for axes, (name, (label, limits)) in zip(figure.subplots(1, 3), LAYERED.items(), strict=True):
            axes.set(yscale="log", ylim=limits, xlabel="layer (1 = first)", ylabel=label)
            axes.text(0.98, 0.05, "edge: this or less", color=GREY, size=9, ha="right", transform=axes.transAxes)
            last = "middle of all looks" if name == "moved" else "at the end"
            looks = [(GREEN, "-.", "s", "healthy")] + [("black", ":", "o", "at the start")] * (name != "moved")
            looks += [(BLUE, "-", "^", last)]
            self.lines[name] = [
                axes.plot([], [], color=c, ls=ls, marker=m, mec="white", mew=0.6, ms=6, animated=True, label=words)[0]
                for c, ls, m, words in looks
            ]
            axes.legend(loc="upper right", ncols=1, handlelength=2.4, borderaxespad=0.1, labelspacing=0.2)
            self.lines[name].append(axes.set_title(" ", animated=True))

    def show(self, result, settings):
        depth, before = len(result.sick.found[0].signal), self.depth
        if depth != before:  # another patient, so the axes may be others as well
            self.depth = depth
            for axes in self.figure.axes:
                axes.set_xlim(0.7, depth + 0.3)
                axes.set_xticks(range(1, depth + 1, 1 + depth // 8))
        for name, (well, *first, last, title) in self.lines.items():
            limits = LAYERED[name][1]
            start, end = measured(result.sick, name)
            draw = [(last, end), *((line, start) for line in first)]
            draw += [(well, measured(result.healthy, name)[1] if result.healthy else [])]
            for line, values in draw:
                line.set_data(np.arange(1, len(values) + 1), inside(values, limits))
            shown = start if first else end
            title.set_text(f"{TITLES[name]}: {span(shown)}" if len(shown) else "Updates: none measured")
        return depth != before

    def words(self, result, settings):
        start, end = measured(result.sick, "gradient")
        update = measured(result.sick, "moved")[1]
        said = f"Gradients of the layers, first to last: {span(start)} at the start, {span(end)} at the end; "
        if not len(update):
            return said + "it diverged before an update was measured."
        return said + f"one update changes {span(update)} of the weights."


def span(values):
    """First and last of a row of numbers."""
    ends = short(values[0]), short(values[-1])
    return f"{ends[0]} to {ends[1]}" if ends[0] != ends[1] else ends[0]


def measured(run, name):
    """Per layer: at the start and at the end; of the updates the middle of all."""
    found = [np.asarray(getattr(f, name), float) for f in run.found]
    if name == "moved":
        return found[0], np.median(found[1:], axis=0) if len(found) > 1 else np.array([])
    return found[0], found[-1]


class Inside(Picture):
    """The units, the weights, and at last the records themselves."""

    size = (860, 260)
    later = True
    compute = staticmethod(runs)

    def build(self, figure):
        self.units, self.weights, self.plane = figure.subplots(1, 3, width_ratios=(1, 1, 0.85))
        self.units.set(xlim=(0, 1), ylim=(-0.03, 1.6), xlabel="share of the steps", ylabel="share of hidden units")
        self.units.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        flat, dead = f"flat: slope below {FLAT}", "dead: slope 0 for every record"
        looks = ((GREEN, "-.", "healthy: flat"), (BLUE, "-", flat), (ORANGE, "--", dead))
        dots = dict(marker=".", ms=3, animated=True)
        self.shares = [self.units.plot([], [], c=c, ls=ls, label=said, **dots)[0] for c, ls, said in looks]
        self.units.legend(loc="upper left", handlelength=2.2, borderaxespad=0.1, labelspacing=0.2)
        self.weights.set(xlim=(-4.1, 4.1), ylim=(5e-4, 60), yscale="log", xlabel="weight (ends: and beyond)")
        self.weights.set_ylabel("share of the weights")
        empty = np.zeros(len(BINS) - 1)
        looks = (dict(fill=True, fc=SKY, ec="none", label="at the end"), dict(color="black", label="at the start"))
        looks += (dict(color=GREEN, ls="-.", label="healthy"),)
        drawn = [self.weights.stairs(empty, BINS, baseline=1e-5, lw=1.2, animated=True, **look) for look in looks]
        self.now, self.start, self.well = drawn
        self.weights.legend(loc="upper left", ncols=2, handlelength=1.4, columnspacing=1, borderaxespad=0.1)
        self.plane.set(xlim=(-1, 1), ylim=(-1, 1), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        self.plane.set_xticklabels(()), self.plane.set_yticklabels(())
        self.plane.set_xlabel("input x₁", labelpad=14), self.plane.set_ylabel("input x₂", labelpad=26)
        self.plane.grid(False)
        self.bands = Bands(self.plane, (0, 0.5, 1), line=0.5)
        self.dots = records(self.plane, np.zeros((2, 2)), np.array([0, 1]))
        below = [dict(ha=ha, va="top") for ha in ("left", "center", "right")]
        self.ticks = [self.plane.text(x, -1.06, "", size=9, animated=True, **how) for x, how in zip((-1, 0, 1), below)]
        beside = dict(size=9, ha="right", va="center", animated=True)
        self.ticks += [self.plane.text(-1.06, y, "", **beside) for y in (-1, 0, 1)]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.units, self.weights, self.plane)]

    def show(self, result, settings):
        sick, healthy = result.sick, result.healthy
        dead, flat = (np.array([getattr(f, name) for f in sick.found]) for name in ("dead", "flat"))
        self.shares[0].set_data(*(lived(healthy, [f.flat for f in healthy.found]) if healthy else ([], [])))
        self.shares[1].set_data(*lived(sick, flat))
        self.shares[2].set_data(*lived(sick, dead))
        first, last = sick.found[0].weights, sick.found[-1].weights
        self.start.set_data(counted(first))
        self.now.set_data(counted(last))
        self.well.set_data(counted(healthy.found[-1].weights if healthy else []))
        part = sick.parts[0]
        reach = np.maximum(np.abs(part.x).max(axis=0) * 1.08, 2.0 * (np.abs(part.x).max(axis=0) < 2.0))
        for text, x in zip(self.ticks, [-reach[0], 0, reach[0], -reach[1], 0, reach[1]], strict=True):
            text.set_text((f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}").replace("-", "−"))
        grid = np.linspace(-1, 1, SIDE)
        points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2) * reach
        with np.errstate(all="ignore"):
            guess = sick.head(sick.network.forward(sick.params, points.astype(np.float32), sick.dice())[0])
        self.bands.set(grid, grid, np.nan_to_num(guess, nan=0.5).reshape(SIDE, SIDE))
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*(part.x[(part.y[:, 0] > 0.5) == k] / reach).T)
        self.titles[0].set_text(f"At the end: {flat[-1]:.0%} flat, {dead[-1]:.0%} dead")
        self.titles[1].set_text(f"‖W‖: {short(np.linalg.norm(first))} → {short(np.linalg.norm(last))}")
        self.titles[2].set_text(f"{len(part)} training records")

    def words(self, result, settings):
        first, last = (result.sick.found[i] for i in (0, -1))
        reach = [short(x) for x in np.abs(result.sick.parts[0].x).max(axis=0)]
        return (
            f"Slopes below {FLAT}: {first.flat:.0%} at the start, {last.flat:.0%} at the end; units with slope 0 for "
            f"every record: {first.dead:.0%}, then {last.dead:.0%}. The inputs reach to {reach[0]} and {reach[1]}."
        )


def counted(weights):
    """Share of the weights in each bin, those beyond in the bins at the ends."""
    counts = np.histogram(np.clip(weights, BINS[0], BINS[-1]), BINS)[0]
    return np.maximum(counts / max(len(weights), 1), 1e-5)


class Clinic(Explorer):
    """Fifteen sick training runs, to be examined and compared with healthy ones."""

    name = "clinic"
    controls = {
        "patient": Menu("patient", 1, NUMBERS, [f"patient {n}" for n in NUMBERS]),
        "compare": Switch("compare with a healthy run", False),
    }
    pictures = (Course, Layers, Inside)


clinic = Clinic
