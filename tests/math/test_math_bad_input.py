"""Every mistake a learner makes at the door gets a ValueError that says what was expected."""

import numpy as np
import pytest

from course_lib.activations import get_activation
from course_lib.datasets import get_dataset, moons
from course_lib.initializers import get_initializer
from course_lib.losses import get_loss
from course_lib.network import MLP
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
    (lambda: train(Settings(hidden=(16, 0)), moons()), "layer size must be at least 1"),
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
    (lambda: MLP((3, -1)), "layer size must be at least 1"),
    (lambda: network()[0].predict(network()[1], np.ones((4, 3))), "x must have shape (n, 2)"),
    (lambda: network()[0].predict(network()[1], np.ones(2)), "x must have shape (n, 2)"),
    (lambda: network()[0].predict(network()[1], [[1, NAN]]), "1 NaN or infinite"),
    (lambda: network()[0].predict(network()[1], [["a", "b"]]), "x must hold numbers"),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_bad_input_is_explained(case):
    call, words = CASES[case]
    with pytest.raises(ValueError) as raised:
        call()
    assert words in str(raised.value)
