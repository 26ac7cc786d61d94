"""Gradient flow of diagonal networks against the weights' own equation, potentials and exact laws."""

from fractions import Fraction

import numpy as np
import pytest
from dltheory.data import sparse_regression
from dltheory.diagonal_networks.dynamics._rosenbrock import COUPLINGS, GAMMA, STAGES, STEP, StepMatrix
from dltheory.diagonal_networks.dynamics.conserved import log_conserved_quantity
from dltheory.diagonal_networks.dynamics.flow import gradient_flow, gradient_flow_path
from dltheory.diagonal_networks.potentials import clock_factor, network_potential_gradient
from dltheory.interpolation import min_l1_interpolator, min_norm_interpolator
from dltheory.mirror_descent.potentials import Hypentropy
from dltheory.mirror_descent.projection import bregman_projection
from dltheory.optimization import gradient_flow_least_squares
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import diagonal_network_flow, network_interpolator_by_many_digits

DEPTHS = (2, 3, 4, 6)


def problem(seed=0, n=5, d=12, sparsity=2):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, X[:, :sparsity].sum(axis=1)


def least_squares_gradient(X, y):
    return lambda b: X.T @ (X @ b - y) / len(y)


# --- against independent routes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "alpha"), [(2, 0.03), (2, 0.3), (2, 2.0), (3, 0.1), (3, 0.3), (4, 0.2), (4, 0.5), (6, 0.4)]
)
def test_times_against_the_equation_of_the_weights(depth, alpha):
    X, y = problem(1, n=4, d=9)
    scale = np.linspace(0.7, 1.3, 9)
    # Up to when the small starts have left zero; the clock of larger ones runs as fast.
    times = np.array([0.1, 1.0]) * (10 / clock_factor(alpha, depth))
    flow = gradient_flow(X, y, alpha=alpha, depth=depth, shape=scale, times=times, rtol=1e-10)
    for k, time in enumerate(times):
        plus, minus, _ = diagonal_network_flow(least_squares_gradient(X, y), alpha * scale, depth, time)
        np.testing.assert_allclose(flow.log_w_plus[k], np.log(plus), rtol=0, atol=3e-10)
        np.testing.assert_allclose(flow.log_w_minus[k], np.log(minus), rtol=0, atol=3e-10)
        beta = plus**depth - minus**depth
        np.testing.assert_allclose(flow.coefficients[k], beta, rtol=0, atol=3e-10)
        assert flow.residual[k] == pytest.approx(np.abs(X @ beta - y).max(), rel=1e-8, abs=1e-10)


def test_unequal_layers_against_the_equation_of_the_weights():
    from scipy.integrate import solve_ivp

    X, y = problem(2, n=4, d=6)
    gradient = least_squares_gradient(X, y)
    scale = np.random.default_rng(0).uniform(0.5, 2.0, (2, 6))
    for depth in DEPTHS:

        def velocity(_, w, depth=depth):
            plus, minus = np.split(w, 2)
            g = gradient(plus**depth - minus**depth)
            return np.concatenate([-depth * plus ** (depth - 1) * g, depth * minus ** (depth - 1) * g])

        w = solve_ivp(velocity, (0, 2.0), 0.5 * scale.ravel(), method="DOP853", rtol=1e-12, atol=1e-14).y[
            :, -1
        ]
        flow = gradient_flow(X, y, alpha=0.5, depth=depth, shape=scale, times=[0.0, 2.0], rtol=1e-10)
        start = (0.5 * scale[0]) ** depth - (0.5 * scale[1]) ** depth
        np.testing.assert_allclose(flow.coefficients[0], start, rtol=1e-12)
        np.testing.assert_allclose(flow.log_w_plus[1], np.log(w[:6]), rtol=0, atol=3e-10)
        np.testing.assert_allclose(flow.log_w_minus[1], np.log(w[6:]), rtol=0, atol=3e-10)


@pytest.mark.parametrize("alpha", [1e3, 10.0, 1.0, 0.1, 1e-3, 1e-6, 1e-10, 1e-20, 1e-30])
def test_end_at_depth_two_is_the_projection(alpha):
    X, y = problem()
    flow = gradient_flow(X, y, alpha=alpha, depth=2)
    projection = bregman_projection(Hypentropy(2 * alpha**2), X, y, start=np.zeros(12))
    np.testing.assert_allclose(flow.coefficients[0], projection.point, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("depth", "alpha"), [(3, 0.1), (3, 1e-3), (4, 0.3), (4, 1e-3), (5, 0.05)])
def test_end_at_larger_depths_in_many_digits(depth, alpha):
    rng = np.random.default_rng(0)
    X, teacher = rng.standard_normal((3, 7)), np.array([1.0, -1, 0, 0, 0, 0, 0])
    expected, _ = network_interpolator_by_many_digits(X, teacher, alpha, depth, digits=80)
    flow = gradient_flow(X, X @ teacher, alpha=alpha, depth=depth)
    np.testing.assert_allclose(flow.coefficients[0], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("depth", "alpha"), [(2, 5.0), (2, 1.0), (2, 0.001), (4, 1.0), (4, 0.3), (4, 0.1)])
def test_golden_ends(golden, depth, alpha):
    reference = golden["diag"][f"minQ_D{depth}_alpha{alpha}"]
    X, y = problem()
    flow = gradient_flow(X, y, alpha=alpha, depth=depth)
    np.testing.assert_allclose(flow.coefficients[0], reference["value"], rtol=0, atol=reference["atol"])


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("alpha", [1e3, 1.0, 0.1, 1e-2])
def test_end_is_a_stationary_point_of_the_potential(depth, alpha):
    """The gradient of the potential is in the row span: no component along the null space of X."""
    X, y = problem(3, n=8, d=20, sparsity=4)
    flow = gradient_flow(X, y, alpha=alpha, depth=depth)
    assert np.linalg.norm(X @ flow.coefficients[0] - y) < 1e-11 * np.linalg.norm(y)
    dual = network_potential_gradient(flow.coefficients[0], alpha=alpha, depth=depth)
    null_space = np.linalg.svd(X)[2][8:]
    assert np.abs(null_space @ dual).max() < 1e-12 * np.abs(dual).max()


@pytest.mark.parametrize(
    ("depth", "alpha"), [(2, 1e-20), (2, 1e-30), (3, 1e-10), (3, 1e-20), (3, 1e-30), (4, 1e-10), (4, 1e-30)]
)
def test_tiny_start_ends_at_least_l1(depth, alpha):
    """A sparse teacher: the potential's end is within a power of alpha of the only l1 solution."""
    X, y = problem(5, n=12, d=24, sparsity=2)
    flow = gradient_flow(X, y, alpha=alpha, depth=depth)
    np.testing.assert_allclose(flow.coefficients[0], min_l1_interpolator(X, y), rtol=0, atol=1e-9)
    assert flow.times.shape == (1,)


@pytest.mark.parametrize("depth", [3, 4])
def test_tiny_start_with_dense_noise_ends_at_least_l1(depth):
    """As many coefficients as rows become active, and on the way others rise and fall."""
    data = sparse_regression(8, 20, 3, noise=0.5, rng=np.random.default_rng(0))
    flow = gradient_flow(data.X, data.y, alpha=1e-15, depth=depth)
    np.testing.assert_allclose(flow.coefficients[0], min_l1_interpolator(data.X, data.y), rtol=0, atol=1e-9)


# --- exact laws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", DEPTHS)
def test_large_start_is_the_linear_flow(depth):
    """The kernel regime: b moves as for least squares with the clock 2 D^2 alpha^(2D-2)."""
    X, y = problem()
    alpha = 1e3 if depth < 4 else 100.0
    times = np.array([0.3, 1.0, 4.0])
    linear = gradient_flow_least_squares(X, y, times).coefficients
    flow = gradient_flow(
        X, y, alpha=alpha, depth=depth, times=times / (2 * depth**2 * alpha ** (2 * depth - 2)), rtol=1e-10
    )
    np.testing.assert_allclose(flow.coefficients, linear, rtol=0, atol=1e-9)
    end = gradient_flow(X, y, alpha=alpha, depth=depth).coefficients[0]
    np.testing.assert_allclose(end, min_norm_interpolator(X, y), rtol=0, atol=1e-9)


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("alpha", [0.3, 1e-5, 1e-20])
def test_one_coefficient_in_closed_form(depth, alpha):
    """n = d = 1, x = y = 1: theta' = 1 - b(theta) gives the time to half way as one integral."""
    import mpmath as mp

    path = gradient_flow_path([[1.0]], [1.0], alpha=alpha, depth=depth, levels=[0.5], rtol=1e-10)
    with mp.workdps(60):
        a = mp.mpf(alpha)

        def rate(theta):
            if depth == 2:
                return 2 * a**2 * mp.sinh(4 * theta)
            plus, minus = (a ** (2 - depth) + sign * depth * (depth - 2) * theta for sign in (-1, 1))
            power = -mp.mpf(depth) / (depth - 2)
            return plus**power - minus**power

        # Where b reaches 1/2 by bisection; the integrand is 1 until b is seen, hence 1 + b/(1 - b).
        high = mp.log(2 / a) if depth == 2 else a ** (2 - depth) / (depth * (depth - 2))
        low = mp.mpf(0)
        for _ in range(250):
            middle = (low + high) / 2
            low, high = (middle, high) if rate(middle) < 0.5 else (low, middle)
        end = low
        edges = [end - end * mp.mpf(10) ** -k for k in range(0, 45 if depth > 2 else 6)] + [end]
        extra = mp.quad(lambda theta: rate(theta) / (1 - rate(theta)), edges)
        expected = float(end + extra)
    assert path.coefficients[0, 0] == pytest.approx(0.5, rel=1e-9, abs=0)
    assert path.times[0] == pytest.approx(expected, rel=1e-9, abs=0)


@settings(max_examples=8)
@given(
    depth=st.integers(2, 5),
    c=st.floats(0.2, 5),
    log_alpha=st.floats(-8, 1),
    seed=st.integers(0, 1000),
)
def test_scale_law(depth, c, log_alpha, seed):
    """(X, c^D y, c alpha) ends at c^D times the end of (X, y, alpha)."""
    X, y = problem(seed, n=3, d=6)
    alpha = 10.0**log_alpha
    end = gradient_flow(X, y, alpha=alpha, depth=depth).coefficients
    scaled = gradient_flow(X, c**depth * y, alpha=c * alpha, depth=depth).coefficients
    np.testing.assert_allclose(scaled, c**depth * end, rtol=0, atol=1e-9 * c**depth)


@settings(max_examples=8)
@given(depth=st.integers(2, 5), log_alpha=st.floats(-20, 1), seed=st.integers(0, 1000))
def test_permutations_and_signs(depth, log_alpha, seed):
    rng = np.random.default_rng(seed)
    X, y = problem(seed, n=3, d=6)
    order, signs = rng.permutation(6), rng.choice([-1.0, 1.0], 6)
    end = gradient_flow(X, y, alpha=10.0**log_alpha, depth=depth).coefficients
    moved = gradient_flow(X[:, order] * signs, y, alpha=10.0**log_alpha, depth=depth).coefficients
    np.testing.assert_allclose(moved, end[:, order] * signs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("depth", DEPTHS)
def test_scale_law_of_time(depth):
    """w(c^(2-2D) t) from c alpha with c^D y is c times w(t) from alpha with y, along the whole path."""
    X, y = problem(n=4, d=8)
    times, c = np.array([1.0, 10.0, 100.0]), 0.5
    flow = gradient_flow(X, y, alpha=0.2, depth=depth, times=times, rtol=1e-10)
    scaled = gradient_flow(
        X, c**depth * y, alpha=0.2 * c, depth=depth, times=times * c ** (2 - 2 * depth), rtol=1e-10
    )
    np.testing.assert_allclose(scaled.log_w_plus, flow.log_w_plus + np.log(c), rtol=0, atol=3e-9)


# --- what the flow conserves and what it lowers --------------------------------------------------------


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("alpha", [10.0, 0.1, 1e-8, 1e-30])
def test_conserved_quantity(depth, alpha):
    X, y = problem()
    scale = np.random.default_rng(0).uniform(0.5, 2.0, (2, 12))
    path = gradient_flow_path(X, y, alpha=alpha, depth=depth, shape=scale, levels=np.linspace(1, 0, 9))
    value = log_conserved_quantity(path.log_w_plus, path.log_w_minus, depth=depth)
    plus, minus = np.log(alpha * scale)
    start = plus + minus if depth == 2 else np.logaddexp((2 - depth) * plus, (2 - depth) * minus)
    # relative to the quantity: the error of the logarithm, which is itself up to 300
    np.testing.assert_allclose(value, np.broadcast_to(start, value.shape), rtol=0, atol=2e-12)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_conserved_quantity_of_the_oracle(depth):
    X, y = problem(n=3, d=5)
    plus, minus, _ = diagonal_network_flow(least_squares_gradient(X, y), np.full(5, 0.4), depth, 30.0)
    value = log_conserved_quantity(np.log(plus), np.log(minus), depth=depth)
    start = log_conserved_quantity(np.log(0.4), np.log(0.4), depth=depth)
    np.testing.assert_allclose(value, start, rtol=0, atol=1e-9)
    expected = 2 * np.log(0.4) if depth == 2 else np.log(2 * 0.4 ** (2 - depth))
    assert start == pytest.approx(expected, rel=1e-14, abs=0)


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("alpha", [3.0, 0.05, 1e-6])
def test_loss_falls(depth, alpha):
    X, y = problem(4, n=8, d=20, sparsity=4)
    end = gradient_flow(X, y, alpha=alpha, depth=depth).times[0]
    times = np.append(0.0, np.geomspace(1e-6 * end, end, 60))
    flow = gradient_flow(X, y, alpha=alpha, depth=depth, times=times)
    np.testing.assert_array_equal(flow.times, times)
    losses = np.linalg.norm(flow.coefficients @ X.T - y, axis=1) / np.linalg.norm(y)
    assert losses[0] == pytest.approx(1.0, rel=1e-15, abs=0)
    assert np.diff(losses).max() <= 1e-9
    assert losses[-1] < 1e-9


@pytest.mark.parametrize(("depth", "alpha"), [(2, 1.0), (2, 1e-8), (3, 1e-20), (4, 0.1)])
def test_levels_are_met(depth, alpha):
    X, y = problem()
    levels = np.array([1.0, 0.9, 0.5, 0.1, 1e-3, 1e-6, 0.0])
    path = gradient_flow_path(X, y, alpha=alpha, depth=depth, levels=levels)
    reached = np.linalg.norm(path.coefficients @ X.T - y, axis=1) / np.linalg.norm(y)
    np.testing.assert_allclose(reached[:-1], levels[:-1], rtol=1e-6)
    assert reached[-1] < 1e-11
    assert np.all(np.diff(path.times) >= 0)
    end = gradient_flow(X, y, alpha=alpha, depth=depth)
    np.testing.assert_allclose(path.coefficients[-1], end.coefficients[0], rtol=0, atol=1e-10)


def test_path_at_levels_and_at_its_times_agree():
    X, y = problem()
    path = gradient_flow_path(X, y, alpha=0.01, depth=3, levels=[0.9, 0.4, 0.01], rtol=1e-10)
    flow = gradient_flow(X, y, alpha=0.01, depth=3, times=path.times, rtol=1e-10)
    np.testing.assert_allclose(flow.coefficients, path.coefficients, rtol=0, atol=1e-7)


# --- the integrator ------------------------------------------------------------------------------------


def test_order_of_the_steps():
    """Error against rtol on a smooth stretch: a fifth-order method of steps near rtol^(1/5)."""
    X, y = problem(1, n=4, d=9)
    time = 10.0
    plus, _, _ = diagonal_network_flow(least_squares_gradient(X, y), np.full(9, 0.3), 2, time)
    for rtol in (1e-5, 1e-7, 1e-9):
        flow = gradient_flow(X, y, alpha=0.3, depth=2, times=[time], rtol=rtol)
        assert np.abs(flow.log_w_plus[0] - np.log(plus)).max() < rtol


def test_tableau_satisfies_the_order_conditions_of_linear_equations():
    """On u' = lambda u the stability function agrees with exp up to order five and vanishes at infinity."""

    def stability(z):
        u = np.zeros(8)
        for i in range(8):
            f = z * (1 + STAGES[i] @ u[:i])
            u[i] = GAMMA * (f + COUPLINGS[i] @ u[:i]) / (1 - GAMMA * z)
        return 1 + STEP @ u

    errors = [abs(stability(-z) - np.exp(-z)) for z in (0.2, 0.1)]
    assert errors[0] / errors[1] > 0.9 * 2**6
    assert errors[1] < 1e-8
    assert abs(stability(-1e8)) < 1e-6


@pytest.mark.parametrize("columns", ["independent", "repeated", "dependent"])
def test_step_matrix_with_graded_pulls(columns):
    """Against the same system in rational arithmetic: also X^T u that is 1e-20 of u keeps its digits."""
    rng = np.random.default_rng(0)
    X = rng.integers(-4, 5, (4, 6)).astype(float)
    if columns == "repeated":
        X[:, 1] = X[:, 0]
    if columns == "dependent":
        X[:, 2] = X[:, 0] + X[:, 1]
    pull, right = np.array([1e20, 3e18, 1e12, 1e-3, 1e-9, 1e-30]), rng.standard_normal(4)
    rows = [[Fraction(v) for v in row] for row in X]
    weights = [Fraction(p) for p in pull]
    matrix = [
        [sum(a * p * b for a, p, b in zip(r, weights, s, strict=True)) + (i == j) for j, s in enumerate(rows)]
        for i, r in enumerate(rows)
    ]
    u = exact_fractions(matrix, right)
    theta = [float(sum(a * v for a, v in zip(column, u, strict=True))) for column in zip(*rows, strict=True)]
    solved = StepMatrix(X, np.sum(X**2, axis=0), pull).solve(right)
    np.testing.assert_allclose(solved[0], np.array(u, dtype=float), rtol=0, atol=1e-13)
    np.testing.assert_allclose(solved[1], theta, rtol=1e-9, atol=0)


def exact_fractions(matrix, right):
    """Solve in rational arithmetic and return fractions, so that small combinations keep their digits."""
    n = len(matrix)
    rows = [[*row, Fraction(float(v))] for row, v in zip(matrix, right, strict=True)]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [v - rows[i][k] * w for v, w in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


CUBE = np.array([[1, 1, -1, -1, 1.0], [1, -1, 1, -1, 1], [1, 1, 1, 1, 1]])
CUBE = np.hstack([CUBE, -CUBE])


@pytest.mark.parametrize(("depth", "alpha"), [(2, 1e-15), (2, 1e-30), (3, 1e-3), (4, 0.03)])
def test_equal_and_opposite_columns(depth, alpha):
    """All vertices of a cube, one of them twice: equal columns must get equal coefficients."""
    y = np.array([1.0, 2.0, 4.0])
    end = gradient_flow(CUBE, y, alpha=alpha, depth=depth).coefficients[0]
    np.testing.assert_allclose(CUBE @ end, y, rtol=1e-10)
    np.testing.assert_allclose(end[5:], -end[:5], rtol=0, atol=1e-9)
    assert end[0] == pytest.approx(end[4], rel=0, abs=1e-9)


@pytest.mark.parametrize("depth", [3, 4, 6])
def test_ties_below_rounding_still_end_at_least_l1(depth):
    y = np.array([1.0, 2.0, 4.0])
    end = gradient_flow(CUBE, y, alpha=1e-15, depth=depth).coefficients[0]
    np.testing.assert_allclose(CUBE @ end, y, rtol=1e-10)
    assert np.abs(end).sum() == pytest.approx(
        4.0, rel=1e-9, abs=0
    )  # the last row: all its entries are 1 or -1


def test_rank_deficient_tall_and_ill_conditioned_designs():
    rng = np.random.default_rng(0)
    low_rank = rng.standard_normal((6, 3)) @ rng.standard_normal((3, 10))
    tall = rng.standard_normal((30, 6))
    U, _, V = np.linalg.svd(rng.standard_normal((6, 12)), full_matrices=False)
    for X in (low_rank, tall, (U * np.geomspace(1, 1e-4, 6)) @ V):
        y = X[:, 0] - X[:, 2]
        for alpha in (1.0, 1e-6):
            end = gradient_flow(X, y, alpha=alpha, depth=2).coefficients[0]
            projection = bregman_projection(Hypentropy(2 * alpha**2), X, y, start=np.zeros(X.shape[1]))
            np.testing.assert_allclose(end, projection.point, rtol=0, atol=1e-9)


def test_times_far_beyond_the_end_and_flows_that_stand_still():
    X, y = problem()
    flow = gradient_flow(X, y, alpha=1e-8, depth=3, times=[0.0, 1e30, 1e60])
    end = gradient_flow(X, y, alpha=1e-8, depth=3).coefficients[0]
    np.testing.assert_allclose(flow.coefficients[1:], [end, end], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(flow.times, [0.0, 1e30, 1e60])
    still = gradient_flow(X, 0 * y, alpha=0.1, depth=3, times=[0.0, 5.0])
    np.testing.assert_array_equal(still.coefficients, np.zeros((2, 12)))
    np.testing.assert_allclose(still.log_w_minus, np.log(0.1), rtol=1e-15)
    np.testing.assert_array_equal(gradient_flow(X, 0 * y, alpha=0.1, depth=2).coefficients, np.zeros((1, 12)))


# --- shapes and bad input -------------------------------------------------------------------------------


def test_batches_are_their_single_flows():
    sets = [problem(seed, n=3, d=6) for seed in range(2)]
    X, y = np.array([s[0] for s in sets]), np.array([s[1] for s in sets])
    alphas, times = np.array([0.5, 1e-3, 1e-9]), [0.0, 3.0]
    flow = gradient_flow(X, y, alpha=alphas, depth=3, times=times)
    assert flow.times.shape == flow.residual.shape == (2, 3, 2)
    assert flow.coefficients.shape == flow.log_w_plus.shape == flow.log_w_minus.shape == (2, 3, 2, 6)
    for s in range(2):
        for a in range(3):
            single = gradient_flow(X[s], y[s], alpha=alphas[a], depth=3, times=times)
            np.testing.assert_array_equal(flow.coefficients[s, a], single.coefficients)
            np.testing.assert_array_equal(flow.log_w_minus[s, a], single.log_w_minus)
    assert gradient_flow(X, y, alpha=0.5, depth=2).coefficients.shape == (2, 1, 6)
    assert gradient_flow(X[0], y[0], alpha=alphas, depth=2).coefficients.shape == (3, 1, 6)
    responses = np.stack([X[0] @ np.eye(6)[0], X[0] @ np.eye(6)[1]])
    several = gradient_flow(X[0], responses, alpha=[0.5], depth=2)
    assert several.coefficients.shape == (2, 1, 1, 6)
    alone = gradient_flow(X[0], responses[1], alpha=0.5, depth=2)
    np.testing.assert_array_equal(several.coefficients[1, 0], alone.coefficients)


def test_shape_of_ones_is_no_shape():
    X, y = problem(n=3, d=6)
    plain = gradient_flow(X, y, alpha=0.1, depth=3).coefficients
    for scale in (np.ones(6), np.ones((2, 6))):
        np.testing.assert_array_equal(
            gradient_flow(X, y, alpha=0.1, depth=3, shape=scale).coefficients, plain
        )
    doubled = gradient_flow(X, y, alpha=0.05, depth=3, shape=np.full(6, 2.0)).coefficients
    np.testing.assert_allclose(doubled, plain, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("alpha", {"alpha": 0.0}),
        ("alpha", {"alpha": -1.0}),
        ("alpha", {"alpha": [0.1, np.nan]}),
        ("alpha", {"alpha": 1e-200}),
        ("alpha", {"alpha": 1e40, "depth": 3}),
        ("depth", {"depth": 1}),
        ("depth", {"depth": 2.5}),
        ("shape", {"shape": np.ones(5)}),
        ("shape", {"shape": np.zeros(6)}),
        ("times", {"times": [1.0, 1.0]}),
        ("times", {"times": [-1.0]}),
        ("times", {"times": [np.inf]}),
        ("rtol", {"rtol": 0.1}),
        ("tol", {"tol": 0.0}),
        ("X", {"X": np.ones(3)}),
        ("y", {"y": np.ones(4)}),
        ("y", {"X": np.ones((2, 3, 6)), "y": np.ones((3, 3))}),
        ("y", {"X": np.ones((3, 6)), "y": np.arange(3.0)}),
        ("y", {"y": [1.0, np.inf, 0.0]}),
    ],
)
def test_bad_input_names_the_argument(name, change):
    X, y = problem(n=3, d=6)
    arguments = {"X": X, "y": y, "alpha": 0.1, "depth": 2} | change
    with pytest.raises(ValueError, match=f"^{name} must"):
        gradient_flow(**arguments)


@pytest.mark.parametrize("levels", [[0.5, 0.5], [0.5, 0.9], [2.0], [-0.1], [1e-12], [np.nan]])
def test_bad_levels(levels):
    X, y = problem(n=3, d=6)
    with pytest.raises(ValueError, match=r"^levels must"):
        gradient_flow_path(X, y, alpha=0.1, depth=2, levels=levels)


def test_bad_input_of_the_conserved_quantity():
    for name, arguments in (
        ("depth", ([0.0], [0.0], 1)),
        ("log_w_plus", ([np.inf], [0.0], 2)),
        ("log_w_minus", ([0.0, 1.0], [0.0, 1.0, 2.0], 2)),
    ):
        with pytest.raises(ValueError, match=f"^{name} must"):
            log_conserved_quantity(*arguments[:2], depth=arguments[2])


def test_a_flow_that_is_cut_short_says_where_it_stood(monkeypatch):
    monkeypatch.setattr("dltheory.diagonal_networks.dynamics._flow_steps.MAX_STEPS", 20)
    X, y = problem()
    with pytest.raises(RuntimeError, match=r"after 20 steps: at time .* distance to an interpolator is"):
        gradient_flow(X, y, alpha=1e-10, depth=3)
