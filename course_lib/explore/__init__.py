"""Live figures: `explore.learning_rate(lr=0.3)` and its siblings, one file each, on one engine."""

from .first_network import first_network
from .learning_rate import learning_rate
from .rate_finder import rate_finder
from .regimes import regimes
from .schedules import schedules

__all__ = ["first_network", "learning_rate", "rate_finder", "regimes", "schedules"]
