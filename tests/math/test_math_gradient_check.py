"""The gradient check: right gradients pass, wrong ones do not, and bad input is explained."""

import numpy as np
import oracle  # noqa: F401  (torch on one thread)
import pytest
import torch

from course_lib.datasets import moons
from course_lib.gradient_check import gradient_check, numerical_gradient, relative_error
from course_lib.losses import get_loss
from course_lib.network import MLP

THETA = np.array([[0.3, -1.2], [2.0, 0.7]])


def bowl(theta):
    return float(np.sum(np.sin(theta) * theta**2))


def torchs(theta):
    t = torch.tensor(theta, requires_grad=True)
    (torch.sin(t) * t**2).sum().backward()
    return t.grad.numpy()


@pytest.mark.parametrize("h", [1e-3, 1e-5, 1e-7])
def test_measured_slopes_are_autograds(h):
    assert numerical_gradient(bowl, THETA, h) == pytest.approx(torchs(THETA), rel=1e-4)
    assert numerical_gradient(bowl, THETA).shape == THETA.shape


def test_the_error_of_central_differences_falls_with_the_square_of_h():
    errors = [relative_error(numerical_gradient(bowl, THETA, h).ravel(), torchs(THETA).ravel()) for h in (1e-1, 1e-2)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.05)


def test_theta_is_left_as_it_was_and_may_hold_whole_numbers():
    theta = np.array([1, 2, 3])
    assert numerical_gradient(lambda t: float(t @ t), theta) == pytest.approx([2, 4, 6])
    assert theta.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("one", "other", "error"),
    [([3, 4], [3, 4], 0), ([3, 4], [-3, -4], 1), ([0, 0], [3, 4], 1), ([0, 0], [0, 0], 0), ([2.0], [1.0], 1 / 3)],
)
def test_relative_error(one, other, error):
    assert relative_error(np.array(one), np.array(other)) == pytest.approx(error)
    assert relative_error(np.array([one] * 3), np.array([other] * 3)) == pytest.approx([error] * 3)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "elu", "gelu"])
def test_backpropagation_passes_and_its_usual_slips_do_not(activation):
    network, loss, data = MLP((2, 4, 4, 1), activation), get_loss("mse"), moons(8)
    params = network.init(np.random.default_rng(0))
    params.vector += 0.1

    def cost(vector):
        return loss.cost(network.forward(params.like(vector), data.x)[0], data.y)

    def backprop(vector, factor=1.0, way_back=network):
        here = params.like(vector)
        z, kept = network.forward(here, data.x)
        return way_back.backward(here, kept, factor * loss.gradient(z, data.y), here.copy()).vector

    assert gradient_check(cost, backprop, params.vector) < 1e-8
    assert gradient_check(cost, backprop(params.vector), params.vector) < 1e-8
    assert gradient_check(cost, -backprop(params.vector), params.vector) == pytest.approx(1)
    assert gradient_check(cost, lambda v: backprop(v, factor=8.0), params.vector) == pytest.approx(7 / 9)
    without_slope = gradient_check(cost, lambda v: backprop(v, way_back=MLP(network.sizes, "identity")), params.vector)
    assert (without_slope < 1e-8) == (activation == "identity") and not 1e-8 <= without_slope < 1e-3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: numerical_gradient(3, THETA), "f must be a function"),
        (lambda: numerical_gradient(bowl, THETA, 0), "h must be greater than 0"),
        (lambda: numerical_gradient(bowl, [1.0, np.nan]), "theta has 1 NaN"),
        (lambda: numerical_gradient(lambda t: t, THETA), r"f\(theta\) must be one finite number"),
        (lambda: numerical_gradient(lambda t: np.inf, THETA), r"f\(theta\) must be one finite number"),
        (lambda: relative_error(np.ones(2), np.ones(3)), "same shape"),
        (lambda: gradient_check(bowl, THETA.T[:1], THETA), r"shape of theta, \(2, 2\), not \(1, 2\)"),
        (lambda: gradient_check(bowl, THETA * np.nan, THETA), "gradient has 4 NaN"),
    ],
)
def test_bad_input_is_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()
