"""How large the first weights are: what it does to signal and gradient in every layer, and to the training."""

from dataclasses import replace
from functools import cache, lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..datasets import Standardiser, real
from ..figures import BLUE, GREY, ORANGE, SKY
from ..initializers import constant, get_initializer, scaled_normal
from ..losses import get_loss
from ..network import MLP, Dense
from ..training import Settings, train
from .controls import Choice, Menu, Rate
from .live import Explorer, Picture

WIDTH, RECORDS, STEPS, RUNS = 32, 256, 200, (0, 1, 2)
DEPTHS = (1, 2, 3, 5, 10, 20)
BATCH_SIZES = (4, 8, 16, 32, 64, RECORDS)
STARTS = {
    "zeros": "zeros",
    "constant": constant(0.1),
    "too small": scaled_normal(0.01),
    "too large": scaled_normal(1.0),
    "xavier_normal": "xavier_normal",
    "xavier_uniform": "xavier_uniform",
    "lecun_normal": "lecun_normal",
    "he_normal": "he_normal",
}
NAMES = ["zeros", "constant 0.1", "normal, std 0.01", "normal, std 1", *list(STARTS)[4:]]
ROWS = 5  # as many layers are drawn, evenly chosen from all
EDGES = np.linspace(-3.05, 3.05, 62)  # 0 and ±1 lie in the middle of their bins
POWERS = np.linspace(-14, 4, 73)
FULL = 0.12  # the share of values in one bin that fills a row
LEAST, MOST = 1e-14, 1e10  # what the log axes hold


@cache
def digits():
    """Some of the real digits: standardised grey values, without the pixels that are blank in all, and ten classes."""
    data = real("digits")
    data = data.take(np.random.default_rng(0).permutation(len(data))[:RECORDS])
    data = replace(data, x=data.x[:, data.x.std(axis=0) > 0])
    return Standardiser(data)(data)


def start(name, gain):
    """The initializer called `name`, its weights multiplied by `gain`."""
    draw = get_initializer(STARTS[name])
    return lambda rng, n_in, n_out: gain * draw(rng, n_in, n_out)


def drawn(depth):
    """Which hidden layers get a row, counted from 1."""
    return np.unique(np.linspace(1, depth, min(depth, ROWS)).round().astype(int))


def shares(values, edges):
    """The share of `values` in each bin, those off the ends in the end bins, as the height of a row."""
    bins = len(edges) - 1
    place = (values - edges[0]) * (bins / (edges[-1] - edges[0]))
    counts = np.bincount(np.clip(place, 0, bins - 1).astype(int).ravel(), minlength=bins)
    return np.minimum(counts / (FULL * max(values.size, 1)), 1) * 0.86


def different(outputs):
    """How many units of a layer put out something that no other does."""
    return len(np.unique(outputs.T.round(4), axis=0))


def look(network, params):
    """What every layer hands on, and the gradients that come back, on all records."""
    data, loss = digits(), get_loss("scce")
    with np.errstate(all="ignore"):
        z, kept = network.forward(params, data.x.astype(params.vector.dtype))
        deltas, grads = [], params.copy()
        network.backward(params, kept, loss.gradient(z, data.y), grads, deltas)
        dense = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
        outputs = [kept[i] for i in dense[1:]]
        rows = [(outputs[k - 1], grads[f"W{k}"]) for k in drawn(len(outputs))]
        if not all(np.isfinite(part).all() for part in (z, *outputs, grads.vector)):
            return None
        return SimpleNamespace(
            signal=np.array([a.std() for a in outputs]),
            error=np.array([deltas[i].std() for i in dense[:-1]]),
            activations=[shares(a, EDGES) for a, _ in rows], spread=[float(a.std()) for a, _ in rows],
            gradients=[shares(np.log10(np.abs(g[g != 0])), POWERS) for _, g in rows],
            none=[float((g == 0).mean()) for _, g in rows],
            different=different(outputs[0]),
        )  # fmt: skip


class Ridges:
    """One row of bars per drawn layer, the first layer at the top, and a note at its right end."""

    def __init__(self, axes, edges, colour):
        self.axes, self.bars, self.names, self.notes = axes, [], [], []
        axes.set(xlim=(edges[0], edges[-1]), ylim=(-0.1, ROWS), yticks=range(ROWS))
        axes.tick_params(labelleft=False, length=0, axis="y")
        empty = np.zeros(len(edges) - 1)
        for row in reversed(range(ROWS)):
            kind = dict(fill=True, fc=colour, ec="none", animated=True, antialiased=False)
            self.bars.append(axes.stairs(empty + row, edges, baseline=row, **kind))
            self.notes.append(
                axes.text(edges[-1], row + 0.84, "", size=8.5, ha="right", va="top", animated=True, zorder=4)
            )
            name = axes.text(edges[0], row + 0.84, "", size=8.5, va="top", animated=True, zorder=4)
            self.names.append(name)

    def set(self, depth, heights, notes):
        layers = drawn(depth)
        for i, (bars, name, note) in enumerate(zip(self.bars, self.names, self.notes, strict=True)):
            here = i < len(layers) and heights is not None
            row = ROWS - 1 - i
            bars.set_data(row + heights[i] if here else np.full(len(bars.get_data().values), row))
            name.set_text(f" layer {layers[i]}" if here else "")
            note.set_text(notes[i] + " " if here else "")


def power(value):
    """A size as a short text: 0.63, 3e-09."""
    return "0" if value == 0 else f"{value:.2g}"


class AtTheStart(Picture):
    """Before any training."""

    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(initializer, activation, depth, gain):
        network = MLP((digits().x.shape[1], *[WIDTH] * depth, 10), activation, start(initializer, gain))
        return look(network, network.init(np.random.default_rng([0, 0])))

    def build(self, figure):
        self.a, self.g, self.sizes = figure.subplots(1, 3, width_ratios=(1, 1, 0.95))
        self.activations = Ridges(self.a, EDGES, SKY)
        self.a.set(xlabel="output of a unit", xticks=range(-3, 4))
        self.gradients = Ridges(self.g, POWERS, "#F0A35E")
        self.g.set(xlabel="a weight's gradient |∂cost/∂w|", xticks=range(-12, 5, 4))
        self.g.set_xticklabels([f"$10^{{{p}}}$" for p in range(-12, 5, 4)])
        self.sizes.set(yscale="log", xlim=(-0.05, 1.05), ylim=(LEAST, 1e14), xlabel="hidden layer")
        self.sizes.set_xticks([0, 1], ["first", "last"])
        self.sizes.set_ylabel("size (standard deviation)")
        self.sizes.set_yticks([1e-12, 1e-8, 1e-4, 1, 1e4, 1e8])
        self.sizes.axhline(1, color=GREY, lw=1, ls=":")
        line = dict(lw=1.6, ms=5, mec="white", mew=0.5, animated=True)
        self.signal = self.sizes.plot([], [], "o-", color=BLUE, label="output, on its way there", **line)[0]
        self.error = self.sizes.plot([], [], "s--", color=ORANGE, label="∂cost/∂z, on its way back", **line)[0]
        self.sizes.legend(loc="upper left", borderaxespad=0)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.a, self.g, self.sizes)]

    def show(self, result, settings):
        depth = settings.depth
        if result is None:
            for ridges in (self.activations, self.gradients):
                ridges.set(depth, None, None)
            for line in (self.signal, self.error):
                line.set_data([], [])
            for title in self.titles:
                title.set_text("Too large for a float")
            return
        self.activations.set(depth, result.activations, [f"std {power(s)}" for s in result.spread])
        self.gradients.set(depth, result.gradients, [f"{share:.0%} are 0" if share else "" for share in result.none])
        layers = np.linspace(0, 1, depth)
        for line, sizes in ((self.signal, result.signal), (self.error, result.error)):
            line.set_data(layers[sizes > 0], np.clip(sizes[sizes > 0], LEAST, MOST))
        ends = f"std {power(result.signal[0])}" + (f" → {power(result.signal[-1])}" if depth > 1 else "")
        self.titles[0].set_text(f"Outputs: {ends}")
        self.titles[1].set_text("No gradient anywhere" if min(result.none) == 1 else "Gradients of the weights")
        there, back = per_layer(result.signal), per_layer(result.error[::-1])
        self.titles[2].set_text("One layer: little can go wrong" if depth == 1 else f"There {there}, back {back}")

    def words(self, result, settings):
        name = NAMES[list(STARTS).index(settings.initializer)]
        many = "s" if settings.depth > 1 else ""
        said = f"{name}, weights × {settings.gain:g}, {settings.depth} layer{many} of {WIDTH} "
        said += f"{settings.activation} units: "
        if result is None:
            return said + "the first pass already gives numbers too large for a float."
        same = "" if result.different > 1 else " All units of a layer put out the same."
        if result.signal[-1] == 0:
            return said + f"every unit puts out the same for every record, so no record can be told from another.{same}"
        there, back = result.signal[-1] / result.signal[0], result.error[0] / result.error[-1]
        if settings.depth == 1:
            return said + f"with one layer there is little to go wrong.{same}"
        return said + (
            f"from the first hidden layer to the last the signal is multiplied by {there:.2g}, "
            f"the gradient on its way back by {back:.2g}.{same}"
        )


def per_layer(sizes):
    """The factor from layer to layer, on average, as a text."""
    if len(sizes) == 1 or sizes[0] == 0 or sizes[-1] == 0:
        return "0"
    return f"× {(sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1)):.2g}"


class Trained(Picture):
    """What training makes of it."""

    size = (860, 300)
    later = True

    @staticmethod
    @lru_cache(maxsize=128)
    def compute(initializer, activation, depth, gain, lr, batch_size):
        settings = Settings(
            hidden=(WIDTH,) * depth, activation=activation, initializer=start(initializer, gain), lr=lr,
            batch_size=batch_size, steps=STEPS, evaluate_every=10, run=RUNS,
        )  # fmt: skip
        history = train(settings, digits())
        z = history.predict(digits().x)
        right = (z.argmax(axis=-1) == digits().y[:, 0]).mean(axis=-1)
        seen = look(history.network, history.params.run(0)) if history.diverged[0] < 0 else None
        return SimpleNamespace(
            step=history.step, cost=history.cost, right=right, diverged=history.diverged, seen=seen
        )  # fmt: skip

    def build(self, figure):
        self.curve, self.a, self.g = figure.subplots(1, 3, width_ratios=(1.15, 1, 1))
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(2e-3, 40), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss")
        self.curve.axhline(np.log(10), color=GREY, lw=1, ls=":")
        self.curve.text(STEPS, np.log(10) * 1.25, "guessing: ln 10 ", color=GREY, size=9, ha="right")
        styles = zip((BLUE, SKY, "black"), ("-", "--", ":"), RUNS, strict=True)
        self.lines = [
            self.curve.plot([], [], color=c, ls=dash, lw=1.7, animated=True, label=f"seed {run}")[0]
            for c, dash, run in styles
        ]
        self.curve.legend(loc="lower left", ncols=3, columnspacing=1, handlelength=1.6, borderaxespad=0)
        self.activations = Ridges(self.a, EDGES, SKY)
        self.a.set(xlabel="output of a unit, trained (seed 0)", xticks=range(-3, 4))
        self.gradients = Ridges(self.g, POWERS, "#F0A35E")
        self.g.set(xlabel="|∂cost/∂w|, trained (seed 0)", xticks=range(-12, 5, 4))
        self.g.set_xticklabels([f"$10^{{{p}}}$" for p in range(-12, 5, 4)])
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.curve, self.a, self.g)]

    def show(self, result, settings):
        cost = np.clip(np.nan_to_num(result.cost, nan=1e3, posinf=1e3), 1e-4, 1e3)
        for line, row in zip(self.lines, cost, strict=True):
            line.set_data(result.step, row)
        lost = int((result.diverged >= 0).sum())
        ends = sorted({f"{share:4.0%}" for share in result.right})
        right = " to ".join((ends[0], ends[-1])[: len(ends)]) + " right"
        self.titles[0].set_text(f"{lost} of {len(RUNS)} runs diverged" if lost else right.strip())
        seen = result.seen
        if seen is None:
            self.activations.set(settings.depth, None, None)
            self.gradients.set(settings.depth, None, None)
            self.titles[1].set_text("No numbers left")
            self.titles[2].set_text("No numbers left")
            return
        self.activations.set(settings.depth, seen.activations, [f"std {power(s)}" for s in seen.spread])
        self.gradients.set(settings.depth, seen.gradients, [f"{s:.0%} are 0" if s else "" for s in seen.none])
        unit = "different units" if seen.different > 1 else "different unit"
        self.titles[1].set_text(f"{seen.different} {unit} in layer 1")
        self.titles[2].set_text("Gradients, after training")

    def words(self, result, settings):
        said = f"After {STEPS} updates with learning rate {settings.lr:g}, three seeds: "
        lost = int((result.diverged >= 0).sum())
        if lost == len(RUNS):
            return said + "all diverged."
        kept = result.cost[result.diverged < 0, -1]
        said += f"cost {kept.min():.2g} to {kept.max():.2g}" + (f", {lost} diverged." if lost else ".")
        if result.seen is not None and result.seen.different == 1:
            said += f" Still all {WIDTH} units of layer 1 do the same: nothing ever told them apart."
        return said


class Initialization(Explorer):
    """Outputs and gradients of every layer at the start, and the training that follows."""

    name = "initialization"
    controls = {
        "initializer": Menu("initializer", "xavier_normal", STARTS, NAMES),
        "activation": Choice("activation", "tanh", HIDDEN),
        "depth": Choice("hidden layers", 5, DEPTHS),
        "gain": Rate("weights ×", 1.0, 0.1, 10),
        "lr": Rate("learning rate", 0.1, 1e-3, 10),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
    }
    pictures = (AtTheStart, Trained)


initialization = Initialization
