"""Activations against torch, against finite differences, and where numbers are extreme."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib import activations
from course_lib.activations import ACTIVATIONS, Activation, get_activation

SHAPES = [(7,), (4, 3), (2, 5, 3), (1, 1), (0, 3)]
NAMES = list(ACTIVATIONS)
gelu_tanh = Activation("gelu_tanh", activations.gelu_tanh, activations.d_gelu_tanh)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 30])
def test_value_and_pullback_agree_with_torch(name, shape, scale):
    rng = np.random.default_rng(1)
    z, upstream = scale * rng.normal(size=(2, *shape))
    value, back = oracle.value_and_pullback(oracle.ACTIVATIONS[name], z, upstream)
    f = get_activation(name)
    assert oracle.gap(f(z), value) < 1e-13
    # A saturated slope is the small rest of a subtraction: exact to the last digit of 1, not of itself.
    assert np.abs(f.pullback(z, upstream) - back).max(initial=0) < 1e-15 * max(1, np.abs(upstream).max(initial=0))


@pytest.mark.parametrize("name", NAMES)
def test_extreme_inputs_stay_finite_and_right(name, recwarn):
    z = np.array([[-1e4, -745.0, -50, -1, -0.0, 0, 1, 50, 745, 1e4]])
    value, back = oracle.value_and_pullback(oracle.ACTIVATIONS[name], z, np.ones_like(z))
    f = get_activation(name)
    assert oracle.gap(f(z), value) < 1e-13
    assert oracle.gap(f.pullback(z, np.ones_like(z)), back) < 1e-13
    assert not recwarn.list


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_and_shape_are_kept(name, dtype):
    f = get_activation(name)
    for shape in SHAPES[:3]:
        z = np.linspace(-3, 3, int(np.prod(shape)), dtype=dtype).reshape(shape)
        for result in (f(z), f.pullback(z, z)):
            assert result.dtype == dtype and result.shape == shape


finite = st.floats(-30, 30, width=32)


@given(z=arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=finite))
@settings(max_examples=40, deadline=None)
def test_pullback_is_the_slope_of_the_value(z):
    rng = np.random.default_rng(0)
    z = np.where(np.abs(z) < 1e-3, 0.5, z)  # the kinks at 0 have no slope
    direction, upstream = rng.normal(size=(2, *z.shape))
    for f in ACTIVATIONS.values():
        measured = oracle.slope_along(lambda at, f=f: (f(at) * upstream).sum(), z, direction)
        computed = (f.pullback(z, upstream) * direction).sum()
        assert abs(measured - computed) < 1e-5 * (1 + abs(measured))


@pytest.mark.parametrize("name", [n for n in NAMES if n != "softmax"])
def test_value_and_slope_work_on_plain_numbers(name):
    f = get_activation(name)
    assert np.ndim(f(0.5)) == 0 and np.ndim(f.slope(0.5)) == 0
    assert f.slope(0.5) == f.slope(np.array([0.5]))[0]


def test_the_slope_at_zero_is_torchs():
    zero = np.zeros(1)
    for name in ("relu", "leaky_relu", "prelu", "elu", "selu"):
        back = oracle.value_and_pullback(oracle.ACTIVATIONS[name], zero, np.ones(1))[1]
        assert get_activation(name).slope(zero) == pytest.approx(back, abs=1e-15)


def test_the_learned_slope_learns_from_what_lies_below_zero():
    rng = np.random.default_rng(2)
    z, upstream = rng.normal(size=(2, 6, 4))
    a = oracle.tensor([0.3], gradient=True)
    out = oracle.F.prelu(oracle.tensor(z), a)
    expected = oracle.torch.autograd.grad(out, a, oracle.tensor(upstream))[0].item()
    assert (activations.d_prelu_d_a(z) * upstream).sum() == pytest.approx(expected, rel=1e-12)


def test_the_normal_distribution_is_right_to_the_last_digits():
    z = np.linspace(-12, 12, 5001)
    expected = oracle.torch.special.ndtr(oracle.tensor(z)).numpy()
    assert np.abs(activations.normal_cdf(z) - expected).max() < 1e-15
    assert np.isnan(activations.normal_cdf(np.array([np.nan, 0.0]))).tolist() == [True, False]


@pytest.mark.parametrize("scale", [1, 100])
def test_the_tanh_form_of_gelu(scale):
    z, upstream = scale * np.random.default_rng(3).normal(size=(2, 50))
    value, back = oracle.value_and_pullback(oracle.VARIANTS["gelu_tanh"], z, upstream)
    assert oracle.gap(activations.gelu_tanh(z), value) < 1e-13
    assert oracle.gap(gelu_tanh.pullback(z, upstream), back) < 1e-13
    z = np.linspace(-6, 6, 999)
    assert 4e-4 < np.abs(activations.gelu(z) - activations.gelu_tanh(z)).max() < 5e-4


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 1)])
@pytest.mark.parametrize("scale", [1, 1e4])
def test_log_softmax(shape, scale, recwarn):
    z, upstream = np.random.default_rng(4).normal(size=(2, *shape)) * [[scale]]
    value, back = oracle.value_and_pullback(oracle.VARIANTS["log_softmax"], z, upstream)
    assert oracle.gap(activations.log_softmax(z), value) < 1e-13
    assert oracle.gap(activations.log_softmax_pullback(z, upstream), back) < 1e-13
    assert not recwarn.list


def test_softmax_as_written_overflows_and_the_stable_one_does_not():
    z = np.array([1.0, 2.0, 3.0])
    assert oracle.gap(activations.softmax_naive(z), activations.softmax(z)) < 1e-15
    assert oracle.gap(activations.softmax(z + 1000), activations.softmax(z)) < 1e-13
    assert np.isnan(activations.softmax_naive(z + 1000)).all()


def test_the_normal_sample_is_normal():
    z = activations.normal_sample()
    assert abs(z.mean()) < 1e-12 and z.std() == pytest.approx(1, abs=1e-3)
    assert (z < 1).mean() == pytest.approx(float(oracle.torch.special.ndtr(oracle.tensor(1.0))), abs=1e-4)


def test_scores_tell_the_activations_apart():
    of = {name: activations.score(name) for name in NAMES if name != "softmax"}
    assert of["identity"].bends < 1e-12 < min(s.bends for n, s in of.items() if n != "identity")
    assert {n for n, s in of.items() if s.kinked} == {"relu", "leaky_relu", "prelu", "selu"}
    assert {n for n, s in of.items() if abs(s.mean) < 1e-9} == {"identity", "tanh"}
    assert of["sigmoid"].largest_slope == pytest.approx(0.25)
    assert of["relu"].saturated == pytest.approx(0.5, abs=1e-3) and of["leaky_relu"].saturated == 0
    assert of["relu"].lowest == 0 and of["selu"].lowest > -1.0507 * 1.6733
    assert 0 < of["sigmoid"].lowest < of["sigmoid"].highest < 1
    assert activations.score("tanh", np.array([-20.0, 0, 20, 30])).saturated == 0.75


def test_dead_units_are_silent_for_every_record():
    a = np.array([[0.0, 0.0, 2.0], [0.0, 1.0, 3.0]])
    assert activations.dead_units(a).tolist() == [True, False, False]
    assert activations.dead_units(np.stack([a, a.T[:2, :2].repeat(2, 1)[:, :3]])).shape == (2, 3)


def test_time_per_element_is_a_small_positive_number():
    assert 0 < activations.nanoseconds(activations.relu, np.ones(10_000)) < 1e4
