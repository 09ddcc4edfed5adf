"""General diagnoses: wrong functions that no list of known mistakes foresaw, and what is said of them."""

import math

import numpy as np
import pytest

from course_lib.exercises.engine import Function, Mistake, Number, Status


def exercise(oracle, inputs, **more):
    """An exercise without any known mistake."""
    return Function(
        prompt="-",
        solution_code="def f(x): return x",
        oracle=oracle,
        inputs=inputs,
        mistakes=[],
        hints=["-"] * 3,
        **more,
    )


def table(rng):
    return (rng.normal(0, 2, (rng.integers(2, 6), rng.integers(2, 6))),)


def row(rng):
    return (rng.normal(0, 2, rng.integers(4, 8)),)


CUBES = exercise(lambda x: x**3, table)
WHOLE = exercise(lambda x: x / 4, row, edge_cases=[(np.array([1, 2, -3, 7]),)])
MEANS = exercise(lambda x: x.mean(axis=0), table)
SUMS = exercise(np.cumsum, row)
SAFE = exercise(np.tanh, row, edge_cases=[(np.array([800.0, 1.0]),)])
ROWS = exercise(lambda x: x / x.sum(axis=1, keepdims=True), table)
POSITIVE = exercise(np.abs, table)
NO_ZERO = exercise(lambda x: (x >= 0) * 1.0, row, edge_cases=[(np.array([-1.0, 0.0, 2.0]),)])

outside = 4.0
calls = []


def counting(x):
    calls.append(1)
    return x**3 + len(calls)


def reads_outside(x):
    return outside * np.abs(x)


def one_number(x):
    return x if x > 0 else -x


def in_place(x):
    np.abs(x, out=x)
    return x


def into_whole_numbers(x):
    out = np.zeros_like(x)
    out[:] = x / 4
    return out


@pytest.mark.parametrize(
    ("exercise", "function", "diagnosis"),
    [
        (CUBES, lambda x: -(x**3), "sign"),
        (CUBES, lambda x: 2 * x**3, "factor"),
        (CUBES, lambda x: x**3 / 3, "factor"),
        (CUBES, lambda x: x**3 + 1, "offset"),
        (CUBES, lambda x: x.T**3, "transposed"),
        (CUBES, lambda x: (x**3).astype("float32"), "few digits"),
        (CUBES, lambda x: np.full_like(x, 0.5), "always the same"),
        (CUBES, lambda x: x, "unchanged"),
        (CUBES, counting, "unsteady"),
        (CUBES, lambda x: x**3 + np.random.rand(), "unsteady"),  # noqa: NPY002
        (CUBES, lambda x: x**3 / 0, "not finite"),
        (MEANS, lambda x: x.sum(axis=0), "factor n"),
        (MEANS, lambda x: x.mean(axis=0) / len(x), "factor n"),
        (SUMS, lambda x: np.cumsum(x)[1:], "off by one"),
        (SUMS, lambda x: np.cumsum(x)[:-1], "off by one"),
        (SUMS, lambda x: np.append(0, np.cumsum(x)), "off by one"),
        (SUMS, lambda x: np.cumsum(x) - x, "off by one"),
        (SUMS, lambda x: np.cumsum(x)[::-1], "off by one"),
        (SAFE, lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), "overflow"),
        (WHOLE, into_whole_numbers, "whole numbers"),
        (ROWS, lambda x: x / x.sum() if x.ndim == 1 else x / x.sum(), "one record only"),
        (
            ROWS,
            lambda x: [v / sum(x) for v in x][0] if x.ndim > 1 else x / x.sum(),
            "one record only",
        ),
        (POSITIVE, lambda x: np.maximum(x, 0) + 0.3 * np.minimum(x, 0), "only positive"),
        (POSITIVE, lambda x: np.where(x < 0, -x, x**2), "only negative"),
        (POSITIVE, one_number, "one number only"),
        (POSITIVE, lambda x: max(x, -x), "one number only"),
        (POSITIVE, lambda x: math.fabs(x), "one number only"),
        (POSITIVE, reads_outside, "factor"),
        (POSITIVE, lambda x: outside + x**2, "reads a global"),
        (POSITIVE, in_place, "changes its input"),
        (NO_ZERO, lambda x: (x > 0) * 1.0, "at zero"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_off_is_named(exercise, function, diagnosis, seed):
    verdict = exercise.judge(function, seed=seed)
    assert (verdict.status, verdict.mistake) == (Status.DIAGNOSIS, diagnosis), verdict
    assert verdict.message


@pytest.mark.parametrize(
    ("function", "status", "words"),
    [
        (lambda x: None, Status.WRONG_TYPE, "return"),
        (lambda x: "9", Status.WRONG_TYPE, "a text"),
        (lambda x: (x**3).tolist(), Status.WRONG_TYPE, "np.array"),
        (lambda x: x > 0, Status.WRONG_TYPE, "true and false"),
        (lambda x: x + 0j, Status.WRONG_TYPE, "complex"),
        (lambda x: (x**3)[..., :1], Status.WRONG_SHAPE, "shape"),
        (lambda x: float(x.sum()), Status.WRONG_SHAPE, "a single number"),
        (lambda x: x**2 - 0.1 * x, Status.WRONG, "Right for no input"),
        (5, Status.WRONG_TYPE, "without brackets"),
        (None, Status.NOT_ATTEMPTED, ""),
        (..., Status.NOT_ATTEMPTED, ""),
    ],
)
def test_what_cannot_be_compared_is_described(function, status, words):
    verdict = CUBES.judge(function)
    assert verdict.status is status, verdict
    assert words in verdict.message


def test_the_factor_is_named():
    assert "twice" in CUBES.judge(lambda x: 2 * x**3).message
    assert "half" in CUBES.judge(lambda x: x**3 / 2).message
    assert "missing 1/n" in MEANS.judge(lambda x: x.sum(axis=0)).message
    assert "0.3333 times" in CUBES.judge(lambda x: x**3 / 3).message


def test_the_first_failing_input_can_be_pasted_into_a_cell():
    verdict = NO_ZERO.judge(lambda x: np.where(x > 0, 1.0, 0.0))
    assert verdict.failing_input == "f(np.array([-1.0, 0.0, 2.0]))"
    assert (verdict.expected, verdict.got) == ("[0, 1, 1]", "[0, 0, 1]")


def test_numbers_are_shown_with_as_many_digits_as_it_takes_to_see_the_difference():
    verdict = CUBES.judge(lambda x: x**3 * (1 + 3e-7) + 1e-7 * x)
    assert verdict.expected != verdict.got


NUMBER = Number(
    name="speed",
    prompt="{distance} m in {time} s: how many m/s?",
    values=lambda rng: {"distance": rng.uniform(50, 90), "time": rng.uniform(3, 9)},
    oracle=lambda distance, time: distance / time,
    mistakes=[Mistake("upside down", lambda distance, time: time / distance, "Seconds per metre.")],
    working="{distance} / {time}",
    rtol=1e-3,
    hints=["-"] * 3,
)


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda v: -v, "sign"),
        (lambda v: 1000 * v, "factor"),
        (lambda v: 100 * v, "factor"),
        (lambda v: v / 2, "factor"),
        (lambda v: 1.005 * v, "rounding"),
        (lambda v: 1 / v, "upside down"),
    ],
)
@pytest.mark.parametrize("student", range(3))
def test_a_number_worked_by_hand(change, mistake, student):
    mine = NUMBER.drawn(student)
    right = mine.right_answers()[0]
    assert mine.judge(right).correct
    assert mine.judge(np.float64(right)).correct
    assert mine.judge(change(right)).mistake == mistake


def test_neighbours_get_other_numbers_and_each_the_same_again():
    assert NUMBER.drawn(1).text() != NUMBER.drawn(2).text()
    assert NUMBER.drawn(1).text() == NUMBER.drawn(1).text()
    assert not NUMBER.drawn(2).judge(NUMBER.drawn(1).right_answers()[0]).correct
    for given in NUMBER.drawn(1).given(None).values():
        assert f"{given:g}" in NUMBER.drawn(1).text()
