"""The network's gradients against torch autograd and against finite differences."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.activations import ACTIVATIONS
from course_lib.losses import LOSSES, get_loss
from course_lib.network import MLP, stack


def problem(sizes=(3, 5, 4, 2), activation="tanh", n=7, loss="mse", seed=0, **more):
    """A network with random biases as well, and records to feed it."""
    rng = np.random.default_rng(seed)
    network = MLP(sizes, activation, **more)
    params = network.init(rng)
    params.vector += 0.1 * rng.normal(size=params.vector.shape)
    x = rng.normal(size=(n, sizes[0]))
    y = rng.normal(size=(n, sizes[-1]))
    return network, params, x, (y > 0) * 1.0 if loss == "bce" else y


def gradients(network, params, x, y, loss):
    z, inputs = network.forward(params, x)
    grads = params.copy()
    grads.vector[...] = np.nan  # every entry must be written
    return loss.cost(z, y), network.backward(params, inputs, loss.gradient(z, y), grads)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("sizes, n", [((3, 5, 4, 2), 7), ((1, 1, 1), 1), ((2, 1), 5), ((4, 1, 3, 1), 2)])
def test_gradients_agree_with_autograd(activation, loss, sizes, n):
    network, params, x, y = problem(sizes, activation, n, loss)
    cost, grads = gradients(network, params, x, y, get_loss(loss))
    expected_cost, expected = oracle.twin(network, params).gradients(x, y, loss)
    assert oracle.gap(cost, expected_cost) < 1e-10
    assert grads.keys() == expected.keys()
    for name, gradient in expected.items():
        assert oracle.gap(grads[name], gradient) < 1e-10, name


@given(
    hidden=st.lists(st.integers(1, 6), max_size=3),
    ends=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    n=st.integers(1, 9),
    activation=st.sampled_from([a for a in ACTIVATIONS if "lu" not in a] + ["elu", "gelu"]),
    loss=st.sampled_from(list(LOSSES)),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_gradients_agree_with_differences_along_a_random_direction(hidden, ends, n, activation, loss, seed):
    network, params, x, y = problem((ends[0], *hidden, ends[1]), activation, n, loss, seed)
    direction = np.random.default_rng(seed + 1).normal(size=params.vector.shape)
    of = get_loss(loss)

    def cost(vector):
        return of.cost(network.forward(params.like(vector), x)[0], y)

    measured = oracle.slope_along(cost, params.vector, direction)
    computed = gradients(network, params, x, y, of)[1].vector @ direction
    assert abs(measured - computed) < 1e-6 * (1 + abs(measured))


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 6])
def test_runs_side_by_side_are_the_single_runs_to_the_bit(activation, dtype, n):
    network = MLP((2, 5, 3, 1), activation)
    single = [network.init(np.random.default_rng(run), dtype) for run in range(4)]
    x = np.random.default_rng(9).normal(size=(4, n, 2)).astype(dtype)
    y = (x[..., :1] > 0).astype(dtype)
    cost, grads = gradients(network, stack(single), x, y, get_loss("bce"))
    for i, params in enumerate(single):
        alone = gradients(network, params, x[i], y[i], get_loss("bce"))
        assert cost[i] == alone[0] and np.array_equal(grads.vector[i], alone[1].vector)
        assert grads.vector.dtype == dtype


def test_named_parameters_are_views_of_one_vector():
    network, params, *_ = problem()
    params["W2"][1, 2] = 42
    assert (params.vector == 42).sum() == 1
    twice = params.like(params.vector * 2)
    assert twice["W2"][1, 2] == 84 and params["W2"][1, 2] == 42
    copied = params.copy()
    copied.vector[:] = 0
    assert params["W2"][1, 2] == 42
    assert list(params) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert params["W1"].shape == (3, 5) and params["b1"].shape == (1, 5)


def test_a_single_record_is_predicted_like_the_same_record_among_others():
    network, params, x, _ = problem()
    assert oracle.gap(network.predict(params, x[:1]), network.predict(params, x)[:1]) < 1e-14
    assert network.predict(params, np.empty((0, 3))).shape == (0, 2)
