"""The training loop: the same numbers as torch, alone or in a sweep, every record once per epoch."""

import numpy as np
import oracle
import pytest
import torch

from course_lib.datasets import Data, moons, noisy_sine
from course_lib.training import Settings, Training, batches, find_rate, train


def test_sgd_trajectory_is_torchs():
    data = noisy_sine(40)
    s = Settings(hidden=(8,), lr=0.1, batch_size=16, steps=100, evaluate_every=1, dtype="float64")
    history = train(s, data)
    rng = np.random.default_rng([s.seed, s.run])
    twin = oracle.twin(history.network, history.network.init(rng))
    rival = torch.optim.SGD(list(twin.leaves.values()), lr=s.lr)
    feed = batches(data, s.batch_size, [rng])
    for step in range(s.steps):
        x, y = next(feed)
        rival.zero_grad()
        torch.nn.functional.mse_loss(twin(oracle.tensor(x)), oracle.tensor(y)).backward()
        rival.step()
        on_all = oracle.LOSSES["mse"](twin(oracle.tensor(data.x)), oracle.tensor(data.y))
        assert history.cost[step + 1] == pytest.approx(on_all.item(), rel=1e-10)
    for leaf, array in zip(twin.leaves.values(), history.params.values(), strict=True):
        assert oracle.gap(array, leaf.detach()) < 1e-10


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["tanh", "prelu", "softmax"])
@pytest.mark.parametrize("batch_size", [1, 32, 33, None])
@pytest.mark.parametrize("sweep", [{"lr": (0.01, 0.3, 1.0)}, {"run": (0, 5, 7)}, {"lr": (0.1, 0.5), "run": (3, 4)}])
def test_a_sweep_is_its_single_runs_to_the_bit(dtype, activation, batch_size, sweep):
    settings = Settings(activation=activation, batch_size=batch_size, steps=31, dtype=dtype, **sweep)
    many = train(settings, moons(100))
    for i in range(settings.runs):
        one = train(settings.single(i), moons(100))
        assert np.array_equal(one.cost, many.cost[i, : len(one.cost)], equal_nan=True)
        assert np.array_equal(one.params.vector, many.params.run(i).vector, equal_nan=True)
        assert one.params.vector.dtype == dtype


@pytest.mark.parametrize("n, batch_size, runs", [(10, 3, 1), (10, 10, 1), (7, 1, 2), (5, 4, 3), (1, 1, 1)])
def test_every_record_comes_once_per_epoch(n, batch_size, runs):
    data = Data("rows", np.arange(n)[:, None] * 1.0, np.arange(n)[:, None] * 10.0)
    feed = batches(data, batch_size, [np.random.default_rng(run) for run in range(runs)])
    epochs = []
    for _ in range(3):
        got = [next(feed) for _ in range(-(-n // batch_size))]
        assert all((y == 10 * x).all() for x, y in got)
        x = np.concatenate([x for x, _ in got], axis=-2)[..., 0].reshape(-1, n)
        assert (np.sort(x, axis=1) == np.arange(n)).all() and len(x) == runs
        epochs.append(x.tolist())
    assert n == 1 or epochs[0] != epochs[1]


def test_the_cost_is_recorded_at_start_regularly_and_at_the_end():
    history = train(Settings(steps=20, evaluate_every=7), moons(64))
    assert history.step.tolist() == [0, 7, 14, 20]
    assert history.cost.shape == (4,) and history.diverged == -1
    sweep = train(Settings(steps=20, evaluate_every=7, run=range(5)), moons(64))
    assert sweep.cost.shape == (5, 4) and len(set(sweep.cost[:, 0])) == 5


def test_a_schedule_multiplies_the_rate_of_each_step():
    asked = []
    halves = Settings(lr=0.4, steps=6, schedule=lambda step: asked.append(step) or 0.5)
    assert np.array_equal(train(halves, moons()).cost, train(Settings(lr=0.2, steps=6), moons()).cost)
    assert asked == [0, 0, 1, 2, 3, 4, 5]  # the first time when the settings are checked


def huge(rng, n_in, n_out):
    return rng.normal(0, 1e20, (n_in, n_out))


@pytest.mark.parametrize("run", [0, (0, 1, 2)])
def test_a_run_without_a_finite_cost_at_the_start_ends_there(run):
    history = train(Settings(activation="relu", initializer=huge, run=run, steps=10), moons(32))
    assert (history.diverged == 0).all() and (history.last == 0).all() and history.step.tolist() == [0]


def test_divergence_is_noticed_without_a_warning(recwarn):
    data = noisy_sine(50)
    history = train(Settings(lr=1e3, activation="relu", steps=200), data)
    assert 0 < history.diverged < 200 and history.step[-1] < 200
    some = train(Settings(lr=(0.01, 1e3), activation="relu", steps=200), data)
    assert some.diverged[0] == -1 and some.diverged[1] == history.diverged
    assert not recwarn.list


def test_a_run_that_diverges_before_anything_was_recorded_says_when():
    training, t = Training(Settings(lr=1e3, activation="relu"), noisy_sine(50)), 0
    with np.errstate(all="ignore"):
        while not training.over:
            training.step(t := t + 1)
    assert training.diverged == t and [step for step, _ in training.records] == [t]


def test_the_same_settings_give_the_same_training():
    first, second = (train(Settings(steps=30), moons()) for _ in range(2))
    assert np.array_equal(first.params.vector, second.params.vector)
    other = train(Settings(steps=30, seed=1), moons())
    assert not np.array_equal(first.params.vector, other.params.vector)


def test_the_rate_finder_stops_where_the_cost_rises():
    test = find_rate(Settings(), moons(), start=1e-4, factor=3, trials=12, steps=60)
    best = test.costs.argmin()
    assert 0 < best < 11 and test.lowest == test.rates[best]
    assert test.suggestion == pytest.approx(test.rates[best - 1])
    assert np.allclose(test.rates[1:] / test.rates[:-1], 3)
    alone = train(Settings(lr=float(test.rates[best]), steps=60, evaluate_every=60), moons())
    assert alone.cost[-1] == test.costs[best] and alone.cost[0] == test.start_cost
