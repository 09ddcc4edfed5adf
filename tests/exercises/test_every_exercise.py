"""Every exercise, fed what it must recognise: unsolved, right, each known mistake, rubbish."""

import importlib
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_lib.exercises.engine import Function, Prediction, Setting, Status, Verdict

from .conftest import EXERCISES, SETS

FUNCTIONS = [e for e in EXERCISES if isinstance(e, Function)]
VALUES = [e for e in EXERCISES if not isinstance(e, Function | Setting)]
SETTINGS = [e for e in EXERCISES if isinstance(e, Setting)]
SEEDS = range(100, 120)


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=lambda e: e.name)


# ------------------------------------------------------------------------- what it must recognise


@each(EXERCISES)
def test_the_stub_is_not_attempted(exercise, unharmed):
    verdict = exercise.judge(exercise.unsolved_answer())
    assert verdict.status is Status.NOT_ATTEMPTED


@each(EXERCISES)
def test_right_answers_are_accepted(exercise, unharmed):
    answers = exercise.right_answers()
    assert len(answers) >= 2, "a differently written right answer is missing"
    for seed in SEEDS if isinstance(exercise, Function) else [0]:
        for number, answer in enumerate(answers):
            verdict = exercise.judge(answer, seed=seed)
            assert verdict.status is exercise.accepted, (seed, number, verdict)


@each(EXERCISES)
def test_every_known_mistake_gets_its_own_diagnosis(exercise, unharmed):
    for seed in SEEDS if isinstance(exercise, Function) else [0]:
        for name, answer in exercise.wrong_answers():
            verdict = exercise.judge(answer, seed=seed)
            assert (verdict.status, verdict.mistake) == (Status.KNOWN_MISTAKE, name), (
                seed,
                verdict,
            )
            assert verdict.message


@each(EXERCISES)
def test_an_exercise_is_complete(exercise):
    assert len(exercise.hints) >= 3
    mistakes = [name for name, _ in exercise.wrong_answers()]
    if isinstance(exercise, Prediction):
        mistakes = [option for option in exercise.options if not option.right]
    assert len(mistakes) >= 4
    assert len(set(mistakes)) == len(mistakes)
    assert exercise.text()
    assert exercise.solution_text()
    assert f"ex.{exercise.name}.check(" in exercise.stub


@pytest.mark.parametrize("exercises", SETS, ids=lambda s: s.notebook)
def test_an_exercise_is_found_under_its_name(exercises):
    assert len(list(exercises)) >= 4
    module = importlib.import_module(f"course_lib.exercises.{exercises.notebook[3:]}")
    found = [name for name, value in vars(module).items() if any(value is e for e in exercises)]
    assert found == [e.name for e in exercises]


# ------------------------------------------------------------------------------- the bank of rubbish


def arrays_in(args):
    return [a for a in args if isinstance(a, np.ndarray)]


def deletes_numpy_names(solution):
    def function(*args):
        answer = solution(*args)
        del np.exp, np.where, np.random.default_rng
        np.maximum = np.zeros = None
        return answer

    return function


def mutates(solution):
    def function(*args):
        answer = solution(*args)
        for a in arrays_in(args):
            a[...] = 7
        return answer if arrays_in(args) else None

    return function


SAVED = 3.0


def reads_a_global(*args):
    return SAVED * np.asarray(args[0])


def remembers(exercise, solution):
    """Answers what was right at the first check, and makes something up for what it never saw."""
    with np.errstate(over="ignore"):
        table = {repr(args): solution(*args) for args in exercise.cases(0)}
    return lambda *args: table.get(repr(args), next(iter(table.values())))


def keeps_count(solution):
    calls = []

    def function(*args):
        calls.append(1)
        answer = solution(*args)
        return answer if len(calls) < 14 or isinstance(answer, str) else np.multiply(answer, len(calls))

    return function


def loops_for_ever(*args):
    while True:
        pass


def swallows_everything(*args):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            pass


def prints_for_ever(*args):
    while True:
        print("no end " * 1000)


def raises(*args):
    return 1 / 0


def recurses(*args):
    return recurses(*args)


class Strange:
    def __eq__(self, other):
        return True

    def __repr__(self):
        raise RuntimeError("not to be shown")

    __hash__ = None


def exits(*args):
    sys.exit()


def rubbish(exercise):
    """(name, function, statuses it may get)"""
    right = exercise.right_answers()[0]
    ways = {
        "zeros": lambda *args: np.zeros_like(args[0]),
        "its input": lambda *args: args[0],
        "none": lambda *args: None,
        "a text": lambda *args: "0.5",
        "a list of wrong length": lambda *args: [1.0] * 17,
        "a ragged list": lambda *args: [1.0, [2.0, 3.0]],
        "a huge array": lambda *args: np.zeros(10**7),
        "float32": lambda *args: np.asarray(0.1, dtype="float32") * np.float32(args[0]),
        "a Python number": lambda *args: 0.5,
        "true": lambda *args: True,
        "nan": lambda *args: float("nan"),
        "complex": lambda *args: np.asarray(args[0]) + 1j,
        "objects": lambda *args: np.array([None, Strange()]),
        "a strange object": lambda *args: Strange(),
        "not implemented": lambda *args: NotImplemented,
        "raises": raises,
        "exits": exits,
        "reads a global": reads_a_global,
        "random": lambda *args: np.random.rand(*np.shape(args[0])),  # noqa: NPY002
        "remembers": remembers(exercise, right),
        "deletes numpy names": deletes_numpy_names(right),
        "takes no arguments": lambda: 1.0,
        "mutates": mutates(right),
        "recurses": recurses,
        "a string method": "".join,
    }
    if not isinstance(right(*exercise.cases(0)[0]), str):
        if not isinstance(right(*exercise.cases(0)[0]), int):  # a count is exact in float32 too
            ways["float32 of the right answer"] = lambda *args: np.float32(right(*args))
        ways["counts its calls"] = keeps_count(right)
    return ways


@each(FUNCTIONS)
def test_no_rubbish_is_accepted_or_breaks_anything(exercise, unharmed):
    solution = exercise.right_answers()[0]
    for name in rubbish(exercise):
        verdict = exercise.judge(rubbish(exercise)[name], seed=7)
        assert verdict.status not in (Status.CORRECT, Status.NOT_ATTEMPTED), name
        assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict, name
        assert str(verdict) and "<div" in verdict._repr_mimebundle_()["text/html"], name
        assert exercise.judge(solution, seed=8).correct, name


@each(FUNCTIONS)
@pytest.mark.parametrize("endless", [loops_for_ever, swallows_everything, prints_for_ever])
def test_no_exercise_waits_for_the_end_of_time(exercise, endless, unharmed, monkeypatch):
    monkeypatch.setattr(exercise, "seconds", 0.1)
    verdict = exercise.judge(endless)
    assert verdict.status in (Status.TOO_SLOW, Status.TOO_MUCH_OUTPUT)


@each(VALUES)
@pytest.mark.parametrize(
    "answer",
    [
        "no letter",
        "",
        [],
        [1.0, 2.0],
        np.zeros((2, 2)),
        -7.7,
        True,
        {},
        1j,
        float("nan"),
        Strange(),
        len,
    ],
    ids=lambda a: type(a).__name__,
)
def test_no_rubbish_value_is_accepted(exercise, answer, unharmed):
    verdict = exercise.judge(answer)
    assert verdict.status not in (exercise.accepted, Status.NOT_ATTEMPTED)
    assert json.dumps(verdict.to_json())


@each(SETTINGS)
@pytest.mark.parametrize(
    "change",
    [{"lr": -1}, {"lr": "0.3"}, {"lr": None}, {"lr": float("nan")}, {"batch_size": 0}]
    + [{"batch_size": 2.5}, {"momentum": 0.9}, {"batch_size": 10**9}],
    ids=str,
)
def test_no_rubbish_setting_is_accepted(exercise, change):
    verdict = exercise.judge({**exercise.right_answers()[0], **change})
    assert verdict.status is Status.WRONG_TYPE
    assert next(iter(change)) in verdict.message


# ------------------------------------------------------------------------------------ how it answers


@each(EXERCISES)
def test_hints_come_one_by_one(exercise):
    fresh = replace(exercise)
    shown = [str(fresh.hint()) for _ in exercise.hints]
    assert len(set(shown)) == len(exercise.hints)
    assert str(fresh.hint()) == shown[-1]
    assert f"ex.{exercise.name}.solution()" in shown[-1]


@each([e for e in EXERCISES if not isinstance(e, Prediction)])
def test_the_solution_asks_first(exercise):
    fresh = replace(exercise)
    assert exercise.solution_text() not in str(fresh.solution())
    shown = [line.strip() for line in str(fresh.solution()).split("\n")]
    assert all(line.strip() in shown for line in exercise.solution_text().split("\n"))


def test_stored_outputs_are_the_same_in_every_process(tmp_path):
    program = (
        "from course_lib.exercises.engine.progress import exercise_sets\nfor s in "
        "exercise_sets():\n    for e in s:\n        e.judge(e.unsolved_answer())\n        show = "
        "e.check(**e.unsolved_answer()) if isinstance(e.unsolved_answer(), dict) else "
        "e.check(e.unsolved_answer())\n        print(show._repr_mimebundle_(), "
        "e._repr_mimebundle_(), e.hint()._repr_mimebundle_())\n"
    )
    file = tmp_path / "progress.json"
    file.write_text('{"exercises": {"02_activation_functions/leaky_relu": "solved"}}')
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "COURSE_PROGRESS": progress,
                "PYTHONHASHSEED": seed,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for progress, seed in (("off", "1"), (str(file), "2"))
    }
    assert len(outputs) == 1
    assert "Not attempted" in outputs.pop()
    assert [f.name for f in tmp_path.iterdir()] == ["progress.json"]
