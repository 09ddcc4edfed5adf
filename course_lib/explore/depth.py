"""Depth: how signal and error fare in a network of up to 50 hidden layers, and what it then learns."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..datasets import get_dataset
from ..figures import BLUE, GREEN, GREY, ORANGE, PINK
from ..gradient_flow import UNMOVED, backward_factor, flow, path_slopes
from ..initializers import get_initializer, recommended
from ..losses import get_loss
from ..network import MLP, stack
from ..training import Settings, train
from .controls import Choice, Count, Rate
from .live import Explorer, Picture

DEEPEST, UNITS, DRAWS, PATHS = 50, 16, 5, 12
RECORDS, WATCHED = 128, 64
STEPS, RUNS = 60, 3
LOWEST, HIGHEST = 1e-24, 1e24  # of the log axes
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "identity")


def scaled(activation, scale):
    """The initializer recommended for an activation, its weights multiplied by `scale`."""
    draw = get_initializer(recommended(activation))
    return lambda rng, n_in, n_out: scale * draw(rng, n_in, n_out)


def inside(values):
    """Values made fit for the log axis: what is far off it, or no number, is just off it."""
    return np.clip(np.nan_to_num(values, nan=1e99, posinf=1e99), LOWEST / 10, HIGHEST * 10)


def layers_said(marks):
    """The marked layers in words: "layers 1 to 7", "layer 3", "5 of the layers"."""
    numbers = np.flatnonzero(marks) + 1
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    if numbers[-1] - numbers[0] + 1 == len(numbers):
        return f"layers {numbers[0]} to {numbers[-1]}"
    return f"{len(numbers)} of the layers"


def power(value):
    """A number as text, short whatever its size."""
    if value == 0 or 1e-3 <= value < 1e4:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


class Flow(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=128)
    def compute(depth, activation, scale):
        points = get_dataset("moons", RECORDS)
        x, y = points.x[:WATCHED], points.y[:WATCHED]
        network = MLP((2, *[UNITS] * depth, 1), activation, scaled(activation, scale))
        draws = [network.init(np.random.default_rng([0, draw])) for draw in range(DRAWS)]
        with np.errstate(all="ignore"):
            reports = network.watch(stack(draws), x, y, get_loss("bce"))[:-1]  # hidden layers
            slopes = path_slopes(network, draws[0], x, np.random.default_rng(1), PATHS)
        part = {
            name: np.stack([getattr(report, name) for report in reports])
            for name in ("gradient_norm", "weight_norm", "delta_std", "a_std")
        }
        verdicts = [flow(np.nan_to_num(part["delta_std"][:, draw], nan=np.inf)) for draw in range(DRAWS)]
        return SimpleNamespace(
            **part, slopes=slopes, verdict=max(set(verdicts), key=verdicts.count), agree=verdicts,
            factor=float(np.median(backward_factor(np.nan_to_num(part["delta_std"], nan=np.inf)))),
        )  # fmt: skip

    def build(self, figure):
        self.norm, self.error, self.path = figure.subplots(1, 3, sharey=True, width_ratios=(1.15, 1, 1))
        for axes in (self.norm, self.error, self.path):
            axes.set(yscale="log", xlim=(0, DEEPEST + 1), ylim=(LOWEST, HIGHEST), xlabel="hidden layer (1 = first)")
            axes.set_xticks((1, 10, 20, 30, 40, 50))
            axes.set_yticks([10.0**k for k in range(-24, 25, 6)])
        self.norm.set_ylabel("size (log axis)")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.norm, self.error, self.path)]
        self.large = self.norm.axhline(1, color=GREY, lw=1.2, ls="--", animated=True)
        self.small = self.norm.axhline(1, color=GREY, lw=1.2, ls=":", animated=True)
        write = dict(size=8.5, color=GREY, ha="right", animated=True)
        self.large_note = self.norm.text(DEEPEST, 1, "update as large as the weight", va="bottom", **write)
        self.small_note = self.norm.text(DEEPEST, 1, "update lost in float32", va="top", **write)
        self.spread = self.norm.vlines([], [], [], color=BLUE, alpha=0.45, lw=2.5, animated=True)
        moving = dict(ls="none", mec="white", mew=0.4, animated=True)
        self.norms = self.norm.plot([], [], "o", color=BLUE, ms=5, label="‖∂cost/∂W‖", **moving)[0]
        self.still = self.norm.plot([], [], "X", color=ORANGE, ms=6, label="the same, update lost", **moving)[0]
        self.norm.legend(loc="upper left", handlelength=1)
        moving = dict(marker=".", ms=4, animated=True)
        self.signal = self.error.plot([], [], color=GREEN, label="signal a, forward →", **moving)[0]
        self.delta = self.error.plot([], [], color=ORANGE, ls="--", label="← error δ, back", **moving)[0]
        self.error.legend(loc="upper left")
        black = dict(color="black", ls=":", lw=1.3)
        self.bound = self.path.plot([], [], **black, animated=True, label="sigmoid at best: ¼ each")[0]
        self.paths = [self.path.plot([], [], color=PINK, lw=1, **moving)[0] for _ in range(PATHS)]
        self.paths[0].set_label(f"{PATHS} paths")
        self.path.legend(loc="upper left")

    def show(self, result, settings):
        layer = np.arange(1, settings.depth + 1)
        with np.errstate(all="ignore"):
            norm = np.median(result.gradient_norm, axis=1)
            weight = np.median(result.weight_norm) / settings.lr
        lost = norm < UNMOVED * np.median(result.weight_norm, axis=1) / settings.lr
        shown = np.clip(inside(norm), 2 * LOWEST, HIGHEST / 2)  # those off the axis at its edge
        self.norms.set_data(layer[~lost], shown[~lost])
        self.still.set_data(layer[lost], shown[lost])
        ends = inside(result.gradient_norm.min(axis=1)), inside(result.gradient_norm.max(axis=1))
        self.spread.set_segments([[(k, low), (k, high)] for k, low, high in zip(layer, *ends, strict=True)])
        large, small = (self.large, self.large_note, weight), (self.small, self.small_note, weight * UNMOVED)
        for line, note, level in (large, small):
            line.set_ydata([level] * 2)
            note.set_y(level)
        deep = settings.depth > 30  # then the last layers are where the note would be
        self.small_note.set(x=1 if deep else DEEPEST, ha="left" if deep else "right")
        self.signal.set_data(layer, inside(np.median(result.a_std, axis=1)))
        self.delta.set_data(layer, inside(np.median(result.delta_std, axis=1)))
        self.bound.set_data(layer, inside(0.25 ** (settings.depth + 1.0 - layer)))
        self.bound.set_visible(settings.activation == "sigmoid")
        for line, slopes in zip(self.paths, result.slopes.T, strict=True):
            line.set_data(layer, inside(np.abs(slopes)))
        self.titles[0].set_text(f"Gradients: {result.verdict}")
        self.titles[1].set_text(f"Back: × {power(result.factor)} per layer")
        self.titles[2].set_text(f"Slopes multiplied: {power(np.median(np.abs(result.slopes[0])))}")

    def words(self, result, settings):
        with np.errstate(all="ignore"):
            norm = np.median(result.gradient_norm, axis=1)
            lost = norm < UNMOVED * np.median(result.weight_norm, axis=1) / settings.lr
            ratio = np.median(result.delta_std[0] / result.delta_std[-1])
        agree = result.agree.count(result.verdict)
        many = "s" if settings.depth > 1 else ""
        said = f"{settings.depth} hidden {settings.activation} layer{many}, initial weights × {settings.scale:g}: "
        if settings.depth == 1:
            said += "one layer, nothing to multiply."
        elif np.isfinite(ratio):
            said += f"the error in layer 1 is {power(ratio)} of that in layer {settings.depth}: {result.verdict} "
            said += f"(so say {agree} of {DRAWS} draws)."
        else:
            said += "the numbers overflow on the way: exploding."
        blocked = int((result.slopes[0] == 0).sum())
        if blocked:
            said += f" {blocked} of {PATHS} paths meet a slope of 0."
        if lost.any():
            said += f" At learning rate {settings.lr:g} the first update of {layers_said(lost)} is lost in float32."
        return said


class Learned(Picture):
    """A short training of such networks: the cost, and how far each layer has moved."""

    size = (860, 260)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(lr, activation, batch_size, depth, scale):
        settings = Settings(
            hidden=(UNITS,) * depth, activation=activation, initializer=scaled(activation, scale), lr=lr,
            batch_size=batch_size, steps=STEPS, evaluate_every=2, run=tuple(range(RUNS)),
        )  # fmt: skip
        history = train(settings, get_dataset("moons", RECORDS))
        moved = np.full((depth, RUNS), np.nan)
        for run in np.flatnonzero(history.diverged < 0):
            first, last = history.network.init(np.random.default_rng([0, run]), "float32"), history.params.run(run)
            for k in range(depth):
                before, after = first[f"W{k + 1}"].astype(float), last[f"W{k + 1}"].astype(float)
                with np.errstate(all="ignore"):
                    moved[k, run] = np.linalg.norm(after - before) / np.linalg.norm(before)
        return SimpleNamespace(
            step=history.step, cost=history.cost, moved=moved, diverged=history.diverged, where=history.where
        )

    def build(self, figure):
        self.curve, self.moved = figure.subplots(1, 2, width_ratios=(1.1, 1))
        self.curve.set(yscale="log", xlim=(0, STEPS + 1), ylim=(0.05, 1e4), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss")
        self.curve.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.curve.text(STEPS, np.log(2) * 1.2, "guessing: ln 2", color=GREY, size=9, ha="right")
        looks = (("-", "o"), ("--", "s"), (":", "^"))
        self.lines = [self.curve.plot([], [], color=BLUE, ls=ls, lw=1.8, animated=True)[0] for ls, _ in looks]
        self.burst = self.curve.plot([], [], "X", color=ORANGE, ms=9, mec="white", ls="none", animated=True)[0]
        self.note = self.curve.text(0, 3e3, "", color=ORANGE, size=9, va="center", animated=True)
        self.moved.set(yscale="log", xlim=(0, DEEPEST + 1), ylim=(1e-10, 1e3), xlabel="hidden layer (1 = first)")
        self.moved.set_ylabel("‖change of W‖ / ‖W‖")
        self.moved.set_xticks((1, 10, 20, 30, 40, 50))
        dots = dict(color=BLUE, ms=4, mec="white", mew=0.4, ls="none", animated=True)
        self.dots = [self.moved.plot([], [], m, **dots, label=f"run {k}")[0] for k, (_, m) in enumerate(looks)]
        self.moved.legend(loc="upper left", ncols=RUNS, handlelength=1, columnspacing=1)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.curve, self.moved)]

    def show(self, result, settings):
        layer = np.arange(1, settings.depth + 1)
        for k, (line, dots) in enumerate(zip(self.lines, self.dots, strict=True)):
            fine = np.isfinite(result.cost[k])
            line.set_data(result.step[fine], np.clip(result.cost[k][fine], 1e-3, 1e5))
            moved = result.moved[:, k]
            fine = np.isfinite(moved)
            dots.set_data(layer[fine], np.clip(moved[fine], 1.3e-10, 7e2))
        steps = result.diverged[result.diverged >= 0]
        self.burst.set_data(steps, np.full(len(steps), 3e3))
        self.note.set_text("")
        if len(steps):
            right = steps.max() > STEPS / 2
            self.note.set_text(f"no finite number at step {', '.join(map(str, steps))}")
            self.note.set(x=steps.min() - 2 if right else steps.max() + 2, ha="right" if right else "left")
        self.titles[0].set_text(self._end(result))
        ended = np.isfinite(result.moved).all(axis=0)
        if not ended.any():
            self.titles[1].set_text(f"All {RUNS} diverged")
            return
        still = int((np.median(result.moved[:, ended], axis=1) < UNMOVED).sum())
        self.titles[1].set_text(f"{still} of {settings.depth} layers stood still" if still else "Every layer moved")

    @staticmethod
    def _end(result):
        last = [f"{c:.2g}" if np.isfinite(c) else "none" for c in result.cost[:, -1]]
        return f"Cost after {STEPS} updates: {', '.join(last)}"

    def words(self, result, settings):
        said = f"Below, {RUNS} runs of {STEPS} updates of {settings.batch_size} records: "
        lost = np.flatnonzero(result.diverged >= 0)
        if len(lost):
            k = lost[result.diverged[lost].argmin()]
            return said + (
                f"{len(lost)} diverged, the first at step {result.diverged[k]}, "
                f"where {result.where[k]} was no finite number any more."
            )
        return said + f"costs of {', '.join(f'{c:.2g}' for c in result.cost[:, -1])} at the end; guessing gives 0.69."


class Depth(Explorer):
    """Per-layer gradients, the error on its way back and slopes along paths, from 1 to 50 hidden layers."""

    name = "depth"
    controls = {
        "lr": Rate("learning rate", 0.1, 1e-3, 10),
        "activation": Choice("activation", "sigmoid", ACTIVATIONS),
        "batch_size": Choice("batch size", 32, (1, 8, 32, RECORDS), (1, 8, 32, f"all {RECORDS}")),
        "depth": Count("hidden layers", 20, 1, DEEPEST),
        "scale": Rate("initial weights ×", 1.0, 0.1, 10),
    }
    pictures = (Flow, Learned)


depth = Depth
