"""The gradient check at work: right and wrong gradients against differences, for every step h."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..datasets import moons
from ..figures import BLUE, GREEN, GREY, ORANGE
from ..gradient_check import relative_error
from ..losses import get_loss
from ..network import MLP
from .controls import Choice, Menu, Rate
from .live import Explorer, Picture

DATA = moons(8)
LOSS = get_loss("mse")
STEPS = np.geomspace(1e-12, 1, 37)
FORMULAS = {
    "right": "right",
    "slope": "without A′(z)",
    "mean": "1/n forgotten",
    "sign": "sign flipped",
    "transposed": "a W transposed",
    "bias": "one bias forgotten",
}
RIGHT, WRONG = 1e-6, 1e-3
ENDS = (1e-12, 3.0)  # of the axis of errors


@lru_cache(maxsize=16)
def nudged(activation, dtype):
    """The network, its parameters, and two costs for each step h and parameter: nudged up, nudged down."""
    network = MLP((2, 4, 4, 1), activation)
    start = network.init(np.random.default_rng(3))
    start.vector += 0.1
    size = network.size
    nudge = STEPS[:, None, None, None] * np.array([1.0, -1.0])[:, None, None] * np.eye(size)
    runs = start.like((start.vector + nudge.reshape(-1, size)).astype(dtype))
    z, _ = network.forward(runs, DATA.x.astype(dtype))
    return network, start, LOSS.cost(z, DATA.y.astype(dtype)).reshape(len(STEPS), 2, size).astype(float)


def formula_gradient(network, params, formula):
    """The gradient of the cost by backpropagation, with one of the usual slips."""
    z, kept = network.forward(params, DATA.x)
    dz = LOSS.gradient(z, DATA.y)
    way_back, seen = network, params
    if formula == "slope":
        way_back = MLP(network.sizes, "identity")  # hands gradients through its activations as they are
    elif formula == "mean":
        dz = dz * len(DATA)
    elif formula == "sign":
        dz = -dz
    elif formula == "transposed":
        seen = params.copy()
        seen["W2"][:] = params["W2"].T
    grads = way_back.backward(seen, kept, dz, params.like(np.zeros_like(params.vector)))
    if formula == "bias":
        grads["b1"][0, 0] = 0
    return grads.vector


class Check(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(formula, activation):
        network, params, cost = nudged(activation, "float64")
        gradient = formula_gradient(network, params, formula)
        slopes = {}
        for dtype in ("float64", "float32"):
            up, down = np.moveaxis(nudged(activation, dtype)[2], 1, 0)
            slopes[dtype] = (up - down) / (2 * STEPS[:, None])
        errors = {dtype: relative_error(np.broadcast_to(gradient, s.shape), s) for dtype, s in slopes.items()}
        return SimpleNamespace(gradient=gradient, slopes=slopes["float64"], errors=errors)

    def build(self, figure):
        self.curve, self.pairs = figure.subplots(1, 2, width_ratios=(1.5, 1))
        self.curve.set(xscale="log", yscale="log", xlim=(1e-12, 1), ylim=ENDS)
        self.curve.set(xlabel="step h of the nudge", ylabel="relative error")
        self.curve.axhspan(WRONG, ENDS[1], color=ORANGE, alpha=0.1, lw=0)
        self.curve.axhspan(ENDS[0], RIGHT, color=GREEN, alpha=0.1, lw=0)
        self.curve.text(1.5e-12, 1.5e-12, "right: below 1e-6", size=9, color=GREEN)
        self.curve.text(1.5e-12, 1.6e-3, "wrong: above 1e-3", size=9, color=ORANGE)
        self.lines = {
            "float64": self.curve.plot([], [], color=BLUE, animated=True, label="float64")[0],
            "float32": self.curve.plot([], [], color=ORANGE, ls="--", animated=True, label="float32")[0],
        }
        self.curve.legend(loc="lower right", bbox_to_anchor=(1, 0.08))
        self.here = self.curve.axvline(1, color=GREY, ls=":", lw=1.3, animated=True)
        self.dot = self.curve.plot([], [], "o", color=BLUE, ms=9, mec="white", animated=True)[0]
        self.curve_title = self.curve.set_title(" ", animated=True)

        self.pairs.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        self.pairs.set(xlabel="slope measured by nudging", ylabel="gradient by the formula")
        self.pairs.axline((0, 0), slope=1, color=GREY, lw=1)
        self.dots = self.pairs.plot([], [], "o", color=BLUE, mec="white", ms=6, animated=True)[0]
        self.off = self.pairs.plot([], [], "X", color=ORANGE, mec="white", ms=8, animated=True)[0]
        self.pairs_title = self.pairs.set_title(" ", animated=True)

    @staticmethod
    def nearest(h):
        return int(np.abs(np.log(STEPS / h)).argmin())

    def show(self, result, settings):
        for dtype, line in self.lines.items():
            line.set_data(STEPS, np.clip(result.errors[dtype], *ENDS))
        i = self.nearest(settings.h)
        self.here.set_xdata([STEPS[i]] * 2)
        self.dot.set_data([STEPS[i]], [np.clip(result.errors["float64"][i], *ENDS)])
        x, y = result.slopes[i], result.gradient
        bad = np.abs(x - y) > 0.01
        self.dots.set_data(*np.clip([x[~bad], y[~bad]], -1.2, 1.2))
        self.off.set_data(*np.clip([x[bad], y[bad]], -1.2, 1.2))
        least = result.errors["float64"].min()
        verdict = "found out at every h" if least > WRONG else f"error down to {least:.0e}"
        self.curve_title.set_text(f"Formula {FORMULAS[settings.formula]}: {verdict}")
        self.pairs_title.set_text(f"{bad.sum()} of {len(bad)} off by more than 0.01")

    def words(self, result, settings):
        i = self.nearest(settings.h)
        double, single = (result.errors[dtype][i] for dtype in ("float64", "float32"))
        verdict = "right" if double < RIGHT else "wrong" if double > WRONG else "undecided: try another h"
        return (
            f"Formula: {FORMULAS[settings.formula]}. With h = {STEPS[i]:.2g} it differs from the measured slopes by a "
            f"relative {double:.1g} in float64 and {single:.1g} in float32. Verdict in float64: {verdict}."
        )


class GradientCheck(Explorer):
    """Backpropagation with and without a slip, against measured slopes, over the step of the measurement."""

    name = "gradient_check"
    controls = {
        "formula": Menu("formula", "right", FORMULAS, FORMULAS.values()),
        "activation": Choice("activation", "tanh", HIDDEN),
        "h": Rate("step h", 1e-5, 1e-12, 1, 3),
    }
    pictures = (Check,)


gradient_check = GradientCheck
