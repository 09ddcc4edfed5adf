"""The search space and its landscape, ways of searching it, and studies that several processes share."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib import search as s
from course_lib.training import train

optuna = s.quiet_optuna()


def small_landscape(seed=0):
    """Made-up costs, so that no test has to train 780 networks."""
    shape = (*map(len, s.SPACE.values()), s.LOOKS)
    return s.Landscape(np.random.default_rng(seed).uniform(0.1, 2, shape))


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(s, "_measured", {0: small_landscape()})
    s.search.cache_clear()
    yield s.landscape()
    s.search.cache_clear()


def test_every_batch_size_gets_the_same_work():
    for size in s.SPACE["batch_size"]:
        settings = s.settings(0.1, "tanh", size, "sgd")
        assert settings.steps * size == s.EPOCHS * s.RECORDS
        assert settings.steps == s.LOOKS * settings.evaluate_every


def test_the_landscape_holds_what_single_trainings_give(monkeypatch):
    space = {"activation": ("relu",), "optimizer": ("sgd", "adam"), "batch_size": (128, 256), "lr": s.RATES}
    monkeypatch.setattr(s, "SPACE", space)
    monkeypatch.setattr(s, "_measured", {})
    land = s.landscape()
    assert land.costs.shape == (1, 2, 2, len(s.RATES)) and s.landscape() is land
    for lr, optimizer, size in ((0.05, "adam", 256), (2.0, "sgd", 128)):
        point = dict(lr=lr, activation="relu", batch_size=size, optimizer=optimizer)
        alone = train(s.settings(**point), s.TRAIN, s.VALIDATION).validation_cost[1:]
        assert land.curve(**point) == pytest.approx(s.counted(alone), abs=1e-12)
        asked = s.objective(optuna.trial.FixedTrial(point))
        assert asked == pytest.approx(land.cost(**point), abs=1e-12)


def test_between_two_rates_the_cost_lies_on_a_line():
    land, rest = small_landscape(), dict(activation="relu", batch_size=64, optimizer="adam")
    low, high = land.cost(lr=0.1, **rest), land.cost(lr=0.2, **rest)
    assert land.cost(lr=np.sqrt(0.1 * 0.2), **rest) == pytest.approx((low + high) / 2)
    assert land.cost(lr=s.RATES[-1], **rest) == land.costs[1, 2, 2, -1]


def test_the_best_point_has_the_lowest_cost():
    land = small_landscape()
    assert land.cost(**land.best()) == land.costs.min()


def test_a_diverged_training_counts_2():
    assert s.counted(np.array([0.12345, np.nan, np.inf, 7.0])).tolist() == [0.1234, 2, 2, 2]
    point = dict(lr=10.0, activation="prelu", batch_size=256, optimizer="momentum")
    assert s.objective(optuna.trial.FixedTrial(point)) == s.WORST


def test_main_effects_of_a_sum_and_of_a_product():
    rows, columns = np.array([0.0, 1.0, 2.0]), np.array([0.0, 3.0])
    total = rows.var() + columns.var()
    assert s.main_effects(rows[:, None] + columns) == pytest.approx([rows.var() / total, columns.var() / total])
    assert s.main_effects(np.array([[1.0, -1.0], [-1.0, 1.0]])) == pytest.approx([0, 0])  # all of it is interplay


def test_the_estimated_importance_finds_the_one_that_matters():
    study = optuna.create_study(sampler=s.sampler("random", 0))
    study.optimize(lambda trial: np.log(s.suggest(trial)["lr"]) ** 2, n_trials=60)
    (estimate,) = s.estimated_importance([study])
    assert set(estimate) == set(s.SPACE) and sum(estimate.values()) == pytest.approx(1)
    assert estimate["lr"] > 0.5


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_a_search_repeats_itself_and_its_beginning(made_up, name):
    found, again = s.search(name, 14, 3), s.search(name, 12, 3)
    assert found.points[:12] == again.points
    assert found.costs[:12] == pytest.approx(again.costs)
    assert found.costs == pytest.approx([made_up.cost(**point) for point in found.points])
    assert found.best_so_far.tolist() == [found.costs[: i + 1].min() for i in range(14)]
    assert s.search(name, 12, 4).points != again.points


def test_tpe_begins_with_ten_random_trials(made_up):
    random, tpe = s.search("random", 14, 0), s.search("tpe", 14, 0)
    assert random.points[:10] == tpe.points[:10] and random.points[10:] != tpe.points[10:]


def test_what_is_fixed_is_not_searched(made_up):
    found = s.search("tpe", 12, 0, fixed=(("activation", "relu"), ("batch_size", 64)))
    assert {(point["activation"], point["batch_size"]) for point in found.points} == {("relu", 64)}
    assert len({point["lr"] for point in found.points}) == 12


def test_pruning_saves_work_and_never_counts_a_pruned_trial(made_up):
    found = s.search("random", 20, 0, prune=True)
    pruned = found.work < 1
    assert pruned.any() and not pruned[:5].any()
    assert (found.costs[pruned] == s.WORST).all()
    kept = [made_up.cost(**point) for point in np.array(found.points)[~pruned]]
    assert found.costs[~pruned] == pytest.approx(kept)


def test_a_grid_repeats_its_rates_in_every_row(made_up):
    found = s.grid(25, activation="relu", optimizer="sgd")
    assert len(found.points) == 25 and len({point["lr"] for point in found.points}) == 5
    assert len(s.grid(3, activation="relu", optimizer="sgd").points) == 3


def test_by_hand_one_at_a_time(made_up):
    start = dict(lr=0.1, activation="relu", batch_size=64, optimizer="sgd")
    found = s.by_hand(start)
    assert len(found.points) == 13 + 2 + 4 + 3  # what was tried already is not tried again
    best = found.points[found.costs.argmin()]
    assert all(made_up.cost(**best) <= made_up.cost(**{**best, "activation": a}) for a in s.SPACE["activation"])


def test_known_points_are_tried_first(made_up):
    known = [dict(lr=rate, activation="relu", batch_size=64, optimizer="sgd") for rate in (0.01, 1.0)]
    found = s.search("tpe", 4, 0, first=tuple(tuple(point.items()) for point in known))
    assert list(found.points[:2]) == known and len(found.points) == 4


def test_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match="unknown sampler 'tpf'.*did you mean 'tpe'"):
        s.sampler("tpf", 0)
    with pytest.raises(ValueError, match="unknown activation 'rleu'"):
        small_landscape().cost(lr=0.1, activation="rleu", batch_size=16, optimizer="sgd")
    with pytest.raises(ValueError, match="trials must be at least 1"):
        s.grid(0, activation="relu", optimizer="sgd")


def test_a_study_in_a_file_is_stopped_resumed_and_shared(tmp_path):
    path = tmp_path / "study.db"
    s.work(path, 2, seed=0)
    assert len(s.open_study(path).trials) == 2
    code = "import sys; from course_lib.search import work; work(sys.argv[1], 3, int(sys.argv[2]))"
    workers = [subprocess.Popen([sys.executable, "-c", code, str(path), str(seed)]) for seed in (1, 2)]
    assert [worker.wait(timeout=300) for worker in workers] == [0, 0]
    trials = s.open_study(path).trials
    assert sorted(trial.number for trial in trials) == list(range(8))
    assert [sum(t.user_attrs["worker"] == seed for t in trials) for seed in (0, 1, 2)] == [2, 3, 3]
    assert all(trial.state.is_finished() for trial in trials)


def test_importing_the_search_does_not_import_optuna():
    code = "import sys, course_lib.search; print('optuna' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
