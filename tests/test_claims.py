"""The statements of the course's sources, by their id: right numbers reproduced, wrong ones corrected.

No test here: what needs a clock (A8, the seconds of A2 and G2: measured in their lessons), advice and pictures
(G5, G6, R3).
"""

import math

import numpy as np
import pytest
import torch

from course_lib import losses, metrics, optimizers, quadratic, regularization, schedules, search
from course_lib.activations import (
    ACTIVATIONS,
    Activation,
    d_sigmoid,
    d_tanh,
    dead_units,
    gelu,
    gelu_tanh,
    leaky_relu,
    normal_sample,
    prelu,
    relu,
    score,
    sigmoid,
    softmax,
    softmax_naive,
    tanh,
)
from course_lib.clipping import angle, clip_norm, clip_value
from course_lib.datasets import Data, Standardiser, batches, circles, moons, real, split
from course_lib.gradient_descent import descend_line, line_cost, noisy_line
from course_lib.graph import Node
from course_lib.initializers import get_initializer
from course_lib.lines import fit_line
from course_lib.losses import get_loss
from course_lib.network import MLP
from course_lib.surfaces import descend, get_surface
from course_lib.training import Settings, find_rate, train
from course_lib.transfer import OTHERS, TEN, UNLABELLED, learn_target

RECORDS = Data("two records", np.array([[80.0, 8.0], [60.0, 9.0]]), np.array([[3.0], [5.0]]), loss="mse")


# ------------------------------------------------------------------------------- network (N)


def test_N1_one_update_is_forward_loss_backward_update():
    network, loss = MLP((2, 3, 1)), get_loss("mse")
    data = Data("few", np.array([[0.2, -1.0], [1.0, 0.5]]), np.array([[1.0], [0.0]]), loss="mse")
    params = network.init(np.random.default_rng([0, 0]))
    z, kept = network.forward(params, data.x)
    grads = network.backward(params, kept, loss.gradient(z, data.y), params.copy())
    by_hand = params.vector - 0.1 * grads.vector
    settings = Settings(hidden=(3,), lr=0.1, steps=1, batch_size=None, dtype="float64")
    assert train(settings, data).params.vector == pytest.approx(by_hand, rel=1e-12)


def test_N2_a_neuron_is_a_weighted_sum_and_then_its_activation():
    network = MLP((3, 1, 1), "sigmoid")
    params = network.init(np.random.default_rng(0))
    params["W1"][:, 0], params["b1"][:], params["W2"][:], params["b2"][:] = (0.5, -1.0, 2.0), 0.25, 1.0, 0.0
    z = 0.5 * 3 - 1.0 * 2 + 2.0 * 1 + 0.25
    assert network.predict(params, [[3.0, 2.0, 1.0]]).item() == pytest.approx(1 / (1 + math.exp(-z)))


def test_N3_without_activations_a_stack_is_one_matrix():
    network = MLP((4, 7, 5, 2), "identity")
    params = network.init(np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(6, 4))
    W = params["W1"] @ params["W2"] @ params["W3"]
    b = (params["b1"] @ params["W2"] + params["b2"]) @ params["W3"] + params["b3"]
    assert network.predict(params, x) == pytest.approx(x @ W + b)
    bent = MLP((4, 7, 5, 2), "tanh")
    with pytest.raises(AssertionError):
        assert bent.predict(params, x) == pytest.approx(x @ W + b)


def test_N4_raw_records_make_a_rate_of_a_tenth_diverge_standardised_ones_do_not():
    common = {"hidden": (2,), "lr": 0.1, "steps": 100, "batch_size": None, "run": (0, 1, 2, 3, 4)}
    tame = Standardiser(RECORDS)(RECORDS)
    straight = train(Settings(activation="identity", **common), RECORDS)
    assert (straight.diverged >= 0).all()
    bent = train(Settings(activation="relu", **common), RECORDS)  # the first steps throw both units off for good
    assert bent.cost[:, -1] == pytest.approx(np.ones(5), rel=1e-3)  # 1 is the cost of always guessing 4
    for activation in ("identity", "tanh"):
        history = train(Settings(activation=activation, **common), tame)
        assert (history.diverged == -1).all() and (history.cost[:, -1] < 0.01).all()


def test_N5_equal_weights_stay_equal_and_zero_biases_do_no_harm():
    equal = train(Settings(hidden=(6,), initializer="constant", steps=200), moons()).params["W1"]
    assert np.allclose(equal, equal[:, :1])
    drawn = train(Settings(hidden=(6,), steps=200), moons())
    assert not np.allclose(drawn.params["W1"], drawn.params["W1"][:, :1])
    assert (drawn.network.init(np.random.default_rng(0))["b1"] == 0).all() and drawn.cost[-1] < 0.8 * drawn.cost[0]


def test_N6_labelled_data_have_a_target_for_every_record():
    with pytest.raises(ValueError, match="with the same n"):
        Data("half labelled", np.ones((4, 2)), np.ones((3, 1)))


def test_N6_layers_that_saw_unlabelled_digits_help_when_labels_are_few():
    right = learn_target(UNLABELLED, 2, range(10))[0][-1]
    gain = right[:, 1] - right[:, 0]  # frozen, against from scratch
    assert gain.mean() > 0.02 and (gain > 0).sum() >= 7
    many = learn_target(UNLABELLED, 100, range(5))[0][-1]
    assert (many[:, 1] < many[:, 0]).all()  # with many labels they only stand in the way


# --------------------------------------------------------------------------- activations (A)


def test_A1_the_five_criteria_are_numbers():
    scores = {name: score(f) for name, f in ACTIVATIONS.items() if f.slope}
    assert {name for name, s in scores.items() if s.bends < 1e-9} == {"identity"}
    assert {name for name, s in scores.items() if s.kinked} == {"relu", "leaky_relu", "prelu", "selu"}
    assert {name for name, s in scores.items() if abs(s.mean) < 1e-3} == {"identity", "tanh", "selu"}
    assert scores["relu"].saturated == pytest.approx(0.5, abs=1e-3) and scores["leaky_relu"].saturated == 0


def test_A2_an_activation_is_applied_once_per_unit_not_per_parameter():
    elements = []
    counting = Activation("counting", lambda z: elements.append(z.size) or z, np.ones_like)
    network = MLP((512, 512, 1), counting)
    network.predict(network.init(np.random.default_rng(0)), np.zeros((1, 512)))
    assert elements == [512] and network.size > 500 * 512


def test_A3_sigmoid_is_between_0_and_1_and_rounds_to_1():
    assert sigmoid(10.0) == pytest.approx(0.9999546, abs=5e-8) and f"{sigmoid(10.0):.4f}" == "1.0000"
    assert sigmoid(-10.0) == pytest.approx(4.5398e-05, abs=5e-10)
    for dtype, border in ((np.float32, 16.64), (np.float64, 36.74)):
        assert sigmoid(dtype(border - 0.1)) < 1 and sigmoid(dtype(border + 0.1)) == 1


def test_A4_the_slope_of_sigmoid_at_10_is_small_not_0():
    assert d_sigmoid(10.0) == pytest.approx(4.54e-05, abs=5e-8) and d_sigmoid(0.0) == 0.25
    assert (d_sigmoid(np.linspace(-9, 9, 1001)) <= 0.25).all()


def test_A5_output_one_half_is_the_logit_0():
    assert sigmoid(0.0) == 0.5 and sigmoid(1e-9) > 0.5 > sigmoid(-1e-9)


def test_A6_tanh_at_6_is_nearly_1_and_its_slope_nearly_0():
    assert (tanh(0.0), d_tanh(0.0)) == (0, 1)
    assert tanh(6.0) == pytest.approx(0.9999877, abs=5e-8) and d_tanh(6.0) == pytest.approx(2.46e-05, abs=5e-8)
    z = torch.tensor([8.9, 9.1], requires_grad=True)
    torch.tanh(z).sum().backward()
    assert z.grad[0] > 0 and z.grad[1] == 0


def test_A7_an_output_of_0_still_learns():
    z, w = Node(0.0, "z"), Node(0.7, "w")
    a = z.apply(ACTIVATIONS["tanh"])
    (a * w).backward()
    assert a.value == 0 and z.gradient == 0.7  # the unit itself learns with its largest slope
    assert w.gradient == 0  # only the weight that reads the 0 does not


def test_A9_tanh_is_no_probability():
    with np.errstate(invalid="ignore", divide="ignore"), pytest.raises(ValueError, match="between 0 and 1"):
        losses.bce_naive(np.tanh([[-2.0]]), np.array([[1.0]]))
    assert softmax(np.array([1.0, 2.0, 3.0])).sum() == pytest.approx(1)


def test_A10_relu():
    z = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    torch.relu(z).sum().backward()
    assert z.grad.tolist() == [0, 0, 1] == ACTIVATIONS["relu"].slope(np.array([-2.0, 0.0, 3.0])).tolist()
    assert score("relu").mean == pytest.approx(0.3989, abs=1e-3)


def test_A11_a_low_bias_or_a_high_rate_kills_units():
    network = MLP((2, 50, 1), "relu")
    params = network.init(np.random.default_rng(0))

    def dead(params):
        return dead_units(relu(moons().x @ params["W1"] + params["b1"])).mean()

    shares = []
    for bias in (0.0, -2.0, -10.0):
        params["b1"][:] = bias
        shares.append(dead(params))
    assert shares[0] < shares[1] < shares[2] == 1
    settings = Settings(hidden=(50,), activation="relu", lr=(0.1, 20.0), steps=60)
    slow, fast = (dead(train(settings, moons()).params.run(run)) for run in (0, 1))
    assert slow < 0.1 < fast


def test_A12_large_weights_need_not_kill_a_unit():
    x = moons().x
    assert dead_units(relu(x @ np.array([[1e6], [1e6]]))).tolist() == [False]
    assert dead_units(relu(x @ np.array([[1e6], [1e6]]) - 1e8)).tolist() == [True]


def test_A13_the_leak_keeps_the_gradient():
    slope = ACTIVATIONS["leaky_relu"].slope(np.array([-5.0, 0.0, 5.0]))
    assert slope.tolist() == [0.01, 0.01, 1]


@pytest.mark.parametrize(("a", "mean"), [(0.0, 0.399), (0.01, 0.395), (0.25, 0.299)])
def test_A14_leaky_relus_are_not_zero_centred(a, mean):
    z = normal_sample(100_001)
    assert leaky_relu(z, a).mean() == pytest.approx(mean, abs=5e-4)
    assert (1 - a) / math.sqrt(2 * math.pi) == pytest.approx(mean, abs=5e-4)


def test_A15_prelu_learns_its_slope_and_no_learning_rate():
    z, delta = np.array([-2.0, 3.0, -0.5]), np.array([0.1, 5.0, -1.0])
    a = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
    torch.nn.functional.prelu(torch.tensor(z), a).backward(torch.tensor(delta))
    assert a.grad.item() == pytest.approx(-2.0 * 0.1 + -0.5 * -1.0)
    assert prelu(-2.0) == -0.5 and torch.nn.PReLU().weight.item() == 0.25
    assert train(Settings(activation="prelu"), moons()).params["a1"].item() != 0.25


def test_A16_selu_holds_mean_0_and_variance_1_with_its_constants():
    a = ACTIVATIONS["selu"](normal_sample(100_001))
    assert a.mean() == pytest.approx(0, abs=2e-3) and a.var() == pytest.approx(1, abs=2e-2)
    assert torch.nn.functional.selu(torch.tensor(-50.0)).item() == pytest.approx(-1.0507 * 1.6733, abs=1e-3)
    network = MLP((100, *[100] * 20, 1), "selu")
    rng = np.random.default_rng(0)
    last = network.watch(network.init(rng), rng.normal(size=(200, 100)), np.zeros((200, 1)), get_loss("mse"))[-2]
    assert last.name == "layer 20" and last.a_std == pytest.approx(1, abs=0.2) and abs(last.a_mean) < 0.1


def test_A17_gelu_works_in_an_ordinary_network_and_its_forms_are_close():
    z = np.linspace(-8, 8, 4001)
    assert 1e-4 < np.abs(gelu(z) - gelu_tanh(z)).max() < 1e-3
    history = train(Settings(activation="gelu", lr=0.3), moons())
    assert history.cost[-1] < 0.5 * history.cost[0]


def test_A18_softmax_does_not_mind_a_shift_and_the_naive_form_overflows():
    z = np.array([1000.0, 1001.0, 999.0])
    assert softmax(z) == pytest.approx(softmax(z - 1000)) and np.isnan(softmax_naive(z)).any()


def test_A19_trying_them_out_gives_an_order_for_one_problem():
    ends = {a: train(Settings(activation=a, lr=0.3), moons()).cost[-1] for a in ("relu", "leaky_relu", "prelu")}
    assert all(cost < 0.5 for cost in ends.values())


# -------------------------------------------------------------------------------- losses (L)


def test_L1_cost_is_the_mean_of_the_losses():
    z, y = np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]])
    assert losses.mse(z, y).tolist() == [1, 4] and get_loss("mse").cost(z, y) == 2.5


def test_L2_mse_has_the_squared_unit():
    z, y = np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]])
    for factor, name in ((100**2, "mse"), (100, "mae")):  # metres to centimetres
        assert get_loss(name).cost(100 * z, 100 * y) == pytest.approx(factor * get_loss(name).cost(z, y))
    assert losses.rmse(100 * z, 100 * y) == pytest.approx(100 * losses.rmse(z, y))


def test_L3_L7_an_outlier_moves_the_mse_fit_most():
    y = np.array([1.0, 1.2, 0.9, 1.1, 30.0])[:, None]
    tries = np.linspace(0, 10, 10_001)[:, None, None] + np.zeros((1, 5, 1))
    best = {name: tries[get_loss(name).cost(tries, y).argmin(), 0, 0] for name in ("mse", "mae", "huber")}
    assert best["mse"] == pytest.approx(6.84, abs=0.01) and best["mae"] == pytest.approx(1.1, abs=0.01)
    assert best["huber"] == pytest.approx(1.3, abs=0.01)


def test_L4_mae_has_no_slope_at_0():
    grad = [losses.d_mae(np.array([[e]]), np.zeros((1, 1))).item() for e in (-0.1, 0.0, 0.1, 50.0)]
    assert grad == [-1, 0, 1, 1]


def test_L5_hubers_example_has_mean_30_5():
    errors = np.array([[2.0], [2.0], [-20.0]])
    assert losses.huber(errors, np.zeros((3, 1)), delta=5).tolist() == [2, 2, 87.5]
    assert losses.huber_loss(5).cost(errors, np.zeros((3, 1))) == pytest.approx(30.5)
    assert 20 - 5 / 2 == 17.5  # the middle line; the text prints 17.7
    theirs = torch.nn.HuberLoss(delta=5)(torch.tensor(errors), torch.zeros(3, 1))
    assert theirs.item() == pytest.approx(30.5)


def test_L6_hubers_delta_is_not_learned():
    assert list(train(Settings(loss="huber", steps=3), moons()).params) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert not list(torch.nn.HuberLoss().parameters())


def test_L8_bce_of_logits_is_stable_and_its_gradient_is_sigmoid_minus_y():
    z, y = np.array([[800.0], [-800.0]]), np.array([[0.0], [1.0]])
    assert losses.bce(z, y).tolist() == [800, 800]
    assert not np.isfinite(losses.bce_naive(sigmoid(z), y)).all()
    assert losses.d_bce(np.array([[0.3]]), np.array([[1.0]])).item() == pytest.approx(sigmoid(0.3) - 1)


def test_L9_one_hot_and_indices_are_the_same_loss_at_another_size():
    z, y = np.random.default_rng(0).normal(size=(50, 10)), np.arange(50)[:, None] % 10
    hot = losses.one_hot(y, 10)
    assert losses.cce(z, hot) == pytest.approx(losses.scce(z, y))
    assert losses.d_cce(z, hot) == pytest.approx(losses.d_scce(z, y))
    assert hot.nbytes == 10 * y.nbytes


def test_L10_a_training_curve_can_dip_where_no_minimum_is():
    data = moons(128)
    history = train(Settings(lr=1.0, batch_size=4, steps=120, evaluate_every=1, dtype="float64"), data)
    cost = history.cost
    dips = np.flatnonzero((cost[1:-1] < cost[:-2]) & (cost[1:-1] < cost[2:])) + 1
    assert len(dips) > 10
    k = int(dips[len(dips) // 2])
    there = train(Settings(lr=1.0, batch_size=4, steps=k, dtype="float64"), data)
    z, kept = there.network.forward(there.params, data.x)
    grads = there.network.backward(there.params, kept, there.loss.gradient(z, data.y), there.params.copy())
    assert np.linalg.norm(grads.vector) > 1e-3  # the surface is not flat there


def test_L10_a_bowl_has_one_minimum_and_its_curve_many_dips():
    data = noisy_line(64)
    path = descend_line(data, 4, 0.2, 160, (-1.0, 2.4), np.random.default_rng(0))
    cost = line_cost(path, data)
    dips = np.flatnonzero((cost[1:-1] < cost[:-2]) & (cost[1:-1] < cost[2:])) + 1
    lowest = np.array(fit_line(data.x[:, 0], data.y[:, 0]))
    assert len(dips) > 10 and (np.linalg.norm(path[dips] - lowest, axis=1) > 1e-3).all()
    X = np.column_stack([data.x, np.ones(64)])
    assert (np.linalg.eigvalsh(X.T @ X) > 0).all()  # curved upwards everywhere: one minimum


# ----------------------------------------------------------------------- backpropagation (B)


def test_B1_B4_the_update():
    theta, _ = optimizers.sgd().update(np.array([1.0]), np.array([1.5]), (), 0.01, 1)
    assert 1.0 - theta[0] == pytest.approx(0.015)


def two_two_one(activation):
    """Output, loss, parameters and hidden outputs of the 2-2-1 network, and its gradients by the scalar graph."""
    values = {"w11": 0.3, "w12": -0.2, "w21": 0.5, "w22": 0.4, "b1": 0.1, "b2": -0.3, "v1": 0.7, "v2": -0.6, "c": 0.2}
    p = {name: Node(value, name) for name, value in values.items()}
    x1, x2, y = 0.8, -0.5, 1.0
    f = ACTIVATIONS[activation]
    z1, z2 = x1 * p["w11"] + x2 * p["w21"] + p["b1"], x1 * p["w12"] + x2 * p["w22"] + p["b2"]
    o1, o2 = z1.apply(f), z2.apply(f)
    out = o1 * p["v1"] + o2 * p["v2"] + p["c"]
    ((y - out) ** 2).backward()
    return p, (z1, o1, o2, out), (x1, y)


def test_B2_gradients_of_the_output_layer():
    p, (_, o1, o2, out), (_, y) = two_two_one("sigmoid")
    common = -2 * (y - out.value)
    assert out.gradient == pytest.approx(common)
    assert p["v1"].gradient == pytest.approx(common * o1.value)
    assert p["v2"].gradient == pytest.approx(common * o2.value)
    assert p["c"].gradient == pytest.approx(common)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "elu"])
def test_B3_the_slope_of_the_activation_belongs_into_the_hidden_gradient(activation):
    p, (z1, _, _, out), (x1, y) = two_two_one(activation)
    as_in_the_source = -2 * (y - out.value) * p["v1"].value * x1
    right = as_in_the_source * ACTIVATIONS[activation].slope(np.float64(z1.value))
    assert p["w11"].gradient == pytest.approx(right)
    assert (p["w11"].gradient == pytest.approx(as_in_the_source)) == (ACTIVATIONS[activation].slope(z1.value) == 1)


def test_B5_an_update_of_4e_16_is_lost_to_rounding():
    assert 0.0001 * 0.000001 * 0.001 * 0.004 == pytest.approx(4e-16)
    assert 0.8 - 0.1 * 4e-16 == 0.8 and 0.8 - 0.1 * 4e-10 < 0.8


def test_B6_from_0_8_to_8689_89_takes_a_gradient_of_minus_86890_9():
    theta, _ = optimizers.sgd().update(np.array([0.8]), np.array([-86890.9]), (), 0.1, 1)
    assert theta[0] == pytest.approx(8689.89)


def test_B7_norms_per_layer_tell_vanishing_from_exploding():
    def first_against_last(activation, initializer):
        network = MLP((8, *[8] * 20, 1), activation, initializer)
        rng = np.random.default_rng(0)
        params = network.init(rng)
        reports = network.watch(params, rng.normal(size=(32, 8)), rng.normal(size=(32, 1)), get_loss("mse"))
        return reports[0].gradient_norm / reports[-2].gradient_norm, reports[0].delta_std / reports[-2].delta_std

    assert max(first_against_last("sigmoid", "xavier_uniform")) < 0.25**10
    healthy = first_against_last("tanh", "xavier_uniform")
    assert 0.01 < min(healthy) and max(healthy) < 100
    assert first_against_last("identity", "normal")[1] > 1e4  # the signal on its way back
    assert 0.25**10 == pytest.approx(9.5e-7, abs=1e-8)


def test_B8_variances_of_xavier_and_he():
    rng = np.random.default_rng(0)
    assert get_initializer("xavier_normal")(rng, 300, 500).var() == pytest.approx(2 / 800, rel=0.02)
    assert get_initializer("he_normal")(rng, 300, 500).var() == pytest.approx(2 / 300, rel=0.02)


def test_B9_only_clipping_by_norm_keeps_the_direction():
    g = np.array([5.0, 0.5, -0.1])
    assert angle(g, clip_norm(g, 1.0)) == pytest.approx(0, abs=1e-5) and angle(g, clip_value(g, 1.0)) > 10


def test_B10_normalization_and_momentum_can_be_combined_in_all_four_ways():
    ends = {
        (n, m): train(Settings(hidden=(16,) * 3, activation="relu", normalization=n, optimizer=m, lr=0.01, steps=100,
                               run=range(5)), circles(128)).cost[:, -1]
        for n in (None, "batch")
        for m in ("sgd", "momentum")
    }  # fmt: skip
    neither, either = ends[None, "sgd"], (ends[None, "momentum"], ends["batch", "sgd"])
    both = ends["batch", "momentum"]
    assert all(cost.max() < neither.min() for cost in either)  # every one of the five seeds
    assert all(both.max() < cost.min() for cost in either)


# ---------------------------------------------------------- gradient descent, optimizers (G)


def test_G1_a_hundred_records_make_four_batches_of_25():
    data = moons(100)
    feed = batches(data, 25, [np.random.default_rng(0)])
    seen = np.concatenate([next(feed)[0] for _ in range(4)])
    assert sorted(map(tuple, seen)) == sorted(map(tuple, data.x))


def test_G2_per_epoch_smaller_batches_get_farther():
    data = moons(128)
    ends = [train(Settings(batch_size=b, steps=20 * 128 // b, lr=0.1), data).cost[-1] for b in (8, 32, 128)]
    assert ends == sorted(ends)


def test_G2_to_the_same_cost_one_record_takes_most_updates_and_all_records_most_looks():
    data, needed = moons(2048, noise=0.15), {}
    for size, lr, steps in ((1, 0.1, 3000), (32, 1.0, 200), (2048, 2.0, 100)):
        history = train(Settings(lr=lr, batch_size=size, steps=steps, evaluate_every=20), data)
        assert history.cost.min() < 0.2
        needed[size] = int(history.step[np.argmax(history.cost < 0.2)])
    assert needed[1] > 5 * needed[32] > 5 * needed[2048] / 2
    assert 2048 * needed[2048] > 10 * 32 * needed[32]


def test_G3_activations_take_memory_in_proportion_to_the_batch():
    network = MLP((2, 16, 16, 1))
    params = network.init(np.random.default_rng(0))
    sizes = [sum(k.nbytes for k in network.forward(params, moons(256).x[:n])[1]) for n in (1, 32, 256)]
    assert sizes == [sizes[0], 32 * sizes[0], 256 * sizes[0]]


def test_G4_single_records_do_not_overfit_by_themselves():
    part, _, test = split(moons(120, noise=0.4), 0.3, 0.1)
    ends = {}
    for size in (1, 36):  # as many updates, at the same rate
        settings = Settings(lr=0.1, batch_size=size, steps=4000, evaluate_every=4000, run=tuple(range(5)))
        history = train(settings, part, test)
        ends[size] = np.median(history.cost[:, -1]), np.median(history.validation_cost[:, -1])
    assert ends[1][0] > ends[36][0] and ends[1][1] < ends[36][1]  # learns less by heart, does better on the unseen


def test_G7_momentum_and_noise_may_leave_a_local_minimum_and_nothing_promises_it():
    well = get_surface("double well")
    start, deep = (1.6, 0.0), well.minima[0][0]
    assert descend(well, optimizers.sgd(), start, 0.05, 400)[-1, 0] > 0
    assert descend(well, optimizers.momentum(0.9), start, 0.05, 400)[-1, 0] == pytest.approx(deep, abs=1e-3)
    assert descend(well, optimizers.momentum(0.5), start, 0.02, 400)[-1, 0] > 0
    noise = np.repeat([1.5, 4.0], 200)
    noisy = descend(well, optimizers.sgd(), np.tile(start, (400, 1)), 0.05, 300, noise, np.random.default_rng(0))
    escaped = (descend(well, optimizers.sgd(), noisy[:, -1], 0.05, 100)[:, -1, 0] < 0).reshape(2, 200).mean(axis=1)
    assert escaped[0] == 0 and 0.3 < escaped[1] < 0.9


def test_G7_a_saddle_holds_only_what_stands_exactly_on_its_ridge():
    saddle = get_surface("saddle")
    assert np.abs(descend(saddle, optimizers.sgd(), (1.5, 0.0), 0.1, 400)[-1]).max() < 1e-12
    for y, noise in ((1e-6, 0.0), (0.0, 0.01)):
        end = descend(saddle, optimizers.sgd(), (1.5, y), 0.1, 400, noise, np.random.default_rng(0))[-1]
        assert abs(end[1]) == pytest.approx(1, abs=0.05)


def test_G8_momentum_on_a_parabola_helps_only_where_the_rate_is_small():
    def left(optimizer, lr, steps):
        theta, state = np.array([1.0]), optimizer.init(np.array([1.0]))
        for t in range(1, steps + 1):
            theta, state = optimizer.update(theta, 2 * theta, state, lr, t)
        return abs(theta[0])

    assert left(optimizers.momentum(0.9), 0.01, 2) < left(optimizers.sgd(), 0.01, 2)
    assert left(optimizers.sgd(), 0.01, 2) == pytest.approx(0.98**2)
    assert left(optimizers.momentum(0.9), 0.01, 2) == pytest.approx(0.98 - 0.01 * (0.9 * 2 + 2 * 0.98))
    assert left(optimizers.sgd(), 0.5, 1) == 0 < left(optimizers.momentum(0.9), 0.5, 20)


def test_G9_nesterov_takes_the_gradient_where_momentum_is_about_to_go():
    beta, lr, w, v = 0.9, 0.1, 1.0, 0.0
    theta, state = np.array([1.0]), (np.zeros(1),)
    for t in range(1, 20):
        v = beta * v + 2 * (w - lr * beta * v)  # the paper's form on w²: the gradient at the look-ahead
        w = w - lr * v
        theta, state = optimizers.nesterov(beta).update(theta, 2 * theta, state, lr, t)
        assert theta[0] == pytest.approx(w - lr * beta * v, rel=1e-9)


def test_G10_G11_adagrads_rate_only_falls_rmsprops_recovers():
    theta, rates = np.zeros(1), {"adagrad": [], "rmsprop": []}
    for name, seen in rates.items():
        optimizer = optimizers.get_optimizer(name)
        state = optimizer.init(theta)
        for t in range(1, 2001):
            g = np.array([10.0 if t <= 10 else 0.1])
            moved, state = optimizer.update(theta, g, state, 0.1, t)
            seen.append(-moved[0] / g[0])
    assert (np.diff(rates["adagrad"]) <= 0).all()
    assert rates["rmsprop"][-1] > 10 * rates["rmsprop"][10]


def test_G12_adam_is_more_than_rmsprop_with_momentum():
    theta, g = np.zeros(1), np.array([3.0])
    steps = [optimizers.adam(bias_correction=c).update(theta, g, (theta, theta), 0.1, 1)[0][0] for c in (True, False)]
    assert steps[0] == pytest.approx(-0.1) and steps[1] == pytest.approx(-0.1 * 0.1 / math.sqrt(0.001))


def test_G13_adamw_is_not_adam_with_l2():
    wd = {"sgd": optimizers.sgd(), "adam": optimizers.adam()}
    ends = {
        (name, wrap.__name__): train(Settings(optimizer=wrap(o, 0.1), lr=0.01, steps=100), moons()).params.vector
        for name, o in wd.items()
        for wrap in (optimizers.with_l2, optimizers.with_decay)
    }
    assert ends["sgd", "with_l2"] == pytest.approx(ends["sgd", "with_decay"], abs=1e-5)
    assert np.abs(ends["adam", "with_l2"] - ends["adam", "with_decay"]).max() > 0.01


def test_G14_stochastic_gradient_descent_is_of_1951():
    assert "Robbins & Monro 1951" in optimizers.sgd.__doc__


def test_G15_torchs_optimizer_is_called_with_the_rate():
    assert torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3).param_groups[0]["lr"] == 0.3


# -------------------------------------------------------------------------- learning rate (R)


def test_R1_no_rate_is_good_or_slow_by_itself():
    assert quadratic.regime(1e-7, 1e7) == "monotone" and quadratic.regime(1e-7, 1.0) == "too slow"
    assert {quadratic.regime(0.1, c, steps=1000) for c in (1, 15, 1000)} == {"monotone", "zig-zag", "diverging"}


@pytest.mark.parametrize(("c", "seen"), [(0.05, "monotone"), (0.15, "zig-zag"), (0.2, "diverging"), (1.0, "diverging")])
def test_R2_ten_reaches_the_minimum_only_where_the_curvature_is_below_a_fifth(c, seen):
    path = descend("parabola", optimizers.sgd(), (1.0, 0.0), 10 * c, 40)[:, 0]  # on ½w², a rate of 10·c
    signs = np.sign(path[:3]).tolist()
    measured = "diverging" if abs(path[-1]) >= 1 else "monotone" if signs == [1, 1, 1] else "zig-zag"
    assert measured == seen == quadratic.regime(10, c)


def test_R4_decay_shrinks_the_rate_momentum_lengthens_the_step():
    decayed = [0.1 * schedules.exponential(0.1)(step) for step in range(30)]
    theta, state = np.zeros(1), (np.zeros(1),)
    lengths = []
    for t in range(1, 200):
        moved, state = optimizers.momentum(0.9).update(theta, np.ones(1), state, 0.1, t)
        lengths.append(-moved[0])
    assert (np.diff(decayed) < 0).all() and (np.diff(lengths) > -1e-12).all()
    assert lengths[0] == pytest.approx(0.1) and lengths[-1] == pytest.approx(1.0)


def test_R5_R6_the_decays():
    assert [schedules.step_decay(5)(epoch) for epoch in (4, 5, 10)] == [1, 0.5, 0.25]
    assert schedules.step_decay(20, 0.1)(40) == pytest.approx(0.01)
    assert schedules.exponential(0.5)(4) == pytest.approx(0.1353353)
    assert schedules.inverse_time(0.5)(4) == pytest.approx(1 / 3)


def test_R7_the_rate_finder_suggests_a_rate_that_trains():
    found = find_rate(Settings(), moons(), start=1e-6, factor=3, trials=16)
    small, good = train(Settings(lr=(found.suggestion / 10, found.suggestion), steps=1000), moons()).cost[:, -1]
    assert good < 0.5 * found.start_cost and good < small


def test_R8_R9_a_schedule_changes_the_rate_during_training():
    rates = [schedules.cosine(100)(step) for step in range(101)]
    assert rates[0] == 1 and rates[-1] == pytest.approx(0) and (np.diff(rates) < 0).all()


def test_R10_hand_and_optuna_answer_to_the_same_objective():
    optuna = search.quiet_optuna()
    tries = [{"lr": lr, "activation": "relu", "batch_size": 256, "optimizer": "momentum"} for lr in (0.02, 0.1, 0.5)]
    trained = [train(search.settings(**point), search.TRAIN, search.VALIDATION) for point in tries]
    by_hand = [history.validation_cost[-1] for history in trained]
    study = optuna.create_study(sampler=search.sampler("tpe", 0), pruner=optuna.pruners.NopPruner())
    for point in tries:
        study.enqueue_trial(point)
    study.optimize(search.objective, n_trials=5)
    assert [trial.value for trial in study.trials[:3]] == pytest.approx(by_hand, abs=1e-4)
    assert study.best_value <= min(by_hand) + 1e-4


# ------------------------------------------------------------------------- generalization (F)


def test_F1_a_thousand_records_split():
    assert [len(part) for part in split(moons(1000), 0.7, 0.15)] == [700, 150, 150]


def test_F2_F13_a_model_too_complex_learns_the_noise():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 15))
    y = np.sin(3 * x) + rng.normal(0, 0.3, x.shape)
    costs = {}
    for degree in (1, 3, 13):
        fit = np.polynomial.Polynomial.fit(x[0], y[0], degree, domain=[-1, 1])
        costs[degree] = [float(np.mean((fit(part) - target) ** 2)) for part, target in zip(x, y)]
    assert costs[13][0] < costs[3][0] < costs[1][0] and costs[3][1] < costs[1][1] and costs[3][1] < costs[13][1]


def test_F3_choosing_on_the_test_set_flatters():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (200, 40))  # coins: nothing can be learned
    right = (rng.integers(0, 2, (200, 100, 40)) == labels[:, None]).mean(axis=-1)  # 100 guessers each
    assert right.max(axis=1).mean() > 0.65 and right[:, 0].mean() == pytest.approx(0.5, abs=0.02)


HELD_OUT = (0.899, 0.897, 0.896, 0.742, 0.736, 0.735999, 0.735999)


@pytest.mark.parametrize(
    ("patience", "min_delta", "last", "best"),
    [(1, 0, 7, 6), (2, 0, 7, 6), (1, 1e-4, 6, 5), (2, 1e-4, 7, 5), (1, 0.005, 2, 1), (2, 0.005, 3, 1), (3, 0.01, 7, 4)],
)
def test_F4_where_the_seven_epochs_stop_depends_on_patience_and_min_delta(patience, min_delta, last, best):
    stop, kept = regularization.stopping_point(HELD_OUT, patience, min_delta)
    assert (stop + 1, kept + 1) == (last, best)


def test_F5_accuracy_precision_recall():
    matrix = np.array([[20, 5], [5, 70]])
    assert metrics.accuracy(matrix) == 0.9
    assert metrics.precision(matrix)[1] == metrics.recall(matrix)[1] == pytest.approx(0.933, abs=5e-4)
    lazy = np.array([[0, 5], [0, 95]])
    assert metrics.accuracy(lazy) == 0.95 and metrics.recall(lazy)[0] == 0 and metrics.balanced_accuracy(lazy) == 0.5


def test_F6_F7_dropout_drops_by_chance_scales_the_rest_and_takes_away_gradients():
    mask = regularization.dropout_mask(np.random.default_rng(0), (1000, 10), 0.2)
    dropped = (mask == 0).sum(axis=1)
    assert dropped.min() == 0 and dropped.max() > 4 and dropped.mean() == pytest.approx(2, abs=0.15)
    assert set(np.unique(mask)) == {0, 1.25}
    network = MLP((2, 6, 1), "tanh", dropout=0.5)
    params, data = network.init(np.random.default_rng(0)), moons(1)
    z, kept = network.forward(params, data.x, [np.random.default_rng(1)])
    grads = network.backward(params, kept, get_loss("bce").gradient(z, data.y), params.copy())
    off = kept[2][0] == 0
    assert off.any() and (grads["W1"][:, off] == 0).all() and (grads["W1"][:, ~off] != 0).all()
    assert np.array_equal(network.predict(params, data.x), MLP((2, 6, 1)).predict(params, data.x))


def test_F8_dropout_is_spelled_with_a_capital():
    assert torch.nn.Dropout(0.3).p == 0.3 and not callable(getattr(torch.nn, "dropout", None))


@pytest.mark.parametrize(("strength", "after"), [(0.0, 1.8), (0.1, 1.78), (0.5, 1.70)])
def test_F9_F10_F11_the_worked_step_has_no_l2_in_it(strength, after):
    w, x, y, lr = 2.0, 1.0, 0.0, 0.1
    slope = (w * x - y) * x
    step = optimizers.with_l2(optimizers.sgd(), strength)
    moved = step.update(np.array([w]), np.array([slope]), (), lr, 1)[0][0]
    assert moved == pytest.approx(after) and moved == pytest.approx(w * (1 - lr * strength) - lr * slope)


def test_F12_l1_makes_weights_0_l2_makes_them_small():
    data = Standardiser(real("diabetes"))(real("diabetes"))
    common = {"hidden": (), "lr": 0.05, "steps": 600, "batch_size": None, "loss": "mse", "dtype": "float64"}
    data = Data("diabetes", data.x, (data.y - data.y.mean()) / data.y.std(), loss="mse")
    ends = {k: np.abs(train(Settings(**common, **{k: 0.2}), data).params["W1"]) for k in ("l1", "l2")}
    near = {k: int((w < 0.02).sum()) for k, w in ends.items()}
    assert near["l1"] >= 5 > near["l2"]


def test_F14_transfer_helps_one_task_and_hurts_another():
    helps, hurts = (learn_target(pair, 20, range(10))[0][-1] for pair in (TEN, OTHERS))
    assert (helps[:, 1] > helps[:, 0]).all() and (helps[:, 1] - helps[:, 0]).mean() > 0.03
    assert (hurts[:, 1] < hurts[:, 0] - 0.1).all()
    assert (hurts[:, 2] < hurts[:, 0]).mean() >= 0.8  # fine-tuned, on a task that is simple from scratch
