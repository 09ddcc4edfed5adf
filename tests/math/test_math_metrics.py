"""Metrics against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from course_lib import metrics

RNG = np.random.default_rng(0)
CASES = {
    "binary": (RNG.integers(0, 2, 60), RNG.integers(0, 2, 60)),
    "four classes": (RNG.integers(0, 4, 80), RNG.integers(0, 4, 80)),
    "always the frequent class": (np.repeat([0, 1], [95, 5]), np.zeros(100, int)),
    "a class that is never right": (np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2, 2, 2])),
    "a class that is only guessed": (np.array([0, 0, 1]), np.array([0, 2, 1])),
    "one record": (np.array([0]), np.array([0])),
    "columns": (np.array([[0], [1], [1]]), np.array([[0], [1], [0]])),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_scikit_learn(case, recwarn):
    y, guess = CASES[case]
    matrix = metrics.confusion_matrix(y, guess)
    labels = range(len(matrix))
    y, guess = y.ravel(), guess.ravel()
    assert matrix.tolist() == sk.confusion_matrix(y, guess, labels=labels).tolist()
    assert metrics.accuracy(matrix) == pytest.approx(sk.accuracy_score(y, guess))
    rows = sk.precision_recall_fscore_support(y, guess, labels=labels, zero_division=0)
    for ours, theirs in zip((metrics.precision, metrics.recall, metrics.f1), rows):
        assert ours(matrix) == pytest.approx(theirs)
    recwarn.clear()  # scikit-learn warns of classes that are only guessed
    assert metrics.balanced_accuracy(matrix) == pytest.approx(sk.balanced_accuracy_score(y, guess))


@pytest.mark.parametrize("ties", [False, True])
def test_roc_as_in_scikit_learn(ties):
    y, score = RNG.integers(0, 2, 70), RNG.normal(size=70)
    if ties:
        score = np.round(score)
    x, found = metrics.roc(y, score)
    theirs = sk.roc_curve(y, score, drop_intermediate=False)
    assert x == pytest.approx(theirs[0]) and found == pytest.approx(theirs[1])
    assert metrics.area(x, found) == pytest.approx(sk.roc_auc_score(y, score))


def test_more_classes_than_occur():
    matrix = metrics.confusion_matrix([0, 1], [0, 0], classes=3)
    assert matrix.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert metrics.recall(matrix).tolist() == [1, 0, 0]
    assert metrics.balanced_accuracy(matrix) == 0.5
