"""Dropout step by step: which units are off, what that does to one output, and evaluation mode."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import get_activation
from ..figures import BLUE, GREY, ORANGE, SKY
from ..network import MLP
from ..regularization import dropout_mask
from .controls import Choice, Count, Slide, Switch
from .live import Explorer, Picture
from .loss_curves import tidy

UNITS, STEPS = 16, 24
X = np.array([[0.8, -0.5]])
ACTIVATIONS = ("tanh", "sigmoid", "relu", "gelu")
EDGES = np.linspace(-2, 2, 61)


@lru_cache(maxsize=256)
def masks(p):
    """The masks of all steps (STEPS, UNITS), the same ones for as long as p stands."""
    return dropout_mask(np.random.default_rng(3), (STEPS, UNITS), p)


@lru_cache(maxsize=64)
def hidden(activation):
    """What the hidden units put out for the one record, and the weights with which it is summed."""
    network = MLP((2, UNITS, 1), activation)
    params = network.init(np.random.default_rng(5))
    a = get_activation(activation)(X @ params["W1"] + 0.3)[0]
    return a, params["W2"][:, 0]


class Masks(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(p, step, scaling, activation):
        a, w = hidden(activation)
        mask = masks(p) if scaling else (masks(p) > 0).astype(float)
        outputs = (a * mask) @ w
        many = dropout_mask(np.random.default_rng(4), (4000, UNITS), p) * (1 if scaling else 1 - p)
        spread = (a * many) @ w
        return SimpleNamespace(
            off=masks(p) == 0, a=a * mask[step - 1], full=a, w=w, outputs=outputs, at=float(outputs[step - 1]),
            whole=float(a @ w), mean=float(spread.mean()), std=float(spread.std()),
            shares=np.histogram(spread, EDGES)[0] / len(spread),
        )  # fmt: skip

    def build(self, figure):
        self.grid, self.bars, self.out = figure.subplots(1, 3, width_ratios=(1.25, 1, 0.9))
        self.grid.set(xlim=(-0.5, UNITS - 0.5), ylim=(STEPS + 0.5, 0.5), xlabel="hidden unit", ylabel="step")
        self.grid.set(xticks=range(0, UNITS, 3), yticks=(1, 5, 10, 15, 20))
        self.grid.grid(False)
        y, x = np.mgrid[1 : STEPS + 1, :UNITS]
        self.grid.plot(x.ravel(), y.ravel(), "s", color=SKY, ms=6.5, mec="none")
        self.off = self.grid.plot([], [], "s", color="white", ms=6.5, mec="none", animated=True)[0]
        self.cross = self.grid.plot([], [], "x", color=ORANGE, ms=5.5, mew=1.6, animated=True)[0]
        self.row = self.grid.axhspan(0.5, 1.5, fill=False, ec="black", lw=1.6, animated=True)
        self.bars.set(xlim=(-0.7, UNITS - 0.3), ylim=(-2.2, 2.2), xlabel="hidden unit", ylabel="what the unit hands on")
        self.bars.set_xticks(range(0, UNITS, 3))
        self.bars.axhline(0, color="black", lw=0.8)
        self.kept = self.bars.bar(range(UNITS), np.zeros(UNITS), color=SKY, ec=BLUE, lw=0.8, animated=True)
        self.full = self.bars.plot([], [], "_", color="black", ms=11, mew=1.8, animated=True, label="in evaluation")[0]
        self.bars.legend(loc="lower left")
        self.out.set(ylim=(-2, 2.4), xlim=(0, 1.15), xticks=(), xlabel="how often (4000 masks)", ylabel="output")
        self.shares = self.out.stairs(
            np.zeros(len(EDGES) - 1), EDGES, orientation="horizontal", fill=True, fc="#D9EDF8", ec=GREY, animated=True
        )
        self.evaluation = self.out.axhline(0, color="black", lw=1.8, animated=True, label="in evaluation")
        self.mean = self.out.axhline(0, color=ORANGE, lw=2, ls="--", animated=True, label="mean of all masks")
        self.now = self.out.plot([], [], "o", color=BLUE, mec="white", ms=9, animated=True, label="this step")[0]
        self.out.legend(loc="upper right")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.grid, self.bars, self.out)]

    def show(self, result, settings):
        rows, units = np.nonzero(result.off)
        if not settings.training:
            rows, units = rows[:0], units[:0]
        for artist in (self.off, self.cross):
            artist.set_data(units, rows + 1)
        self.row.set(y=settings.step - 0.5)
        handed = result.a if settings.training else result.full
        for bar, height in zip(self.kept, handed, strict=True):
            bar.set_height(height)
        self.full.set_data(range(UNITS), result.full)
        self.shares.set_data(result.shares / result.shares.max())
        self.evaluation.set_ydata([result.whole] * 2)
        self.mean.set_ydata([result.mean] * 2)
        self.now.set_data([0.06], [result.at if settings.training else result.whole])
        dropped = int(result.off[settings.step - 1].sum())
        now = f"Step {settings.step}: {dropped} of {UNITS} off"
        self.titles[0].set_text(now if settings.training else "All are on")
        scale = f"× {1 / (1 - settings.p):.2f}" if settings.scaling and settings.training else "not scaled"
        self.titles[1].set_text(f"Survivors {scale}" if settings.training else "Nothing is scaled")
        self.titles[2].set_text(f"Off by {abs(result.mean - result.whole):.2f} on average")

    def words(self, result, settings):
        if not settings.training:
            return f"Evaluation: every unit is on, nothing is scaled; the output is {tidy(result.whole)}, every time."
        dropped = result.off[settings.step - 1]
        counts = result.off.sum(axis=1)
        scaled = f"survivors are multiplied by {1 / (1 - settings.p):.3g}" if settings.scaling else "nothing is scaled"
        return (
            f"Dropout {settings.p:g}: in step {settings.step}, {int(dropped.sum())} of {UNITS} units are off (over all "
            f"{STEPS} steps {counts.min()} to {counts.max()}); {scaled}. Output {tidy(result.at)} in this "
            f"step, {tidy(result.mean)} ± {result.std:.2g} over all masks, {tidy(result.whole)} in evaluation."
        )


class DropoutMasks(Explorer):
    """The masks of dropout, one row each step, and the outputs they lead to."""

    name = "dropout"
    controls = {
        "p": Slide("dropout p", 0.2, 0, 0.9, 0.05),
        "step": Count("step", 1, 1, STEPS),
        "activation": Choice("activation", "tanh", ACTIVATIONS),
        "scaling": Switch("scale the survivors", True),
        "training": Switch("training mode", True),
    }
    pictures = (Masks,)


dropout = DropoutMasks
