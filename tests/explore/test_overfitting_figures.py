"""What the live figures of notebook 13 show: fits, thresholds and flattered scores, against independent measures."""

import importlib

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from course_lib.datasets import moons
from course_lib.explore.own_records import train_each
from course_lib.training import Settings, train

model_size, open_test_set, threshold = (
    importlib.import_module(f"course_lib.explore.{name}") for name in ("model_size", "open_test_set", "threshold")
)
NETWORK = dict(model="network", noise=0.4, records=15, lr=0.05, activation="tanh", batch_size=16)


def test_each_run_learns_from_its_own_records_alone():
    parts = [moons(20, 0.3, seed) for seed in range(3)]
    settings = dict(hidden=(4,), lr=0.3, batch_size=20, steps=15, dtype="float64")  # all at once: order is no matter
    side_by_side = train_each(Settings(run=(0, 1, 2), **settings), parts)
    for run, part in enumerate(parts):
        alone = train(Settings(run=run, **settings), part)
        np.testing.assert_allclose(side_by_side.predict(part.x, run), alone.predict(part.x), rtol=1e-9)


@pytest.mark.parametrize("degree", [1, 3, 9])
def test_the_polynomial_is_that_of_least_squares(degree):
    training, _, test = model_size.parts_of(30, 0.3)
    fit = np.polynomial.Polynomial.fit(training.x[:, 0], training.y[:, 0], degree)
    mean = np.mean((fit(test.x[:, 0]) - test.y[:, 0]) ** 2)
    assert model_size.polynomial_errors(degree, 0.3, 30)[2] == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (dict(model="polynomial", noise=0.3, size=1), "underfits"),
        (dict(model="polynomial", noise=0.3, size=3), "about right"),
        (dict(model="polynomial", noise=0.3, size=12), "overfits"),
        (dict(model="polynomial", noise=0.0, size=12), "about right"),
        (dict(size=1), "underfits"),
        (dict(size=20), "overfits"),
    ],
)
def test_the_verdict_is_told_by_the_two_errors(changed, said):
    figure = model_size.ModelSize(**NETWORK | changed)
    assert said in figure.words.split("Below:")[0]


def test_more_records_close_the_gap_and_the_best_degree_lies_inside():
    result = model_size.Draws.compute("polynomial", 9, 0.3, 15, 0.05, "tanh", 16)
    fitted, _, fresh = np.median(result.by_size, axis=-1).T
    assert (np.diff(fitted) <= 1e-9).all() and 2 < model_size.Draws.best(result) < 9
    gap = np.median(result.by_records[:, 2] - result.by_records[:, 0], axis=-1)
    assert gap[-1] < 0.02 < gap[1]


@pytest.mark.parametrize(("at", "share"), [(0.5, 0.5), (0.2, 0.1), (0.04, 0.02)])
def test_counts_and_metrics_of_the_threshold_are_those_of_scikit_learn(at, share):
    result = threshold.Counts.compute(at, share, 2.0)
    y, guess = result.made.y, 1 / (1 + np.exp(-result.made.z)) > at
    theirs = precision_recall_fscore_support(y, guess, average="binary")[:3]
    assert [result.now[name] for name in ("precision", "recall", "F1")] == pytest.approx(theirs)
    assert result.made.area == pytest.approx(roc_auc_score(y, result.made.z))
    assert y.mean() == share


def test_the_scores_are_probabilities_one_can_believe():
    y, z = threshold.scored(0.3, 2.0).y, threshold.scored(0.3, 2.0).z
    p = 1 / (1 + np.exp(-z))
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        inside = (p > low) & (p <= high)
        assert y[inside].mean() == pytest.approx(p[inside].mean(), abs=0.06)


@pytest.mark.parametrize("data", ["coins", "moons"])
def test_choosing_on_the_test_set_flatters_more_with_more_tries_and_validation_does_not(data):
    made = open_test_set.choices(0.3, "tanh", 10, data, 50)
    peek, honest = (
        np.array([np.mean(a - b) for a, b in zip(reported, true)])
        for reported, true in ((made.peek, made.peek_true), (made.honest, made.honest_true))
    )
    assert peek[0] == honest[0] and peek[-1] > peek[2] > peek[0] and peek[-1] > 0.03
    assert np.abs(honest).max() < 0.025
