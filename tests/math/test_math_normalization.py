"""Batch and layer normalization against torch's modules, forward and backward, training and evaluating."""

import numpy as np
import oracle
import pytest
import torch

from course_lib.network import MLP, Params
from course_lib.normalization import BatchNorm, LayerNorm, normalize, normalize_pullback

RNG = np.random.default_rng(0)


def layer_with_params(kind, n):
    layer = kind(1, n)
    params = Params.pack(layer.init(RNG), np.float64, layer.running() if kind is BatchNorm else {})
    params.vector[:] = RNG.normal(1, 0.5, params.vector.shape)
    return layer, params


def rival(kind, n, params):
    module = (torch.nn.BatchNorm1d if kind is BatchNorm else torch.nn.LayerNorm)(n, dtype=torch.float64)
    with torch.no_grad():
        module.weight[:] = torch.tensor(params["gamma1"][0])
        module.bias[:] = torch.tensor(params["beta1"][0])
    return module


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm])
@pytest.mark.parametrize("shape", [(8, 5), (2, 7), (30, 2)])
def test_forward_backward_and_running_statistics(kind, shape):
    layer, params = layer_with_params(kind, shape[1])
    module = rival(kind, shape[1], params)
    grads = params.copy()
    for step in range(3):
        x, upstream = RNG.normal(3, 2, shape), RNG.normal(size=shape)
        y, kept = layer.forward(params, x, training=[RNG])
        layer.gradients(params, kept, upstream, grads)
        leaf = oracle.tensor(x, gradient=True)
        theirs = module(leaf)
        theirs.backward(oracle.tensor(upstream))
        assert oracle.gap(y, theirs.detach()) < 1e-10
        assert oracle.gap(layer.pullback(params, kept, upstream), leaf.grad) < 1e-8
        assert oracle.gap(grads["gamma1"][0], module.weight.grad) < 1e-10
        assert oracle.gap(grads["beta1"][0], module.bias.grad) < 1e-10
        module.zero_grad()
    if kind is BatchNorm:
        assert oracle.gap(params.running["mean1"][0], module.running_mean) < 1e-12
        assert oracle.gap(params.running["variance1"][0], module.running_var) < 1e-12
    module.eval()
    for n in (1, 4):  # in evaluation a single record is fine
        x = RNG.normal(size=(n, shape[1]))
        assert oracle.gap(layer.forward(params, x)[0], module(oracle.tensor(x)).detach()) < 1e-10


@pytest.mark.parametrize("axis", [-1, -2])
def test_with_a_runs_axis_each_run_is_by_itself(axis):
    x, upstream = RNG.normal(size=(3, 6, 4)), RNG.normal(size=(3, 6, 4))
    x_hat, spread = normalize(x, axis)
    back = normalize_pullback(x_hat, spread, upstream, axis)
    for run in range(3):
        one, by = normalize(x[run], axis)
        assert np.array_equal(x_hat[run], one)
        assert np.array_equal(back[run], normalize_pullback(one, by, upstream[run], axis))
    assert np.abs(x_hat.mean(axis=axis)).max() < 1e-12
    assert x_hat.var(axis=axis) == pytest.approx(np.ones_like(x_hat.var(axis=axis)), abs=1e-3)


def test_what_moves_or_stretches_all_has_no_effect():
    x = RNG.normal(size=(9, 3))
    x_hat, spread = normalize(x, -2)
    for upstream in (np.ones((9, 3)), x_hat):
        assert np.abs(normalize_pullback(x_hat, spread, upstream, -2)).max() < 1e-4


def test_one_record_alone_is_refused_in_training_and_welcome_in_evaluation():
    network = MLP((2, 3, 1), normalization="batch")
    params, x = network.init(np.random.default_rng(0)), np.ones((1, 2))
    assert np.isfinite(network.forward(params, x)[0]).all()
    with pytest.raises(ValueError, match="two records"):
        network.forward(params, x, training=())
    assert not params.running["mean1"].any()
