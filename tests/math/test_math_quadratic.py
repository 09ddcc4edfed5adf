"""Momentum on a parabola against numpy's eigenvalues, and against the optimizer walking it."""

import numpy as np
import pytest

from course_lib.optimizers import momentum
from course_lib.quadratic import best_momentum, damping, momentum_factor, momentum_matrix

PLACES = [(lr, beta) for lr in (0.01, 0.3, 1.0, 2.5, 3.7, 4.5) for beta in (0.0, 0.2, 0.5, 0.9, 0.99)]


def walked(lr, beta, c, steps):
    optimizer, w = momentum(beta), np.array([1.0])
    state, path = optimizer.init(w), [1.0]
    for t in range(1, steps + 1):
        w, state = optimizer.update(w, c * w, state, lr, t)
        path.append(w.item())
    return np.array(path)


@pytest.mark.parametrize("lr, beta", PLACES)
def test_the_factor_is_the_largest_eigenvalue(lr, beta):
    for c in (0.5, 1.0, 3.0):
        expected = np.abs(np.linalg.eigvals(momentum_matrix(lr, beta, c))).max()
        assert momentum_factor(lr, beta, c) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("lr, beta", PLACES)
def test_the_matrix_is_a_step_of_the_optimizer(lr, beta):
    pair = np.array([0.0, 1.0])
    for w in walked(lr, beta, 1.5, 8):
        assert pair[1] == pytest.approx(w, rel=1e-9, abs=1e-12)
        pair = momentum_matrix(lr, beta, 1.5) @ pair


@pytest.mark.parametrize(
    "lr, beta, seen",
    [(0.01, 0.5, "monotone"), (0.3, 0.9, "swinging"), (2.3, 0.2, "zig-zag"), (3.5, 0.7, "diverging"),
     (0.5, 0.0, "monotone"), (1.5, 0.0, "zig-zag"), (2.0, 0.0, "diverging")],
)
def test_damping_is_what_the_path_does(lr, beta, seen):
    path = walked(lr, beta, 1.0, 300)
    flips = (np.diff(np.sign(path[1:101][np.abs(path[1:101]) > 1e-12])) != 0).sum()
    assert damping(lr, beta) == seen
    if seen == "diverging":
        assert np.abs(path[-20:]).max() >= 1
    else:
        assert np.abs(path[-20:]).max() < 1e-2
        kept = (np.abs(path[1:101]) > 1e-12).sum() - 1
        assert (flips == 0) == (seen == "monotone")
        assert (flips == kept) == (seen == "zig-zag")


def test_the_border_of_convergence():
    for beta in (0.0, 0.3, 0.9):
        assert momentum_factor(2 + 2 * beta, beta) == pytest.approx(1)
        assert momentum_factor(1.99 + 2 * beta, beta) < 1 < momentum_factor(2.01 + 2 * beta, beta)


@pytest.mark.parametrize("kappa", [1, 4, 20, 100])
def test_no_other_rate_and_beta_are_better_for_the_valley(kappa):
    lr, beta = best_momentum(1.0, 1 / kappa)
    best = momentum_factor(lr, beta, np.array([1.0, 1 / kappa])).max()
    assert best == pytest.approx((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1), abs=1e-7)
    rates, betas = np.meshgrid(np.linspace(0.01, 4, 200), np.linspace(0, 0.99, 100))
    others = np.maximum(momentum_factor(rates, betas), momentum_factor(rates, betas, 1 / kappa))
    assert others.min() >= best - 1e-7


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="beta must be at least 0"):
        momentum_factor(0.1, -0.5)
    with pytest.raises(ValueError, match="beta must be below 1"):
        damping(0.1, 1.0)
    with pytest.raises(ValueError, match="flattest must be"):
        best_momentum(1.0, 2.0)
