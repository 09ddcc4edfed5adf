"""Live figures: `explore.learning_rate(lr=0.3)` and its siblings, one file each, on one engine."""

from .activation_lab import activation_lab
from .backprop import backprop
from .batch_sizes import batch_sizes
from .cliff import cliff
from .clinic import clinic
from .clipped_network import clipped_network
from .clipping import clipping
from .damping import damping
from .depth import depth
from .descent import descent
from .dropout import dropout
from .dying_relu import dying_relu
from .early_stopping import early_stopping
from .first_network import first_network
from .gradient_check import gradient_check
from .graph_steps import graph_steps
from .hidden_units import hidden_units
from .initialization import initialization
from .inside_adam import inside_adam
from .layers import layers
from .learning_rate import learning_rate
from .loss_curves import loss_curves
from .model_size import model_size
from .network_race import network_race
from .neuron import neuron
from .normalization import normalization
from .normalized_training import normalized_training
from .open_test_set import open_test_set
from .outlier import outlier
from .penalties import penalties
from .penalty_paths import penalty_paths
from .playground import playground
from .race import race
from .rate_finder import rate_finder
from .regimes import regimes
from .rounding import rounding
from .samplers import samplers
from .scaling import scaling
from .schedules import schedules
from .stability import stability
from .symmetry import symmetry
from .threshold import threshold
from .transfer import transfer
from .tuner import tuner
from .two_runs import two_runs
from .wrong_start import wrong_start

__all__ = [
    "activation_lab",
    "backprop",
    "batch_sizes",
    "cliff",
    "clipped_network",
    "clipping",
    "clinic",
    "damping",
    "depth",
    "descent",
    "dropout",
    "dying_relu",
    "early_stopping",
    "first_network",
    "gradient_check",
    "graph_steps",
    "hidden_units",
    "initialization",
    "inside_adam",
    "layers",
    "learning_rate",
    "loss_curves",
    "model_size",
    "network_race",
    "neuron",
    "normalization",
    "normalized_training",
    "open_test_set",
    "outlier",
    "penalties",
    "penalty_paths",
    "playground",
    "race",
    "rate_finder",
    "regimes",
    "rounding",
    "samplers",
    "scaling",
    "schedules",
    "stability",
    "symmetry",
    "threshold",
    "transfer",
    "tuner",
    "two_runs",
    "wrong_start",
]
