"""Transfer learning: layers taken over from a network that has learned something else, frozen or not.

All of it is three steps: train on the source task, transplant the first layers, learn the target task
with the frozen layers' gradients struck out.
"""

from dataclasses import dataclass
from functools import cache
from string import ascii_letters

import numpy as np

from .checks import finite, generator, number, of_kind, one_of, whole
from .datasets import Data, real
from .losses import get_loss
from .network import MLP, Params, stack
from .training import Settings, train


def first_layers(params, layers):
    """The names of the parameters of the first `layers` layers; ValueError if there are not as many."""
    whole("layers", layers, 0, len([name for name in of_kind("params", params, Params) if name[0] == "W"]))
    return [name for name in params if int(name.lstrip(ascii_letters)) <= layers]


def transplant(params, source, layers):
    """A copy of `params` whose first `layers` layers are those of `source` (Yosinski et al. 2014).

    Raises ValueError for layers of other shapes.
    """
    of_kind("source", source, Params)
    out = of_kind("params", params, Params).copy()
    for name in first_layers(out, layers):
        if name not in source or source.shapes[name] != params.shapes[name]:
            here, there = params.shapes[name], source.shapes.get(name)
            raise ValueError(f"{name} does not fit: {here} here, {there} in the source")
        out[name][...] = source[name]
    return out


def learning(params, frozen):
    """A vector that is 0 for what belongs to the first `frozen` layers and 1 for what learns."""
    marks = params.like(np.ones_like(params.vector))
    for name in first_layers(params, frozen):
        marks[name][...] = 0
    return marks.vector


def adapt(network, params, data, rows, lr, batch_size, learns, rngs):
    """Gradient descent from given `params`, an update a time, without end; `params` change in place.

    `rows` (runs, n) says which records of `data` each run may see, `learns` (runs, size) is 0 for what
    is frozen, `rngs` has one generator per run. Raises ValueError for what does not fit together.
    """
    of_kind("network", network, MLP), of_kind("data", data, Data)
    rows = finite("rows", rows)
    number("lr", lr, 0, above=True), whole("batch_size", batch_size, 1)
    for rng in rngs:
        generator("rng", rng)
    if rows.ndim != 2 or len(rows) != len(rngs) or params.vector.shape[:-1] != (len(rngs),):
        raise ValueError(
            f"rows {rows.shape}, params {params.vector.shape} and {len(rngs)} rngs must be of the same number of runs"
        )
    loss, grads, lr = get_loss(data.loss), params.copy(), params.vector.dtype.type(lr)
    while True:
        order = np.stack([rng.permutation(own) for rng, own in zip(rngs, rows)])
        for start in range(0, rows.shape[1], batch_size):
            batch = order[:, start : start + batch_size]
            z, kept = network.forward(params, data.x[batch], rngs)
            network.backward(params, kept, loss.gradient(z, data.y[batch]), grads)
            params.vector -= lr * grads.vector * learns
            yield params


def accuracy(network, params, data):
    """The share of records for which the right class has the largest output, one number per run."""
    return (network.forward(params, data.x)[0].argmax(axis=-1) == data.y[:, 0]).mean(axis=-1)


POOL = 100  # records of a target class that may be given with their label; the others test


@dataclass(frozen=True)
class Pair:
    """A source task and a target task; `rows` (classes, 100) are the target's records, class by class."""

    name: str
    source: Data
    target: Data
    unseen: Data
    rows: np.ndarray

    def draw(self, per_class, rng):
        """The rows of `per_class` records of each class, drawn with `rng`."""
        whole("per_class", per_class, 1, POOL)
        return np.concatenate([rng.permutation(row)[:per_class] for row in self.rows])


TEN, OTHERS, SHUFFLED, UNLABELLED = "0–9 → even/odd", "0–4 → 5–9", "shuffled → 5–9", "no labels → 5–9"
PAIRS = (TEN, OTHERS, SHUFFLED, UNLABELLED)
NOISE, COPIES = 0.3, 8  # of the unlabelled pictures, which a network is to redraw without the noise


@cache
def digit_pair(name):
    """A pair of tasks on the real digits, 8×8 pixels from 0 to 1 less the mean picture of the source.

    No record of the target is among the labelled records of the source; ValueError for an unknown name.
    """
    one_of("pair", name, PAIRS)
    digits, rng = real("digits"), np.random.default_rng(0)
    digit = digits.y[:, 0]
    by_class = [rng.permutation(np.flatnonzero(digit == k)) for k in range(10)]
    if name == TEN:
        learned = np.concatenate([rows[:90] for rows in by_class])
        rest = np.concatenate([rows[90:] for rows in by_class])
        label = digit % 2
        parts = [rng.permutation(rest[label[rest] == k]) for k in (0, 1)]
    else:
        learned = np.concatenate(by_class[:5])
        label = digit - 5
        parts = by_class[5:]
    pool, unseen = (np.concatenate([rows[part] for rows in parts]) for part in (slice(POOL), slice(POOL, None)))
    if name == UNLABELLED:
        learned = pool
    pixels = digits.x / 16
    x = pixels - pixels[learned].mean(axis=0)
    y = digit[learned]
    if name == UNLABELLED:
        clean = np.repeat(x[learned], COPIES, axis=0)
        source = Data(name, clean + rng.normal(0, NOISE, clean.shape), clean, "mse")
    else:
        y = rng.permutation(y) if name == SHUFFLED else y
        source = Data(name, x[learned], y[:, None], "scce", int(y.max()) + 1)
    target, unseen = (
        Data(name, x[rows], label[rows][:, None], "scce", len(parts)).astype("float32") for rows in (pool, unseen)
    )
    return Pair(name, source, target, unseen, np.arange(len(pool)).reshape(len(parts), POOL))


HIDDEN, STEPS = (32, 16), 150
WAYS = ("from scratch", "frozen", "fine-tuned")


@cache
def learned_source(pair, activation="tanh"):
    """Parameters learned on the source task, and their accuracy there (None: it has no classes)."""
    own = dict(hidden=HIDDEN, lr=0.2, l2=0.003)  # the penalty clears the layer's pictures of their first noise
    if pair == UNLABELLED:
        own = dict(hidden=(*HIDDEN, HIDDEN[0]), lr=3e-3, l2=3e-4, optimizer="adam")
    source = digit_pair(pair).source
    history = train(Settings(activation=activation, steps=1200, evaluate_every=1200, **own), source)
    return history.params, None if pair == UNLABELLED else float(accuracy(history.network, history.params, source))


def learn_target(
    pair, labelled, seeds, reused=2, lr=0.1, activation="tanh", batch_size=16, evaluate_every=STEPS, steps=STEPS
):
    """The three WAYS to learn a target task, all seeds side by side.

    Gives the accuracy on unseen records, (evaluations, seeds, 3), and the parameters at the end. Of one
    seed the three have the same labelled records, the same batches and the same first numbers.
    """
    tasks, params, learns, rows = digit_pair(pair), [], [], []
    network = MLP((tasks.target.x.shape[1], *HIDDEN, tasks.target.classes), activation)
    for seed in seeds:
        fresh = network.init(np.random.default_rng([seed, 1]), "float32")
        moved = transplant(fresh, learned_source(pair, activation)[0], reused)
        params += [fresh, moved, moved]
        learns += [learning(fresh, 0), learning(fresh, reused), learning(fresh, 0)]
        rows += [tasks.draw(labelled, np.random.default_rng([seed, 2]))] * 3
    params, rngs = stack(params), [np.random.default_rng([seed, 3]) for seed in seeds for _ in WAYS]
    with np.errstate(all="ignore"):  # divergence is said in words
        right = [accuracy(network, params, tasks.unseen)]
        updates = adapt(network, params, tasks.target, np.array(rows), lr, batch_size, np.array(learns), rngs)
        for step, _ in zip(range(1, steps + 1), updates):
            if step % evaluate_every == 0:
                right.append(accuracy(network, params, tasks.unseen))
    return np.reshape(right, (len(right), len(seeds), 3)), params
