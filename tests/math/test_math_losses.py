"""Losses and their gradients against torch."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import losses
from course_lib.losses import LOSSES, get_loss, huber_loss

NAMES = list(LOSSES)


def case(name, rng, *shape):
    return rng.normal(size=shape) * 3, oracle.targets(name, rng, *shape)


def torchs(name, z, y):
    """Cost and gradient by torch."""
    leaf = oracle.tensor(z, gradient=True)
    cost = oracle.LOSSES[name](leaf, oracle.tensor(y))
    return cost.item(), oracle.torch.autograd.grad(cost, leaf)[0].numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(6, 1), (6, 3), (1, 4), (1, 1), (40, 2)])
def test_cost_and_gradient_agree_with_torch(name, shape):
    z, y = case(name, np.random.default_rng(3), *shape)
    cost, gradient = torchs(name, z, y)
    loss = get_loss(name)
    assert loss.value(z, y).shape == shape[:1]
    assert oracle.gap(loss.cost(z, y), cost) < 1e-13
    assert oracle.gap(loss.gradient(z, y), gradient) < 1e-13
    assert np.array_equal(loss(z, y), loss.value(z, y))


@pytest.mark.parametrize("name", NAMES)
def test_each_record_has_its_own_loss(name):
    z, y = case(name, np.random.default_rng(5), 6, 3)
    alone = [torchs(name, z[i : i + 1], y[i : i + 1])[0] for i in range(6)]
    assert oracle.gap(get_loss(name).value(z, y), alone) < 1e-13


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shared", [False, True])
def test_many_runs_give_one_cost_each(name, shared):
    z, y = case(name, np.random.default_rng(4), 5, 6, 2)
    y = y[0] if shared else y
    loss = get_loss(name)
    alone = [(z[i], y if shared else y[i]) for i in range(5)]
    assert loss.cost(z, y).tolist() == [loss.cost(*pair) for pair in alone]
    assert np.array_equal(loss.gradient(z, y)[3], loss.gradient(*alone[3]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("z", [-1e4, -750.0, 750.0, 1e4])
def test_extreme_outputs_do_not_overflow(name, z, recwarn):
    y = oracle.targets(name, np.random.default_rng(0), 4, 2)
    z = np.array([[z, 0], [0, z], [z, z], [z, -z]])
    cost, gradient = torchs(name, z, y)
    assert oracle.gap(get_loss(name).cost(z, y), cost) < 1e-13
    assert oracle.gap(get_loss(name).gradient(z, y), gradient) < 1e-13
    assert not recwarn.list


@given(st.sampled_from(NAMES), st.integers(1, 6), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_gradient_is_the_slope_of_the_cost(name, n, k, seed):
    rng = np.random.default_rng(seed)
    z, y = case(name, rng, n, k)
    direction, loss = rng.normal(size=z.shape), get_loss(name)
    measured = oracle.slope_along(lambda at: loss.cost(at, y), z, direction)
    assert abs(measured - (loss.gradient(z, y) * direction).sum()) < 1e-6 * (1 + abs(measured))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_kept(name, dtype):
    z, y = case(name, np.random.default_rng(6), 5, 2)
    y = y if name == "scce" else y.astype(dtype)
    assert get_loss(name).value(z.astype(dtype), y).dtype == dtype
    assert get_loss(name).gradient(z.astype(dtype), y).dtype == dtype


@pytest.mark.parametrize("delta", [0.3, 1.0, 5.0])
def test_huber_with_any_delta(delta):
    z, y = case("huber", np.random.default_rng(7), 9, 2)
    leaf = oracle.tensor(z, gradient=True)
    cost = oracle.F.huber_loss(leaf, oracle.tensor(y), delta=delta)
    cost.backward()
    assert oracle.gap(huber_loss(delta).cost(z, y), cost.item()) < 1e-13
    assert oracle.gap(huber_loss(delta).gradient(z, y), leaf.grad) < 1e-13


def test_a_loss_that_is_zero_has_no_gradient():
    z = np.array([[1.0, -2.0]])
    for name in ("mse", "mae", "huber"):
        assert get_loss(name).cost(z, z) == 0 and not get_loss(name).gradient(z, z).any()


def test_no_records_have_no_loss():
    for name in NAMES:
        y = np.empty((0, 1), int) if name == "scce" else np.empty((0, 2))
        assert get_loss(name)(np.empty((0, 2)), y).shape == (0,)


def test_rmse_is_in_the_unit_of_the_target():
    from sklearn.metrics import root_mean_squared_error

    z, y = case("mse", np.random.default_rng(8), 30, 1)
    assert losses.rmse(z, y) == pytest.approx(root_mean_squared_error(y, z), rel=1e-13)
    assert losses.rmse(1000 * z, 1000 * y) == pytest.approx(1000 * losses.rmse(z, y))


def test_the_naive_forms_are_right_where_nothing_overflows():
    z, y = case("bce", np.random.default_rng(9), 8, 1)
    p = get_loss("bce").head(z)
    assert oracle.gap(losses.bce_naive(p, y), losses.bce(z, y)) < 1e-12
    z, y = case("cce", np.random.default_rng(9), 8, 3)
    assert oracle.gap(losses.cce_naive(z, y), losses.cce(z, y)) < 1e-12


def test_the_naive_forms_overflow_where_the_stable_ones_do_not(recwarn):
    one = np.ones((1, 1))
    p = get_loss("bce").head(np.array([[40.0]]))
    assert not np.isfinite(losses.bce_naive(p, 0 * one)).any() and losses.bce(40 * one, 0 * one) == 40
    z, y = np.array([[800.0, 0.0]]), np.array([[0.0, 1.0]])
    assert not np.isfinite(losses.cce_naive(z, y)).any() and losses.cce(z, y) == 800
    assert not recwarn.list


def test_class_numbers_and_one_hot_rows_give_the_same():
    z, y = case("scce", np.random.default_rng(10), 7, 4)
    rows = losses.one_hot(y, 4)
    assert rows.shape == (7, 4) and (rows.argmax(1) == y[:, 0]).all() and (rows.sum(1) == 1).all()
    assert oracle.gap(losses.scce(z, y), losses.cce(z, rows)) < 1e-15
    assert oracle.gap(losses.d_scce(z, y), losses.d_cce(z, rows)) < 1e-15


def test_every_head_turns_outputs_into_predictions():
    z = np.random.default_rng(11).normal(size=(5, 3))
    assert get_loss("mse").head(z) is z
    assert oracle.gap(get_loss("bce").head(z), oracle.torch.sigmoid(oracle.tensor(z))) < 1e-15
    for name in ("cce", "scce"):
        assert np.allclose(get_loss(name).head(z).sum(axis=1), 1)
