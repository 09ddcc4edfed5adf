"""L1 and L2 penalties on a network with more weights than records: curves, border, and what the weights become."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import moons
from ..figures import BLUE, GREY, ORANGE, SKY, Bands, records
from ..training import Settings, train
from .controls import Choice, Rate
from .learning_rate import GRID, PLANE
from .live import Explorer, Picture

TRAIN, UNITS, STEPS, NOISE = 30, 24, 400, 0.45
BATCH_SIZES = (1, 2, 5, 10, TRAIN)
BINS = np.linspace(-3, 3, 62)  # 61 bins: one has 0 in its middle
SMALL = 0.05  # the bar at 0 in the histogram
EVERY = 10
LEARNING, UNSEEN = moons(TRAIN, NOISE, seed=1), moons(600, NOISE, seed=99)


@lru_cache(maxsize=256)
def one_run(penalty, strength, lr, activation, batch_size):
    """One training with validation, and its border and weights."""
    settings = Settings(
        hidden=(UNITS,), activation=activation, lr=lr, batch_size=batch_size, steps=STEPS, evaluate_every=EVERY,
        **({} if penalty == "none" else {penalty: strength}),
    )  # fmt: skip
    history = train(settings, LEARNING, UNSEEN)
    with np.errstate(all="ignore"):
        plane = sigmoid(history.network.forward(history.params, PLANE)[0])
        right = ((history.network.forward(history.params, UNSEEN.x)[0] > 0) == UNSEEN.y).mean()
    weights = np.concatenate([history.params[name].ravel() for name in ("W1", "W2")])
    step = np.arange(0, STEPS + 1, EVERY)
    costs = [np.r_[c, np.full(len(step) - len(c), np.nan)] for c in (history.cost, history.validation_cost)]
    return SimpleNamespace(
        step=step, cost=costs[0], validation=costs[1], plane=plane, weights=weights, right=float(right),
        diverged=int(history.diverged),
    )  # fmt: skip


class Run(Picture):
    size = (860, 310)
    compute = staticmethod(one_run)

    def build(self, figure):
        self.curve, self.map, self.weights = figure.subplots(1, 3, width_ratios=(1.05, 0.92, 1.05))
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(0.04, 3), xlabel="step (one update)")
        self.curve.set_ylabel("cost, without the penalty")
        self.curve.set_yticks([0.1, 1], ["0.1", "1"])
        styles = ((BLUE, "-", f"{TRAIN} training records"), (ORANGE, "--", f"{len(UNSEEN)} unseen records"))
        self.lines = [self.curve.plot([], [], color=c, ls=s, animated=True, label=label)[0] for c, s, label in styles]
        self.best = self.curve.plot([], [], "v", color=ORANGE, mec="white", ms=8, animated=True)[0]
        self.curve.legend(loc="lower left")
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        records(self.map, LEARNING.x, LEARNING.y)
        self.weights.set(xlim=(-3, 3), ylim=(0.7, 120), yscale="log", xlabel="weight", ylabel="how many weights")
        self.weights.set_xticks(range(-3, 4))
        self.weights.set_yticks([1, 10, 100], ["1", "10", "100"])
        self.bars = self.weights.stairs(
            np.ones(len(BINS) - 1), BINS, baseline=0.5, fill=True, fc=SKY, ec=BLUE, animated=True
        )
        self.weights.axvline(0, color=GREY, lw=0.8, ls=":")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.curve, self.map, self.weights)]

    def show(self, result, settings):
        for line, cost in zip(self.lines, (result.cost, result.validation), strict=True):
            line.set_data(result.step, np.clip(cost, 1e-4, 1e3))
        lowest = lowest_at(result)
        self.best.set_data([result.step[lowest]], [np.nan_to_num(result.validation[lowest], nan=3)])
        self.bands.set(GRID, GRID, result.plane.reshape(len(GRID), -1))
        counts = np.histogram(np.clip(np.nan_to_num(result.weights), BINS[0], BINS[-1]), BINS)[0]
        self.bars.set_data(np.maximum(counts, 0.5))
        ends = f"Cost {number(result.cost[-1])}, unseen {number(result.validation[-1])}"
        self.titles[0].set_text(f"Diverged at step {result.diverged}" if result.diverged > 0 else ends)
        self.titles[1].set_text(f"Unseen: {result.right:.0%} right")
        self.titles[2].set_text(f"{small_share(result):.0%} of all |weights| < {SMALL}")

    def words(self, result, settings):
        kind = {"none": "No penalty", "l1": f"L1, λ = {settings.strength:g}", "l2": f"L2, λ = {settings.strength:g}"}
        said = f"{kind[settings.penalty]}: "
        if result.diverged > 0:
            return said + f"diverged at step {result.diverged}."
        lowest = lowest_at(result)
        end = "the end" if lowest == len(result.step) - 1 else f"step {result.step[lowest]}"
        return said + (
            f"cost {number(result.cost[-1])} on the {TRAIN} training records, {number(result.validation[-1])} on "
            f"unseen ones (lowest {number(result.validation[lowest])}, at {end}). Of the {len(result.weights)} weights "
            f"{small_share(result):.0%} are smaller than ±{SMALL}, the largest is {np.abs(result.weights).max():.2g}."
        )


def lowest_at(result):
    return int(np.nan_to_num(result.validation, nan=np.inf).argmin())


def small_share(result):
    return float((np.abs(result.weights) < SMALL).mean())


def number(cost):
    return f"{cost:.2g}" if np.isfinite(cost) else "off the scale"


class Penalties(Explorer):
    """A network that could learn 30 records by heart, held back by a penalty on its weights."""

    name = "penalties"
    controls = {
        "penalty": Choice("penalty", "l2", ("none", "l1", "l2")),
        "strength": Rate("strength λ", 0.01, 1e-4, 1, 8),
        "lr": Rate("learning rate", 3.0, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", TRAIN, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {TRAIN}"]),
    }
    pictures = (Run,)


penalties = Penalties
