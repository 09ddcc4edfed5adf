"""Exercises of notebook 17: a change on the way, and for each patient of the clinic what ails it and what heals it."""

import math

from ..clinic import CHOICES, CONTROLS
from ..patients import ILLS, MEASURES, PATIENTS
from ..session import Session
from .engine import Choice, ExerciseSet, Mistake, Option, Prediction, Setting

SET = ExerciseSet("17_playground")


def _costs(lr):
    """Costs 10, 100 and 1,000 steps after step 300, from where the rate is `lr`."""
    session, costs = Session(data="moons", lr=0.03, steps=300), []
    session.change(lr=lr)
    for steps in (10, 90, 900):
        session.step(steps)
        costs.append(session.look().cost)
    return ", ".join(f"{cost:.3f}" for cost in costs)


predict_change = SET.add(
    Prediction(
        name="predict_change",
        prompt="""
A network has learned two half moons for 300 steps, at learning rate 0.03. Now the rate is set to 0.3, without starting
again. What becomes of the cost?""",
        options=[
            Option("It jumps up: what was learned belongs to the old rate.", "A rate is no part of the weights."),
            Option(
                "It goes on from where it is, and falls faster.",
                "The weights stay where they are; only the steps from there on are longer.",
                right=True,
            ),
            Option("Nothing: a rate is chosen once, at the start.", "Each step asks for the rate anew."),
            Option("Nothing: it has found its minimum.", "After 300 small steps it is still on its way."),
            Option(
                "It diverges: ten times is too much.",
                "It would, if 0.3 were above what the valley allows (lesson 06). Here it is well below.",
            ),
        ],
        measured=lambda: (
            f"10, 100 and 1,000 steps later the cost is {_costs(0.03)} if the rate stays 0.03, "
            f"and {_costs(0.3)} if it becomes 0.3."
        ),
        hints=[
            "Where is what was learned kept: in the rate, or in the weights?",
            "An update is θ − lr · g. What in it changes when lr does?",
            "θ stays as it is; the next step from there is ten times as long.",
        ],
        remember="Rate, optimizer, batch size and penalties may change on the way: they only say how a step is made.",
    )
)


def controls_of(patient):
    """The settings that a repair may change: those of the cures, and those of changes that do not heal."""
    changed = {name for change in (*patient.cures, *(change for change, _ in patient.wrong)) for name in change}
    return {name: check for name, check in CONTROLS.items() if name in changed}


def what_was_set(patient):
    """The present values of these settings in words, with what else can be chosen where nobody could guess it."""

    def said(name):
        value = patient.case.get(name)
        other = " or ".join(f'`"{choice}"`' for choice in CHOICES.get(name, ()) if choice != value)
        return f"`{name}={value!r}`".replace("'", '"') + (f" (or {other})" if other else "")

    return f"What was set: {', '.join(map(said, controls_of(patient)))}."


def diagnosis(number, patient):
    """The exercise that asks what ails a patient."""
    reasons = {patient.ill: patient.why} | patient.others
    options = [Option(ILLS[ill], reasons[ill], ill == patient.ill, ill) for ill in ILLS if ill in reasons]
    return Choice(
        name=f"diagnose_{number}",
        prompt=f"""
**Patient {number}**, in the owner's words: *“{patient.complaint}”* Examine it with `explore.clinic(patient={number})`,
then say what ails it.""",
        options=options,
        hints=list(patient.look),
        remember=f"{patient.remember} {what_was_set(patient)}",
    )


def distance(one, other):
    """How far two values of a setting are apart: numbers by their ratio, anything else not at all or for ever."""
    if any(value is None or isinstance(value, str) for value in (one, other)):
        return 0.0 if one == other else math.inf
    return abs(math.asinh(one / 1e-9) - math.asinh(other / 1e-9))


def made(change, known, present, given):
    """Whether settings make this change: moved away from the present, the same way, and no known change is nearer."""

    def moved(name, aim):
        was, now = present[name], given[name]
        others = [other[name] for other in known if name in other]
        near = distance(now, aim) == min(distance(now, other) for other in others) < math.inf
        return near and now != was and (isinstance(now, str) or was is None or (now > was) == (aim > was))

    return all(moved(name, aim) for name, aim in change.items())


def in_short(change):
    """A change as a few words: the name of a mistake."""
    return ", ".join(f"{name} = {value}" for name, value in change.items())


def repair(number, patient):
    """The exercise that asks for a change of settings that heals a patient, judged by training."""
    controls = controls_of(patient)
    present = {name: patient.case.get(name) for name in controls}
    measure, aim = MEASURES[patient.goal[0]], patient.goal[1]

    def run(**settings):
        change = {name: value for name, value in settings.items() if value != present[name]}
        return patient.value(patient.case.change(**change))

    known = [change for change, _ in patient.wrong]
    mistakes = [
        Mistake(
            in_short(change),
            change,
            why,
            when=lambda given, _, change=change: made(change, known, present, given),
        )
        for change, why in patient.wrong
    ]
    unchanged = Mistake(
        "nothing changed",
        present,
        "These are the settings it fell ill with.",
        when=lambda given, _: given == present,
    )
    return Setting(
        name=f"repair_{number}",
        prompt=f"""
**Heal patient {number}.** You may set {", ".join(f"`{name}`" for name in controls)}. Change one of them, two if you
must, so that three runs from three seeds have, in the middle, {measure.aim.format(aim)}. Dots that you leave keep a
setting. What was set you are told with the right diagnosis, or by `ex.repair_{number}.hint()`.""",
        controls=controls,
        present=present,
        run=run,
        reached=patient.healed,
        in_words=lambda value: measure.said.format(value) + ", in the middle of three runs",
        goal=measure.aim.format(aim),
        solved_by=list(patient.cures),
        mistakes=[unchanged, *mistakes],
        hints=[
            f"The cure follows from the diagnosis: is `ex.diagnose_{number}` solved? {what_was_set(patient)}",
            patient.hint,
            f"Change {' and '.join(f'`{name}`' for name in patient.cures[0])}, and leave the rest as it is.",
        ],
        remember=patient.remember,
    )


for _number, _patient in enumerate(PATIENTS, start=1):
    globals().update({e.name: SET.add(e) for e in (diagnosis(_number, _patient), repair(_number, _patient))})
