"""The network: layers that carry values forward and gradients back.

A weight is (n_in, n_out), a bias (1, n_out), records are rows. With a leading runs axis, (runs, n_in,
n_out), the same lines train many networks at once: matrix products and sums act on the last two axes.

A layer has four methods. `forward` gives its output and what it keeps for the way back; `gradients`
fills in those of its own parameters; `pullback` hands on the gradient with respect to its input.
`training` is None in evaluation; while training it is the list of the runs' random generators.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .activations import d_leaky_relu, d_prelu_d_a, dead_units, get_activation, leaky_relu
from .checks import finite, float_dtype, fraction, generator, of_kind, one_of, whole
from .initializers import get_initializer, recommended
from .losses import get_loss
from .normalization import BatchNorm, LayerNorm
from .regularization import Dropout


class Params(dict):
    """Arrays by name, all views of one `vector` (..., size): read them by name, update them at a stroke.

    `running` holds what is averaged instead of learned: batch normalization's mean and variance.
    """

    def __init__(self, shapes, vector, running=None):
        self.shapes, self.vector, self.running = shapes, vector, running or {}
        start = 0
        for name, shape in shapes.items():
            stop = start + shape[0] * shape[1]
            self[name] = vector[..., start:stop].reshape(*vector.shape[:-1], *shape)
            start = stop

    @classmethod
    def pack(cls, arrays, dtype, running=None):
        """Copy 2-D arrays, one run's parameters, into a new vector."""
        flat = np.concatenate([np.ravel(a) for a in arrays.values()]).astype(dtype)
        running = {name: a.astype(dtype) for name, a in (running or {}).items()}
        return cls({name: a.shape for name, a in arrays.items()}, flat, running)

    def like(self, vector):
        """The same names over another vector."""
        return Params(self.shapes, vector, self.running)

    def copy(self):
        return Params(self.shapes, self.vector.copy(), {name: a.copy() for name, a in self.running.items()})

    def run(self, index):
        """The parameters of one run out of many; of several, given a list or a mask."""
        return Params(self.shapes, self.vector[index], {name: a[index] for name, a in self.running.items()})

    def put(self, index, other):
        """Overwrite one or several runs with those of `other`."""
        self.vector[index] = other.vector
        for name, a in self.running.items():
            a[index] = other.running[name]

    def only(self, letter):
        """A vector that is 1 where the parameter's name begins with `letter`, 0 elsewhere."""
        marks = [np.full(h * w, name.startswith(letter)) for name, (h, w) in self.shapes.items()]
        return np.concatenate(marks).astype(self.vector.dtype)


def stack(runs):
    """Params of several single runs, joined along a new first axis; ValueError if they do not fit together."""
    if not runs or any(p.shapes != runs[0].shapes for p in runs):
        raise ValueError("runs must be Params of one network, and one at least")
    running = {name: np.stack([p.running[name] for p in runs]) for name in runs[0].running}
    return Params(runs[0].shapes, np.stack([p.vector for p in runs]), running)


class Dense:
    """z = x W + b."""

    def __init__(self, index, n_in, n_out, initializer):
        self.W, self.b = f"W{index}", f"b{index}"
        self.n_in, self.n_out, self.initializer = n_in, n_out, initializer

    def init(self, rng):
        W = finite(f"initial {self.W}", get_initializer(self.initializer)(rng, self.n_in, self.n_out))
        if W.shape != (self.n_in, self.n_out):
            raise ValueError(f"initial {self.W} must have shape {(self.n_in, self.n_out)}, not {W.shape}")
        return {self.W: W, self.b: np.zeros((1, self.n_out))}

    def forward(self, params, x, training=None):
        z = x @ params[self.W]
        z += params[self.b]
        return z, x

    def gradients(self, params, x, dz, grads):
        np.matmul(x.mT, dz, out=grads[self.W])
        dz.sum(axis=-2, keepdims=True, out=grads[self.b])

    def pullback(self, params, x, dz):
        return dz @ params[self.W].mT


class Activate:
    """a = f(z), the same f for every unit."""

    def __init__(self, activation):
        self.activation = activation

    def init(self, rng):
        return {}

    def forward(self, params, z, training=None):
        return self.activation.value(z), z

    def gradients(self, params, z, da, grads):
        pass

    def pullback(self, params, z, da):
        return self.activation.pullback(z, da)


class LearnedSlope:
    """PReLU with its slope below zero among the parameters, one per layer (He et al. 2015)."""

    def __init__(self, index):
        self.a = f"a{index}"

    def init(self, rng):
        return {self.a: np.full((1, 1), 0.25)}

    def forward(self, params, z, training=None):
        return leaky_relu(z, params[self.a]), z

    def gradients(self, params, z, da, grads):
        (da * d_prelu_d_a(z)).sum(axis=(-2, -1), keepdims=True, out=grads[self.a])

    def pullback(self, params, z, da):
        return da * d_leaky_relu(z, params[self.a])


@dataclass(frozen=True)
class LayerReport:
    """One dense layer and its activation, on given records: a number per entry, one per run in a sweep."""

    name: str
    z_std: np.ndarray  # pre-activations
    a_mean: np.ndarray  # what the layer hands on
    a_std: np.ndarray
    dead: np.ndarray  # share of units that are 0 for every record
    delta_std: np.ndarray  # ∂cost/∂z, the signal on its way back
    gradient_norm: np.ndarray  # of the weights
    weight_norm: np.ndarray


NORMALIZATIONS = {"batch": BatchNorm, "layer": LayerNorm}


def layer_sizes(what, sizes):
    """Return `sizes` as a tuple if each is a whole number from 1 on, else raise a ValueError."""
    if not isinstance(sizes, list | tuple | range | np.ndarray):
        raise ValueError(f"{what} must be a row of layer sizes, such as (16, 16), not {sizes!r}")
    return tuple(whole(f"layer size in {what}", n, 1) for n in sizes)


class MLP:
    """A multi-layer perceptron: dense layers with an activation between them, none after the last.

    `sizes` is (n_in, hidden..., n_out), `activation` one name or one per hidden layer. Weights are drawn
    by `initializer`; None takes the one that suits the activation. `normalization` ("batch", "layer")
    acts before each activation, `dropout` (a probability) after it. Raises ValueError for what makes no sense.
    """

    def __init__(self, sizes, activation="tanh", initializer=None, normalization=None, dropout=0.0):
        self.sizes = layer_sizes("sizes", sizes)
        if len(self.sizes) < 2:
            raise ValueError(f"sizes needs at least an input and an output, not {self.sizes}")
        if normalization is not None:
            one_of("normalization", normalization, NORMALIZATIONS)
        fraction("dropout", dropout)  # at 1 nothing would be left
        self.activations = self._one_per_layer(activation)
        self.layers = []
        for i, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            f = self.activations[min(i, len(self.activations)) - 1]
            chosen = recommended(f) if initializer is None else initializer
            get_initializer(chosen)
            self.layers.append(Dense(i, n_in, n_out, chosen))
            if i < len(self.sizes) - 1:
                if normalization:
                    self.layers.append(NORMALIZATIONS[normalization](i, n_out))
                self.layers.append(LearnedSlope(i) if f.name == "prelu" else Activate(f))
                if dropout:
                    self.layers.append(Dropout(dropout))

    def _one_per_layer(self, activation):
        hidden = len(self.sizes) - 2
        if not isinstance(activation, list | tuple):
            return [get_activation(activation)] * max(hidden, 1)
        if len(activation) != hidden:
            raise ValueError(f"{hidden} hidden layers need as many activations, not {len(activation)}")
        return [get_activation(name) for name in activation]

    def init(self, rng, dtype=np.float64):
        """Params of one run, drawn layer by layer from `rng`, a numpy Generator."""
        generator("rng", rng), float_dtype(dtype)
        arrays, running = {}, {}
        for layer in self.layers:
            arrays |= layer.init(rng)
            running |= layer.running() if isinstance(layer, BatchNorm) else {}
        return Params.pack(arrays, dtype, running)

    @cached_property
    def shapes(self):
        """The shape of every parameter by name."""
        return self.init(np.random.default_rng(0)).shapes

    @property
    def size(self):
        """How many numbers the network learns."""
        return sum(height * width for height, width in self.shapes.values())

    def forward(self, params, x, training=None):
        """The output before any sigmoid or softmax, (..., n, n_out), and what each layer keeps."""
        kept = []
        for layer in self.layers:
            x, keep = layer.forward(params, x, training)
            kept.append(keep)
        return x, kept

    def backward(self, params, kept, dz, grads, deltas=None):
        """Fill `grads` (a Params) from `dz` = ∂cost/∂output, last layer first: the chain rule.

        A list `deltas` collects ∂cost/∂(output of the layer) on the way, first layer first.
        """
        for layer, keep in zip(reversed(self.layers), reversed(kept)):
            if deltas is not None:
                deltas.insert(0, dz)
            layer.gradients(params, keep, dz, grads)
            if layer is not self.layers[0]:
                dz = layer.pullback(params, keep, dz)
        return grads

    def predict(self, params, x):
        """The output for records `x` (n, n_in); both are checked first."""
        return self.forward(params, self.check(params, x))[0]

    def check(self, params, x):
        """Return records `x` as an array if they, and `params`, suit this network, else raise a ValueError."""
        of_kind("params", params, Params)
        if params.shapes != self.shapes:
            raise ValueError(f"params must be of this network, {self.shapes}, not {params.shapes}")
        x = finite("x", x)
        if x.ndim < 2 or x.shape[-1] != self.sizes[0]:
            raise ValueError(f"x must have shape (n, {self.sizes[0]}), not {x.shape}")
        runs = params.vector.shape[:-1]
        if runs and x.ndim > 2 and x.shape[:-2] != runs:
            raise ValueError(f"x must have as many runs as params, {runs[0]}, or no runs axis, not {x.shape}")
        return x

    def watch(self, params, x, y, loss, training=None):
        """A LayerReport for each dense layer: how the signal fares on its way there and back.

        Raises ValueError for records, parameters or targets that do not suit.
        """
        loss, x = get_loss(loss), self.check(params, x)
        y = loss.check_targets(y, self.sizes[-1])
        if not x.shape[-2] or y.shape[-2] != x.shape[-2]:
            raise ValueError(f"x and y must have the same number of records, one at least, not {x.shape} and {y.shape}")
        kept, outputs, deltas, grads = [], [], [], params.copy()
        for layer in self.layers:
            x, keep = layer.forward(params, x, training)
            kept.append(keep)
            outputs.append(x)
        self.backward(params, kept, loss.gradient(x, y), grads, deltas)
        first = [i for i, layer in enumerate(self.layers) if isinstance(layer, Dense)]
        last = [i - 1 for i in first[1:]] + [len(self.layers) - 1]
        W = [self.layers[i].W for i in first]
        return [
            LayerReport(
                name=f"layer {i + 1}",
                z_std=outputs[first[i]].std(axis=(-2, -1)),
                a_mean=outputs[last[i]].mean(axis=(-2, -1)),
                a_std=outputs[last[i]].std(axis=(-2, -1)),
                dead=dead_units(outputs[last[i]]).mean(axis=-1),
                delta_std=deltas[first[i]].std(axis=(-2, -1)),
                gradient_norm=np.sqrt((grads[W[i]] ** 2).sum(axis=(-2, -1))),
                weight_norm=np.sqrt((params[W[i]] ** 2).sum(axis=(-2, -1))),
            )
            for i in range(len(first))
        ]

    def blame(self, kept, z, grads, run=...):
        """Where numbers first stopped being finite in a step, in words."""
        given = [x for layer, x in zip(self.layers, kept) if isinstance(layer, Dense)]
        for i, values in enumerate([*given[1:], z], start=1):
            if not np.isfinite(values[run]).all():
                return f"the output of layer {i}"
        for name in reversed(grads):
            if not np.isfinite(grads[name][run]).all():
                return f"the gradient of {name}"
        return "the update itself"
