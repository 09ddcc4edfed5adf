"""The paths of the weights against scikit-learn's solvers."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from course_lib.explore.penalty_paths import STRENGTHS, paths, patients


@pytest.mark.parametrize("at", [0, 40, 80, 110])
def test_weights_are_those_of_scikit_learn(at):
    x, y = patients()[0]
    lasso = Lasso(alpha=STRENGTHS[at] / 2, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(x, y)
    ridge = Ridge(alpha=STRENGTHS[at] * len(x) / 2, fit_intercept=False).fit(x, y)
    assert paths("l1")[at] == pytest.approx(lasso.coef_, abs=1e-8)
    assert paths("l2")[at] == pytest.approx(ridge.coef_, abs=1e-10)
    assert ((paths("l1")[at] == 0) == (np.abs(lasso.coef_) < 1e-12)).all()
