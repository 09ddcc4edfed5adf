"""What the course's math is measured against: PyTorch in float64, and differences of the function itself."""

import numpy as np
import torch
from torch.nn import functional as F

torch.set_num_threads(1)

ACTIVATIONS = {
    "identity": lambda z: z * 1.0,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "prelu": lambda z: F.prelu(z, torch.tensor([0.25], dtype=z.dtype)),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "softmax": lambda z: torch.softmax(z, dim=-1),
}
VARIANTS = {
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "log_softmax": lambda z: torch.log_softmax(z, dim=-1),
}

LOSSES = {
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
    "bce": F.binary_cross_entropy_with_logits,
    "cce": F.cross_entropy,
    "scce": lambda z, y: F.cross_entropy(z, y[:, 0].long()),
}


def targets(loss, rng, *shape):
    """Targets that suit a loss, for outputs of shape (..., n, k)."""
    if loss == "bce":
        return rng.integers(0, 2, shape).astype(float)
    if loss in ("cce", "scce"):
        y = rng.integers(0, shape[-1], (*shape[:-1], 1))
        return y if loss == "scce" else (np.arange(shape[-1]) == y) * 1.0
    return rng.normal(size=shape)


def gap(ours, theirs):
    """Largest difference, relative to the largest entry."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape, f"shapes {ours.shape} and {theirs.shape}"
    assert np.isfinite(ours).all(), "not finite"
    largest = np.abs(theirs).max(initial=0)
    return np.abs(ours - theirs).max(initial=0) / (largest if largest > 0 else 1)


def tensor(array, gradient=False):
    """A copy of `array` as a float64 tensor."""
    return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=gradient)


def value_and_pullback(function, z, upstream):
    """A torch function's value at `z`, and `upstream` carried back through it."""
    z = tensor(z, gradient=True)
    a = function(z)
    return a.detach().numpy(), torch.autograd.grad(a, z, tensor(upstream))[0].numpy()


def slope_along(function, x, direction, h=1e-6):
    """How fast the scalar `function` changes from `x` along `direction`, from two nearby values."""
    return (function(x + h * direction) - function(x - h * direction)) / (2 * h)


def twin(network, params, training=False):
    """The same network in torch: `twin(...)(x)`, with `.leaves` its parameters by our names."""
    return Twin(network, params, training)


class Twin:
    def __init__(self, network, params, training=False):
        self.network, self.training = network, training
        self.running = {name: tensor(array[0]) for name, array in params.running.items()}
        self.leaves = {name: tensor(array, gradient=True) for name, array in params.items()}

    def __call__(self, x):
        for layer in self.network.layers:
            x = getattr(self, type(layer).__name__)(layer, x)
        return x

    def Dense(self, layer, x):
        return F.linear(x, self.leaves[layer.W].T, self.leaves[layer.b][0])

    def Activate(self, layer, x):
        return ACTIVATIONS[layer.activation.name](x)

    def LearnedSlope(self, layer, x):
        return F.prelu(x, self.leaves[layer.a].reshape(1))

    def LayerNorm(self, layer, x):
        return F.layer_norm(x, (layer.n,), self.leaves[layer.gamma][0], self.leaves[layer.beta][0])

    def BatchNorm(self, layer, x):
        mean, variance = self.running[layer.mean], self.running[layer.variance]
        learned = self.leaves[layer.gamma][0], self.leaves[layer.beta][0]
        return F.batch_norm(x, mean, variance, *learned, training=self.training)

    def gradients(self, x, y, loss):
        """∂cost/∂params by autograd, by our names."""
        cost = LOSSES[loss](self(tensor(x)), tensor(y))
        found = torch.autograd.grad(cost, list(self.leaves.values()))
        return float(cost.detach()), {n: g.numpy() for n, g in zip(self.leaves, found, strict=True)}
