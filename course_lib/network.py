"""The network: layers that carry values forward and gradients back.

A weight is (n_in, n_out), a bias (1, n_out), records are rows. With a leading runs axis, (runs, n_in,
n_out), the same lines train many networks at once: matrix products and sums act on the last two axes.
"""

import numpy as np

from .activations import d_leaky_relu, d_prelu_d_a, get_activation, leaky_relu
from .checks import finite, whole
from .initializers import get_initializer, recommended


class Params(dict):
    """Arrays by name, all views of one `vector` (..., size): read them by name, update them at a stroke."""

    def __init__(self, shapes, vector):
        self.shapes, self.vector = shapes, vector
        start = 0
        for name, shape in shapes.items():
            stop = start + shape[0] * shape[1]
            self[name] = vector[..., start:stop].reshape(*vector.shape[:-1], *shape)
            start = stop

    @classmethod
    def pack(cls, arrays, dtype):
        """Copy 2-D arrays, one run's parameters, into a new vector."""
        flat = np.concatenate([np.ravel(a) for a in arrays.values()]).astype(dtype)
        return cls({name: a.shape for name, a in arrays.items()}, flat)

    def like(self, vector):
        """The same names over another vector."""
        return Params(self.shapes, vector)

    def copy(self):
        return self.like(self.vector.copy())

    def run(self, index):
        """The parameters of one run out of many."""
        return self.like(self.vector[index])


def stack(runs):
    """Params of several single runs, joined along a new first axis."""
    return runs[0].like(np.stack([p.vector for p in runs]))


class Dense:
    """z = x W + b."""

    def __init__(self, index, n_in, n_out, initializer):
        self.W, self.b = f"W{index}", f"b{index}"
        self.n_in, self.n_out, self.initializer = n_in, n_out, initializer

    def init(self, rng):
        W = get_initializer(self.initializer)(rng, self.n_in, self.n_out)
        return {self.W: W, self.b: np.zeros((1, self.n_out))}

    def forward(self, params, x):
        return x @ params[self.W] + params[self.b]

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

    def forward(self, params, z):
        return self.activation.value(z)

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

    def forward(self, params, z):
        return leaky_relu(z, params[self.a])

    def gradients(self, params, z, da, grads):
        (da * d_prelu_d_a(z)).sum(axis=(-2, -1), keepdims=True, out=grads[self.a])

    def pullback(self, params, z, da):
        return da * d_leaky_relu(z, params[self.a])


class MLP:
    """A multi-layer perceptron: dense layers with an activation between them, none after the last.

    `sizes` is (n_in, hidden..., n_out). Weights are drawn by `initializer`; None takes the one that
    suits the activation. Raises ValueError for unknown names or sizes below 1.
    """

    def __init__(self, sizes, activation="tanh", initializer=None):
        self.sizes = tuple(whole("layer size", n, 1) for n in sizes)
        if len(self.sizes) < 2:
            raise ValueError(f"sizes needs at least an input and an output, not {self.sizes}")
        activation = get_activation(activation)
        initializer = initializer or recommended(activation.name)
        get_initializer(initializer)
        self.layers = []
        for i, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            if i > 1:
                learned = activation.name == "prelu"
                self.layers.append(LearnedSlope(i - 1) if learned else Activate(activation))
            self.layers.append(Dense(i, n_in, n_out, initializer))

    def init(self, rng, dtype=np.float64):
        """Params of one run, drawn layer by layer from `rng`."""
        arrays = {}
        for layer in self.layers:
            arrays |= layer.init(rng)
        return Params.pack(arrays, dtype)

    def forward(self, params, x):
        """The output before any sigmoid or softmax, (..., n, n_out), and what each layer was given."""
        inputs = []
        for layer in self.layers:
            inputs.append(x)
            x = layer.forward(params, x)
        return x, inputs

    def backward(self, params, inputs, dz, grads):
        """Fill `grads` (a Params) from `dz` = ∂cost/∂output, last layer first: the chain rule."""
        for layer, x in zip(reversed(self.layers), reversed(inputs), strict=True):
            layer.gradients(params, x, dz, grads)
            if layer is not self.layers[0]:
                dz = layer.pullback(params, x, dz)
        return grads

    def predict(self, params, x):
        """The output for records `x` (n, n_in), checked first."""
        x = finite("x", x)
        if x.ndim < 2 or x.shape[-1] != self.sizes[0]:
            raise ValueError(f"x must have shape (n, {self.sizes[0]}), not {x.shape}")
        return self.forward(params, x)[0]
