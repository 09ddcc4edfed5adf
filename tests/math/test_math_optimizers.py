"""Optimizers over 100 steps of training a real network, against torch.optim."""

import numpy as np
import oracle
import pytest
from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop

from course_lib import optimizers
from course_lib.losses import get_loss
from course_lib.network import MLP, stack
from course_lib.optimizers import adam, adamw, rmsprop

# our optimizer, torch's, with the same settings; the learning rate. At 0.3 this network zig-zags after step
# 60 and multiplies rounding errors ten million times, so no two implementations would agree there.
PAIRS = {
    "sgd": (optimizers.sgd, {}, SGD, {}, 0.1),
    "momentum": (optimizers.momentum, {}, SGD, {"momentum": 0.9}, 0.02),
    "momentum 0.5": (optimizers.momentum, {"beta": 0.5}, SGD, {"momentum": 0.5}, 0.05),
    "nesterov": (optimizers.nesterov, {}, SGD, {"momentum": 0.9, "nesterov": True}, 0.02),
    "nesterov 0": (optimizers.nesterov, {"beta": 0.0}, SGD, {}, 0.1),
    "adagrad": (optimizers.adagrad, {}, Adagrad, {}, 0.05),
    "adagrad eps": (optimizers.adagrad, {"eps": 0.1}, Adagrad, {"eps": 0.1}, 0.2),
    "rmsprop": (rmsprop, {}, RMSprop, {}, 0.001),
    "rmsprop 0.9": (rmsprop, {"alpha": 0.9, "eps": 0.01}, RMSprop, {"alpha": 0.9, "eps": 0.01}, 0.003),
    "rmsprop centred": (rmsprop, {"centred": True}, RMSprop, {"centered": True}, 0.001),
    "adam": (adam, {}, Adam, {}, 0.01),
    "adam 0.5": (adam, {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, Adam, {"betas": (0.5, 0.9), "eps": 1e-3}, 0.05),
    "adamw": (adamw, {}, AdamW, {}, 0.01),
    "adamw 0.3": (adamw, {"decay": 0.3, "beta1": 0.8}, AdamW, {"weight_decay": 0.3, "betas": (0.8, 0.999)}, 0.02),
    "sgd l2": (lambda: optimizers.with_l2(optimizers.sgd(), 0.1), {}, SGD, {"weight_decay": 0.1}, 0.1),
    "adam l2": (lambda: optimizers.with_l2(adam(), 0.1), {}, Adam, {"weight_decay": 0.1}, 0.01),
    "momentum l2": (
        lambda: optimizers.with_l2(optimizers.momentum(), 0.05), {}, SGD, {"momentum": 0.9, "weight_decay": 0.05}, 0.02,
    ),
}  # fmt: skip


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


def test_the_moving_average_takes_the_same_steps_at_a_higher_rate():
    network, params, x, y = start()
    plain = steps(network, params, x, y, optimizers.momentum(0.9), 0.01)
    averaged = steps(network, params, x, y, optimizers.momentum(0.9, average=True), 0.01 / (1 - 0.9))
    for one, other in zip(plain, averaged):
        assert oracle.gap(one.vector, other.vector) < 1e-11


def test_without_bias_correction_adam_starts_with_other_steps():
    theta, g = np.zeros(2), np.array([1.0, -2.0])
    first = adam(eps=0).update(theta, g, adam().init(theta), 0.1, 1)[0]
    assert first == pytest.approx([-0.1, 0.1])  # the first step is lr, whatever the gradient
    bare = adam(eps=0, bias_correction=False).update(theta, g, adam().init(theta), 0.1, 1)[0]
    assert bare == pytest.approx(first * 0.1 / np.sqrt(0.001))
    later = [adam(bias_correction=c).update(theta, g, (g, g * g), 0.1, 100_000)[0] for c in (True, False)]
    assert oracle.gap(*later) < 1e-6


def test_decoupled_decay_is_l2_for_sgd_and_another_thing_for_adam():
    network, params, x, y = start()

    def end(wrap, optimizer):
        *_, last = steps(network, params, x, y, wrap(optimizer, 0.1), 0.01, 30)
        return last.vector

    with_l2, with_decay = optimizers.with_l2, optimizers.with_decay
    assert oracle.gap(end(with_l2, optimizers.sgd()), end(with_decay, optimizers.sgd())) < 1e-12
    assert oracle.gap(end(with_l2, adam()), end(with_decay, adam())) > 1e-3


@pytest.mark.parametrize("name", list(optimizers.OPTIMIZERS))
def test_every_optimizer_is_found_by_name_and_descends_a_parabola(name):
    optimizer = optimizers.get_optimizer(name)
    theta, state = np.array([3.0, -2.0]), optimizer.init(np.zeros(2))
    for t in range(1, 301):
        theta, state = optimizer.update(theta, theta, state, 0.1, t)
    assert np.abs(theta).max() < 1 and optimizer.name == name
    assert optimizers.get_optimizer(optimizer) is optimizer
