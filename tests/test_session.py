"""A training that is changed on the way: exact to the bit when it is done again, and the same in PyTorch."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from course_lib.activations import ACTIVATIONS
from course_lib.datasets import DATASETS, REAL
from course_lib.initializers import INITIALIZERS
from course_lib.losses import LOSSES
from course_lib.optimizers import OPTIMIZERS
from course_lib.session import KEPT, Session
from course_lib.session_settings import FEATURES, SCHEDULES, Setup
from course_lib.training import Settings, train

SMALL = dict(records=60, hidden=(5,), batch_size=10)

# What changes how an update is made, and leaves the network as it is.
ON_THE_WAY = {
    "lr": (1e-4, 0.03, 0.3, 1.0), "optimizer": tuple(OPTIMIZERS), "beta1": (0.0, 0.5, 0.99), "beta2": (0.9, 0.9999),
    "decay": (0.0, 0.1), "schedule": tuple(SCHEDULES), "schedule_steps": (1, 50, 100_000),
    "batch_size": (1, 7, 64, None),
    "clip_norm": (None, 1e-3, 10.0), "clip_value": (None, 1e-3, 10.0), "l1": (0.0, 1e-3), "l2": (0.0, 0.1),
    "dropout": (0.0, 0.3, 0.9), "patience": (None, 1, 50), "loss": (None, "bce", "mse", "mae", "huber"),
    "activation": ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu"),
}  # fmt: skip
# What draws data or network anew.
ANEW = {
    "data": (*DATASETS, *REAL), "records": (20, 1000), "noise": (0.0, 2.0), "train": (0.1, 0.9), "seed": (1, 10**6),
    "standardise": (False,), "features": [("x1",), ("sin x2",), tuple(FEATURES)], "initializer": tuple(INITIALIZERS),
    "hidden": [(), (1,), (8,) * 6, (64, 32)], "normalization": ("batch", "layer"), "activation": ("prelu",),
    "loss": ("cce", "scce"),
}  # fmt: skip


def same(one, other):
    """Whether two sessions are equal to the last bit, in what they are and in what they will become."""
    assert one.state == other.state
    assert np.array_equal(one.training.params.vector, other.training.params.vector, equal_nan=True)
    assert np.array_equal(one.history, other.history, equal_nan=True)
    one.step(23), other.step(23)
    return np.array_equal(one.training.params.vector, other.training.params.vector, equal_nan=True)


def test_without_changes_it_is_an_ordinary_training():
    session = Session(steps=200, data="moons", optimizer="adam", lr=0.01, l2=1e-3, dropout=0.2, seed=3)
    settings = Settings(
        hidden=(6, 4), optimizer="adam", lr=0.01, l2=1e-3, dropout=0.2, seed=3, batch_size=16, steps=200,
        evaluate_every=10, dtype="float64",
    )  # fmt: skip
    history = train(settings, *session.training.parts)
    assert np.array_equal(history.params.vector, session.training.params.vector)
    assert np.array_equal(history.cost, [cost for _, cost, _ in session.history])


@pytest.mark.parametrize("seed", range(3))
def test_after_300_random_changes_the_state_brings_back_every_bit(seed):
    rng = np.random.default_rng(seed)
    session, anew, refused = Session(**SMALL), 0, 0
    for _ in range(300):
        table = ANEW if rng.random() < 0.02 else ON_THE_WAY
        name = str(rng.choice(list(table)))
        value = table[name][rng.integers(len(table[name]))]
        try:
            anew += bool(session.change(**{name: value}))
        except ValueError as error:
            refused += 1
            assert any(said in str(error) for said in ("loss", "batch normalization")), error
        if rng.random() < 0.1:
            session.edit("W1", 0, 0, float(rng.normal()))
        session.step(int(rng.integers(0, 9)))
    assert refused < 150 and session.steps > 10
    assert same(session, Session(**session.state))


def test_a_long_training_with_changes_at_known_steps():
    session = Session(**SMALL)
    for step in range(300):
        session.change(lr=0.01 + 0.1 * (step % 7), optimizer=list(OPTIMIZERS)[step % 5], batch_size=1 + step % 30)
        session.step(3)
    assert session.steps == 900 and len(session.changes) == 299  # the first was before the first step
    assert same(session, Session(**session.state))


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in ON_THE_WAY.items() for v in values])
def test_settings_of_the_update_keep_the_parameters_and_count_from_the_next_step(name, value):
    session, untouched = Session(steps=30, **SMALL), Session(steps=30, **SMALL)
    before = session.training.params.vector.copy()
    assert session.change(**{name: value}) == ""
    assert session.steps == 30 and np.array_equal(session.training.params.vector, before)
    session.step(40), untouched.step(40)
    assert getattr(session.setup, name) == value
    if value == getattr(Setup(**SMALL), name):
        assert session.changes == {} and same(session, untouched)
    else:
        assert session.changes == {30: {name: value}}
    assert same(session, Session(**session.state))


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in ANEW.items() for v in values])
def test_settings_of_data_and_shape_start_anew_and_say_so(name, value):
    session = Session(steps=30, **SMALL)
    if value == getattr(session.setup, name):
        return
    assert session.change(**{name: value}).startswith("started anew: ")
    assert session.steps == 0 and session.changes == {} and getattr(session.start, name) == value
    session.step(40)
    look = session.look()
    assert look.step == session.steps and len(look.layers) == len(session.setup.hidden) + 1
    assert same(session, Session(**session.state))


def test_a_change_that_is_taken_back_before_the_next_step_is_none():
    session, untouched = Session(steps=30, **SMALL), Session(steps=30, **SMALL)
    session.change(optimizer="adam", lr=1.0)
    assert session.state["changes"] == {30: {"optimizer": "adam", "lr": 1.0}}
    session.change(optimizer="sgd"), session.change(lr=Setup().lr)
    assert "changes" not in session.state and same(session, untouched)


def test_another_optimizer_begins_with_an_empty_memory():
    """Adam's first step is lr long for each parameter, whenever it comes: its bias correction counts from there."""
    session = Session(steps=100, **SMALL)
    session.change(optimizer="adam", lr=0.01)
    before = session.training.params.vector.copy()
    session.step()
    moved = np.abs(session.training.params.vector - before)
    assert np.isclose(moved, 0.01, rtol=1e-3).mean() > 0.9


def test_the_same_optimizer_with_other_constants_keeps_its_memory():
    session = Session(steps=100, optimizer="momentum", **SMALL)
    memory = session.training.state[0].copy()
    session.change(beta1=0.5, lr=1e-9)
    session.step()
    grads = session.training.grads.vector
    assert np.allclose(session.training.state[0], 0.5 * memory + grads, rtol=1e-12)


def test_a_weight_set_by_hand_stays_until_the_next_step_and_comes_back():
    session = Session(steps=30, **SMALL)
    session.edit("W1", 1, 2, 0.5), session.edit("b2", 0, 0, -1), session.edit("W1", 1, 2, 0.75)
    assert session.training.params["W1"][1, 2] == 0.75 and session.training.params["b2"][0, 0] == -1
    assert session.state["edits"] == {30: {("W1", 1, 2): 0.75, ("b2", 0, 0): -1.0}}
    session.change(optimizer="adam"), session.step(20)
    assert session.training.params["W1"][1, 2] != 0.75
    session.edit("W2", 0, 0, 2.0)
    assert same(session, Session(**session.state))


def test_what_was_set_by_hand_at_the_start_survives_another_rate_but_not_another_start():
    session = Session(**SMALL)
    session.edit("W1", 0, 0, 3.0)
    assert session.change(lr=0.5) == "" and session.training.params["W1"][0, 0] == 3.0
    assert same(session, Session(**session.state))
    assert session.change(seed=1).startswith("started anew") and "edits" not in session.state
    assert session.training.params["W1"][0, 0] != 3.0


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("W3", 0, 0, 1.0), "unknown parameter 'W3'; choose from W1, b1, W2, b2"),
        (("W1", 2, 0, 1.0), "row must be between 0 and 1, not 2"),
        (("W1", 0, 5, 1.0), "column must be between 0 and 4"),
        (("b1", 1, 0, 1.0), "row must be between 0 and 0"),
        (("W1", 0, 0, float("nan")), "value must be one finite number"),
    ],
)
def test_a_place_that_does_not_exist_is_refused(place, message):
    session = Session(**SMALL)
    with pytest.raises(ValueError, match=message):
        session.edit(*place)
    assert "edits" not in session.state


def test_early_stopping_begins_to_watch_anew_under_another_loss():
    session = Session(data="moons", noise=0.25, loss="mse", steps=100, patience=10, lr=0.3)
    before = session.look().validation_cost
    session.change(loss="bce")
    assert session.step(150) == 0, "costs of two losses were compared"
    assert session.look().validation_cost > before


def test_divergence_ends_it_and_the_next_change_starts_anew():
    session = Session(data="plane", lr=1e6, loss="mse", activation="identity", **SMALL)
    assert session.step(1000) > 0 and session.over and session.diverged
    assert "diverged at step" in session.ending and "finite" in session.ending
    assert np.isnan(session.look().cost) or session.look().cost > 1e6
    assert Session(**session.state).ending == session.ending
    assert session.change(lr=0.01) == "started anew: it had diverged"
    assert session.step(50) == 0 and np.isfinite(session.look().cost)


def test_early_stopping_goes_back_to_the_best_and_can_go_on():
    session = Session(data="moons", noise=0.5, hidden=(32, 32), lr=0.5, patience=5, records=60, seed=2)
    assert session.step(20_000) > 0 and "stopped early" in session.ending
    best = session.look()
    lowest = min(cost for _, _, cost in session.history)
    assert best.validation_cost == pytest.approx(lowest)
    assert session.step(10) == 10 and session.steps == best.step
    assert session.change(patience=None) == "" and not session.over
    assert session.step(50) == 0 and session.steps == best.step + 50
    assert same(session, Session(**session.state))


def test_a_look_counts_what_the_plain_way_counts():
    session = Session(data="three_arms", steps=300, hidden=(6, 4), activation="relu", lr=0.2)
    look = session.look()
    (train_part, validation), layers = session.parts[:2], look.layers
    guess = session.predict(validation.x).argmax(axis=1)
    assert look.confusion.sum() == len(validation)
    assert look.confusion[1, 2] == ((validation.y[:, 0] == 1) & (guess == 2)).sum()
    assert look.validation_accuracy == pytest.approx((guess == validation.y[:, 0]).mean())
    p = session.predict(train_part.x)
    own = p[np.arange(len(p)), train_part.y[:, 0]]
    assert look.cost == pytest.approx(-np.log(own).mean())
    assert [layer.name for layer in layers] == ["layer 1", "layer 2", "output"]
    assert [layer.weights.size for layer in layers] == [12, 24, 12]
    module, a = session.to_torch(), torch.tensor(session.inputs(train_part.x))
    a = module[1](module[0](a)).detach().numpy()
    assert layers[0].dead == (a == 0).all(axis=0).mean()
    assert layers[0].saturated == pytest.approx((a == 0).mean())
    assert len(layers[0].gradient_norms) == 30


def test_the_gradient_norms_are_those_of_torch():
    session = Session(data="moons", steps=10, batch_size=None)
    before, train_set = Session(data="moons", steps=9, batch_size=None), session.training.parts[0]
    module = before.to_torch()
    x, y = torch.tensor(train_set.x), torch.tensor(train_set.y)
    torch.nn.functional.binary_cross_entropy_with_logits(module(x), y).backward()
    theirs = [float(layer.weight.grad.norm()) for layer in module if isinstance(layer, torch.nn.Linear)]
    assert np.allclose([layer.gradient_norms[-1] for layer in session.look().layers], theirs, rtol=1e-9)


def test_saturation_and_death_are_seen():
    for activation, dead, saturated in (("relu", 0.25, 0.25), ("sigmoid", 0.25, 1.0), ("identity", 0.0, 0.0)):
        session = Session(activation=activation, hidden=(8,))
        session.training.params["b1"][...] = 1000.0
        session.training.params["b1"][:, :2] = -1000.0  # two of eight units
        layer = session.look().layers[0]
        assert (layer.dead, layer.saturated) == (dead, saturated)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "softmax"])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_the_torch_module_gives_the_same_outputs(activation, normalization):
    session = Session(
        steps=60, data="three_arms", hidden=(7, 5, 3), activation=activation, normalization=normalization, dropout=0.2,
        features=tuple(FEATURES), lr=0.05,
    )  # fmt: skip
    equal_in_torch(session)


@pytest.mark.parametrize("data", [*DATASETS, *REAL])
@pytest.mark.parametrize("hidden", [(), (4,), (3, 3, 3, 3, 3, 3)])
def test_the_torch_module_fits_every_data_set_and_depth(data, hidden):
    equal_in_torch(Session(steps=20, data=data, hidden=hidden, lr=0.02))


def equal_in_torch(session):
    x = session.parts[1].x
    module = session.to_torch()
    theirs = module(torch.tensor(session.inputs(x))).detach().numpy()
    assert not module.training and theirs.shape == session.output(x).shape
    assert np.allclose(theirs, session.output(x), rtol=0, atol=1e-6)
    session.step(5)  # the module is a copy
    assert np.array_equal(module(torch.tensor(session.inputs(x))).detach().numpy(), theirs)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_for_two_and_for_three_classes(loss):
    for data in ("circles", "three_arms"):
        session = Session(steps=400, data=data, loss=loss, optimizer="adam", lr=0.01, hidden=(16,))
        assert session.look().accuracy > 0.55, data
        x = session.parts[0].x
        assert session.predict(x).shape[0] == len(x)


def test_the_history_is_thinned_and_stays_short():
    session = Session(steps=LONG, **SMALL)
    steps = [step for step, *_ in session.history]
    assert KEPT / 2 - 1 <= len(steps) <= KEPT and len(set(np.diff(steps))) == 1
    assert steps[0] == 0 and LONG - steps[-1] < np.diff(steps)[0]


LONG = 9000


def test_epochs_count_passes_through_the_records():
    session = Session(records=60, train=0.5, batch_size=16, data="moons")
    assert session.steps_per_epoch == 2
    session.step(4)
    assert session.look().epoch == pytest.approx(2)
    session.change(batch_size=30)
    session.step(1)
    assert session.steps_per_epoch == 1 and session.look().epoch == pytest.approx(3)


BAD = [
    (dict(data="spiral"), "unknown data spiral|unknown data 'spiral'.*did you mean 'spirals'"),
    (dict(lr=-1), "lr must be greater than 0"),
    (dict(lr=float("nan")), "lr must be one finite number"),
    (dict(rate=0.1), "unknown setting 'rate'"),
    (dict(features=()), "features must be a row"),
    (dict(features=("x3",)), "unknown features 'x3'"),
    (dict(features="x1"), "features must be a row"),
    (dict(hidden=3), "hidden must be a row of layer sizes"),
    (dict(hidden=(0,)), "at least 1"),
    (dict(noise=-0.1), "noise must be at least 0"),
    (dict(train=1.0), "train must be between"),
    (dict(activation="softmax"), "unknown activation"),
    (dict(loss="mse2"), "unknown loss"),
    (dict(data="plane", loss="bce"), "loss bce is for classes; plane asks for numbers"),
    (dict(optimizer="adamm"), "did you mean 'adam"),
    (dict(beta1=1.0), "beta1 must be below 1"),
    (dict(schedule="cos"), "unknown schedule"),
    (dict(schedule_steps=0), "schedule_steps must be at least 1"),
    (dict(batch_size=0), "batch_size must be at least 1"),
    (dict(dropout=1.0), "dropout must be below 1"),
    (dict(l2=-1), "l2 must be at least 0"),
    (dict(clip_norm=0), "clip_norm must be greater than 0"),
    (dict(patience=0), "patience must be at least 1"),
    (dict(seed=-1), "seed must be at least 0"),
    (dict(standardise=1), "standardise must be a bool"),
    (dict(records=5), "records must be between 20"),
    (dict(normalization="batch", batch_size=1), "batch normalization needs two records"),
    (dict(normalization="group"), "unknown normalization"),
    (dict(initializer="ones"), "unknown initializer"),
    (dict(steps=-1), "steps must be at least 0"),
    (dict(steps=5, changes={9: {"lr": 1.0}}), "a step in changes must be between 0 and 5"),
    (dict(steps=5, changes={2: {"data": "moons"}}), "step 2 cannot be carried out: it started anew"),
    (dict(steps=5, changes=[("lr", 1)]), "changes must be a dict"),
    (dict(steps=5, edits={9: {("W1", 0, 0): 1.0}}), "a step in changes must be between 0 and 5"),
    (dict(steps=5, edits={2: {"W1": 1.0}}), "an edited place must be written as"),
    (dict(data="plane", activation="identity", lr=1e9, steps=5000), "the training ended at step .*diverged"),
]


@pytest.mark.parametrize(("settings", "message"), BAD)
def test_bad_input_is_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        Session(**settings)


@pytest.mark.parametrize(("settings", "message"), [case for case in BAD if "steps" not in case[0]])
def test_a_refused_change_leaves_everything_as_it_was(settings, message):
    session, untouched = Session(steps=20, **SMALL), Session(steps=20, **SMALL)
    with pytest.raises(ValueError, match=message):
        session.change(**settings)
    assert asdict(session.setup) == asdict(untouched.setup) and same(session, untouched)
