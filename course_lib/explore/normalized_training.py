"""The same network without, with batch and with layer normalization: cost curves, borders, usable rates."""

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, sigmoid
from ..datasets import circles
from ..figures import BLUE, GREEN, GREY, ORANGE, Bands, records
from ..training import Settings, train
from .controls import Choice, Rate
from .learning_rate import verdict
from .live import Explorer, Picture

RECORDS, STEPS, WIDTH, SEEDS = 128, 100, 16, 3
BATCH_SIZES = (2, 4, 8, 16, 32, 64, RECORDS)
RATES = np.geomspace(0.01, 30, 8)
KINDS = {None: ("none", GREY, ":"), "batch": ("batch", BLUE, "-"), "layer": ("layer", ORANGE, "--")}
USABLE = 0.2  # a rate is called usable if the cost ends below
GRID = np.linspace(-2.1, 2.1, 32)
PLANE = np.stack(np.meshgrid(GRID, GRID), axis=-1).reshape(-1, 2).astype(np.float32)
DATA = circles(RECORDS)


def settings_of(lr, activation, batch_size, depth):
    return Settings(
        hidden=(WIDTH,) * depth, lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=10
    )


@lru_cache(maxsize=256)
def three_runs(lr, activation, batch_size, depth):
    """One training of each kind from the same seed, with its border."""
    settings, runs = settings_of(lr, activation, batch_size, depth), {}
    step = np.arange(0, STEPS + 1, 10)
    for kind in KINDS:
        history = train(replace(settings, normalization=kind), DATA)
        with np.errstate(all="ignore"):
            plane = sigmoid(history.network.forward(history.params, PLANE)[0]).reshape(len(GRID), -1)
            right = (history.network.forward(history.params, DATA.x.astype(np.float32))[0] > 0) == DATA.y
        cost = np.r_[history.cost[: len(step)], np.full(max(0, len(step) - len(history.cost)), np.nan)]
        runs[kind] = SimpleNamespace(cost=cost, plane=plane, right=float(right.mean()), verdict=verdict(history.cost))
    return SimpleNamespace(step=step, runs=runs)


def number(cost):
    return f"{cost:.2g}" if np.isfinite(cost) else "no number"


class Curves(Picture):
    size = (860, 290)
    compute = staticmethod(three_runs)

    def build(self, figure):
        self.curve, *maps = figure.subplots(1, 4, width_ratios=(1.55, 1, 1, 1))
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(2e-3, 12), xlabel="step (one update)")
        self.curve.set_ylabel("cost, in evaluation mode")
        self.curve.axhline(np.log(2), color=GREY, lw=0.8)
        self.curve.text(STEPS, np.log(2) * 1.1, "guessing: ln 2 ", color=GREY, size=9, ha="right")
        self.lines = [
            self.curve.plot([], [], color=colour, ls=style, label=name, animated=True)[0]
            for name, colour, style in KINDS.values()
        ]
        self.curve.legend(loc="lower left", handlelength=2.4)
        self.bands = []
        for axes in maps:
            axes.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xticks=(-2, 0, 2), yticks=(), xlabel="input x₁")
            axes.set_box_aspect(1)
            axes.grid(False)
            self.bands.append(Bands(axes, np.linspace(0, 1, 9), line=0.5))
            records(axes, DATA.x, DATA.y)
        maps[0].set(ylabel="input x₂", yticks=(-2, 0, 2))
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.curve, *maps)]

    def show(self, result, settings):
        for line, bands, title, (kind, (name, *_)) in zip(
            self.lines, self.bands, self.titles[1:], KINDS.items(), strict=True
        ):
            run = result.runs[kind]
            line.set_data(result.step, np.clip(np.nan_to_num(run.cost, nan=1e3, posinf=1e3), 1e-4, 1e3))
            bands.set(GRID, GRID, run.plane)
            title.set_text(f"{name}: {run.right:.0%} right")
        lowest = min(KINDS, key=lambda kind: np.nan_to_num(result.runs[kind].cost[-1], nan=np.inf))
        said = f"Lowest: {KINDS[lowest][0]}, {number(result.runs[lowest].cost[-1])}"
        self.titles[0].set_text(said)

    def words(self, result, settings):
        ends = ", ".join(
            f"{name} {number(result.runs[kind].cost[-1])} ({result.runs[kind].verdict})"
            for kind, (name, *_) in KINDS.items()
        )
        layers = f"{settings.depth} hidden layer{'s' if settings.depth > 1 else ''}"
        return f"{layers} of {WIDTH} {settings.activation} units after {STEPS} updates, one seed. Cost: {ends}."


@lru_cache(maxsize=128)
def sweep(activation, batch_size, depth):
    """Final costs (seeds, rates) of each kind."""
    rates, seeds = np.tile(RATES, SEEDS), np.repeat(np.arange(SEEDS), len(RATES))
    settings = settings_of(tuple(rates), activation, batch_size, depth)
    settings = replace(settings, run=tuple(seeds), evaluate_every=STEPS)
    return {
        kind: np.nan_to_num(
            train(replace(settings, normalization=kind), DATA).cost[:, -1].reshape(SEEDS, -1), nan=1e3, posinf=1e3
        )
        for kind in KINDS
    }


def usable(costs):
    """How many of the rates end below `USABLE` with every seed."""
    return int((costs.max(axis=0) < USABLE).sum())


class Rates(Picture):
    size = (860, 250)
    later = True
    compute = staticmethod(sweep)

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", yscale="log", xlim=(0.008, 38), ylim=(2e-3, 12), xlabel="learning rate")
        self.axes.set_ylabel(f"cost after {STEPS} updates")
        self.axes.axhline(USABLE, color="black", lw=0.8, ls="-.")
        self.axes.text(0.0085, USABLE * 0.85, "below: usable", size=9, va="top")
        self.lines, self.ranges = [], []
        for i, (name, colour, style) in enumerate(KINDS.values()):
            shifted = RATES * 1.06 ** (i - 1)  # beside each other
            line = self.axes.plot(shifted, np.ones_like(RATES), "os^"[i], color=colour, ls=style, ms=5, animated=True)
            self.lines += line
            line[0].set_label(f"{name}: middle of {SEEDS} seeds")
            self.ranges.append(self.axes.vlines(shifted, 1, 2, color=colour, lw=1.5, animated=True))
        self.mark = self.axes.axvline(1, color=GREEN, lw=1.2, animated=True, label="your rate")
        figure.legend(loc="outside right upper")
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        self.mark.set_xdata([settings.lr] * 2)
        for line, bars, costs in zip(self.lines, self.ranges, result.values(), strict=True):
            line.set_ydata(np.clip(np.median(costs, axis=0), 1e-4, 1e3))
            ends = np.clip((costs.min(axis=0), costs.max(axis=0)), 1e-4, 1e3).T
            bars.set_segments([[(x, low), (x, high)] for x, (low, high) in zip(line.get_xdata(), ends, strict=True)])
        self.title.set_text("Rates usable with every seed: " + self._counts(result, " · "))

    def words(self, result, settings):
        return (
            f"Of {len(RATES)} learning rates, these many end below a cost of {USABLE} with each of {SEEDS} seeds: "
            + self._counts(result, ", ")
            + "."
        )

    @staticmethod
    def _counts(result, between):
        return between.join(f"{KINDS[kind][0]} {usable(costs)}" for kind, costs in result.items())


class NormalizedTraining(Explorer):
    """Three networks that differ in their normalization, at one learning rate and at many."""

    name = "normalized_training"
    controls = {
        "lr": Rate("learning rate", 0.1, 1e-2, 30),
        "activation": Choice("activation", "relu", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "depth": Choice("hidden layers", 3, (1, 2, 3, 5)),
    }
    pictures = (Curves, Rates)


normalized_training = NormalizedTraining
