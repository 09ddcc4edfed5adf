"""Test functions: gradients by finite differences, minima that are minima, descents that get there."""

import math

import numpy as np
import oracle
import pytest

from course_lib.clipping import clip_norm
from course_lib.datasets import moons
from course_lib.losses import get_loss
from course_lib.network import MLP
from course_lib.optimizers import adam, momentum, sgd
from course_lib.surfaces import SURFACES, cliff, cost_slice, descend, direction, get_surface

RNG = np.random.default_rng(0)
STATED = dict.fromkeys(SURFACES, 0.0) | {"double well": -1.253791, "saddle": -0.25, "cliff": 0.384930}
EVERY = [*SURFACES.values(), cliff]


@pytest.mark.parametrize("surface", EVERY, ids=lambda surface: surface.name)
def test_gradients(surface):
    points = RNG.uniform(-1.5, 1.5, (20, 2))
    along = RNG.normal(size=(20, 2))
    slopes = oracle.slope_along(surface.value, points, along, h=1e-6)
    assert (surface.gradient(points) * along).sum(axis=-1) == pytest.approx(slopes, rel=1e-6, abs=1e-6)
    assert surface.value(points).shape == (20,) and surface.gradient(points[0]).shape == (2,)


@pytest.mark.parametrize("surface", EVERY, ids=lambda surface: surface.name)
def test_minima_are_minima_and_in_sight(surface):
    left, right, low, high = surface.window
    for minimum in np.array(surface.minima, float):
        value = float(surface.value(minimum))
        assert value == pytest.approx(STATED[surface.name], abs=1e-4)
        assert np.abs(surface.gradient(minimum)).max() < 1e-6
        circle = minimum + 1e-3 * np.stack([np.cos(a := np.linspace(0, 6.28, 60)), np.sin(a)], axis=-1)
        assert (surface.value(circle) > value).all()
        assert left < minimum[0] < right and low < minimum[1] < high
    everywhere = RNG.uniform((left, low), (right, high), (20_000, 2))
    assert surface.value(everywhere).min() > STATED[surface.name] - 1e-4


def test_the_saddle_is_flat_and_no_minimum():
    saddle = get_surface("saddle")
    assert saddle.gradient(np.zeros(2)).tolist() == [0, 0]
    assert saddle.value(np.array([0, 0.1])) < saddle.value(np.zeros(2)) < saddle.value(np.array([0.1, 0]))
    stuck = descend(saddle, sgd(), [1.0, 0.0], 0.1, 200)[-1]
    free = descend(saddle, sgd(), [1.0, 1e-6], 0.1, 400)[-1]
    assert np.abs(stuck).max() < 1e-6 and free == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "optimizer", "start", "lr", "steps"),
    [
        ("parabola", sgd(), (2, -1), 0.1, 200),
        ("valley", momentum(0.9), (2, 1), 0.02, 600),
        ("rosenbrock", adam(), (-1, 1), 0.02, 6000),
        ("beale", adam(), (1, 1), 0.05, 3000),
        ("himmelblau", sgd(), (1, 1), 0.01, 500),
    ],
)
def test_descents_arrive(name, optimizer, start, lr, steps):
    path = descend(name, optimizer, start, lr, steps)
    assert path.shape == (steps + 1, 2) and path[0].tolist() == list(start)
    assert np.abs(np.array(get_surface(name).minima) - path[-1]).max(axis=1).min() < 1e-3


def test_one_look_at_the_cliff_throws_an_unclipped_step_far_away():
    start, lr = np.array([0.5, 0.0]), 0.1
    assert cliff.gradient(start) == pytest.approx([8 * math.e**4 - 1, 0])
    thrown = descend(cliff, sgd(), start, lr, 1)[-1]
    held = start - lr * clip_norm(cliff.gradient(start), 1.0)
    assert thrown[0] < -43 and held == pytest.approx([0.4, 0], abs=1e-6)


def test_many_starts_at_once_are_each_by_themselves():
    starts = RNG.uniform(-1, 1, (4, 2))
    together = descend("himmelblau", momentum(), starts, 0.005, 50)
    assert together.shape == (4, 51, 2)
    for start, path in zip(starts, together):
        assert np.array_equal(descend("himmelblau", momentum(), start, 0.005, 50), path)


def test_the_local_minimum_of_the_double_well_keeps_a_small_rate():
    well = get_surface("double well")
    ends = descend(well, sgd(), [[1.6, 0.5], [-1.6, 0.5]], 0.05, 300)[:, -1]
    assert ends[0] == pytest.approx([0.967, 0], abs=1e-3)  # local
    assert ends[1] == pytest.approx(well.minima[0], abs=1e-6)
    assert well.value(ends[0]) > well.value(ends[1])


def test_a_slice_of_a_networks_cost():
    data, loss = moons(40), get_loss("bce")
    network = MLP((2, 5, 1))
    params = network.init(np.random.default_rng(1))
    first, second = (direction(params, np.random.default_rng(seed)) for seed in (2, 3))
    for name, drawn in params.like(first).items():
        assert np.linalg.norm(drawn) == pytest.approx(np.linalg.norm(params[name]))
    u, costs = cost_slice(network, params, data, loss, first, second, reach=0.5, points=5)
    assert u.tolist() == [-0.5, -0.25, 0, 0.25, 0.5] and costs.shape == (5, 5)
    for j, i in ((2, 2), (0, 4), (3, 1)):
        there = params.like(params.vector + u[i] * first + u[j] * second)
        assert costs[j, i] == pytest.approx(float(loss.cost(network.predict(there, data.x), data.y)), rel=1e-12)
