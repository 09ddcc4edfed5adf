"""Optimizers: given the gradient, where to move the parameters.

`theta` is the vector of all parameters, `g` its gradient, `t` the number of the step, from 1. Each
optimizer is two pure functions: `init(theta)` gives its first state, `update(theta, g, state, lr, t)`
the new theta and the new state. Everything works per element, so theta may be (size,) or (runs, size).
Constants and conventions are PyTorch's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from .checks import fraction, number, one_of


@dataclass(frozen=True)
class Optimizer:
    """A name and its two functions."""

    name: str
    init: Callable
    update: Callable


def sgd():
    """θ ← θ - lr·g (Robbins & Monro 1951)."""

    def init(theta):
        return ()

    def update(theta, g, state, lr, t):
        return theta - lr * g, state

    return Optimizer("sgd", init, update)


def momentum(beta=0.9, average=False):
    """A velocity that remembers: steps in the same direction add up, zig-zags cancel (Polyak 1964).

    With `average` it is the moving average of gradients that many texts write. That one is smaller by
    the factor 1-β: at a rate 1/(1-β) times as high, both take the same steps.
    """
    fraction("beta", beta)
    share = 1 - beta if average else 1.0

    def init(theta):
        return (np.zeros_like(theta),)

    def update(theta, g, state, lr, t):
        v = beta * state[0] + share * g
        return theta - lr * v, (v,)

    return Optimizer("momentum", init, update)


def nesterov(beta=0.9):
    """Momentum that takes the gradient where the velocity is about to carry it (Nesterov 1983).

    In PyTorch's variables θ is the look-ahead point itself, so the gradient is simply that at θ.
    """
    fraction("beta", beta)

    def init(theta):
        return (np.zeros_like(theta),)

    def update(theta, g, state, lr, t):
        v = beta * state[0] + g
        return theta - lr * (g + beta * v), (v,)  # the step, and the look ahead

    return Optimizer("nesterov", init, update)


def adagrad(eps=1e-10):
    """Each parameter's rate falls with the gradients it has seen, and never rises (Duchi et al. 2011)."""
    number("eps", eps, 0)

    def init(theta):
        return (np.zeros_like(theta),)

    def update(theta, g, state, lr, t):
        s = state[0] + g * g
        return theta - lr * g / (np.sqrt(s) + eps), (s,)

    return Optimizer("adagrad", init, update)


def rmsprop(alpha=0.99, eps=1e-8, centred=False):
    """Adagrad that forgets: a moving average of squared gradients instead of their sum (Hinton 2012).

    `centred` divides by the spread of the gradient, E[g²] - E[g]², instead of its size (Graves 2013).
    """
    fraction("alpha", alpha), number("eps", eps, 0)

    def init(theta):
        return (np.zeros_like(theta),) * (2 if centred else 1)

    def update(theta, g, state, lr, t):
        state = tuple(alpha * s + (1 - alpha) * part for s, part in zip(state, (g * g, g)))
        size = state[0] - state[1] ** 2 if centred else state[0]
        return theta - lr * g / (np.sqrt(size) + eps), state

    return Optimizer("rmsprop", init, update)


def adam(beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    """RMSprop with momentum, both corrected for having started at 0 (Kingma & Ba 2015)."""
    fraction("beta1", beta1), fraction("beta2", beta2), number("eps", eps, 0)

    def init(theta):
        return np.zeros_like(theta), np.zeros_like(theta)

    def update(theta, g, state, lr, t):
        m = beta1 * state[0] + (1 - beta1) * g
        v = beta2 * state[1] + (1 - beta2) * (g * g)
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if bias_correction else (1.0, 1.0)
        return theta - (lr / c1) * m / (np.sqrt(v) / sqrt(c2) + eps), (m, v)

    return Optimizer("adam", init, update)


def with_l2(optimizer, strength):
    """The optimizer with λ·θ added to the gradient: the penalty ½λΣθ² in the cost."""
    optimizer = get_optimizer(optimizer)
    number("strength", strength, 0)

    def update(theta, g, state, lr, t):
        return optimizer.update(theta, g + strength * theta, state, lr, t)

    return Optimizer(f"{optimizer.name} with L2", optimizer.init, update)


def with_decay(optimizer, strength):
    """The optimizer with decoupled decay: θ shrinks by lr·λ beside the step, untouched by its scaling."""
    optimizer = get_optimizer(optimizer)
    number("strength", strength, 0)

    def update(theta, g, state, lr, t):
        return optimizer.update(theta * (1 - lr * strength), g, state, lr, t)

    return Optimizer(f"{optimizer.name} with decay", optimizer.init, update)


def adamw(decay=0.01, **of_adam):
    """Adam with decoupled decay: for SGD it is the same as L2, for Adam it is not (Loshchilov & Hutter 2019)."""
    inner = with_decay(adam(**of_adam), decay)
    return Optimizer("adamw", inner.init, inner.update)


OPTIMIZERS = {f.__name__: f for f in (sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw)}


def get_optimizer(name):
    """The optimizer called `name` with its usual constants; an Optimizer passes through. ValueError if unknown."""
    return name if isinstance(name, Optimizer) else OPTIMIZERS[one_of("optimizer", name, OPTIMIZERS)]()
