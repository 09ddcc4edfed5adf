"""Surfaces to descend: test functions of two numbers with known minima, and slices through a network's cost.

A point `p` is an array (..., 2); a function gives (...), its gradient (..., 2).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .checks import finite, generator, number, numeric, of_kind, one_of, whole
from .datasets import Data
from .losses import get_loss
from .network import Params
from .optimizers import get_optimizer


@dataclass(frozen=True)
class Surface:
    """A function of two numbers, its gradient, its global minima, and the window to look at it through."""

    name: str
    formula: str  # LaTeX
    value: Callable
    gradient: Callable
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]  # x from, to, y from, to


def coordinates(p):
    """x and y of points `p` (..., 2), each (...); ValueError for another shape."""
    p = numeric("p", p)
    if p.shape[-1:] != (2,):
        raise ValueError(f"p must be points of shape (..., 2), not {p.shape}")
    return np.moveaxis(p.astype(float, copy=False), -1, 0)


def _surface(name, formula, minima, window):
    """Turn f(x, y) -> (value, ∂/∂x, ∂/∂y) into a Surface."""

    def made(f):
        def value(p):
            return f(*coordinates(p))[0]

        def gradient(p):
            return np.stack(np.broadcast_arrays(*f(*coordinates(p))[1:]), axis=-1)

        return Surface(name, formula, value, gradient, minima, window)

    return made


@_surface("parabola", r"\tfrac12 x^2 + \tfrac12 y^2", ((0, 0),), (-3, 3, -3, 3))
def parabola(x, y):
    return (x * x + y * y) / 2, x, y


@_surface("valley", r"\tfrac12 x^2 + \tfrac{20}{2} y^2", ((0, 0),), (-3, 3, -1.5, 1.5))
def valley(x, y):
    """Twenty times as steep across as along: one rate cannot suit both."""
    return (x * x + 20 * y * y) / 2, x, 20 * y


@_surface("double well", r"x^4 - 2x^2 + \tfrac{x}{4} + y^2", ((-1.0298959851, 0),), (-1.8, 1.8, -1.2, 1.2))
def double_well(x, y):
    """Two minima; that on the right, near x = 0.967, is only a local one."""
    return x**4 - 2 * x * x + x / 4 + y * y, 4 * x**3 - 4 * x + 1 / 4, 2 * y


@_surface("saddle", r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4", ((0, -1), (0, 1)), (-2, 2, -1.8, 1.8))
def saddle(x, y):
    """Flat at (0, 0), and yet no minimum there: it falls along y."""
    return (x * x - y * y) / 2 + y**4 / 4, x, y**3 - y


@_surface("rosenbrock", r"(1-x)^2 + 100(y-x^2)^2", ((1, 1),), (-2, 2, -1, 3))
def rosenbrock(x, y):
    """A bent valley (Rosenbrock 1960)."""
    off = y - x * x
    return (1 - x) ** 2 + 100 * off**2, -2 * (1 - x) - 400 * x * off, 200 * off


@_surface("beale", r"\sum_{k=1}^{3} (c_k - x + xy^k)^2,\ c = 1.5, 2.25, 2.625", ((3, 0.5),), (-4.5, 4.5, -4.5, 4.5))
def beale(x, y):
    """Flat plateaus with steep walls (Beale 1958)."""
    off = [c - x + x * y**k for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))]
    dx = sum(2 * e * (y**k - 1) for k, e in enumerate(off, start=1))
    dy = sum(2 * e * k * x * y ** (k - 1) for k, e in enumerate(off, start=1))
    return sum(e * e for e in off), dx, dy


@_surface(
    "himmelblau",
    r"(x^2+y-11)^2 + (x+y^2-7)^2",
    ((3, 2), (-2.8051180870, 3.1313125183), (-3.7793102534, -3.2831859913), (3.5844283403, -1.8481265270)),
    (-5, 5, -5, 5),
)
def himmelblau(x, y):
    """Four minima, all equally deep (Himmelblau 1972)."""
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b, 4 * x * a + 2 * b, 2 * a + 4 * y * b


@_surface("cliff", r"e^{8x} - x + \tfrac14 y^2", ((-0.2599301927, 0),), (-3.6, 1.2, -1.2, 3.6))
def cliff(x, y):
    """A gentle way down to the right that ends at a wall: on it the slope grows without limit."""
    with np.errstate(over="ignore"):
        wall = np.exp(8 * x)
    return wall - x + y * y / 4, 8 * wall - 1, y / 2


SURFACES = {s.name: s for s in (parabola, valley, double_well, saddle, rosenbrock, beale, himmelblau)}
# The cliff is lesson 11's alone; `get_surface(cliff)` passes it through.


def get_surface(name):
    """The Surface called `name`; a Surface passes through. Raises ValueError if unknown."""
    return name if isinstance(name, Surface) else SURFACES[one_of("surface", name, SURFACES)]


def descend(surface, optimizer, start, lr, steps, noise=0.0, rng=None):
    """The path of an optimizer from `start` (..., 2), as points (..., steps + 1, 2).

    `noise` (...) is the standard deviation of what `rng` adds to each gradient, as if it came from a few records.
    """
    number("lr", lr, 0, above=True)
    surface, optimizer = get_surface(surface), get_optimizer(optimizer)
    theta, noise = finite("start", start).astype(float), finite("noise", noise).astype(float)[..., None]
    if noise.any():
        generator("rng", rng)
    path, state = [theta], optimizer.init(theta)
    with np.errstate(all="ignore"):
        for t in range(1, whole("steps", steps, 1) + 1):
            g = surface.gradient(theta)
            if rng is not None:
                g = g + noise * rng.normal(size=theta.shape)
            theta, state = optimizer.update(theta, g, state, lr, t)
            path.append(theta)
    return np.stack(path, axis=-2)


def direction(params, rng):
    """A random direction (size,) in which every array is as long as its own parameters (Li et al. 2018)."""
    of_kind("params", params, Params), generator("rng", rng)
    drawn = params.like(rng.normal(size=params.vector.shape))
    for name, array in drawn.items():
        array *= np.sqrt((params[name] ** 2).sum() / (array**2).sum())
    return drawn.vector


def cost_slice(network, params: Params, data, loss, first, second, reach=1.0, points=25):
    """Cost around `params`: entry [j, i] is that at params + u[i]·first + u[j]·second.

    Returns u (points,), from -reach to reach, and the costs (points, points). A row is one sweep.
    Raises ValueError for what does not fit together.
    """
    loss, x = get_loss(loss), network.check(params, of_kind("data", data, Data).x)
    loss.check_targets(data.y, network.sizes[-1])
    for what, vector in (("first", first), ("second", second)):
        if np.shape(vector) != params.vector.shape or params.vector.ndim != 1:
            raise ValueError(f"{what} must be a direction for one run's parameters, of as many numbers")
    u = np.linspace(-number("reach", reach, 0, above=True), reach, whole("points", points, 2))
    rows = [params.like(params.vector + u[:, None] * first + v * second) for v in u]
    return u, np.stack([loss.cost(network.forward(row, x)[0], data.y) for row in rows])
