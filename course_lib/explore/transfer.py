"""Transfer learning on the real digits: from scratch, with frozen layers, and fine-tuned."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, BLUE_TO_ORANGE, GREY, ORANGE
from ..transfer import PAIRS, STEPS, TEN, WAYS, digit_pair, learn_target, learned_source
from .controls import Choice, Menu, Rate
from .live import Explorer, Picture

EVERY, SEEDS = 10, 5
LABELLED = (1, 2, 5, 10, 20, 50, 100)
LOOKS = ((GREY, ":", "s"), (ORANGE, "--", "^"), (BLUE, "-", "o"))
SIDE = 4  # 4×4 of the first layer's units are shown


def mosaic(W):
    """The first units' weights (64, n) as 8×8 pictures, each against its own largest, with gaps between."""
    out = np.full((SIDE * 9 - 1, SIDE * 9 - 1), np.nan)
    for j in range(SIDE**2):
        top, left = 9 * (j // SIDE), 9 * (j % SIDE)
        w = np.nan_to_num(W[:, j], posinf=0, neginf=0)
        out[top : top + 8, left : left + 8] = (w / max(np.abs(w).max(), 1e-9)).reshape(8, 8)
    return out


class Learning(Picture):
    """One draw of labelled records: how the three ways learn, and what their first layer looks for."""

    size = (860, 300)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(pair, labelled, reused, lr, activation, batch_size):
        right, params = learn_target(pair, labelled, (0,), reused, lr, activation, batch_size, EVERY)
        lost = ~np.isfinite(params.vector).all(axis=-1)
        return SimpleNamespace(right=right[:, 0], W=params["W1"], lost=lost)

    def build(self, figure):
        self.curve, *self.maps = figure.subplots(1, 4, width_ratios=(1.5, 1, 1, 1))
        self.curve.set(xlim=(0, STEPS), ylim=(0, 1.02), xlabel="step (one update)", ylabel="right on unseen records")
        self.curve.yaxis.set_major_formatter("{x:.0%}")
        self.chance = self.curve.axhline(0.5, color=GREY, lw=0.8, animated=True)
        self.guess = self.curve.text(STEPS * 0.02, 0.5, "guessing", color=GREY, size=9, va="top", animated=True)
        self.lines = [
            self.curve.plot([], [], color=c, ls=s, lw=2, marker=m, markevery=3, animated=True, label=way)[0]
            for way, (c, s, m) in zip(WAYS, LOOKS)
        ]
        self.curve.legend(loc="lower right")
        self.pictures = []
        for axes, way in zip(self.maps, WAYS, strict=True):
            axes.set(xticks=(), yticks=())
            axes.grid(False)
            for side in axes.spines.values():
                side.set_visible(False)
            empty = np.zeros((SIDE * 9 - 1,) * 2)
            self.pictures.append(axes.imshow(empty, cmap=BLUE_TO_ORANGE, vmin=-1, vmax=1, animated=True))
            axes.set_title(way.capitalize(), size=10)
        self.maps[1].set_xlabel("weights of 16 first-layer units: blue below 0, orange above", size=9)
        self.title = self.curve.set_title(" ", animated=True)

    def show(self, result, settings):
        steps = np.arange(len(result.right)) * EVERY
        for line, right in zip(self.lines, result.right.T, strict=True):
            line.set_data(steps, right)
        chance = 1 / digit_pair(settings.pair).target.classes
        self.chance.set_ydata([chance] * 2)
        self.guess.set_y(chance - 0.01)
        for picture, W in zip(self.pictures, result.W, strict=True):
            picture.set_data(mosaic(W))
        best = int(result.right[-1].argmax())
        self.title.set_text(f"One draw: {result.right[-1, best]:.0%} {WAYS[best]}")

    def words(self, result, settings):
        tasks = digit_pair(settings.pair)
        good = learned_source(settings.pair, settings.activation)[1]
        source = "" if good is None else f" The source network is right on {good:.0%} of its own training records."
        ends = ", ".join(f"{right:.0%} {way}" for right, way in zip(result.right[-1], WAYS))
        lost = f" Diverged: {', '.join(way for way, no in zip(WAYS, result.lost) if no)}." if result.lost.any() else ""
        return (
            f"{settings.labelled} labelled record{'s' if settings.labelled > 1 else ''} of each of "
            f"{tasks.target.classes} classes, {settings.reused} of 3 layers reused, after {STEPS} updates right on the "
            f"{len(tasks.unseen)} unseen records: {ends}.{lost}{source}"
        )


class Draws(Picture):
    """The same for every number of labelled records, over several draws."""

    size = (860, 310)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(pair, reused, lr, activation, batch_size):
        return np.array([
            learn_target(pair, n, range(SEEDS), reused, lr, activation, batch_size)[0][-1] for n in LABELLED
        ])  # fmt: skip

    def build(self, figure):
        self.right, self.gain = figure.subplots(1, 2)
        for axes in (self.right, self.gain):
            axes.set(xscale="log", xlim=(0.85, 118), xlabel="labelled records per class")
            axes.set_xticks(LABELLED, [str(n) for n in LABELLED])
            axes.minorticks_off()
            axes.yaxis.set_major_formatter("{x:.0%}")
        self.right.set(ylim=(0, 1.02), ylabel="right on unseen records")
        self.gain.set(ylim=(-0.42, 0.22), ylabel="more than from scratch")
        self.gain.yaxis.set_major_formatter(lambda gain, _: f"{100 * gain:+.0f} %" if gain else "0")
        self.gain.axhline(0, color=GREY, ls=":", lw=2)
        self.lines = [
            self.right.plot([], [], color=c, ls=s, lw=2, marker=m, animated=True, label=f"{way}, mean of {SEEDS}")[0]
            for way, (c, s, m) in zip(WAYS, LOOKS)
        ]
        self.means = [self.gain.plot([], [], color=c, ls=s, lw=2, animated=True)[0] for c, s, _ in LOOKS[1:]]
        self.dots = [
            self.gain.plot([], [], m, color=c, ms=4, mec="white", mew=0.4, animated=True, label=f"{way}, each draw")[0]
            for way, (c, _, m) in zip(WAYS[1:], LOOKS[1:])
        ]
        self.spread = [
            self.right.vlines(LABELLED, 0, 0, color=c, lw=1.2, alpha=0.6, animated=True) for c, _, _ in LOOKS
        ]
        self.here = [axes.axvline(1, color="black", lw=1, alpha=0.5, animated=True) for axes in (self.right, self.gain)]
        self.right.legend(loc="lower right")
        self.gain.legend(loc="lower right")
        self.title = self.gain.set_title(" ", animated=True)
        self.right.set_title(f"Accuracy: mean, lowest to highest of {SEEDS} draws")

    def show(self, result, settings):
        shift = np.array([0.955, 1.0, 1.047])  # beside each other
        for way, (line, spread) in enumerate(zip(self.lines, self.spread, strict=True)):
            x, right = np.array(LABELLED) * shift[way], result[:, :, way]
            line.set_data(x, right.mean(axis=1))
            ends = zip(x, right.min(axis=1), right.max(axis=1), strict=True)
            spread.set_segments([[(at, low), (at, high)] for at, low, high in ends])
        for way, (mean, dots) in enumerate(zip(self.means, self.dots, strict=True), start=1):
            x, gain = np.array(LABELLED) * shift[way], result[:, :, way] - result[:, :, 0]
            mean.set_data(x, np.clip(gain.mean(axis=1), -0.41, 0.21))
            dots.set_data(np.repeat(x, SEEDS), np.clip(gain, -0.41, 0.21).ravel())
        for line in self.here:
            line.set_xdata([settings.labelled] * 2)
        self.title.set_text(verdict(result[LABELLED.index(settings.labelled)]))

    def words(self, result, settings):
        right = result[LABELLED.index(settings.labelled)]
        ends = ", ".join(
            f"{way} {mean:.0%} ({low:.0%} to {high:.0%})"
            for way, mean, low, high in zip(WAYS, right.mean(axis=0), right.min(axis=0), right.max(axis=0))
        )
        return f"Over {SEEDS} draws of {settings.labelled} per class: {ends}. {verdict(right)}."


def verdict(right):
    """What accuracies (seeds, 3) say; a way is ahead only if it is so in every draw."""
    if (right == right[:, :1]).all():
        return "All three ways are the same"
    for way in (1, 2):
        if (right[:, way] > right[:, 0]).all() and right[:, way].mean() >= right[:, 3 - way].mean():
            return f"{WAYS[way].capitalize()} beats scratch in all {SEEDS} draws"
    if (right[:, 1:].max(axis=1) < right[:, 0]).all():
        return f"From scratch wins in all {SEEDS} draws"
    ahead = [int((right[:, way] > right[:, 0]).sum()) for way in (1, 2)]
    return f"Unclear: frozen wins {ahead[0]}, fine-tuned {ahead[1]} of {SEEDS}"


class Transfer(Explorer):
    """Layers from one task reused for another: when does it pay, and with how many labelled records?"""

    name = "transfer"
    controls = {
        "pair": Menu("from → to", TEN, PAIRS),
        "labelled": Choice("labelled records per class", 10, LABELLED),
        "reused": Choice("layers reused", 2, (0, 1, 2)),
        "lr": Rate("learning rate", 0.1, 1e-3, 10),
        "activation": Choice("activation", "tanh", ("sigmoid", "tanh", "relu", "elu", "gelu")),
        "batch_size": Choice("batch size", 16, (1, 4, 16, 64)),
    }
    pictures = (Learning, Draws)


transfer = Transfer
