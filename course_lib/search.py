"""Hyper-parameter search: a space, an objective on validation data, and Optuna at work on it.

The objective is cheap enough to measure the whole space once (`landscape`). Nobody can do that with a
large model; here it lets ways of searching be judged by many seeds instead of by one. Optuna is
imported where it is used.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from .checks import one_of, whole
from .datasets import spirals
from .training import Settings, Training, train

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SPACE = {
    "activation": ("tanh", "relu", "leaky_relu", "prelu"),
    "optimizer": ("sgd", "momentum", "adam"),
    "batch_size": (16, 32, 64, 128, 256),
    "lr": RATES,
}
RECORDS, NOISE, EPOCHS, LOOKS = 256, 0.12, 32, 8
WORST = 2.0  # what a diverged training counts; one that knows nothing has 0.69
TRAIN, VALIDATION = spirals(RECORDS, NOISE, seed=1), spirals(RECORDS, NOISE, seed=2)
STUDY = "spirals"


def settings(lr, activation, batch_size, optimizer, run=0):
    """The training that a point of the space stands for: 32 epochs, the same work for every batch size."""
    steps = EPOCHS * RECORDS // batch_size
    return Settings(
        hidden=(16, 16), lr=lr, activation=activation, batch_size=batch_size, optimizer=optimizer, run=run,
        steps=steps, evaluate_every=steps // LOOKS, dtype="float64",
    )  # fmt: skip


def counted(costs):
    """Costs as the search counts them: 2 at most, four decimals, and 2 for no number at all."""
    return np.round(np.minimum(np.nan_to_num(costs, nan=WORST, posinf=WORST), WORST), 4)


def suggest(trial):
    """A point of the space, each value asked from Optuna's `trial`."""
    return {
        "lr": trial.suggest_float("lr", RATES[0], RATES[-1], log=True),
        **{name: trial.suggest_categorical(name, SPACE[name]) for name in ("activation", "batch_size", "optimizer")},
    }


def objective(trial):
    """Validation cost of the training that `trial` suggests; gives up early when Optuna's pruner says so."""
    import optuna

    training = Training(settings(**suggest(trial)), TRAIN, VALIDATION)
    with np.errstate(all="ignore"):
        training.evaluate(0)
        for step in range(1, training.settings.steps + 1):
            training.step(step)
            if step % training.settings.evaluate_every == 0 and not training.over:
                training.evaluate(step)
                cost = float(counted(training.costs[1]))
                trial.report(cost, step * LOOKS // training.settings.steps)
                if trial.should_prune():
                    raise optuna.TrialPruned()
            if training.over:
                return WORST
    return cost


# ------------------------------------------------------------------------------ the whole space


@dataclass(frozen=True)
class Landscape:
    """Validation costs of the whole space: `curves` (activation, optimizer, batch size, lr, look)."""

    curves: np.ndarray

    @property
    def costs(self):
        """The costs at the end of training, (activation, optimizer, batch size, lr)."""
        return self.curves[..., -1]

    def curve(self, lr, activation, batch_size, optimizer):
        """Validation cost at each of the 8 looks; between two measured rates it is read off a straight line."""
        names = {"activation": activation, "optimizer": optimizer, "batch_size": batch_size}
        chosen = self.curves[tuple(SPACE[name].index(one_of(name, v, SPACE[name])) for name, v in names.items())]
        place = np.interp(np.log(lr), np.log(RATES), np.arange(len(RATES)))
        low = min(int(place), len(RATES) - 2)
        return chosen[low] + (place - low) * (chosen[low + 1] - chosen[low])

    def cost(self, **point):
        """Validation cost at a point of the space."""
        return float(self.curve(**point)[-1])

    def best(self):
        """The point with the lowest cost of all."""
        place = np.unravel_index(self.costs.argmin(), self.costs.shape)
        return {name: values[i] for (name, values), i in zip(SPACE.items(), place, strict=True)}


_measured = {}


def landscape(progress=False, run=0):
    """Train every point of the space once, 780 trainings in 60 sweeps, and keep the Landscape for the next call."""
    if run not in _measured:
        rows = list(product(*(SPACE[name] for name in ("activation", "optimizer", "batch_size"))))
        if progress:
            from tqdm.auto import tqdm

            rows = tqdm(rows, unit="sweep", leave=False)
        curves = [
            train(settings(RATES, activation, batch_size, optimizer, run), TRAIN, VALIDATION).validation_cost[:, 1:]
            for activation, optimizer, batch_size in rows
        ]
        _measured[run] = Landscape(counted(np.reshape(curves, (*map(len, SPACE.values()), LOOKS))))
    return _measured[run]


def main_effects(costs):
    """Share of the variance of `costs` that each axis explains alone: functional ANOVA (Hutter et al. 2014)."""
    axes = range(costs.ndim)
    alone = [costs.mean(axis=tuple(a for a in axes if a != axis)) for axis in axes]
    return np.array([means.var() for means in alone]) / costs.var()


def estimated_importance(studies):
    """Optuna's estimate (PED-ANOVA) for each of several studies, made in a process of its own.

    Its module brings scikit-learn along, 60 MB that would stay in the notebook.
    """
    from concurrent.futures import ProcessPoolExecutor  # here: a browser has no processes, and no such module
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_estimates, studies).result()


def _estimates(studies):
    importance = quiet_optuna().importance
    ped_anova = importance.PedAnovaImportanceEvaluator()
    return [importance.get_param_importances(study, evaluator=ped_anova) for study in studies]


# ------------------------------------------------------------------------------ ways of searching


@dataclass(frozen=True)
class Found:
    """The trials of a search, in order: points, costs, and the share of a full training each took."""

    points: tuple
    costs: np.ndarray
    work: np.ndarray

    @property
    def best_so_far(self):
        """The lowest cost after each trial."""
        return np.minimum.accumulate(self.costs)


def quiet_optuna():
    """Optuna, without a line of log for each trial."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def sampler(name, seed):
    """Optuna's sampler "random" or "tpe", seeded; TPE draws its first ten trials at random."""
    samplers = quiet_optuna().samplers
    kinds = {"random": samplers.RandomSampler, "tpe": samplers.TPESampler}
    return kinds[one_of("sampler", name, kinds)](seed=whole("seed", seed))


@lru_cache(maxsize=512)
def search(name, trials, seed=0, prune=False, fixed=(), first=()):
    """Let Optuna search the landscape and return what it Found.

    `fixed` holds (name, value) pairs that are not searched, `first` points, as tuples of such pairs, to be
    tried before its own.
    """
    optuna, land, rest = quiet_optuna(), landscape(), dict(fixed)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5) if prune else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=sampler(name, seed), pruner=pruner)
    for point in first:
        study.enqueue_trial(dict(point))
    points, costs, work = [], [], []
    for _ in range(whole("trials", trials, 1)):
        trial = study.ask()
        points.append({**Suggesting(trial, rest).point, **rest})
        curve = land.curve(**points[-1])
        stop = _pruned_at(trial, curve) if prune else None
        study.tell(trial, *((None, optuna.trial.TrialState.PRUNED) if stop else (curve[-1],)))
        costs.append(WORST if stop else curve[-1])
        work.append((stop or LOOKS) / LOOKS)
    return Found(tuple(points), np.array(costs), np.array(work))


class Suggesting:
    """A trial that is asked only for what is not fixed."""

    def __init__(self, trial, fixed):
        self.trial, self.fixed = trial, fixed
        self.point = suggest(self)

    def suggest_float(self, name, *limits, **kind):
        return self.fixed[name] if name in self.fixed else self.trial.suggest_float(name, *limits, **kind)

    def suggest_categorical(self, name, choices):
        return self.fixed[name] if name in self.fixed else self.trial.suggest_categorical(name, choices)


def _pruned_at(trial, curve):
    """The look at which the pruner gives the trial up; None if it never does."""
    for look, cost in enumerate(curve[:-1], start=1):
        trial.report(cost, look)
        if trial.should_prune():
            return look
    return None


def grid(trials, **fixed):
    """A grid of about `trials` points over batch size and rate, row by row, cut off after `trials`."""
    sizes = SPACE["batch_size"]
    rates = np.geomspace(RATES[0], RATES[-1], -(-whole("trials", trials, 1) // len(sizes)) + 1)
    rates = np.sqrt(rates[1:] * rates[:-1])  # the middles of equal parts
    points = [{"lr": float(lr), "batch_size": size, **fixed} for size in sizes for lr in rates][:trials]
    costs = np.array([landscape().cost(**point) for point in points])
    return Found(tuple(points), costs, np.ones(len(points)))


def by_hand(start):
    """One hyper-parameter at a time: try all its values, keep the best, go on with the next."""
    here, points = dict(start), []
    for name in ("lr", "optimizer", "batch_size", "activation"):
        points += (row := [{**here, name: value} for value in SPACE[name]])
        here = min(row, key=lambda point: landscape().cost(**point))
    points = list({tuple(sorted(point.items())): point for point in points}.values())  # no point twice
    return Found(tuple(points), np.array([landscape().cost(**p) for p in points]), np.ones(len(points)))


# ------------------------------------------------------------------------------ a study in a file


def open_study(path, seed=None):
    """The study in the SQLite file `path`, made if there is none; several processes may have it open at once."""
    optuna = quiet_optuna()
    waiting = {"connect_args": {"timeout": 60}}  # seconds to wait while another process writes
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs=waiting)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5)
    tpe = optuna.samplers.TPESampler(seed=seed)
    return optuna.create_study(
        storage=storage, study_name=STUDY, sampler=tpe, pruner=pruner, direction="minimize", load_if_exists=True
    )


def work(path, trials, seed):
    """Add `trials` trials to the study in `path`; each worker needs its own seed, or all try the same points."""
    study = open_study(path, seed)
    for _ in range(trials):
        study.optimize(_marked(seed), n_trials=1)


def _marked(seed):
    def marked(trial):
        trial.set_user_attr("worker", seed)
        return objective(trial)

    return marked
