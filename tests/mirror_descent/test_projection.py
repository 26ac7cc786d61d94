"""The Bregman projection against closed forms, a general solver and its optimality conditions."""

import numpy as np
import pytest
from dltheory.interpolation import min_l1_interpolator, min_norm_interpolator
from dltheory.mirror_descent.descent import bregman_projection
from dltheory.mirror_descent.potentials import (
    BurgEntropy,
    Euclidean,
    Hypentropy,
    Mahalanobis,
    NegativeEntropy,
    PNorm,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

seeds = st.integers(0, 2**32 - 1)
MATRIX = np.diag(np.arange(1.0, 8.0)) + 0.3
POTENTIALS = [
    Euclidean(),
    Mahalanobis(MATRIX),
    NegativeEntropy(),
    BurgEntropy(),
    PNorm(1.2),
    PNorm(1.8),
    Hypentropy(0.5),
    Hypentropy(np.geomspace(1e-3, 10, 7)),
]
each_potential = pytest.mark.parametrize("potential", POTENTIALS, ids=repr)


def problem(seed, n=3, d=7):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, X @ rng.uniform(0.1, 2.0, d), rng.uniform(0.1, 2.0, d)


@each_potential
@given(seed=seeds)
def test_optimality_conditions(potential, seed):
    X, y, start = problem(seed)
    found = bregman_projection(potential, X, y, start=start)
    np.testing.assert_allclose(X @ found.point, y, rtol=0, atol=1e-10)
    assert found.residual == pytest.approx(np.max(np.abs(X @ found.point - y)), abs=1e-15)
    dual = potential.gradient(found.point)
    moved = potential.gradient(start) + X.T @ found.multipliers
    np.testing.assert_allclose(dual, moved, rtol=1e-9, atol=1e-9)


@each_potential
@given(seed=seeds)
def test_pythagoras(potential, seed):
    """D(u, start) = D(u, w) + D(w, start) for every interpolator u, so that w is the closest."""
    X, y, start = problem(seed)
    w = bregman_projection(potential, X, y, start=start).point
    along = np.random.default_rng([seed, 1]).standard_normal(7)
    along -= np.linalg.pinv(X) @ (X @ along)
    u = w + 0.5 * np.min(np.abs(w)) * along / np.max(np.abs(along))
    D = potential.divergence
    assert D(u, start) == pytest.approx(D(u, w) + D(w, start), rel=1e-7, abs=1e-9)


@each_potential
def test_against_a_general_constrained_solver(potential):
    X, y, start = problem(11)
    bounds = [(1e-9, None)] * 7 if potential.positive else None
    dual = potential.gradient(start)
    reference = minimize(
        lambda w: potential.divergence(w, start),
        start,
        jac=lambda w: potential.gradient(w) - dual,
        method="SLSQP",
        bounds=bounds,
        constraints={"type": "eq", "fun": lambda w: X @ w - y, "jac": lambda w: X},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert reference.success
    np.testing.assert_allclose(
        bregman_projection(potential, X, y, start=start).point, reference.x, rtol=0, atol=2e-5
    )


@given(seed=seeds)
def test_quadratic_potentials_have_closed_forms(seed):
    X, y, start = problem(seed)
    euclidean = bregman_projection(Euclidean(), X, y, start=start)
    np.testing.assert_allclose(euclidean.point, start + np.linalg.pinv(X) @ (y - X @ start), atol=1e-10)
    assert euclidean.iterations <= 2
    lift = np.linalg.solve(MATRIX, X.T)
    closed = start + lift @ np.linalg.solve(X @ lift, y - X @ start)
    np.testing.assert_allclose(
        bregman_projection(Mahalanobis(MATRIX), X, y, start=start).point, closed, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("potential", [NegativeEntropy(), BurgEntropy(), Hypentropy(0.2)], ids=repr)
@pytest.mark.parametrize("total", [1e-3, 1.0, 1e3])
def test_one_constraint_by_bisection(potential, total):
    start = np.array([1e-6, 0.1, 1.0, 5.0])
    dual = potential.gradient(start)
    lowest, highest = {"BurgEntropy": (-1e8, 0.2 - 1e-12)}.get(type(potential).__name__, (-50.0, 50.0))
    shift = brentq(
        lambda c: np.sum(potential.inverse_gradient(dual + c)) - total,
        lowest,
        highest,
        xtol=1e-15,
        rtol=1e-14,
    )
    found = bregman_projection(potential, np.ones((1, 4)), [total], start=start)
    np.testing.assert_allclose(found.point, potential.inverse_gradient(dual + shift), rtol=1e-9)


def test_entropy_projection_on_a_sum_normalises():
    found = bregman_projection(NegativeEntropy(), np.ones((1, 3)), [1.0], start=[1e-30, 1e-31, 3e-30])
    np.testing.assert_allclose(found.point, np.array([1, 0.1, 3]) / 4.1, rtol=1e-11)


def test_limits_in_the_scale_of_the_hypentropy():
    X, y, _ = problem(6)
    wide = bregman_projection(Hypentropy(1e6), X, y, start=np.zeros(7)).point
    np.testing.assert_allclose(wide, min_norm_interpolator(X, y), rtol=0, atol=1e-9)
    distances = [
        np.linalg.norm(
            bregman_projection(Hypentropy(scale), X, y, start=np.zeros(7)).point - min_l1_interpolator(X, y)
        )
        for scale in (1e-2, 1e-4, 1e-8)
    ]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 1e-2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scale", [1e-12, 1e-30, 1e-60])
def test_tiny_scales(seed, scale):
    X, _, _ = problem(seed, 5, 12)
    y = X @ np.repeat([1.0, 0.0], [1, 11])
    potential = Hypentropy(scale)
    found = bregman_projection(potential, X, y, start=np.zeros(12))
    np.testing.assert_allclose(X @ found.point, y, rtol=0, atol=1e-10)
    np.testing.assert_allclose(potential.gradient(found.point), X.T @ found.multipliers, rtol=0, atol=1e-9)
    # asinh(x/s) >= log(2x/s) and x log x >= x - 1 turn Phi(w) <= Phi(w_l1) into a bound on the l1 norm.
    smallest = min_l1_interpolator(X, y)
    bound = (potential.value(smallest) + 12) / np.log(2 / scale)
    assert np.linalg.norm(smallest, 1) * (1 - 1e-10) <= np.linalg.norm(found.point, 1) <= bound


def test_a_point_that_underflows_is_no_solution():
    with pytest.raises(ValueError, match="y must be X w"):
        bregman_projection(NegativeEntropy(), [[1.0, 1.0]], [0.0], start=[1e-300, 2e-300])


def test_that_a_start_out_of_reach_of_rounding_raises():
    X, y, _ = problem(8)
    with pytest.raises(RuntimeError, match="did not converge: relative residual"):
        bregman_projection(BurgEntropy(), X, y, start=np.full(7, 1e-12))


def test_projection_from_zero_in_the_p_norm_minimises_the_p_norm():
    X, y, _ = problem(6)
    w = bregman_projection(PNorm(1.3), X, y, start=np.zeros(7)).point
    null = np.linalg.svd(X)[2][3:]
    for direction in [*null, *-null]:
        assert np.linalg.norm(w, 1.3) < np.linalg.norm(w + 1e-3 * direction, 1.3)


def test_repeated_rows_and_zero_rows_are_no_obstacle():
    X, y, start = problem(7)
    stacked = np.vstack([X, X[:1], np.zeros((1, 7))])
    once = bregman_projection(Hypentropy(0.5), X, y, start=start)
    twice = bregman_projection(Hypentropy(0.5), stacked, [*y, y[0], 0.0], start=start)
    np.testing.assert_allclose(twice.point, once.point, rtol=0, atol=1e-10)
    np.testing.assert_allclose(stacked.T @ twice.multipliers, X.T @ once.multipliers, rtol=0, atol=1e-9)


@pytest.mark.parametrize("potential", [Euclidean(), Hypentropy(0.5), PNorm(1.5)], ids=repr)
def test_zero_response_from_a_start_in_the_row_span_gives_zero(potential):
    X = np.array([[1.0, 2.0], [3.0, 1.0]])
    np.testing.assert_allclose(
        bregman_projection(potential, X, [0.0, 0.0], start=[2.0, -1.0]).point, [0, 0], atol=1e-10
    )


@pytest.mark.parametrize("potential", [NegativeEntropy(), BurgEntropy()], ids=repr)
@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[1.0, 1.0]], [-1.0]),
        ([[1.0, 1.0]], [0.0]),
        ([[1.0, 1.0], [1.0, 0.0]], [1.0, 2.0]),
        ([[1.0, 1.0], [1.0, 0.0]], [1.0, 1.0]),  # only by (1, 0), on the boundary
    ],
)
def test_response_that_no_positive_point_reaches(potential, X, y):
    with pytest.raises(ValueError, match="y must be X w for some w with positive entries"):
        bregman_projection(potential, X, y, start=[1.0, 2.0])


@pytest.mark.parametrize(
    ("X", "y", "start", "message"),
    [
        ([[1.0, 0.0], [1.0, 0.0]], [1.0, 2.0], [1.0, 1.0], "y must be in the range of X"),
        ([[1.0, 0.0]], [1.0, 2.0], [1.0, 1.0], "y must have one row per row of X"),
        ([[1.0, 0.0]], [[1.0]], [1.0, 1.0], "y must have 1 dimension"),
        ([[1.0, 0.0]], [1.0], [1.0], "start must have one entry per column of X"),
        ([[1.0, 0.0]], [1.0], [1.0, 0.0], "start must be greater than 0"),
        ([[1.0, np.inf]], [1.0], [1.0, 1.0], "X must be finite"),
    ],
)
def test_bad_input(X, y, start, message):
    with pytest.raises(ValueError, match=message):
        bregman_projection(NegativeEntropy(), X, y, start=start)
