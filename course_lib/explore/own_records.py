"""Many networks trained side by side, each on records of its own: how much of a result was the draw?"""

import numpy as np

from ..training import Training


def train_each(settings, parts):
    """The History of as many runs as there are `parts`, Data of the same length; run i sees only part i."""
    n = len(parts[0])
    batch_size = min(settings.batch_size or n, n)
    training = Training(settings, parts[0])
    training.feed = _batches(parts, batch_size, settings)
    with np.errstate(all="ignore"):
        training.evaluate(0)
        for t in range(1, settings.steps + 1):
            if not training.over:
                training.step(t)
    return training.history(settings.steps)


def _batches(parts, batch_size, settings):
    x, y = (np.stack([getattr(part.astype(settings.dtype), name) for part in parts]) for name in "xy")
    rng = np.random.default_rng(settings.seed)
    while True:
        order = rng.permutation(len(parts[0]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            yield x[:, rows], y[:, rows]
