"""Data: seeded, split without overlap, standardised by the training part alone."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets as sk

from course_lib.datasets import DATASETS, REAL, Data, Standardiser, get_dataset, real, split


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("n", [1, 2, 7, 200])
def test_toy_sets_have_the_records_asked_for_and_are_seeded(name, n):
    data, again, other = get_dataset(name, n), get_dataset(name, n), get_dataset(name, n, seed=1)
    assert len(data) == n and data.y.shape == (n, 1) and data.x.dtype == np.float64
    assert np.array_equal(data.x, again.x) and np.array_equal(data.y, again.y)
    assert not np.array_equal(data.x, other.x)
    if data.loss == "bce":
        assert set(np.unique(data.y)) <= {0.0, 1.0}
        assert n < 7 or abs(data.y.mean() - 0.5) < 0.45


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "xor"])
def test_no_straight_line_parts_the_classes(name):
    data = DATASETS[name](400, noise=0.0)
    x = np.column_stack([data.x, np.ones(400)])
    line = np.linalg.lstsq(x, 2 * data.y - 1, rcond=None)[0]
    assert ((x @ line > 0) == data.y).mean() < 0.95
    assert Data("copy", data.x, data.y).loss == "bce"


def test_what_the_other_toy_sets_promise():
    def left_over(x, y):
        x = np.column_stack([x, np.ones(len(x))])
        return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]

    clouds, arms = DATASETS["clouds"](400), DATASETS["three_arms"](400)
    assert (np.abs(left_over(clouds.x, clouds.y)) < 0.5).mean() > 0.98
    assert arms.n_out == 3 and np.array_equal(np.bincount(arms.y[:, 0]), [134, 133, 133])
    plane, hills = (DATASETS[name](4000, noise=0.1) for name in ("plane", "hills"))
    assert left_over(plane.x, plane.y).std() == pytest.approx(0.1, rel=0.05)  # a plane and the noise, nothing else
    assert left_over(hills.x, hills.y).std() > 0.3
    noiseless = DATASETS["hills"](50, noise=0.0)
    at = np.isclose(noiseless.y[:, 0], np.sin(2 * noiseless.x[:, 0]) * np.cos(1.5 * noiseless.x[:, 1]))
    assert at.all()


@pytest.mark.parametrize("name", REAL)
def test_real_sets_are_scikit_learns(name):
    data, theirs = real(name), getattr(sk, f"load_{name}")()
    assert np.array_equal(data.x, theirs.data) and np.array_equal(data.y[:, 0], theirs.target)
    assert data.n_out == (len(theirs.target_names) if REAL[name] == "scce" else 1)
    assert data.astype("float32").x.dtype == np.float32
    assert data.astype("float32").y.dtype == (int if REAL[name] == "scce" else np.float32)


def test_neither_scikit_learn_nor_torch_is_loaded():
    program = (
        "import sys, course_lib.datasets as d, course_lib.training, course_lib.surfaces\n"
        "d.moons(); assert 'sklearn' not in sys.modules\n"
        "d.real('iris'); assert 'sklearn' not in sys.modules\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("n", "shares", "sizes"), [(100, (0.7, 0.15), (70, 15, 15)), (7, (0.5, 0.25), (4, 1, 2))])
def test_the_three_parts_are_disjoint_and_complete(n, shares, sizes):
    data = Data("rows", np.arange(n)[:, None] * 1.0, np.arange(n)[:, None] * 2.0)
    parts = split(data, *shares)
    assert tuple(len(part) for part in parts) == sizes
    rows = np.concatenate([part.x for part in parts])
    assert sorted(rows[:, 0]) == list(range(n)) and not np.array_equal(rows, data.x)
    assert all(np.array_equal(part.y, 2 * part.x) for part in parts)
    assert np.array_equal(split(data, *shares)[0].x, parts[0].x)
    assert not np.array_equal(split(data, *shares, seed=1)[0].x, parts[0].x)


def test_standardisation_knows_only_the_training_part():
    train, validation, test = split(real("wine"), 0.6, 0.2)
    scale = Standardiser(train)
    assert np.abs(scale(train).x.mean(axis=0)).max() < 1e-12
    assert scale(train).x.std(axis=0) == pytest.approx(np.ones(13))
    assert np.abs(scale(test).x.mean(axis=0)).max() > 0.05  # measured elsewhere, so only nearly 0
    moved = Standardiser(train)(validation.take(np.arange(1)))
    assert np.array_equal(moved.x[0], scale(validation).x[0])  # other records of the part change nothing


def test_a_column_that_never_changes_is_only_centred():
    data = Data("flat", np.column_stack([np.full(5, 3.7), np.arange(5.0)]), np.zeros((5, 1)))
    assert Standardiser(data)(data).x[:, 0].tolist() == [0] * 5
