"""Exercises of notebook 00: what an update is, how success is counted, and a first network to train."""

import math

import numpy as np

from ..checks import number, whole
from ..datasets import circles
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction, Setting

SET = ExerciseSet("00_start_here")

RECORDS = 128


def _circle(units, lr, updates=400):
    data = circles(RECORDS)
    history = train(Settings(hidden=(units,), lr=lr, steps=updates, evaluate_every=updates), data)
    with np.errstate(all="ignore"):
        return history, float(((history.predict(data.x) > 0.5) == data.y).mean())


predict_units = SET.add(
    Prediction(
        name="predict_units",
        prompt="""
Points of one class lie in a disc, those of the other in a ring around it. A hidden unit can tell one side
of a straight line from the other. How many hidden units does it take to fence the disc in?""",
        options=[
            Option("One: the network will bend its line.", "One unit has one straight line, and it stays straight."),
            Option("Two: one for the left, one for the right.", "Two lines make a strip or a corner: a side is open."),
            Option("Three: a triangle is closed.", "Three lines can close in an area, and so they do.", right=True),
            Option("None will do: straight lines make no circle.", "A fence of straight pieces need not be round."),
            Option("A hundred: a circle has very many sides.", "A rough fence is enough: points are not everywhere."),
        ],
        measured=lambda: (
            "Share of the points on the right side after 400 updates: "
            + ", ".join(f"{_circle(units, 0.5)[1]:.0%} with {units}" for units in (1, 2, 3, 8))
            + " hidden units."
        ),
        hints=[
            "Draw it on paper: a disc, and straight lines that keep the ring out.",
            "With one line the disc and half of the ring are on the same side.",
            "What is the smallest number of straight sides of a closed figure?",
        ],
        remember="Each hidden unit adds one straight line; the output puts them together.",
    )
)

updates_needed = SET.add(
    Number(
        name="updates_needed",
        prompt="""
A data set has {n} records. The network sees them in batches of {size}, and makes one update for each batch. How many
updates does it make in {epochs} epochs, that is, when it goes through all records {epochs} times?""",
        values={"n": 160, "size": 32, "epochs": 3},
        oracle=lambda n, size, epochs: math.ceil(n / size) * epochs,
        rtol=1e-9,
        precision="it is a whole number",
        working="One epoch takes {n} / {size} = 5 batches, so 5 updates; {epochs} epochs take 3 · 5 = 15.",
        hints=[
            "How many batches of {size} are in {n} records? Divide.".replace("{size}", "32").replace("{n}", "160"),
            "160 / 32 = 5 batches make one epoch, and each is one update.",
            "Three epochs: three times as many.",
        ],
        mistakes=[
            Mistake("one epoch", lambda n, size, epochs: n / size, "That is one epoch; there are three."),
            Mistake(
                "one update per record",
                lambda n, size, epochs: n * epochs,
                "That would be one update for each record. Here 32 records together make one update.",
            ),
            Mistake("one update per epoch", lambda n, size, epochs: epochs, "An epoch has as many updates as batches."),
            Mistake(
                "records in a batch counted",
                lambda n, size, epochs: size * epochs,
                "32 is the number of records in one batch. Ask how many such batches there are.",
            ),
        ],
        remember="Updates = batches per epoch × epochs. An epoch is one pass over all records.",
    )
)

share_right = SET.add(
    Function(
        prompt="""
How good is a network? Write the function that gets the `predicted` classes and the `true` classes, two arrays of
zeros and ones, and gives back the **share that is right**: 1.0 if all are, 0.5 if every other is.""",
        solution_code='''
def share_right(predicted, true):
    """The share of the records whose class was predicted right."""
    return np.mean(predicted == true)
''',
        oracle=lambda predicted, true: sum(float(p == t) for p, t in zip(predicted, true)) / len(true),
        inputs=lambda rng: (
            rng.integers(0, 2, n := int(rng.integers(5, 12))),
            rng.permutation([0, 1, 1, *rng.integers(0, 2, n - 3)]),
        ),
        edge_cases=[
            (np.array([1, 0, 0, 1, 1]), np.array([1, 1, 0, 1, 0])),
            (np.array([1, 0, 1, 1]), np.array([1, 0, 1, 1])),
            (np.array([0, 0, 0]), np.array([1, 1, 1])),
        ],
        alternatives=[
            lambda predicted, true: 1 - np.abs(predicted - true).mean(),
            lambda predicted, true: sum(1 for p, t in zip(predicted, true) if p == t) / len(predicted),
        ],
        hints=[
            "Where do the two arrays agree? `predicted == true` gives True or False for each record.",
            "True counts as 1 and False as 0: so the mean of them is the share of True.",
            "`return np.mean(…)`, and the dots are the comparison of the first hint.",
        ],
        mistakes=[
            Mistake(
                "count",
                lambda predicted, true: np.sum(predicted == true),
                "This is how many are right. For the share, divide by the number of records, or take the mean.",
            ),
            Mistake(
                "per cent",
                lambda predicted, true: 100 * np.mean(predicted == true),
                "This is right in per cent. Asked for is the share, between 0 and 1.",
            ),
            Mistake(
                "share wrong",
                lambda predicted, true: np.mean(predicted != true),
                "This is the share that is wrong: you compare with `!=`, not `==`.",
            ),
            Mistake(
                "share of ones",
                lambda predicted, true: np.mean(predicted),
                "This is how often class 1 was predicted, right or wrong. Compare with `true`.",
            ),
            Mistake(
                "agreeing ones only",
                lambda predicted, true: np.mean(predicted * true),
                "A product of zeros and ones is 1 only where both are 1: the zeros that were right are left out.",
            ),
            Mistake(
                "all or nothing",
                lambda predicted, true: float(np.all(predicted == true)),
                "This asks whether all are right. The share of them is wanted.",
            ),
        ],
        remember="The mean of a comparison is the share for which it holds.",
    )
)

fence = SET.add(
    Setting(
        name="fence",
        prompt=f"""
Train a network on the disc in the ring ({RECORDS} points, {400} updates): find a number of hidden `units` (1 to 16)
and a learning rate `lr` with which **at least 98 % of the points** are on the right side. In the live figure above,
choose the data set *circles* and try.""",
        controls={
            "units": lambda v: whole("units", v, 1, 16),
            "lr": lambda v: number("lr", v, 0, 100, above=True),
        },
        run=_circle,
        reached=lambda result: result[1] >= 0.98,
        in_words=lambda result: f"{result[1]:.0%} of the points on the right side, cost {result[0].cost[-1]:.2g}",
        goal="98 % of the points on the right side",
        solved_by=[{"units": 8, "lr": 0.5}, {"units": 16, "lr": 0.3}],
        hints=[
            "A triangle needs three straight lines, so three units at least; more make it easier.",
            "With 8 units, try learning rates 0.01, 0.1 and 1: which comes nearest?",
            "8 units and a rate near 0.5 will do.",
        ],
        mistakes=[
            Mistake(
                "too few units",
                {"units": 2, "lr": 0.5},
                "One or two straight lines cannot close in the disc, however long you train. Take more units.",
                when=lambda s, result: s["units"] < 3,
            ),
            Mistake(
                "rate too small",
                {"units": 8, "lr": 0.001},
                "The steps are so small that 400 of them lead almost nowhere. Multiply the rate by 10.",
                when=lambda s, result: s["lr"] <= 0.1,
            ),
            Mistake(
                "rate too large",
                {"units": 4, "lr": 80.0},
                "The steps are so large that each spoils what the one before had won. Divide the rate by 10.",
                when=lambda s, result: s["lr"] > 3,
            ),
            Mistake(
                "only just too few",
                {"units": 3, "lr": 0.15},
                "Nearly. Three lines close the triangle only just, and in their own time: give the network more units, "
                "or a larger rate.",
                when=lambda s, result: s["units"] <= 16,
            ),
        ],
        remember="Units decide what a network can draw; the learning rate decides whether it gets there in time.",
    )
)
