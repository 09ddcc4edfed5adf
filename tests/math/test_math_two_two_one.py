"""The 2-2-1 network against torch autograd: every value, every gradient, every factor."""

import math

import numpy as np
import oracle
import pytest
import torch

from course_lib.activations import ACTIVATIONS
from course_lib.two_two_one import LABELS, VALUES, chain, two_two_one

SHOWN = [name for name, a in ACTIVATIONS.items() if a.slope is not None]
DRAWN = [dict(zip(VALUES, np.random.default_rng(seed).normal(0, 1.5, len(VALUES)).tolist())) for seed in (0, 1)]
SETS = [{}, *DRAWN]


def torchs(activation, numbers):
    """The same network as two layers of torch: values and gradients by name."""
    v = {name: torch.tensor(n, dtype=torch.float64, requires_grad=True) for name, n in (VALUES | numbers).items()}
    x = torch.stack([v["x1"], v["x2"]])
    W1 = torch.stack([torch.stack([v["w1_11"], v["w1_12"]]), torch.stack([v["w1_21"], v["w1_22"]])])
    z = x @ W1 + torch.stack([v["b1_1"], v["b1_2"]])
    a = oracle.ACTIVATIONS[activation](z)
    y_hat = a @ torch.stack([v["w2_11"], v["w2_21"]]) + v["b2_1"]
    loss = (v["y"] - y_hat) ** 2
    for t in (z, a, y_hat, loss):
        t.retain_grad()
    loss.backward()
    pairs = {name: (t.item(), t.grad.item()) for name, t in (v | {"y_hat": y_hat, "loss": loss}).items()}
    for i in (0, 1):
        pairs[f"z{i + 1}"] = (z[i].item(), z.grad[i].item())
        pairs[f"a{i + 1}"] = (a[i].item(), a.grad[i].item())
    return pairs


@pytest.mark.parametrize("activation", SHOWN)
@pytest.mark.parametrize("numbers", SETS, ids=["default", "drawn 0", "drawn 1"])
def test_every_value_and_gradient_is_autograds(activation, numbers):
    ours, theirs = two_two_one(activation, **numbers), torchs(activation, numbers)
    assert set(ours) == set(theirs)
    for name, node in ours.items():
        assert (node.value, node.gradient) == pytest.approx(theirs[name], rel=1e-10, abs=1e-13), name


@pytest.mark.parametrize("activation", SHOWN)
@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("numbers", SETS, ids=["default", "drawn 0", "drawn 1"])
def test_the_factors_of_a_path_multiply_to_its_gradient(activation, name, numbers):
    factors = chain(two_two_one(activation, **numbers), name)
    expected = torchs(activation, numbers)[name][1]
    assert math.prod(value for _, value in factors) == pytest.approx(expected, rel=1e-10, abs=1e-13)
    assert len(factors) == (2 if "2_" in name else 4)
    assert all(formula and "∂" in formula for formula, _ in factors)


def test_the_factors_are_named():
    nodes = two_two_one()
    assert [f for f, _ in chain(nodes, "w1_21")] == [
        "∂L/∂ŷ = −2(y−ŷ)", "∂ŷ/∂a₁ = W²₁₁", "∂a₁/∂z₁ = A′(z₁)", "∂z₁/∂W¹₂₁ = x₂",
    ]  # fmt: skip
    assert [f for f, _ in chain(nodes, "b1_2")] == [
        "∂L/∂ŷ = −2(y−ŷ)", "∂ŷ/∂a₂ = W²₂₁", "∂a₂/∂z₂ = A′(z₂)", "∂z₂/∂b¹₂ = 1",
    ]  # fmt: skip
    assert [f for f, _ in chain(nodes, "w2_21")] == ["∂L/∂ŷ = −2(y−ŷ)", "∂ŷ/∂W²₂₁ = a₂"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: two_two_one(w3_11=1.0), "unknown number 'w3_11'"),
        (lambda: two_two_one(x1=math.nan), "x1 must be one finite number"),
        (lambda: two_two_one(x1="one"), "x1 must be a number"),
        (lambda: two_two_one("softmax"), "softmax takes several numbers at once"),
        (lambda: chain(two_two_one(), "x1"), "unknown weight 'x1'"),
    ],
)
def test_bad_input_is_explained(call, words):
    with pytest.raises(ValueError, match=words):
        call()
