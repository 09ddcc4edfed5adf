"""Exercises of notebook 13: what a score on held-out data is worth, and what accuracy hides."""

import numpy as np

from .. import metrics
from ..datasets import Data, Standardiser
from .engine import Choice, ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("13_overfitting")


def _best_of_coins(models=100, records=40, repeats=200):
    """Mean and extremes of the best score among guessers on one test set, over many test sets."""
    rng = np.random.default_rng(0)
    best = rng.binomial(records, 0.5, (repeats, models)).max(axis=1) / records
    return best.mean(), best.min(), best.max()


predict_best_of_many = SET.add(
    Prediction(
        name="predict_best_of_many",
        prompt="""
A hundred models only flip a coin: each is right on half of all records in the long run. All are tried on the same test
set of 40 records, and the **best** is published with its score. About which accuracy will be in the paper?""",
        options=[
            Option("50 %: they are all coins.", "On average, yes. The best of a hundred is not an average one."),
            Option(
                "About 55 %: luck adds a little.",
                "One coin strays by 8 points (√(0.25/40)) on 40 records. The best of a hundred strays much further.",
            ),
            Option(
                "About 70 %.",
                "The luckiest of a hundred lies some 2½ standard deviations above 50 %, and one is 8 points.",
                right=True,
            ),
            Option("About 90 %.", "36 of 40 right by luck: 5 standard deviations. That takes millions of coins."),
            Option("100 %: with enough models one is always right.", "2⁴⁰ coins, a million times a million, would do."),
        ],
        measured=lambda: "Best of 100 coins on 40 records, 200 test sets: mean {:.0%}, from {:.0%} to {:.0%}.".format(
            *_best_of_coins()
        ),
        hints=[
            "How far does the score of a single coin stray from 50 % on 40 records?",
            "Its standard deviation is √(0.5·0.5/40) = 0.079.",
            "Among a hundred draws of a bell curve the largest lies about 2.5 standard deviations above the mean.",
        ],
        remember="A score that was used for choosing is no longer a measurement; it is the maximum of many.",
    )
)


def _scores(rng):
    n = int(rng.integers(12, 30))
    y = (rng.uniform(size=n) < 0.4).astype(int)
    y[:2] = 0, 1
    return y, np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0, 1), float(rng.choice([0.2, 0.35, 0.5, 0.65]))


def _point(y, score, threshold, above=np.greater):
    (tn, fp), (fn, tp) = metrics.confusion_matrix(y, above(score, threshold), 2)
    return np.array([fp / (fp + tn), tp / (tp + fn)])


def _point_among(y, score, threshold, which):
    """False alarms and hits, divided by what `which(y, guess)` counts for each; 0 of nothing is 0."""
    guess = np.asarray(score) > threshold
    hits = np.array([np.sum(guess & (y == 0)), np.sum(guess & (y == 1))])
    return hits / np.maximum(which(y, guess), 1)


roc_point = SET.add(
    Function(
        prompt=r"""
Write **one point of the ROC curve**. `y` (n,) holds the true classes 0 and 1, `score` (n,) the predicted probability of
class 1; the model says 1 where the score is **above** `threshold`. Give back
`np.array([false_alarm_rate, recall])`: the share of class 0 that is called 1, and the share of class 1 that is.""",
        solution_code='''
def roc_point(y, score, threshold=0.5):
    """False-alarm rate and recall at this threshold."""
    guess = score > threshold
    false_alarm_rate = np.sum(guess & (y == 0)) / np.sum(y == 0)
    recall = np.sum(guess & (y == 1)) / np.sum(y == 1)
    return np.array([false_alarm_rate, recall])
''',
        oracle=_point,
        inputs=_scores,
        edge_cases=[
            (np.array([1, 1, 1, 0, 0, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.3, 0.7, 0.1, 0.6, 0.2, 0.05, 0.4]), 0.5),
            (np.array([1, 0, 0, 1, 1, 0, 0]), np.array([0.5, 0.5, 0.2, 0.9, 0.1, 0.6, 0.7]), 0.5),
            (np.array([0, 0, 1, 1, 1, 0, 0]), np.array([0.25, 0.4, 0.3, 0.1, 0.9, 0.05, 0.1]), 0.2),
        ],
        alternatives=[
            lambda y, score, threshold=0.5: np.array([np.mean(score[y == k] > threshold) for k in (0, 1)]),
            lambda y, score, threshold=0.5: np.bincount(y, score > threshold) / np.bincount(y),
        ],
        hints=[
            "Make the guesses first: `guess = score > threshold`, an array of True and False.",
            "`guess & (y == 1)` marks the records of class 1 that are found; `np.sum` counts the marks.",
            "Each of the two divides by a whole class: `np.sum(y == 0)` for the false alarms, `np.sum(y == 1)` for "
            "recall.",
            "`recall = np.sum(guess & (y == 1)) / np.sum(y == 1)`, and the other one the same with class 0.",
        ],
        mistakes=[
            Mistake(
                "exchanged",
                lambda y, score, threshold=0.5: _point(y, score, threshold)[::-1],
                "The two have changed places: on a ROC curve the false alarms go to the right, recall goes up.",
            ),
            Mistake(
                "threshold ignored",
                lambda y, score, threshold=0.5: _point(y, score, 0.5),
                "You always cut at 0.5. Moving `threshold` is what draws the curve.",
            ),
            Mistake(
                "at the threshold",
                lambda y, score, threshold=0.5: _point(y, score, threshold, np.greater_equal),
                "A score exactly at the threshold counts as 0 here: *above*, so `>` and not `>=`.",
            ),
            Mistake(
                "below the threshold",
                lambda y, score, threshold=0.5: _point(y, score, threshold, np.less_equal),
                "You say 1 where the score is *low*. A high score means that the model believes in class 1.",
            ),
            Mistake(
                "among all records",
                lambda y, score, threshold=0.5: _point_among(y, score, threshold, lambda y, guess: len(y)),
                "You divide by the number of all records. Each rate looks at one class only: divide by its size.",
            ),
            Mistake(
                "among the alarms",
                lambda y, score, threshold=0.5: _point_among(y, score, threshold, lambda y, guess: guess.sum()),
                "You divide by the number of alarms; the second number is then the *precision*. Divide by the size of "
                "the class: all records with `y == 0`, all with `y == 1`.",
            ),
        ],
        remember="Each rate looks at one class, so the ROC curve does not change when one class becomes rare.",
    )
)


def _f1(counts):
    tp, fp, fn, tn = (float(c) for c in np.asarray(counts))
    matrix = np.array([[tn, fp], [fn, tp]])
    return np.array([metrics.precision(matrix)[1], metrics.recall(matrix)[1], metrics.f1(matrix)[1]])


def _quotients(counts, precision, recall, f1):
    tp, fp, fn, tn = (float(c) for c in np.asarray(counts))
    p, r = precision(tp, fp, fn, tn), recall(tp, fp, fn, tn)
    return np.array([p, r, f1(p, r)])


def _harmonic(p, r):
    return 2 * p * r / (p + r)


def _precise(tp, fp, fn, tn):
    return tp / (tp + fp)


def _recalled(tp, fp, fn, tn):
    return tp / (tp + fn)


precision_recall_f1 = SET.add(
    Function(
        prompt=r"""
Write **precision, recall and F1** of class 1. `counts` is `np.array([TP, FP, FN, TN])`; give back an array of the
three. TP is never 0 here. F1 is the harmonic mean, $\frac{2\,p\,r}{p + r}$.""",
        solution_code='''
def precision_recall_f1(counts):
    """Precision, recall and F1 of class 1."""
    tp, fp, fn, tn = counts
    p = tp / (tp + fp)
    r = tp / (tp + fn)
    return np.array([p, r, 2 * p * r / (p + r)])
''',
        oracle=_f1,
        inputs=lambda rng: (rng.integers([20, 3, 3, 60], [60, 19, 19, 200]),),
        edge_cases=[
            (np.array([70, 5, 15, 10]),),
            (np.array([8, 40, 2, 950]),),
            (np.array([30, 2, 18, 50]),),
        ],
        alternatives=[
            lambda counts: np.array(
                [
                    counts[0] / sum(counts[:2]),
                    counts[0] / (counts[0] + counts[2]),
                    2 * counts[0] / (2 * counts[0] + counts[1] + counts[2]),
                ]
            ),
            lambda counts: _quotients(counts, _precise, _recalled, lambda p, r: 1 / ((1 / p + 1 / r) / 2)),
        ],
        hints=[
            "Precision: of all records that were *called* 1, how many are? Recall: of all that *are* 1, how many were "
            "found?",
            "Called 1: TP + FP. Are 1: TP + FN. Both quotients have TP on top.",
            "`tp, fp, fn, tn = counts` takes the four out of the array.",
            "`p = tp / (tp + fp)`, `r = tp / (tp + fn)`, and the third is `2 * p * r / (p + r)`.",
        ],
        mistakes=[
            Mistake(
                "precision and recall exchanged",
                lambda counts: _f1(counts)[[1, 0, 2]],
                "Precision and recall have changed places. Precision divides by what was *called* 1 (TP + FP), recall "
                "by "
                "what *is* 1 (TP + FN). F1 did not notice: it is the same either way.",
            ),
            Mistake(
                "arithmetic mean",
                lambda counts: _quotients(counts, _precise, _recalled, lambda p, r: (p + r) / 2),
                "The last is the ordinary mean. The harmonic mean stays near the *smaller* one: with precision 1 and "
                "recall "
                "0.01, the mean would be a comfortable 0.5, F1 is 0.02.",
            ),
            Mistake(
                "accuracy for precision",
                lambda counts: _quotients(
                    counts, lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn), _recalled, _harmonic
                ),
                "Your first number is the accuracy, (TP + TN)/all. Precision has no TN in it: TP/(TP + FP).",
            ),
            Mistake(
                "specificity for recall",
                lambda counts: _quotients(counts, _precise, lambda tp, fp, fn, tn: tn / (tn + fp), _harmonic),
                "Your second number is TN/(TN + FP), the recall of class 0 (specificity). Of class 1 it is TP/(TP + "
                "FN).",
            ),
            Mistake(
                "factor 2",
                lambda counts: _quotients(counts, _precise, _recalled, lambda p, r: p * r / (p + r)),
                "The factor 2 of F1 is missing. With p = r the mean must be p; yours is p/2.",
            ),
            Mistake(
                "percent",
                lambda counts: 100 * _f1(counts),
                "These are percent; shares between 0 and 1 are asked for.",
            ),
        ],
        remember="Neither precision nor recall knows TN: a million easy zeros do not improve them. Accuracy they do.",
    )
)


def _precision(share, recall, alarms):
    return share * recall / (share * recall + (1 - share) * alarms)


precision_of_the_rare = SET.add(
    Number(
        name="precision_of_the_rare",
        prompt=r"""
A test finds {recall} of the sick (recall) and raises a false alarm for {alarms} of the healthy. Of all people, {share}
are sick. What share of its alarms are true: what is its **precision**?""",
        values={"share": 0.03, "recall": 0.7, "alarms": 0.1},
        oracle=_precision,
        precision="two significant digits are enough here",
        rtol=0.02,  # 0.18 for 0.178 has two digits
        working="""
found = {share} * {recall}             # sick, and an alarm: 0.021 of all people
false = (1 - {share}) * {alarms}       # healthy, and an alarm: 0.097
found / (found + false)            # 0.178""",
        hints=[
            "Take 10 000 people. How many are sick, and how many of those does the test find?",
            "300 are sick, 210 found. 9700 are healthy: how many false alarms is a tenth of those?",
            "970 false alarms, 210 true ones. Precision: true alarms divided by all alarms.",
        ],
        mistakes=[
            Mistake(
                "recall",
                lambda share, recall, alarms: recall,
                "This is the recall: of the sick, how many get an alarm. Asked is the other way round: of the alarms, "
                "how "
                "many are sick.",
            ),
            Mistake(
                "false-alarm rate",
                lambda share, recall, alarms: alarms,
                "This is the share of the *healthy* who get an alarm. Precision divides by the alarms.",
            ),
            Mistake(
                "share forgotten",
                lambda share, recall, alarms: recall / (recall + alarms),
                "This would hold if there were as many sick as healthy. There are 32 healthy people for each sick "
                "one, and "
                "each may raise a false alarm.",
            ),
            Mistake(
                "accuracy",
                lambda share, recall, alarms: share * recall + (1 - share) * (1 - alarms),
                "This is the accuracy: all that are judged rightly, among all people. It is high since nearly all are "
                "healthy. Precision looks at the alarms only.",
            ),
            Mistake(
                "found, of all people",
                lambda share, recall, alarms: share * recall,
                "This is the share of all people who are sick and found. Divide it by the share who get an alarm.",
            ),
            Mistake(
                "false alarms",
                lambda share, recall, alarms: 1 - _precision(share, recall, alarms),
                "This is the share of *false* alarms among the alarms. Precision is the rest.",
            ),
        ],
        remember=(
            "Where a class is rare, most alarms are false even of a good test. ROC does not show it, precision does."
        ),
    )
)


def _scaled(train, test):
    return Standardiser(Data("train", train, np.zeros((len(train), 1)), "mse"))(
        Data("test", test, np.zeros((len(test), 1)), "mse")
    ).x


def _by(mean_of, std_of):
    def scaled_test(train, test):
        known = {"train": train, "test": test, "both": np.concatenate([train, test])}
        return (test - known[mean_of].mean(axis=0)) / known[std_of].std(axis=0)

    return scaled_test


scaled_test = SET.add(
    Function(
        prompt=r"""
Bring the **test records** to the scale on which the network was trained: subtract a mean and divide by a standard
deviation, column by column, **without looking at the test records** to find them. `train` (m, k) and `test` (n, k) are
arrays; give back the scaled test records. Use `std` as numpy has it.""",
        solution_code='''
def scaled_test(train, test):
    """The test records on the scale of the training records."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (test - mean) / std
''',
        oracle=_scaled,
        inputs=lambda rng: (
            rng.normal(rng.uniform(-3, 3, 3), rng.uniform(1, 4, 3), (int(rng.integers(8, 15)), 3)),
            rng.normal(2, 2, (int(rng.integers(4, 7)), 3)),
        ),
        edge_cases=[
            (np.array([[0.0, 10.0], [2.0, 30.0], [4.0, 20.0]]), np.array([[2.0, 20.0], [6.0, 0.0]])),
            (np.array([[1.0, 2.0], [3.0, 6.0], [8.0, 4.0], [0.0, 1.0]]), np.array([[3.0, 3.0]])),
            (np.array([[5.0, -1.0], [7.0, 1.0]]), np.array([[5.0, 2.0], [9.0, 2.5], [6.0, 0.0]])),
        ],
        alternatives=[
            lambda train, test: np.stack(
                [(c - t.sum() / len(t)) / np.sqrt(((t - t.mean()) ** 2).mean()) for c, t in zip(test.T, train.T)],
                axis=1,
            ),
            lambda train, test: test / np.std(train, 0) - np.mean(train, 0) / np.std(train, 0),
        ],
        hints=[
            "Mean and standard deviation are learned from data, like weights. From which data may one learn?",
            "From `train` only. The test records are then treated as the network will treat any new record.",
            "One mean per column: `train.mean(axis=0)`, of shape (k,). The same with `std`.",
            "`return (test - mean) / std`, with both taken from `train`.",
        ],
        mistakes=[
            Mistake(
                "from the test records",
                lambda train, test: (test - test.mean(axis=0)) / np.where(test.std(axis=0) > 0, test.std(axis=0), 1),
                "Mean and std come from the test set. Then the same record means something else to the network than in "
                "training, and a single new record would always become 0.",
            ),
            Mistake(
                "from both",
                _by("both", "both"),
                "Mean and std come from training *and* test records: the test set has leaked into what was learned. "
                "Often it matters little; it is a habit that one day matters much.",
            ),
            Mistake(
                "training records scaled",
                lambda train, test: (train - train.mean(axis=0)) / train.std(axis=0),
                "These are the *training* records on their own scale. Give back the test records.",
            ),
            Mistake(
                "not divided",
                lambda train, test: test - train.mean(axis=0),
                "The mean is gone, the scale is not: divide by `train.std(axis=0)`.",
            ),
            Mistake(
                "variance",
                lambda train, test: (test - train.mean(axis=0)) / train.var(axis=0),
                "You divide by the variance. The standard deviation is its square root: `std`.",
            ),
            Mistake(
                "one mean for all columns",
                lambda train, test: (test - train.mean()) / train.std(),
                "One mean and one std for the whole table mix metres with kilograms. Each column has its own: "
                "`axis=0`.",
            ),
        ],
        remember="Whatever is computed from data is learned: split first, then compute it on the training part alone.",
    )
)

read_the_curves = SET.add(
    Choice(
        name="read_the_curves",
        prompt="""
A network has been trained for 50 epochs. Training error 0.02 and still falling; validation error 0.31, lowest at
epoch 12 with 0.22 and rising since. Six runs with other seeds look the same. What do you do first?""",
        options=[
            Option(
                "Train longer: the training error is still falling.",
                "It is, by learning the noise. The validation error has been rising for 38 epochs.",
                name="train longer",
            ),
            Option(
                "Add units: a model with an error of 0.31 is too weak.",
                "A weak model is bad on the training records as well. This one is nearly perfect there.",
                name="larger model",
            ),
            Option(
                "More records, a smaller or a restrained model, or stop near epoch 12; then look at the validation "
                "data again.",
                "Good on the training records, worse on others, and ever worse: it overfits.",
                right=True,
            ),
            Option(
                "Keep the epoch at which the *test* error is lowest.",
                "Then the test set has been used for choosing, and nothing is left to measure with. The validation "
                "set is "
                "there for that.",
                name="test set",
            ),
            Option(
                "Publish 0.02: the network fits the data.",
                "0.02 says how well it remembers. What counts is how it does on records it has not seen.",
                name="training error",
            ),
        ],
        hints=[
            "Compare two numbers first: the error on the training records, and on the others.",
            "Bad on both: underfit. Good on the first and bad on the second: overfit.",
            "Which of the remedies works against overfitting, and does not open the test set?",
        ],
        remember="Training error tells what the model can hold, validation error what it has understood.",
    )
)
