"""Errors a learner can act on: each says what was wrong and what is right."""

import difflib
import math
import numbers
import sys

import numpy as np


def one_of(what, value, choices):
    """Return `value` if it is among `choices`, else raise a ValueError that lists them."""
    choices = list(choices)
    if isinstance(value, str | numbers.Number) and value in choices:
        return value
    name = getattr(value, "__name__", None)
    near = difflib.get_close_matches(str(name or value).lower(), [str(c) for c in choices], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    listed = ", ".join(str(c) for c in choices)
    given = f"{name}, a {type(value).__name__}" if name else repr(value)
    raise ValueError(f"unknown {what} {given}; choose from {listed}{hint}")


def number(what, value, low=-math.inf, high=math.inf, *, above=False):
    """Return `value` as a float within [low, high] (or above `low`), else raise a ValueError."""
    if type(value) is float and low < value < high:
        return value  # nearly always, and in a tenth of the time
    if isinstance(value, bool | np.bool_) or not (isinstance(value, numbers.Real) or is_numeric_array(value)):
        raise ValueError(f"{what} must be a number, not {value!r}")
    if np.ndim(value) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{what} must be one finite number, not {value!r}")
    if value > high or value < low or (above and value <= low):
        if math.isinf(high):
            wanted = f"greater than {low:g}" if above else f"at least {low:g}"
        else:
            wanted = f"between {low:g} and {high:g}" + (f" ({low:g} excluded)" if above else "")
        raise ValueError(f"{what} must be {wanted}, not {value!r}")
    return float(value)


def fraction(what, value):
    """Return `value` as a float if it is at least 0 and below 1, else raise a ValueError."""
    if number(what, value, 0) >= 1:
        raise ValueError(f"{what} must be below 1, not {value!r}")
    return float(value)


def whole(what, value, low=0, high=math.inf):
    """Return `value` as an int within [low, high], else raise a ValueError."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{what} must be a whole number, not {value!r}")
    if not low <= value <= high:
        wanted = f"at least {low}" if math.isinf(high) else f"between {low} and {high}"
        raise ValueError(f"{what} must be {wanted}, not {value!r}")
    return int(value)


def is_numeric_array(value):
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu"


def numeric(what, array):
    """Return `array` as a numpy array of numbers, NaN among them or not, else raise a ValueError."""
    try:
        array = np.asarray(array)
    except ValueError:
        raise ValueError(f"{what} must be one array; its rows have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what} must hold numbers, not {array.dtype}")
    return array


def finite(what, array):
    """Return `array` as a numpy array of finite numbers, else raise a ValueError."""
    array = numeric(what, array)
    if not np.isfinite(array).all():
        raise ValueError(f"{what} has {int((~np.isfinite(array)).sum())} NaN or infinite entries")
    return array


def float_dtype(dtype):
    """Return the name of `dtype` if it is float32 or float64, else raise a ValueError."""
    return one_of("dtype", getattr(dtype, "__name__", str(dtype)), ("float32", "float64"))


def of_kind(what, value, kind):
    """Return `value` if it is of the class `kind`, else raise a ValueError."""
    if not isinstance(value, kind):
        raise ValueError(f"{what} must be a {kind.__name__}, not {type(value).__name__}")
    return value


def a_function(what, value):
    """Return `value` if it can be called, else raise a ValueError."""
    if not callable(value):
        raise ValueError(f"{what} must be a function, not {value!r}")
    return value


def generator(what, rng):
    """Return `rng` if it is a numpy Generator, else raise a ValueError."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"{what} must be a numpy Generator, such as np.random.default_rng(0), not {rng!r}")
    return rng


def seeded(what, seed):
    """A Generator from a seed; one that is given passes through. Raises a ValueError for anything else."""
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(whole(what, seed))
