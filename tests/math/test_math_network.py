"""The network's gradients against torch autograd and against finite differences."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.activations import ACTIVATIONS
from course_lib.losses import LOSSES, get_loss
from course_lib.network import MLP, stack


def problem(sizes=(3, 5, 4, 2), activation="tanh", n=7, loss="mse", seed=0, **more):
    """A network with random biases as well, and records to feed it."""
    rng = np.random.default_rng(seed)
    network = MLP(sizes, activation, **more)
    params = network.init(rng)
    params.vector += 0.1 * rng.normal(size=params.vector.shape)
    x = rng.normal(size=(n, sizes[0]))
    return network, params, x, oracle.targets(loss, rng, n, sizes[-1])


def gradients(network, params, x, y, loss, training=None):
    z, kept = network.forward(params, x, training)
    grads = params.copy()
    grads.vector[...] = np.nan  # every entry must be written
    return loss.cost(z, y), network.backward(params, kept, loss.gradient(z, y), grads)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("sizes, n", [((3, 5, 4, 2), 7), ((1, 1, 1), 1), ((2, 1), 5), ((4, 1, 3, 1), 2)])
def test_gradients_agree_with_autograd(activation, loss, sizes, n):
    network, params, x, y = problem(sizes, activation, n, loss)
    cost, grads = gradients(network, params, x, y, get_loss(loss))
    expected_cost, expected = oracle.twin(network, params).gradients(x, y, loss)
    assert oracle.gap(cost, expected_cost) < 1e-10
    assert grads.keys() == expected.keys()
    for name, gradient in expected.items():
        assert oracle.gap(grads[name], gradient) < 1e-10, name


@given(
    hidden=st.lists(st.integers(1, 6), max_size=3),
    ends=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    n=st.integers(1, 9),
    activation=st.sampled_from([a for a in ACTIVATIONS if "lu" not in a] + ["elu", "gelu"]),
    loss=st.sampled_from([name for name in LOSSES if name != "mae"]),  # it has a kink
    normalization=st.sampled_from([None, "batch", "layer"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_gradients_agree_with_differences_along_a_random_direction(
    hidden, ends, n, activation, loss, normalization, seed
):  # fmt: skip
    n += normalization == "batch"
    sizes = (ends[0], *hidden, ends[1])
    network, params, x, y = problem(sizes, activation, n, loss, seed, normalization=normalization)
    direction = np.random.default_rng(seed + 1).normal(size=params.vector.shape)
    of = get_loss(loss)

    def cost(vector):
        return of.cost(network.forward(params.like(vector), x, [])[0], y)

    measured = oracle.slope_along(cost, params.vector, direction)
    computed = gradients(network, params, x, y, of, [])[1].vector @ direction
    assert abs(measured - computed) < 1e-5 * (1 + abs(measured))


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 6])
def test_runs_side_by_side_are_the_single_runs_to_the_bit(activation, dtype, n):
    network = MLP((2, 5, 3, 1), activation)
    single = [network.init(np.random.default_rng(run), dtype) for run in range(4)]
    x = np.random.default_rng(9).normal(size=(4, n, 2)).astype(dtype)
    y = (x[..., :1] > 0).astype(dtype)
    cost, grads = gradients(network, stack(single), x, y, get_loss("bce"))
    for i, params in enumerate(single):
        alone = gradients(network, params, x[i], y[i], get_loss("bce"))
        assert cost[i] == alone[0] and np.array_equal(grads.vector[i], alone[1].vector)
        assert grads.vector.dtype == dtype


def test_named_parameters_are_views_of_one_vector():
    network, params, *_ = problem()
    params["W2"][1, 2] = 42
    assert (params.vector == 42).sum() == 1
    twice = params.like(params.vector * 2)
    assert twice["W2"][1, 2] == 84 and params["W2"][1, 2] == 42
    copied = params.copy()
    copied.vector[:] = 0
    assert params["W2"][1, 2] == 42
    assert list(params) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert params["W1"].shape == (3, 5) and params["b1"].shape == (1, 5)


def test_a_single_record_is_predicted_like_the_same_record_among_others():
    network, params, x, _ = problem()
    assert oracle.gap(network.predict(params, x[:1]), network.predict(params, x)[:1]) < 1e-14
    assert network.predict(params, np.empty((0, 3))).shape == (0, 2)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("n, sizes", [(7, (3, 5, 4, 2)), (2, (2, 1, 3, 1))])
def test_normalized_networks_agree_with_autograd(normalization, training, n, sizes):
    network, params, x, y = problem(sizes, "tanh", n, normalization=normalization)
    for running in params.running.values():
        running += np.random.default_rng(5).uniform(0, 1, running.shape)
    twin = oracle.twin(network, params, training)
    if not training and normalization == "batch":
        z = network.forward(params, x)[0]
        assert oracle.gap(z, twin(oracle.tensor(x)).detach()) < 1e-12
        return
    cost, grads = gradients(network, params, x, y, get_loss("mse"), [] if training else None)
    expected_cost, expected = twin.gradients(x, y, "mse")
    assert oracle.gap(cost, expected_cost) < 1e-10
    scale = max(np.abs(g).max() for g in expected.values())  # a bias before batch norm has gradient 0
    for name, gradient in expected.items():
        assert np.abs(grads[name] - gradient).max() < 1e-10 * scale, name
    for name, running in twin.running.items():
        assert oracle.gap(params.running[name][0], running) < 1e-12, name


def test_running_averages_are_those_of_each_run():
    network = MLP((2, 4, 1), "relu", normalization="batch")
    single = [network.init(np.random.default_rng(run)) for run in range(3)]
    many, x = stack(single), np.random.default_rng(1).normal(size=(3, 6, 2))
    for _ in range(3):
        network.forward(many, x, [])
        for params, records in zip(single, x):
            network.forward(params, records, [])
    for i, params in enumerate(single):
        for name in ("mean1", "variance1"):
            assert np.array_equal(params.running[name], many.run(i).running[name])
        assert np.array_equal(network.predict(params, x[i]), network.predict(many.run(i), x[i]))


def test_evaluation_changes_nothing_and_training_only_the_running_averages():
    network, params, x, _ = problem(normalization="batch", dropout=0.3)
    before = params.copy()
    network.predict(params, x)
    assert all(np.array_equal(params.running[n], before.running[n]) for n in params.running)
    network.forward(params, x, [np.random.default_rng(0)])
    assert np.array_equal(params.vector, before.vector)
    assert not any(np.array_equal(params.running[n], before.running[n]) for n in params.running)
    assert params.copy().running["mean1"] is not params.running["mean1"]


def test_dropout_sits_after_every_hidden_activation_and_rests_in_evaluation():
    network, params, x, y = problem(dropout=0.5)
    assert sum(type(layer).__name__ == "Dropout" for layer in network.layers) == 2
    plain = MLP((3, 5, 4, 2))
    assert np.array_equal(network.predict(params, x), plain.predict(params, x))
    z, kept = network.forward(params, x, [np.random.default_rng(0)])
    assert not np.array_equal(z, plain.predict(params, x))
    masks = [keep for layer, keep in zip(network.layers, kept) if type(layer).__name__ == "Dropout"]
    twin = oracle.twin(network, params)
    twin.Dropout = lambda layer, a: a * oracle.tensor(masks.pop(0))
    grads = network.backward(params, kept, get_loss("mse").gradient(z, y), params.copy())
    for name, gradient in twin.gradients(x, y, "mse")[1].items():
        assert oracle.gap(grads[name], gradient) < 1e-10


def test_dropout_of_many_runs_is_that_of_the_single_runs():
    network = MLP((2, 5, 1), dropout=0.4)
    single = [network.init(np.random.default_rng(run)) for run in range(3)]
    x = np.ones((6, 2))
    many = network.forward(stack(single), x, [np.random.default_rng(run) for run in range(3)])[0]
    for i, params in enumerate(single):
        assert np.array_equal(network.forward(params, x, [np.random.default_rng(i)])[0], many[i])


def test_each_layer_can_have_its_own_activation():
    network, params, x, y = problem(activation=("relu", "prelu"))
    cost, grads = gradients(network, params, x, y, get_loss("mse"))
    for name, gradient in oracle.twin(network, params).gradients(x, y, "mse")[1].items():
        assert oracle.gap(grads[name], gradient) < 1e-10
    assert [name for name in params if name.startswith("a")] == ["a2"]


@pytest.mark.parametrize("more", [{}, {"activation": "prelu"}, {"normalization": "batch"}, {"normalization": "layer"}])
def test_the_parameters_are_counted(more):
    network, params, *_ = problem((3, 5, 2), **more)
    assert (
        network.size
        == sum(a.size for a in params.values())
        == 3 * 5 + 5 + 5 * 2 + 2 + (1 if "activation" in more else 10 if more else 0)
    )


def test_params_of_several_runs_can_be_taken_and_put_back():
    network = MLP((2, 3, 1), normalization="batch")
    many = stack([network.init(np.random.default_rng(run)) for run in range(4)])
    some = many.run(np.array([False, True, False, True]))
    some.vector[...] = 7
    some.running["mean1"][...] = 8
    assert not (many.vector == 7).any()
    many.put([1, 3], some)
    assert (many.vector[[1, 3]] == 7).all() and not (many.vector[[0, 2]] == 7).any()
    assert (many.running["mean1"][3] == 8).all() and not (many.running["mean1"][2] == 8).any()
    weights = many.run(0).only("W")
    assert weights.sum() == 9 and many.like(weights)["W2"].all() and not many.like(weights)["b1"].any()


def test_a_report_for_each_layer():
    network, params, x, y = problem((3, 6, 5, 2), "relu")
    params["b1"][0, 2] = -100  # a dead unit
    reports = network.watch(params, x, y, get_loss("mse"))
    twin = oracle.twin(network, params)
    signals = []
    a = oracle.tensor(x)
    for i in (1, 2, 3):
        z = oracle.F.linear(a, twin.leaves[f"W{i}"].T, twin.leaves[f"b{i}"][0])
        z.retain_grad()
        a = oracle.torch.relu(z) if i < 3 else z
        signals.append((z, a))
    oracle.LOSSES["mse"](a, oracle.tensor(y)).backward()
    for i, (report, (z, a)) in enumerate(zip(reports, signals), start=1):
        z_, a_, delta = (t.detach().numpy() for t in (z, a, z.grad))
        assert report.name == f"layer {i}"
        assert report.z_std == pytest.approx(np.std(z_)) and report.a_std == pytest.approx(np.std(a_))
        assert report.a_mean == pytest.approx(np.mean(a_)) and report.delta_std == pytest.approx(np.std(delta))
        assert report.gradient_norm == pytest.approx(np.linalg.norm(twin.leaves[f"W{i}"].grad))
        assert report.weight_norm == pytest.approx(np.linalg.norm(params[f"W{i}"]))
    assert reports[0].dead >= 1 / 6 and reports[2].dead == 0


def test_reports_of_many_runs_are_those_of_the_single_runs():
    network = MLP((2, 4, 4, 1), "relu", normalization="layer")
    single = [network.init(np.random.default_rng(run)) for run in range(3)]
    x, y = np.random.default_rng(0).normal(size=(2, 6, 2))
    many = network.watch(stack(single), x, y[:, :1], get_loss("mse"))
    for i, params in enumerate(single):
        for alone, report in zip(network.watch(params, x, y[:, :1], get_loss("mse")), many):
            for name in ("z_std", "a_mean", "dead", "delta_std", "gradient_norm"):
                assert getattr(report, name)[i] == pytest.approx(getattr(alone, name), rel=1e-12, abs=1e-15)


def test_blame_names_the_first_place_that_is_not_finite():
    network, params, x, y = problem((3, 4, 4, 1), "relu")

    def after(spoil):
        broken = params.copy()
        spoil(broken)
        with np.errstate(all="ignore"):
            z, kept = network.forward(broken, x)
            grads = network.backward(broken, kept, get_loss("mse").gradient(z, y), broken.copy())
        return network.blame(kept, z, grads)

    assert after(lambda p: p["W2"].fill(np.inf)) == "the output of layer 2"
    assert after(lambda p: p["b3"].fill(np.nan)) == "the output of layer 3"
    assert after(lambda p: None) == "the update itself"
    grads = params.copy()
    grads["W2"][0, 0] = np.inf
    z, kept = network.forward(params, x)
    assert network.blame(kept, z, grads) == "the gradient of W2"
