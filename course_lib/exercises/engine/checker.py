"""From an answer to a verdict: the same way in a lesson and in grading.

The function under test is reached only through `call(args, seed) -> Outcome`, so it may as well run
in another process; cases and results are plain data.
"""

import numpy as np

from .diagnosis import Trial, diagnose_errors, diagnose_shapes, diagnose_values
from .guard import called, put_numpy_back
from .values import (
    Odd,
    agree,
    numbers,
    plain,
    same_data,
    shape,
    show,
    show_apart,
    show_call,
)
from .verdict import Status, Verdict


def judge_function(exercise, call, seed, function=None):
    """The Verdict on the function behind `call`, on the exercise's cases drawn from `seed`."""
    put_numpy_back()
    cases = exercise.cases(seed)
    outcomes = []
    for args in cases:
        outcome = call(args)
        if outcome.stopped or (outcome.raised and outcome.raised.type == "NotImplementedError"):
            return _ended_early(exercise, args, outcome)
        outcomes.append(outcome)
    expected = [plain(exercise.oracle(*args)) for args in cases]
    got = [o.value for o in outcomes]
    trial = Trial(cases, expected, got, exercise.rtol, call, function)
    wrong = [
        i
        for i, o in enumerate(outcomes)
        if o.raised or misfit(o.value, expected[i]) or not trial.agree(o.value, expected[i])
    ]
    if wrong:
        return _explained(exercise, trial, outcomes, wrong)
    return _spotless(exercise, trial, outcomes)


def _ended_early(exercise, args, outcome):
    where = {"failing_input": show_call(exercise.name, args), "printed": outcome.printed}
    if outcome.stopped == "time":
        return Verdict(
            exercise.name,
            Status.TOO_SLOW,
            f"After {exercise.seconds:g} seconds it had not finished, so it was stopped: is "
            "there a loop whose condition never becomes false? A correct answer takes a few "
            "milliseconds.",
            **where,
        )
    if outcome.stopped == "output":
        return Verdict(
            exercise.name,
            Status.TOO_MUCH_OUTPUT,
            "It printed more than 100,000 characters in one call, so it was stopped: take the `print` out of the loop.",
            **where,
        )
    return not_attempted(exercise)


def not_attempted(exercise):
    return Verdict(exercise.name, Status.NOT_ATTEMPTED, exercise.how_to_start)


def _explained(exercise, trial, outcomes, wrong):
    """What went wrong, as helpful as can be: a known mistake, else a pattern, else the facts."""
    first = wrong[0]  # authors put the small and telling cases first
    outcome, expected = outcomes[first], trial.expected[first]

    def verdict(status, message, mistake=""):
        want, got = show_apart(expected, outcome.value)
        return Verdict(
            exercise.name,
            status,
            message,
            mistake,
            failing_input=show_call(exercise.name, trial.cases[first]),
            expected=want,
            got="" if outcome.raised else got,
            line=outcome.raised.line if outcome.raised else "",
            printed=outcome.printed,
        )

    if known := _known_mistake(exercise, trial, outcomes):
        return verdict(Status.KNOWN_MISTAKE, known.why, known.name)
    problem = misfit(outcome.value, expected)
    if outcome.raised:
        found = diagnose_errors(trial)
    elif problem:
        found = diagnose_shapes(trial) if problem[0] is Status.WRONG_SHAPE else None
    else:
        found = diagnose_values(trial)
    if found:
        return verdict(Status.DIAGNOSIS, found.why, found.name)
    if outcome.raised:
        return verdict(Status.RAISED, _error_in_words(exercise, outcome.raised))
    if problem:
        status, message = problem
        if outcome.value is None and outcome.changed:
            message += " It changed its input in place: give the new value back instead."
        return verdict(status, message)
    right = len(outcomes) - len(wrong)
    share = f"Right for {right} of {len(outcomes)} inputs" if right else "Right for no input yet"
    return verdict(Status.WRONG, f"{share}. Work the one below by hand and compare.")


def _spotless(exercise, trial, outcomes):
    """Every number is right; but is the function also well-behaved?"""
    changed = next((i for i, o in enumerate(outcomes) if o.changed), None)
    touched = sorted({name for o in outcomes for name in o.touched})
    listed = ", ".join(f"`{name}`" for name in touched[:5])
    again = [trial.call(args, seed=1) for args in trial.cases]
    name = why = ""
    shown = 0
    if touched:
        name = "changes numpy"
        why = (
            f"The numbers are right, but it replaces or deletes {listed}, which every other "
            "function needs too. It was put back."
        )
    elif changed is not None:
        name, shown = "changes its input", changed
        why = (
            "The numbers are right, but afterwards the array it was given is another. Whoever "
            "calls it still needs that array: work on a copy, or make a new array."
        )
    elif not all(same_data(a.value, o.value) for a, o in zip(again, outcomes, strict=True)):
        name = "unsteady"
        why = (
            "The numbers were right at first, but with the same input a second time they are "
            "others. It must not depend on random numbers, on a variable outside it that "
            "changes, or on how often it was called."
        )
    if name:
        return Verdict(
            exercise.name,
            Status.DIAGNOSIS,
            why,
            name,
            failing_input=show_call(exercise.name, trial.cases[shown]),
            printed=outcomes[shown].printed,
        )
    text = f"Right on {len(outcomes)} inputs, the awkward ones among them. {exercise.remember}"
    return Verdict(exercise.name, Status.CORRECT, text.strip(), printed=outcomes[0].printed)


def _known_mistake(exercise, trial, outcomes):
    """The known mistake that gives exactly what the learner's function gave, on every case."""
    with np.errstate(all="ignore"):
        for mistake in exercise.mistakes:
            if all(
                _alike(outcome, called(mistake.wrong, args), trial.rtol)
                for args, outcome in zip(trial.cases, outcomes, strict=True)
            ):
                return mistake


def _alike(a, b, rtol):
    if a.raised or b.raised:
        return bool(a.raised and b.raised) and (a.raised.type, a.raised.message) == (
            b.raised.type,
            b.raised.message,
        )
    return same_data(a.value, b.value) or _agree_with_gaps(a.value, b.value, rtol)


def _agree_with_gaps(a, b, rtol):
    """Equal within the tolerance, and NaN or infinite in the same places."""
    x, y = numbers(a), numbers(b)
    if x is None or y is None:
        return agree(a, b)
    if x.shape != y.shape:
        return False
    fine = abs(y) < float("inf")
    return bool(((abs(x) < float("inf")) == fine).all()) and agree(x[fine], y[fine], rtol)


def _error_in_words(exercise, raised):
    text = f"`{raised.type}`: {raised.message}" if raised.message else f"`{raised.type}`"
    if not raised.line:
        text += f"\n\nThe check calls it as `{exercise.signature}`."
    return text


def judge_value(exercise, answer, seed):
    """The Verdict on a number or array worked out by hand."""
    if answer is None or answer is Ellipsis:
        return not_attempted(exercise)
    given = tuple(exercise.given(seed).values())
    expected, got = plain(exercise.oracle(*given)), plain(answer)
    if isinstance(got, list) and (array := numbers(got)) is not None:
        got = array  # by hand, a list of numbers is as good as an array

    def verdict(status, message, mistake=""):
        return Verdict(exercise.name, status, message, mistake, got=show(got))

    problem = misfit(got, expected, "Your answer")
    if problem:
        return verdict(*problem)
    if agree(got, expected, exercise.rtol):
        return Verdict(exercise.name, Status.CORRECT, exercise.remember)
    for mistake in exercise.mistakes:
        wrong = plain(mistake.wrong(*given) if callable(mistake.wrong) else mistake.wrong)
        if agree(got, wrong, exercise.rtol):
            return verdict(Status.KNOWN_MISTAKE, mistake.why, mistake.name)
    if agree(got, expected, 10 * exercise.rtol):
        why = f"Nearly: rounded too early. Keep all digits until the end; {exercise.precision}."
        return verdict(Status.DIAGNOSIS, why, "rounding")
    if found := diagnose_values(Trial([given], [expected], [got], exercise.rtol)):
        return verdict(Status.DIAGNOSIS, found.why, found.name)
    return verdict(Status.WRONG, "Not this number. A hint may help.")


def misfit(got, expected, subject="It"):
    """(status, message) if `got` is of another type or shape than `expected`, else None."""
    gives = f"{subject} gives back" if subject == "It" else f"{subject} is"
    want = _kind(expected)
    if got is None:
        return Status.WRONG_TYPE, f"{gives} nothing (`None`): is there a `return` in every branch?"
    if isinstance(got, Odd) or (numbers(got) is None) != (numbers(expected) is None):
        return Status.WRONG_TYPE, f"{gives} {_kind(got)}; {want} is wanted."
    if isinstance(got, list) and not isinstance(expected, list) and shape(expected):
        return Status.WRONG_TYPE, f"{gives} a list or tuple; {want} is wanted, such as `np.array` makes."
    if numbers(expected) is None and type(got) is not type(expected):
        return Status.WRONG_TYPE, f"{gives} {_kind(got)}; {want} is wanted."
    if shape(got) != shape(expected):
        return Status.WRONG_SHAPE, f"{gives} {_kind(got)}; {want} is wanted."


def _kind(value):
    if isinstance(value, Odd):
        return value.what
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, np.ndarray) and value.dtype.kind == "b":
        return "an array of true and false"
    if numbers(value) is None:
        return "a list or tuple of something else than numbers"
    if shape(value) == ():
        return "a single number"
    if isinstance(value, list):
        return f"a list or tuple of {len(value)} numbers" if len(shape(value)) == 1 else "a table of numbers"
    return f"an array of shape {shape(value)}"
