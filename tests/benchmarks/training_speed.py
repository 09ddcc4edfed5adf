"""One training update of a small network, here and in two libraries; a sweep, at once or not."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
from measure import Row, in_turns, ratio

from course_lib.datasets import Standardiser, moons, real
from course_lib.training import Settings, train

HIDDEN, BATCH, LR = (16, 16), 32, 0.1
DATA = moons(6 * BATCH).astype("float32")  # only whole batches, so that every update is alike
EPOCHS = 60
UPDATES = EPOCHS * len(DATA) // BATCH
SETTINGS = Settings(
    hidden=HIDDEN, batch_size=BATCH, lr=LR, steps=UPDATES, evaluate_every=UPDATES, dtype="float32"
)


def torch_eager(make=None):
    """The plain PyTorch loop on the same records; batches by index, faster than a loader."""
    import torch

    make = make or torch.optim.SGD

    torch.set_num_threads(1)
    x, y = torch.from_numpy(DATA.x), torch.from_numpy(DATA.y)
    loss_function = torch.nn.BCEWithLogitsLoss()

    def run():
        sizes = (2, *HIDDEN)
        layers = []
        for n_in, n_out in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(n_in, n_out), torch.nn.Tanh()]
        network = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
        optimizer = make(network.parameters(), lr=0.01 if make is not torch.optim.SGD else LR)
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


def optimizers(rounds=5):
    """Each optimizer against the same one of torch, on the same network."""
    import torch

    pairs = {
        "momentum": partial(torch.optim.SGD, momentum=0.9),
        "nesterov": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
        "adagrad": torch.optim.Adagrad,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }
    rows = []
    for name, make in pairs.items():
        settings = replace(SETTINGS, optimizer=name, lr=0.01)
        tasks = {"course_lib": lambda settings=settings: train(settings, DATA), "torch": torch_eager(make)}
        taken = in_turns(tasks, rounds)
        rows.append(Row(f"one update with {name}, course_lib", 1e6 * np.median(taken["course_lib"]) / UPDATES, "µs"))
        times = ratio(taken["torch"], taken["course_lib"])
        rows.append(Row("    torch eager / course_lib", times, "×", (">=", 4)))
    return rows


def digits(rounds=5, epochs=20, batch=32, lr=0.1):
    """A full training on scikit-learn's digits, 64-32-10, with plain SGD."""
    import torch
    from sklearn.neural_network import MLPClassifier

    data = real("digits")
    data = Standardiser(data)(data).astype("float32")
    steps = epochs * -(-len(data) // batch)
    settings = Settings(
        hidden=(32,), activation="relu", lr=lr, batch_size=batch, steps=steps, evaluate_every=steps, dtype="float32"
    )
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y[:, 0])

    def with_torch():
        network = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
        optimizer = torch.optim.SGD(network.parameters(), lr=lr)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(batch):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
                optimizer.step()

    def with_scikit_learn():
        network = MLPClassifier(
            (32,), solver="sgd", batch_size=batch, learning_rate_init=lr, momentum=0, nesterovs_momentum=False,
            alpha=0, max_iter=epochs, tol=0, n_iter_no_change=epochs + 1, random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network.fit(data.x, data.y[:, 0])

    tasks = {"course_lib": lambda: train(settings, data), "torch eager": with_torch, "scikit-learn": with_scikit_learn}
    taken = in_turns(tasks, rounds)
    rows = [Row(f"digits, 20 epochs, {name}", 1e3 * np.median(times), "ms") for name, times in taken.items()]
    for name in ("torch eager", "scikit-learn"):
        rows.append(Row(f"    {name} / course_lib", ratio(taken[name], taken["course_lib"]), "×", (">=", 1)))
    return rows


def exercises(rounds=15):
    """How long a learner waits for a check, and for the end of an endless loop."""
    from course_lib.exercises import activation_functions as ex

    def endless(z, a=0.01):
        while True:
            pass

    right = ex.leaky_relu.right_answers()[0]
    checks = in_turns({"check": lambda: ex.leaky_relu.judge(right)}, rounds)["check"]
    loop = in_turns({"loop": lambda: ex.leaky_relu.judge(endless)}, 1)["loop"]
    return [
        Row("exercise: check of a function", 1e3 * np.median(checks), "ms", ("<=", 100)),
        Row("exercise: an endless loop is reported after", np.median(loop), "s", ("<=", 5)),
    ]
