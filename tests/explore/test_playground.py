"""The playground while it plays: any control at any time, nothing lost, nobody held up, no memory eaten."""

import asyncio
import gc
import tracemalloc

import numpy as np
import pytest
from test_live_figures import extremes, pixels

from course_lib import explore, session_settings
from course_lib.explore import playing
from course_lib.explore.controls import Menu
from course_lib.explore.playground import CONTROLS, GROUPS
from course_lib.session import Session
from course_lib.session_settings import Setup


@pytest.fixture(scope="module")
def figure():
    return explore.playground()


def fresh(figure, steps=15):
    """The figure as at the start, some steps on."""
    figure.move(**{name: control.default for name, control in CONTROLS.items()})
    figure.restart()
    figure.session.step(steps)
    figure.pause()
    return figure


def again(figure):
    """What the call under the figure makes."""
    return eval(figure.call, {"explore": explore})


def equal(one, other):
    return np.array_equal(one.session.training.params.vector, other.session.training.params.vector, equal_nan=True)


def test_every_setting_of_a_session_has_one_control_and_one_place():
    assert set(Setup.__dataclass_fields__) < set(CONTROLS)
    placed = [name for names in GROUPS.values() for name in names] + ["lr", "activation", "batch_size", "hidden"]
    assert sorted(placed) == sorted(CONTROLS)


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_at_its_extremes_during_training(figure, name):
    for value in extremes(CONTROLS[name]):
        fresh(figure)
        value = CONTROLS[name].check(name, value)
        figure.sliders[name].value = value
        assert figure.error is None
        if "refused" not in figure.note:
            assert figure.settings[name] == value
        figure.advance(0.05)
        state = figure.session.state
        assert equal_after(state, figure.session), state


def equal_after(state, session):
    same = Session(**state)
    return np.array_equal(same.training.params.vector, session.training.params.vector, equal_nan=True)


def test_a_random_walk_of_300_changes_while_it_trains_neither_fails_nor_eats_memory(figure):
    rng, refused, used = np.random.default_rng(5), 0, []
    fresh(figure)
    names = [name for name in CONTROLS if name not in ("speed", "pause_at")]
    tracemalloc.start()
    for i in range(300):
        name = names[rng.integers(len(names))]
        values = extremes(CONTROLS[name])
        figure.sliders[name].value = CONTROLS[name].check(name, values[rng.integers(len(values))])
        assert figure.error is None, (figure.call, figure.error)
        refused += "refused" in figure.note
        figure.advance(0.01)
        if i in (150, 299):  # where it began, with no data set kept
            fresh(figure, steps=0)
            session_settings.drawn.cache_clear()
            gc.collect()
            used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert refused < 30
    assert used[1] - used[0] < 3e5, [f"{n / 1e6:.1f} MB" for n in used]
    assert "nan" not in figure.words.lower()


@pytest.mark.parametrize("seed", range(2))
def test_the_call_restores_the_state_to_the_step(figure, seed):
    rng = np.random.default_rng(seed)
    fresh(figure, steps=0)
    for lr, optimizer, size in ((0.3, "sgd", 4), (0.01, "adam", 64), (0.02, "adam", 5000), (0.1, "nesterov", 1)):
        figure.sliders["lr"].value, figure.sliders["optimizer"].value = lr, optimizer
        figure.sliders["batch_size"].value = size
        figure.session.step(int(rng.integers(5, 40)))
    figure.pause()
    other = again(figure)
    assert equal(figure, other) and other.session.steps == figure.session.steps > 20
    assert other.settings == figure.settings and other.words == figure.words and other.call == figure.call
    for view, copy in zip(figure.views, other.views, strict=True):
        assert np.array_equal(pixels(view), pixels(copy))
    figure.step(), other.step()
    assert equal(figure, other)


def test_a_change_counts_from_the_next_step_and_stands_in_the_call(figure):
    fresh(figure, steps=30)
    before = figure.session.training.params.vector.copy()
    figure.sliders["lr"].value = 1.0
    assert "changes={30: {" in figure.call and np.array_equal(figure.session.training.params.vector, before)
    figure.step()
    assert figure.session.steps == 31 and figure.session.training.lr == figure.settings["lr"]


def test_what_starts_anew_says_so(figure):
    fresh(figure, steps=30)
    figure.sliders["hidden"].value = (3, 3)
    assert figure.session.steps == 0 and "started anew: a network of another shape" in figure._text.value


def test_what_does_not_go_together_is_refused_and_the_control_goes_back(figure):
    fresh(figure, steps=30)
    figure.sliders["data"].value = "plane"
    figure.session.step(20)
    figure.sliders["loss"].value = "bce"
    assert "refused: loss bce is for classes; plane asks for numbers" in figure._text.value
    assert figure.sliders["loss"].value is None and figure.settings["loss"] is None and figure.session.steps == 20


def test_a_loss_that_does_not_suit_other_data_falls_back(figure):
    fresh(figure)
    figure.sliders["loss"].value = "bce"
    figure.sliders["data"].value = "hills"
    assert figure.settings["data"] == "hills" and figure.settings["loss"] is None
    assert figure.sliders["loss"].value is None and "loss bce does not suit" in figure.note


def test_a_menu_says_what_off_is(figure):
    menus = [name for name, control in CONTROLS.items() if isinstance(control, Menu) and None in control.options]
    assert len(menus) > 5
    for name in menus:
        for value in (None, CONTROLS[name].options[1], None):
            figure.sliders[name].value = value
            assert figure.sliders[name].label == CONTROLS[name].named(value) and figure.settings[name] == value


def test_layers_and_units_come_and_go_by_click(figure):
    fresh(figure)
    box = figure.sliders["hidden"]

    def buttons(part):
        return [w for w in part.children if hasattr(w, "click")]

    deeper, shallower = buttons(box.children[0])
    start = figure.settings["hidden"]
    deeper.click()
    assert figure.settings["hidden"] == (*start, start[-1])
    less, more = buttons(box.children[1])
    more.click()
    assert figure.settings["hidden"][0] == start[0] + 1
    for _ in range(20):
        less.click(), deeper.click()
    assert figure.settings["hidden"][0] == 1 and len(figure.settings["hidden"]) == 6
    for _ in range(20):
        more.click(), shallower.click()
    assert figure.settings["hidden"] == ()
    deeper.click()
    assert figure.settings["hidden"] == (4,) and figure.session.training.network.sizes == (2, 4, 1)


def test_the_last_feature_cannot_be_taken_away(figure):
    fresh(figure)
    toggles = figure.sliders["features"].toggles
    toggles["x2"].value = False
    toggles["x1"].value = False
    assert figure.settings["features"] == ("x1",) and toggles["x1"].value
    toggles["sin x1"].value = True
    assert figure.settings["features"] == ("x1", "sin x1")


def test_a_unit_is_shown_large_with_its_numbers(figure):
    fresh(figure)
    whole, small = figure.views[0].tiles.pieces[-1], figure.views[0].tiles.pieces[2]  # the output, and the first unit
    figure.move(layer=1, unit=2)
    W, b = figure.session.training.params["W1"], figure.session.training.params["b1"]
    said = f"Large map: layer 1, unit 2; weights from x₁ {W[0, 1]:.3g}, x₂ {W[1, 1]:.3g}; bias {b[0, 1]:.3g}."
    assert said in figure.words
    shown, tile = figure.views[0].tiles.pieces[-1], figure.views[0].tiles.pieces[3]
    assert shown[3].shape == whole[3].shape and tile[3].shape == small[3].shape
    share = np.abs(shown[3][6::13, 6::13].astype(int)[:19, :19] - tile[3]).max(axis=-1) < 40
    assert share.mean() > 0.8  # the same picture, but finer
    figure.move(layer=6)  # there is no such layer
    assert "Large map" not in figure.words and np.array_equal(figure.views[0].tiles.pieces[-1][3], whole[3])


def test_only_the_decision_is_seen_if_that_is_wanted(figure):
    for data, colours in (("circles", 3), ("three_arms", 4), ("hills", 3)):
        fresh(figure, steps=100)
        figure.move(data=data)
        figure.session.step(100)
        figure.move(decision=True)
        pixels = figure.views[0].tiles.pieces[-1][3].reshape(-1, 4)
        assert 2 <= len(np.unique(pixels, axis=0)) <= colours, data


def test_validation_records_come_and_go(figure):
    fresh(figure)
    net = figure.views[0]
    with_them = pixels(net)
    figure.sliders["validation"].value = False
    without = pixels(net)
    assert not np.array_equal(with_them, without)
    figure.sliders["validation"].value = True
    assert np.array_equal(pixels(net), with_them)


def test_a_weight_is_read_and_set_by_hand(figure):
    fresh(figure)
    params = figure.session.training.params
    assert figure._from.options == ("bias", *(f"unit {i}" for i in (1, 2, 3, 4)))  # into the output
    figure.move(layer=1, unit=3)
    assert figure._from.options == ("bias", "x₁", "x₂")
    figure._from.value = "x₂"
    assert figure._weight.value == pytest.approx(params["W1"][1, 2], rel=1e-3) and "edits" not in figure.call
    figure._weight.value = -1.5
    assert params["W1"][1, 2] == -1.5 and "x₂ -1.5;" in figure.words
    assert 'edits={15: {("W1", 1, 2): -1.5}}' in figure.call
    figure._buttons["1 step"].click()
    now = figure.session.training.params["W1"][1, 2]
    assert now != -1.5 and figure._weight.value == pytest.approx(now, rel=1e-3)
    figure._from.value = "bias"
    figure._weight.value = 0.25
    assert figure.session.training.params["b1"][0, 2] == 0.25
    assert equal(figure, again(figure))
    figure._weight.value = float("nan")
    assert "must be one finite number" in figure._text.value
    figure._weight.value = 0.5
    assert figure.error is None and figure.session.training.params["b1"][0, 2] == 0.5


def test_controls_can_be_hidden():
    figure = explore.playground(hide=("lr", "noise", "speed", "pause_at"), steps=5)
    assert figure.call == 'explore.playground(steps=5, hide=("lr", "noise", "speed", "pause_at"))'

    def widgets_of(box):
        return [box, *(w for child in getattr(box, "children", ()) for w in widgets_of(child))]

    shown = widgets_of(figure.root)
    assert figure.sliders["lr"] not in shown and figure.sliders["noise"] not in shown
    assert figure.sliders["seed"] in shown and not [w for w in shown if "Playing" in getattr(w, "titles", ())]
    with pytest.raises(ValueError, match="unknown hide 'rate'"):
        explore.playground(hide=["rate"])


def test_buttons_step_epoch_and_restart(figure):
    fresh(figure, steps=0)
    step, epoch, restart = (figure._buttons[name] for name in ("1 step", "1 epoch", "↺ restart"))
    step.click(), step.click()
    assert figure.session.steps == 2
    epoch.click()
    assert figure.session.steps == 2 + figure.session.steps_per_epoch
    restart.click()
    assert figure.session.steps == 0 and np.array_equal(
        figure.session.training.params.vector, Session().training.params.vector
    )


@pytest.mark.parametrize(
    ("settings", "end"),
    [
        (dict(pause_at="100 epochs"), "paused after 100 epochs"),
        (dict(pause_at="90% right", data="circles"), "paused at 90 % right"),
        (dict(pause_at="cost 0.1", data="clouds", lr=1.0), "paused at cost 0.1"),
        (dict(patience=3, lr=5.0, noise=0.3), "stopped early"),
        (dict(data="plane", lr=10.0, activation="identity", loss="mse"), "diverged at step"),
    ],
)
def test_it_pauses_by_itself_where_it_was_told_to(settings, end):
    figure = explore.playground(**settings, speed=100)
    figure.play()  # without a kernel it goes there at once
    assert not figure.playing and end in figure._text.value and figure.session.steps > 0
    assert figure._buttons["▶ play"].description == "▶ play"


def test_it_plays_on_the_loop_and_lets_others_do_their_work():
    async def watch():
        figure = explore.playground()
        figure.play()
        assert figure.session.steps == 0  # it has only been asked for
        worked = 0
        while figure.session.steps < 200:
            await asyncio.sleep(0)
            worked += 1
        assert worked > figure._pictures > 3
        figure.sliders["lr"].value = 0.5  # while it plays
        at = figure.session.steps
        while figure.session.steps < at + 60:
            await asyncio.sleep(0)
        figure._buttons["▶ play"].click()
        stopped = figure.session.steps
        await asyncio.sleep(0.3)
        assert figure.session.steps == stopped and not figure.playing
        return figure

    figure = asyncio.run(watch())
    assert figure.error is None and list(figure.session.changes.values()) == [{"lr": figure.settings["lr"]}]
    assert equal(figure, again(figure))


def test_pictures_that_nobody_sees_are_not_made():
    async def watch():
        figure = explore.playground()
        figure._seen.click()  # the page is there
        figure.play()
        await asyncio.sleep(1.5)
        assert figure._pictures == playing.AHEAD and figure.playing
        waiting = figure.session.steps
        await asyncio.sleep(0.3)
        assert figure.session.steps == waiting
        figure._seen.click()  # it has been scrolled into sight
        await asyncio.sleep(1.5)
        assert figure.session.steps > waiting and figure._pictures == 2 * playing.AHEAD
        figure.pause()
        figure.play(), figure.play()  # twice is once
        await asyncio.sleep(1.5)
        assert figure._pictures == 3 * playing.AHEAD

    asyncio.run(watch())


def test_a_failure_while_it_plays_is_shown_and_stops_it(monkeypatch):
    figure = explore.playground()
    monkeypatch.setattr(figure, "advance", lambda seconds: 1 / 0)
    figure.play()
    assert not figure.playing and isinstance(figure.error, ZeroDivisionError)
    monkeypatch.undo()
    figure.step()
    assert figure.error is None and figure.session.steps == 1


def test_the_figure_gives_a_torch_module_with_the_same_outputs(figure):
    import torch

    fresh(figure, steps=50)
    x = figure.session.parts[1].x
    z = figure.to_torch()(torch.tensor(figure.session.inputs(x))).detach().numpy()
    assert np.allclose(z, figure.session.output(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("bad", [dict(steps=-1), dict(steps=2.5), dict(changes={5: {"lr": 1.0}}), dict(rate=1)])
def test_states_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match="steps|changes|rate"):
        explore.playground(**bad)


# -------------------------------------------------------------------------------- two runs


def test_two_runs_differ_in_the_one_setting_and_nothing_else():
    figure = explore.two_runs(changed="l2", to=0.01, steps=120, dropout=0.1)
    first, second = figure.sessions
    assert first.steps == second.steps == 120 and first.setup.dropout == 0.1
    differ = [n for n in Setup.__dataclass_fields__ if getattr(first.setup, n) != getattr(second.setup, n)]
    assert differ == ["l2"] and second.setup.l2 == 0.01
    assert "L2 0.0: " in figure.words and "L2 0.01: " in figure.words
    assert equal_after(first.state, first) and equal_after(second.state, second)
    other = again(figure)
    for one, same in zip(figure.sessions, other.sessions, strict=True):
        assert np.array_equal(one.training.params.vector, same.training.params.vector)


def test_both_runs_start_from_the_same_weights_and_step_together():
    figure = explore.two_runs(changed="optimizer", to="adam")
    first, second = figure.sessions
    assert np.array_equal(first.training.params.vector, second.training.params.vector)
    figure._buttons["1 epoch"].click(), figure._buttons["1 step"].click()
    assert first.steps == second.steps == first.steps_per_epoch + 1
    figure._buttons["↺ restart"].click()
    assert [session.steps for session in figure.sessions] == [0, 0]


def test_another_setting_offers_its_own_values():
    figure = explore.two_runs()
    for name in figure.controls["changed"].options:
        figure.sliders["changed"].value = name
        assert figure.error is None and figure.settings["changed"] == name
        assert getattr(figure.sessions[1].setup, name) == figure.settings["to"]
        assert getattr(figure.sessions[0].setup, name) != figure.settings["to"]
        figure.step()
    with pytest.raises(ValueError, match="unknown to 'adamm'.*did you mean 'adam"):
        explore.two_runs(changed="optimizer", to="adamm")
    with pytest.raises(ValueError, match="unknown changed 'rate'"):
        explore.two_runs(changed="rate")
