"""Penalties by finite differences, dropout by its statistics, early stopping by hand."""

import numpy as np
import oracle
import pytest
import torch

from course_lib.datasets import moons, split
from course_lib.regularization import EarlyStopping, d_l1, d_l2, dropout_mask, l1, l2, stopping_point
from course_lib.training import Settings, train

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("penalty", "gradient"), [(l1, d_l1), (l2, d_l2)])
@pytest.mark.parametrize("strength", [0.0, 0.3, 2.0])
def test_gradients_of_the_penalties(penalty, gradient, strength):
    theta = RNG.normal(size=(3, 20))
    direction = RNG.normal(size=20)
    for row in theta:
        slope = oracle.slope_along(lambda t: penalty(t, strength), row, direction)
        assert gradient(row, strength) @ direction == pytest.approx(slope, rel=1e-6, abs=1e-9)
    assert penalty(theta, strength).shape == (3,)


def test_values_of_the_penalties():
    assert l1(np.array([1.0, -2.0]), 0.5) == 1.5
    assert l2(np.array([1.0, -2.0]), 0.5) == 1.25


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_drops_units_independently(p):
    mask = dropout_mask(np.random.default_rng(1), (4000, 10), p)
    assert set(np.unique(mask)) <= {0.0, 1 / (1 - p)}
    assert (mask == 0).mean() == pytest.approx(p, abs=0.01)
    assert mask.mean() == pytest.approx(1, abs=0.04)
    if p:
        together = np.corrcoef((mask == 0).T)
        assert np.abs(together - np.eye(10)).max() < 0.08  # no unit follows another
        assert len(set((mask == 0).sum(axis=1).tolist())) > 2  # and the count varies


def test_dropout_statistics_are_torchs():
    ours = dropout_mask(np.random.default_rng(2), (1000, 100), 0.3)
    theirs = torch.nn.Dropout(0.3)(torch.ones(1000, 100)).numpy()
    assert sorted(set(np.round(theirs.ravel(), 5))) == pytest.approx(sorted(set(np.round(ours.ravel(), 5))))
    assert (ours == 0).mean() == pytest.approx((theirs == 0).mean(), abs=0.01)


COSTS = [1.0, 0.9, 0.95, 0.89, 0.895, 0.6, 0.61, 0.62, 0.63, 0.1]


@pytest.mark.parametrize(
    ("patience", "min_delta", "last", "best"),
    [(1, 0, 2, 1), (2, 0, 7, 5), (3, 0, 8, 5), (4, 0, 9, 9), (1, 0.05, 2, 1), (3, 0.05, 4, 1), (2, 0.2, 2, 0)],
)
def test_where_training_stops(patience, min_delta, last, best):
    assert stopping_point(COSTS, patience, min_delta) == (last, best)


def test_early_stopping_of_several_runs_is_that_of_each():
    costs = np.random.default_rng(3).uniform(0, 1, (6, 30))
    together, alone = EarlyStopping(3, 0.01), [EarlyStopping(3, 0.01) for _ in costs]
    for column in costs.T:
        better, stop = together(column)
        each = [one(cost) for one, cost in zip(alone, column)]
        assert better.tolist() == [bool(b) for b, _ in each] and stop.tolist() == [bool(s) for _, s in each]


def test_a_fall_of_exactly_min_delta_is_no_improvement():
    stopping = EarlyStopping(1, 0.5)
    stopping(2.0)
    better, stop = stopping(1.5)
    assert not better and stop


def test_training_goes_back_to_the_best_parameters():
    part, watched, _ = split(moons(90, noise=0.4), 0.3, 0.4)
    settings = Settings(lr=1.0, batch_size=None, steps=600, evaluate_every=5, patience=4, dtype="float64")
    history = train(settings, part, watched)
    assert history.best < history.last < 600
    z = history.network.forward(history.params, watched.x)[0]
    assert history.loss.cost(z, watched.y) == history.validation_cost.min()
    assert history.step[history.validation_cost.argmin()] == history.best
    again = train(Settings(lr=1.0, batch_size=None, steps=int(history.best), dtype="float64"), part)
    assert np.array_equal(again.params.vector, history.params.vector)
