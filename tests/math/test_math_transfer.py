"""Transfer: layers taken over, layers held, and every update as PyTorch makes it."""

from itertools import islice

import numpy as np
import pytest
import torch
from oracle import ACTIVATIONS

from course_lib.datasets import Data
from course_lib.network import MLP, stack
from course_lib.transfer import (
    OTHERS,
    PAIRS,
    POOL,
    UNLABELLED,
    accuracy,
    adapt,
    digit_pair,
    first_layers,
    learn_target,
    learned_source,
    learning,
    transplant,
)

NETWORK = MLP((5, 4, 3, 2), "tanh")
RNG = np.random.default_rng(0)
DATA = Data("few", RNG.normal(size=(12, 5)), RNG.integers(0, 2, (12, 1)), "scce", 2)


def fresh(seed, network=NETWORK):
    return network.init(np.random.default_rng(seed))


def rngs(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_transplanted_layers_are_the_sources_and_the_others_stay(layers):
    params, source = fresh(1), fresh(2)
    before = params.copy()
    moved = transplant(params, source, layers)
    for i in (1, 2, 3):
        for name in (f"W{i}", f"b{i}"):
            assert np.array_equal(moved[name], (source if i <= layers else params)[name])
    assert np.array_equal(params.vector, before.vector)
    moved.vector += 1
    assert not np.shares_memory(moved.vector, source.vector)


def test_a_transplant_reaches_every_run_and_every_kind_of_parameter():
    network = MLP((5, 4, 3, 2), "prelu", normalization="layer")
    params, source = stack([fresh(1, network), fresh(2, network)]), fresh(3, network)
    assert set(first_layers(params, 1)) == {"W1", "b1", "gamma1", "beta1", "a1"}
    moved = transplant(params, source, 2)
    assert all(np.array_equal(moved["W2"][run], source["W2"]) for run in (0, 1))
    assert np.array_equal(moved["W3"], params["W3"])


def test_another_head_does_not_matter_unless_it_is_to_be_moved():
    other = MLP((5, 4, 3, 7), "tanh").init(np.random.default_rng(0))
    assert np.array_equal(transplant(fresh(1), other, 2)["W2"], other["W2"])
    with pytest.raises(ValueError, match="W3 does not fit"):
        transplant(fresh(1), other, 3)
    with pytest.raises(ValueError, match="layers"):
        transplant(fresh(1), other, 4)
    with pytest.raises(ValueError, match="source must be a Params"):
        transplant(fresh(1), {}, 1)


@pytest.mark.parametrize("frozen", [0, 1, 2])
@pytest.mark.parametrize("activation", ["tanh", "gelu", "sigmoid"])
def test_updates_with_frozen_layers_are_pytorchs(frozen, activation):
    network, rows, lr, steps = MLP((5, 4, 3, 2), activation), np.arange(9), 0.3, 8
    params = stack([fresh(4, network)])
    theirs = {name: torch.tensor(array[0].copy()) for name, array in params.items()}
    for name, tensor in theirs.items():
        tensor.requires_grad_(int(name[1]) > frozen)
    order, seen = np.random.default_rng(7), []
    while len(seen) < steps:  # three batches of 4, 4 and 1 an epoch
        shuffled = order.permutation(rows)
        seen += [shuffled[:4], shuffled[4:8], shuffled[8:]]
    learns = learning(params, frozen)
    for batch, _ in zip(seen[:steps], adapt(network, params, DATA, rows[None], lr, 4, learns, rngs(7))):
        a = torch.tensor(DATA.x[batch])
        for i in (1, 2, 3):
            z = a @ theirs[f"W{i}"] + theirs[f"b{i}"]
            a = ACTIVATIONS[activation](z)
        torch.nn.functional.cross_entropy(z, torch.tensor(DATA.y[batch, 0])).backward()
        with torch.no_grad():
            for tensor in theirs.values():
                if tensor.requires_grad:
                    tensor -= lr * tensor.grad
                    tensor.grad = None
    for name, tensor in theirs.items():
        assert params[name][0] == pytest.approx(tensor.detach().numpy(), rel=1e-9, abs=1e-12)


def test_frozen_layers_do_not_move_by_a_bit_and_the_others_do():
    start = stack([fresh(1), fresh(2)])
    params = start.copy()
    updates = adapt(NETWORK, params, DATA, np.arange(12).reshape(2, 6), 0.5, 3, learning(params, 2), rngs(0, 1))
    list(islice(updates, 20))
    for name in params:
        assert np.array_equal(params[name], start[name]) == (int(name[1]) <= 2)


def test_a_run_does_not_depend_on_those_beside_it():
    rows = np.arange(12).reshape(2, 6)
    marks = np.stack([learning(fresh(0), 0), learning(fresh(0), 1)])
    both = stack([fresh(1), fresh(2)])
    list(islice(adapt(NETWORK, both, DATA, rows, 0.5, 4, marks, rngs(5, 6)), 10))
    for run in (0, 1):
        alone = stack([fresh(1 + run)])
        own = adapt(NETWORK, alone, DATA, rows[[run]], 0.5, 4, marks[[run]], rngs(5 + run))
        list(islice(own, 10))
        assert np.array_equal(alone.vector[0], both.vector[run])


def test_accuracy_counts_the_largest_output():
    network = MLP((2, 2), "identity")
    params = network.init(np.random.default_rng(0))
    params["W1"][...], params["b1"][...] = np.eye(2), 0
    data = Data("four", np.array([[2.0, 1], [0, 1], [3, 1], [1, 4]]), np.array([[0], [1], [1], [1]]), "scce", 2)
    assert accuracy(network, params, data) == 0.75
    assert accuracy(network, stack([params, params]), data) == pytest.approx([0.75, 0.75])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0}, "lr"),
        ({"batch_size": 0}, "batch_size"),
        ({"rows": np.arange(6)}, "same number of runs"),
        ({"rows": np.arange(12).reshape(2, 6)}, "same number of runs"),
        ({"rngs": [0]}, "rng must be a numpy Generator"),
        ({"data": DATA.x}, "data must be a Data"),
        ({"network": "tanh"}, "network must be a MLP"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, message):
    given = {
        "network": NETWORK, "params": stack([fresh(1)]), "data": DATA, "rows": np.arange(6)[None], "lr": 0.1,
        "batch_size": 3, "learns": learning(fresh(1), 0), "rngs": rngs(0),
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        next(adapt(**(given | change)))


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_keeps_its_records_apart(name):
    pair = digit_pair(name)
    rows = {tuple(row) for row in np.round(pair.target.x, 4)}
    assert len(rows) == len(pair.target) == POOL * pair.target.classes
    assert not rows & {tuple(row) for row in np.round(pair.unseen.x, 4)}
    if name != UNLABELLED:
        assert not (rows | {tuple(row) for row in np.round(pair.unseen.x, 4)}) & {
            tuple(row) for row in np.round(pair.source.x.astype("float32"), 4)
        }
    assert [set(pair.target.y[row, 0]) for row in pair.rows] == [{k} for k in range(pair.target.classes)]
    drawn = pair.draw(5, np.random.default_rng(0))
    assert len(set(drawn)) == 5 * pair.target.classes
    with pytest.raises(ValueError, match="per_class"):
        pair.draw(POOL + 1, np.random.default_rng(0))


def test_an_unknown_pair_is_refused():
    with pytest.raises(ValueError, match="pair"):
        digit_pair("letters")


def test_the_three_ways_share_all_but_what_is_transplanted_or_frozen():
    right, params = learn_target(OTHERS, 2, (0, 1), reused=1, steps=20, evaluate_every=10)
    assert right.shape == (3, 2, 3) and (right >= 0).all() and (right <= 1).all()
    source = learned_source(OTHERS)[0]
    for seed in (0, 1):
        assert np.array_equal(params["W1"][3 * seed + 1], source["W1"])
        assert not np.array_equal(params["W1"][3 * seed + 2], source["W1"])
    same, _ = learn_target(OTHERS, 2, (0, 1), reused=0, steps=20, evaluate_every=10)
    assert np.array_equal(same[..., 0], same[..., 1]) and np.array_equal(same[..., 0], same[..., 2])
    alone, _ = learn_target(OTHERS, 2, (1,), reused=1, steps=20, evaluate_every=10)
    assert np.array_equal(alone[:, 0], right[:, 1])
