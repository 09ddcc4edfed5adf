"""Where grid, random search and TPE place their trials, over learning rate and batch size."""

from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, GREEN, GREY, ORANGE, Bands
from ..search import RATES, SPACE, grid, landscape, search
from .controls import Choice, Count, Menu
from .live import Explorer, Picture

TRIALS = 40
KINDS = {"grid": (GREY, ":"), "random": (BLUE, "--"), "tpe": (ORANGE, "-")}
SIZES = np.arange(len(SPACE["batch_size"]))
EDGES = np.r_[-0.5, SIZES, len(SIZES) - 0.5]
JITTER = np.random.default_rng(0).uniform(-0.27, 0.27, TRIALS)  # so that trials of a row do not hide each other


def place(sampler, trials, seed, activation, optimizer):
    """The Found of a sampler on the slice of the landscape."""
    if sampler == "grid":
        return grid(trials, activation=activation, optimizer=optimizer)
    return search(sampler, TRIALS, seed, fixed=(("activation", activation), ("optimizer", optimizer)))


class Slice(Picture):
    size = (860, 350)

    @staticmethod
    def compute(trials, sampler, seed, activation, optimizer):
        found = place(sampler, trials, seed, activation, optimizer)
        costs = landscape().costs[SPACE["activation"].index(activation), SPACE["optimizer"].index(optimizer)]
        return SimpleNamespace(points=found.points[:trials], costs=found.costs[:trials], slice=costs)

    def build(self, figure):
        self.map, self.tries = figure.subplots(1, 2, width_ratios=(1.35, 1))
        self.map.set(xscale="log", xlim=(RATES[0], RATES[-1]), ylim=(-0.5, len(SIZES) - 0.5))
        self.map.set(xlabel="learning rate (blue: low cost, orange: high)", ylabel="batch size")
        self.map.set_yticks(SIZES, SPACE["batch_size"])
        self.map.grid(False)
        self.bands = Bands(self.map, np.log([0.06, 0.09, 0.12, 0.16, 0.25, 0.4, 0.6, 1.0, 2.1]))
        self.dots = self.map.plot([], [], "o", color="black", mec="white", mew=0.8, ms=7, animated=True, zorder=3)[0]
        self.lowest = self.map.plot([], [], "*", color="white", mec="black", ms=16, animated=True, zorder=4)[0]
        self.rug = self.map.plot([], [], "|", color="black", ms=18, mew=1.4, animated=True, zorder=5)[0]
        self.tries.set(yscale="log", xlim=(0, TRIALS + 1), ylim=(0.06, 9), xlabel="trial")
        self.tries.set_ylabel("validation cost")
        self.tries.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        self.tries.minorticks_off()
        self.each = self.tries.plot([], [], "o", color="black", mec="white", ms=6, animated=True, label="trial")[0]
        self.best = self.tries.plot([], [], "-", color=GREEN, lw=2, animated=True, label="lowest so far")[0]
        self.limit = self.tries.axhline(1, color=GREY, ls=":", animated=True, label="lowest measured here")
        self.tries.legend(loc="upper right")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.map, self.tries)]

    def show(self, result, settings):
        self.bands.set(RATES, EDGES, np.log(np.pad(result.slice, ((1, 1), (0, 0)), "edge")))
        lrs = [p["lr"] for p in result.points]
        rows = np.array([SPACE["batch_size"].index(p["batch_size"]) for p in result.points])
        low = int(result.costs.argmin())
        heights = rows + (0 if settings.sampler == "grid" else JITTER[: len(rows)])
        self.dots.set_data(lrs, heights)
        self.lowest.set_data([lrs[low]], [heights[low]])
        self.rug.set_data(lrs, np.full(len(lrs), -0.5))
        n = np.arange(1, len(lrs) + 1)
        self.each.set_data(n, result.costs)
        self.best.set_data(n, np.minimum.accumulate(result.costs))
        self.limit.set_ydata([result.slice.min()] * 2)
        self.titles[0].set_text(
            f"{settings.sampler}: {several(len(lrs), 'trial')}, {several(different(lrs), 'different rate')}"
        )
        self.titles[1].set_text(f"Lowest {result.costs[low]:.3f}, at trial {low + 1}")

    def words(self, result, settings):
        low = int(result.costs.argmin())
        point, good = result.points[low], int((result.costs < 1.25 * result.slice.min()).sum())
        rates = different([p["lr"] for p in result.points])
        return (
            f"{settings.sampler}: {several(len(result.points), 'trial')}, {several(rates, 'different rate')}; "
            f"{good} cost less than 1¼ times "
            f"the lowest measured here ({result.slice.min():.3f}). The best, trial {low + 1}: {result.costs[low]:.3f}, "
            f"rate {point['lr']:.2g}, batch size {point['batch_size']}."
        )


def several(count, word):
    """A count with its word in the right number."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def different(rates):
    """How many different rates there are, to three digits."""
    return len({f"{rate:.3g}" for rate in rates})


class Compared(Picture):
    size = (860, 260)
    later = True

    @staticmethod
    def compute(trials, activation, optimizer):
        found = {name: runs(name, trials, activation, optimizer) for name in KINDS}
        return SimpleNamespace(found=found)

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", xlim=(0.06, 2.2), ylim=(-0.6, 2.6))
        self.axes.set_xlabel("lowest validation cost found, one mark per seed")
        self.axes.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        self.axes.minorticks_off()
        self.axes.set_yticks(range(3), KINDS)
        self.axes.invert_yaxis()
        self.marks, self.middles = [], []
        for row, (colour, _) in enumerate(KINDS.values()):
            self.marks.append(self.axes.plot([], [], "|", color=colour, ms=22, mew=2, animated=True)[0])
            self.middles.append(self.axes.plot([], [], "D", color=colour, mec="white", ms=10, animated=True)[0])
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        for row, costs in enumerate(result.found.values()):
            self.marks[row].set_data(costs, np.full(len(costs), row))
            self.middles[row].set_data([np.median(costs)], [row])
        said = ", ".join(f"{name} {np.median(costs):.3f}" for name, costs in result.found.items())
        self.title.set_text(f"{several(settings.trials, 'trial')}, ten seeds each, ◆ the median: {said}")

    def words(self, result, settings):
        worst = ", ".join(f"{name} {costs.max():.3f}" for name, costs in result.found.items())
        return f"The worst of ten seeds: {worst} (a grid has no seed)."


def runs(name, trials, activation, optimizer):
    """The lowest cost that each of ten seeds has found after so many trials; a grid has one."""
    seeds = range(1 if name == "grid" else 10)
    return np.array([place(name, trials, seed, activation, optimizer).costs[:trials].min() for seed in seeds])


class Samplers(Explorer):
    """Grid, random and TPE: where they look, and what they find."""

    name = "samplers"
    controls = {
        "trials": Count("trials", 25, 1, TRIALS),
        "sampler": Menu("sampler", "random", KINDS),
        "seed": Count("seed", 0, 0, 9),
        "activation": Choice("activation", "relu", SPACE["activation"]),
        "optimizer": Menu("optimizer", "momentum", SPACE["optimizer"]),
    }
    pictures = (Slice, Compared)


samplers = Samplers
