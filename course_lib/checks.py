"""Errors a learner can act on: each says what was wrong and what is right."""

import difflib
import math
import numbers

import numpy as np


def one_of(what, value, choices):
    """Return `value` if it is among `choices`, else raise a ValueError that lists them."""
    choices = list(choices)
    if isinstance(value, str | numbers.Number) and value in choices:
        return value
    near = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    listed = ", ".join(str(c) for c in choices)
    raise ValueError(f"unknown {what} {value!r}; choose from {listed}{hint}")


def number(what, value, low=-math.inf, high=math.inf, *, above=False):
    """Return `value` as a float within [low, high] (or above `low`), else raise a ValueError."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real | np.ndarray):
        raise ValueError(f"{what} must be a number, not {value!r}")
    if np.ndim(value) or not math.isfinite(value):
        raise ValueError(f"{what} must be one finite number, not {value!r}")
    if value > high or value < low or (above and value <= low):
        if math.isinf(high):
            wanted = f"greater than {low:g}" if above else f"at least {low:g}"
        else:
            wanted = f"between {low:g} and {high:g}" + (f" ({low:g} excluded)" if above else "")
        raise ValueError(f"{what} must be {wanted}, not {value!r}")
    return float(value)


def whole(what, value, low=0, high=math.inf):
    """Return `value` as an int within [low, high], else raise a ValueError."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{what} must be a whole number, not {value!r}")
    if not low <= value <= high:
        wanted = f"at least {low}" if math.isinf(high) else f"between {low} and {high}"
        raise ValueError(f"{what} must be {wanted}, not {value!r}")
    return int(value)


def finite(what, array):
    """Return `array` as a numpy array of finite numbers, else raise a ValueError."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what} must hold numbers, not {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} has {int((~np.isfinite(array)).sum())} NaN or infinite entries")
    return array
