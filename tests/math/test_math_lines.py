"""The line of lowest cost against scikit-learn and scipy, and against the slope of torch's losses."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, QuantileRegressor

from course_lib.lines import FITS, fit_line


def spoiled(n, outliers, rng):
    """Records about a line, of which the last few are far off."""
    x = rng.uniform(20, 100, n)
    y = 3 + 0.12 * x + rng.normal(size=n)
    y[n - outliers :] += rng.uniform(5, 40, outliers)
    return x, y


def cost(loss, line, x, y, delta):
    """What torch says the line costs, and how steeply that falls along slope and intercept."""
    theta = oracle.tensor(np.array(line), gradient=True)
    prediction = theta[0] * oracle.tensor(x) + theta[1]
    more = {"delta": delta} if loss == "huber" else {}
    value = oracle.LOSSES[loss](prediction, oracle.tensor(y), **more)
    return value.item(), oracle.torch.autograd.grad(value, theta)[0].numpy()


@pytest.mark.parametrize("outliers", [0, 1, 4])
def test_least_squares_is_that_of_scikit_learn(outliers):
    x, y = spoiled(20, outliers, np.random.default_rng(outliers))
    right = LinearRegression().fit(x[:, None], y)
    assert oracle.gap(fit_line(x, y), [right.coef_[0], right.intercept_]) < 1e-12


@pytest.mark.parametrize("outliers", [0, 1, 4])
def test_least_distance_costs_what_the_median_regression_of_scikit_learn_costs(outliers):
    x, y = spoiled(20, outliers, np.random.default_rng(outliers))
    right = QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(x[:, None], y)
    ours = cost("mae", fit_line(x, y, "mae"), x, y, None)[0]
    assert ours == pytest.approx(np.abs(right.predict(x[:, None]) - y).mean(), rel=1e-9)


@given(st.integers(3, 30), st.integers(0, 6), st.floats(0.02, 50), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_at_hubers_line_the_cost_is_flat_and_nothing_near_is_cheaper(n, outliers, delta, seed):
    rng = np.random.default_rng(seed)
    x, y = spoiled(n, min(outliers, n), rng)
    line = fit_line(x, y, "huber", delta)
    lowest, gradient = cost("huber", line, x, y, delta)
    assert np.abs(gradient / [100, 1]).max() < 1e-6 * delta
    for _ in range(20):
        near = np.array(line) + rng.normal(size=2) * [1e-3, 0.1]
        assert cost("huber", near, x, y, delta)[0] >= lowest * (1 - 1e-9)


def test_with_a_large_delta_huber_is_least_squares_and_with_a_small_one_least_distance():
    x, y = spoiled(21, 3, np.random.default_rng(1))
    assert oracle.gap(fit_line(x, y, "huber", 1e3), np.array(fit_line(x, y, "mse"))) < 1e-9
    assert oracle.gap(fit_line(x, y, "huber", 1e-4), np.array(fit_line(x, y, "mae"))) < 1e-3


@pytest.mark.parametrize("loss", FITS)
def test_many_sets_of_targets_give_the_line_of_each(loss):
    rng = np.random.default_rng(2)
    x, y = spoiled(15, 2, rng)
    many = y + rng.normal(size=(4, 3, 15))
    slope, intercept = fit_line(x, many, loss, 1.0)
    assert slope.shape == intercept.shape == (4, 3)
    for i, j in ((0, 0), (3, 2)):
        assert oracle.gap([slope[i, j], intercept[i, j]], np.array(fit_line(x, many[i, j], loss, 1.0))) < 1e-9


@pytest.mark.parametrize("loss", FITS)
def test_records_on_a_line_give_that_line(loss):
    x = np.array([30.0, 50.0, 50.0, 90.0])
    assert oracle.gap(fit_line(x, 0.12 * x + 3, loss), [0.12, 3.0]) < 1e-12


def test_what_cannot_be_fitted_is_refused():
    x = np.arange(4.0)
    with pytest.raises(ValueError, match="two different x"):
        fit_line(np.ones(4), x)
    with pytest.raises(ValueError, match="two different x"):
        fit_line(np.array([]), np.array([]))
    with pytest.raises(ValueError, match=r"y \(\.\.\., n\), not \(4,\) and \(3,\)"):
        fit_line(x, x[:3])
    with pytest.raises(ValueError, match="unknown loss 'bce'; choose from mse, mae, huber"):
        fit_line(x, x, "bce")
    with pytest.raises(ValueError, match="delta must be greater than 0"):
        fit_line(x, x, "huber", 0)
    with pytest.raises(ValueError, match="y has 1 NaN"):
        fit_line(x, np.array([1, 2, np.nan, 3]))
