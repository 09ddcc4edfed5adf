"""Live figures: `explore.learning_rate(lr=0.3)` and its siblings, one file each, on one engine."""

from .first_network import first_network
from .layers import layers
from .learning_rate import learning_rate
from .loss_curves import loss_curves
from .neuron import neuron
from .outlier import outlier
from .rate_finder import rate_finder
from .regimes import regimes
from .scaling import scaling
from .schedules import schedules
from .stability import stability
from .wrong_start import wrong_start

__all__ = [
    "first_network",
    "layers",
    "learning_rate",
    "loss_curves",
    "neuron",
    "outlier",
    "rate_finder",
    "regimes",
    "scaling",
    "schedules",
    "stability",
    "wrong_start",
]
