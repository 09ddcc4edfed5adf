"""Initial weights: their variances as torch draws them, and what they do to a signal on its way."""

import numpy as np
import pytest
import torch

from course_lib.initializers import INITIALIZERS, constant, get_initializer, recommended, scaled_normal, scaled_uniform
from course_lib.losses import get_loss
from course_lib.network import MLP

N_IN, N_OUT = 300, 500
TORCH = {
    "zeros": torch.nn.init.zeros_,
    "constant": lambda w: torch.nn.init.constant_(w, 0.5),
    "normal": torch.nn.init.normal_,
    "uniform": lambda w: torch.nn.init.uniform_(w, -1, 1),
    "xavier_normal": torch.nn.init.xavier_normal_,
    "xavier_uniform": torch.nn.init.xavier_uniform_,
    "he_normal": torch.nn.init.kaiming_normal_,
    "he_uniform": torch.nn.init.kaiming_uniform_,
    "lecun_normal": lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="linear"),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_mean_and_variance_and_range_are_torchs(name):
    ours = get_initializer(name)(np.random.default_rng(0), N_IN, N_OUT)
    torch.manual_seed(0)
    theirs = TORCH[name](torch.empty(N_OUT, N_IN, dtype=torch.float64)).numpy()
    assert ours.shape == (N_IN, N_OUT)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.01)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.01)
    if "uniform" in name:
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)


def test_the_same_rng_draws_the_same_and_sizes_can_be_one():
    for name in INITIALIZERS:
        first, second = (get_initializer(name)(np.random.default_rng(5), 1, 1) for _ in range(2))
        assert first.shape == (1, 1) and np.array_equal(first, second)


def test_chosen_sizes():
    rng = np.random.default_rng(1)
    assert (constant(-2)(rng, 2, 3) == -2).all()
    assert scaled_normal(0.1)(rng, N_IN, N_OUT).std() == pytest.approx(0.1, rel=0.01)
    assert scaled_uniform(0.6)(rng, N_IN, N_OUT).var() == pytest.approx(0.36 / 3, rel=0.02)


def spreads(activation, initializer, depth=8, width=200):
    """Standard deviation of z and of ∂cost/∂z in each layer of a deep network with random input."""
    network = MLP((width, *[width] * depth), activation, initializer)
    rng = np.random.default_rng(0)
    params = network.init(rng)
    far = 1e6 * rng.normal(size=(64, width))  # so far off that the error hardly depends on the output
    reports = network.watch(params, rng.normal(size=(64, width)), far, get_loss("mse"))
    return np.array([r.z_std for r in reports]), np.array([r.delta_std for r in reports])


@pytest.mark.parametrize(
    ("activation", "initializer"), [("identity", "xavier_uniform"), ("identity", "lecun_normal"), ("relu", "he_normal")]
)
def test_the_suitable_one_carries_the_signal_there_and_back(activation, initializer):
    forward, backward = spreads(activation, initializer)
    assert 0.6 < forward[-1] / forward[0] < 1.6
    assert 0.6 < backward[0] / backward[-1] < 1.6


@pytest.mark.parametrize(
    ("activation", "initializer", "grows"),
    [("relu", "lecun_normal", 0.5**0.5), ("identity", "he_normal", 2**0.5), ("relu", scaled_normal(0.01), 0.1)],
)
def test_others_multiply_it_in_every_layer(activation, initializer, grows):
    forward, backward = spreads(activation, initializer)
    assert (forward[-1] / forward[1]) ** (1 / 6) == pytest.approx(grows, rel=0.1)
    assert (backward[1] / backward[-1]) ** (1 / 6) == pytest.approx(grows, rel=0.1)


def test_every_activation_has_a_recommendation():
    assert [recommended(a) for a in ("tanh", "sigmoid", "relu", "gelu", "selu")] == [
        "xavier_uniform", "xavier_uniform", "he_normal", "he_normal", "lecun_normal"
    ]  # fmt: skip
