"""Gradient descent and gradient flow against closed forms, matrix exponentials and each other."""

import numpy as np
import pytest
from dltheory.interpolation import min_norm_interpolator, ridge_path
from dltheory.optimization import (
    gradient_descent,
    gradient_flow_least_squares,
    largest_stable_step,
    least_squares_gradient,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.oracles import gradient_flow_by_matrix_exponential

seeds = st.integers(0, 2**32 - 1)


def problem(seed, n, d):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d)


# --- gradient descent -------------------------------------------------------------------------------


def test_descent_converges_to_the_golden_limits(golden):
    X, y, w0 = problem(0, 4, 8)
    for start, name in [(np.zeros(8), "gd_minnorm"), (w0, "gd_from_w0")]:
        record = gradient_descent(
            least_squares_gradient(X, y),
            start,
            step_size=largest_stable_step(X) / 2,
            n_steps=2000,
            record_at=[0],
        )
        reference = golden["implicit"][name]
        np.testing.assert_allclose(record.final, reference["value"], rtol=0, atol=reference["atol"])


@given(seeds, st.integers(1, 6), st.integers(1, 8))
def test_descent_matches_its_closed_form_on_least_squares(seed, n, d):
    X, y, start = problem(seed, n, d)
    step_size = 0.7 * largest_stable_step(X)
    record = gradient_descent(least_squares_gradient(X, y), start, step_size=step_size, n_steps=50)
    solution = start + np.linalg.pinv(X) @ (y - X @ start)
    contraction = np.eye(d) - step_size * X.T @ X / n
    for t in (1, 7, 50):
        expected = solution + np.linalg.matrix_power(contraction, t) @ (start - solution)
        np.testing.assert_allclose(record.iterates[t], expected, atol=1e-8 * (1 + np.linalg.norm(solution)))


@given(seeds, st.integers(1, 5), st.integers(1, 8))
def test_iterates_stay_in_the_start_plus_the_row_span(seed, n, d):
    X, y, start = problem(seed, n, d)
    record = gradient_descent(
        least_squares_gradient(X, y), start, step_size=0.9 * largest_stable_step(X), n_steps=200
    )
    left_over = np.eye(d) - np.linalg.pinv(X) @ X
    assert np.abs((record.iterates - start) @ left_over).max() < 1e-12 * (1 + np.abs(record.iterates).max())


def test_stability_edge_is_sharp():
    X, y, start = problem(1, 5, 9)
    gradient, edge = least_squares_gradient(X, y), largest_stable_step(X)
    assert edge == pytest.approx(2 / np.linalg.eigvalsh(X.T @ X / 5)[-1], rel=1e-12, abs=0)
    below = gradient_descent(gradient, start, step_size=0.999 * edge, n_steps=20_000, record_at=[20_000])
    np.testing.assert_allclose(X @ below.final, y, atol=1e-6)
    above = gradient_descent(
        gradient, start, step_size=1.001 * edge, n_steps=200_000, record_at=[100, 200_000]
    )
    assert above.diverged_at is not None
    assert above.steps.tolist() == [100]
    with pytest.raises(RuntimeError, match=f"diverged at step {above.diverged_at}"):
        above.final  # noqa: B018


def test_divergence_is_reported_at_its_step_and_never_recorded():
    record = gradient_descent(lambda b: -9 * b, [1.0], step_size=1.0, n_steps=50, norm_limit=1e4)
    assert record.diverged_at == 5  # 10^5 is the first iterate beyond 10^4
    np.testing.assert_allclose(record.iterates[:, 0], 10.0 ** np.arange(5))
    for blow_up in (np.nan, np.inf):
        record = gradient_descent(lambda b, v=blow_up: np.full_like(b, v), [1.0], step_size=1.0, n_steps=3)
        assert record.diverged_at == 1
        np.testing.assert_array_equal(record.iterates, [[1.0]])
    # An overflow inside the gradient is silent and ends the descent.
    record = gradient_descent(lambda b: -(b**3), [1e3], step_size=1.0, n_steps=50)
    assert record.diverged_at is not None
    assert np.all(np.isfinite(record.iterates))


def test_divergence_before_the_first_recorded_step_leaves_an_empty_record():
    record = gradient_descent(lambda b: -9 * b, [1.0, 1.0], step_size=1.0, n_steps=500, record_at=[400])
    assert record.iterates.shape == (0, 2)
    assert record.steps.shape == (0,)
    assert record.diverged_at == 100


def test_record_keeps_the_wanted_steps_and_the_last():
    def gradient(b):
        return b

    full = gradient_descent(gradient, np.ones((2, 3)), step_size=0.1, n_steps=20)
    some = gradient_descent(gradient, np.ones((2, 3)), step_size=0.1, n_steps=20, record_at=[0, 3, 11])
    assert full.steps.tolist() == list(range(21))
    assert some.steps.tolist() == [0, 3, 11, 20]
    np.testing.assert_array_equal(some.iterates, full.iterates[some.steps])
    np.testing.assert_array_equal(full.final, full.iterates[20])
    np.testing.assert_allclose(full.final, 0.9**20, rtol=1e-12)


def test_start_is_copied():
    start = np.ones(2)
    record = gradient_descent(lambda b: b, start, step_size=0.5, n_steps=1)
    start[:] = 7.0
    np.testing.assert_array_equal(record.iterates[0], [1.0, 1.0])


@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_least_squares_gradient_is_the_derivative_of_the_loss(seed, n, d):
    X, y, b = problem(seed, n, d)
    gradient = least_squares_gradient(X, y)(b)

    def loss(b):
        return np.sum((X @ b - y) ** 2) / (2 * n)

    h = 1e-3  # the loss is quadratic, so central differences are exact up to rounding
    numerical = [(loss(b + h * e) - loss(b - h * e)) / (2 * h) for e in np.eye(d)]
    np.testing.assert_allclose(gradient, numerical, atol=1e-9)


def test_largest_stable_step_of_zero_and_of_extreme_scales():
    assert largest_stable_step(np.zeros((2, 3))) == np.inf
    assert largest_stable_step(1e-100 * np.eye(2)) == pytest.approx(4e200, rel=1e-12, abs=0)


# --- gradient flow ----------------------------------------------------------------------------------


@given(seeds, st.integers(1, 6), st.integers(1, 6), st.floats(0, 30))
def test_flow_equals_the_matrix_exponential(seed, n, d, time):
    X, y, start = problem(seed, n, d)
    flow = gradient_flow_least_squares(X, y, [time], start=start)
    expected = gradient_flow_by_matrix_exponential(X, y, time, start)
    np.testing.assert_allclose(flow.coefficients[0], expected, atol=1e-8)


@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_flow_starts_at_the_start_and_ends_at_its_projection(seed, n, d):
    X, y, start = problem(seed, n, d)
    assume(np.linalg.cond(X) < 1e4)
    flow = gradient_flow_least_squares(X, y, [np.inf, 0.0], start=start)
    np.testing.assert_array_equal(flow.coefficients[1], start)
    np.testing.assert_allclose(flow.coefficients[0], start + np.linalg.pinv(X) @ (y - X @ start), atol=1e-8)


def test_flow_golden(golden):
    X, y, w0 = problem(0, 4, 8)
    for start, name in [(None, "gd_minnorm"), (w0, "gd_from_w0")]:
        limit = gradient_flow_least_squares(X, y, [np.inf], start=start).coefficients[0]
        np.testing.assert_allclose(limit, golden["implicit"][name]["value"], atol=1e-10)


@given(seeds, st.integers(1, 6), st.integers(1, 8), st.floats(0, 20), st.floats(0, 20))
def test_flow_from_where_it_came_to_goes_on(seed, n, d, first, second):
    X, y, start = problem(seed, n, d)
    halfway, end = gradient_flow_least_squares(X, y, [first, first + second], start=start).coefficients
    again = gradient_flow_least_squares(X, y, [second], start=halfway).coefficients[0]
    np.testing.assert_allclose(again, end, atol=1e-8)


@given(seeds, st.integers(1, 5), st.integers(1, 8))
def test_flow_stays_in_the_start_plus_the_row_span(seed, n, d):
    X, y, start = problem(seed, n, d)
    moved = gradient_flow_least_squares(X, y, [0.1, 1, 100, np.inf], start=start).coefficients - start
    left_over = np.eye(d) - np.linalg.pinv(X) @ X
    assert np.abs(moved @ left_over).max() < 1e-12 * (1 + np.abs(moved).max())


def test_flow_norms_and_losses_are_monotone_from_zero():
    X, y, _ = problem(3, 20, 40)
    flow = gradient_flow_least_squares(X, y, np.geomspace(1e-3, 1e4, 50))
    assert np.all(np.diff(np.linalg.norm(flow.coefficients, axis=1)) >= -1e-12)
    assert np.all(np.diff(np.linalg.norm(flow.coefficients @ X.T - y, axis=1)) <= 1e-12)


def test_flow_at_tiny_times_keeps_its_relative_accuracy():
    X, y, _ = problem(4, 10, 30)
    time = 1e-18  # 1 - exp(-t s^2 / n) would be zero
    flow = gradient_flow_least_squares(X, y, [time]).coefficients[0]
    np.testing.assert_allclose(flow, time * X.T @ y / 10, rtol=1e-10)


def test_descent_with_small_steps_follows_the_flow_at_first_order():
    X, y, start = problem(5, 6, 4)
    errors = []
    for step_size in (0.02, 0.01):
        record = gradient_descent(
            least_squares_gradient(X, y), start, step_size=step_size, n_steps=round(2 / step_size)
        )
        flow = gradient_flow_least_squares(X, y, [2.0], start=start).coefficients[0]
        errors.append(np.linalg.norm(record.final - flow))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.1)


def test_early_stopping_at_time_t_stays_near_ridge_with_penalty_one_over_t():
    # 1 - exp(-x) lies between x/(1+x) and 1.2985 x/(1+x), so every coordinate of the two fits agrees
    # up to that factor.
    X, y, _ = problem(6, 15, 40)
    times = np.geomspace(1e-2, 1e3, 20)
    right = np.linalg.svd(X, full_matrices=False)[2]
    flow = gradient_flow_least_squares(X, y, times).coefficients @ right.T
    ridge = ridge_path(X, y, 1 / times).coefficients @ right.T
    ratio = flow / ridge
    assert ratio.min() > 1 - 1e-9
    assert 1.2 < ratio.max() < 1.2985


def test_flow_of_several_outputs_solves_each():
    X, y, start = problem(7, 5, 8)
    Y, starts = np.stack([y, 2 * y, y**2], axis=1), np.stack([start, 0 * start, -start], axis=1)
    flow = gradient_flow_least_squares(X, Y, [0.5, np.inf], start=starts)
    assert flow.coefficients.shape == (2, 8, 3)
    for k in range(3):
        alone = gradient_flow_least_squares(X, Y[:, k], [0.5, np.inf], start=starts[:, k])
        np.testing.assert_allclose(flow.coefficients[:, :, k], alone.coefficients, atol=1e-12)
    limit = gradient_flow_least_squares(X, Y, [np.inf]).coefficients[0]
    np.testing.assert_allclose(limit, min_norm_interpolator(X, Y), atol=1e-12)


def test_flow_of_a_zero_or_tiny_design():
    assert np.all(gradient_flow_least_squares(np.zeros((2, 3)), [1.0, 2.0], [0, 1, np.inf]).coefficients == 0)
    tiny = gradient_flow_least_squares(1e-170 * np.eye(2), [1.0, 2.0], [np.inf]).coefficients[0]
    np.testing.assert_allclose(tiny, [1e170, 2e170], rtol=1e-12)


# --- bad input --------------------------------------------------------------------------------------


def descend(**changes):
    options = {"step_size": 0.1, "n_steps": 3} | changes
    return gradient_descent(options.pop("gradient", lambda b: b), options.pop("start", [1.0]), **options)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: descend(step_size=0.0), "step_size must be greater than 0"),
        (lambda: descend(step_size=np.nan), "step_size must be finite"),
        (lambda: descend(n_steps=-1), "n_steps must be at least 0"),
        (lambda: descend(n_steps=2.0), "n_steps must be an integer"),
        (lambda: descend(start=[np.inf]), "start must be finite"),
        (lambda: descend(start=[]), "start must not be empty"),
        (lambda: descend(start=[10.0], norm_limit=1.0), "start must have norm at most"),
        (lambda: descend(norm_limit=0.0), "norm_limit must be greater than 0"),
        (lambda: descend(gradient=lambda b: np.ones(2)), r"gradient must return the shape of start, \(1,\)"),
        (lambda: descend(record_at=[0, 4]), "record_at must be at most 3"),
        (lambda: descend(record_at=[1, 1]), "record_at must be increasing integers"),
        (lambda: descend(record_at=[0.5]), "record_at must be increasing integers"),
        (lambda: least_squares_gradient(np.eye(2), np.ones(3)), "y must have one row"),
        (
            lambda: least_squares_gradient(np.eye(2), np.ones(2))(np.ones(3)),
            r"coefficients must have shape \(2,",
        ),
        (lambda: largest_stable_step([[np.nan]]), "X must be finite"),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), [-1.0]), "times must be at least 0"),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), [np.nan]), "times must be finite"),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), [-np.inf]), "times must be finite"),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), []), "times must not be empty"),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), 1.0), "times must have 1 dim"),
        (
            lambda: gradient_flow_least_squares(np.eye(2), np.ones(2), [1.0], start=np.ones((2, 1))),
            r"start must have shape \(2,\)",
        ),
        (lambda: gradient_flow_least_squares(np.eye(2), np.ones(3), [1.0]), "y must have one row"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
