"""Steepest descent against plain loops, linear programs, its proof and golden values."""

import numpy as np
import pytest
from dltheory.margins import max_margin
from dltheory.mirror_descent.steepest_descent import steepest_descent, steepest_descent_margin_bound
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracles
from tests.mirror_descent.test_logistic_flow import plane, separable

NORMS = [1, 2, np.inf]
each_norm = pytest.mark.parametrize("norm", NORMS)


@each_norm
def test_steps_are_those_of_a_plain_loop(norm):
    X, y = separable(2)
    signed, w = X * y[:, None], np.zeros(3)
    found = steepest_descent(X, y, norm, step_size=0.2, n_steps=30, decay=0.5)
    for t in range(30):
        losses = np.exp(-signed @ w)
        downhill = signed.T @ losses
        if norm == 1:
            j = np.argmax(np.abs(downhill))
            w[j] += 0.2 / np.sqrt(t + 1) * np.sign(downhill[j])
        else:
            v = np.sign(downhill) if norm == np.inf else downhill / np.sqrt(np.sum(downhill**2))
            w += 0.2 / np.sqrt(t + 1) * v
        np.testing.assert_allclose(found.weights[t], w, rtol=1e-10, atol=1e-12)
        assert found.log_losses[t] == pytest.approx(np.log(np.sum(np.exp(-signed @ w))), rel=1e-9, abs=1e-12)
    assert found.margins[-1] == pytest.approx(min(signed @ w) / np.linalg.norm(w, ord=norm), rel=1e-10, abs=0)
    assert found.path_lengths[-1] == pytest.approx(
        sum(0.2 / np.sqrt(t + 1) for t in range(30)), rel=1e-12, abs=0
    )


@each_norm
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_bound_margin_and_duality(norm, seed):
    """bound <= margin <= largest margin <= dual norm at every step recorded."""
    X, y = separable(seed)
    best = max_margin(X, y, norm).margin
    steps = [1, 10, 100, 1000]
    for decay, step_size in [(0.5, 1.0), (0.0, 0.05)]:
        found = steepest_descent(X, y, norm, step_size=step_size, n_steps=1000, decay=decay, record_at=steps)
        bound = steepest_descent_margin_bound(X, y, norm, step_size=step_size, steps=steps, decay=decay)
        assert np.all((found.margins >= bound - 1e-12) | (bound < 0))
        assert np.all(found.margins <= best * (1 + 1e-9))
        assert np.all(found.dual_norms >= best * (1 - 1e-7))
        assert np.all(np.linalg.norm(found.weights, ord=norm, axis=1) <= found.path_lengths * (1 + 1e-12))


@each_norm
def test_margin_converges_to_the_largest_of_its_norm(norm):
    X, y = plane()
    best = max_margin(X, y, norm).margin
    found = steepest_descent(X, y, norm, step_size=0.5, n_steps=10000, record_at=[100, 1000])
    gaps = best - found.margins
    assert gaps[-1] < 0.01 * best
    assert gaps[-1] < gaps[0] / 4
    assert found.dual_norms[-1] == pytest.approx(best, rel=1e-4, abs=0)


def test_each_norm_wins_in_its_own_geometry():
    """The best directions are (1, 0), the second point itself and (1, 1)."""
    X, y = np.array([[2.0, 1.0], [1.5, 0.2]]), np.ones(2)
    ends = [steepest_descent(X, y, norm, step_size=0.5, n_steps=3000, record_at=[3000]) for norm in NORMS]
    for k, norm in enumerate(NORMS):
        margins = [
            np.min((X * y[:, None]) @ end.weights[-1]) / np.linalg.norm(end.weights[-1], norm) for end in ends
        ]
        assert np.argmax(margins) == k
        assert margins[k] == pytest.approx(oracles.max_margin_in_the_plane(X, y, norm), rel=0.01, abs=0)


def test_bound_by_hand():
    X, y = [[3.0, 4.0], [6.0, 8.0]], [1.0, 1.0]  # margin 5 and radius 10 in norm 2, 4 and 8 in norm 1
    for norm, margin, radius in [(1, 4, 8), (2, 5, 10), (np.inf, 7, 14)]:
        bound = steepest_descent_margin_bound(X, y, norm, step_size=0.1, steps=[3, 1], decay=1.0)
        three = margin - (np.log(2) + radius**2 / 2 * 0.01 * (1 + 1 / 4 + 1 / 9)) / (
            0.1 * (1 + 1 / 2 + 1 / 3)
        )
        one = margin - (np.log(2) + radius**2 / 2 * 0.01) / 0.1
        np.testing.assert_allclose(bound, [three, one], rtol=1e-7)


def test_bound_with_the_best_constant_step():
    X, y = plane()
    radius, T = np.linalg.norm(X, axis=1).max(), 4000
    step = np.sqrt(2 * np.log(len(X)) / T) / radius
    bound = steepest_descent_margin_bound(X, y, 2, step_size=step, steps=[T], decay=0.0)[0]
    expected = max_margin(X, y, 2).margin - radius * np.sqrt(2 * np.log(len(X)) / T)
    assert bound == pytest.approx(expected, rel=1e-9, abs=0)
    assert 0 < bound <= steepest_descent(X, y, 2, step_size=step, n_steps=T, decay=0.0).margins[-1]


def test_losses_far_below_the_smallest_float():
    found = steepest_descent([[1.0, 0.0], [0.0, 1.0]], [1, 1], 2, step_size=1e3, n_steps=50, decay=0.0)
    assert found.log_losses[-1] < -2e4
    assert np.all(np.isfinite(found.weights))


@pytest.mark.parametrize(
    ("norm", "options", "message"),
    [
        (3, {}, "norm must be 1, 2 or np.inf"),
        (2, {"step_size": 0.0}, "step_size must be greater than 0"),
        (2, {"decay": -1.0}, "decay must be at least 0"),
        (2, {"n_steps": 0}, "n_steps must be at least 1"),
        (2, {"record_at": [0, 1]}, "record_at must be at least 1"),
        (2, {"record_at": [2, 1]}, "record_at must be increasing"),
    ],
)
def test_bad_input(norm, options, message):
    X, y = plane()
    with pytest.raises(ValueError, match=message):
        steepest_descent(X, y, norm, **{"step_size": 0.1, "n_steps": 5, **options})


@each_norm
def test_not_separable(norm):
    with pytest.raises(ValueError, match=r"y (must be separable|cannot be separated)"):
        steepest_descent([[1.0], [1.0]], [1, -1], norm, step_size=0.1, n_steps=5)


def test_bound_refuses_fractions_of_steps():
    with pytest.raises(ValueError, match=r"steps must be integers, got 1\.5"):
        steepest_descent_margin_bound([[1.0]], [1], 2, step_size=0.1, steps=[1.5])
