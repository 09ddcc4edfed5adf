"""Regimes of the learning rate on a parabola and in a narrow valley."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, GREEN, GREY, ORANGE, YELLOW
from ..quadratic import regime
from .controls import Choice, Rate
from .live import Explorer, Picture

STEPS = 30
START = np.array([-1.6, 1.6])  # along the steep and the flat direction

REGIMES = {  # colour, line style and marker: three cues
    "too slow": (GREY, "o"),
    "monotone": (GREEN, "o"),
    "zig-zag": (YELLOW, "s"),
    "diverging": (ORANGE, "^"),
}


class Descent(Picture):
    size = (860, 330)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(lr, curvature, valley):
        curvatures = np.array([curvature, curvature / valley])
        with np.errstate(over="ignore"):
            path = START * (1 - lr * curvatures) ** np.arange(STEPS + 1)[:, None]
        path = np.clip(path, -1e3, 1e3)  # far outside the picture is far enough
        steep, flat = (regime(lr, c, STEPS) for c in curvatures)
        return SimpleNamespace(path=path, regime=steep, flat=flat)

    def build(self, figure):
        self.bowl, self.valley, self.factor = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
        w = np.linspace(-2.2, 2.2, 200)
        self.w = w

        self.bowl.set(xlim=(-2.2, 2.2), ylim=(-0.08, 2.5), xlabel="weight w", ylabel="cost / curvature")
        self.bowl.plot(w, w**2 / 2, color="black", lw=1.2)
        self.on_bowl = self.bowl.plot([], [], lw=1, marker="o", ms=4.5, animated=True)[0]
        self.bowl_title = self.bowl.set_title(" ", animated=True)

        self.valley.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="steep weight w₁", ylabel="flat weight w₂")
        self.rings = [self.valley.plot([], [], color="#AAAAAA", lw=0.9, animated=True)[0] for _ in range(6)]
        self.in_valley = self.valley.plot([], [], lw=1, marker="o", ms=4, animated=True)[0]
        self.valley.plot(0, 0, "*", color="black", ms=9)
        self.valley_title = self.valley.set_title(" ", animated=True)

        self.factor.set(xscale="log", xlim=(1e-3, 10), ylim=(0, 2.1), xlabel="learning rate")
        self.factor.set_ylabel("|w| is multiplied by, per step")
        self.factor.axhline(1, color="black", lw=0.8)
        self.rates = np.geomspace(1e-3, 10, 300)
        self.curve = self.factor.plot([], [], color=BLUE, animated=True, label="steep")[0]
        self.flat = self.factor.plot([], [], color=BLUE, ls=":", lw=1.5, animated=True, label="flat")[0]
        self.factor.legend(loc="lower left", handlelength=1.8)
        self.bounds, self.labels = [], []
        bounds = (("1/c ", GREEN, "--", "right", 1.9), (" 2/c", ORANGE, "-.", "left", 0.1))
        for name, colour, style, side, height in bounds:
            self.bounds.append(self.factor.axvline(1, color=colour, ls=style, lw=1.3, animated=True))
            self.labels.append(self.factor.text(1, height, name, ha=side, size=9, color=colour, animated=True))
        self.here = self.factor.plot([], [], "o", ms=9, mec="white", animated=True)[0]
        self.factor_title = self.factor.set_title(" ", animated=True)

    def show(self, result, settings):
        colour, marker = REGIMES[result.regime]
        steep, flat = result.path.T
        for line in (self.on_bowl, self.in_valley, self.here):
            line.set(color=colour, marker=marker)
        self.on_bowl.set_data(steep, steep**2 / 2)
        self.in_valley.set_data(steep, flat)
        turn = np.linspace(0, 2 * np.pi, 120)
        for ring, height in zip(self.rings, (0.02, 0.12, 0.4, 0.9, 1.6, 2.5), strict=True):
            radius = np.sqrt(2 * height)
            ring.set_data(radius * np.cos(turn), radius * np.sqrt(settings.valley) * np.sin(turn))
        c = settings.curvature
        self.curve.set_data(self.rates, abs(1 - self.rates * c))
        self.flat.set_data(self.rates, abs(1 - self.rates * c / settings.valley))
        for line, label, bound in zip(self.bounds, self.labels, (1 / c, 2 / c), strict=True):
            line.set_xdata([bound, bound])
            label.set_x(bound)
            label.set_visible(1e-3 < bound < 10)
        self.here.set_data([settings.lr], [min(abs(1 - settings.lr * c), 2.02)])
        self.bowl_title.set_text(f"On a parabola: {result.regime}")
        self.valley_title.set_text(f"Along the flat: {result.flat}")
        self.factor_title.set_text(f"Factor |1 − lr·c| = {abs(1 - settings.lr * c):.3g}")

    def words(self, result, settings):
        c = settings.curvature
        said = (
            f"With curvature c = {c:g} the bounds are 1/c = {1 / c:.3g} and 2/c = {2 / c:.3g}; "
            f"at learning rate {settings.lr:g} the steep direction is {result.regime}"
        )
        left = abs(1 - settings.lr * c) ** STEPS
        if result.regime == "diverging":
            return said + f": after {STEPS} steps w is {left:.3g} times as far from the minimum as at the start."
        slow = abs(1 - settings.lr * c / settings.valley) ** STEPS
        return said + f" ({left:.2g} of the way left after {STEPS} steps), the flat one has {slow:.2g} left."


class Regimes(Explorer):
    """Too slow, monotone, zig-zag, diverging: the learning rate against the curvature."""

    name = "regimes"
    controls = {
        "lr": Rate("learning rate", 0.1, 1e-3, 10),
        "curvature": Rate("curvature c", 1.0, 0.1, 10),
        "valley": Choice("valley: steep/flat", 10, (1, 3, 10, 30, 100)),
    }
    pictures = (Descent,)


regimes = Regimes
