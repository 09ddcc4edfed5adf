"""What a learner sees of each kind: stubs, panels, predictions, settings."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.exercises import activation_functions, learning_rate
from course_lib.exercises.engine import Choice, ExerciseSet, Mistake, Option, Setting, Status
from course_lib.exercises.engine.panel import Panel


@pytest.fixture
def prediction():
    fresh = replace(learning_rate.predict_ten)
    fresh.notebook = "06_learning_rate"
    return fresh


def test_a_figure_stays_locked_until_the_prediction_is_made(prediction):
    shown = []
    locked = prediction.unlock(lambda: shown.append("figure"))
    assert (shown, prediction.made) == ([], False)
    assert "check(" in str(locked)
    assert prediction.check("z").status is Status.WRONG_TYPE
    assert not prediction.made
    assert prediction.check("a").status is Status.RECORDED
    assert prediction.made
    prediction.unlock(lambda: shown.append("figure"))
    assert shown == ["figure"]


def test_a_prediction_is_never_marked_but_compared(prediction):
    assert "First your prediction" in str(prediction.reveal())
    verdict = prediction.check("a")
    assert "wrong" not in str(verdict).lower()
    revealed = str(prediction.reveal())
    assert "-9, 81, -729" in revealed
    assert "You had predicted (a)" in revealed


def test_a_stub_shows_the_head_and_not_the_body():
    stub = activation_functions.d_sigmoid.stub
    assert stub.startswith('def d_sigmoid(z):\n    """')
    assert "raise NotImplementedError" in stub
    assert stub.endswith("ex.d_sigmoid.check(d_sigmoid)")
    assert "np.exp" not in stub
    assert learning_rate.reach_cost.stub == "ex.reach_cost.check(lr=..., batch_size=...)"


def test_a_setting_is_trained_and_judged():
    assert learning_rate.reach_cost.check(lr=0.3, batch_size=8).correct
    assert learning_rate.reach_cost.check(lr=100.0, batch_size=16).mistake == "rate too large"
    missing = learning_rate.reach_cost.check(lr=0.3)
    assert missing.status is Status.WRONG_TYPE
    assert "batch_size is missing" in missing.message


def test_a_panel_escapes_what_a_learner_wrote():
    html = Panel("bad", "<b>", "a & `x < y`", rows=(("got", "<script>"),), code="1 < 2").html()
    assert "<script>" not in html
    assert "<code>x &lt; y</code>" in html
    assert 'role="status"' in html


def test_a_name_is_given_once():
    exercises = ExerciseSet("99_test")
    options = [Option("yes", "so it is", right=True), Option("no", "why not")]
    exercises.add(Choice(name="one", prompt="-", hints=["-"], options=options))
    with pytest.raises(ValueError, match="two exercises called 'one'"):
        exercises.add(Choice(name="one", prompt="-", hints=["-"], options=options))


def test_a_choice_has_one_right_option():
    with pytest.raises(ValueError, match="exactly one"):
        Choice(name="none", prompt="-", hints=["-"], options=[Option("no", "why not")])


def test_the_example_of_the_instructors_page_works():
    page = (Path(__file__).resolve().parents[2] / "docs" / "adding_an_exercise.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    names = {}
    exec(code.replace("from .engine", "from course_lib.exercises.engine"), names)
    mae = names["mae"]
    assert len(mae.hints) >= 3 and len(mae.mistakes) >= 4
    for seed in range(20):
        assert all(mae.judge(right, seed=seed).correct for right in mae.right_answers())
        for name, wrong in mae.wrong_answers():
            assert mae.judge(wrong, seed=seed).mistake == name
    assert mae.judge(lambda p, y: abs(p - y).sum()).mistake == "factor n"


def test_a_setting_that_is_present_may_be_left_as_it_is():
    given = []

    def run(lr, steps):
        if steps > lr:
            raise ValueError("steps must be at most lr")
        given.append((lr, steps))
        return lr + steps

    unchanged = Mistake("nothing changed", {"lr": 5.0}, "As before.", when=lambda s, _: s == {"lr": 5.0, "steps": 2})
    exercise = Setting(
        name="change", prompt="Change one.", controls={"lr": float, "steps": int}, present={"lr": 5.0, "steps": 2},
        run=run, reached=lambda result: result == 4, in_words=str, goal="4", solved_by=[{"lr": 2.0}],
        mistakes=[unchanged], hints=["One.", "Two.", "Three."],
    )  # fmt: skip
    assert exercise.stub == "ex.change.check(lr=..., steps=...)"
    for nothing in ({}, {"lr": ..., "steps": ...}, {"steps": ...}):
        assert exercise.judge(nothing).status is Status.NOT_ATTEMPTED
    assert "keep the setting" in exercise.judge({"lr": ...}).message
    assert exercise.judge({"lr": 2.0}).correct and given[-1] == (2.0, 2)
    assert exercise.judge({"lr": 3.0, "steps": 1}).correct and given[-1] == (3.0, 1)
    assert exercise.judge({"lr": 2.0, "steps": ...}).correct
    assert exercise.judge({"lr": 5.0}).mistake == "nothing changed"
    refused = exercise.judge({"steps": 9})
    assert refused.status is Status.WRONG_TYPE and "at most lr" in refused.message
    assert "momentum is not asked for" in exercise.judge({"lr": 2.0, "momentum": 1}).message
