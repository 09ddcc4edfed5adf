"""The flow of the error: factors per layer against stated values, slopes along paths against torch."""

import numpy as np
import oracle  # noqa: F401  (torch on one thread)
import pytest
import torch

from course_lib.datasets import moons
from course_lib.gradient_flow import UNMOVED, backward_factor, flow, path_slopes
from course_lib.initializers import scaled_normal
from course_lib.network import MLP, stack


@pytest.mark.parametrize(
    ("deltas", "factor", "word"),
    [
        ([1.0, 2.0, 4.0], 0.5, "steady"),
        ([27.0, 5.0, 3.0, 1.0], 3.0, "steady"),
        ([1e-4, 7.0, 1.0], 1e-2, "vanishing"),
        ([1e4, 7.0, 1.0], 1e2, "exploding"),
        ([0.0, 1e-300, 1.0], 0.0, "vanishing"),
        ([0.0, 0.0, 0.0], 0.0, "vanishing"),
        ([np.inf, 1e300, 1.0], np.inf, "exploding"),
        ([np.nan, 1.0, 1.0], np.inf, "exploding"),
        ([5.0], 1.0, "steady"),
    ],
)
def test_stated_cases(deltas, factor, word):
    assert backward_factor(deltas) == pytest.approx(factor)
    assert flow(deltas) == word


def test_the_size_of_the_error_does_not_matter():
    assert flow([1e-9, 1e-9, 1e-9]) == flow([1e9, 1e9, 1e9]) == "steady"


@pytest.mark.parametrize(("scale", "word"), [(0.1, "vanishing"), (1.0, "exploding")])
def test_in_a_relu_network_the_error_tells_what_the_gradients_of_the_weights_do_not(scale, word):
    network, data = MLP((2, *[16] * 20, 1), "relu", scaled_normal(scale)), moons(128)
    params = stack([network.init(np.random.default_rng(draw)) for draw in range(5)])
    reports = network.watch(params, data.x, data.y, "bce")[:-1]
    ratio = reports[0].gradient_norm / reports[-1].gradient_norm
    assert 0.1 < ratio.min() and ratio.max() < 10
    deltas = np.stack([report.delta_std for report in reports])
    assert [flow(deltas[:, draw]) for draw in range(5)] == [word] * 5


def test_several_runs_at_once():
    assert backward_factor([[1.0, 4.0], [1.0, 2.0], [1.0, 1.0]]).tolist() == [1, 2]


def test_the_limit_is_the_readers():
    assert flow([1.0, 50.0], limit=10) == "vanishing" and flow([50.0, 1.0], limit=100) == "steady"


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "prelu", "gelu"])
def test_paths_of_a_network_of_single_units_are_autograds(activation):
    network = MLP((1, 1, 1, 1, 1), activation)  # one unit per layer: there is but one path
    params, x = network.init(np.random.default_rng(3)), np.array([[0.7]])
    slopes = path_slopes(network, params, x, np.random.default_rng(0), paths=2)
    bend = getattr(torch if activation in ("sigmoid", "tanh") else torch.nn.functional, activation)
    a, expected = torch.tensor(x), []
    for k in (1, 2, 3):
        z = (a @ torch.tensor(params[f"W{k}"]) + torch.tensor(params[f"b{k}"])).detach().requires_grad_()
        a = bend(z, torch.tensor([0.25], dtype=z.dtype)) if activation == "prelu" else bend(z)
        expected.append(torch.autograd.grad(a.sum(), z)[0].item())
    back = [expected[0] * expected[1] * expected[2], expected[1] * expected[2], expected[2]]
    assert slopes == pytest.approx(np.column_stack([back, back]), rel=1e-12)


def test_an_update_below_that_part_of_its_weight_is_rounded_away():
    for w in np.linspace(1, 2, 50, dtype=np.float32):
        assert w - np.float32(0.99 * UNMOVED) * w == w
    assert np.float32(1) - np.float32(4 * UNMOVED) != 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: backward_factor([]), "one size per layer"),
        (lambda: backward_factor([1.0, -1.0]), "none of them negative"),
        (lambda: flow([1.0, 2.0], limit=1), "limit must be greater than 1"),
        (lambda: flow([[1.0], [2.0]]), "those of one run"),
        (lambda: path_slopes(MLP((2, 1)), None, np.ones((3, 2)), np.random.default_rng(0)), "without a hidden layer"),
        (lambda: path_slopes(MLP((2, 2, 1)), None, np.ones((3, 2)), 0), "rng must be"),
    ],
)
def test_bad_input_is_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()
