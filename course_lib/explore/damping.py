"""Momentum in one direction is a pendulum: how fast it comes to rest, over learning rate and β."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.colors import BoundaryNorm

from ..figures import BLUE, GREEN, GREY, ORANGE, YELLOW
from ..optimizers import momentum
from ..quadratic import best_momentum, momentum_factor
from ..quadratic import damping as damped
from .controls import Choice, Rate, Slide
from .live import Explorer, Picture

STEPS = 60
PRODUCTS = np.geomspace(1e-3, 6, 241)
BETAS = np.linspace(0, 0.995, 200)
LEVELS = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1)
KINDS = {"monotone": (GREEN, "o"), "swinging": (BLUE, "o"), "zig-zag": (YELLOW, "s"), "diverging": (ORANGE, "^")}
SIDES = ("steep", "flat")


class Pendulum(Picture):
    size = (860, 390)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(lr, beta, valley):
        curvature = np.array([1.0, 1 / valley])
        optimizer, w = momentum(beta), np.ones(2)
        state, path = optimizer.init(w), [w]
        for t in range(1, STEPS + 1):
            w, state = optimizer.update(w, curvature * w, state, lr, t)
            path.append(w)
        return SimpleNamespace(
            path=np.clip(path, -1e3, 1e3), factor=momentum_factor(lr, beta, curvature),
            kinds=[damped(lr, beta, float(c)) for c in curvature], product=lr * curvature,
            best=best_momentum(1.0, 1 / valley),
        )

    def build(self, figure):
        axes = figure.subplot_mosaic([["map", "steep"], ["map", "flat"]], width_ratios=(1.25, 1))
        self.map = axes["map"]
        self.map.set(xscale="log", xlim=(1e-3, 6), ylim=(0, 1), xlabel="learning rate · curvature")
        self.map.set_ylabel("momentum β")
        self.map.grid(False)
        factor = momentum_factor(PRODUCTS, BETAS[:, None])
        filled = self.map.contourf(PRODUCTS, BETAS, factor, LEVELS, cmap="Blues", norm=BoundaryNorm(LEVELS, 256))
        bar = figure.colorbar(filled, ax=self.map, location="bottom", aspect=40, shrink=0.9, pad=0.02)
        bar.set_label("distance left after a step, in the long run (max |λ|)")
        bar.set_ticks(LEVELS, labels=[f"{level:g}" for level in LEVELS])
        self.map.plot(2 + 2 * BETAS, BETAS, color=ORANGE, lw=2.2)
        self.map.plot((1 - np.sqrt(BETAS)) ** 2, BETAS, color="black", lw=1.3, ls="--")
        words = dict(size=9, ha="center", va="center")
        self.map.text(4.9, 0.3, "diverges", color=ORANGE, rotation=90, **words)
        self.map.text(0.0045, 0.3, "monotone:\ntoo much friction", color="white", **words)
        self.map.text(0.45, 0.7, "swings:\ntoo little", color="black", **words)
        self.best = self.map.plot([], [], "*", color=YELLOW, mec="black", ms=15, animated=True, zorder=5)[0]
        self.span = self.map.plot([], [], color="black", lw=1.5, animated=True, zorder=5)[0]
        point = dict(color="white", mec="black", mew=1.6, ms=9, animated=True)
        self.points = [
            self.map.plot([], [], marker, clip_on=False, zorder=6, **point)[0] for marker in "oD"
        ]
        self.map_title = self.map.set_title(" ", animated=True)
        self.sides, self.titles, self.swings, self.hulls = [axes[s] for s in SIDES], [], [], []
        for side, place in zip(self.sides, SIDES, strict=True):
            side.set(xlim=(0, STEPS), ylim=(-1.8, 1.8), ylabel=f"{place} weight")
            side.axhline(0, color="black", lw=0.8)
            self.titles.append(side.set_title(" ", animated=True))
            self.hulls.append([side.plot([], [], ":", color=GREY, lw=1.3, animated=True)[0] for _ in range(2)])
            self.swings.append(side.plot([], [], lw=1.2, ms=3.5, animated=True)[0])
        self.sides[1].set_xlabel("step")

    def show(self, result, settings):
        steps = np.arange(STEPS + 1)
        for i, side in enumerate(("○ Steep", "◇ Flat")):
            colour, marker = KINDS[result.kinds[i]]
            self.swings[i].set_data(steps, result.path[:, i])
            self.swings[i].set(color=colour, marker=marker)
            with np.errstate(over="ignore"):
                hull = np.minimum(result.factor[i] ** steps, 1e3)
            for line, sign in zip(self.hulls[i], (1, -1), strict=True):
                line.set_data(steps, sign * hull)
            self.titles[i].set_text(f"{side}: {result.kinds[i]}, × {result.factor[i]:.3f} per step")
            self.points[i].set_data([result.product[i]], [settings.beta])
        self.span.set_data(result.product, [settings.beta] * 2)
        self.best.set_data([result.best[0]], [result.best[1]])
        slowest = result.factor.max()
        self.map_title.set_text(
            "Diverges" if slowest >= 1 else f"The slower one: {slowest:.3f} left per step, {steps_to(slowest)} to 1 %"
        )

    def words(self, result, settings):
        lr, beta = result.best
        slowest = momentum_factor(lr, beta, np.array([1, 1 / settings.valley])).max()
        return (
            f"At rate {settings.lr:g} and β {settings.beta:g} the steep direction is {result.kinds[0]} "
            f"(factor {result.factor[0]:.3f}), the flat one {result.kinds[1]} ({result.factor[1]:.3f}). Best for this "
            f"valley (star, for the steep one): rate {lr:.3g} and β {beta:.2f}, factor {slowest:.3f} for both."
        )


def steps_to(factor, left=0.01):
    """In how many steps a distance shrinks to that share, in words."""
    return "1 step" if factor <= left else f"{int(np.ceil(np.log(left) / np.log(factor)))} steps"


class Damping(Explorer):
    """Momentum on a parabola: how fast it settles, over learning rate and β, and the swing of two weights."""

    name = "damping"
    controls = {
        "lr": Rate("learning rate", 0.3, 0.03, 6),
        "beta": Slide("momentum β", 0.9, 0.0, 0.99, 0.01),
        "valley": Choice("valley: steep/flat", 20, (1, 3, 10, 20, 30)),
    }
    pictures = (Pendulum,)


damping = Damping
