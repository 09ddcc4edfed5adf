"""A descent that meets a wall: thrown far away without clipping, held back with it."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib import colors

from ..clipping import clip_norm, clip_value
from ..figures import BLUE, GREY, ORANGE, Bands
from ..optimizers import Optimizer
from ..surfaces import cliff as surface
from ..surfaces import descend
from .controls import Choice, Rate
from .live import Explorer, Picture

START, STEPS = (-3.0, 3.0), 60
CLIPS = {"norm": clip_norm, "value": clip_value}
LEFT, RIGHT, LOW, HIGH = surface.window
HEIGHTS = colors.LinearSegmentedColormap.from_list("height", ["#F6F6F6", "#8C99A8"])


def clipped_sgd(kind, limit):
    """Plain gradient descent on a clipped gradient."""

    def update(theta, g, state, lr, t):
        return theta - lr * CLIPS[kind](g, limit), state

    return Optimizer("clipped", lambda theta: (), update)


class Wall(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(kind, limit, lr):
        paths = {
            "without": descend(surface, "sgd", START, lr, STEPS),
            "clipped": descend(surface, clipped_sgd(kind, limit), START, lr, STEPS),
        }
        least = float(surface.value(np.array(surface.minima[0])))
        cost, norm = {}, {}
        with np.errstate(all="ignore"):
            for name, path in paths.items():
                cost[name] = np.nan_to_num(surface.value(path) - least, nan=np.inf)
                norm[name] = np.linalg.norm(surface.gradient(path), axis=-1)
        return SimpleNamespace(paths=paths, cost=cost, norm=norm)

    def build(self, figure):
        self.map, self.norms, self.curve = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
        self.map.set(xlim=(LEFT, RIGHT), ylim=(LOW, HIGH), xlabel="parameter x", ylabel="parameter y")
        self.map.grid(False)
        x, y = np.linspace(LEFT, RIGHT, 121), np.linspace(LOW, HIGH, 61)
        bands = Bands(self.map, np.linspace(0, 1, 15), cmap=HEIGHTS, animated=False)
        height = surface.value(np.stack(np.meshgrid(x, y), axis=-1)) - 0.38493
        bands.set(x, y, np.log1p(height) / np.log1p(60))
        self.map.text(0.62, 3.42, "wall", size=9, ha="center", va="top")
        self.map.plot(*surface.minima[0], "*", color="black", ms=12, mec="white", zorder=6)
        self.map.plot(*START, "o", color="white", mec="black", ms=8, zorder=6)
        self.norms.set(yscale="log", xlim=(0, STEPS), ylim=(1e-3, 1e5), xlabel="step (one update)")
        self.norms.set_ylabel("length of the gradient")
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(1e-3, 1e5), xlabel="step (one update)")
        self.curve.set_ylabel("cost above the minimum")
        looks = (("without", ORANGE, "--", "^", 4.5), ("clipped", BLUE, "-", "o", 4))
        self.lines = {}
        for name, colour, style, marker, size in looks:
            shown = "not clipped" if name == "without" else "clipped"
            kind = dict(color=colour, ls=style, marker=marker, ms=size, lw=1.3, mec="white", mew=0.4, animated=True)
            self.lines[name] = [
                axes.plot([], [], label=shown, **kind)[0] for axes in (self.map, self.norms, self.curve)
            ]
        self.limit = self.norms.axhline(1, color=GREY, lw=1.3, ls="-.", animated=True, label="limit")
        self.norms.legend(loc="upper right", borderaxespad=0)
        self.gone = self.map.text(LEFT + 0.08, LOW + 0.12, "", color=ORANGE, size=9, weight="bold", animated=True)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.map, self.norms, self.curve)]

    def show(self, result, settings):
        steps = np.arange(STEPS + 1)
        for name, lines in self.lines.items():
            lines[0].set_data(*np.clip(result.paths[name], -1e3, 1e3).T)
            lines[1].set_data(steps, np.clip(result.norm[name], 1e-4, 1e6))
            lines[2].set_data(steps, np.clip(result.cost[name], 1e-4, 1e6))
        self.limit.set_ydata([settings.limit] * 2)
        farthest = result.paths["without"][:, 0].min()
        self.gone.set_text(f"◀ not clipped: to x = −{-farthest:.2g}" if farthest < LEFT else "")
        touched = int((result.norm["clipped"][:-1] > settings.limit).sum())
        self.titles[0].set_text("Thrown off by the wall" if farthest < LEFT else "Not thrown out of the picture")
        self.titles[1].set_text(f"Above the limit: {touched} of {STEPS}")
        clipped, without = (self.tidy(result.cost[name][-1]) for name in ("clipped", "without"))
        self.titles[2].set_text(f"Clipped {clipped}, else {without}")

    @staticmethod
    def tidy(cost):
        if cost >= 1000:
            return "huge"
        if cost >= 10:
            return f"{cost:.0f}"
        return f"{cost:.2g}" if cost >= 1e-3 else "≈ 0"

    def words(self, result, settings):
        longest = settings.lr * result.norm["without"][:-1].max()
        ends = {name: f"{cost[-1]:.2g}" for name, cost in result.cost.items()}
        return (
            f"Not clipped, the longest step is {longest:.3g} long, and after {STEPS} steps the cost is "
            f"{ends['without']} above the minimum. Clipped by {settings.kind} at {settings.limit:g} "
            f"it is {ends['clipped']}."
        )


class Cliff(Explorer):
    """The same descent with and without clipping, on a surface with a wall."""

    name = "cliff"
    controls = {
        "lr": Rate("learning rate", 1.0, 0.01, 3),
        "limit": Rate("limit", 1.0, 0.1, 1000),
        "kind": Choice("clip by", "norm", CLIPS),
    }
    pictures = (Wall,)


cliff = Cliff
