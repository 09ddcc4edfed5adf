"""The few kinds of value an answer may be, how two of them compare, and how they are written.

Whatever a learner's function gives back is first made plain: a number, a text, true or false,
a list of these, or an array of numbers. Anything else is kept only by the name of its type.
"""

from dataclasses import dataclass

import numpy as np

ROOM = 100_000  # numbers in one answer; no exercise asks for more than a few dozen
DIGITS = 4  # significant digits shown


@dataclass(frozen=True)
class Odd:
    """A value of no use as an answer: `what` says in words what it is."""

    what: str


def plain(value):
    """A copy of `value` as plain data, or an Odd."""
    if value is None or isinstance(value, bool | np.bool_):
        return value if value is None else bool(value)
    if isinstance(value, np.ndarray | np.generic):
        return _plain_array(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 1e300 else Odd("a whole number of 300 digits or more")
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)[:500]
    if isinstance(value, list | tuple):
        if len(value) > ROOM:
            return Odd(f"a {type(value).__name__} of {len(value)} items")
        items = [Odd("a list in a list") if _deep(v) else plain(v) for v in value]
        odd = next((v for v in items if isinstance(v, Odd)), None)
        return Odd(f"a {type(value).__name__} with {odd.what} in it") if odd else items
    if value is NotImplemented or value is Ellipsis:
        return Odd(repr(value))
    return Odd(f"a value of type {type(value).__name__}")


def _plain_array(value):
    if value.dtype.kind not in "fiub":
        return Odd(f"an array of {value.dtype}" if value.ndim else f"a {value.dtype}")
    if value.size > ROOM:
        return Odd(f"an array of {value.size} numbers")
    array = np.array(value, subok=False)
    return array if array.ndim else array.item()


def _deep(item):
    """Lists nest once, as rows of a table; deeper ones (or one within itself) are no answer."""
    return isinstance(item, list | tuple) and any(isinstance(v, list | tuple) for v in item)


def numbers(value):
    """The value as an array of floats, or None where it has no such form."""
    if value is None or isinstance(value, str | bool | Odd):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array.astype(float) if array.dtype.kind in "fiu" else None


def agree(got, expected, rtol=1e-9, atol=1e-12):
    """Whether two plain values are the same, numbers within `rtol`·|expected| + `atol`."""
    g, e = numbers(got), numbers(expected)
    if g is None or e is None:
        return type(got) is type(expected) and not isinstance(got, Odd) and same_data(got, expected)
    return g.shape == e.shape and bool(close(g, e, rtol, atol).all())


def close(g, e, rtol=1e-9, atol=1e-12):
    """Which entries of two float arrays agree; NaN agrees with nothing."""
    with np.errstate(all="ignore"):
        return (g == e) | (np.abs(g - e) <= atol + rtol * np.abs(e)) & np.isfinite(g)


def copied(value):
    """A copy deep enough that changing it cannot be seen in `value`."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [copied(v) for v in value]
    return value


def same_data(a, b):
    """Whether two plain values are equal bit for bit (NaN equals NaN)."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and (a.dtype, a.shape) == (b.dtype, b.shape)
            and a.tobytes() == b.tobytes()
        )
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_data, a, b))
    return a == b or (a != a and b != b)


def shape(value):
    """The shape of a plain value; a single number has ()."""
    array = numbers(value)
    return None if array is None else array.shape


def few_digits(value, digits=3):
    """`value` with floats of few significant digits, so that what is shown is what is used."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, list):
        return [few_digits(v, digits) for v in value]
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.array([float(f"{v:.{digits}g}") for v in value.flat]).reshape(value.shape)
    return value


def show(value, digits=DIGITS, most=8):
    """`value` in short: floats to `digits` significant digits, at most `most` entries in a row."""
    if isinstance(value, Odd):
        return value.what
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        shown = [show(v, digits, most) for v in value[:most]]
        return "[" + ", ".join(shown + ["…"] * (len(value) > most)) + "]"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return repr(value) if isinstance(value, str) else str(value)


def show_apart(expected, got):
    """Both values written with as many digits as it takes to see them differ."""
    for digits in range(DIGITS, 18):
        pair = show(expected, digits), show(got, digits)
        if pair[0] != pair[1]:
            break
    return pair


def show_call(name, args):
    """The call as code that can be pasted into a cell, as long as its arrays are small."""
    return f"{name}({', '.join(_as_code(a) for a in args)})"


def _as_code(value):
    if isinstance(value, np.ndarray):
        return f"np.array({_as_code(value.tolist())})"
    if isinstance(value, list):
        return "[" + ", ".join([_as_code(v) for v in value[:12]] + ["…"] * (len(value) > 12)) + "]"
    if isinstance(value, float) and not np.isfinite(value):
        return f"np.{value}" if value > 0 or value != value else f"-np.{-value}"
    return repr(value)
