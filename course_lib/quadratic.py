"""Gradient descent on a parabola, where the learning rate can be understood completely."""

from .checks import number


def regime(lr, curvature, steps=30):
    """What gradient descent does on ½·c·w², where each step multiplies w by 1 - lr·c.

    "too slow" if more than a tenth of the way is left after `steps` steps; else "monotone" up to
    lr = 1/c, "zig-zag" up to 2/c, "diverging" from there on. Raises ValueError unless both are positive.
    """
    factor = 1 - number("lr", lr, 0, above=True) * number("curvature", curvature, 0, above=True)
    if abs(factor) >= 1:
        return "diverging"
    if factor < 0:
        return "zig-zag"
    return "too slow" if factor**steps > 0.1 else "monotone"
