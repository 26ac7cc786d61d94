"""The saddle-to-saddle process, against the flow itself, enumeration of supports, and the least l1 norm."""

import numpy as np
import pytest
from dltheory.diagonal_networks.saddles import (
    flow_time,
    jump_time_corrections,
    read_jump_times,
    rescaled_time,
    saddle_to_saddle,
)
from dltheory.interpolation import basis_pursuit
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import rescaled_diagonal_flow, sign_constrained_loss_by_enumeration

seeds = st.integers(0, 10**6)


def three_jumps():
    H = np.array([[1, 0.3, 0.2], [0.3, 1, -0.4], [0.2, -0.4, 1]])
    X = np.sqrt(3) * np.linalg.cholesky(H).T
    return X, X @ np.array([1, 0.6, -0.3])


def random_problem(seed, *, n=5, d=9):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def returning_problem():
    """Seven jumps, among them one in which a coefficient goes back to zero."""
    rng = np.random.default_rng(1)
    n = int(rng.integers(4, 9))
    return rng.standard_normal((n, 10)), rng.standard_normal(n)


def refined_times(process, predicted):
    """A coarse grid, and a fine one around every predicted jump."""
    near = np.linspace(-1, 1, 801) * 0.02 * process.jump_times[-1]
    times = np.concatenate([np.linspace(0, 1.3 * process.jump_times[-1], 400), *(predicted[:, None] + near)])
    return np.unique(times[times >= 0])


def test_golden_process(golden):
    reference = golden["saddles"]["three_jumps"]
    process = saddle_to_saddle(*three_jumps())
    np.testing.assert_allclose(process.jump_times, reference["jump_times"], rtol=0, atol=reference["atol"])
    np.testing.assert_allclose(process.saddles, reference["saddles"], rtol=0, atol=reference["atol"])
    assert process.jumping.tolist() == [0, 1, 2]


def test_golden_flow_approaches_at_first_order(golden):
    reference = golden["saddles"]["three_jumps"]
    X, y = three_jumps()
    process = saddle_to_saddle(X, y)
    correction = jump_time_corrections(process, X, y)[-1]
    predicted = process.jump_times[-1] + correction / (-2 * np.array(reference["log_alpha"]))
    measured = reference["last_jump_of_flow"]
    np.testing.assert_allclose(predicted, measured, rtol=0, atol=reference["atol_of_flow"])


@pytest.mark.parametrize("shift", [0.0, 0.17, 0.5, 0.83])
def test_reading_between_samples(shift):
    """A logistic curve passes half of its end at a known time, wherever the samples are."""
    process = saddle_to_saddle([[1.0]], [2.0])
    width, step = 0.01, 0.05
    times = 1 + width * step * (np.arange(-80, 80) + shift)
    path = 2 / (1 + np.exp(-(times - 1) / width))
    # In x = log(path) the time is x - log(2 - e^x), in widths; its fourth derivative is 26 at zero, and below
    # 30 on the four samples. They are h = step/2 apart in x: a cubic is off by at most 9/16 h^4 30/24.
    accuracy = width * (9 / 16) * (step / 2) ** 4 * 30 / 24
    np.testing.assert_allclose(read_jump_times(process, times, path[:, None]), 1, rtol=0, atol=accuracy)


def test_reading_with_few_or_odd_samples():
    """Without two increasing samples on either side the nearest two are joined by an exponential."""
    process = saddle_to_saddle([[1.0]], [2.0])
    for times, path in (
        ([1.0, 2.0, 3.0], [0.5, 2.0, 2.0]),  # the crossing is the first step
        ([0.0, 1.0, 2.0], [0.1, 0.5, 2.0]),  # and the last
        ([0.0, 1.0, 2.0, 3.0], [0.1, 0.5, 2.0, 1.9]),  # not increasing
        ([0.0, 1.0, 2.0, 3.0], [0.5, 0.5, 2.0, 3.0]),
        ([0.0, 1.0, 2.0, 3.0], [-1.0, 0.5, 2.0, 3.0]),
        ([0.0, 1.0, 2.0, 9e3], [0.49999, 0.5, 2.0, 2.1]),  # the cubic leaves the gap
    ):
        with np.errstate(divide="raise", invalid="raise"):
            read = read_jump_times(process, times, np.array(path)[:, None])
        np.testing.assert_allclose(read, 1.5, rtol=1e-14)


def gap_of_the_waiting(process):
    """How far from the bound, at the jumps, the nearest dual coordinate is that does not take part."""
    size = np.abs(process.duals)
    return 1 - size[size < 1].max()


@pytest.mark.parametrize(
    ("problem", "log_alpha"),
    [(three_jumps, -20), (three_jumps, -50), (three_jumps, -100), (returning_problem, -300)],
)
def test_jump_times_of_the_flow(problem, log_alpha):
    """Beyond the first order only a power of alpha is left, and the sampling of the path."""
    X, y = problem()
    process, rate = saddle_to_saddle(X, y), -2 * log_alpha
    predicted = process.jump_times + jump_time_corrections(process, X, y) / rate
    times = refined_times(process, predicted)
    measured = read_jump_times(process, times, rescaled_diagonal_flow(X, y, log_alpha, times))
    accuracy = 3 * np.exp(-rate * gap_of_the_waiting(process)) / rate + 2e-7
    np.testing.assert_allclose(measured, predicted, rtol=0, atol=accuracy)
    assert np.abs(measured - process.jump_times).max() > 20 * accuracy


def test_flow_stays_at_the_saddles():
    """Half-way from jump to jump the flow is at the saddle, also after a coefficient went back to zero."""
    X, y = returning_problem()
    process = saddle_to_saddle(X, y)
    assert np.any((process.saddles[:-1] != 0) & (process.saddles[1:] == 0))
    predicted = process.jump_times + jump_time_corrections(process, X, y) / 600
    ends = np.append(predicted, 3 * predicted[-1])  # the last approach is slow, because H is nearly singular
    times = np.append(0, ends[:-1] + np.diff(ends) / 2)
    path = rescaled_diagonal_flow(X, y, -300, times)
    np.testing.assert_allclose(path, process.coefficients_at(times), rtol=0, atol=1e-3)


@pytest.mark.parametrize("size", [3.0, -0.2])
def test_one_coefficient(size):
    X, y = np.full((4, 1), 2.0), np.full(4, 2.0 * size)  # H = 4, gradient at zero = -4 size
    process = saddle_to_saddle(X, y)
    np.testing.assert_allclose(process.jump_times, 1 / (4 * abs(size)), rtol=1e-14)
    np.testing.assert_allclose(process.saddles[:, 0], [0, size], rtol=1e-14)
    exact = np.log(abs(size)) / (4 * abs(size))
    np.testing.assert_allclose(jump_time_corrections(process, X, y), exact, rtol=1e-7)


def test_orthogonal_columns_jump_independently():
    sizes, slopes = np.array([1.0, 2.0, 0.5, 3.0]), np.array([0.7, -2.0, 5.0, 1e-3])
    X = np.diag(np.sqrt(4 * sizes))
    process = saddle_to_saddle(X, 4 * slopes / np.diag(X))
    order = np.argsort(-np.abs(slopes))
    np.testing.assert_allclose(process.jump_times, 1 / np.abs(slopes[order]), rtol=1e-12)
    assert process.jumping.tolist() == order.tolist()
    np.testing.assert_allclose(process.saddles[-1], slopes / sizes, rtol=1e-12)


def test_coordinates_that_arrive_together_jump_together():
    process = saddle_to_saddle(np.eye(3), [2.0, -2.0, 1.0])
    np.testing.assert_allclose(process.jump_times, [1.5, 3.0], rtol=1e-14)
    np.testing.assert_allclose(process.saddles[1], [2.0, -2.0, 0.0], rtol=1e-14)
    X = np.eye(3)
    corrections = jump_time_corrections(process, X, np.array([2.0, -2.0, 1.0]))
    np.testing.assert_allclose(corrections, [1.5 * np.log(2), 0.0], rtol=1e-7, atol=1e-7)


@given(seed=seeds, d=st.integers(2, 12), n=st.integers(1, 8))
def test_each_saddle_is_the_constrained_minimum(seed, d, n):
    X, y = random_problem(seed, n=n, d=d)
    process = saddle_to_saddle(X, y)
    assert process.jump_times[0] == pytest.approx(1 / np.abs(X.T @ y / n).max(), rel=1e-12, abs=0)
    assert np.all(np.diff(process.jump_times) > 0)
    assert np.all(np.diff(process.losses) < 0)
    for s, saddle, loss in zip(process.duals, process.saddles[1:], process.losses[1:], strict=True):
        signs = np.where(np.abs(s) == 1, s, 0.0)
        assert np.all(saddle * signs >= 0)
        assert np.all(saddle[signs == 0] == 0)
        best = sign_constrained_loss_by_enumeration(X, y, signs)
        assert loss == pytest.approx(best, rel=1e-9, abs=1e-13 * (y @ y))


@given(seed=seeds)
def test_last_saddle_has_least_l1_norm(seed):
    X, y = random_problem(seed)
    process = saddle_to_saddle(X, y)
    last, certificate = process.saddles[-1], process.duals[-1]
    np.testing.assert_allclose(X @ last, y, atol=1e-10)
    assert np.abs(last).sum() == pytest.approx(basis_pursuit(X, y).norm, rel=1e-9, abs=0)
    assert np.abs(certificate).max() <= 1
    np.testing.assert_array_equal(certificate[last != 0], np.sign(last[last != 0]))
    in_span = X.T @ np.linalg.lstsq(X.T, certificate, rcond=None)[0]
    np.testing.assert_allclose(in_span, certificate, atol=1e-9)


def test_more_samples_than_columns_ends_at_least_squares():
    X, y = random_problem(4, n=30, d=6)
    process = saddle_to_saddle(X, y)
    np.testing.assert_allclose(process.saddles[-1], np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-9)
    assert np.all(process.gradients[-1] == 0)


@given(seed=seeds, log_scale=st.floats(-20, 20))
def test_symmetries(seed, log_scale):
    """Flipping and permuting columns does so to the path; scaling y scales it and the inverse times."""
    X, y = random_problem(seed, n=4, d=6)
    rng, scale = np.random.default_rng(seed + 1), np.exp(log_scale)
    order, flips = rng.permutation(6), rng.choice([-1.0, 1.0], 6)
    process = saddle_to_saddle(X, y)
    other = saddle_to_saddle((X * flips)[:, order], scale * y)
    np.testing.assert_allclose(other.jump_times, process.jump_times / scale, rtol=1e-7)
    expected = scale * (process.saddles * flips)[:, order]
    np.testing.assert_allclose(other.saddles, expected, atol=1e-8 * np.abs(expected).max())


def test_corrections_under_a_change_of_units():
    """Scaling y by c and alpha by sqrt(c) scales the flow, so delta_k becomes (delta_k + t_k log c)/c."""
    X, y = three_jumps()
    process = saddle_to_saddle(X, y)
    here, there = jump_time_corrections(process, X, y), saddle_to_saddle(X, 5 * y)
    expected = (here + process.jump_times * np.log(5)) / 5
    np.testing.assert_allclose(jump_time_corrections(there, X, 5 * y), expected, rtol=1e-6)


def test_path_between_the_jumps():
    X, y = three_jumps()
    process = saddle_to_saddle(X, y)
    times = np.linspace(0, 5, 5001)
    coefficients, duals = process.coefficients_at(times), process.duals_at(times)
    np.testing.assert_array_equal(coefficients[[0, -1]], process.saddles[[0, -1]])
    np.testing.assert_allclose(process.duals_at(process.jump_times), process.duals, atol=1e-13)
    gradients = (coefficients @ X.T - y) @ X / len(y)
    # The Riemann sum misses at most one step at each of the three jumps.
    integral = -np.cumsum(gradients[:-1], axis=0) * times[1]
    np.testing.assert_allclose(duals[1:], integral, atol=3 * times[1] * np.abs(gradients[0]).max())


def test_clock():
    alpha = 1e-20
    assert rescaled_time(3.0, alpha=alpha) == pytest.approx(4 * 3 / np.log(1 / alpha**2), rel=1e-14, abs=0)
    np.testing.assert_allclose(flow_time(rescaled_time([1.0, 7.0], alpha=alpha), alpha=alpha), [1, 7])


def test_nothing_to_fit():
    process = saddle_to_saddle([[1.0, 2.0]], [0.0])
    assert process.jump_times.shape == (0,)
    assert process.duals.shape == (0, 2)
    np.testing.assert_array_equal(process.coefficients_at([0.0, 9.0]), np.zeros((2, 2)))
    assert jump_time_corrections(process, [[1.0, 2.0]], [0.0]).shape == (0,)


@pytest.mark.parametrize("partner", [1.0, -1.0])
def test_equal_or_opposite_columns_are_refused(partner):
    X = np.array([[1.0, partner, 0.0], [2.0, 2 * partner, 1.0]])
    with pytest.raises(ValueError, match=r"linearly independent.*\[0, 1\]"):
        saddle_to_saddle(X, [1.0, 1.0])


def test_bad_input():
    X, y = three_jumps()
    process = saddle_to_saddle(X, y)
    with pytest.raises(ValueError, match="y must have 1 dim"):
        saddle_to_saddle(X, y[:, None])
    with pytest.raises(RuntimeError, match="max_jumps = 2"):
        saddle_to_saddle(X, y, max_jumps=2)
    with pytest.raises(ValueError, match="alpha must be less than 1"):
        rescaled_time(1.0, alpha=1.0)
    with pytest.raises(ValueError, match="time must be at least 0"):
        rescaled_time(-1.0, alpha=0.1)
    with pytest.raises(ValueError, match="process must be"):
        jump_time_corrections(process, X, 2 * y)
    with pytest.raises(ValueError, match="times must cover all jumps"):
        read_jump_times(process, [0.0, 1.0], np.zeros((2, 3)))
    with pytest.raises(ValueError, match="times must increase"):
        read_jump_times(process, [0.0, 0.0], np.zeros((2, 3)))
    with pytest.raises(ValueError, match="path must have shape"):
        read_jump_times(process, [0.0, 1.0], np.zeros((2, 2)))


def test_a_jump_without_direction_has_no_correction():
    """Both coordinates arrive at once, and the second has neither a coefficient nor a slope afterwards."""
    X = np.sqrt(2) * np.array([[1.0, 1.0], [0.0, 2.0]])
    y = np.linalg.solve(X.T, [2.0, 2.0])
    process = saddle_to_saddle(X, y)
    np.testing.assert_allclose(process.saddles[-1], [1, 0], atol=1e-14)
    with pytest.raises(ValueError, match="generic"):
        jump_time_corrections(process, X, y)
