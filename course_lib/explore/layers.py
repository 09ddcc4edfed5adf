"""Layers: the lines of the first hidden units, the regions that the next layers make of them."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, get_activation, sigmoid
from ..datasets import get_dataset
from ..figures import GREY, Bands, records
from ..training import Settings, train
from .controls import Choice, Count, Menu, Rate
from .learning_rate import BATCH_SIZES, GRID, PLANE, RECORDS
from .live import Explorer, Picture

STEPS = 300
UNITS = (1, 2, 3, 4, 6, 8, 12, 16)


class Regions(Picture):
    size = (860, 360)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(units, layers, lr, activation, batch_size, data):
        points = get_dataset(data, RECORDS)
        hidden = (units,) * layers
        settings = Settings(
            hidden=hidden, lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=STEPS
        )
        history = train(settings, points)
        x = points.x.astype(np.float32)
        with np.errstate(all="ignore"):
            plane = sigmoid(history.network.forward(history.params, PLANE)[0]).reshape(len(GRID), -1)
            z = history.network.forward(history.params, x)[0]
            first = x @ history.params["W1"] + history.params["b1"]
            inside = np.nan_to_num(get_activation(activation)(first), posinf=0, neginf=0)
        return SimpleNamespace(
            points=points, plane=plane, W=history.params["W1"], b=history.params["b1"][0], inside=inside,
            right=float(((z > 0) == points.y).mean()), size=history.params.vector.size, lost=history.diverged >= 0,
        )  # fmt: skip

    def build(self, figure):
        self.map, self.space = figure.subplots(1, 2)
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.lines = self.map.plot([], [], color=GREY, lw=1.1, ls="--", animated=True)[0]
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.map_title = self.map.set_title(" ", animated=True)
        self.space.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="output of hidden unit 1, scaled")
        self.space.set_ylabel("output of hidden unit 2, scaled")
        self.inside = records(self.space, np.zeros((2, 2)), np.array([0, 1]))
        self.space_title = self.space.set_title(" ", animated=True)

    def show(self, result, settings):
        label = result.points.y[:, 0] > 0.5
        self.bands.set(GRID, GRID, result.plane)
        self.lines.set_data(*unit_lines(result.W, result.b))
        inside = result.inside[:, :2] if settings.units > 1 else np.column_stack([result.inside[:, 0], 0 * label])
        inside = inside / np.maximum(np.abs(inside).max(axis=0), 1e-9)
        for dots, within, k in zip(self.dots, self.inside, (False, True), strict=True):
            dots.set_data(*result.points.x[label == k].T)
            within.set_data(*inside[label == k].T)
        lines = "1 line" if settings.units == 1 else f"{settings.units} lines"
        self.map_title.set_text(f"{lines}, {result.right:.0%} right")
        title = "What the next layer sees of it" if settings.units < 3 else "Two of the numbers the next layer sees"
        self.space_title.set_text(title)

    def words(self, result, settings):
        layers = "one hidden layer" if settings.layers == 1 else f"{settings.layers} hidden layers"
        unit = "unit" if settings.units == 1 else "units"
        if result.lost:
            return f"{layers} of {settings.units} {unit}: at learning rate {settings.lr:g} the training diverged."
        return (
            f"A network with {layers} of {settings.units} {unit}, {result.size} parameters, after {STEPS} updates: "
            f"{result.right:.0%} of the records are right. Dashed: where each unit of the first layer has z = 0."
        )


def unit_lines(W, b):
    """The lines w·x + b = 0 of all units (columns of `W`), as one row of points with gaps between."""
    W, b = np.nan_to_num(W.T), np.nan_to_num(b)
    length = np.maximum(np.hypot(*W.T), 1e-9)[:, None]
    foot, along = -b[:, None] * W / length**2, np.stack([-W[:, 1], W[:, 0]], axis=1) / length
    ends = np.stack([foot - 9 * along, foot + 9 * along, np.full_like(foot, np.nan)], axis=1)
    return np.clip(ends.reshape(-1, 2), -1e3, 1e3).T


class Layers(Explorer):
    """How many units and layers it takes to fence in a class."""

    name = "layers"
    controls = {
        "units": Choice("units per layer", 4, UNITS),
        "layers": Count("hidden layers", 1, 1, 3),
        "lr": Rate("learning rate", 0.5, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "circles", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Regions,)


layers = Layers
