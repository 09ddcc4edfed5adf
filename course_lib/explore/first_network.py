"""A first network: walk through its training, and see the border between two classes take shape."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import get_dataset
from ..figures import BLUE, GREY, ORANGE, Bands, records
from ..training import Settings, train
from .controls import Choice, Menu, Rate
from .learning_rate import BATCH_SIZES, GRID, PLANE, RECORDS
from .live import Explorer, Picture

UPDATES = (1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400)
UNITS = (1, 2, 3, 4, 6, 8, 16)


def _times(updates):
    return "1 update" if updates == 1 else f"{updates} updates"


class Learning(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(updates, lr, activation, batch_size, units, data):
        points = get_dataset(data, RECORDS)
        history = train(
            Settings(
                hidden=(units,), lr=lr, activation=activation, batch_size=batch_size, steps=updates, evaluate_every=5
            ),
            points,
        )
        with np.errstate(all="ignore"):
            plane = sigmoid(history.network.forward(history.params, PLANE)[0]).reshape(len(GRID), -1)
            guess = history.network.forward(history.params, points.x.astype(np.float32))[0] > 0
        return SimpleNamespace(points=points, step=history.step, cost=history.cost, plane=plane, guess=guess[:, 0])

    def build(self, figure):
        self.map, self.curve = figure.subplots(1, 2, width_ratios=(1, 1.1))
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.wrong = self.map.plot([], [], "o", mfc="none", mec="black", ms=10, mew=1.2, animated=True)[0]
        names = ("first class", "second class", "on the wrong side")
        figure.legend([*self.dots, self.wrong], names, loc="outside lower center", ncols=3)
        self.map_title = self.map.set_title(" ", animated=True)
        self.curve.set(xlim=(0, 406), ylim=(0, 1.2), xlabel="updates so far", ylabel="cost: mean loss of all records")
        self.curve.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.curve.text(406, np.log(2) + 0.02, "guessing ", color=GREY, size=9, ha="right")
        self.line = self.curve.plot([], [], color=BLUE, animated=True)[0]
        self.end = self.curve.plot([], [], "o", color=ORANGE, mec="white", ms=9, animated=True)[0]
        self.curve_title = self.curve.set_title(" ", animated=True)

    def show(self, result, settings):
        cost = np.clip(np.nan_to_num(result.cost, nan=9, posinf=9), 0, 9)
        self.line.set_data(result.step, cost)
        self.end.set_data(result.step[-1:], np.minimum(cost[-1:], 1.17))
        self.end.set_marker("^" if cost[-1] > 1.17 else "o")
        label = result.points.y[:, 0] > 0.5
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*result.points.x[label == k].T)
        self.wrong.set_data(*result.points.x[label != result.guess].T)
        self.bands.set(GRID, GRID, result.plane)
        self.map_title.set_text(f"After {_times(settings.updates)}: {(label == result.guess).mean():.0%} right")
        self.curve_title.set_text(f"Cost now {result.cost[-1]:.3g}")

    def words(self, result, settings):
        wrong = int((result.guess != (result.points.y[:, 0] > 0.5)).sum())
        units = "1 hidden unit" if settings.units == 1 else f"{settings.units} hidden units"
        return (
            f"A network with {units} after {_times(settings.updates)}: {wrong} of {RECORDS} records are on "
            f"the wrong side of the black line; the cost went from {result.cost[0]:.2g} to {result.cost[-1]:.2g}."
        )


class FirstNetwork(Explorer):
    """One hidden layer on two classes, after as many updates as the slider says."""

    name = "first_network"
    controls = {
        "updates": Choice("updates so far", 1, UPDATES),
        "lr": Rate("learning rate", 0.5, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "units": Choice("hidden units", 8, UNITS),
        "data": Menu("data set", "moons", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Learning,)


first_network = FirstNetwork
