"""Whatever a learner's function does, it ends, and everything is as it was before."""

import builtins
import contextlib
import random
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from course_lib.exercises import activation_functions, learning_rate
from course_lib.exercises.engine import Status, guard
from course_lib.exercises.engine.guard import Caller

pytestmark = pytest.mark.usefixtures("unharmed")


def plain_loop():
    while True:
        pass


def asleep():
    time.sleep(60)


def swallows():
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def swallows_twice():
    while True:
        try:
            try:
                len("")
            except:  # noqa: E722
                len("")
        except:  # noqa: E722
            pass


def swallows_in_a_row():
    while True:
        try:
            len("")
        except BaseException:
            pass
        with contextlib.suppress(BaseException):
            time.sleep(0.001)


def swallows_finally():
    while True:
        try:
            time.sleep(60)
        finally:
            continue  # noqa: B012


def swallows_in_a_function():
    def inner():
        try:
            plain_loop()
        except BaseException:
            return 1

    while True:
        inner()


def endless_list():
    return [x for x in iter(int, 1)]


def numpy_loop():
    while True:
        np.exp(np.ones(10)).sum()


ENDLESS = [plain_loop, asleep, endless_list, numpy_loop, swallows]
STUBBORN = [swallows_twice, swallows_in_a_row, swallows_finally, swallows_in_a_function]
stubborn = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 misses them")


@pytest.mark.parametrize("function", [*ENDLESS, *(pytest.param(f, marks=stubborn) for f in STUBBORN)])
def test_an_endless_function_is_stopped(function):
    start = time.monotonic()
    assert Caller(function, 0.1)(()).stopped == "time"
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("function", [plain_loop, swallows, numpy_loop])
def test_also_where_there_is_no_alarm(function, monkeypatch):
    class Windows:
        SIGINT, signal = guard.signal.SIGINT, staticmethod(guard.signal.signal)

    monkeypatch.setattr(guard, "signal", Windows)
    assert Caller(function, 0.1)(()).stopped == "time"


@pytest.mark.parametrize("function", [plain_loop, numpy_loop, endless_list])
def test_also_in_another_thread(function):
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(Caller(function, 0.1)(())))
    thread.start()
    thread.join(5)
    assert [o.stopped for o in outcomes] == ["time"]


@pytest.mark.parametrize("function", [plain_loop, numpy_loop, endless_list])
def test_also_in_the_browser(function, monkeypatch):
    monkeypatch.setattr(guard, "BROWSER", True)
    assert Caller(function, 0.1)(()).stopped == "time"
    assert Caller(lambda: 42)(()).value == 42


def test_an_endless_loop_is_reported_within_five_seconds_and_the_next_check_works():
    start = time.monotonic()
    verdict = activation_functions.leaky_relu.judge(lambda z, a: plain_loop())
    assert time.monotonic() - start < 5
    assert verdict.status is Status.TOO_SLOW
    assert activation_functions.leaky_relu.judge(activation_functions.leaky_relu.right_answers()[0]).correct


def test_the_limit_is_for_all_calls_together():
    slow = Caller(lambda: time.sleep(0.06), 0.1)
    assert [slow(()).stopped for _ in range(3)] == ["", "time", "time"]


def test_a_flood_is_stopped_and_the_beginning_is_kept():
    def flood():
        while True:
            print("water")

    outcome = Caller(flood)(())
    assert outcome.stopped == "output"
    assert outcome.printed.split("\n") == ["water"] * guard.LINES_SHOWN + ["…"]


def test_one_huge_print_is_stopped():
    assert Caller(lambda: print("x" * 10**7))(()).stopped == "output"


def test_what_it_prints_is_shown_with_the_verdict(capsys):
    def talks(z, a):
        print("z is", z.shape)
        print("to stderr", file=sys.stderr)
        return z * 0

    verdict = activation_functions.leaky_relu.judge(talks)
    assert verdict.printed == "z is (4,)\nto stderr"
    assert "z is (4,)" in str(verdict)
    assert capsys.readouterr() == ("", "")


def test_the_learners_line_is_named_and_none_of_ours():
    def broken(z, a):
        inside = z + 1
        return inside / missing  # noqa: F821

    verdict = activation_functions.leaky_relu.judge(broken)
    assert verdict.status is Status.RAISED
    assert verdict.line.endswith("return inside / missing  # noqa: F821")
    assert str(broken.__code__.co_firstlineno + 2) in verdict.line
    assert "NameError" in verdict.message
    assert "course_lib" not in str(verdict)


def test_a_wrong_signature_is_explained_by_the_call():
    verdict = activation_functions.leaky_relu.judge(lambda: 1)
    assert verdict.status is Status.RAISED
    assert "leaky_relu(z, a)" in verdict.message


def test_an_error_that_cannot_be_shown_is_shown_all_the_same():
    class Nasty(Exception):
        def __str__(self):
            raise RuntimeError

    def raises():
        raise Nasty

    assert Caller(raises)(()).raised.type == "Nasty"


def test_a_keyboard_interrupt_is_the_learners_own():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Caller(interrupted)(())


def test_it_gets_copies():
    inputs = (np.arange(3.0), [1.0, 2.0])

    def greedy(array, items):
        array += 1
        items.clear()

    outcome = Caller(greedy)(inputs)
    assert outcome.changed == (0, 1)
    assert inputs[0].tolist() == [0, 1, 2]
    assert inputs[1] == [1.0, 2.0]


def test_global_state_is_put_back():
    def vandal():
        np.random.seed(5)  # noqa: NPY002
        random.seed(5)
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        warnings.simplefilter("error")
        builtins.len = None
        del np.sum, np.linalg.norm
        np.random.default_rng = None
        sys.stdout = None

    python, options, filters = random.getstate(), np.get_printoptions(), list(warnings.filters)
    outcome = Caller(vandal)(())
    assert set(outcome.touched) == {"numpy.sum", "numpy.linalg.norm", "numpy.random.default_rng"}
    assert (random.getstate(), np.get_printoptions(), warnings.filters) == (
        python,
        options,
        filters,
    )
    assert len([1]) == 1


def test_what_was_broken_before_the_check_is_mended():
    solution = activation_functions.leaky_relu.right_answers()[0]
    del np.where, np.errstate
    np.isfinite = None
    assert activation_functions.leaky_relu.judge(solution).correct


def test_a_function_may_check_another():
    def nested(lr, c):
        inner = learning_rate.one_step.judge(0.485)
        activation_functions.leaky_relu.judge(lambda z, a: z)
        return "monotone" if inner.correct and lr * c <= 1 else "zig-zag" if lr * c < 2 else "diverging"

    assert learning_rate.name_regime.judge(nested).correct


def test_the_function_may_run_elsewhere():
    """As in grading: the checker sees plain outcomes only, and never the function."""
    exercise = activation_functions.softmax
    there = Caller(exercise.right_answers()[1])
    assert exercise.judge(call=there).correct
    known = exercise.mistakes[2]
    assert exercise.judge(call=Caller(known.wrong)).mistake == known.name
    assert exercise.judge(call=Caller(plain_loop)).status is Status.RAISED
    assert exercise.judge(call=lambda args, seed=0: guard.Outcome(stopped="time")).status is Status.TOO_SLOW
