"""What lesson 03 says about the claims L1 to L9, each measured here once more, and the Brier loss it needs."""

import numpy as np
import oracle
import pytest

from course_lib import losses
from course_lib.activations import sigmoid
from course_lib.explore.outlier import HEIGHTS, drag
from course_lib.explore.stability import curves
from course_lib.explore.wrong_start import Race
from course_lib.lines import fit_line
from course_lib.losses import BRIER, get_loss, huber_loss


@pytest.mark.parametrize("name", losses.LOSSES)
def test_L1_the_cost_is_the_mean_so_copies_of_the_records_change_nothing(name):
    rng = np.random.default_rng(0)
    z, y, loss = rng.normal(size=(5, 3)), oracle.targets(name, rng, 5, 3), get_loss(name)
    tenfold = [np.tile(a, (10, 1)) for a in (z, y)]
    assert loss(z, y).shape == (5,)
    assert loss.cost(*tenfold) == pytest.approx(loss.cost(z, y), rel=1e-12)
    assert oracle.gap(loss.gradient(*tenfold).reshape(10, 5, 3).sum(axis=0), loss.gradient(z, y)) < 1e-12


def test_L2_mse_has_the_square_of_the_unit_rmse_and_mae_the_unit():
    rng = np.random.default_rng(1)
    euros, guess = rng.normal(1000, 200, (2, 20, 1))
    assert losses.mse(100 * guess, 100 * euros).mean() == pytest.approx(1e4 * losses.mse(guess, euros).mean())
    assert losses.rmse(100 * guess, 100 * euros) == pytest.approx(100 * losses.rmse(guess, euros))
    assert losses.mae(100 * guess, 100 * euros).mean() == pytest.approx(100 * losses.mae(guess, euros).mean())


def test_L3_an_outlier_drags_the_line_of_mse_without_end_and_those_of_mae_and_huber_do_not_follow():
    x = np.arange(1.0, 11.0)
    slopes = {
        loss: [float(fit_line(x, np.append(x[:-1], last), loss)[0]) for last in (10.0, 100.0, 1000.0)]
        for loss in ("mse", "mae", "huber")
    }
    assert slopes["mse"] == pytest.approx([1, 1 + 90 * 4.5 / 82.5, 1 + 990 * 4.5 / 82.5])  # Σ(x-x̄)² = 82.5
    assert slopes["mae"] == pytest.approx([1, 1, 1])
    assert slopes["huber"][1] == pytest.approx(slopes["huber"][2]) and slopes["huber"][2] < 1.1


def test_L3_the_live_figure_levels_out_for_mae_and_huber_and_many_outliers_break_them_too():
    high = HEIGHTS > 25
    assert np.ptp(np.diff(drag("mse", 95.0, 1, 1.0))) < 1e-12
    for loss in ("mae", "huber"):
        assert np.ptp(drag(loss, 95.0, 1, 1.0)[high]) < 1e-9
        assert drag(loss, 100.0, 6, 1.0)[-1] < 3 < 15 < drag(loss, 100.0, 8, 1.0)[-1]


def test_L3_removing_the_dearest_hundredth_of_true_claims_loses_much_of_the_money():
    claims = np.sort(np.random.default_rng(0).lognormal(0, 1.8, 1000))
    assert claims[:-10].mean() < 0.8 * claims.mean()


def test_L4_mae_has_two_slopes_at_zero_and_its_steps_do_not_fade():
    zero = np.zeros((1, 1))
    assert [losses.d_mae(zero + h, zero).item() for h in (-1e-9, 0, 1e-9)] == [-1, 0, 1]
    leaf = oracle.tensor(zero, gradient=True)
    oracle.LOSSES["mae"](leaf, oracle.tensor(zero)).backward()
    assert leaf.grad.item() == 0
    ends = {}
    for name in ("mae", "mse", "huber"):
        z = np.array([[0.45]])
        for _ in range(100):
            z = z - 0.2 * get_loss(name).gradient(z, zero)
        ends[name] = abs(z.item())
    assert ends["mae"] >= 0.05 - 1e-9 and ends["mse"] < 1e-9 and ends["huber"] < 1e-9


def test_L5_huber_by_hand():
    error = np.array([[2.0], [2.0], [-20.0]])
    assert huber_loss(5)(error, 0 * error).tolist() == [2, 2, 87.5]
    assert huber_loss(5).cost(error, 0 * error) == 30.5
    assert oracle.F.huber_loss(oracle.tensor(error), oracle.tensor(0 * error), delta=5).item() == 30.5


def test_L6_the_cost_always_prefers_a_smaller_delta_so_it_cannot_be_learned():
    rng = np.random.default_rng(2)
    z, y = rng.normal(size=(2, 30, 1))
    deltas = np.geomspace(1e-3, 5, 40)
    costs = [huber_loss(delta).cost(z, y) for delta in deltas]
    assert (np.diff(costs) >= 0).all() and costs[0] < 1e-3 * costs[-1] * 5


def test_L7_each_loss_wins_in_another_world():
    rng = np.random.default_rng(0)
    x = np.linspace(20, 100, 30)
    truth, noise = 3 + 0.12 * x, rng.normal(0, 2, (100, 30))

    def distances(deviations):
        found = {}
        for loss in ("mse", "mae", "huber"):
            slope, intercept = fit_line(x, truth + deviations, loss, 2.0)
            found[loss] = np.sqrt(((slope[:, None] * x + intercept[:, None] - truth) ** 2).mean())
        return found

    normal = distances(noise)
    typing = distances(np.where(rng.random((100, 30)) < 0.1, 9 * truth, noise))
    skewed = distances(rng.exponential(4, (100, 30)) - 4)
    assert min(normal, key=normal.get) == "mse" and normal["huber"] < 1.15 * normal["mse"]
    assert min(typing, key=typing.get) == "huber" and typing["mse"] > 10 * typing["huber"]
    assert min(skewed, key=skewed.get) == "mse" and skewed["mae"] > 1.3 * skewed["mse"]


def test_the_constant_of_lowest_cost_is_mean_median_and_for_huber_one_between():
    y = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    c = np.linspace(0, 100, 100_001)[:, None]
    lowest = [float(c[cost.argmin(), 0]) for cost in (losses.mse(c, y), losses.mae(c, y), losses.huber(c, y, 10))]
    assert lowest == pytest.approx([22, 3, 5])


@pytest.mark.parametrize(("dtype", "limits"), [("float32", (16.6355, 88.72)), ("float64", (36.737, 709.78))])
def test_L8_where_the_formulas_as_written_break(dtype, limits):
    for loss, limit in zip(("bce", "softmax"), limits, strict=True):
        drawn = curves(loss, dtype)
        assert drawn.first == pytest.approx(limit, abs=0.02)
        assert np.isfinite(drawn.stable).all() and drawn.stable_off.max() < 4 * np.finfo(dtype).eps
    assert np.nanmax(curves("bce", dtype).naive_off) > 0.01  # wrong long before it is inf


def test_L8_bce_still_learns_where_the_squared_error_of_the_probability_is_blind():
    z, y = np.array([[6.0]]), np.zeros((1, 1))
    assert losses.d_bce(z, y).item() == pytest.approx(0.99753, abs=1e-5)
    assert losses.d_brier(z, y).item() == pytest.approx(0.00492, abs=1e-5)
    for start, lr in ((6.0, 0.3), (9.0, 1.0), (12.0, 1.0)):
        bce, squared = Race.compute(start, lr, "tanh", 32, "moons").values()
        assert Race.needed(squared) == "never" and bce[1][-1] < 0.7


def test_L9_class_numbers_need_one_kth_of_the_memory_of_one_hot_rows_and_give_the_same():
    rng = np.random.default_rng(3)
    z, y = rng.normal(size=(200, 50)), rng.integers(0, 50, (200, 1))
    rows = losses.one_hot(y, 50)
    assert rows.nbytes == 50 * y.astype("int64").nbytes
    assert oracle.gap(losses.scce(z, y), losses.cce(z, rows)) < 1e-14
    assert oracle.gap(losses.d_scce(z, y), losses.d_cce(z, rows)) < 1e-14


@pytest.mark.parametrize("shape", [(6, 1), (1, 1), (40, 2)])
def test_brier_agrees_with_torch(shape):
    rng = np.random.default_rng(4)
    z, y = 5 * rng.normal(size=shape), rng.integers(0, 2, shape).astype(float)
    leaf = oracle.tensor(z, gradient=True)
    cost = oracle.F.mse_loss(oracle.torch.sigmoid(leaf), oracle.tensor(y))
    cost.backward()
    assert BRIER(z, y).shape == shape[:1]
    assert oracle.gap(BRIER.cost(z, y), cost.item()) < 1e-13
    assert oracle.gap(BRIER.gradient(z, y), leaf.grad) < 1e-12
    assert np.array_equal(BRIER.head(z), sigmoid(z))


def test_brier_does_not_overflow(recwarn):
    z = np.array([[-800.0], [800.0]])
    assert BRIER(z, np.array([[1.0], [0.0]])).tolist() == [1, 1]
    assert BRIER.gradient(z, np.array([[1.0], [0.0]])).tolist() == [[0], [0]]
    assert not recwarn.list
