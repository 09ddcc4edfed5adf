"""One start, three walkers: all records per step, a batch of them, a single one."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib import colors

from ..figures import BLUE, GREEN, ORANGE
from ..gradient_descent import descend_line, line_cost, noisy_line
from ..lines import fit_line
from .controls import Count, Menu, Rate
from .live import Explorer, Picture

RECORDS, STEPS, EPOCHS = 64, 40, 10
START = (-1.0, 2.4)
LINE = noisy_line(RECORDS)
BEST = np.array(fit_line(LINE.x[:, 0], LINE.y[:, 0]))
LOWEST = float(line_cost(BEST, LINE))
SLOPES, OFFSETS = np.linspace(-1.6, 3.6, 70), np.linspace(-1.1, 3.1, 60)
SURFACE = line_cost(np.stack(np.meshgrid(SLOPES, OFFSETS), axis=-1), LINE)
HEIGHTS = LOWEST + 0.012 * 2.2 ** np.arange(9)
WATER = colors.LinearSegmentedColormap.from_list("water", ["#9CCBE8", "#FAFCFE"])  # low is blue, high is white
WALKERS = ((BLUE, "-", "o"), (GREEN, "--", "s"), (ORANGE, ":", "^"))  # three cues each
AT_EQUAL = (f"{EPOCHS} epochs", f"{STEPS} steps")


@lru_cache(maxsize=256)
def walks(lr, batch_size, seed):
    """Paths and costs of the three, each long enough for 40 steps and for 10 epochs."""
    found = []
    for size in (RECORDS, batch_size, 1):
        epoch = -(-RECORDS // size)  # steps in an epoch
        rng = np.random.default_rng(seed)
        path = descend_line(LINE, size, lr, max(STEPS, EPOCHS * epoch), START, rng)
        with np.errstate(all="ignore"):
            cost = np.nan_to_num(line_cost(path, LINE), nan=1e9, posinf=1e9)
        found.append(SimpleNamespace(size=size, epoch=epoch, path=path, cost=np.minimum(cost, 1e9)))
    return found


def stop(walk, at_equal):
    """The step at which this walk is compared with the others."""
    return STEPS if at_equal == AT_EQUAL[1] else EPOCHS * walk.epoch


def name_of(size):
    return {RECORDS: f"all {RECORDS}", 1: "one"}.get(size, f"{size} of {RECORDS}")


class Paths(Picture):
    size = (860, 320)
    compute = staticmethod(walks)

    def build(self, figure):
        self.maps = figure.subplots(1, 3, sharey=True)
        self.lines, self.ends, self.titles = [], [], []
        for axes, (colour, _, marker) in zip(self.maps, WALKERS, strict=True):
            axes.grid(False)
            axes.contourf(SLOPES, OFFSETS, SURFACE, np.r_[LOWEST, HEIGHTS], cmap=WATER, norm=colors.LogNorm(0.2, 20))
            axes.contour(SLOPES, OFFSETS, SURFACE, HEIGHTS, colors="#8AA4B5", linewidths=0.6)
            axes.plot(*START, "D", color="black", ms=6)
            axes.plot(*BEST, "*", color="black", ms=11)
            axes.set(xlim=SLOPES[[0, -1]], ylim=OFFSETS[[0, -1]], xlabel="slope")
            self.lines.append(axes.plot([], [], color=colour, lw=1, marker=marker, ms=3, animated=True)[0])
            self.ends.append(axes.plot([], [], marker, color=colour, ms=10, mec="white", mew=1.5, animated=True)[0])
            self.titles.append(axes.set_title(" ", animated=True))
        self.maps[0].set_ylabel("offset")
        self.maps[0].text(START[0] + 0.18, START[1] + 0.12, "start", size=9)

    def show(self, result, settings):
        for walk, line, end, title in zip(result, self.lines, self.ends, self.titles, strict=True):
            last = stop(walk, settings.at_equal)
            path = np.clip(np.nan_to_num(walk.path[: last + 1], nan=1e3), -1e3, 1e3)
            line.set_data(*path.T)
            line.set_marker("" if last > 150 else end.get_marker())
            end.set_data(*np.clip(path[-1:], (-1.55, -1.05), (3.55, 3.05)).T)
            title.set_text(f"{name_of(walk.size).capitalize()} per step: {last} steps")

    def words(self, result, settings):
        said = []
        for walk in result:
            last = stop(walk, settings.at_equal)
            cost, looked = walk.cost[last], min(last * walk.size, RECORDS * last // walk.epoch)
            end = f"cost {cost:.3g}" if cost < 1e3 else "diverged"
            said.append(f"{name_of(walk.size)} per step: {last} steps, {looked} records looked at, {end}")
        return f"After {settings.at_equal} each: " + "; ".join(said) + f". The lowest cost there is: {LOWEST:.3g}."


class Costs(Picture):
    size = (860, 270)
    compute = staticmethod(walks)

    def build(self, figure):
        self.panels = figure.subplots(1, 2, sharey=True)
        whats = ((f"step (one update), up to {STEPS}", STEPS), (f"epoch (all {RECORDS} records once)", EPOCHS))
        self.titles = []
        for axes, (what, end) in zip(self.panels, whats, strict=True):
            axes.set(yscale="log", xlim=(-0.01 * end, 1.01 * end), ylim=(1e-3, 30), xlabel=what)
            self.titles.append(axes.set_title(" ", animated=True))
        self.panels[0].set_ylabel("cost above the lowest")
        self.lines = [
            [
                axes.plot([], [], color=c, ls=s, marker=m, ms=4, lw=1.5, label="–", animated=True)[0]
                for c, s, m in WALKERS
            ]
            for axes in self.panels
        ]
        names = (f"all {RECORDS}", "the batch chosen", "one")
        figure.legend(self.lines[0], names, loc="outside right upper", title="records per step", alignment="left")

    def show(self, result, settings):
        for i, walk in enumerate(result):
            above = np.maximum(walk.cost - LOWEST, 1.2e-3)
            by_step, by_epoch = (lines[i] for lines in self.lines)
            by_step.set_data(np.arange(STEPS + 1), above[: STEPS + 1])
            by_step.set_markevery(5)
            stops = np.arange(EPOCHS + 1) * walk.epoch
            by_epoch.set_data(np.arange(EPOCHS + 1), above[stops])
        for title, what, at_equal in zip(self.titles, ("step", "epoch"), reversed(AT_EQUAL), strict=True):
            title.set_text(f"At equal {what}s: {lead(result, at_equal)}")

    def words(self, result, settings):
        said = []
        for at_equal in reversed(AT_EQUAL):
            above = [walk.cost[stop(walk, at_equal)] - LOWEST for walk in result]
            far = ", ".join(f"{a:.2g}" if a < 1e3 else "thrown out" for a in above)
            said.append(f"after {at_equal} {far}")
        return f"Above the lowest cost (all, {settings.batch_size}, one): {'; '.join(said)}."


def lead(result, at_equal):
    """Who is lowest, as the end of a title; what differs by less than a tenth is a tie."""
    above = np.array([walk.cost[stop(walk, at_equal)] for walk in result]) - LOWEST
    first, second = np.argsort(above, kind="stable")[:2]
    if above[first] > result[0].cost[0]:
        return "nobody gets lower"
    if above[second] < 1.1 * above[first] + 1e-4:
        return "a tie for the lead"
    return f"{name_of(result[first].size)} ends lowest"


class BatchSizes(Explorer):
    """Batch, mini-batch and stochastic gradient descent: paths on one surface, cost per step and per epoch."""

    name = "batch_sizes"
    controls = {
        "lr": Rate("learning rate", 0.05, 1e-3, 1),
        "batch_size": Count("batch size", 8, 1, RECORDS),
        "at_equal": Menu("paths after", AT_EQUAL[0], AT_EQUAL),
        "seed": Count("order of the records", 0, 0, 9),
    }
    pictures = (Paths, Costs)


batch_sizes = BatchSizes
