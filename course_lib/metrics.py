"""Metrics: what a classifier gets right, and of which kind its mistakes are.

`y` and `guess` are class numbers, (n,) or (n, 1); `matrix` counts records, row = true class,
column = guess. Precision, recall and F1 give one number per class; a share of nothing counts as 0.
"""

import numpy as np

from .checks import finite, whole


def confusion_matrix(y, guess, classes=None):
    """Counts (classes, classes). Raises ValueError for different lengths or numbers out of range."""
    y, guess = _labels("y", y), _labels("guess", guess)
    if len(y) != len(guess):
        raise ValueError(f"as many guesses as records are needed, not {len(guess)} for {len(y)}")
    if not len(y):
        raise ValueError("there are no records to count")
    highest = int(max(y.max(), guess.max()))
    classes = highest + 1 if classes is None else whole("classes", classes, highest + 1)
    return np.bincount(y * classes + guess, minlength=classes**2).reshape(classes, classes)


def _labels(what, values):
    values = finite(what, values)
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 1):
        raise ValueError(f"{what} must have shape (n,) or (n, 1), not {values.shape}")
    if (values < 0).any() or (values != np.round(values)).any():
        raise ValueError(f"{what} must be class numbers 0, 1, 2, …; a probability has to be rounded first")
    return values.ravel().astype(np.intp)


def _counts(matrix):
    matrix = finite("matrix", matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"matrix must be a square confusion matrix, not of shape {matrix.shape}")
    if (matrix < 0).any() or not matrix.any():
        raise ValueError("matrix must count one record or more, and none below 0")
    return matrix


def _share(part, whole_):
    return np.divide(part, whole_, out=np.zeros(np.shape(part)), where=np.asarray(whole_) > 0)


def accuracy(matrix):
    """Share of the records that are right, (TP + TN)/all."""
    matrix = _counts(matrix)
    return float(np.trace(matrix) / np.sum(matrix))


def precision(matrix):
    """TP/(TP + FP): how many of those called this class belong to it."""
    matrix = _counts(matrix)
    return _share(np.diag(matrix), np.sum(matrix, axis=0))


def recall(matrix):
    """TP/(TP + FN): how many of this class were found."""
    matrix = _counts(matrix)
    return _share(np.diag(matrix), np.sum(matrix, axis=1))


def f1(matrix):
    """2·TP/(2·TP + FP + FN), the harmonic mean of precision and recall."""
    matrix = _counts(matrix)
    return _share(2 * np.diag(matrix), np.sum(matrix, axis=0) + np.sum(matrix, axis=1))


def balanced_accuracy(matrix):
    """Mean recall over the classes that occur: always guessing the frequent class is worth 1/classes."""
    return float(recall(matrix)[np.sum(matrix, axis=1) > 0].mean())


def roc(y, score):
    """False- and true-positive rate at every threshold from high to low, starting at (0, 0).

    `y` holds 0 and 1, `score` anything that rises with the belief in 1. ValueError if a class is missing.
    """
    y, score = _labels("y", y), finite("score", score).ravel()
    if len(y) != len(score):
        raise ValueError(f"as many scores as records are needed, not {len(score)} for {len(y)}")
    if set(y.tolist()) != {0, 1}:
        raise ValueError("a ROC curve needs records of both classes, 0 and 1")
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.diff(score[order]) != 0, True)
    found = np.cumsum(y[order])[last_of_ties]
    wrong = np.cumsum(1 - y[order])[last_of_ties]
    return np.append(0, wrong / wrong[-1]), np.append(0, found / found[-1])


def area(x, y):
    """Area under a curve of straight lines; under a ROC curve, how often a 1 is scored above a 0."""
    x, y = finite("x", x), finite("y", y)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        raise ValueError(f"x and y must be two rows of the same two points or more, not {x.shape} and {y.shape}")
    return float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
