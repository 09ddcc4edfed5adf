"""Clipping against torch.nn.utils, each run by itself."""

import numpy as np
import pytest
import torch

from course_lib.clipping import angle, clip_norm, clip_value

GRADIENTS = np.random.default_rng(0).normal(0, [[0.01], [1], [100]], (3, 40))


def clipped_by_torch(clip, g, limit):
    parameter = torch.zeros(len(g), dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(g)
    clip([parameter], limit)
    return parameter.grad.numpy()


@pytest.mark.parametrize("limit", [0.005, 1.0, 50.0, 1e6])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(clip_value, torch.nn.utils.clip_grad_value_), (clip_norm, torch.nn.utils.clip_grad_norm_)],
)
def test_as_in_torch_for_one_run_and_for_many(ours, theirs, limit):
    expected = np.stack([clipped_by_torch(theirs, g, limit) for g in GRADIENTS])
    assert ours(GRADIENTS, limit) == pytest.approx(expected, rel=1e-12)
    assert [ours(g, limit).tolist() for g in GRADIENTS] == ours(GRADIENTS, limit).tolist()


def test_only_the_norm_keeps_the_direction():
    g = np.array([3.0, 0.4])
    assert angle(g, clip_norm(g, 1.0)) == pytest.approx(0, abs=1e-5)
    assert clip_value(g, 1.0).tolist() == [1.0, 0.4]
    assert angle(g, clip_value(g, 1.0)) == pytest.approx(21.8014 - 7.5946, abs=1e-3)
    assert angle(np.array([1.0, 0.0]), np.array([0.0, 2.0])) == pytest.approx(90)
    assert angle(np.array([1.0, 0.0]), np.array([-3.0, 0.0])) == pytest.approx(180)


def test_a_gradient_of_nothing_stays_nothing_and_dtypes_are_kept():
    for clip in (clip_value, clip_norm):
        assert clip(np.zeros(4, np.float32), 1.0).tolist() == [0, 0, 0, 0]
        assert clip(np.ones(4, np.float32), 0.5).dtype == np.float32
