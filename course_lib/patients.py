"""The patients of the clinic, as data: what was done to each, what ails it and what does not, what helps.

`ill` is the diagnosis, a key of ILLS, and `why` its reason; `others` are plausible diagnoses with what
speaks against them. `cures` are changes of settings that heal, `wrong` changes that do not, each with its
reason; both are proven by training, judged by `goal`: a measure and the value to be reached.
"""

from dataclasses import dataclass

import numpy as np

from .clinic import Case, outcome
from .losses import BRIER
from .training import Settings

ILLS = {
    "high": "The learning rate is too high.",
    "low": "The learning rate is too low.",
    "dead": "The hidden units are dead: each puts out the same for every record, at slope 0.",
    "saturated": "The hidden units are saturated: they sit on the flat ends of their activation.",
    "equal": "The weights start at zero, so the units of a layer are all alike.",
    "exploding": "The signal grows from layer to layer until the numbers overflow.",
    "vanishing": "The error fades from layer to layer on its way back.",
    "small": "The network is too small for this task.",
    "overfit": "It learns its training records by heart.",
    "leak": "Validation records stand among the training records as well.",
    "scaling": "One input is many times larger than the other.",
    "loss": "The loss does not suit the head: where the network is surest, its gradient is smallest.",
    "batch": "Batch normalization has too few records in a batch for its mean and variance.",
    "labels": "The labels do not belong to the records.",
    "penalty": "The penalty on the weights is far too strong.",
    "evaluation": "Dropout stays on when the network is evaluated.",
    "short": "It was stopped too early: more steps are all it needs.",
}


@dataclass(frozen=True)
class Measure:
    """What a treatment is judged by: `of(outcome)` is a number per run, better if `sign` times it is larger."""

    of: object
    sign: int
    aim: str
    said: str


MEASURES = {
    "right": Measure(
        lambda o: o.right[2], 1, "at least {:.0%} right on fresh records", "{:.1%} right on fresh records"
    ),
    "cost": Measure(lambda o: o.cost[2], -1, "a cost of at most {:g} on fresh records", "cost {:.3f} on fresh records"),
    "honest": Measure(
        lambda o: np.maximum(np.abs(o.right[1] - o.right[2]), o.seen),
        -1,
        "validation and fresh results at most {0:.0%} apart, and at most {0:.0%} of the validation records among the "
        "training ones",
        "the larger of the two is {:.0%}",
    ),
    "steady": Measure(
        lambda o: o.sure,
        1,
        "at least {:.0%} of the fresh records right every time when asked ten times",
        "{:.1%} right every time",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One sick run; see the top of this file."""

    complaint: str
    case: Case
    ill: str
    why: str
    others: dict
    look: tuple
    cures: tuple
    hint: str
    wrong: tuple
    goal: tuple
    remember: str

    @property
    def healthy(self):
        """The case of a healthy run of the same task."""
        return self.case.change(**self.cures[0])

    def value(self, case):
        """What the goal measures, in the middle of three runs."""
        return float(np.median(MEASURES[self.goal[0]].of(outcome(case))))

    def healed(self, value):
        """Whether that reaches the goal."""
        sign = MEASURES[self.goal[0]].sign
        return sign * value >= sign * self.goal[1]


def _settings(**changes):
    return Settings(**{"lr": 0.5, "steps": 400} | changes)


PATIENTS = (
    Patient(
        complaint="It never settles down.",
        case=Case(training=_settings(lr=30.0)),
        ill="high",
        why="The cost jumps up and down, a hundred times above guessing: each step overshoots. The last layer's "
        "updates are as large as its weights, and such leaps have driven the units to their flat ends.",
        others={
            "low": "With steps that are too small a cost changes slowly and smoothly. This one leaps.",
            "saturated": "The units are flat, but they were not at the start: the leaps have driven them there.",
            "exploding": "At the start the signal is of the same size in every layer, and no number overflows later.",
            "overfit": "Then the training records at least would be right. Here they fare no better than the others.",
            "labels": "Wrong labels cannot be learned, but they do not make the cost jump to a hundred times guessing.",
        },
        look=(
            "The cost first: does it fall, stay, or jump? And at what height?",
            "Then the second row, ‖change‖/‖W‖: how large is one update, compared with the weights it changes?",
            "A healthy update is a hundredth to a thousandth of the weights. Which setting multiplies every update?",
        ),
        cures=({"lr": 0.5}, {"lr": 1.0}),
        hint="One number multiplies every update. By how much are the updates too large?",
        wrong=(
            ({"lr": 0.002}, "Now the steps are too small for 400 of them to be enough."),
            ({"lr": 20.0}, "The direction is right, but the steps still overshoot. Divide by ten, and again."),
            ({"steps": 1000}, "More of the same leaps: it does not settle however long you wait."),
            ({"l2": 0.01}, "With this rate the penalty overshoots as well, and what made the leaps is still there."),
            ({"activation": "relu"}, "Leaping relu units are no better, and some die on the way."),
            ({"units_per_layer": 64}, "More units make each step even longer."),
        ),
        goal=("right", 0.93),
        remember="A jumping cost and updates as large as the weights: divide the learning rate by ten, and look again.",
    ),
    Patient(
        complaint="Nothing happens at all.",
        case=Case(training=_settings(initializer="zeros")),
        ill="equal",
        why="All weights are 0 at the start, and so are the gradients of all weights: a unit that puts out 0 for "
        "every record gives the weights behind it no gradient, and weights of 0 hand no error back. Only the output's "
        "bias learns.",
        others={
            "low": "A low rate makes small steps of gradients that are there. Here the gradients themselves are 0.",
            "dead": "tanh has no dead side: at z = 0 its slope is 1, the largest it can be.",
            "vanishing": "Fading shows from layer to layer, and two hidden layers are few. Here every gradient is 0, "
            "the last one too.",
            "penalty": "A penalty pulls weights towards 0 during the training, but these were there before the first "
            "step.",
            "small": "16 and 16 units are plenty for two half moons, if they are allowed to differ.",
        },
        look=(
            "The cost is flat at ln 2: guessing. Are there gradients that could change that?",
            "Gradients, updates and signal are all 0, at the lower edge. What was 0 first?",
            "Look at the weights at the start, black in the third row.",
        ),
        cures=({"initializer": "xavier_uniform"}, {"initializer": "he_normal"}),
        hint="The weights must differ from each other before the first step. Who draws them?",
        wrong=(
            ({"initializer": "constant"}, "Not 0 any more, but all equal: the 16 units of a layer remain one."),
            ({"lr": 10.0}, "Any rate times nothing is nothing: the gradients are 0."),
            ({"steps": 1000}, "A gradient of 0 does not get larger by waiting."),
            ({"activation": "relu"}, "relu(0) = 0, and its slope there is taken as 0: no way out either."),
            (
                {"activation": "sigmoid"},
                "Its units put out ½ instead of 0, so some weights do get a gradient: the same for all units of a "
                "layer, which remain one.",
            ),
            ({"units_per_layer": 64}, "64 units that are all alike are one unit."),
        ),
        goal=("right", 0.93),
        remember="Equal weights stay equal: draw them at random, biases may start at 0.",
    ),
    Patient(
        complaint="Every day it knows its examples better, and the users are less and less content.",
        case=Case(training=_settings(hidden=(48,), lr=3.0, steps=800, batch_size=None), records=45, noise=0.45),
        ill="overfit",
        why="The training cost falls and falls while the validation cost turns and rises: it winds its border around "
        "single records. 30 noisy records, and 193 numbers to learn.",
        others={
            "high": "It trembles a little, but the training cost falls; what rises is validation. A lower rate would "
            "only put that off, to a later step.",
            "labels": "Then validation would be a coin. It is right on 80% of its records.",
            "leak": "With leaked records validation would look as good as training. It looks much worse.",
            "small": "It is right on nearly all training records, so it is large enough, rather too large.",
            "short": "The longer it trains, the worse the validation cost becomes.",
        },
        look=(
            "Two costs are drawn. Until where do they fall together?",
            "Gradients and units are well. So it does learn; but what?",
            "Count the training records, and compare with the number of weights.",
        ),
        cures=({"l2": 0.03}, {"patience": 3}, {"l2": 0.01}),
        hint="It must not be able to wind around single records: hold the weights small, or stop in time.",
        wrong=(
            (
                {"l2": 1.0},
                "Far too strong: at rate 3 each step multiplies the weights by 1 − 3 · l2; at ⅓ that is 0, and above "
                "⅔ it is beyond −1.",
            ),
            ({"l2": 0.1}, "Stronger than it has to be: now the border cannot bend enough."),
            ({"l2": 0.0003}, "The right idea, but still too weak."),
            ({"units_per_layer": 64}, "Even more weights to learn 30 records by heart with."),
            ({"units_per_layer": 8}, "Fewer weights, but nothing keeps them from growing, and time enough for that."),
            ({"lr": 1.0}, "The same way, more slowly: after 800 steps it is past its best once more."),
            ({"lr": 0.001}, "Now it hardly moves: it has not learned what there is to learn."),
            ({"steps": 1500}, "The validation cost rises: longer is worse."),
            ({"lr": 10.0}, "Sooner at the same place, and restless on top."),
        ),
        goal=("cost", 0.45),
        remember="Training falls and validation rises: hold the weights small, stop in time, or find more records.",
    ),
    Patient(
        complaint="It works, I think. It is just not there yet.",
        case=Case(training=_settings(lr=1e-4)),
        ill="low",
        why="The cost falls in a smooth line that is all but flat, and one update is a hundred-thousandth of its "
        "weights: what takes 400 steps at rate 0.5 takes two million at this one.",
        others={
            "high": "A cost that leaps would mean that. This one creeps.",
            "vanishing": "The gradients are of the same healthy size in every layer.",
            "dead": "No unit is dead: dead units have no gradient, and here there is plenty.",
            "equal": "Units that are all alike would not have weights as different as these at the start.",
            "short": "More steps would do, but two million of them, to get as far as a healthy run does in 400.",
        },
        look=(
            "Does the cost stand still, or does it move, and in which direction?",
            "The gradients are healthy. Now compare an update with the weights it changes.",
            "A healthy update is a hundredth to a thousandth of the weights; how much is it here?",
        ),
        cures=({"lr": 0.5}, {"lr": 1.0}),
        hint="The gradients are fine and the updates tiny: what stands between the two?",
        wrong=(
            ({"lr": 100.0}, "From one end to the other: now every step overshoots."),
            ({"lr": 0.001}, "The right direction, but still too low."),
            ({"steps": 1500}, "Longer at the same pace: the cost has not even come down to guessing."),
            ({"initializer": "he_normal"}, "Another start, the same pace."),
            ({"batch_size": 120}, "Steadier gradients, but no longer steps."),
        ),
        goal=("right", 0.93),
        remember="Healthy gradients and tiny updates: raise the rate by tens until the cost starts to leap, then go "
        "back.",
    ),
    Patient(
        complaint="It says the same whatever I show it.",
        case=Case(training=_settings(activation="relu", hidden=(16,), lr=0.3), bias=-6.0),
        ill="dead",
        why="All 16 hidden units are 0 for every record from the first step on: their z is negative everywhere "
        "(biases far below 0), the slope of relu is 0 there, and so no gradient ever reaches their weights.",
        others={
            "low": "The gradients of the weights are exactly 0. Times any rate that is 0.",
            "equal": "The weights differ; look at their histogram. It is their outputs that are all 0.",
            "vanishing": "There is one hidden layer only, nothing to fade through.",
            "small": "16 units are enough. They would have to be awake.",
            "penalty": "A penalty shrinks the weights, but these stay what they were.",
        },
        look=(
            "The cost stays at guessing. Which layers get a gradient?",
            "No gradient in either layer, and no signal: what do the hidden units put out?",
            "The third row shows the share of dead units.",
        ),
        cures=({"bias": 0.0}, {"bias": 0.1}),
        hint="The units have to get above 0 for some records: what pushes all of them below?",
        wrong=(
            ({"lr": 10.0}, "A gradient of 0 times a larger rate: 0. Only the output's bias swings."),
            ({"lr": 0.01}, "A lower rate saves units from dying. These are dead already."),
            (
                {"activation": "leaky_relu"},
                "Better: a hundredth of the gradient gets through, but 400 steps are too few for it.",
            ),
            ({"units_per_layer": 64}, "64 dead units see no more than 16."),
            ({"activation": "tanh"}, "Where z is near −6, tanh is all but flat as well."),
            ({"bias": -3.0}, "Higher, but most of the units are still silent."),
            (
                {"bias": 6.0},
                "Now z is positive for nearly every record, and there relu is a straight line: the bends are far away.",
            ),
            ({"steps": 1500}, "Dead units do not move, however long you wait."),
            ({"initializer": "xavier_uniform"}, "The weights are not to blame: z is pushed down by something else."),
        ),
        goal=("right", 0.88),
        remember="All units at 0 from the start: look at the biases. If they die on the way: lower the rate, or let "
        "them leak.",
    ),
    Patient(
        complaint="At home, with my own records, the same program works perfectly.",
        case=Case(training=_settings(), data="circles", unit=1000.0),
        ill="scaling",
        why="The second input reaches beyond 1000, the first to 1: z is made of the second alone, the units of the "
        "first layer are driven to their flat ends, and only x₂ steers them.",
        others={
            "high": "The rate is one that suits inputs around 1, and the cost does not leap.",
            "saturated": "They are, from the first step; but the weights are of ordinary size. So who drives them "
            "there?",
            "small": "16 and 16 units part a disc from its ring easily, once they see both inputs.",
            "labels": "The picture of the records shows a disc inside a ring, each with its own label.",
            "vanishing": "Two hidden layers are few, and from the last to the first only a factor of ten is lost: to "
            "flat units. Why are they flat?",
        },
        look=(
            "The cost is near guessing, and the gradients are there. Half of the units are flat from the start: why?",
            "The weights are of ordinary size. What else is in z = xW + b?",
            "Read the numbers at the axes of the records, at the end of the third row.",
        ),
        cures=({"scaling": "standardise"}, {"scaling": "standardise", "lr": 1.0}),
        hint="Bring both inputs to the same size before the network sees them.",
        wrong=(
            ({"lr": 5.0}, "Larger steps with inputs of a thousand: now it leaps."),
            ({"lr": 0.0005}, "Small enough for the large input, and far too small for the other one."),
            ({"lr": 0.05}, "Lower for both inputs alike, and they differ by a factor of a thousand."),
            ({"steps": 1500}, "It does not see x₁, neither early nor late."),
            (
                {"activation": "relu"},
                "No flat end any more, but a gradient a thousand times larger for one input than for the other.",
            ),
            ({"normalization": "batch"}, "Behind the first layer it is too late: x₁ has drowned in the sum already."),
            ({"normalization": "layer"}, "It comes behind the first layer too, and there x₁ has drowned in the sum."),
            ({"initializer": "he_normal"}, "Other weights of the same size, the same thousand."),
        ),
        goal=("right", 0.88),
        remember="Standardise the inputs, with mean and standard deviation of the training records.",
    ),
    Patient(
        complaint="We were told to be careful, so we were.",
        case=Case(training=_settings(l2=0.3)),
        ill="penalty",
        why="The weights start at ordinary size and shrink to nothing: the pull of l2 = 0.3 is stronger than anything "
        "the records say. With weights of 0 every answer is the same.",
        others={
            "equal": "At the end the weights are near 0; at the start they were not. Something pulled them there.",
            "vanishing": "At the start the gradients are healthy in every layer. They fade only as the weights do.",
            "dead": "tanh cannot die: at 0 its slope is largest. Look at the share of dead units.",
            "low": "At first the weights move quickly, all in one direction: towards 0.",
            "overfit": "It does not even fit its training records.",
        },
        look=(
            "Cost at guessing, training records too. Are there gradients, at the start and at the end?",
            "They were there and faded. Compare the weights at the start with those at the end.",
            "What in the settings makes weights small?",
        ),
        cures=({"l2": 0.0}, {"l2": 0.001}),
        hint="Something pulls all weights to 0. By how much should it pull, if at all?",
        wrong=(
            ({"l2": 0.06}, "Weaker, but the weights are still held down: it cannot bend its border enough."),
            ({"l2": 1.0}, "Even stronger: the weights are gone in a few steps."),
            ({"lr": 3.0}, "The penalty is multiplied by the rate as well."),
            ({"lr": 0.01}, "The penalty pulls more slowly now, and everything else is slower as well."),
            ({"steps": 1500}, "The weights shrink further, the longer you wait."),
            ({"units_per_layer": 64}, "All 64 units shrink alike."),
            ({"initializer": "normal"}, "They start larger, and are pulled to 0 all the same."),
        ),
        goal=("right", 0.88),
        remember="A penalty is searched by factors of ten on validation data; too much of it and nothing is learned.",
    ),
    Patient(
        complaint="We made it deep, and it got worse.",
        case=Case(training=_settings(activation="sigmoid", hidden=(16,) * 8)),
        ill="vanishing",
        why="From the last layer to the first the gradient falls by five powers of ten: a sigmoid's slope is ¼ at "
        "best, and eight of them are multiplied. The first layers never move.",
        others={
            "low": "The last layers get gradients and updates of ordinary size; a low rate would be low for all.",
            "dead": "A sigmoid is never exactly flat, and its outputs are near ½, not 0.",
            "exploding": "Then the signal would rise from left to right in the second row. It does not, and nothing "
            "overflows.",
            "saturated": "z is near 0, where a sigmoid is steepest. Even there its slope is only ¼.",
            "small": "Eight layers of 16 are more than enough, if only they were reached.",
        },
        look=(
            "The cost is flat at guessing. The gradients: are they alike in all layers?",
            "The first panel of the second row: what happens from right to left?",
            "On its way back the error is multiplied by a slope in each layer. How large can that of a sigmoid be?",
        ),
        cures=({"activation": "relu"}, {"activation": "tanh"}),
        hint="Which activations have a slope near 1?",
        wrong=(
            (
                {"lr": 10.0},
                "The last layers leap, and the first still do not move: a rate is one factor for all layers, and they "
                "are five powers of ten apart.",
            ),
            ({"steps": 1000}, "A gradient of a few millionths needs more than patience."),
            ({"optimizer": "momentum"}, "Momentum adds up to a factor of ten; five powers of ten are missing."),
            ({"lr": 0.05}, "Lower for all layers: the first move even less."),
            (
                {"optimizer": "adam"},
                "Adam makes small gradients large, and at rate 0.5 its steps far too large: most units end up flat.",
            ),
            ({"units_per_layer": 32}, "Wider layers, the same slopes of ¼."),
            (
                {"normalization": "layer"},
                "z gets the right size, but the slope of a sigmoid is still ¼ at best, and its outputs all but equal.",
            ),
        ),
        goal=("right", 0.86),
        remember="Gradients that fall from layer to layer: an activation with a slope near 1, and weights that suit "
        "it.",
    ),
    Patient(
        complaint="98% right in validation! Why are the users so unhappy?",
        case=Case(
            training=_settings(hidden=(32, 32), optimizer="adam", lr=0.02, steps=800), records=60, copies=4, noise=0.6
        ),
        ill="leak",
        why="The file holds every record four times, and it was split afterwards: nearly all validation records were "
        "trained on. What was learned by heart is right in validation too, and fresh records tell the truth. (The "
        "green run of the comparison is no better with users. It overfits as well; but its validation says so.)",
        others={
            "overfit": "It does learn by heart; but with a proper validation set you would have seen it in the cost.",
            "labels": "Wrong labels would show in validation. Here it is validation that is too good.",
            "evaluation": "Asked twice it answers the same, and dropout is 0.",
            "high": "The cost falls steadily.",
            "small": "It is right on nearly all training records.",
        },
        look=(
            "Cost, gradients and units are all well. So compare the three numbers: training, validation, fresh.",
            "Validation as good as training, and fresh records far worse. What is different about the fresh ones?",
            "Compare the number of training records with the number of different points in the picture of the records.",
        ),
        cures=({"duplicates": "drop"}, {"duplicates": "drop", "units_per_layer": 16}),
        hint="The same record must not be on both sides of the split. What has to be done before splitting?",
        wrong=(
            ({"units_per_layer": 64}, "An even better memory, and the same records to remember."),
            (
                {"l2": 0.1},
                "It remembers less, and the numbers may even agree; but the validation records are still training "
                "records, and the next network will fool you again.",
            ),
            ({"dropout": 0.5}, "It remembers less, but validation still asks what was trained."),
            ({"patience": 3}, "Early stopping watches the validation cost, and that is what cannot be trusted."),
            ({"steps": 1500}, "The longer it trains, the wider the gap becomes."),
            ({"lr": 0.001}, "It learns less by heart, and validation still asks what was trained."),
            ({"lr": 0.3}, "The rate has no say in which records validation asks about."),
            ({"units_per_layer": 4}, "It remembers less, and the validation records are still training records."),
            ({"steps": 100}, "Stopped before it knows them by heart; but validation still asks what was trained."),
        ),
        goal=("honest", 0.08),
        remember="First remove duplicates, then split; copies of one record stay on one side.",
    ),
    Patient(
        complaint="It stops right after the start, with numbers I have never seen.",
        case=Case(training=_settings(activation="relu", initializer="normal", hidden=(16,) * 12, lr=0.01, steps=200)),
        ill="exploding",
        why="Already before the first step the signal grows from layer to layer, and the gradients are in the tens of "
        "thousands: weights of variance 1 multiply the signal by almost 3 in each of 12 layers.",
        others={
            "high": "0.01 is low, and the trouble is there before the first step: look at signal and gradients at the "
            "start.",
            "vanishing": "The other way round: the gradients are far too large, in every layer.",
            "dead": "Half of the slopes are 0, as with any relu network at the start, and a quarter of the units are "
            "dead. Dead units make gradients smaller; these are huge.",
            "loss": "The loss is the one that suits two classes. It only reports what it is given.",
            "scaling": "Look at the axes of the records: both inputs reach to about 2.",
        },
        look=(
            "It diverged, so there is no curve to read. But the start was examined: look at the second row.",
            "How does the signal change from layer to layer?",
            "A signal that grows by the same factor in every layer: what determines that factor?",
        ),
        cures=({"initializer": "he_normal"}, {"initializer": "he_normal", "lr": 0.03}),
        hint="Each layer should hand on a signal of the size that it was given. Who sees to that?",
        wrong=(
            (
                {"lr": 1e-9},
                "So low that nothing overflows, and nothing is learned either: the cost stays above ten thousand.",
            ),
            ({"lr": 1e-4}, "Lower, and the gradients are still hundreds of thousands of times too large."),
            ({"lr": 0.1}, "Higher is worse: it diverges even sooner."),
            (
                {"clip_norm": 1.0},
                "Clipping stops the overflow, but the cost is still in the hundreds: the signal is as large as before.",
            ),
            (
                {"initializer": "xavier_uniform"},
                "Made for tanh: with relu the signal now shrinks by a third in every layer, and it learns too slowly.",
            ),
            ({"activation": "leaky_relu"}, "The same growth on the same weights."),
            (
                {"activation": "tanh"},
                "Nothing overflows: tanh cuts the signal off at 1. But with such weights a third of the slopes are "
                "flat from the start.",
            ),
        ),
        goal=("right", 0.86),
        remember="In deep networks the initial weights decide: He for relu, Xavier for tanh, or a normalization.",
    ),
    Patient(
        complaint="To save memory we keep the batches small.",
        case=Case(
            training=_settings(activation="relu", batch_size=2, normalization="batch"),
            data="circles",
        ),
        ill="batch",
        why="With two records in a batch, batch normalization makes each unit's z exactly −1 and +1, whatever they "
        "were. What never changes has no slope: no error gets back through it, and one update changes the first layer "
        "by a billionth. And in evaluation, with running averages, it is another network.",
        others={
            "high": "Then the first layer would leap too. It does not even move.",
            "vanishing": "Measured on all records at once, the gradients are healthy in every layer: it is not "
            "the depth.",
            "evaluation": "Dropout is 0, and asked twice it answers the same.",
            "dead": "Few units are dead: most of them answer differently to different records.",
            "small": "16 and 16 units are enough for a disc inside a ring.",
        },
        look=(
            "The cost is restless and stays near guessing. Are there gradients, measured on all records at once?",
            "There are; yet the updates of the first layers are next to nothing. What is different in a batch?",
            "Which part of this network computes a mean and a variance of each batch, and of how many records?",
        ),
        cures=({"batch_size": 40}, {"batch_size": 16}, {"normalization": None}),
        hint="Give the mean and the variance more records, or do without them.",
        wrong=(
            ({"lr": 5.0}, "It was restless before, and now it leaps."),
            ({"lr": 0.003}, "Smaller steps, and still no error that gets back through the normalization."),
            ({"steps": 1500}, "More steps of the same kind."),
            ({"optimizer": "adam"}, "It enlarges what little comes back, but that is mostly rounding."),
            ({"units_per_layer": 64}, "Each of 64 units is still told −1 and +1."),
            ({"batch_size": 3}, "The right direction: three say a little more than two, and still not enough."),
            (
                {"normalization": "layer"},
                "Each record by itself, so small batches do not matter to it. But the gradient of two records is a "
                "rough one, and rate 0.5 too high for it: lower that as well.",
            ),
        ),
        goal=("right", 0.88),
        remember="Batch normalization needs batches with a mean and a variance worth the name; for tiny ones take "
        "layer normalization, at a lower rate.",
    ),
    Patient(
        complaint="It was so sure of everything from the very beginning.",
        case=Case(
            training=_settings(activation="sigmoid", hidden=(4, 4), optimizer="adam", lr=0.05),
            data="circles",
            spread=60.0,
        ),
        ill="saturated",
        why="The initial weights are tens of times too large, so z is far out on both sides, where a sigmoid is flat: "
        "four slopes in five are below 0.01 at once. Most records have no say in the first layers, and beside such "
        "weights every update is small.",
        others={
            "vanishing": "At the start the first layer's gradient is a third of the last one's: over two hidden layers "
            "little fades.",
            "dead": "They put out 0 for some records and 1 for others: flat, not dead.",
            "high": "They are flat before the first step. No rate has done that.",
            "scaling": "Look at the axes of the records: both inputs reach to about 2.",
            "low": "One update is small beside its weights, but look at these weights: the histogram lies at its ends. "
            "It is not the rate that is out of the ordinary.",
        },
        look=(
            "The cost starts far above guessing: sure of itself and wrong. What makes a network sure?",
            "Third row: which share of the slopes is flat, already at step 0?",
            "z = xW + b. The inputs are of ordinary size; now look at the weights at the start.",
        ),
        cures=({"spread": 1.0}, {"spread": 2.0}),
        hint="The weights at the start are multiplied by something. What should the factor be?",
        wrong=(
            ({"spread": 0.01}, "Too small: now the units hardly differ, and little gets back through such weights."),
            ({"spread": 20.0}, "Smaller, but most of the units are still at their flat ends."),
            (
                {"lr": 1.0},
                "Larger steps do not bring the units back to where they are steep; the largest drive them out further.",
            ),
            ({"lr": 0.001}, "They are flat already: with small steps they stay where they are."),
            ({"activation": "tanh"}, "tanh is flat at both ends as well."),
            (
                {"activation": "relu"},
                "No flat end on the right; but with such weights the outputs are in the thousands.",
            ),
            ({"steps": 1000}, "What is flat learns slowly, and 1000 steps are not enough."),
        ),
        goal=("right", 0.88),
        remember="Flat from the start: weights or inputs are too large. Flat later: the rate is.",
    ),
    Patient(
        complaint="We reused a network from another job. Since then it has been stubborn.",
        case=Case(training=_settings(lr=0.3, loss=BRIER), output_bias=-9.0),
        ill="loss",
        why="It starts very sure of class 0, and is wrong for half of the records; yet the gradient is tiny. The "
        "squared error of a probability has the factor p(1 − p), which is all but 0 where p is near 0: the surer, the "
        "less it learns.",
        others={
            "dead": "No unit is dead or flat: the hidden layers are in good health.",
            "low": "The rate is ordinary. The gradients are small, already at the output.",
            "vanishing": "The gradient is tiny in the last layer as well: nothing is lost on the way, it begins so "
            "small.",
            "labels": "Half of the labels are 1, and the picture shows where. It says 0 everywhere.",
            "equal": "The weights differ, and the hidden units are awake.",
        },
        look=(
            "The cost stands still, and the confusion matrix has one empty column. Are there gradients?",
            "Tiny, but equally so in all layers: they do not fade on the way. Where do they begin?",
            "The error begins at the output, with the derivative of the loss. Which loss is it, after which head?",
        ),
        cures=({"loss": "bce"}, {"loss": "bce", "lr": 0.5}),
        hint="Which loss cancels the slope of the sigmoid?",
        wrong=(
            (
                {"loss": "mse"},
                "Without a sigmoid the output may be any number, and it starts at −9: the squared error tears it "
                "about.",
            ),
            ({"lr": 10.0}, "Now it breaks loose, but a rate that suits tiny gradients is too high for ordinary ones."),
            ({"lr": 2.0}, "A few times a tiny gradient is still tiny."),
            ({"steps": 1000}, "It sits on a plateau, and a thousand steps do not lead off it."),
            ({"activation": "relu"}, "The hidden units were well. It is the output that is stuck."),
            ({"optimizer": "momentum"}, "Ten times a tiny gradient is still tiny."),
            (
                {"optimizer": "adam"},
                "Adam makes tiny gradients large, so it breaks loose; but at rate 0.3 its steps are so large that most "
                "units end up flat.",
            ),
        ),
        goal=("right", 0.92),
        remember="Sigmoid head: binary cross-entropy. Softmax head: cross-entropy. Then the slope of the head cancels.",
    ),
    Patient(
        complaint="Ask it twice, and it changes its mind.",
        case=Case(
            training=_settings(activation="relu", hidden=(32,), lr=0.3, dropout=0.7),
            data="circles",
            evaluation="dropout on",
        ),
        ill="evaluation",
        why="The same network gives two answers to the same record. While it trains that is what dropout does; in "
        "evaluation all units have to take part. `model.eval()` was forgotten.",
        others={
            "high": "The updates are of healthy size; the curves are restless since each look asks other units.",
            "overfit": "Training and validation are about equally bad.",
            "small": "32 units, of which it uses ten at a time: too few only as long as the others are off.",
            "batch": "There is no normalization in this network.",
            "labels": "It is right more often than not, much more: the labels can be learned.",
        },
        look=(
            "The curves shake, those of the training records too. Do the updates explain it?",
            "They are healthy. Compare the share of equal answers when the same network is asked twice.",
            "What in this network is random even if no weight changes?",
        ),
        cures=({"evaluation": "dropout off"}, {"evaluation": "dropout off", "steps": 800}),
        hint="Dropout is for training. What should it do in evaluation?",
        wrong=(
            ({"lr": 0.01}, "Quieter steps, and still a new draw of units for each answer."),
            ({"lr": 2.0}, "More haste, and still a new draw of units for each answer."),
            ({"units_per_layer": 64}, "More units even out a part of the dice, but it goes on throwing them."),
            ({"units_per_layer": 8}, "With fewer units every throw of the dice matters more."),
            ({"lr": 30.0}, "With such steps it says the same to everybody, and that is not what was asked for."),
            ({"steps": 1500}, "Better weights, but it still throws dice at every question."),
            ({"batch_size": 120}, "The batches are not what is random here."),
        ),
        goal=("steady", 0.92),
        remember="Dropout in training only: `model.eval()` before validation, `model.train()` after it.",
    ),
    Patient(
        complaint="We prepared the file with great care. It seems to learn; only the users do not notice.",
        case=Case(
            training=_settings(hidden=(32, 32), lr=1.0, steps=600, batch_size=None), records=90, shuffle="x alone"
        ),
        ill="labels",
        why="Gradients and units are in good health and the training cost falls, yet validation is no better than a "
        "coin from the first step to the last, and in the picture the classes lie criss-cross: x was shuffled and y "
        "was not.",
        others={
            "overfit": "It does learn by heart. But an overfit network is better than guessing at first; this one "
            "never was.",
            "leak": "Then validation would look too good. It looks like a coin.",
            "high": "The training cost falls, so the steps are fine.",
            "vanishing": "All layers have gradients of healthy size.",
            "small": "It fits more and more of its training records, however odd they are.",
        },
        look=(
            "The validation cost: was it ever below guessing?",
            "Gradients, updates, units: all well. When the network is healthy, look at the records.",
            "The last panel: can you see two half moons, each of one class?",
        ),
        cures=({"shuffle": "rows"}, {"shuffle": "rows", "steps": 300}),
        hint="Each record has to keep its own label. Which step of the preparation parted them?",
        wrong=(
            ({"l2": 0.03}, "It learns less by heart; but there is nothing else to learn in these labels."),
            ({"dropout": 0.5}, "Overfitting is not the illness: there is nothing to learn that holds for others."),
            ({"steps": 1500}, "It learns more of the wrong labels by heart."),
            ({"units_per_layer": 64}, "A larger network has more room for labels that are wrong."),
            ({"units_per_layer": 4}, "A smaller network cannot find a rule either where there is none."),
            ({"lr": 0.03}, "More slowly towards the same nothing."),
        ),
        goal=("right", 0.88),
        remember="A healthy network that is no better than a coin: look at records and labels side by side.",
    ),
)
