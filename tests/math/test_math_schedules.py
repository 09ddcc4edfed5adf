"""Schedules against torch.optim.lr_scheduler, or against stated values where torch has none."""

import doctest
import math

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from course_lib import schedules

STEPS = 120


def rates_of_torch(make, lr=0.3):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, rates = make(optimizer), []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"] / lr)
        optimizer.step()
        if step < STEPS - 1:  # OneCycleLR refuses to be asked beyond its end
            scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (schedules.constant(), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        (schedules.step_decay(7, 0.3), lambda o: lr_scheduler.StepLR(o, 7, 0.3)),
        (schedules.step_decay(1), lambda o: lr_scheduler.StepLR(o, 1, 0.5)),
        (schedules.multi_step([5, 30, 31], 0.2), lambda o: lr_scheduler.MultiStepLR(o, [5, 30, 31], 0.2)),
        (schedules.exponential(0.05), lambda o: lr_scheduler.ExponentialLR(o, math.exp(-0.05))),
        (
            schedules.sequence(schedules.cosine(STEPS, 0.1), STEPS, schedules.constant()),
            lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.03),
        ),
        (schedules.cosine_restarts(10), lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10)),
        (
            schedules.cosine_restarts(10, longer=2, low=0.1),
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10, 2, eta_min=0.03),
        ),
        (schedules.warm_up(40, start=0.25), lambda o: lr_scheduler.LinearLR(o, 0.25, 1.0, 40)),
        (
            schedules.one_cycle(STEPS),
            lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=STEPS, pct_start=0.3, cycle_momentum=False),
        ),
        (
            schedules.one_cycle(STEPS, rise=0.5, start=0.1, end=0.001),
            lambda o: lr_scheduler.OneCycleLR(
                o, 0.3, total_steps=STEPS, pct_start=0.5, div_factor=10, final_div_factor=100, cycle_momentum=False
            ),
        ),
        (
            schedules.sequence(schedules.warm_up(20, 0.1), 20, schedules.step_decay(9, 0.7)),
            lambda o: lr_scheduler.SequentialLR(
                o, [lr_scheduler.LinearLR(o, 0.1, 1.0, 20), lr_scheduler.StepLR(o, 9, 0.7)], [20]
            ),
        ),
    ],
)
def test_as_in_torch(ours, theirs):
    expected = rates_of_torch(theirs)
    assert [ours(step) for step in range(STEPS)] == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_one_over_t():
    decay = schedules.inverse_time(0.5)
    assert [decay(step) for step in (0, 1, 2, 8, 198)] == pytest.approx([1, 2 / 3, 0.5, 0.2, 0.01])


def test_product_and_order_do_not_matter():
    product = schedules.product(schedules.warm_up(10), schedules.step_decay(20, 0.1))
    forwards = [product(step) for step in range(50)]
    assert [forwards[step] for step in (5, 25, 45)] == pytest.approx([0.5, 0.1, 0.01])
    assert [product(step) for step in reversed(range(50))] == forwards[::-1]  # pure: asking changes nothing


@pytest.mark.parametrize(("factor", "patience", "threshold"), [(0.5, 0, 1e-4), (0.1, 2, 1e-4), (0.3, 3, 0.05)])
def test_plateau_as_in_torch(factor, patience, threshold):
    rng = np.random.default_rng(3)
    costs = np.exp(-np.arange(60) / 20) + rng.normal(0, 0.1, 60)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rival = lr_scheduler.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, threshold=threshold, eps=0)
    ours = schedules.Plateau(factor, patience, threshold)
    fallen = set()
    for k, cost in enumerate(costs, start=1):
        rival.step(cost)
        expected = optimizer.param_groups[0]["lr"]
        fallen.add(expected)
        assert float(ours(costs[:k])) == pytest.approx(expected, rel=1e-12)
    assert len(fallen) > 2, "the test should see the rate fall more than once"


def test_plateau_of_several_runs_is_that_of_each():
    rng = np.random.default_rng(4)
    costs = rng.uniform(0.5, 1, (5, 40))
    plateau = schedules.Plateau(0.5, 2)
    assert plateau(costs).tolist() == [float(plateau(row)) for row in costs]


def test_the_examples_in_the_docstrings():
    tried = doctest.testmod(schedules)
    assert tried.attempted >= 7 and tried.failed == 0
