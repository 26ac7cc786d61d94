"""Mirror descent and mirror flow against gradient descent, closed forms, invariants and each other."""

import numpy as np
import pytest
from dltheory.mirror_descent.descent import mirror_descent, mirror_flow
from dltheory.mirror_descent.potentials import (
    BurgEntropy,
    Euclidean,
    Hypentropy,
    Mahalanobis,
    NegativeEntropy,
    PNorm,
)
from dltheory.mirror_descent.projection import bregman_projection
from dltheory.optimization import gradient_descent, gradient_flow_least_squares, least_squares_gradient
from hypothesis import given
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)
POTENTIALS = [
    Euclidean(),
    Mahalanobis(np.diag([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) + 0.3),
    NegativeEntropy(),
    BurgEntropy(),
    PNorm(1.5),
    Hypentropy(0.5),
]
each_potential = pytest.mark.parametrize("potential", POTENTIALS, ids=repr)


def problem(seed):
    """Data that a positive vector interpolates, and a positive start."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, 6))
    return X, X @ rng.uniform(0.5, 2.0, 6), rng.uniform(0.5, 2.0, 6)


def outside_row_span(X, vectors):
    return vectors - vectors @ np.linalg.pinv(X) @ X


@given(seed=seeds)
def test_euclidean_mirror_descent_is_gradient_descent(seed):
    X, y, w0 = problem(seed)
    gradient = least_squares_gradient(X, y)
    settings = {"step_size": 0.1, "n_steps": 20, "record_at": [3, 7]}
    mirror = mirror_descent(gradient, Euclidean(), w0, **settings)
    plain = gradient_descent(gradient, w0, **settings)
    np.testing.assert_array_equal(mirror.steps, plain.steps)
    np.testing.assert_allclose(mirror.iterates, plain.iterates, rtol=1e-12, atol=1e-12)


def test_mahalanobis_mirror_descent_is_preconditioned_gradient_descent():
    X, y, w0 = problem(0)
    H = POTENTIALS[1].matrix
    gradient = least_squares_gradient(X, y)
    record = mirror_descent(gradient, POTENTIALS[1], w0, step_size=0.3, n_steps=10)
    w = w0
    for iterate in record.iterates:
        np.testing.assert_allclose(iterate, w, rtol=1e-12)
        w = w - 0.3 * np.linalg.solve(H, gradient(w))


@given(seed=seeds)
def test_exponentiated_gradient_multiplies(seed):
    X, y, w0 = problem(seed)
    gradient = least_squares_gradient(X, y)
    record = mirror_descent(gradient, NegativeEntropy(), w0, step_size=0.01, n_steps=10)
    assert np.all(record.iterates > 0)
    for before, after in zip(record.iterates[:-1], record.iterates[1:], strict=True):
        np.testing.assert_allclose(after, before * np.exp(-0.01 * gradient(before)), rtol=1e-12)


@each_potential
@pytest.mark.parametrize("step_size", [0.02, 0.05, 0.1])
def test_descent_stays_in_the_row_span_and_converges_to_the_projection(potential, step_size):
    X, y, w0 = problem(4)
    record = mirror_descent(
        least_squares_gradient(X, y), potential, w0, step_size=step_size, n_steps=20_000, record_at=range(500)
    )
    assert record.diverged_at is None
    moved = np.array([potential.gradient(w) for w in record.iterates]) - potential.gradient(w0)
    assert np.max(np.abs(outside_row_span(X, moved))) < 1e-12 * max(1, np.max(np.abs(moved)))
    np.testing.assert_allclose(X @ record.final, y, rtol=0, atol=1e-9)
    limit = bregman_projection(potential, X, y, start=w0).point
    np.testing.assert_allclose(record.final, limit, rtol=0, atol=1e-8)


def test_the_limits_differ_between_potentials():
    X, y, w0 = problem(4)
    limits = [bregman_projection(potential, X, y, start=w0).point for potential in POTENTIALS]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(limits) for b in limits[:i]]
    assert min(gaps) > 1e-3


@pytest.mark.parametrize("potential", [Euclidean(), Hypentropy(0.1), PNorm(1.2)], ids=repr)
def test_divergence_is_reported(potential):
    record = mirror_descent(lambda w: -(w**3), potential, [1.0, 2.0], step_size=1.0, n_steps=500)
    assert 0 < record.diverged_at < 500
    assert len(record.iterates) == record.diverged_at
    assert np.all(np.isfinite(record.iterates))
    with pytest.raises(RuntimeError, match=f"diverged at step {record.diverged_at}"):
        _ = record.final


def test_leaving_the_domain_is_reported():
    # The dual -1/w moves from -1 by 0.4 a step, and reaches no point at step 3.
    record = mirror_descent(lambda w: -np.ones(1), BurgEntropy(), [1.0], step_size=0.4, n_steps=10)
    assert record.diverged_at == 3
    np.testing.assert_allclose(record.iterates[:, 0], [1, 1 / 0.6, 1 / 0.2])
    overflow = mirror_descent(lambda w: -np.ones(1), NegativeEntropy(), [1.0], step_size=300.0, n_steps=10)
    assert overflow.diverged_at == 1
    nan = mirror_descent(lambda w: w * np.nan, Euclidean(), [1.0], step_size=1.0, n_steps=2)
    assert nan.diverged_at == 1


# --- flow -------------------------------------------------------------------------------------------


@given(seed=seeds)
def test_euclidean_flow_is_the_gradient_flow(seed):
    X, y, w0 = problem(seed)
    times = [2.0, 0.0, 0.5, 10.0, 2.0]
    flow = mirror_flow(least_squares_gradient(X, y), Euclidean(), w0, times=times)
    exact = gradient_flow_least_squares(X, y, times, start=w0).coefficients
    np.testing.assert_allclose(flow.points, exact, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(flow.times, times)


def test_entropy_flow_solves_the_logistic_equation():
    # d(log w)/dt = -(w - 1): w(t) = w0 e^t / (1 - w0 + w0 e^t).
    times = np.array([0.0, 0.3, 1.0, 5.0, 40.0])
    w0 = np.array([1e-12, 0.2, 3.0])
    flow = mirror_flow(lambda w: w - 1, NegativeEntropy(), w0, times=times)
    grown = w0 * np.exp(times)[:, None]
    np.testing.assert_allclose(flow.points, grown / (1 - w0 + grown), rtol=1e-7)
    np.testing.assert_allclose(flow.duals, np.log(flow.points), rtol=0, atol=1e-12)


@each_potential
def test_flow_stays_in_the_row_span_and_converges_to_the_projection(potential):
    X, y, w0 = problem(4)
    flow = mirror_flow(least_squares_gradient(X, y), potential, w0, times=[0.1, 1.0, 2000.0])
    moved = flow.duals - potential.gradient(w0)
    assert np.max(np.abs(outside_row_span(X, moved))) < 1e-9
    limit = bregman_projection(potential, X, y, start=w0).point
    np.testing.assert_allclose(flow.points[-1], limit, rtol=0, atol=1e-7)


def test_descent_approaches_the_flow_at_the_first_order():
    X, y, w0 = problem(5)
    gradient, potential = least_squares_gradient(X, y), Hypentropy(0.5)
    end = mirror_flow(gradient, potential, w0, times=[1.0]).points[0]
    errors = [
        np.linalg.norm(
            mirror_descent(gradient, potential, w0, step_size=1 / n, n_steps=n, record_at=[0]).final - end
        )
        for n in (1000, 2000)
    ]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.02, abs=0)


def test_flow_that_leaves_all_bounds_raises():
    with pytest.raises(RuntimeError, match="leaves all bounds near time"):
        mirror_flow(lambda w: -np.ones(1), BurgEntropy(), [1.0], times=[2.0])  # w = 1/(1 - t)
    with pytest.raises(RuntimeError):
        mirror_flow(lambda w: -(w**2), Euclidean(), [1.0], times=[2.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda g: mirror_descent(g, NegativeEntropy(), [0.0], step_size=1.0, n_steps=1),
            "w0 must be greater",
        ),
        (lambda g: mirror_descent(g, Euclidean(), [1.0], step_size=0.0, n_steps=1), "step_size must be"),
        (lambda g: mirror_descent(g, Euclidean(), [1.0], step_size=1.0, n_steps=-1), "n_steps must be"),
        (lambda g: mirror_descent(g, Euclidean(), [1.0], step_size=1.0, n_steps=1.5), "n_steps must be"),
        (
            lambda g: mirror_descent(g, Euclidean(), [1.0], step_size=1.0, n_steps=3, record_at=[2, 1]),
            "record_at must be increasing",
        ),
        (
            lambda g: mirror_descent(g, Euclidean(), [2.0], step_size=1.0, n_steps=1, norm_limit=1.0),
            "w0 must have norm",
        ),
        (
            lambda g: mirror_descent(lambda w: w[:1], Euclidean(), [2.0, 1.0], step_size=1.0, n_steps=1),
            "gradient must return the shape",
        ),
        (lambda g: mirror_flow(g, Euclidean(), [1.0], times=[-1.0]), "times must be at least 0"),
        (lambda g: mirror_flow(g, Euclidean(), [1.0], times=[np.inf]), "times must be finite"),
        (lambda g: mirror_flow(g, Euclidean(), [1.0], times=[1.0], rtol=0.0), "rtol must be"),
        (lambda g: mirror_flow(lambda w: 1.0, Euclidean(), [1.0], times=[1.0]), "gradient must return"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(lambda w: w)
