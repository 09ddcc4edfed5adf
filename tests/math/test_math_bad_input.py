"""Every mistake a learner makes at the door gets a ValueError that says what was expected."""

import numpy as np
import pytest

from course_lib import losses, metrics, optimizers, quadratic, schedules
from course_lib.activations import dead_units, get_activation, nanoseconds, score
from course_lib.clipping import angle, clip_norm, clip_value
from course_lib.datasets import Data, Standardiser, batches, get_dataset, moons, real, split
from course_lib.graph import Node
from course_lib.initializers import constant, get_initializer, scaled_normal, zeros
from course_lib.losses import get_loss
from course_lib.network import MLP, stack
from course_lib.regularization import EarlyStopping, dropout_mask, l1, stopping_point
from course_lib.surfaces import descend, get_surface
from course_lib.training import Settings, find_rate, train

NAN = float("nan")


def network():
    made = MLP((2, 3, 1))
    return made, made.init(np.random.default_rng(0))


# what is called, and words of the message
CASES = [
    (lambda: Settings(lr=-1), "lr must be greater than 0"),
    (lambda: Settings(lr=0), "lr must be greater than 0"),
    (lambda: Settings(lr=NAN), "lr must be one finite number"),
    (lambda: Settings(lr=float("inf")), "lr must be one finite number"),
    (lambda: Settings(lr="fast"), "lr must be a number"),
    (lambda: Settings(lr=True), "lr must be a number"),
    (lambda: Settings(lr=None), "lr must be a number"),
    (lambda: Settings(lr=(0.1, -0.1)), "lr must be greater than 0"),
    (lambda: Settings(lr=(0.1, 0.2), run=(1, 2, 3)), "2 learning rates for 3 runs"),
    (lambda: Settings(lr=()), "at least one"),
    (lambda: Settings(run=-1), "run must be at least 0"),
    (lambda: Settings(run=1.5), "run must be a whole number"),
    (lambda: Settings(batch_size=0), "batch_size must be at least 1"),
    (lambda: Settings(batch_size=2.5), "batch_size must be a whole number"),
    (lambda: Settings(steps=0), "steps must be at least 1"),
    (lambda: Settings(evaluate_every=0), "evaluate_every must be at least 1"),
    (lambda: Settings(seed=-3), "seed must be at least 0"),
    (lambda: Settings(dtype="float16"), "choose from float32, float64"),
    (lambda: train(Settings(batch_size=201), moons(200)), "at most 200"),
    (lambda: train(Settings(activation="rleu"), moons()), "did you mean 'relu'"),
    (lambda: train(Settings(hidden=(16, 0)), moons()), "layer size in hidden must be at least 1"),
    (lambda: train(Settings(initializer="xavier"), moons()), "did you mean 'xavier"),
    (lambda: find_rate(Settings(), moons(), start=0), "start must be greater than 0"),
    (lambda: find_rate(Settings(), moons(), factor=1), "factor must be greater than 1"),
    (lambda: find_rate(Settings(), moons(), trials=1), "trials must be at least 2"),
    (lambda: get_activation("sigmod"), "did you mean 'sigmoid'"),
    (lambda: get_activation(3), "unknown activation 3"),
    (lambda: get_loss("msе"), "choose from mse"),
    (lambda: get_initializer("zero"), "unknown initializer"),
    (lambda: get_dataset("moon"), "did you mean 'moons'"),
    (lambda: moons(0), "n must be at least 1"),
    (lambda: moons(10, noise=-1), "noise must be at least 0"),
    (lambda: MLP((3,)), "at least an input and an output"),
    (lambda: MLP((3, -1)), "layer size in sizes must be at least 1"),
    (lambda: network()[0].predict(network()[1], np.ones((4, 3))), "x must have shape (n, 2)"),
    (lambda: network()[0].predict(network()[1], np.ones(2)), "x must have shape (n, 2)"),
    (lambda: network()[0].predict(network()[1], [[1, NAN]]), "1 NaN or infinite"),
    (lambda: network()[0].predict(network()[1], [["a", "b"]]), "x must hold numbers"),
    # settings of a training
    (lambda: Settings(optimizer="adamm"), "did you mean 'adam'"),
    (lambda: Settings(clip_norm=0), "clip_norm must be greater than 0"),
    (lambda: Settings(clip_value=-1), "clip_value must be greater than 0"),
    (lambda: Settings(l1=-0.1), "l1 must be at least 0"),
    (lambda: Settings(l2=NAN), "l2 must be one finite number"),
    (lambda: Settings(patience=0), "patience must be at least 1"),
    (lambda: Settings(min_delta=-1), "min_delta must be at least 0"),
    (lambda: Settings(schedule=0.5), "schedule must be a function"),
    (lambda: Settings(plateau="yes"), "plateau must be a Plateau"),
    (lambda: train(Settings(dropout=1.0), moons()), "dropout must be below 1"),
    (lambda: train(Settings(dropout=-0.1), moons()), "dropout must be at least 0"),
    (lambda: train(Settings(normalization="bach"), moons()), "did you mean 'batch'"),
    (lambda: train(Settings(loss="msee"), moons()), "did you mean 'mse'"),
    (lambda: train(Settings(patience=3), moons()), "give train(..., validation=...)"),
    (lambda: train(Settings(normalization="batch", batch_size=1), moons()), "two records or more"),
    (lambda: train(Settings(normalization="batch", batch_size=33), moons(100)), "leave one alone"),
    (lambda: train(Settings(activation=("tanh",)), moons()), "2 hidden layers need as many activations, not 1"),
    (lambda: train(Settings(), moons(), real("iris")), "x must have 2 columns"),
    (lambda: train(Settings(loss="scce"), moons()), "class numbers must be whole numbers"),
    (lambda: train(Settings(), real("iris").take(np.arange(0)).astype("float32")), "no records"),
    (lambda: train(Settings(loss="bce"), Data("d", np.ones((40, 2)), np.full((40, 1), 3.0))), "between 0 and 1"),
    # losses
    (lambda: get_loss("scce")(np.ones((3, 2)), np.array([[0], [1], [2]])), "between 0 and 1; found 0 to 2"),
    (lambda: get_loss("scce")(np.ones((3, 2)), np.array([[0], [-1], [1]])), "found -1 to 1"),
    (lambda: get_loss("scce")(np.ones((3, 2)), np.array([0, 1, 1])), "shape (n, 1)"),
    (lambda: get_loss("scce")(np.ones((3, 2)), np.eye(3, 2)), "one-hot rows belong into cce"),
    (lambda: get_loss("cce")(np.ones((2, 3)), np.array([[0, 1, 1], [0, 0, 1]])), "must be one-hot"),
    (lambda: get_loss("cce")(np.ones((3, 3)), np.array([[0], [1], [2]])), "as many columns as outputs"),
    (lambda: get_loss("cce")(np.array([[0.2, 0.8]]), np.array([[0, 1]])), "give the logits"),
    (lambda: get_loss("bce")(np.ones((2, 1)), np.array([[0.0], [1.5]])), "between 0 and 1"),
    (lambda: get_loss("mse")(np.ones((2, 1)), np.array([[NAN], [1]])), "1 NaN or infinite"),
    (lambda: get_loss("mse")(np.ones((2, 1)), np.ones((3, 1))), "as many records"),
    (lambda: get_loss("mse")(np.ones(2), np.ones(2)), "must have shape"),
    (lambda: get_loss("mse")(np.array([[np.inf]]), np.ones((1, 1))), "1 NaN or infinite"),
    (lambda: losses.bce_naive(np.array([[1.2]]), np.ones((1, 1))), "logits belong into bce"),
    (lambda: losses.huber_loss(0), "delta must be greater than 0"),
    (lambda: losses.one_hot(np.array([[3]]), 3), "between 0 and 2"),
    # optimizers, schedules, regularization, initializers
    (lambda: optimizers.momentum(1.0), "beta must be below 1"),
    (lambda: optimizers.momentum(-0.1), "beta must be at least 0"),
    (lambda: optimizers.adam(beta2=1.5), "beta2 must be below 1"),
    (lambda: optimizers.adam(eps=-1), "eps must be at least 0"),
    (lambda: optimizers.rmsprop(alpha="0.9"), "alpha must be a number"),
    (lambda: optimizers.with_l2(optimizers.sgd(), -1), "strength must be at least 0"),
    (lambda: optimizers.get_optimizer(None), "unknown optimizer None"),
    (lambda: schedules.step_decay(0), "every must be at least 1"),
    (lambda: schedules.step_decay(2.5), "every must be a whole number"),
    (lambda: schedules.multi_step([3, -1]), "milestone must be at least 0"),
    (lambda: schedules.exponential(-0.1), "k must be at least 0"),
    (lambda: schedules.cosine(0), "steps must be at least 1"),
    (lambda: schedules.cosine(10, low=2), "low must be between 0 and 1"),
    (lambda: schedules.warm_up(10, start=-1), "start must be between 0 and 1"),
    (lambda: schedules.one_cycle(10, rise=1.0), "must leave steps on both sides"),
    (lambda: schedules.Plateau(factor=2), "factor must be between 0 and 1"),
    (lambda: EarlyStopping(0), "patience must be at least 1"),
    (lambda: EarlyStopping(2, -0.1), "min_delta must be at least 0"),
    (lambda: scaled_normal(0), "std must be greater than 0"),
    (lambda: constant(NAN), "value must be one finite number"),
    # metrics
    (lambda: metrics.confusion_matrix([0, 1], [0, 1, 1]), "not 3 for 2"),
    (lambda: metrics.confusion_matrix([], []), "no records to count"),
    (lambda: metrics.confusion_matrix([0, 1], [0.2, 0.9]), "a probability has to be rounded"),
    (lambda: metrics.confusion_matrix([0, -1], [0, 1]), "class numbers 0, 1, 2"),
    (lambda: metrics.confusion_matrix([0, 2], [0, 1], classes=2), "classes must be at least 3"),
    (lambda: metrics.confusion_matrix(np.ones((2, 2)), [0, 1]), "shape (n,) or (n, 1)"),
    (lambda: metrics.roc([1, 1], [0.2, 0.3]), "records of both classes"),
    (lambda: metrics.roc([0, 1], [0.2]), "not 1 for 2"),
    # data, surfaces, scores
    (lambda: Data("d", np.ones((3, 2)), np.ones((4, 1))), "with the same n"),
    (lambda: Data("d", np.ones(3), np.ones((3, 1))), "x and y must be (n, n_in)"),
    (lambda: Data("d", np.array([[NAN]]), np.ones((1, 1))), "x has 1 NaN"),
    (lambda: Data("d", np.ones((2, 1)), np.zeros((2, 1), int), "scce"), "classes must be a whole number"),
    (lambda: split(moons(10), 0.9, 0.1), "leave a part empty"),
    (lambda: split(moons(10), 1.5), "train must be between 0 and 1"),
    (lambda: Standardiser(moons())(real("iris")), "x must have 2 columns"),
    (lambda: real("mnist"), "unknown real data set"),
    (lambda: descend("saddel", optimizers.sgd(), (0, 0), 0.1, 3), "did you mean 'saddle'"),
    (lambda: descend("saddle", optimizers.sgd(), (0, 0), -0.1, 3), "lr must be greater than 0"),
    (lambda: score("softmax"), "no slope per element"),
    (lambda: quadratic.regime(0.1, 0), "curvature must be greater than 0"),
    # kinds of things: a clear word instead of a traceback from deep inside
    (lambda: get_activation(sum), "unknown activation sum, a builtin_function_or_method"),
    (lambda: get_activation("tanh")([[1.0], [1.0, 2.0]]), "rows have different lengths"),
    (lambda: get_activation("softmax")(3.0), "at least one unit along the last axis"),
    (lambda: score("tanh", np.ones(5)), "two different numbers"),
    (lambda: nanoseconds("tanh", np.ones(5)), "function must be a function"),
    (lambda: dead_units(np.ones(3)), "shape (n, units)"),
    (lambda: dead_units(np.ones((0, 3))), "one record or more"),
    (lambda: clip_norm(np.ones(3), 0.0), "limit must be greater than 0"),
    (lambda: clip_value(np.ones(3), -1), "limit must be greater than 0"),
    (lambda: angle(np.ones(3), np.zeros(3)), "which has no direction"),
    (lambda: angle(np.ones(3), np.ones(2)), "of the same shape"),
    (lambda: moons(10, seed=-1), "seed must be at least 0"),
    (lambda: moons(10).astype("float16"), "choose from float32, float64"),
    (lambda: split([1, 2, 3]), "data must be a Data, not list"),
    (lambda: next(batches(moons(10), 11, [np.random.default_rng(0)])), "batch_size must be between 1 and 10"),
    (lambda: next(batches(moons(10), 2, [7])), "rng must be a numpy Generator"),
    (lambda: next(batches(moons(10), 2, [])), "rngs must be a list of one"),
    (lambda: Node(-1.0) ** 0.5, "a number below 0 has no power 0.5"),
    (lambda: Node(1.0) / 0, "may be a division by 0"),
    (lambda: Node(1000.0).exp(), "exp of 1000 is too large for a float"),
    (lambda: Node(1.0).apply("softmax"), "takes several numbers at once"),
    (lambda: zeros(0, 2, 3), "rng must be a numpy Generator"),
    (lambda: get_initializer("he_normal")(np.random.default_rng(0), 0, 3), "n_in must be at least 1"),
    (lambda: losses.rmse(np.ones((0, 1)), np.ones((0, 1))), "one record at least"),
    (lambda: losses.one_hot(np.array([[0]]), 0), "classes must be at least 1"),
    (lambda: metrics.accuracy([[1, 2]]), "square confusion matrix"),
    (lambda: metrics.f1(np.zeros((2, 2))), "count one record or more"),
    (lambda: metrics.area([0, 1], [0]), "two rows of the same"),
    (lambda: MLP((2, 3, 1)).init(0), "rng must be a numpy Generator"),
    (lambda: MLP(3), "sizes must be a row of layer sizes"),
    (lambda: network()[0].predict({}, np.ones((4, 2))), "params must be a Params, not dict"),
    (lambda: MLP((2, 4, 1)).predict(network()[1], np.ones((4, 2))), "params must be of this network"),
    (lambda: network()[0].watch(network()[1], np.ones((4, 2)), np.ones((3, 1)), "mse"), "same number of records"),
    (lambda: stack([]), "Params of one network"),
    (lambda: l1(np.ones(3), -1), "strength must be at least 0"),
    (lambda: dropout_mask(np.random.default_rng(0), (3,), 1.0), "p must be below 1"),
    (lambda: stopping_point([], 2), "a row of one cost or more"),
    (lambda: schedules.multi_step(3), "a row of steps, such as [100, 200]"),
    (lambda: schedules.product(0.5), "a schedule must be a function"),
    (lambda: schedules.sequence(schedules.cosine, 3, schedules.constant()), "first must be a function of the step"),
    (lambda: Settings(schedule=lambda: 1.0), "schedule must be a function of the step"),
    (lambda: Settings(hidden=16), "hidden must be a row of layer sizes"),
    (lambda: get_surface("saddle").value(np.ones(3)), "points of shape (..., 2)"),
    (lambda: descend("saddle", "adm", (0, 0), 0.1, 3), "did you mean 'adam'"),
    (lambda: train({"lr": 1}, moons()), "settings must be a Settings, not dict"),
    (lambda: train(Settings(), np.ones((3, 2))), "data must be a Data, not ndarray"),
    (lambda: train(Settings(steps=1), moons()).predict(np.ones((1, 2)), 3), "run must be left out"),
    (lambda: train(Settings(steps=1, run=(0, 1)), moons()).words(), "run must say which of the 2 runs"),
    (lambda: train(Settings(steps=1, run=(0, 1)), moons()).words(2), "run must be between 0 and 1"),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_bad_input_is_explained(case):
    call, words = CASES[case]
    with pytest.raises(ValueError) as raised:
        call()
    assert words in str(raised.value)
