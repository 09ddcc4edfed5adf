"""Activation functions: without them, a stack of layers is one matrix.

Every function stands above its derivative, and both are written for the pre-activation `z`.
They take arrays of any shape and keep the dtype (float32 or float64).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from .checks import a_function, finite, numeric, one_of, whole


def identity(z):
    """No activation at all: the stack of layers stays linear."""
    return np.asarray(z)


def d_identity(z):
    return np.ones_like(z)


def relu(z):
    """max(0, z) (Nair & Hinton 2010)."""
    return np.maximum(z, 0)


def d_relu(z):
    """1 above zero, else 0; the value at exactly 0 is a convention, and PyTorch's is 0 too."""
    return np.asarray(z > 0, dtype=np.result_type(z))


def leaky_relu(z, a=0.01):
    """z above zero, a·z below (Maas et al. 2013)."""
    return np.maximum(z, 0) + a * np.minimum(z, 0)


def d_leaky_relu(z, a=0.01):
    above = d_relu(z)
    return above + a * (1 - above)


def prelu(z, a=0.25):
    """Leaky ReLU whose slope `a` is a parameter the network learns (He et al. 2015)."""
    return leaky_relu(z, a)


def d_prelu(z, a=0.25):
    return d_leaky_relu(z, a)


def d_prelu_d_a(z):
    """∂ prelu(z, a) / ∂a: z below zero, 0 above; what the slope itself learns from."""
    return np.minimum(z, 0)


@np.errstate(over="ignore")  # e^1000 is inf, and 1/inf is the right answer
def sigmoid(z):
    """σ(z) = 1 / (1 + e^-z), between 0 and 1."""
    return 1 / (1 + np.exp(-z))


def d_sigmoid(z):
    s = sigmoid(z)
    return s * (1 - s)


def tanh(z):
    """tanh(z) = 2σ(2z) - 1, between -1 and 1."""
    return np.tanh(z)


def d_tanh(z):
    a = np.tanh(z)
    return 1 - a * a


def elu(z, alpha=1.0):
    """z above zero, α(e^z - 1) below (Clevert et al. 2015)."""
    return np.maximum(z, 0) + alpha * np.expm1(np.minimum(z, 0))


def d_elu(z, alpha=1.0):
    slope = np.exp(np.minimum(z, 0))  # above zero it is 1 already
    return slope if alpha == 1 else slope + (alpha - 1) * slope * (z <= 0)


# The fixed point of mean 0 and variance 1 through a layer (Klambauer et al. 2017, eq. 14).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def selu(z):
    """λ·elu(z, α): the two constants pull activations to mean 0, variance 1."""
    return SELU_SCALE * elu(z, SELU_ALPHA)


def d_selu(z):
    return SELU_SCALE * d_elu(z, SELU_ALPHA)


def normal_pdf(z):
    """φ(z) = e^(-z²/2) / √(2π)."""
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


# numpy has no erf. What a standard normal has beyond x is its density at x times Mills' ratio, and that
# ratio times x + 4 is so smooth in u = (x - 4)/(x + 4) that a polynomial in u is right to the last digits.
def mills_ratio(x):
    """(1 - Φ(x))/φ(x) for one x >= 0: by math.erfc near 0, by Laplace's continued fraction beyond."""
    if x < 2:
        return math.sqrt(math.pi / 2) * math.exp(x * x / 2) * math.erfc(x / math.sqrt(2))
    rest = 0.0
    for k in range(200, 0, -1):
        rest = k / (x + rest)
    return 1 / (x + rest)


def _mills_polynomial(degree, dtype):
    """Coefficients of the polynomial in u, the highest power first."""
    u = np.cos(np.linspace(0, np.pi, 62)[1:-1])
    values = [8 / (1 - v) * mills_ratio(4 * (1 + v) / (1 - v)) for v in u.tolist()]
    fit = np.polynomial.Chebyshev.fit(u, values, degree, domain=[-1, 1])
    return [np.array(c, dtype) for c in fit.convert(kind=np.polynomial.Polynomial).coef[::-1]]


_MILLS = {np.dtype(dtype): _mills_polynomial(degree, dtype) for dtype, degree in (("float32", 9), ("float64", 20))}


def normal_cdf(z):
    """Φ(z), the share of a standard normal below z, exact also where it is tiny."""
    x = np.abs(z)
    u = 1 - 8 / (x + 4)
    first, *middle, last = _MILLS[u.dtype]
    ratio = u * first
    for c in middle:
        ratio += c
        ratio *= u
    beyond = (ratio + last) * normal_pdf(x) / (x + 4)
    return np.abs((z > 0) - beyond)  # 1 - beyond above zero, beyond below


def gelu(z):
    """z·Φ(z): z times the share of a standard normal below it (Hendrycks & Gimpel 2016)."""
    return z * normal_cdf(z)


def d_gelu(z):
    return normal_cdf(z) + z * normal_pdf(z)


# The form with tanh that GPT-2 uses; from the exact one it is at most 0.0005 away.
_SLOPE, _CUBIC = math.sqrt(2 / math.pi), 0.044715


def gelu_tanh(z):
    """½z·(1 + tanh(√(2/π)·(z + 0.044715·z³))), which needs no Φ."""
    return 0.5 * z * (1 + np.tanh(_SLOPE * (z + _CUBIC * z * z * z)))


def d_gelu_tanh(z):
    t = np.tanh(_SLOPE * (z + _CUBIC * z * z * z))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * _SLOPE * (1 + 3 * _CUBIC * z * z)


def softmax(z):
    """e^z / Σ e^z along the last axis; taking off the largest z first changes nothing but the overflow."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_pullback(z, upstream):
    """Jacobian product s ⊙ (u - u·s): every output depends on every input, so no slope per element exists."""
    s = softmax(z)
    return s * (upstream - np.sum(upstream * s, axis=-1, keepdims=True))


def softmax_naive(z):
    """The formula as it is written; from z = 710 on (float32: 89) e^z is inf, and inf/inf is nan."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(z)
        return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(z):
    """z - log Σ e^z: finite even where the softmax rounds to 0."""
    z = z - np.max(z, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def log_softmax_pullback(z, upstream):
    """Jacobian product u - s·Σu."""
    return upstream - softmax(z) * np.sum(upstream, axis=-1, keepdims=True)


@dataclass(frozen=True)
class Activation:
    """A function of the pre-activation and how gradients pass back through it."""

    name: str
    value: Callable
    slope: Callable | None

    def __call__(self, z):
        """The value for numbers `z` of any shape; raises ValueError for anything else."""
        z = numeric("z", z)
        if self.slope is None and not (z.ndim and z.shape[-1]):
            raise ValueError(f"{self.name} needs at least one unit along the last axis of z, not {z.shape}")
        return self.value(z)

    def pullback(self, z, upstream):
        """∂L/∂z from ∂L/∂a."""
        if self.slope is None:
            return softmax_pullback(z, upstream)
        return upstream * self.slope(z)


ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("identity", identity, d_identity),
        Activation("sigmoid", sigmoid, d_sigmoid),
        Activation("tanh", tanh, d_tanh),
        Activation("relu", relu, d_relu),
        Activation("leaky_relu", leaky_relu, d_leaky_relu),
        Activation("prelu", prelu, d_prelu),
        Activation("elu", elu, d_elu),
        Activation("selu", selu, d_selu),
        Activation("gelu", gelu, d_gelu),
        Activation("softmax", softmax, None),
    )
}
HIDDEN = {name: a for name, a in ACTIVATIONS.items() if a.slope}  # softmax has no slope of each unit's own
FLAT = 0.01  # a slope below this lets next to nothing through: the unit counts as saturated


def get_activation(name):
    """The Activation called `name`; an Activation passes through. Raises ValueError if unknown."""
    return name if isinstance(name, Activation) else ACTIVATIONS[one_of("activation", name, ACTIVATIONS)]


@dataclass(frozen=True)
class Score:
    """The criteria by which activations are compared, each as a number."""

    lowest: float  # output on the sample
    highest: float
    mean: float  # output; 0 if zero-centred
    largest_slope: float
    saturated: float  # share of the sample where |slope| < FLAT
    bends: float  # how far it strays from the straight line that fits it best; 0 if linear
    kinked: bool  # whether the slope jumps


@cache
def normal_sample(n=10_001):
    """n values spread as a standard normal spreads them, without chance: its quantiles."""
    middle = NormalDist()
    return np.array([middle.inv_cdf((i + 0.5) / n) for i in range(whole("n", n, 1))])


def score(activation, z=None):
    """The Score of an activation for pre-activations `z`; by default those of a standard normal.

    Raises ValueError for softmax, which has no slope per element, and unless two z differ.
    """
    f = get_activation(activation)
    if f.slope is None:
        raise ValueError(f"{f.name} has no slope per element; score one of the others")
    z = normal_sample() if z is None else finite("z", z)
    if not z.size or np.ptp(z) == 0:
        raise ValueError("z must hold two different numbers at least, or no line fits through them")
    a, slope = f(z), f.slope(z)
    line = np.polyval(np.polyfit(z.ravel(), a.ravel(), 1), z)
    jump = f.slope(np.array([-1e-9, 1e-9]))  # all of them are smooth elsewhere
    return Score(
        lowest=float(a.min()),
        highest=float(a.max()),
        mean=float(a.mean()),
        largest_slope=float(np.abs(slope).max()),
        saturated=float((np.abs(slope) < FLAT).mean()),
        bends=float(np.abs(a - line).max()),
        kinked=bool(abs(jump[1] - jump[0]) > 1e-6),
    )


def nanoseconds(function, z, repeats=5):
    """Time of `function(z)` per element, the shortest of `repeats` (the others were interrupted)."""
    a_function("function", function)
    if not np.size(z):
        raise ValueError("z must hold one number at least")
    taken = []
    for _ in range(whole("repeats", repeats, 1)):
        start = time.perf_counter()
        function(z)
        taken.append(time.perf_counter() - start)
    return 1e9 * min(taken) / np.size(z)


def dead_units(a):
    """Which units put out 0 for every record: `a` (..., n, units) -> bool (..., units); ValueError if n is 0."""
    a = numeric("a", a)
    if a.ndim < 2 or not a.shape[-2]:
        raise ValueError(f"a must have shape (n, units) with one record or more, not {a.shape}")
    return (a == 0).all(axis=-2)
