"""The clinic's patients: really trained, really sick, each in its own way, healed by what is said to heal."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib import explore
from course_lib.clinic import CONTROLS, LOOKS, Bed, Case, chart, examine, life, outcome, prepared, seen
from course_lib.exercises import playground
from course_lib.explore.clinic import guessing, short
from course_lib.patients import ILLS, PATIENTS
from course_lib.training import Settings, train

GUESSING = np.log(2)
BY_ILL = {p.ill: p for p in PATIENTS}
each = pytest.mark.parametrize("patient", PATIENTS, ids=[p.ill for p in PATIENTS])


def last(run, name):
    return np.asarray(getattr(run.found[-1], name))


def first(run, name):
    return np.asarray(getattr(run.found[0], name))


def at_chance(run):
    return abs(run.cost[0, -1] - GUESSING) < 0.02 and abs(run.right[0, -1] - 0.5) < 0.1


SYMPTOMS = {  # what is wrong, measured on the run that the learner sees
    "high": lambda r: (
        np.diff(r.cost[0]).max() > 50
        and r.cost[0].max() > 100 * GUESSING
        and np.median([f.moved[-1] for f in r.found]) > 0.3
    ),
    "equal": lambda r: at_chance(r) and not any(np.any(f.gradient) for f in r.found) and not last(r, "weights").any(),
    "overfit": lambda r: r.cost[0, -1] < 0.2 and r.cost[1, -1] > 3 * r.cost[1].min() and r.cost[1].argmin() < 10,
    "low": lambda r: (
        (np.diff(r.cost[0]) < 0).all()
        and r.cost[0, -1] > 0.9 * r.cost[0, 0]
        and max(f.moved[0] for f in r.found) < 1e-4 < last(r, "gradient").min()
    ),
    "dead": lambda r: at_chance(r) and first(r, "dead") == last(r, "dead") == 1 and not np.any(last(r, "gradient")),
    "scaling": lambda r: (
        abs(r.cost[0, -1] - GUESSING) < 0.05
        and np.abs(r.parts[0].x[:, 1]).max() > 500 * np.abs(r.parts[0].x[:, 0]).max()
        and first(r, "flat") > 0.45
    ),
    "penalty": lambda r: (
        at_chance(r) and np.abs(last(r, "weights")).max() < 0.02 < 0.2 < np.abs(first(r, "weights")).mean()
    ),
    "vanishing": lambda r: (
        at_chance(r)
        and first(r, "gradient")[0] < 1e-4 * first(r, "gradient")[-1]
        and (np.diff(np.log(first(r, "gradient"))) > 0).all()
    ),
    "leak": lambda r: seen(*r.parts[:2]) > 0.9 and r.right[1, -1] > 0.95 and r.fresh < 0.8,
    "exploding": lambda r: (
        0 < r.diverged < 10
        and first(r, "signal")[-1] > 1e4 * first(r, "signal")[0]
        and first(r, "gradient").min() > 1e4
    ),
    "batch": lambda r: (
        abs(r.cost[0, -1] - GUESSING) < 0.1 and r.fresh < 0.6 and np.median([f.moved[0] for f in r.found]) < 1e-6
    ),
    "saturated": lambda r: first(r, "flat") > 0.7 and last(r, "flat") > 0.7 and r.cost[0, 0] > 10 and r.fresh < 0.65,
    "loss": lambda r: r.right[0, -1] < 0.55 and last(r, "gradient").max() < 1e-3 and last(r, "flat") < 0.01,
    "evaluation": lambda r: r.same < 0.95 and r.case.training.dropout > 0,
    "labels": lambda r: r.cost[0, -1] < 0.8 * GUESSING and r.cost[1].min() > GUESSING and abs(r.fresh - 0.5) < 0.1,
}


def test_there_are_enough_patients_and_no_two_have_the_same_illness():
    assert len(PATIENTS) >= 12
    assert len(BY_ILL) == len(PATIENTS) == len(SYMPTOMS)


@each
def test_a_patient_is_complete(patient):
    assert patient.ill in ILLS and patient.ill not in patient.others
    assert len(patient.others) >= 4 and set(patient.others) <= set(ILLS)
    assert len(patient.look) >= 3 and len(patient.cures) >= 2 and len(patient.wrong) >= 4
    changes = [*patient.cures, *(change for change, _ in patient.wrong)]
    assert all(set(change) <= set(CONTROLS) for change in changes)
    assert all(patient.case.change(**change) != patient.case for change in changes)
    reasons = [patient.why, *patient.others.values(), *(why for _, why in patient.wrong)]
    assert len(set(reasons)) == len(reasons)


@each
def test_it_is_sick_in_its_own_way(patient):
    assert SYMPTOMS[patient.ill](life(patient.case))
    assert not patient.healed(patient.value(patient.case))


@each
def test_a_healthy_run_does_not_have_the_symptom(patient):
    assert not SYMPTOMS[patient.ill](life(patient.healthy))
    assert life(patient.healthy).fresh > life(patient.case).fresh - 0.05  # a leak only flatters itself


@each
def test_every_cure_heals_and_nothing_else_that_is_listed(patient):
    for change in patient.cures:
        assert patient.healed(patient.value(patient.case.change(**change))), change
    for change, _ in patient.wrong:
        assert not patient.healed(patient.value(patient.case.change(**change))), change


OTHERWISE = ("dead", "saturated", "loss", "evaluation")  # started or evaluated in a way the ordinary training does not
PLAIN = [p for p in PATIENTS if p.ill not in OTHERWISE]


@pytest.mark.parametrize("patient", PLAIN, ids=[p.ill for p in PLAIN])
def test_what_is_shown_is_what_the_ordinary_training_gives(patient):
    run, case = life(patient.case), patient.case
    data = prepared(
        case.data, case.records, case.noise, case.copies, case.duplicates, case.shuffle, case.unit, case.scaling
    )
    plain = train(replace(case.training, evaluate_every=case.training.steps // LOOKS), *data[:2])
    shared = np.isin(plain.step, run.step)
    where = np.isin(run.step, plain.step)
    assert shared.sum() >= (1 if run.diverged >= 0 else LOOKS)
    assert np.array_equal(plain.cost[shared], run.cost[0][where].astype(plain.cost.dtype))
    assert np.array_equal(plain.validation_cost[shared], run.cost[1][where].astype(plain.cost.dtype))
    assert int(plain.diverged) == run.diverged
    assert np.array_equal(plain.params.vector, run.params.vector, equal_nan=True)


def test_three_runs_begin_with_the_one_that_is_shown():
    for patient in PATIENTS[:5]:
        run, three = life(patient.case), outcome(patient.case)
        assert three.right[2, 0] == pytest.approx(run.fresh, abs=1e-6)
        assert three.cost[:2, 0] == pytest.approx(run.cost[:, -1], rel=1e-4)


def test_gradients_and_updates_are_what_they_are_called():
    case = BY_ILL["overfit"].case  # plain descent on all records: the update is lr times the gradient
    bed = Bed(case)
    before = bed.params.copy()
    gradient = examine(bed, before).gradient
    bed.step(1)
    after = examine(bed, before)
    for i, (size, moved) in enumerate(zip(gradient, after.moved, strict=True), start=1):
        W = bed.params[f"W{i}"]
        assert np.linalg.norm(W - before[f"W{i}"]) == pytest.approx(case.training.lr * size, rel=1e-4)
        assert moved == pytest.approx(case.training.lr * size / np.linalg.norm(W), rel=1e-4)


def test_only_one_file_has_records_on_both_sides():
    for patient in PATIENTS:
        run = life(patient.case)
        assert (seen(*run.parts[:2]) > 0) == (patient.ill == "leak")
        assert seen(run.parts[0], run.parts[2]) == 0  # fresh ones are fresh
    assert seen(*life(BY_ILL["leak"].healthy).parts[:2]) == 0


def test_the_preparation_does_what_it_says():
    usual = ("moons", 60, 0.2, 1, "keep", "rows", 1.0, "none")
    as_it_was, mixed = (prepared(*usual[:5], shuffle, *usual[6:]) for shuffle in ("rows", "x alone"))
    rows = [np.concatenate([np.hstack([p.x, p.y]) for p in parts[:2]]) for parts in (as_it_was, mixed)]
    assert np.array_equal(np.sort(rows[0][:, 0]), np.sort(rows[1][:, 0]))
    pairs = [{tuple(row) for row in r} for r in rows]
    assert 20 < len(pairs[0] & pairs[1]) < 40  # by chance half of them keep their label
    assert np.array_equal(as_it_was[2].y, mixed[2].y)
    wide = prepared(*usual[:6], 1000.0, "none")
    assert np.array_equal(wide[1].x, as_it_was[1].x * [1, 1000])
    scaled = prepared(*usual[:6], 1000.0, "standardise")
    assert np.allclose(scaled[0].x.mean(axis=0), 0) and np.allclose(scaled[0].x.std(axis=0), 1)
    assert not np.allclose(scaled[1].x.mean(axis=0), 0, atol=1e-6)  # measured on the training part alone
    many = prepared("moons", 60, 0.2, 4, "keep", "rows", 1.0, "none")
    assert (len(many[0]), len(many[1])) == (160, 80)
    assert len(np.unique(np.concatenate([many[0].x, many[1].x]), axis=0)) == 60


TELLTALE = {
    "high": ("too high", "overshoot"), "equal": ("alike",), "overfit": ("heart", "overfit"), "low": ("too low",),
    "dead": ("dead", "bias"), "scaling": ("scal", "1000", "unit", "standard"), "penalty": ("penalty", "too strong"),
    "vanishing": ("vanish", "fade"), "leak": ("leak", "duplicate", "copies"), "exploding": ("explo", "grows"),
    "batch": ("too few",), "saturated": ("satura", "spread", "× 60"), "loss": ("suit",), "labels": ("shuffle", "label"),
    "evaluation": ("evaluation", "eval", "dropout on"),
}  # fmt: skip


@pytest.fixture(scope="module")
def figure():
    return explore.clinic()


@each
def test_the_figure_does_not_say_what_it_is(patient, figure):
    for compare in (False, True):
        figure.move(patient=PATIENTS.index(patient) + 1, compare=compare)
        said = figure.words.replace("units with slope 0", "").lower()
        assert chart(patient.case).lower() in said and patient.complaint.lower() in said
        assert not [word for word in TELLTALE[patient.ill] if word in said]
        assert not [text for text in ILLS.values() if text.lower() in said]
        assert not [why for why in patient.others.values() if why.lower() in said]


def test_values_off_the_scale_are_not_called_0_and_all_of_a_title_fits():
    assert [short(x) for x in (0, 2.93e2, 0.0449, 5.4e-6, 1.2e5, 3e-10)] == [
        "0",
        "290",
        "0.045",
        "5e-6",
        "1e5",
        "3e-10",
    ]
    for number in range(1, len(PATIENTS) + 1):
        figure = explore.clinic(patient=number)
        figure.stored()
        for view in figure.views:
            for axes in view.figure.axes:
                end = axes._left_title.get_window_extent(dpi=100).x1
                assert end <= view.size[0] + 1, (number, axes.get_title("left"))


def test_the_line_of_guessing_suits_the_loss():
    assert guessing(BY_ILL["high"].case) == GUESSING
    assert guessing(BY_ILL["loss"].case) == 0.25


def test_a_network_that_throws_dice_is_drawn_as_it_answers():
    run = life(BY_ILL["evaluation"].case)
    x = np.repeat(run.parts[2].x[:50], 2, axis=0)
    z = run.network.forward(run.params, x, run.dice())[0]
    assert (np.sign(z[::2]) != np.sign(z[1::2])).any()
    assert life(BY_ILL["high"].case).dice() is None


def test_constant_answers_are_no_cure_for_dice_and_nor_is_a_network_that_evens_them_out():
    patient = BY_ILL["evaluation"]
    case = patient.case.change(lr=10.0)
    assert np.median(outcome(case).same) == 1 and not patient.healed(patient.value(case))
    case = patient.case.change(units_per_layer=64, lr=4.0, steps=1500, batch_size=120)
    assert np.median(outcome(case).right[2]) > 0.92 and not patient.healed(patient.value(case))


@pytest.mark.parametrize("number", range(1, len(PATIENTS) + 1))
def test_what_was_set_is_shown_with_the_diagnosis_and_not_before(number):
    diagnosis, repair = (getattr(playground, f"{kind}_{number}") for kind in ("diagnose", "repair"))
    said = playground.what_was_set(PATIENTS[number - 1])
    assert "=" not in repair.text() and said in repair.hints[0]
    for letter in diagnosis.letters:
        verdict = diagnosis.judge(letter)
        assert (said in verdict.message) == (letter == diagnosis.right_answers()[0])
    assert all(f"`{name}=" in said for name in repair.controls)


@pytest.mark.parametrize("number", range(1, len(PATIENTS) + 1))
def test_halfway_changes_are_explained_too(number):
    exercise, patient = getattr(playground, f"repair_{number}"), PATIENTS[number - 1]
    for change, why in patient.wrong:
        given = {k: v * 1.07 for k, v in change.items() if isinstance(v, float)}
        if given:
            assert exercise.judge(given).message == why


def test_changes_that_make_no_sense_are_refused():
    case = Case(training=Settings())
    for change, words in (
        ({"rate": 1}, "unknown setting rate|unknown setting 'rate'"),
        ({"lr": 0}, "lr must be"),
        ({"batch_size": 2.5}, "batch_size must be"),
        ({"shuffle": "y alone"}, "unknown shuffle"),
        ({"initializer": lambda rng, n_in, n_out: 0}, "unknown initializer"),
        ({"patience": 0}, "patience must be"),
    ):
        with pytest.raises(ValueError, match=words):
            case.change(**change)
    assert case.change(units_per_layer=5).training.hidden == (5, 5)
    assert case.change(loss="brier").get("loss") == "brier"
    assert case.get("loss") == "bce" and case.get("initializer") == "xavier_uniform"
