"""What is off when an answer is wrong and no known mistake explains it: each test, one pattern.

A pattern counts only if it explains every case at once.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .values import agree, close, numbers, same_data, shape, show

LARGE = 50  # inputs beyond this are there to provoke overflow; ordinary ones stay well below


@dataclass
class Trial:
    """The cases, what was expected and what came; `call` asks the function again, if it is one."""

    cases: list  # of tuples, the inputs
    expected: list
    got: list
    rtol: float
    call: Callable | None = None
    function: object = None

    def agree(self, got, expected):
        return agree(got, expected, self.rtol)

    def pairs(self):
        """(inputs, expected, got) of each case, as float arrays, up to the first that cannot be."""
        for args, e, g in zip(self.cases, self.expected, self.got, strict=True):
            e, g = numbers(e), numbers(g)
            if e is None or g is None or e.shape != g.shape:
                return
            yield args, e, g

    def numeric(self):
        return len(list(self.pairs())) == len(self.cases)

    def right_after(self, change):
        """Whether `change` to each result would make every one of them right."""
        changed = [None if numbers(g) is None else change(numbers(g)) for g in self.got]
        return all(map(self.agree, changed, map(numbers, self.expected)))


@dataclass(frozen=True)
class Diagnosis:
    name: str
    why: str


def unsteady(t):
    if t.call is None:
        return None
    again = [t.call(args, seed=1).value for args in t.cases]
    if not all(map(same_data, again, t.got)):
        return Diagnosis(
            "unsteady",
            "Called twice with the same input, it gives two different answers. A function of "
            "its inputs must not depend on random numbers, on a variable outside it that "
            "changes, or on how often it was called.",
        )


def reads_global(t):
    names = _data_read_from_outside(t.function)
    if names:
        listed = ", ".join(f"`{n}`" for n in names)
        return Diagnosis(
            "reads a global",
            f"It reads {listed} from the notebook. The check hands your function other numbers "
            "than those: use the names in the brackets of the `def` line.",
        )


def _data_read_from_outside(function):
    if not isinstance(function, types.FunctionType):
        return []
    outside = function.__globals__
    kinds = (bool, int, float, list, tuple, dict, np.ndarray, np.generic)
    return [n for n in function.__code__.co_names if isinstance(outside.get(n), kinds)]


def not_finite(t):
    sizes = {True: [], False: []}
    for args, e, g in t.pairs():
        largest = max((np.abs(a).max() for a in map(numbers, args) if _filled(a)), default=0)
        finite = not (np.isfinite(e) & ~np.isfinite(g)).any()
        sizes[finite].append(largest)
    if not sizes[False]:
        return None
    if min(sizes[False]) > LARGE and sizes[True]:
        return Diagnosis(
            "overflow",
            "For large inputs it gives `nan` or `inf`: somewhere `np.exp` of a large number "
            "left the range of floats (`np.exp(710)` is already `inf`, and `inf / inf` is "
            "`nan`). Rearrange the formula so that only negative numbers are raised.",
        )
    return Diagnosis(
        "not finite",
        "It gives `nan` or `inf` where a number is expected: look for a division by zero, the "
        "logarithm of zero or less, or `inf - inf`.",
    )


def _filled(array):
    return array is not None and array.size


def sign(t):
    if t.right_after(lambda g: -g):
        return Diagnosis("sign", "Every number is right except for its sign.")


def unchanged(t):
    if len(t.cases) > 1 and all(any(agree(g, a) for a in args) for args, g in zip(t.cases, t.got, strict=True)):
        return Diagnosis("unchanged", "It gives its input back unchanged.")


def always_the_same(t):
    found = {tuple(np.unique(g)) for _, _, g in t.pairs()}
    if len(t.cases) > 1 and len(found) == 1 and len(only := found.pop()) == 1:
        value = show(float(only[0]))
        return Diagnosis("always the same", f"Whatever the input, every number it gives is {value}.")


def factor(t):
    ratios = []
    for _, e, g in t.pairs():
        where = e != 0
        if not where.any():
            continue
        ratio = np.median(g[where] / e[where])
        if ratio == 0 or not close(g, ratio * e, max(t.rtol, 1e-9)).all():
            return None
        ratios.append(ratio)
    if not ratios:
        return None
    ratios = np.array(ratios)
    for word, count in _counts(t):
        for times, text in (
            (
                1 / count,
                f"divided by {word}: a mean where the sum is meant, or one division too many?",
            ),
            (count, f"multiplied by {word}: a sum where the mean is meant, a missing 1/n?"),
        ):
            if len(times) == len(ratios) and np.allclose(ratios, times, rtol=max(t.rtol, 1e-9)):
                return Diagnosis("factor n", f"It is the right answer {text}")
    if np.ptp(ratios) > abs(ratios[0]) * max(t.rtol, 1e-9) * 10:
        return None
    ratio = float(np.mean(ratios))
    named = _factor_in_words(ratio, t.rtol)
    if named is None and sum(e.size for _, e, _ in t.pairs()) == 1:
        return None  # any number is some multiple of any other
    return Diagnosis("factor", named or f"It is always {show(ratio)} times the right answer.")


def _counts(t):
    """Ways to count what the first array of each case holds, where the counts differ."""
    shapes = [next((s for a in args if (s := shape(a))), None) for args in t.cases]
    if any(s is None for s in shapes):
        return
    for word, count in (
        ("the number of records", lambda s: s[0]),
        ("the number of entries in a row", lambda s: s[-1]),
        ("the number of entries", lambda s: int(np.prod(s))),
    ):
        counts = np.array([count(s) for s in shapes], float)
        if np.ptp(counts):
            yield word, counts


def _factor_in_words(ratio, rtol):
    named = {
        2: "twice the right answer: a factor ½ is missing, or a 2 too many",
        0.5: "half the right answer: a factor 2 is missing, or a ½ too many",
        100: "100 times the right answer: a percentage, where a plain number is wanted?",
        0.01: "a hundredth of the right answer: was a plain number read as a percentage?",
        1000: "1000 times the right answer: a slip of the decimal point, or of the unit?",
        0.001: "a thousandth of the right answer: a slip of the decimal point, or of the unit?",
        10: "10 times the right answer: a slip of the decimal point?",
        0.1: "a tenth of the right answer: a slip of the decimal point?",
    }
    for value, text in named.items():
        if abs(ratio / value - 1) <= max(rtol, 1e-9):
            return f"It is {text}."


def offset(t):
    gaps = [np.unique(np.round(g - e, 9)) for _, e, g in t.pairs()]
    if len(t.cases) > 1 and len({tuple(gap) for gap in gaps}) == 1 and len(gaps[0]) == 1:
        gap = float(gaps[0][0])
        more = "too large" if gap > 0 else "too small"
        return Diagnosis("offset", f"Every number is {more} by the same {show(abs(gap))}.")


def transposed(t):
    if t.right_after(np.transpose):
        return Diagnosis("transposed", "Rows and columns are exchanged: the right numbers, transposed.")


def shifted(t):
    ways = {
        "The first entry is missing: it starts one too late.": lambda g, e: _same(g, e[1:]),
        "The last entry is missing: it stops one too early.": lambda g, e: _same(g, e[:-1]),
        "There is one entry too many at the front.": lambda g, e: _same(g[1:], e),
        "There is one entry too many at the end: it goes on one too long.": lambda g, e: _same(g[:-1], e),
        "Every entry stands one place too late.": lambda g, e: _same(g[1:], e[:-1]),
        "Every entry stands one place too early.": lambda g, e: _same(g[:-1], e[1:]),
        "The order is reversed.": lambda g, e: _same(g[::-1], e),
    }
    rows = [(numbers(g), numbers(e)) for g, e in zip(t.got, t.expected, strict=True)]
    if any(g is None or e is None or g.ndim != 1 or e.ndim != 1 for g, e in rows):
        return None
    if max(len(e) for _, e in rows) < 3:
        return None
    for why, fits in ways.items():
        if all(fits(g, e) for g, e in rows):
            return Diagnosis("off by one", why)


def _same(a, b):
    return a.shape == b.shape and bool(close(a, b).all())


def whole_numbers(t):
    cut = [
        (close(g, np.trunc(e)).all() or close(g, np.round(e)).all()) and np.mod(e, 1).any()
        for _, e, g in t.pairs()
        if not close(g, e, t.rtol).all()
    ]
    if cut and all(cut):
        return Diagnosis(
            "whole numbers",
            "The decimals are gone. An array that was made from whole numbers "
            "(`np.zeros_like(z)`, `z.copy()`) stores whole numbers only; start from floats.",
        )


def few_digits(t):
    if all(close(g, e, 1e-5, 1e-7).all() for _, e, g in t.pairs()):
        return Diagnosis(
            "few digits",
            "The numbers are right to about 7 digits and no further: somewhere they were "
            "rounded, or stored as `float32`.",
        )


def part_of_the_line(t):
    """Right on one side of zero and nowhere right on the other."""
    wrong, right = [], []
    for args, e, g in t.pairs():
        z = next((a for a in map(numbers, args) if a is not None and a.shape == e.shape), None)
        if z is None:
            return None
        fits = close(g, e, t.rtol)
        wrong.append(z[~fits])
        right.append(z[fits])
    wrong, right = np.concatenate(wrong), np.concatenate(right)
    for word, other, side in (("positive", "below", 1), ("negative", "above", -1)):
        here, there = (side * right > 0).any(), (side * right < 0).any()
        fails_here, fails_there = (side * wrong > 0).any(), (side * wrong < 0).any()
        if here and not fails_here and fails_there and not there:
            why = f"It is right for {word} inputs only: look at what it does {other} zero."
            return Diagnosis(f"only {word}", why)
    if len(wrong) and not wrong.any():
        return Diagnosis("at zero", "It is wrong at exactly zero only: `>` where `>=` is meant?")


def one_number_only(t):
    """A function that fails on arrays may be right for their entries, one by one."""
    if _right_part_by_part(t, lambda array: array.ravel().tolist()):
        return Diagnosis(
            "one number only",
            "It is right for one number, but it is called with a whole array. `if`, `max` and "
            "`math.exp` take one number; `np.where`, `np.maximum` and `np.exp` work on every entry "
            "at once.",
        )


def one_record_only(t):
    """A function that fails on a batch may be right for its rows, one by one."""
    rows = _right_part_by_part(t, lambda array: list(array) if array.ndim > 1 else [])
    # If single entries are right too, rows are not the point.
    if rows and not _right_part_by_part(t, lambda array: list(array.reshape(-1, 1))):
        return Diagnosis(
            "one record only",
            "It is right for one record, but it is called with a batch: a table with one record per "
            "row. Do the same for every row: `axis=-1` and `keepdims=True` are made for that.",
        )


def _right_part_by_part(t, split):
    if t.call is None:
        return False
    tried = 0
    for args, e in zip(t.cases, map(numbers, t.expected), strict=True):
        z = args[0] if args else None
        if not isinstance(z, np.ndarray) or e is None or z.shape != e.shape:
            continue
        for part, right in zip(split(z), split(e), strict=True):
            if not t.agree(t.call((part, *args[1:])).value, right):
                return False
            tried += 1
    return tried > 0


# In this order: what makes the numbers meaningless comes before what they look like.
OF_VALUES = (
    unsteady,
    not_finite,
    unchanged,
    always_the_same,
    sign,
    factor,
    offset,
    transposed,
    shifted,
    whole_numbers,
    few_digits,
    part_of_the_line,
    one_number_only,
    one_record_only,
    reads_global,
)
OF_SHAPES = (transposed, shifted, one_record_only)
OF_ERRORS = (one_number_only, one_record_only)


def diagnose_values(trial):
    """The first pattern that explains wrong numbers of the right shape, or None."""
    tests = OF_VALUES if trial.numeric() else (unsteady, reads_global)
    return _first(tests, trial)


def diagnose_shapes(trial):
    """The first pattern that explains results of another shape, or None."""
    return _first(OF_SHAPES, trial)


def diagnose_errors(trial):
    """The first pattern that explains why it raised, or None."""
    return _first(OF_ERRORS, trial)


def _first(tests, trial):
    with np.errstate(all="ignore"):
        return next((found for test in tests if (found := test(trial))), None)
