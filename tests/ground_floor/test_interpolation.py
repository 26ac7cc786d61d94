"""Interpolators, the ridge path and maximum margins against oracles, certificates and invariances."""

import numpy as np
import pytest
from dltheory.data import sparse_regression
from dltheory.interpolation import (
    basis_pursuit,
    max_margin,
    min_l1_interpolator,
    min_norm_interpolator,
    min_norm_least_squares,
    ridge_path,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.oracles import (
    exact_ridge,
    max_margin_in_the_plane,
    min_l1_by_enumeration,
    ridge_by_normal_equations,
)

EPS = np.finfo(float).eps
NORMS = [1, 2, np.inf]
seeds = st.integers(0, 2**32 - 1)


def problem(seed, n, d, *, outputs=None):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, rng.standard_normal(n if outputs is None else (n, outputs)), rng


def rotation(d, rng):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def design_of_condition(n, d, condition, rng):
    r = min(n, d)
    left, right = rotation(n, rng)[:, :r], rotation(d, rng)[:r]
    return (left * np.geomspace(1, 1 / condition, r)) @ right


# --- minimum norm -----------------------------------------------------------------------------------


def test_min_norm_interpolator_golden(golden):
    X, y, _ = problem(0, 4, 8)
    reference = golden["implicit"]["gd_minnorm"]
    coefficients = min_norm_interpolator(X, y)
    np.testing.assert_allclose(coefficients, reference["value"], rtol=0, atol=reference["atol"])
    assert np.linalg.norm(coefficients) == pytest.approx(reference["norm"], abs=reference["atol"])


@given(seeds, st.integers(1, 8), st.integers(0, 8))
def test_min_norm_interpolator_is_the_only_solution_in_the_row_span(seed, n, extra):
    X, y, rng = problem(seed, n, n + extra)
    assume(np.linalg.cond(X) < 1e4)
    b = min_norm_interpolator(X, y)
    np.testing.assert_allclose(X @ b, y, atol=1e-10)
    dual = np.linalg.lstsq(X.T, b, rcond=None)[0]
    np.testing.assert_allclose(X.T @ dual, b, atol=1e-10 * (1 + np.linalg.norm(b)))
    # Any other solution is longer.
    kernel = rng.standard_normal(n + extra)
    kernel -= np.linalg.pinv(X) @ (X @ kernel)
    assert np.linalg.norm(b + kernel) >= np.linalg.norm(b) * (1 - 1e-12)


@given(seeds, st.integers(1, 7), st.integers(1, 7))
def test_min_norm_is_covariant_under_a_rotation_of_the_inputs(seed, n, d):
    X, y, rng = problem(seed, n, d)
    assume(np.linalg.cond(X) < 1e4)
    R = rotation(d, rng)
    np.testing.assert_allclose(
        min_norm_least_squares(X @ R, y), R.T @ min_norm_least_squares(X, y), atol=1e-9
    )


def test_min_norm_least_squares_of_a_singular_design_matches_the_pseudo_inverse():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((9, 3)) @ rng.standard_normal((3, 6))
    y = rng.standard_normal((9, 2))
    np.testing.assert_allclose(min_norm_least_squares(X, y), np.linalg.pinv(X, rcond=1e-12) @ y, atol=1e-12)
    np.testing.assert_array_equal(min_norm_least_squares(np.zeros((3, 2)), [1.0, 2.0, 3.0]), [0.0, 0.0])


def test_min_norm_interpolator_of_a_singular_design_exists_when_y_is_in_the_range():
    rng = np.random.default_rng(6)
    X = rng.standard_normal((6, 2)) @ rng.standard_normal((2, 10))
    truth = X.T @ rng.standard_normal(6)
    np.testing.assert_allclose(min_norm_interpolator(X, X @ truth), truth, atol=1e-11)
    np.testing.assert_array_equal(min_norm_interpolator(np.zeros((3, 2)), np.zeros(3)), [0.0, 0.0])


def test_min_norm_interpolator_refuses_y_outside_the_range_and_states_how_far():
    X = np.array([[1.0, 0.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match=r"y must lie in the range of X.*relative residual 0\.71"):
        min_norm_interpolator(X, [1.0, 0.0])
    with pytest.raises(ValueError, match="y must lie in the range of X"):
        min_norm_interpolator(X, np.array([[1.0, 1.0], [1.0, 1.0 + 1e-6]]))  # one bad column of two
    min_norm_interpolator(X, [1.0, 1.0 + 1e-10])


def test_min_norm_of_several_outputs_solves_each():
    X, Y, _ = problem(8, 5, 9, outputs=3)
    together = min_norm_interpolator(X, Y)
    assert together.shape == (9, 3)
    for k in range(3):
        np.testing.assert_allclose(together[:, k], min_norm_interpolator(X, Y[:, k]), atol=1e-13)


# --- ridge path -------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 9), st.integers(1, 9), st.floats(1e-3, 1e3))
def test_ridge_path_solves_the_normal_equations(seed, n, d, penalty):
    X, y, _ = problem(seed, n, d)
    path = ridge_path(X, y, [penalty])
    np.testing.assert_allclose(path.coefficients[0], ridge_by_normal_equations(X, y, penalty), atol=1e-10)
    smoother = X @ np.linalg.solve(X.T @ X / n + penalty * np.eye(d), X.T / n)
    assert path.degrees_of_freedom[0] == pytest.approx(np.trace(smoother), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10])
@pytest.mark.parametrize("penalty", [0.0, 1e-24, 1e-16, 1e-8, 1.0])
def test_ridge_path_error_grows_with_the_condition_number_and_not_its_square(condition, penalty):
    rng = np.random.default_rng(11)
    X = design_of_condition(5, 8, condition, rng)
    y = rng.standard_normal(5)
    exact = exact_ridge(X, y, penalty)
    error = np.linalg.norm(ridge_path(X, y, [penalty]).coefficients[0] - exact) / np.linalg.norm(exact)
    assert error < 20 * EPS * condition


def test_ridge_path_is_more_accurate_than_the_gram_matrix():
    rng = np.random.default_rng(12)
    X = design_of_condition(5, 8, 1e7, rng)
    y = rng.standard_normal(5)
    exact = exact_ridge(X, y, 1e-16)
    through_gram = X.T @ np.linalg.solve(X @ X.T + 5e-16 * np.eye(5), y)
    error = [np.linalg.norm(b - exact) for b in (ridge_path(X, y, [1e-16]).coefficients[0], through_gram)]
    assert error[0] < 1e-4 * error[1]


@given(seeds, st.integers(1, 7), st.integers(1, 7))
def test_ridge_path_at_zero_is_the_minimum_norm(seed, n, d):
    X, y, _ = problem(seed, n, d)
    assume(np.linalg.cond(X) < 1e4)
    path = ridge_path(X, y, [0.0, 1e-18])
    np.testing.assert_allclose(path.coefficients[0], np.linalg.pinv(X) @ y, atol=1e-9)
    np.testing.assert_allclose(path.coefficients[1], path.coefficients[0], atol=1e-7)
    assert path.degrees_of_freedom[0] == min(n, d)


@given(seeds, st.integers(1, 7), st.integers(1, 7))
def test_norms_fall_and_residuals_rise_along_the_path(seed, n, d):
    X, y, _ = problem(seed, n, d)
    path = ridge_path(X, y, np.append(0.0, np.geomspace(1e-6, 1e4, 30)))
    norms = np.linalg.norm(path.coefficients, axis=1)
    residuals = np.linalg.norm(path.coefficients @ X.T - y, axis=1)
    assert np.all(np.diff(norms) <= 1e-12 * norms[0])
    assert np.all(np.diff(residuals) >= -1e-9 * np.linalg.norm(y))
    assert np.all(np.diff(path.degrees_of_freedom) <= 1e-12)


def test_ridge_path_of_a_rank_deficient_design_is_continuous_at_zero():
    rng = np.random.default_rng(13)
    X = rng.standard_normal((8, 3)) @ rng.standard_normal((3, 12))
    y = rng.standard_normal(8)  # not in the range: rounding in X must not be taken for signal
    path = ridge_path(X, y, [0.0, 1e-40, 1e-20, 1e-12])
    limit = np.linalg.pinv(X, rcond=1e-10) @ y
    np.testing.assert_allclose(path.coefficients, np.tile(limit, (4, 1)), atol=1e-9)
    assert path.degrees_of_freedom[0] == 3


@pytest.mark.parametrize("shape", [(6, 9), (9, 6)])
def test_ridge_path_of_several_outputs_solves_each(shape):
    X, Y, _ = problem(14, *shape, outputs=3)
    penalties = [2.0, 0.0, 0.1]  # in any order
    path = ridge_path(X, Y, penalties)
    assert path.coefficients.shape == (3, shape[1], 3)
    np.testing.assert_array_equal(path.penalties, penalties)
    for k in range(3):
        alone = ridge_path(X, Y[:, k], penalties).coefficients
        np.testing.assert_allclose(path.coefficients[:, :, k], alone, rtol=1e-10, atol=1e-13)


def test_ridge_path_agrees_with_scikit_learn():
    from sklearn.linear_model import Ridge

    X, y, _ = problem(15, 30, 50)
    for penalty, ours in zip([1e-3, 1.0], ridge_path(X, y, [1e-3, 1.0]).coefficients, strict=True):
        model = Ridge(alpha=30 * penalty, fit_intercept=False, solver="svd").fit(X, y)
        np.testing.assert_allclose(ours, model.coef_, atol=1e-11)


def test_ridge_path_survives_extreme_scales():
    X, y, _ = problem(16, 4, 6)
    reference = ridge_path(X, y, [0.0, 0.5]).coefficients
    for scale in (1e-140, 1e140):
        scaled = ridge_path(scale * X, y, [0.0, 0.5 * scale**2]).coefficients * scale
        np.testing.assert_allclose(scaled, reference, rtol=1e-9)
    assert np.all(ridge_path(1e-3 * X, y, [1e308]).coefficients == 0)


# --- minimum l1 norm --------------------------------------------------------------------------------


def test_min_l1_golden(golden):
    sparse = sparse_regression(5, 12, 2, noise=0.0, rng=np.random.default_rng(0))
    reference = golden["interpolation"]["min_l1_sparse"]
    b = min_l1_interpolator(sparse.X, sparse.y)
    np.testing.assert_allclose(b, reference["value"], atol=reference["atol"])
    assert np.count_nonzero(b) == 2
    dense = sparse_regression(5, 12, 12, noise=0.0, rng=np.random.default_rng(3))
    reference = golden["interpolation"]["min_l1_generic_norm"]
    assert basis_pursuit(dense.X, dense.y).norm == pytest.approx(reference["value"], rel=reference["rtol"])


@given(seeds, st.integers(1, 4), st.integers(0, 4))
def test_min_l1_equals_the_best_of_all_bases(seed, n, extra):
    X, y, _ = problem(seed, n, n + extra)
    assert basis_pursuit(X, y).norm == pytest.approx(min_l1_by_enumeration(X, y), rel=1e-7, abs=0)


@given(seeds, st.integers(1, 12), st.integers(0, 20), st.integers(-12, 12))
def test_min_l1_has_a_dual_certificate_at_every_scale(seed, n, extra, power):
    X, y, _ = problem(seed, n, n + extra)
    assume(np.linalg.cond(X) < 1e4)
    y = y * 10.0**power
    solution = basis_pursuit(X, y)
    np.testing.assert_allclose(X @ solution.coefficients, y, atol=1e-9 * np.linalg.norm(y))
    assert solution.norm == pytest.approx(np.abs(solution.coefficients).sum(), rel=1e-12, abs=0)
    assert np.abs(X.T @ solution.dual).max() <= 1 + 1e-8
    assert solution.dual @ y == pytest.approx(solution.norm, rel=1e-8, abs=0)
    assert np.count_nonzero(solution.coefficients) <= n


def test_min_l1_of_dependent_rows_and_of_zero():
    rng = np.random.default_rng(21)
    X = rng.standard_normal((3, 10))
    y = rng.standard_normal(3)
    mixing = rng.standard_normal((6, 3))
    np.testing.assert_allclose(
        min_l1_interpolator(mixing @ X, mixing @ y), min_l1_interpolator(X, y), atol=1e-10
    )
    assert np.all(basis_pursuit(X, np.zeros(3)).coefficients == 0)
    with pytest.raises(ValueError, match="y must lie in the range of X"):
        min_l1_interpolator(mixing @ X, rng.standard_normal(6))


def test_min_l1_interpolates_when_columns_differ_by_orders_of_magnitude():
    for seed in range(100):
        X, y, rng = problem(seed, 33, 34)
        X *= 10.0 ** rng.uniform(-3, 3, 34)
        b = min_l1_interpolator(X, y)
        # On its own the linear program can leave 1e-5 of the terms that cancel in the residual.
        assert np.all(np.abs(X @ b - y) <= 1e-9 * (np.abs(X) @ np.abs(b) + np.linalg.norm(y)))


def test_min_l1_of_degenerate_programs_has_exact_zeros():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X = rng.choice([-1.0, 1.0], (8, 30))
        b = min_l1_interpolator(X, X[:, 0] - X[:, 1])
        assert np.abs(b[b != 0]).min() > 1e-9
        assert np.abs(b).sum() <= 2 + 1e-12


def test_min_l1_is_not_covariant_under_rotation_but_under_signed_permutation():
    X, y, rng = problem(22, 4, 9)
    P = np.eye(9)[rng.permutation(9)] * rng.choice([-1.0, 1.0], 9)
    b = min_l1_interpolator(X, y)
    np.testing.assert_allclose(min_l1_interpolator(X @ P, y), P.T @ b, atol=1e-10)
    R = rotation(9, rng)
    assert np.abs(min_l1_interpolator(X @ R, y) - R.T @ b).max() > 0.01


# --- maximum margin ---------------------------------------------------------------------------------


def twenty_points():
    rng = np.random.default_rng(3)
    centre = np.array([2.0, 1.0])
    X = np.vstack([rng.standard_normal((10, 2)) + centre, rng.standard_normal((10, 2)) - centre])
    return X, np.repeat([1.0, -1.0], 10)


def test_l2_margin_golden(golden):
    reference = golden["implicit"]["logistic_maxmargin"]
    X, y = twenty_points()
    solution = max_margin(X, y, 2)
    np.testing.assert_allclose(solution.direction, reference["value"], atol=reference["atol"])
    np.testing.assert_allclose(solution.weights, reference["weights"], rtol=reference["atol"])
    assert solution.margin == pytest.approx(reference["margin"], rel=reference["atol"])
    assert solution.support.tolist() == reference["support"]
    # w = sum of multipliers y_i x_i, in the normalisation of the dual of |w|^2 / 2.
    multipliers = solution.dual[solution.support] * (solution.weights @ solution.weights)
    np.testing.assert_allclose(multipliers, reference["multipliers"], rtol=1e-8)


@pytest.mark.parametrize("norm", NORMS)
def test_margin_in_the_plane_equals_a_scan_over_directions(norm):
    X, y = twenty_points()
    assert max_margin(X, y, norm).margin == pytest.approx(
        max_margin_in_the_plane(X, y, norm), rel=1e-9, abs=0
    )


@pytest.mark.parametrize("norm", NORMS)
@given(seeds, st.integers(1, 12), st.integers(1, 15), st.integers(-9, 9))
def test_margin_is_certified_by_the_dual(norm, seed, n, d, power):
    X, _, rng = problem(seed, n, d)
    X = X * 10.0**power
    y = np.where(X @ rng.standard_normal(d) > 0, 1.0, -1.0)
    signed = y[:, None] * X
    solution = max_margin(X, y, norm)
    dual_norm = {1: np.inf, 2: 2, np.inf: 1}[norm]
    assert (signed @ solution.weights).min() == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.norm(solution.weights, ord=norm) == pytest.approx(1 / solution.margin, rel=1e-9, abs=0)
    assert np.linalg.norm(solution.direction, ord=norm) == pytest.approx(1.0, rel=1e-12, abs=0)
    assert solution.dual.min() >= 0
    assert solution.dual.sum() == pytest.approx(1.0, rel=1e-12, abs=0)
    assert np.linalg.norm(solution.dual @ signed, ord=dual_norm) == pytest.approx(
        solution.margin, rel=1e-6, abs=0
    )
    np.testing.assert_allclose((signed @ solution.weights)[solution.support], 1.0, atol=1e-6)
    assert np.all(solution.dual[solution.support] > 0)


@given(seeds, st.integers(2, 8), st.integers(2, 8))
def test_l2_margin_is_covariant_under_a_rotation(seed, n, d):
    X, _, rng = problem(seed, n, d)
    y = np.where(X @ rng.standard_normal(d) > 0, 1.0, -1.0)
    R = rotation(d, rng)
    first, second = max_margin(X, y, 2), max_margin(X @ R, y, 2)
    np.testing.assert_allclose(second.direction, R.T @ first.direction, atol=1e-7)


def test_l2_margin_agrees_with_a_general_solver_of_the_quadratic_program():
    from scipy.optimize import minimize

    X, _, rng = problem(31, 12, 4)
    y = np.where(X @ rng.standard_normal(4) > 0, 1.0, -1.0)
    signed = y[:, None] * X
    constraint = {"type": "ineq", "fun": lambda w: signed @ w - 1, "jac": lambda w: signed}
    start = max_margin(X, y, 1).weights
    result = minimize(
        lambda w: w @ w / 2, start, jac=lambda w: w, constraints=constraint, method="SLSQP", tol=1e-14
    )
    np.testing.assert_allclose(max_margin(X, y, 2).weights, result.x, rtol=1e-6)


def test_l2_margin_of_points_that_all_support_is_the_minimum_norm_interpolator_of_the_labels():
    X, _, rng = problem(32, 6, 4000)  # far above the threshold every point becomes a support vector
    y = rng.choice([-1.0, 1.0], 6)
    solution = max_margin(X, y, 2)
    assert len(solution.support) == 6
    np.testing.assert_allclose(solution.weights, min_norm_interpolator(X, y), atol=1e-12)


def slab(margin, seed):
    """200 points at distance ``margin`` from a hyperplane of normal w, which is the widest separator."""
    X, _, rng = problem(seed, 200, 20)
    w = rng.standard_normal(20)
    w /= np.linalg.norm(w)
    y = np.sign(X @ w)
    return X + np.outer(margin * y - X @ w, w), y, w


@pytest.mark.parametrize("margin", [1e-1, 1e-2, 1e-3, 1e-4])
def test_small_margins_are_found(margin):
    for seed in range(10):
        X, y, w = slab(margin, seed)
        solution = max_margin(X, y, 2)
        assert solution.margin == pytest.approx(margin, rel=1e-8, abs=0)
        np.testing.assert_allclose(solution.direction, w, atol=1e-7)


@pytest.mark.parametrize("norm", NORMS)
def test_margins_below_the_documented_floor_are_refused(norm):
    X, y, _ = slab(1e-7, 0)
    with pytest.raises(ValueError, match="y must be separable"):
        max_margin(X, y, norm)


@pytest.mark.parametrize("norm", NORMS)
def test_one_class_alone_and_inseparable_labels(norm):
    solution = max_margin([[1.0, 1.0], [2.0, 2.0]], [1, 1], norm)
    assert solution.margin == pytest.approx({1: 1.0, 2: np.sqrt(2), np.inf: 2.0}[norm])
    assert solution.support.tolist() == [0]
    for X, y in [
        ([[1.0], [-1.0]], [1, 1]),
        ([[1.0, 2.0], [1.0, 2.0]], [1, -1]),
        ([[0.0, 0.0]], [1]),
        ([[1.0, 0.0], [0.0, 0.0]], [1, 1]),
    ]:
        with pytest.raises(ValueError, match=r"^y (must be separable|cannot be separated)"):
            max_margin(X, y, norm)
    X, _, rng = problem(34, 100, 5)
    with pytest.raises(ValueError, match="y must be separable"):
        max_margin(X, rng.choice([-1, 1], 100), norm)


# --- bad input --------------------------------------------------------------------------------------

X2, Y2 = np.eye(2), np.ones(2)


@pytest.mark.parametrize(
    "function",
    [min_norm_least_squares, min_norm_interpolator, basis_pursuit, min_l1_interpolator]
    + [lambda X, y: ridge_path(X, y, [1.0])]
    + [lambda X, y, norm=norm: max_margin(X, y, norm) for norm in NORMS],
)
@pytest.mark.parametrize(
    ("X", "y", "named"),
    [
        (np.ones(3), Y2, "X must have 2 dim"),
        (np.ones((0, 2)), Y2, "X must not be empty"),
        (X2, np.ones(3), "y must have one row per row of X"),
        (np.full((2, 2), np.inf), Y2, "X must be finite"),
        (X2, [1.0, np.nan], "y must be finite"),
        (X2, np.ones((2, 1, 1)), "y must have 1"),
    ],
)
def test_bad_data_are_named(function, X, y, named):
    with pytest.raises(ValueError, match=named):
        function(X, y)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: ridge_path(X2, Y2, [-1.0]), "penalties must be at least 0"),
        (lambda: ridge_path(X2, Y2, []), "penalties must not be empty"),
        (lambda: ridge_path(X2, Y2, 1.0), "penalties must have 1 dim"),
        (lambda: ridge_path(X2, Y2, [np.inf]), "penalties must be finite"),
        (lambda: max_margin(X2, [0, 1], 2), r"y must hold the labels \+1 and -1, got 0"),
        (lambda: max_margin(X2, [1, -1], 3), "norm must be 1, 2 or np.inf, got 3"),
        (lambda: max_margin(X2, np.ones((2, 2)), 2), "y must have 1 dim"),
        (lambda: basis_pursuit(X2, X2), "y must have 1 dim"),
    ],
)
def test_bad_options_are_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
