"""One training update of a small network, here and in two libraries; a sweep, at once or not."""

import warnings
from dataclasses import replace

import numpy as np
from measure import Row, in_turns, ratio

from course_lib.datasets import moons
from course_lib.training import Settings, train

HIDDEN, BATCH, LR = (16, 16), 32, 0.1
DATA = moons(6 * BATCH).astype("float32")  # only whole batches, so that every update is alike
EPOCHS = 60
UPDATES = EPOCHS * len(DATA) // BATCH
SETTINGS = Settings(
    hidden=HIDDEN, batch_size=BATCH, lr=LR, steps=UPDATES, evaluate_every=UPDATES, dtype="float32"
)


def torch_eager():
    """The plain PyTorch loop on the same records; batches by index, faster than a loader."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.from_numpy(DATA.x), torch.from_numpy(DATA.y)
    loss_function = torch.nn.BCEWithLogitsLoss()

    def run():
        sizes = (2, *HIDDEN)
        layers = []
        for n_in, n_out in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(n_in, n_out), torch.nn.Tanh()]
        network = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
        optimizer = torch.optim.SGD(network.parameters(), lr=LR)
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(x)).split(BATCH):
                optimizer.zero_grad()
                loss_function(network(x[batch]), y[batch]).backward()
                optimizer.step()

    return run


def scikit_learn():
    """MLPClassifier with plain SGD: no momentum, no penalty, no early end."""
    from sklearn.neural_network import MLPClassifier

    labels = DATA.y[:, 0].astype(int)

    def run():
        network = MLPClassifier(
            HIDDEN, activation="tanh", solver="sgd", batch_size=BATCH, learning_rate_init=LR,
            momentum=0, nesterovs_momentum=False, alpha=0, max_iter=EPOCHS, tol=0,
            n_iter_no_change=EPOCHS + 1, random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns that it could go on
            network.fit(DATA.x, labels)
        assert network.n_iter_ == EPOCHS

    return run


def update(rounds=15):
    tasks = {
        "course_lib": lambda: train(SETTINGS, DATA),
        "torch eager": torch_eager(),
        "scikit-learn": scikit_learn(),
    }
    taken = in_turns(tasks, rounds)
    sizes = "-".join(map(str, (2, *HIDDEN, 1)))
    rows = [
        Row(f"one update of {sizes}, {name}", 1e6 * np.median(times) / UPDATES, "µs")
        for name, times in taken.items()
    ]
    for name, goal in (("torch eager", 6), ("scikit-learn", 4)):
        times = ratio(taken[name], taken["course_lib"])
        rows.append(Row(f"    {name} / course_lib", times, "×", (">=", goal)))
    return rows


def sweep(runs=32, rounds=5):
    rates = tuple(np.geomspace(1e-3, 0.3, runs))  # none diverges, so none stops early
    tasks = {
        "at once": lambda: train(replace(SETTINGS, lr=rates), DATA),
        "one by one": lambda: [train(replace(SETTINGS, lr=lr), DATA) for lr in rates],
    }
    taken = in_turns(tasks, rounds)
    rows = [
        Row(f"sweep over {runs} rates, {name}", 1e3 * np.median(times), "ms")
        for name, times in taken.items()
    ]
    times = ratio(taken["one by one"], taken["at once"])
    return [*rows, Row("    one by one / at once", times, "×", (">=", 5))]
