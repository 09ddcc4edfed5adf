"""Inside a network while it learns: pre-activations, slopes, and what every hidden unit puts out."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import FLAT, HIDDEN, dead_units, sigmoid
from ..datasets import get_dataset
from ..figures import BLUE, GREY, ORANGE, SKY, Bands, records
from ..training import Settings, train
from .controls import Choice, Menu, Rate
from .layers import unit_lines
from .learning_rate import BATCH_SIZES, GRID, PLANE, RECORDS, verdict
from .live import Explorer, Picture
from .loss_curves import tidy

UNITS, STEPS = 8, 300
Z = np.linspace(-6, 6, 241)
BINS = np.linspace(-6, 6, 49)


def inside(layer, params, z):
    """Output and slope of the hidden layer's activation at `z`; its own learned parameter included."""
    z = np.asarray(z, np.float32)
    return layer.forward(params, z)[0], layer.pullback(params, z, np.ones_like(z))


@lru_cache(maxsize=256)
def one_run(lr, activation, batch_size, data):
    """All that both pictures show of one training."""
    points = get_dataset(data, RECORDS)
    settings = Settings(
        hidden=(UNITS,), lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=10
    )
    history = train(settings, points)
    network, params, x = history.network, history.params, points.x.astype(np.float32)
    layer, first = network.layers[1], network.init(np.random.default_rng([0, 0]), "float32")
    with np.errstate(all="ignore"):
        units = inside(layer, params, PLANE @ params["W1"] + params["b1"])[0]
        plane = units @ params["W2"] + params["b2"]
        z_first, z = (x @ p["W1"] + p["b1"] for p in (first, params))
        outputs, slopes = inside(layer, params, z)
        right = (outputs @ params["W2"] + params["b2"] > 0) == points.y
        return SimpleNamespace(
            points=points, step=history.step, cost=history.cost, diverged=int(history.diverged),
            verdict=verdict(history.cost), right=float(right.mean()), plane=sigmoid(plane), units=units,
            W=params["W1"], b=params["b1"][0], weights=params["W2"][:, 0],
            learned=params["a1"].item() if "a1" in params else None,
            before=spread(z_first), after=spread(z), curve=inside(layer, params, Z)[1],
            flat=(np.abs(slopes) < FLAT).mean(axis=0), dead=dead_units(outputs) & (slopes == 0).all(axis=0),
        )  # fmt: skip


def spread(z):
    """How pre-activations spread over the bins, the fullest counted as 1; those off the ends in the end bins."""
    counts = np.histogram(np.clip(np.nan_to_num(z), BINS[0], BINS[-1]), BINS)[0]
    return counts / counts.max()


class Inside(Picture):
    size = (860, 300)
    compute = staticmethod(one_run)

    def build(self, figure):
        self.curve, self.map, self.z = figure.subplots(1, 3, width_ratios=(1, 0.92, 1.15))
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(3e-3, 6), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss")
        self.curve.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.curve.text(STEPS, np.log(2) * 1.1, "guessing: ln 2 ", color=GREY, size=9, ha="right")
        self.line = self.curve.plot([], [], color=BLUE, animated=True)[0]
        self.map.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.map.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.map.grid(False)
        self.bands = Bands(self.map, np.linspace(0, 1, 9), line=0.5)
        self.dots = records(self.map, np.zeros((2, 2)), np.array([0, 1]))
        self.z.set(xlim=(-6, 6), ylim=(-0.6, 1.75), xlabel="z of all units and records")
        self.z.set_ylabel("how many z (most = 1), slope")
        empty = np.zeros(len(BINS) - 1)
        self.after = self.z.stairs(empty, BINS, fill=True, fc=SKY, ec="none", animated=True, label="z, trained")
        self.before = self.z.stairs(empty, BINS, color="black", lw=1, animated=True, label="z, at the start")
        self.slope = self.z.plot([], [], color=ORANGE, ls="--", animated=True, label="slope f′(z)")[0]
        self.z.legend(loc="upper left", ncols=2, columnspacing=1, handlelength=1.6, borderaxespad=0)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.curve, self.map, self.z)]

    def show(self, result, settings):
        cost = np.clip(np.nan_to_num(result.cost, nan=1e3, posinf=1e3), 1e-4, 1e3)
        self.line.set_data(result.step, cost)
        self.bands.set(GRID, GRID, result.plane.reshape(len(GRID), -1))
        label = result.points.y[:, 0] > 0.5
        for dots, k in zip(self.dots, (False, True), strict=True):
            dots.set_data(*result.points.x[label == k].T)
        self.before.set_data(result.before)
        self.after.set_data(result.after)
        self.slope.set_data(Z, result.curve)
        self.titles[0].set_text(f"Cost {result.cost[-1]:.3g}: {result.verdict.removeprefix('is ')}")
        self.titles[1].set_text(f"{result.right:.0%} right")
        self.titles[2].set_text("Diverged" if result.diverged > 0 else f"{result.flat.mean():.0%} of the slopes ≈ 0")

    def words(self, result, settings):
        said = f"One hidden layer of {UNITS} {settings.activation} units, {STEPS} updates: "
        if result.diverged > 0:
            return said + f"diverged, the cost was no number any more at step {result.diverged}."
        dead = int(result.dead.sum())
        dying = f"{dead} of the units {'is' if dead == 1 else 'are'} dead." if dead else "No unit is dead."
        if result.learned is not None:
            dying += f" The slope below 0 was learned: a = {tidy(result.learned)} from 0.25."
        return said + (
            f"it {result.verdict}, cost {result.cost[-1]:.3g}. On {result.flat.mean():.0%} of all units and records "
            f"the slope is below {FLAT}. {dying}"
        )


class Units(Picture):
    """What each unit puts out over the plane; their weighted sum is the network."""

    size = (860, 150)
    later = True
    compute = staticmethod(one_run)

    def build(self, figure):
        self.axes = figure.subplots(1, UNITS)
        self.bands, self.lines, self.titles, self.notes = [], [], [], []
        for axes in self.axes:
            axes.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xticks=(), yticks=())
            axes.grid(False)
            self.bands.append(Bands(axes, np.linspace(-1, 1, 8)))
            self.lines.append(axes.plot([], [], color="black", lw=1.1, ls="--", animated=True)[0])
            self.titles.append(axes.set_title(" ", size=9, animated=True))
            self.notes.append(axes.text(0, -2.3, "", size=9, ha="center", va="top", animated=True))
        self.axes[0].set_xlabel(" ")  # keeps room for the notes

    def show(self, result, settings):
        for j, title in enumerate(self.titles):
            bands, line, note = self.bands[j], self.lines[j], self.notes[j]
            unit, weight = np.nan_to_num(result.units[:, j], posinf=0, neginf=0), result.weights[j]
            line.set_data(*unit_lines(result.W[:, [j]], result.b[[j]]))
            bands.set(GRID, GRID, (unit / max(np.abs(unit).max(), 1e-9)).reshape(len(GRID), -1))
            title.set_text(f"× {tidy(weight)}" if np.isfinite(weight) else "× nan")
            note.set_text("dead" if result.dead[j] else f"{result.flat[j]:.0%} flat")

    def words(self, result, settings):
        return "Below: each unit's output over the inputs, and the weight with which it enters the sum."


class HiddenUnits(Explorer):
    """What training makes of the hidden units: outputs, pre-activations, slopes."""

    name = "hidden_units"
    controls = {
        "lr": Rate("learning rate", 1.0, 1e-2, 30),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "circles", ("circles", "moons", "xor", "spirals")),
    }
    pictures = (Inside, Units)


hidden_units = HiddenUnits
