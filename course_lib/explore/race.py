"""All optimizers from one start on one surface: at one learning rate, and each at its own best."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib import colors

from ..figures import BLUE, GREEN, GREY, ORANGE, PINK, SKY, YELLOW, Bands
from ..optimizers import OPTIMIZERS, Optimizer, adam, adamw, momentum, nesterov
from ..surfaces import SURFACES, descend
from .controls import Choice, Menu, Rate, Slide
from .live import Explorer, Picture

STEPS = 150
FLOOR = 1.3e-7  # as low as the axes go
RATES = np.geomspace(1e-4, 10, 31)
STARTS = {
    "parabola": (-2.6, 2.2),
    "valley": (-2.7, 1.2),
    "double well": (1.6, 1.0),
    "saddle": (-1.7, 0.01),
    "rosenbrock": (-1.6, 2.4),
    "beale": (-1.5, -2.0),
    "himmelblau": (-0.5, -4.0),
}
LOOKS = {  # colour, line style, marker: three cues, the same in every figure of the lesson
    "sgd": ("black", "-", "o"),
    "momentum": (BLUE, "-", "s"),
    "nesterov": (SKY, "--", "D"),
    "adagrad": (PINK, "-", "v"),
    "rmsprop": (GREEN, "-.", "^"),
    "adam": (ORANGE, "-", "P"),
    "adamw": (YELLOW, "--", "X"),
}
DISTANT = colors.LinearSegmentedColormap.from_list("height", ["#F6F6F6", "#A9B4C2"])


def racers(beta):
    """The seven optimizers by name, those with a momentum at this one."""
    own = {"momentum": momentum(beta), "nesterov": nesterov(beta), "adam": adam(beta), "adamw": adamw(beta1=beta)}
    return {name: own.get(name) or make() for name, make in OPTIMIZERS.items()}


def abreast(optimizers, rates=1.0):
    """Several optimizers as one, the k-th for row k of theta, at `rates` times the learning rate.

    One gradient serves all of them, so seven paths cost hardly more than one.
    """

    def init(theta):
        return [o.init(row) for o, row in zip(optimizers, theta, strict=True)]

    def update(theta, g, state, lr, t):
        rows = zip(optimizers, theta, g, state, strict=True)
        moved = [o.update(row, slope, memory, lr * rates, t) for o, row, slope, memory in rows]
        return np.stack([row for row, _ in moved]), [memory for _, memory in moved]

    return Optimizer("abreast", init, update)


def embolden(line, name, x, y):
    """Draw the chosen optimizer's line once more, bold and above the others."""
    colour, style, marker = LOOKS[name]
    line.set_data(x, y)
    line.set(color=colour, linestyle=style, marker=marker)


def above(surface, p):
    """Cost at points `p` above the lowest there is; far outside counts as very high."""
    with np.errstate(all="ignore"):
        cost = surface.value(p) - min(surface.value(m) for m in surface.minima)
    return np.clip(np.nan_to_num(cost, nan=1e9, posinf=1e9), 1e-12, 1e9)


class Paths(Picture):
    size = (860, 400)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(surface, lr, beta):
        field = SURFACES[surface]
        start = np.tile(np.array(STARTS[surface]), (len(OPTIMIZERS), 1))
        path = descend(field, abreast(list(racers(beta).values())), start, lr, STEPS)
        cost = above(field, path)
        path = np.clip(np.nan_to_num(path, nan=1e3), -1e3, 1e3)
        return SimpleNamespace(path=dict(zip(OPTIMIZERS, path)), cost=dict(zip(OPTIMIZERS, cost)))

    def build(self, figure):
        figure.set_layout_engine("none")  # each surface has ticks of its own, which must not move the axes
        place = dict(left=0.073, right=0.982, top=0.94, bottom=0.195, wspace=0.2)
        self.map, self.curve = figure.subplots(1, 2, width_ratios=(1.25, 1), gridspec_kw=place)
        self.map.set(xlabel="parameter θ₁", ylabel="parameter θ₂")
        self.map.grid(False)
        self.surface = None
        self.bands = Bands(self.map, np.linspace(0, 1, 15), cmap=DISTANT, animated=False)
        self.bands.bands.set(edgecolors="white", linewidths=0.5)
        self.minima = self.map.plot([], [], "*", color="black", ms=12, mec="white", zorder=6)[0]
        self.start = self.map.plot([], [], "o", color="white", mec="black", ms=8, zorder=6)[0]
        self.map_title = self.map.set_title(" ", animated=True)
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(1e-7, 1e3), xlabel="step")
        self.curve.set_ylabel("cost above the lowest")
        self.curve_title = self.curve.set_title(" ", animated=True)
        self.lines, self.ends, self.costs = {}, {}, {}
        for name, (colour, style, marker) in LOOKS.items():
            look = dict(color=colour, animated=True)
            self.lines[name] = self.map.plot([], [], style, lw=1.2, zorder=4, **look)[0]
            self.ends[name] = self.map.plot([], [], marker, ms=7, mec="white", zorder=5, **look)[0]
            self.costs[name] = self.curve.plot(
                [], [], style, lw=1.2, marker=marker, markevery=(20, 40), ms=5, mec="white", label=name, **look
            )[0]
        self.bold_line = self.map.plot([], [], lw=2.8, ms=9, mec="white", zorder=5.5, animated=True)[0]
        self.bold_cost = self.curve.plot([], [], lw=2.8, ms=7, mec="white", zorder=5, animated=True)[0]
        self.bold_line.set_markevery([-1])
        self.bold_cost.set_markevery((20, 40))
        figure.legend(*self.curve.get_legend_handles_labels(), loc="lower center", ncols=7, handlelength=2.4)

    def show(self, result, settings):
        for name in LOOKS:
            x, y = result.path[name].T
            self.lines[name].set_data(x, y)
            self.ends[name].set_data(x[-1:], y[-1:])
            self.costs[name].set_data(np.arange(STEPS + 1), np.maximum(result.cost[name], FLOOR))
        own = settings.optimizer
        embolden(self.bold_line, own, *result.path[own].T)
        embolden(self.bold_cost, own, np.arange(STEPS + 1), np.maximum(result.cost[own], FLOOR))
        ranked = sorted(result.cost, key=lambda name: result.cost[name][-1])
        place, end = ranked.index(own) + 1, result.cost[own][-1]
        self.map_title.set_text(f"From one start, {STEPS} steps at rate {settings.lr:g}")
        self.curve_title.set_text(f"{own}: place {place} of 7, {in_words(end)}")
        if self.surface == settings.surface:
            return False
        self.surface = settings.surface
        self.paint(SURFACES[settings.surface])
        return True

    def paint(self, field):
        """Another surface: its heights, its minima, its window."""
        left, right, low, high = field.window
        x, y = np.linspace(left, right, 121), np.linspace(low, high, 121)
        heights = above(field, np.stack(np.meshgrid(x, y), axis=-1))
        self.bands.set(x, y, (np.log1p(heights) / np.log1p(heights.max())))
        self.map.set(xlim=(left, right), ylim=(low, high))
        self.minima.set_data(*np.transpose(field.minima))
        self.start.set_data(*[[one] for one in STARTS[field.name]])

    def words(self, result, settings):
        ranked = sorted(result.cost, key=lambda name: result.cost[name][-1])
        lost = [name for name in ranked if result.cost[name][-1] > 2 * result.cost[name][0]]
        said = (
            f"Surface {settings.surface}, {STEPS} steps at rate {settings.lr:g}: {ranked[0]} ends lowest; "
            f"{settings.optimizer}, above the minimum: {in_words(result.cost[settings.optimizer][-1])}"
        )
        return said + (f"; {' and '.join(lost)} went off." if lost else ".")


def in_words(cost):
    """A height above the minimum, as said in a title."""
    return "off" if cost > 1e6 else "at 0" if cost < 1e-9 else f"{cost:.2g}"


class Rates(Picture):
    size = (860, 240)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(surface, beta):
        field = SURFACES[surface]
        start = np.tile(np.array(STARTS[surface]), (len(OPTIMIZERS), len(RATES), 1))
        end = descend(field, abreast(list(racers(beta).values()), RATES[:, None]), start, 1.0, STEPS)[..., -1, :]
        return dict(zip(OPTIMIZERS, above(field, end)))

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", yscale="log", xlim=(1e-4, 10), ylim=(1e-7, 1e3))
        self.axes.set(xlabel="learning rate", ylabel=f"cost, {STEPS} steps")
        self.title = self.axes.set_title(" ", animated=True)
        self.lines = {
            name: self.axes.plot(
                [], [], style, marker=marker, lw=1.2, ms=4, mec="white", color=colour, animated=True
            )[0]
            for name, (colour, style, marker) in LOOKS.items()
        }
        self.bold = self.axes.plot([], [], lw=2.8, ms=5, mec="white", zorder=4, animated=True)[0]
        self.here = self.axes.axvline(1, color=GREY, lw=1.4, ls=":", animated=True)

    def show(self, result, settings):
        for name, line in self.lines.items():
            line.set_data(RATES, np.maximum(result[name], FLOOR))
        embolden(self.bold, settings.optimizer, RATES, np.maximum(result[settings.optimizer], FLOOR))
        best = min(result, key=lambda name: result[name].min())
        self.here.set_xdata([settings.lr] * 2)
        self.title.set_text(f"Each at its own rate: lowest {best}, at rate {RATES[result[best].argmin()]:.2g}")

    def words(self, result, settings):
        own = result[settings.optimizer]
        if own.min() > 1e3:
            return f"{settings.optimizer} goes off at every rate."
        good = RATES[own < 10 * max(own.min(), 1e-6)]
        return (
            f"{settings.optimizer} alone ends lowest at rate {RATES[own.argmin()]:.2g} ({in_words(own.min())}); "
            f"within ten times of that from rate {good.min():.2g} to {good.max():.2g}."
        )


class Race(Explorer):
    """Seven optimizers on one surface: their paths, their costs, and how each depends on its rate."""

    name = "race"
    controls = {
        "optimizer": Choice("optimizer in bold", "momentum", OPTIMIZERS),
        "lr": Rate("learning rate", 0.03, 1e-4, 10),
        "beta": Slide("momentum β", 0.9, 0.0, 0.99, 0.01),
        "surface": Menu("surface", "valley", SURFACES),
    }
    pictures = (Paths, Rates)


race = Race
