"""Optimizers over 100 steps of training a real network, against torch.optim."""

import numpy as np
import oracle
import pytest
import torch

from course_lib import optimizers
from course_lib.losses import get_loss
from course_lib.network import MLP, stack

# our optimizer, torch's, with the same settings; the learning rate. At 0.3 this network zig-zags after step
# 60 and multiplies rounding errors ten million times, so no two implementations would agree there.
PAIRS = {
    "sgd": (optimizers.sgd, {}, torch.optim.SGD, {}, 0.1),
}


def start(seed=0):
    rng = np.random.default_rng(seed)
    network = MLP((2, 6, 4, 1), "tanh")
    x = rng.normal(size=(20, 2))
    return network, network.init(rng), x, np.sin(2 * x[:, :1]) * x[:, 1:]


def steps(network, params, x, y, optimizer, lr, n=100):
    """Parameters after each of `n` updates on all records."""
    loss, grads, state = get_loss("mse"), params.copy(), optimizer.init(params.vector)
    for t in range(1, n + 1):
        z, inputs = network.forward(params, x)
        network.backward(params, inputs, loss.gradient(z, y), grads)
        theta, state = optimizer.update(params.vector, grads.vector, state, lr, t)
        params = params.like(theta)
        yield params


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_hundred_steps_agree_with_torch(name):
    ours, our_settings, torchs, torch_settings, lr = PAIRS[name]
    network, params, x, y = start()
    twin = oracle.twin(network, params)
    rival = torchs(list(twin.leaves.values()), lr=lr, **torch_settings)
    for ahead in steps(network, params, x, y, ours(**our_settings), lr):
        rival.zero_grad()
        oracle.LOSSES["mse"](twin(oracle.tensor(x)), oracle.tensor(y)).backward()
        rival.step()
        for leaf, array in zip(twin.leaves.values(), ahead.values(), strict=True):
            assert oracle.gap(array, leaf.detach()) < 1e-10


@pytest.mark.parametrize("name", list(PAIRS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_rates_at_once_are_the_single_rates_to_the_bit(name, dtype):
    ours, our_settings, _, _, lr = PAIRS[name]
    network, params, x, y = start()
    params, x, y = params.like(params.vector.astype(dtype)), x.astype(dtype), y.astype(dtype)
    rates = np.array([lr / 10, lr / 3, lr], dtype)
    *_, many = steps(network, stack([params] * 3), x, y, ours(**our_settings), rates[:, None], 20)
    for rate, theta in zip(rates, many.vector, strict=True):
        *_, one = steps(network, params, x, y, ours(**our_settings), rate, 20)
        assert np.array_equal(one.vector, theta) and theta.dtype == dtype


@pytest.mark.parametrize("name", list(PAIRS))
def test_an_update_leaves_what_it_is_given_alone(name):
    ours, our_settings, _, _, lr = PAIRS[name]
    optimizer, theta, g = ours(**our_settings), np.ones(3), np.array([1.0, -2.0, 0.5])
    state = optimizer.init(theta)
    kept = [np.copy(s) for s in state]
    first = optimizer.update(theta, g, state, lr, 1)
    second = optimizer.update(theta, g, state, lr, 1)
    assert np.array_equal(first[0], second[0])
    assert theta.tolist() == [1, 1, 1] and g.tolist() == [1, -2, 0.5]
    assert all(np.array_equal(a, b) for a, b in zip(state, kept, strict=True))
