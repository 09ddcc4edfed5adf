"""Exercises of notebook 16: what is reused, what is frozen, and what labels are for."""

import numpy as np

from ..transfer import OTHERS, WAYS, learn_target
from .engine import Choice, ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("16_transfer_learning")


def _measured():
    """Middle accuracies of five draws, in words."""
    right = np.median(learn_target(OTHERS, 20, range(5))[0][-1], axis=0)
    return ", ".join(f"{way} {share:.0%}" for way, share in zip(WAYS, right))


predict_transfer = SET.add(
    Prediction(
        name="predict_transfer",
        prompt="""
A network has learned to tell the digits 0 to 4 apart and makes no mistake on them. We keep its two hidden layers,
frozen, put a new output layer on top and train that on 5 to 9, with 20 labelled records of each. Beside it a fresh
network of the same size trains on the same 100 records from scratch. Which is right more often on unseen 5s to 9s?""",
        options=[
            Option(
                "The one with the frozen layers: it starts with knowledge of digits.",
                "It knows what tells 0 to 4 apart. Whatever does not help there, its layers may have dropped.",
            ),
            Option(
                "The fresh one.",
                "The frozen layers keep what separates 0 to 4 and drop the rest, and no output layer can bring it "
                "back. On pictures of 64 pixels, 100 records are enough to learn better layers.",
                right=True,
            ),
            Option("Both the same: 100 records are few for either.", "They are enough for one of them."),
            Option("Neither learns anything: 5 to 9 were never seen before.", "Both see 100 of them now, with labels."),
            Option("It is pure chance, another draw decides.", "The gap is far larger than what the draws differ by."),
        ],
        measured=lambda: f"Middle of five draws, right on unseen records: {_measured()}.",
        hints=[
            "What did the hidden layers have to find out to tell 0 to 4 apart? And what not?",
            "A frozen layer is a fixed function. What two records have in common after it, nobody can tell apart.",
            "How hard is the task? If little data already suffices, what is there to gain?",
        ],
        remember="Reused layers bring what the source task needed. Whether the target needs the same must be measured.",
    )
)

still_learns = SET.add(
    Number(
        name="still_learns",
        prompt="""
A network has {inputs} inputs, hidden layers of {first} and {second} units, and {outputs} outputs; every layer has
weights and biases. The **first** layer is frozen. How many numbers does training still change?""",
        values={"inputs": 64, "first": 32, "second": 16, "outputs": 5},
        oracle=lambda inputs, first, second, outputs: (first + 1) * second + (second + 1) * outputs,
        precision="count exactly",
        rtol=1e-9,
        working="Second layer: 32·16 weights + 16 biases = 528. Output layer: 16·5 + 5 = 85. Together 613.",
        hints=[
            "Three layers have numbers to learn. Which of them may still move?",
            "A layer from n to m units has n·m weights and m biases.",
            "The layer from 32 to 16 has 32·16 + 16, the one from 16 to 5 has 16·5 + 5. Add.",
        ],
        mistakes=[
            Mistake(
                "all of them",
                lambda inputs, first, second, outputs: (
                    (inputs + 1) * first + (first + 1) * second + (second + 1) * outputs
                ),
                "That is the whole network. The first layer's 64·32 + 32 are frozen.",
            ),
            Mistake(
                "the frozen ones",
                lambda inputs, first, second, outputs: (inputs + 1) * first,
                "You counted what is frozen. Asked for is the rest.",
            ),
            Mistake(
                "only the output layer",
                lambda inputs, first, second, outputs: (second + 1) * outputs,
                "Only the first layer is frozen; the second hidden layer learns as well.",
            ),
            Mistake(
                "no biases",
                lambda inputs, first, second, outputs: first * second + second * outputs,
                "The biases are missing: one for each unit of the layers that learn.",
            ),
            Mistake(
                "biases of the first layer too",
                lambda inputs, first, second, outputs: first + (first + 1) * second + (second + 1) * outputs,
                "The biases of a frozen layer are frozen with it.",
            ),
        ],
        remember="Freezing the widest layer leaves little to learn: cheap, safe against overfitting, and limited.",
    )
)

frozen_update = SET.add(
    Function(
        prompt=r"""
**An update with frozen weights.** `w` are all weights in one vector, `gradient` the gradient of the cost, and
`learns` is 1 for a weight that learns and 0 for one that is frozen. Give back the weights after one step of gradient
descent.""",
        solution_code='''
def frozen_update(w, gradient, lr, learns):
    """The weights after one step; frozen ones stay."""
    return w - lr * gradient * learns
''',
        oracle=lambda w, gradient, lr, learns: np.where(learns == 1, w - lr * gradient, w),
        inputs=lambda rng: (
            rng.normal(size=(n := rng.integers(4, 8))),
            rng.normal(size=n),
            float(rng.choice([0.1, 0.25, 0.5])),
            np.r_[0.0, 1.0, rng.integers(0, 2, n - 2)],
        ),
        edge_cases=[
            (np.array([1.0, 2.0, 3.0]), np.array([10.0, 10.0, 10.0]), 0.1, np.array([0.0, 1.0, 1.0])),
            (np.array([1.0, -2.0]), np.array([0.5, 0.5]), 0.2, np.array([0.0, 0.0])),
            (np.array([1.0, -2.0]), np.array([0.5, -3.0]), 0.2, np.array([1.0, 1.0])),
        ],
        alternatives=[
            lambda w, gradient, lr, learns: np.where(learns > 0, w - lr * gradient, w),
            lambda w, gradient, lr, learns: (1 - learns) * w + learns * (w - lr * gradient),
        ],
        hints=[
            "Without frozen weights it would be `w - lr * gradient`.",
            "A weight stays where it is if its step is 0. What can you multiply the step by?",
            "Multiply the step, and only the step, by `learns`.",
        ],
        mistakes=[
            Mistake(
                "nothing frozen",
                lambda w, gradient, lr, learns: w - lr * gradient,
                "Every weight has moved, the frozen ones too. Where does `learns` come in?",
            ),
            Mistake(
                "frozen weights set to 0",
                lambda w, gradient, lr, learns: (w - lr * gradient) * learns,
                "The frozen weights have become 0: what they knew is lost. They are to *stay*; multiply the step by "
                "`learns`, not the weights.",
            ),
            Mistake(
                "the others frozen",
                lambda w, gradient, lr, learns: w - lr * gradient * (1 - learns),
                "The wrong ones moved: `learns` is 1 where a weight learns.",
            ),
            Mistake(
                "uphill",
                lambda w, gradient, lr, learns: w + lr * gradient * learns,
                "The right ones moved, but up the hill. A step of descent goes against the gradient.",
            ),
            Mistake(
                "no rate",
                lambda w, gradient, lr, learns: w - gradient * learns,
                "The learning rate is missing.",
            ),
        ],
        remember="Frozen: the step is 0, the value stays and goes on working in the forward pass.",
    )
)


def _sure_cost(p, threshold):
    top = p.max(axis=1)
    return float(-np.log(top[top >= threshold]).mean())


def _probabilities(rng):
    e = np.exp(rng.normal(0, 1.5, (rng.integers(5, 9), 3)))
    e[:2] = [[9.0, 0.5, 0.7], [1.0, 1.2, 0.9]]  # one that is sure, one that is not
    return e / e.sum(axis=1, keepdims=True), float(rng.choice([0.5, 0.6, 0.7]))


pseudo_cost = SET.add(
    Function(
        prompt=r"""
**Pseudo-labels.** `p` (records, classes) are the probabilities that a network gives to *unlabelled* records. Where the
largest probability of a record is at least `threshold`, that class is taken for its label; the other records are left
out. Give back the cost: the mean of the cross-entropy losses $-\ln p$ of the records taken.""",
        solution_code='''
def pseudo_cost(p, threshold):
    """Mean loss of the records the network is sure of, its own guess taken for the label."""
    top = p.max(axis=1)
    return -np.log(top[top >= threshold]).mean()
''',
        oracle=_sure_cost,
        inputs=_probabilities,
        edge_cases=[
            (np.array([[0.9, 0.05, 0.05], [0.4, 0.35, 0.25], [0.1, 0.2, 0.7]]), 0.6),
            (np.array([[0.25, 0.75], [0.5, 0.5]]), 0.75),
            (np.array([[0.3, 0.3, 0.4], [0.2, 0.2, 0.6]]), 0.3),
        ],
        alternatives=[
            lambda p, threshold: (
                sum(-np.log(max(r)) for r in p if max(r) >= threshold) / sum(max(r) >= threshold for r in p)
            ),
            lambda p, threshold: np.average(-np.log(p.max(axis=1)), weights=p.max(axis=1) >= threshold),
        ],
        hints=[
            "The loss of a record is −ln of the probability of its label, and the label is the likeliest class.",
            "So you need the largest entry of each row: `p.max(axis=1)`.",
            "Keep those that reach the threshold, `top[top >= threshold]`, and take the mean of their −ln.",
        ],
        mistakes=[
            Mistake(
                "all records",
                lambda p, threshold: -np.log(p.max(axis=1)).mean(),
                "Every record counts here, also those the network is unsure of. Leave out what is below `threshold`.",
            ),
            Mistake(
                "unsure ones kept as zeros",
                lambda p, threshold: (-np.log(p.max(axis=1)) * (p.max(axis=1) >= threshold)).mean(),
                "The sum is right, but it is divided by the number of *all* records. Divide by those that were taken.",
            ),
            Mistake(
                "sum",
                lambda p, threshold: -np.log(p.max(axis=1)[p.max(axis=1) >= threshold]).sum(),
                "This is the sum of the losses. A cost is their mean.",
            ),
            Mistake(
                "no minus",
                lambda p, threshold: np.log(p.max(axis=1)[p.max(axis=1) >= threshold]).mean(),
                "The logarithm of a probability is negative; the loss has a minus before it.",
            ),
            Mistake(
                "every sure entry",
                lambda p, threshold: -np.log(p.max(axis=0)).mean(),
                "That takes the largest entry per class. Each *row* is a record: `axis=1`.",
            ),
            Mistake(
                "the likeliest is not logged",
                lambda p, threshold: p.max(axis=1)[p.max(axis=1) >= threshold].mean(),
                "That is the mean probability. The loss is −ln of it.",
            ),
        ],
        remember="Pseudo-labels: the network's own guesses as targets. Its errors come back as targets too.",
    )
)

why_stuck = SET.add(
    Choice(
        name="why_stuck",
        prompt="""
In the live figure, 0–4 → 5–9 with two layers frozen: about 70% right with 20 labelled records of each class, and no
more with 100. From scratch it is 97% with 100. What holds the frozen network back?""",
        options=[
            Option(
                "It overfits: too many numbers learn.",
                "Only the output layer learns, 85 numbers, and from 500 records. It *under*fits.",
            ),
            Option(
                "Too few updates: it would get there later.",
                "The output layer alone is an easy problem with one minimum; its curve has been flat for long.",
            ),
            Option(
                "What tells 5 to 9 apart is lost in the frozen layers, and the output layer cannot bring it back.",
                "Sixteen numbers come out of the frozen layers, chosen to tell 0 to 4 apart. More records teach the "
                "output layer better to read them; they do not change what is written there.",
                right=True,
            ),
            Option(
                "The learning rate is too small for the output layer.",
                "The other two ways get to 96% with this rate. Try others in the live figure: the plateau stays.",
            ),
            Option("The unseen records are too many.", "They only test; nothing is learned from them."),
        ],
        hints=[
            "More records did not help. Which kind of error does not fall with more records?",
            "How many numbers may still change, and what do they get to see of a picture?",
            "Set the layers reused from 2 to 1 in the live figure: what happens to the plateau?",
        ],
        remember="A plateau that more data do not lift is bias: unfreeze, or reuse fewer layers.",
    )
)
