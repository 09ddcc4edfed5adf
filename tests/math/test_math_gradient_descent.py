"""Gradient descent on a line, and with noise on a surface: against PyTorch, and against what must hold on average."""

import numpy as np
import pytest
import torch

from course_lib.datasets import Data, moons
from course_lib.gradient_descent import descend_line, line_cost, line_gradient, noisy_line
from course_lib.lines import fit_line
from course_lib.optimizers import momentum, sgd
from course_lib.surfaces import descend, get_surface

LINE = noisy_line(20, seed=3)


@pytest.mark.parametrize("batch_size", [1, 6, 20])
def test_the_path_is_that_of_torchs_sgd_on_the_same_batches(batch_size):
    path = descend_line(LINE, batch_size, 0.07, 11, (-1.0, 2.0), np.random.default_rng(5))
    layer = torch.nn.Linear(1, 1, dtype=torch.float64)
    layer.weight.data.fill_(-1.0), layer.bias.data.fill_(2.0)
    optimizer, rng = torch.optim.SGD(layer.parameters(), lr=0.07), np.random.default_rng(5)
    x, y = torch.tensor(LINE.x), torch.tensor(LINE.y)
    theirs = [(-1.0, 2.0)]
    while len(theirs) < 12:
        for rows in torch.tensor(rng.permutation(20)).split(batch_size):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(layer(x[rows]), y[rows]).backward()
            optimizer.step()
            theirs.append((layer.weight.item(), layer.bias.item()))
    assert path == pytest.approx(np.array(theirs[:12]), rel=1e-12)


def test_cost_and_gradient_are_torchs():
    theta = torch.tensor([0.3, -0.8], dtype=torch.float64, requires_grad=True)
    x, y = torch.tensor(LINE.x[:, 0]), torch.tensor(LINE.y[:, 0])
    cost = torch.nn.functional.mse_loss(theta[0] * x + theta[1], y)
    cost.backward()
    assert line_cost([0.3, -0.8], LINE) == pytest.approx(cost.item(), rel=1e-12)
    assert line_gradient((0.3, -0.8), LINE.x, LINE.y) == pytest.approx(theta.grad.numpy(), rel=1e-12)
    many = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert line_cost(many, LINE)[2, 1] == pytest.approx(float(line_cost(many[2, 1], LINE)))


def test_all_records_end_at_the_fitted_line_with_the_lowest_cost():
    end = descend_line(LINE, 20, 0.3, 500, (-1.0, 2.0), np.random.default_rng(0))[-1]
    assert end == pytest.approx(np.array(fit_line(LINE.x[:, 0], LINE.y[:, 0])), abs=1e-9)


def test_noise_is_of_its_size_and_of_mean_zero():
    flat = get_surface("parabola")
    starts = np.zeros((4000, 2))
    noise = np.where(np.arange(4000) < 2000, 0.5, 2.0)
    first = descend(flat, sgd(), starts, 1.0, 1, noise, np.random.default_rng(0))[:, 1]
    assert first[:2000].std() == pytest.approx(0.5, rel=0.05) and first[2000:].std() == pytest.approx(2, rel=0.05)
    assert np.abs(first.mean(axis=0)).max() < 0.1


def test_no_noise_is_the_descent_without_it():
    rng = np.random.default_rng(0)
    noiseless = descend("saddle", momentum(0.5), (1.0, 0.3), 0.1, 40, 0.0, rng)
    assert np.array_equal(noiseless, descend("saddle", momentum(0.5), (1.0, 0.3), 0.1, 40))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: descend_line(moons(), 4, 0.1, 3, (0, 0), np.random.default_rng(0)), r"\(n, 1\)"),
        (lambda: descend_line(LINE, 4, 0.1, 3, (0, 0, 0), np.random.default_rng(0)), r"\(slope, offset\)"),
        (lambda: descend_line(LINE, 4, -0.1, 3, (0, 0), np.random.default_rng(0)), "lr must be greater than 0"),
        (lambda: descend_line(LINE, 21, 0.1, 3, (0, 0), np.random.default_rng(0)), "batch_size must be between 1"),
        (lambda: descend_line(LINE, 4, 0.1, 0, (0, 0), np.random.default_rng(0)), "steps must be at least 1"),
        (lambda: descend_line(LINE, 4, 0.1, 3, (0, np.nan), np.random.default_rng(0)), "start has 1 NaN"),
        (lambda: descend_line(LINE, 4, 0.1, 3, (0, 0), 7), "rng must be a numpy Generator"),
        (lambda: descend_line([1, 2], 4, 0.1, 3, (0, 0), 7), "data must be a Data"),
        (lambda: noisy_line(0), "n must be at least 1"),
        (lambda: noisy_line(9, noise=-1), "noise must be at least 0"),
        (lambda: descend("saddle", sgd(), (0, 0), 0.1, 3, noise=1.0), "rng must be a numpy Generator"),
        (lambda: descend("saddle", sgd(), (0, 0), 0.1, 3, np.inf, np.random.default_rng(0)), "noise has 1 NaN or inf"),
    ],
)
def test_bad_input_is_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_line_needs_one_column():
    two = Data("two", np.ones((3, 1)), np.ones((3, 2)), loss="mse")
    with pytest.raises(ValueError, match="a line needs x and y"):
        descend_line(two, 1, 0.1, 1, (0, 0), np.random.default_rng(0))
