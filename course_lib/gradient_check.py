"""Is a gradient right? Compare it with what the function itself does when its arguments are nudged."""

import numpy as np

from .checks import a_function, finite, number


def numerical_gradient(f, theta, h=1e-5):
    """(f(θ + h·eᵢ) - f(θ - h·eᵢ)) / 2h for every entry i: central differences, two calls of `f` for each.

    `theta` is an array of any shape, f(theta) a number. Raises ValueError for what makes no sense.
    """
    a_function("f", f), number("h", h, 0, above=True)
    theta = finite("theta", theta).astype(float)
    slope = np.zeros_like(theta)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        slope[i] = (number("f(theta)", f(up)) - number("f(theta)", f(down))) / (2 * h)
    return slope


def relative_error(one, other):
    """‖a - b‖ / (‖a‖ + ‖b‖) along the last axis: 0 for equal vectors, 1 for opposite ones and if only one is 0."""
    one, other = finite("gradient", one), finite("gradient", other)
    if one.shape != other.shape:
        raise ValueError(f"the gradients must have the same shape, not {one.shape} and {other.shape}")
    size = np.linalg.norm(one, axis=-1) + np.linalg.norm(other, axis=-1)
    return np.linalg.norm(one - other, axis=-1) / np.where(size > 0, size, 1)


def gradient_check(f, gradient, theta, h=1e-5):
    """The relative error of `gradient` at `theta` against central differences: below 1e-6 is right, above 1e-3 wrong.

    `gradient` is an array like `theta`, or the function that gives it. Raises ValueError for what makes no sense.
    """
    theta = finite("theta", theta)
    gradient = np.asarray(gradient(theta.copy()) if callable(gradient) else gradient)
    if gradient.shape != theta.shape:
        raise ValueError(f"the gradient must have the shape of theta, {theta.shape}, not {gradient.shape}")
    return float(relative_error(gradient.ravel(), numerical_gradient(f, theta, h).ravel()))
