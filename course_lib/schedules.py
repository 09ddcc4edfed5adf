"""Schedules: the learning rate, step by step.

A schedule is a pure function of the step, counted from 0, and gives the factor that multiplies `lr`.
So schedules compose: `product` multiplies them, `sequence` lets one follow the other.
"""

from dataclasses import dataclass
from math import cos, exp, inf, pi

import numpy as np

from .checks import a_function, number, numeric, whole


def constant():
    """Always 1."""
    return lambda step: 1.0


def step_decay(every, factor=0.5):
    """factor^⌊step/every⌋: a fall every so many steps.

    >>> [step_decay(every=2, factor=0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    whole("every", every, 1), number("factor", factor, 0, above=True)
    return lambda step: float(factor) ** (step // every)


def multi_step(milestones, factor=0.1):
    """A fall at each of the steps in `milestones`.

    >>> [multi_step([2, 3], factor=0.5)(step) for step in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    if not isinstance(milestones, list | tuple | range | np.ndarray):
        raise ValueError(f"milestones must be a row of steps, such as [100, 200], not {milestones!r}")
    milestones = [whole("milestone", m) for m in milestones]
    number("factor", factor, 0, above=True)
    return lambda step: float(factor) ** sum(m <= step for m in milestones)


def exponential(k):
    """e^(-k·step): the same share is lost in every step.

    >>> [round(exponential(k=0.7)(step), 3) for step in range(4)]
    [1.0, 0.497, 0.247, 0.122]
    """
    number("k", k, 0)
    return lambda step: exp(-k * step)


def inverse_time(k):
    """1/(1 + k·step): fast at first, and never quite to 0 (Robbins & Monro 1951).

    >>> [round(inverse_time(k=1)(step), 3) for step in range(4)]
    [1.0, 0.5, 0.333, 0.25]
    """
    number("k", k, 0)
    return lambda step: 1 / (1 + k * step)


def cosine(steps, low=0.0):
    """Half a cosine from 1 to `low`, where it then stays (Loshchilov & Hutter 2017).

    >>> [round(cosine(steps=4)(step), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    whole("steps", steps, 1), number("low", low, 0, 1)
    return lambda step: low + (1 - low) * (1 + cos(pi * min(step / steps, 1))) / 2


def cosine_restarts(steps, longer=1, low=0.0):
    """The same, starting over whenever it is done, each time `longer` times as long.

    >>> [round(cosine_restarts(steps=2, longer=2)(step), 3) for step in range(7)]
    [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    whole("steps", steps, 1), whole("longer", longer, 1), number("low", low, 0, 1)

    def schedule(step):
        length = steps
        while step >= length:
            step -= length
            length *= longer
        return cosine(length, low)(step)

    return schedule


def warm_up(steps, start=0.0):
    """A straight line from `start` to 1 in so many steps.

    >>> [warm_up(steps=4)(step) for step in range(6)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    whole("steps", steps, 1), number("start", start, 0, 1)
    return lambda step: start + (1 - start) * min(step / steps, 1)


def one_cycle(steps, rise=0.3, start=1 / 25, end=1 / 250_000):
    """Up to 1 in the first `rise` of all steps and down to almost nothing, both as cosines (Smith 2018).

    >>> [round(one_cycle(steps=11)(step), 3) for step in range(0, 11, 2)]
    [0.04, 0.96, 0.884, 0.531, 0.157, 0.0]
    """
    whole("steps", steps, 2), number("rise", rise, 0, 1, above=True)
    number("start", start, 0, 1), number("end", end, 0, 1)
    top = rise * steps - 1  # PyTorch's step of the highest rate, a fraction of a step early

    def schedule(step):
        first, last, done = (start, 1, step / top) if step <= top else (1, end, (step - top) / (steps - 1 - top))
        return last + (first - last) * (1 + cos(pi * min(done, 1))) / 2

    if not 0 < top < steps - 1:
        raise ValueError(f"rise must leave steps on both sides; {rise:g} of {steps} steps does not")
    return schedule


def product(*schedules):
    """All factors multiplied, as of a warm-up during a decay."""
    for each in schedules:
        check_schedule("a schedule", each)

    def schedule(step):
        factor = 1.0
        for each in schedules:
            factor *= each(step)
        return factor

    return schedule


def sequence(first, steps, then):
    """`first` for so many steps, then `then`, which counts from 0 again."""
    check_schedule("first", first), whole("steps", steps), check_schedule("then", then)
    return lambda step: first(step) if step < steps else then(step - steps)


def check_schedule(what, schedule):
    """Return `schedule` if it is a function that gives a factor for step 0, else raise a ValueError."""
    try:
        number(f"{what} at step 0", a_function(what, schedule)(0), 0)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} must be a function of the step, such as cosine(420); {error}") from None
    return schedule


@dataclass(frozen=True)
class Plateau:
    """Falls by `factor` when the cost has not improved for more than `patience` evaluations.

    A function of the history: `Plateau()(costs)` for costs (..., k) gives the factor that has been
    reached, one per run. An improvement is a cost below (1 - threshold) times the best so far.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4

    def __post_init__(self):
        number("factor", self.factor, 0, 1, above=True)
        whole("patience", self.patience), number("threshold", self.threshold, 0, 1)

    def start(self, cost):
        """State before the first cost: best, evaluations without improvement, factor."""
        return np.full_like(cost, inf), np.zeros_like(cost), np.ones_like(cost)

    def next(self, state, cost):
        """State after one more cost."""
        best, waited, reached = state
        better = cost < best * (1 - self.threshold)
        waited = np.where(better, 0, waited + 1)
        fall = waited > self.patience
        return np.where(better, cost, best), np.where(fall, 0, waited), np.where(fall, reached * self.factor, reached)

    def __call__(self, costs):
        costs = numeric("costs", costs).astype(float)
        if not costs.ndim or not costs.shape[-1]:
            raise ValueError(f"costs must hold one cost or more along the last axis, not shape {costs.shape}")
        costs = np.moveaxis(costs, -1, 0)
        state = self.start(costs[0])
        for cost in costs:
            state = self.next(state, cost)
        return state[2]
