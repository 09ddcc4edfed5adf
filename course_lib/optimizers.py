"""Optimizers: given the gradient, where to move the parameters.

`theta` is the vector of all parameters, `g` its gradient, `t` the number of the step, from 1. Each
optimizer is two pure functions: `init(theta)` gives its first state, `update(theta, g, state, lr, t)`
the new theta and the new state. Everything works per element, so theta may be (size,) or (runs, size).
"""

from collections.abc import Callable
from dataclasses import dataclass


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
