"""Gradient descent on a parabola, where the learning rate and momentum can be understood completely."""

from math import sqrt

import numpy as np

from .checks import finite, fraction, number


def regime(lr, curvature, steps=30):
    """What gradient descent does on ½·c·w², where each step multiplies w by 1 - lr·c.

    "too slow" if more than a tenth of the way is left after `steps` steps; else "monotone" up to
    lr = 1/c, "zig-zag" up to 2/c, "diverging" from there on. Raises ValueError unless both are positive.
    """
    factor = 1 - number("lr", lr, 0, above=True) * number("curvature", curvature, 0, above=True)
    if abs(factor) >= 1:
        return "diverging"
    if factor < 0:
        return "zig-zag"
    return "too slow" if factor**steps > 0.1 else "monotone"


def momentum_matrix(lr, beta, curvature=1.0):
    """One step of momentum on ½·c·w² as a matrix that multiplies (v, w).

    v ← βv + c·w and then w ← w - lr·v, so its rows are (β, c) and (-lr·β, 1 - lr·c).
    """
    return np.array([[beta, curvature], [-lr * beta, 1 - lr * curvature]])


def momentum_factor(lr, beta, curvature=1.0):
    """What a step of momentum multiplies the distance by in the long run: max |λ| of its matrix.

    It arrives if that is below 1, which is so up to lr·c = 2 + 2β (Goh 2017). Arrays broadcast. Raises
    ValueError for what is not finite and for a negative β.
    """
    lr, beta, curvature = finite("lr", lr), finite("beta", beta), finite("curvature", curvature)
    if (beta < 0).any():
        raise ValueError(f"beta must be at least 0, not {beta.min()!r}")
    half = (1 + beta - lr * curvature) / 2  # λ² - 2·half·λ + β = 0
    inside = half * half - beta
    # Two complex eigenvalues are equally large, and their product is β.
    return np.where(inside < 0, np.sqrt(beta), abs(half) + np.sqrt(np.maximum(inside, 0)))


def damping(lr, beta, curvature=1.0):
    """How momentum moves on ½·c·w²: "monotone", "swinging", "zig-zag" or "diverging".

    Swinging goes through the bottom and back like a pendulum, zig-zag changes sides at every step.
    """
    lr, curvature = number("lr", lr, 0, above=True), number("curvature", curvature, 0, above=True)
    half = (1 + fraction("beta", beta) - lr * curvature) / 2
    if momentum_factor(lr, beta, curvature) >= 1:
        return "diverging"
    if half * half < beta:
        return "swinging"
    return "monotone" if half >= 0 else "zig-zag"


def best_momentum(steepest, flattest):
    """The rate and the β that make the slowest direction of a valley as fast as it can be (Polyak 1964).

    With κ = steepest/flattest, every direction then shrinks by (√κ - 1)/(√κ + 1) per step.
    """
    steep = sqrt(number("steepest", steepest, 0, above=True))
    flat = sqrt(number("flattest", flattest, 0, steepest, above=True))
    return (2 / (steep + flat)) ** 2, ((steep - flat) / (steep + flat)) ** 2
