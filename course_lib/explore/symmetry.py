"""Eight units that start equal, or almost: whether training ever tells them apart."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import get_dataset
from ..figures import BLUE, GREEN, GREY, ORANGE, PINK, SKY, YELLOW, Bands, records
from ..training import Settings, Training
from .controls import Choice, Rate
from .layers import unit_lines
from .learning_rate import BATCH_SIZES, GRID, PLANE, RECORDS
from .live import Explorer, Picture

UNITS, STEPS, EVERY, COMMON = 8, 400, 10, 0.5
SPREADS = (0.0, 1e-6, 1e-4, 1e-2, 0.1, 1.0)
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, "black", GREY)


def around(spread):
    """An initializer: every weight 0.5 and a little chance."""
    return lambda rng, n_in, n_out: COMMON + spread * rng.normal(size=(n_in, n_out))


class Apart(Picture):
    size = (860, 320)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(spread, lr, activation, batch_size):
        points = get_dataset("circles", RECORDS)
        training = Training(
            Settings(
                hidden=(UNITS,), activation=activation, initializer=around(spread), lr=lr, batch_size=batch_size,
                steps=STEPS, dtype="float64",
            ),
            points,
        )  # fmt: skip
        seen, params = [training.params.copy()], training.params
        with np.errstate(all="ignore"):
            training.evaluate(0)
            for t in range(1, STEPS + 1):
                training.step(t)
                if training.over:
                    break
                if t % EVERY == 0:
                    seen.append(params.copy())
            last = seen[-1]
            z = training.network.forward(last, points.x)[0]
            plane = sigmoid(training.network.forward(last, PLANE)[0])
            return SimpleNamespace(
                points=points, weights=np.array([p["W1"][0] for p in seen]), last=last, plane=plane,
                cost=float(training.loss.cost(z, points.y)), right=float(((z > 0) == points.y).mean()),
                different=len(np.unique(last["W1"].T.round(3), axis=0)), over=training.over,
            )  # fmt: skip

    def build(self, figure):
        self.paths, self.map = figure.subplots(1, 2, width_ratios=(1.35, 1))
        self.paths.set(xlim=(0, STEPS), ylim=(-5, 5), xlabel="step (one update)")
        self.paths.set_ylabel("weight of input x₁, one line per unit")
        self.lines = [
            self.paths.plot([], [], color=c, ls=dash, lw=1.7, animated=True)[0]
            for c, dash in zip(COLOURS, ("-", "--", "-.", ":") * 2, strict=True)
        ]
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.units = self.map.plot([], [], color="black", lw=1.2, ls="--", animated=True)[0]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.paths, self.map)]

    def show(self, result, settings):
        for line, weights in zip(self.lines, result.weights.T, strict=True):
            line.set_data(np.arange(len(weights)) * EVERY, weights)
        label = result.points.y[:, 0] > 0.5
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*result.points.x[label == k].T)
        self.bands.set(GRID, GRID, result.plane.reshape(len(GRID), -1))
        self.units.set_data(*unit_lines(result.last["W1"], result.last["b1"][0]))
        some = "1 different unit" if result.different == 1 else f"{result.different} different units"
        self.titles[0].set_text("Diverged" if result.over else f"At the end: {some} of {UNITS}")
        self.titles[1].set_text(f"Cost {result.cost:.2g}, {result.right:.0%} right")

    def words(self, result, settings):
        said = f"All weights start at {COMMON:g}"
        said += f", give or take {settings.spread:g}. " if settings.spread else " exactly. "
        if result.over:
            return said + "The training diverged."
        if settings.spread == 0 and result.different == 1:
            return said + f"{STEPS} updates later the {UNITS} units are still one and the same, eight times."
        if result.different == 1:
            return said + f"After {STEPS} updates the units have not yet drawn apart by 0.001."
        return said + f"After {STEPS} updates {result.different} of the {UNITS} units differ by 0.001 or more."


class Symmetry(Explorer):
    """Units with equal weights stay equal; a little chance tells them apart, sooner or later."""

    name = "symmetry"
    controls = {
        "spread": Choice("chance in the weights", 0.0, SPREADS, ("none", "0.000001", "0.0001", "0.01", "0.1", "1")),
        "lr": Rate("learning rate", 1.0, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
    }
    pictures = (Apart,)


symmetry = Symmetry
