"""Weights of a linear fit to real records as the penalty grows: L2 shrinks them all, L1 ends them one by one."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..datasets import Standardiser, real
from ..figures import BLUE, GREEN, GREY, ORANGE, PINK, SKY
from .controls import Choice, Rate
from .live import Explorer, Picture
from .loss_curves import tidy

NAMES = ("age", "sex", "bmi", "pressure", "s1", "s2", "s3", "s4", "s5", "s6")
STRENGTHS = np.geomspace(0.01, 10, 121)
TRAIN = 200
STYLES = [(colour, style) for style in ("-", "--") for colour in (BLUE, ORANGE, GREEN, PINK, GREY)]


@lru_cache(maxsize=1)
def patients():
    """Standardised x and y of the diabetes records: those fitted, and the others."""
    data = real("diabetes")
    order = np.random.default_rng(0).permutation(len(data))
    first, others = data.take(order[:TRAIN]), data.take(order[TRAIN:])
    scale = Standardiser(first)
    mean, std = first.y.mean(), first.y.std()
    return [(scale(part).x, (part.y[:, 0] - mean) / std) for part in (first, others)]


@lru_cache(maxsize=2)
def paths(penalty):
    """The weights (strengths, 10) with the lowest mean squared error + penalty."""
    x, y = patients()[0]
    curvature, pull = 2 * x.T @ x / len(x), 2 * x.T @ y / len(x)
    if penalty == "l2":  # where the gradient is 0: curvature·w − pull + λw = 0
        return np.array([np.linalg.solve(curvature + s * np.eye(10), pull) for s in STRENGTHS])
    w = np.zeros((len(STRENGTHS), 10))
    for _ in range(300):  # one weight after the other: the best one, given all others (Friedman et al. 2007)
        for k in range(10):
            alone = pull[k] - w @ curvature[k] + w[:, k] * curvature[k, k]
            w[:, k] = np.sign(alone) * np.maximum(np.abs(alone) - STRENGTHS, 0) / curvature[k, k]
    return w


class Paths(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(penalty, strength):
        at = int(np.abs(np.log(STRENGTHS / strength)).argmin())
        weights = paths(penalty)
        errors = [float(((x @ weights[at] - y) ** 2).mean()) for x, y in patients()]
        return SimpleNamespace(weights=weights, at=at, errors=errors)

    def build(self, figure):
        self.path, self.bars = figure.subplots(1, 2, width_ratios=(1.5, 1))
        self.path.set(xscale="log", xlim=(0.01, 10), ylim=(-0.5, 0.5), xlabel="strength λ", ylabel="weight")
        self.lines = [
            self.path.plot([], [], color=c, ls=s, lw=1.8, animated=True, label=name)[0]
            for (c, s), name in zip(STYLES, NAMES, strict=True)
        ]
        self.here = self.path.axvline(1, color="black", lw=1.4, ls=":", animated=True)
        self.path.axhline(0, color="black", lw=0.8)
        self.path.legend(loc="upper right", ncols=5, columnspacing=0.9, handlelength=1.4)
        self.bars.set(xlim=(-0.5, 0.5), ylim=(9.6, -0.6), xlabel="weight at this λ")
        self.bars.set_yticks(range(10), NAMES)
        self.bars.axvline(0, color="black", lw=0.8)
        self.rods = self.bars.barh(range(10), np.zeros(10), height=0.7, color=SKY, ec=BLUE, lw=0.8, animated=True)
        self.gone = self.bars.plot([], [], "x", color=ORANGE, ms=9, mew=2.2, animated=True, label="exactly 0")[0]
        self.bars.legend(loc="lower right")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.path, self.bars)]

    def show(self, result, settings):
        for line, weight in zip(self.lines, result.weights.T, strict=True):
            line.set_data(STRENGTHS, weight)
        self.here.set_xdata([STRENGTHS[result.at]] * 2)
        now = result.weights[result.at]
        for rod, weight in zip(self.rods, now, strict=True):
            rod.set_width(weight)
        zero = np.flatnonzero(now == 0)
        self.gone.set_data(np.zeros(len(zero)), zero)
        fitted, unseen = result.errors
        self.titles[0].set_text(f"Error of the fitted {fitted:.3f}, of unseen {unseen:.3f}")
        self.titles[1].set_text(f"{len(zero)} of 10 weights are 0")

    def words(self, result, settings):
        now = result.weights[result.at]
        largest = int(np.abs(now).argmax())
        last = f"The largest is that of {NAMES[largest]}, {tidy(round(float(now[largest]), 2))}." if now.any() else ""
        return (
            f"{settings.penalty.upper()} with λ = {settings.strength:g} on {TRAIN} diabetes records: "
            f"{int((now == 0).sum())} of 10 weights are exactly 0. {last} Mean squared error "
            f"{result.errors[0]:.3f} on the fitted records, {result.errors[1]:.3f} on the others."
        )


class PenaltyPaths(Explorer):
    """Ten weights of a linear fit against the strength of an L1 or L2 penalty."""

    name = "penalty_paths"
    controls = {
        "penalty": Choice("penalty", "l1", ("l1", "l2")),
        "strength": Rate("strength λ", 0.1, 0.01, 10, 10),
    }
    pictures = (Paths,)


penalty_paths = PenaltyPaths
