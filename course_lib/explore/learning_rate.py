"""A real network, trained anew at every move of learning rate, activation or batch size."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import get_dataset
from ..figures import BLUE, GREY, ORANGE, Bands, records
from ..training import Settings, train
from .controls import Choice, Menu, Rate
from .live import Explorer, Picture

RECORDS = 128
STEPS = 400
RATES = np.geomspace(1e-3, 10, 25)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, RECORDS)
GRID = np.linspace(-2.1, 2.1, 48)
PLANE = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2).astype(np.float32)


def settings_of(lr, activation, batch_size):
    """The training that both pictures show; `lr` may be a tuple."""
    return Settings(lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=10)


def verdict(cost):
    """One word for a row of costs; chance level is the cost at the start or below."""
    start, last = cost[0], cost[-1]
    if not np.isfinite(last) or last > 1.5 * start:
        return "diverged"
    if last > 0.7 * start:
        return "hardly learned"
    return "learned" if last < 0.15 else "is still learning"


class Run(Picture):
    size = (860, 310)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(lr, activation, batch_size, data):
        points = get_dataset(data, RECORDS)
        history = train(settings_of(lr, activation, batch_size), points)
        with np.errstate(all="ignore"):
            plane = sigmoid(history.network.forward(history.params, PLANE)[0]).reshape(len(GRID), -1)
            guess = history.network.forward(history.params, points.x.astype(np.float32))[0] > 0
        return SimpleNamespace(
            points=points, step=history.step, cost=history.cost, plane=plane,
            right=float((guess == points.y).mean()), verdict=verdict(history.cost), diverged=int(history.diverged),
        )

    def build(self, figure):
        self.curve, self.map = figure.subplots(1, 2, width_ratios=(1.25, 1))
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(1e-3, 20), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss of all records")
        self.curve.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.curve.text(STEPS, np.log(2) * 1.08, "guessing: ln 2 ", color=GREY, size=9, ha="right")
        self.line = self.curve.plot([], [], color=BLUE, animated=True)[0]
        self.end = self.curve.plot([], [], "o", color=BLUE, mec="white", ms=8, animated=True)[0]
        self.curve_title = self.curve.set_title(" ", animated=True)
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.map_title = self.map.set_title(" ", animated=True)

    def show(self, result, settings):
        cost = np.clip(np.nan_to_num(result.cost, nan=1e3, posinf=1e3), 1e-4, 1e3)
        self.line.set_data(result.step, cost)
        self.end.set_data(result.step[-1:], np.clip(cost[-1:], 1.1e-3, 18))
        self.end.set_marker("^" if cost[-1] > 18 else "o")
        label = result.points.y[:, 0] > 0.5
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*result.points.x[label == k].T)
        self.bands.set(GRID, GRID, result.plane)
        self.curve_title.set_text(f"The network {result.verdict}: cost {result.cost[-1]:.3g}")
        self.map_title.set_text(f"{result.right:.0%} of the records right")

    def words(self, result, settings):
        epochs = STEPS / np.ceil(RECORDS / settings.batch_size)
        length = f"{STEPS} updates of {settings.batch_size} records ({epochs:.3g} epochs)"
        said = f"{settings.activation} network, {length}: "
        if result.diverged > 0:
            return said + f"diverged, the cost was no number any more at step {result.diverged}."
        return said + f"it {result.verdict}, cost {result.cost[0]:.2f} → {result.cost[-1]:.3g}."


class Rates(Picture):
    size = (860, 230)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(activation, batch_size, data):
        history = train(settings_of(tuple(RATES), activation, batch_size), get_dataset(data, RECORDS))
        return SimpleNamespace(cost=history.cost[:, -1], start=history.cost[0, 0])

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", yscale="log", xlim=(8e-4, 12.5), ylim=(1e-3, 20))
        self.axes.set(xlabel="learning rate", ylabel=f"cost after {STEPS} steps")
        self.start = self.axes.axhline(1, color=GREY, lw=1, ls=":", animated=True)
        self.axes.set_title(f"Final cost of {len(RATES)} networks, each trained at its own rate")
        self.line = self.axes.plot([], [], ".-", color=BLUE, ms=6, lw=1.3, animated=True)[0]
        self.lost = self.axes.plot([], [], "^", color=ORANGE, ms=6, ls="none", animated=True)[0]
        self.best = self.axes.plot([], [], "*", color="black", ms=11, animated=True)[0]
        self.best_label = self.axes.text(1, 1, "", size=9, ha="center", va="top", animated=True)
        self.here = self.axes.axvline(1, color=ORANGE, lw=1.6, ls="--", animated=True)
        self.here_label = self.axes.text(1, 14, "", color=ORANGE, size=9, va="top", animated=True)

    def show(self, result, settings):
        cost = np.where(np.isfinite(result.cost), np.maximum(result.cost, 1.3e-3), np.inf)
        off = cost > 18
        self.line.set_data(RATES[~off], cost[~off])
        self.lost.set_data(RATES[off], np.full(off.sum(), 17))
        best = cost.argmin()
        self.best.set_data([RATES[best]], [cost[best]])
        low = cost[best] < 5e-3  # no room below the star
        self.best_label.set(position=(RATES[best], cost[best] * (2 if low else 0.74)), va="bottom" if low else "top")
        self.best_label.set_ha("right" if RATES[best] > 5 else "left" if RATES[best] < 2e-3 else "center")
        self.best_label.set_text(f"best: {RATES[best]:.2g}")
        self.start.set_ydata([result.start] * 2)
        self.here.set_xdata([settings.lr] * 2)
        left = settings.lr > 2
        self.here_label.set(x=settings.lr * (0.94 if left else 1.06), ha="right" if left else "left")
        self.here_label.set_text(f"here: {settings.lr:g}")

    def words(self, result, settings):
        cost = np.where(np.isfinite(result.cost), result.cost, np.inf)
        return f"Of {len(RATES)} rates from 0.001 to 10, {RATES[cost.argmin()]:.2g} ends lowest, at {cost.min():.2g}."


class LearningRate(Explorer):
    """Cost, decision regions and the whole curve of final cost against learning rate."""

    name = "learning_rate"
    controls = {
        "lr": Rate("learning rate", 0.3, 1e-3, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "moons", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Run, Rates)


learning_rate = LearningRate
