"""Training with everything at once: options, validation, interruption, divergence, and runs that stop early."""

import numpy as np
import pytest

from course_lib.datasets import Data, get_dataset, moons, noisy_sine, real, split
from course_lib.optimizers import OPTIMIZERS
from course_lib.schedules import Plateau, cosine, sequence, warm_up
from course_lib.training import Settings, train

OPTIONS = {
    "dropout": {"dropout": 0.3},
    "batch norm": {"normalization": "batch"},
    "layer norm": {"normalization": "layer"},
    "l1": {"l1": 0.01},
    "l2": {"l2": 0.1},
    "clip by value": {"clip_value": 0.01},
    "clip by norm": {"clip_norm": 0.1},
    "plateau": {"plateau": Plateau(0.5, 1)},
    "schedule": {"schedule": sequence(warm_up(5), 5, cosine(20))},
    "patience": {"patience": 2, "min_delta": 0.01},
    "all of it": {
        "dropout": 0.2, "normalization": "batch", "l1": 0.001, "l2": 0.01, "clip_value": 1.0, "clip_norm": 0.5,
        "plateau": Plateau(0.5, 2), "schedule": cosine(40), "patience": 3, "activation": "prelu", "optimizer": "adam",
    },
} | {f"optimizer {name}": {"optimizer": name} for name in OPTIMIZERS}  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sweep_is_its_single_runs_to_the_bit_with_every_option(option, dtype):
    part, watched, _ = split(moons(120), 0.5, 0.3)
    settings = Settings(
        **{"lr": (0.01, 0.1, 3.0), "run": (0, 1, 2), "batch_size": 17, "steps": 40, "evaluate_every": 3, "dtype": dtype}
        | OPTIONS[option]
    )
    many = train(settings, part, watched)
    for i in range(3):
        one = train(settings.single(i), part, watched)
        k = len(one.step)
        assert np.array_equal(one.cost, many.cost[i, :k], equal_nan=True)
        assert np.array_equal(one.validation_cost, many.validation_cost[i, :k], equal_nan=True)
        assert np.array_equal(one.params.vector, many.params.run(i).vector, equal_nan=True)
        assert (int(one.last), int(one.best), int(one.diverged)) == (many.last[i], many.best[i], many.diverged[i])
        assert one.params.vector.dtype == dtype


@pytest.mark.parametrize("option", [option for option in OPTIONS if option != "optimizer sgd"])
def test_every_option_changes_the_training(option):
    part, watched, _ = split(moons(120), 0.5, 0.3)
    common = {"lr": 0.5, "batch_size": 20, "steps": 200, "evaluate_every": 5}
    plain, changed = (train(Settings(**common | more), part, watched) for more in ({}, OPTIONS[option]))
    assert plain.params.vector.shape != changed.params.vector.shape or not np.array_equal(
        plain.params.vector, changed.params.vector
    )


def test_stopped_and_diverged_runs_leave_the_others_alone():
    settings = Settings(lr=(0.05, 1e4, 0.2, 1e6), run=(0, 1, 2, 3), activation="relu", steps=60, evaluate_every=5)
    history = train(settings, noisy_sine(64))
    assert (history.diverged >= 0).tolist() == [False, True, False, True]
    assert (history.last < 60).tolist() == [False, True, False, True]
    assert np.isnan(history.cost[[1, 3], -1]).all() and np.isfinite(history.cost[[0, 2]]).all()
    for i in (0, 2):
        assert np.array_equal(train(settings.single(i), noisy_sine(64)).cost, history.cost[i])


def test_divergence_says_when_and_where(recwarn, capsys):
    history = train(Settings(lr=1e8, activation="relu", steps=200), noisy_sine(50))
    assert f"diverged at step {int(history.diverged)}: " in history.words()
    assert "layer" in history.words() or "gradient" in history.words() or "update" in history.words()
    assert not recwarn.list and capsys.readouterr() == ("", "")


def test_words_of_other_endings():
    part, watched, _ = split(moons(90, noise=0.4), 0.3, 0.4)
    assert train(Settings(steps=10, batch_size=None), part).words() == "trained until step 10"
    stopped = train(Settings(lr=1.0, batch_size=None, steps=600, evaluate_every=5, patience=4), part, watched)
    assert stopped.words() == (
        f"stopped early at step {int(stopped.last)}, back to the best parameters, of step {int(stopped.best)}"
    )


def test_an_interruption_keeps_the_history_so_far():
    def stop_at_twelve(step):
        if step == 12:
            raise KeyboardInterrupt
        return 1.0

    history = train(Settings(steps=100, evaluate_every=5, schedule=stop_at_twelve), moons())
    assert history.interrupted and history.step.tolist() == [0, 5, 10] and "interrupted at step" in history.words()
    rerun = train(Settings(steps=12, evaluate_every=5), moons())
    assert np.array_equal(history.params.vector, rerun.params.vector)


def test_a_progress_bar_for_long_runs_and_none_unasked(capsys):
    train(Settings(steps=30), moons())
    assert capsys.readouterr().err == ""
    train(Settings(steps=30), moons(), progress=True)
    assert "/30" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["moons", "noisy_sine", "iris"])
@pytest.mark.parametrize("hidden", [(1,), (1, 1), (4,), ()])
def test_small_networks_and_single_records(name, hidden):
    data = get_dataset(name, 20)
    for batch_size in (1, None):
        history = train(Settings(hidden=hidden, lr=0.01, batch_size=batch_size, steps=5), data)
        assert np.isfinite(history.cost).all()
    one = train(Settings(hidden=hidden, lr=0.01, batch_size=1, steps=3), data.take(np.arange(1)))
    assert np.isfinite(one.cost).all() and one.cost[-1] < one.cost[0]


def test_predictions_are_probabilities_of_the_head():
    history = train(Settings(steps=20, lr=0.01), real("iris"))
    p = history.predict(real("iris").x)
    assert p.shape == (150, 3) and p.sum(axis=1) == pytest.approx(np.ones(150), rel=1e-5) and (p >= 0).all()
    p = train(Settings(steps=20), moons()).predict(moons().x)
    assert p.shape == (200, 1) and ((p > 0) & (p < 1)).all()


@pytest.mark.parametrize(("option", "slope"), [("l1", np.sign), ("l2", lambda w: w)])
def test_penalties_act_on_weights_and_spare_the_biases(option, slope):
    history = train(Settings(lr=0.1, steps=40, batch_size=None, dtype="float64", **{option: 0.05}), moons())
    network, loss, data = history.network, history.loss, moons()
    params = network.init(np.random.default_rng([0, 0]))
    for _ in range(40):
        z, kept = network.forward(params, data.x)
        grads = network.backward(params, kept, loss.gradient(z, data.y), params.copy())
        for name, array in params.items():
            pull = 0.05 * slope(array) if name.startswith("W") else 0
            array -= 0.1 * (grads[name] + pull)
    assert history.params.vector == pytest.approx(params.vector, rel=1e-9, abs=1e-12)


def test_clipping_limits_the_step():
    data = Data("far", np.ones((4, 1)), np.full((4, 1), 1e6), loss="mse")
    settings = Settings(hidden=(), lr=0.1, steps=1, batch_size=None, clip_norm=2.0, dtype="float64")
    history = train(settings, data)
    start = history.network.init(np.random.default_rng([0, 0])).vector
    assert np.linalg.norm(history.params.vector - start) == pytest.approx(0.2, rel=1e-6)
