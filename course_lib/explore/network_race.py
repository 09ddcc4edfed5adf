"""The optimizers on a real network: one against plain descent, and all of them over the rate."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import get_dataset
from ..figures import GREY, Bands, records
from ..optimizers import OPTIMIZERS
from ..training import Settings, train
from .controls import Choice, Menu, Rate, Slide
from .learning_rate import BATCH_SIZES, GRID, PLANE, RECORDS
from .live import Explorer, Picture
from .race import LOOKS, embolden, racers
from .schedules import said, shown

STEPS = 200
RATES = np.geomspace(1e-4, 10, 11)


def settings_of(optimizer, lr, activation, batch_size):
    """The training that both pictures show; `lr` may be a tuple."""
    return Settings(
        optimizer=optimizer, lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=5
    )


@lru_cache(maxsize=256)
def one_run(optimizer, lr, beta, activation, batch_size, data):
    """Step and cost of one training, what it answers in the plane, and the share of records it gets right."""
    points = get_dataset(data, RECORDS)
    history = train(settings_of(racers(beta)[optimizer], lr, activation, batch_size), points)
    with np.errstate(all="ignore"):
        plane = sigmoid(history.network.forward(history.params, PLANE)[0]).reshape(len(GRID), -1)
        guess = history.network.forward(history.params, points.x.astype(np.float32))[0] > 0
    return SimpleNamespace(
        step=history.step, cost=history.cost, plane=plane, right=float((guess == points.y).mean()), points=points
    )


class Duel(Picture):
    size = (860, 310)

    @staticmethod
    def compute(optimizer, lr, beta, activation, batch_size, data):
        own = one_run(optimizer, lr, beta, activation, batch_size, data)
        return SimpleNamespace(own=own, plain=one_run("sgd", lr, 0.9, activation, batch_size, data))

    def build(self, figure):
        self.curve, self.map = figure.subplots(1, 2, width_ratios=(1.25, 1))
        self.curve.set(yscale="log", xlim=(0, STEPS * 1.02), ylim=(1e-3, 20), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss of all records")
        self.curve.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.curve.text(STEPS, np.log(2) * 1.08, "guessing: ln 2 ", color=GREY, size=9, ha="right")
        marks = dict(markevery=8, ms=5, mec="white", animated=True)
        self.plain = self.curve.plot([], [], color=GREY, marker=LOOKS["sgd"][2], lw=1.4, **marks)[0]
        self.own = self.curve.plot([], [], **marks)[0]
        self.curve_title = self.curve.set_title(" ", animated=True)
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.map_title = self.map.set_title(" ", animated=True)

    def show(self, result, settings):
        colour, style, marker = LOOKS[settings.optimizer]
        self.plain.set_data(result.plain.step, shown(result.plain.cost))
        self.own.set_data(result.own.step, shown(result.own.cost))
        self.own.set(color=colour, linestyle=style, marker=marker)
        label = result.own.points.y[:, 0] > 0.5
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*result.own.points.x[label == k].T)
        self.bands.set(GRID, GRID, result.own.plane)
        ends = [said(run.cost[-1], 3) for run in (result.own, result.plain)]
        beside = "" if settings.optimizer == "sgd" else f"; sgd (grey): {ends[1]}"
        self.curve_title.set_text(f"{settings.optimizer}: {ends[0]}{beside}")
        self.map_title.set_text(f"{settings.optimizer}: {result.own.right:.0%} of the records right")

    def words(self, result, settings):
        ends = [said(run.cost[-1]) for run in (result.own, result.plain)]
        count = f"{settings.batch_size} record{'s' * (settings.batch_size > 1)}"
        own = "" if settings.optimizer == "sgd" else f"with {settings.optimizer} {ends[0]}, "
        return (
            f"{settings.activation} network, {STEPS} updates of {count} at rate {settings.lr:g}: cost {own}"
            f"with plain descent {ends[1]}."
        )


class Field(Picture):
    size = (860, 260)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(beta, activation, batch_size, data):
        points = get_dataset(data, RECORDS)
        return {name: final(o, activation, batch_size, points) for name, o in racers(beta).items()}

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", yscale="log", xlim=(8e-5, 12.5), ylim=(1e-3, 20))
        self.axes.set(xlabel="learning rate", ylabel=f"cost after {STEPS} steps")
        self.title = self.axes.set_title(" ", animated=True)
        self.lines = {
            name: self.axes.plot(
                [], [], style, marker=marker, lw=1.2, ms=5, mec="white", color=colour, label=name, animated=True
            )[0]
            for name, (colour, style, marker) in LOOKS.items()
        }
        self.bold = self.axes.plot([], [], lw=2.8, ms=6, mec="white", zorder=4, animated=True)[0]
        self.here = self.axes.axvline(1, color=GREY, lw=1.6, ls=":", animated=True)
        figure.legend(loc="outside lower center", ncols=7, handlelength=2.4)

    def show(self, result, settings):
        for name, line in self.lines.items():
            line.set_data(RATES, np.maximum(shown(result[name]), 1.2e-3))
        embolden(self.bold, settings.optimizer, RATES, np.maximum(shown(result[settings.optimizer]), 1.2e-3))
        self.here.set_xdata([settings.lr] * 2)
        best = sorted(result, key=lambda name: shown(result[name]).min())
        first = ", ".join(f"{name} {RATES[shown(result[name]).argmin()]:.2g}" for name in best[:3])
        self.title.set_text(f"Each at its own rate: lowest three {first}")

    def words(self, result, settings):
        own, plain = (
            f"{name} is best at {RATES[shown(result[name]).argmin()]:.2g} ({shown(result[name]).min():.2g})"
            for name in (settings.optimizer, "sgd")
        )
        return f"Over {len(RATES)} rates, {own}{'' if settings.optimizer == 'sgd' else ', ' + plain}."


def final(optimizer, activation, batch_size, points):
    """Final cost at each of the rates, trained side by side."""
    return train(settings_of(optimizer, tuple(RATES), activation, batch_size), points).cost[:, -1]


class NetworkRace(Explorer):
    """One optimizer against plain descent on a network, and all seven over the learning rate."""

    name = "network_race"
    controls = {
        "lr": Rate("learning rate", 0.01, 1e-4, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "optimizer": Choice("optimizer", "adam", OPTIMIZERS),
        "beta": Slide("momentum β, β₁", 0.9, 0.0, 0.99, 0.01),
        "data": Menu("data set", "moons", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Duel, Field)


network_race = NetworkRace
