"""Losses and their gradients against torch."""

import numpy as np
import oracle
import pytest

from course_lib.losses import LOSSES, get_loss


def case(name, rng, *shape):
    z = rng.normal(size=shape) * 3
    y = rng.normal(size=shape) if name == "mse" else rng.integers(0, 2, shape).astype(float)
    return z, y


@pytest.mark.parametrize("name", list(LOSSES))
@pytest.mark.parametrize("shape", [(6, 1), (6, 3), (1, 4), (1, 1)])
def test_cost_and_gradient_agree_with_torch(name, shape):
    z, y = case(name, np.random.default_rng(3), *shape)
    leaf = oracle.tensor(z, gradient=True)
    cost = oracle.LOSSES[name](leaf, oracle.tensor(y))
    cost.backward()
    loss = get_loss(name)
    assert loss.value(z, y).shape == shape[:1]
    assert oracle.gap(loss.cost(z, y), cost.item()) < 1e-13
    assert oracle.gap(loss.gradient(z, y), leaf.grad) < 1e-13


@pytest.mark.parametrize("name", list(LOSSES))
def test_many_runs_give_one_cost_each(name):
    z, y = case(name, np.random.default_rng(4), 5, 6, 2)
    loss = get_loss(name)
    assert loss.cost(z, y).tolist() == [loss.cost(*pair) for pair in zip(z, y, strict=True)]
    assert np.array_equal(loss.gradient(z, y)[3], loss.gradient(z[3], y[3]))


@pytest.mark.parametrize("name", list(LOSSES))
@pytest.mark.parametrize("z", [-1e4, -750.0, 750.0, 1e4])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_extreme_outputs_do_not_overflow(name, z, y, recwarn):
    z, y = np.array([[z]]), np.array([[y]])
    leaf = oracle.tensor(z, gradient=True)
    cost = oracle.LOSSES[name](leaf, oracle.tensor(y))
    cost.backward()
    assert oracle.gap(get_loss(name).cost(z, y), cost.item()) < 1e-13
    assert oracle.gap(get_loss(name).gradient(z, y), leaf.grad) < 1e-13
    assert not recwarn.list
