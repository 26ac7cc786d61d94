"""Descent on diagonal networks against a literal loop, exact identities, the flow and golden values."""

import numpy as np
import pytest
from dltheory.diagonal_networks.dynamics import descent
from dltheory.diagonal_networks.dynamics.bookkeeping import sgd_effective_initialization
from dltheory.diagonal_networks.dynamics.descent import gradient_descent, stochastic_gradient_descent
from dltheory.mirror_descent.potentials import Hypentropy
from dltheory.mirror_descent.projection import bregman_projection
from hypothesis import given
from hypothesis import strategies as st

from tests import oracles

seeds = st.integers(0, 2**32 - 1)


def sparse(seed, n, d, sparsity):
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X, X[:, :sparsity].sum(axis=1)


def data_sets(seed, S, n, d):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((S, n, d)), rng.standard_normal((S, n))


def effective_scale(run):
    return np.exp((run.log_effective_plus + run.log_effective_minus) / 2)


def loop(X, y, start, depth, step_size, n_steps):
    return oracles.diagonal_descent_by_loop(X, y, start, depth, step_size, [range(len(y))] * n_steps)


# --- the iteration ------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_every_run_of_a_batch_is_the_literal_loop(depth):
    X, y = data_sets(1, 3, 4, 6)
    shape = np.linspace(0.5, 1.5, 6)
    alphas, step_sizes = np.array([0.4, 0.8]), np.array([0.02, 0.01])
    run = gradient_descent(X, y, alpha=alphas, depth=depth, step_size=step_sizes, n_steps=200, shape=shape)
    assert run.coefficients.shape == (3, 2, 201, 6)
    assert run.depth == depth
    np.testing.assert_array_equal(run.steps, np.arange(201))
    np.testing.assert_array_equal(run.diverged_at, np.full((3, 2), -1))
    for s in range(3):
        for a in range(2):
            plus, minus, _ = loop(X[s], y[s], alphas[a] * shape, depth, step_sizes[a], 200)
            beta = plus**depth - minus**depth
            np.testing.assert_allclose(run.w_plus[s, a], plus, rtol=1e-11)
            np.testing.assert_allclose(run.w_minus[s, a], minus, rtol=1e-11)
            np.testing.assert_allclose(run.coefficients[s, a], beta, rtol=0, atol=1e-12)
            losses = np.mean((beta @ X[s].T - y[s]) ** 2, axis=1) / 2
            np.testing.assert_allclose(run.losses[s, a], losses, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_stochastic_runs_are_the_literal_loop_on_the_drawn_rows(batch_size):
    X, y = data_sets(2, 2, 5, 4)
    options = {"depth": 3, "step_size": 0.02, "n_steps": 300}
    run = stochastic_gradient_descent(
        X, y, alpha=[0.5, 0.9], rng=np.random.default_rng(7), batch_size=batch_size, **options
    )
    rows = np.random.default_rng(7).integers(5, size=(300, 2, batch_size))
    for s in range(2):
        for a, alpha in enumerate([0.5, 0.9]):
            plus, minus, _ = oracles.diagonal_descent_by_loop(
                X[s], y[s], np.full(4, alpha), 3, 0.02, rows[:, s]
            )
            np.testing.assert_allclose(run.w_plus[s, a], plus, rtol=1e-11)
            np.testing.assert_allclose(run.w_minus[s, a], minus, rtol=1e-11)


def test_a_batch_of_runs_is_the_runs_one_by_one_however_they_are_blocked(monkeypatch):
    X, y = data_sets(3, 5, 6, 9)
    alphas = np.array([1e-3, 0.1, 1.0])
    options = {"depth": 2, "step_size": 0.03, "n_steps": 400, "record_at": [10, 250]}
    together = gradient_descent(X, y, alpha=alphas, **options)
    monkeypatch.setattr(descent, "CACHE", 8 * 500)  # two data sets at a time, then one
    blocked = gradient_descent(X, y, alpha=alphas, **options)
    for name in ("coefficients", "w_plus", "losses", "log_effective_plus", "log_effective_minus"):
        np.testing.assert_allclose(getattr(blocked, name), getattr(together, name), rtol=1e-11, atol=1e-13)
        for s in range(5):
            for a in range(3):
                one = getattr(gradient_descent(X[s], y[s], alpha=alphas[a], **options), name)
                np.testing.assert_allclose(one, getattr(together, name)[s, a], rtol=1e-11, atol=1e-13)


def test_one_design_may_serve_many_responses_and_conversely():
    X, y = data_sets(4, 3, 4, 5)
    options = {"alpha": 0.5, "depth": 2, "step_size": [0.02, 0.05], "n_steps": 50, "record_at": [0]}
    several = gradient_descent(X[0], y, **options)
    assert several.final.shape == (3, 2, 5)
    np.testing.assert_allclose(several.final[1], gradient_descent(X[0], y[1], **options).final, rtol=1e-12)
    several = gradient_descent(X, y[0], **options)
    np.testing.assert_allclose(several.final[2], gradient_descent(X[2], y[0], **options).final, rtol=1e-12)


def test_what_is_recorded_does_not_change_the_run():
    X, y = data_sets(5, 2, 5, 7)
    options = {"alpha": 0.3, "depth": 2, "step_size": 0.05, "n_steps": 300}
    every = gradient_descent(X, y, **options)
    some = gradient_descent(X, y, record_at=[0, 129, 130], **options)
    np.testing.assert_array_equal(some.steps, [0, 129, 130, 300])
    np.testing.assert_array_equal(some.coefficients, every.coefficients[:, some.steps])
    np.testing.assert_array_equal(some.losses, every.losses[:, some.steps])
    np.testing.assert_array_equal(some.log_effective_plus, every.log_effective_plus)
    drawn = [
        stochastic_gradient_descent(X, y, rng=np.random.default_rng(1), record_at=record_at, **options).final
        for record_at in (None, [1, 2, 200])
    ]
    np.testing.assert_array_equal(*drawn)


def test_no_steps_leave_the_start():
    run = gradient_descent([[1.0, 2.0]], [1.0], alpha=0.5, depth=3, step_size=1.0, n_steps=0, shape=[1, 2])
    np.testing.assert_array_equal(run.w_plus, [[0.5, 1.0]])
    np.testing.assert_array_equal(run.coefficients, [[0.0, 0.0]])
    np.testing.assert_allclose(np.exp(run.log_effective_minus), [0.5, 1.0])
    assert run.losses == pytest.approx([0.5])


@given(seed=seeds, depth=st.integers(2, 5), log_scale=st.floats(-40, 40))
def test_the_scale_of_the_data_is_that_of_the_weights(seed, depth, log_scale):
    """w -> c w solves the problem with y -> c^D y at the step size c^(2-2D)."""
    c = np.exp(log_scale / depth)
    X, y = data_sets(seed, 1, 3, 4)
    options = {"depth": depth, "n_steps": 60, "record_at": [7]}
    run = gradient_descent(X, y, alpha=0.5, step_size=0.02, **options)
    step_size = 0.02 * c ** (2 - 2 * depth)
    scaled = gradient_descent(X, c**depth * y, alpha=0.5 * c, step_size=step_size, **options)
    np.testing.assert_allclose(scaled.w_plus / c, run.w_plus, rtol=1e-9)
    np.testing.assert_allclose(scaled.log_effective_minus - np.log(c), run.log_effective_minus, atol=1e-9)


@given(seed=seeds, depth=st.integers(2, 5))
def test_another_sign_of_the_response_swaps_the_layers(seed, depth):
    X, y = data_sets(seed, 1, 3, 4)
    options = {"alpha": 0.7, "depth": depth, "step_size": 0.03, "n_steps": 40}
    run, mirrored = gradient_descent(X, y, **options), gradient_descent(X, -y, **options)
    np.testing.assert_allclose(mirrored.w_plus, run.w_minus, rtol=1e-12)
    np.testing.assert_allclose(mirrored.coefficients, -run.coefficients, rtol=0, atol=1e-13)
    np.testing.assert_allclose(mirrored.log_effective_plus, run.log_effective_minus, atol=1e-12)


def test_a_tiny_scale_stays_tiny_where_nothing_pulls():
    """At alpha = 1e-30 the second coordinate has no data: its weights must not move at all."""
    X, y = np.array([[1.0, 0.0]]), np.array([1.0])
    run = gradient_descent(X, y, alpha=1e-30, depth=2, step_size=0.1, n_steps=2000, record_at=[0])
    assert run.final[0] == pytest.approx(1.0, rel=1e-12)
    assert run.w_plus[-1, 1] == run.w_minus[-1, 1] == 1e-30
    _, minus, _ = loop(X, y, np.full(2, 1e-30), 2, 0.1, 2000)
    assert run.w_minus[-1, 0] == pytest.approx(minus[-1, 0], rel=1e-11, abs=0)  # about 1e-67


# --- the flow -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "alpha"), [(2, 0.3), (3, 0.5), (5, 0.8)])
def test_distance_to_the_flow_is_of_first_order(golden, depth, alpha):
    X, y = sparse(0, 5, 12, 2)
    plus, minus, _ = oracles.diagonal_network_flow(
        lambda b: X.T @ (X @ b - y) / 5, np.full(12, alpha), depth, 2.0
    )
    steps = np.array([0.02, 0.01, 0.005, 0.0025])
    errors, drifts = [], []
    for step_size in steps:
        run = gradient_descent(
            X, y, alpha=alpha, depth=depth, step_size=step_size, n_steps=round(2 / step_size), record_at=[0]
        )
        errors.append(np.max(np.abs(run.final - (plus**depth - minus**depth))))
        drifts.append(np.max(np.abs(run.w_plus[-1] * run.w_minus[-1] / alpha**2 - 1)))
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 1, atol=0.1)
    if depth == 2:
        for measured, key in ((errors, "descent_minus_flow"), (drifts, "product_drift")):
            reference = golden["descent"][key]
            np.testing.assert_allclose(measured, reference["value"], rtol=reference["rtol"])


@pytest.mark.parametrize("depth", [3, 4])
def test_effective_weights_of_small_steps_are_the_initial_ones(depth):
    """Their excess over alpha is of first order in the step, and each of them is smaller than alpha."""
    X, y = sparse(0, 5, 12, 2)
    excess = []
    for step_size in (0.02, 0.01, 0.005):
        run = gradient_descent(
            X, y, alpha=0.5, depth=depth, step_size=step_size, n_steps=round(2 / step_size), record_at=[0]
        )
        logs = np.stack([run.log_effective_plus, run.log_effective_minus])
        assert np.all(logs <= np.log(0.5) + 1e-13)
        excess.append(np.max(np.abs(logs - np.log(0.5))))
    np.testing.assert_allclose(np.log2(np.divide(excess[:-1], excess[1:])), 1, atol=0.1)


# --- exact bookkeeping --------------------------------------------------------------------------------


def run_and_gradients(stochastic, step_size, n_steps):
    X, y = sparse(1, 10, 30, 3)
    options = {"alpha": 0.1, "depth": 2, "step_size": step_size, "n_steps": n_steps}
    if stochastic:
        run = stochastic_gradient_descent(X, y, rng=np.random.default_rng(3), batch_size=2, **options)
        batches = np.random.default_rng(3).integers(10, size=(n_steps, 2))
    else:
        run = gradient_descent(X, y, **options)
        batches = [range(10)] * n_steps
    return run, oracles.diagonal_descent_by_loop(X, y, np.full(30, 0.1), 2, step_size, batches)[2]


@pytest.mark.parametrize(
    ("stochastic", "step_size", "n_steps"),
    [(False, 0.1, 400), (True, 0.03, 400), (False, 1.0, 4), (True, 0.5, 4)],
)
def test_products_and_effective_scales_are_those_of_the_gradients(stochastic, step_size, n_steps):
    run, g = run_and_gradients(stochastic, step_size, n_steps)
    u = 2 * step_size * g
    product = 0.01 * np.cumprod(1 - u**2, axis=0)
    np.testing.assert_allclose(run.w_plus[1:] * run.w_minus[1:], product, rtol=1e-10)
    for sign, measured in ((-1, run.log_effective_plus), (1, run.log_effective_minus)):
        expected = np.log(0.1) + np.sum(np.log(np.abs(1 + sign * u)) - sign * u, axis=0)
        np.testing.assert_allclose(measured, expected, rtol=0, atol=1e-11)
    if n_steps == 4:  # the case is there for weights that jump over zero
        assert np.any(np.abs(u) > 1)
        assert np.any(run.w_minus < 0) or np.any(run.w_plus < 0)


@pytest.mark.parametrize("batch_size", [None, 1, 4])
@pytest.mark.parametrize(("step_size", "n_steps"), [(0.1, 3000), (0.02, 15000)])
def test_the_limit_at_depth_two_is_the_projection_of_the_effective_start(batch_size, step_size, n_steps):
    X, y = sparse(1, 10, 30, 3)
    options = {"alpha": 0.1, "depth": 2, "record_at": [0]}
    if batch_size is None:
        run = gradient_descent(X, y, step_size=step_size, n_steps=n_steps, **options)
    else:
        run = stochastic_gradient_descent(
            X,
            y,
            step_size=step_size / 4,
            n_steps=4 * n_steps,
            rng=np.random.default_rng(0),
            batch_size=batch_size,
            **options,
        )
    assert run.losses[-1] < 1e-24
    scale = 2 * np.exp(run.log_effective_plus + run.log_effective_minus)
    start = scale * np.sinh(run.log_effective_plus - run.log_effective_minus)
    limit = bregman_projection(Hypentropy(scale), X, y, start=start).point
    np.testing.assert_allclose(run.final, limit, rtol=0, atol=1e-12)
    # It is not the limit of the flow, so that the agreement says something.
    flow = bregman_projection(Hypentropy(0.02), X, y, start=np.zeros(30)).point
    assert np.max(np.abs(run.final - flow)) > 1e-4


@pytest.mark.parametrize("depth", [3, 4])
@pytest.mark.parametrize("stochastic", [False, True])
def test_the_limit_at_larger_depths_is_on_the_curve_of_the_effective_weights(depth, stochastic):
    X, y = sparse(1, 10, 30, 3)
    options = {"alpha": 0.5, "depth": depth, "record_at": [0]}
    if stochastic:
        rng = np.random.default_rng(0)
        run = stochastic_gradient_descent(X, y, step_size=0.02, n_steps=60000, rng=rng, **options)
    else:
        run = gradient_descent(X, y, step_size=0.1, n_steps=12000, **options)
    assert run.losses[-1] < 1e-22
    logs = run.log_effective_plus, run.log_effective_minus
    drift = (np.abs(run.w_plus[-1]) ** (2 - depth) - np.exp((2 - depth) * logs[0])) / (depth * (depth - 2))
    multipliers = np.linalg.lstsq(X.T, drift, rcond=None)[0]
    np.testing.assert_allclose(X.T @ multipliers, drift, rtol=0, atol=1e-11 * np.max(np.abs(drift)))
    limit, residual = oracles.deep_interpolator_by_root(X, y, *logs, depth, 0.98 * multipliers)
    assert residual < 1e-12
    np.testing.assert_allclose(run.final, limit, rtol=0, atol=2e-11)


def test_a_weight_that_becomes_zero_or_negative_is_told():
    """With X = 1 and alpha = 1 the first gradient is -y, and w_- becomes 1 - D step y."""
    options = {"alpha": 1.0, "n_steps": 1}
    zero = gradient_descent([[1.0]], [1.0], depth=2, step_size=0.5, **options)
    assert zero.w_minus[1, 0] == 0
    assert zero.log_effective_minus[0] == -np.inf
    assert zero.log_effective_plus[0] == pytest.approx(np.log(2) - 1)
    even = gradient_descent([[1.0]], [1.0], depth=4, step_size=0.5, **options)
    assert even.w_minus[1, 0] == -1
    assert even.log_effective_minus[0] == np.inf  # |w_-|^-2 = 1 is less than the flow's 1 + 8 step
    odd = gradient_descent([[1.0]], [1.0], depth=3, step_size=0.5, **options)
    assert odd.w_minus[1, 0] == -0.5
    assert odd.log_effective_minus[0] == np.inf
    assert odd.log_effective_plus[0] == pytest.approx(-np.log(1 / 2.5 + 1.5))
    assert not np.any(np.isnan([zero.losses, even.losses, odd.losses]))


# --- golden values ------------------------------------------------------------------------------------


def test_golden_effective_scale(golden):
    reference = golden["descent"]["effective_scale"]
    X, y = sparse(1, 10, 30, 3)
    run = gradient_descent(X, y, alpha=0.1, depth=2, step_size=0.1, n_steps=2985, record_at=[0])
    scale, error = effective_scale(run), run.final - (np.arange(30) < 3)
    measured = [scale.min(), scale.max(), np.abs(run.final).sum(), np.linalg.norm(error)]
    np.testing.assert_allclose(measured, reference["value"], rtol=reference["rtol"])


@pytest.mark.parametrize("name", ["gd0.05", "gd0.1", "sgd0.01", "sgd0.018"])
def test_golden_noise_and_large_steps(golden, name):
    reference = golden["descent"][name]
    X, y = sparse(0, 40, 100, 5)
    options = {"alpha": 0.1, "depth": 2, "n_steps": reference["steps"], "record_at": [0]}
    if name.startswith("sgd"):
        rng = np.random.default_rng(1)
        run = stochastic_gradient_descent(X, y, step_size=float(name[3:]), rng=rng, **options)
    else:
        run = gradient_descent(X, y, step_size=float(name[2:]), **options)
    error = run.final - (np.arange(100) < 5)
    measured = [np.linalg.norm(error), np.abs(run.final).sum(), effective_scale(run).mean() / 0.1]
    np.testing.assert_allclose(measured, reference["value"], rtol=reference["rtol"])


# --- noise --------------------------------------------------------------------------------------------


def test_draws_are_reproducible_independent_across_data_sets_and_shared_by_settings():
    X, y = sparse(2, 6, 8, 2)

    def run(seed):
        return stochastic_gradient_descent(
            X,
            np.stack([y, y]),
            alpha=[0.5, 0.5],
            depth=2,
            step_size=0.01,
            n_steps=150,
            rng=np.random.default_rng(seed),
        )

    first = run(5)
    np.testing.assert_array_equal(first.coefficients, run(5).coefficients)
    np.testing.assert_array_equal(first.coefficients[:, 0], first.coefficients[:, 1])
    assert np.max(np.abs(first.final[0] - first.final[1])) > 1e-3
    assert np.max(np.abs(first.final - run(6).final)) > 1e-3


@pytest.mark.parametrize("depth", [2, 3])
def test_the_mean_step_over_all_rows_is_the_full_step(depth):
    X, y = sparse(3, 4, 5, 2)
    options = {"alpha": 0.6, "depth": depth, "step_size": 0.05, "n_steps": 1}
    run = stochastic_gradient_descent(X, np.tile(y, (200, 1)), rng=np.random.default_rng(0), **options)
    outcomes = np.unique(run.w_plus[:, 1].round(13), axis=0)
    assert len(outcomes) == 4  # each row was drawn at least once, and nothing but rows
    full = gradient_descent(X, y, **options)
    np.testing.assert_allclose(outcomes.mean(axis=0), full.w_plus[1], rtol=0, atol=1e-12)


def test_batches_are_drawn_with_replacement():
    """Of two draws from two rows half are one row twice; without replacement none would be."""
    X, y = np.eye(2), np.ones(2)
    run = stochastic_gradient_descent(
        X,
        np.tile(y, (400, 1)),
        alpha=1.0,
        depth=2,
        step_size=0.1,
        n_steps=1,
        batch_size=2,
        rng=np.random.default_rng(0),
    )
    one_row_twice = np.mean(np.any(run.coefficients[:, 1] == 0, axis=1))
    assert abs(one_row_twice - 0.5) < 4 * 0.5 / np.sqrt(400)  # four standard errors


def test_predicted_effective_initialization_is_the_limit_of_small_steps():
    """With features of size one, squared residuals are independent of squared features: no term is dropped.

    What remains is of first order in the step, so that half the step leaves half the discrepancy.
    """
    n, d, S = 10, 20, 400
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], (n, d))
    y = np.tile(X[:, :2].sum(axis=1), (S, 1))
    discrepancies, errors = [], []
    for step_size in (0.02, 0.01):
        n_steps = round(8 / step_size)
        run = stochastic_gradient_descent(
            X,
            y,
            alpha=0.3,
            depth=2,
            step_size=step_size,
            n_steps=n_steps,
            rng=rng,
            record_at=np.arange(0, n_steps, 4),
        )
        predicted = sgd_effective_initialization(
            X, run.losses, steps=run.steps, alpha=0.3, step_size=step_size
        )
        assert predicted.shape == (S, d)
        measured = np.mean(np.log(effective_scale(run) / 0.3), axis=1)
        expected = np.mean(np.log(predicted / 0.3), axis=1)
        difference = measured / np.mean(expected) - expected / np.mean(expected)
        discrepancies.append(np.mean(difference))
        errors.append(np.std(difference) / np.sqrt(S))
    # Extrapolated to a step of zero nothing is left, within three standard errors.
    left = 2 * discrepancies[1] - discrepancies[0]
    assert abs(left) < 3 * np.hypot(2 * errors[1], errors[0])
    assert np.hypot(2 * errors[1], errors[0]) < 0.03


def test_predicted_effective_initialization_of_a_known_integral():
    X = np.array([[[1.0, 2.0], [1.0, 0.0]], [[3.0, 1.0], [3.0, 1.0]]])  # diagonals (1, 2) and (9, 1)
    losses = np.broadcast_to([[4.0, 2.0, 0.0], [2.0, 1.0, 0.0]], (2, 2, 3))  # sums over 20 steps: 40 and 20
    predicted = sgd_effective_initialization(
        X, losses, steps=[0, 10, 20], alpha=[1.0, 2.0], step_size=0.1, batch_size=4, shape=[1.0, 3.0]
    )
    exponent = 0.1**2 * np.array([40, 20])[:, None] * np.array([[1, 2], [9, 1]])[:, None, :]
    np.testing.assert_allclose(predicted, np.array([[1, 3], [2, 6]]) * np.exp(-exponent), rtol=1e-13)
    one = sgd_effective_initialization(
        X[1], losses[0, 1], steps=[0, 10, 20], alpha=2.0, step_size=0.1, batch_size=4
    )
    np.testing.assert_allclose(one * [1, 3], predicted[1, 1], rtol=1e-13)


# --- divergence ---------------------------------------------------------------------------------------


def first_step_out_of_bounds(X, y, alpha, depth, step_size, n_steps):
    with np.errstate(all="ignore"):
        plus, minus, _ = loop(X, y, np.full(X.shape[1], alpha), depth, step_size, n_steps)
        beta = plus**depth - minus**depth
        inside = (np.abs(beta).max(1) <= 1e100) & (np.abs(beta @ X.T - y).max(1) <= 1e100)
    outside = np.flatnonzero(~inside)
    return (outside[0] if len(outside) else -1), beta


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_a_run_that_diverges_stands_still_and_says_when(depth):
    X, y = data_sets(6, 2, 5, 8)
    step_sizes = np.array([0.01, 0.6, 5.0])
    run = gradient_descent(X, 3 * y, alpha=1.0, depth=depth, step_size=step_sizes, n_steps=200)
    for values in (run.coefficients, run.w_plus, run.w_minus, run.losses):
        assert np.all(np.isfinite(values))
    assert not np.any(np.isnan([run.log_effective_plus, run.log_effective_minus]))
    assert run.diverged_at.dtype.kind == "i"
    for s in range(2):
        for a, step_size in enumerate(step_sizes):
            step, beta = first_step_out_of_bounds(X[s], 3 * y[s], 1.0, depth, step_size, 200)
            assert run.diverged_at[s, a] == step
            if step > 0:
                last = run.coefficients[s, a, step - 1]
                np.testing.assert_allclose(last, beta[step - 1], rtol=1e-6)
                np.testing.assert_array_equal(run.coefficients[s, a, step:], np.tile(last, (201 - step, 1)))
            else:
                np.testing.assert_allclose(run.coefficients[s, a], beta, rtol=1e-10, atol=1e-12)
    assert np.all(run.diverged_at[:, 0] == -1)
    assert np.all(run.diverged_at[:, 2] > 0)
    with pytest.raises(RuntimeError, match="diverged, the first at step"):
        _ = run.final


def test_a_late_divergence_leaves_the_other_runs_as_they_were():
    """The second setting grows slowly from a tiny scale and only then overshoots its edge."""
    X, y = np.array([[1.0]]), np.array([1.0])
    options = {"depth": 2, "n_steps": 1000, "record_at": [0, 500]}
    run = gradient_descent(X, y, alpha=[0.5, 1e-100], step_size=[0.05, 1.5], **options)
    step, _ = first_step_out_of_bounds(X, y, 1e-100, 2, 1.5, 1000)
    assert run.diverged_at[1] == step > 128
    alone = gradient_descent(X, y, alpha=0.5, step_size=0.05, **options)
    assert run.diverged_at[0] == alone.diverged_at == -1
    np.testing.assert_allclose(run.coefficients[0], alone.coefficients, rtol=1e-13)


def test_a_stochastic_run_repeats_its_draws_when_it_looks_for_the_divergence():
    """Few steps are recorded, so that many are repeated: with other rows the stable setting would differ."""
    X, y = data_sets(8, 3, 5, 8)
    run = stochastic_gradient_descent(
        X,
        y,
        alpha=1.0,
        depth=2,
        step_size=[0.001, 2.0],
        n_steps=140,
        rng=np.random.default_rng(1),
        record_at=[0],
    )
    rows = np.random.default_rng(1).integers(5, size=(140, 3, 1))
    for s in range(3):
        with np.errstate(all="ignore"):
            plus, minus, _ = oracles.diagonal_descent_by_loop(X[s], y[s], np.ones(8), 2, 2.0, rows[:, s])
            beta = plus**2 - minus**2
            out = ~((np.abs(beta).max(1) <= 1e100) & (np.abs(beta @ X[s].T - y[s]).max(1) <= 1e100))
        assert run.diverged_at[s, 1] == np.flatnonzero(out)[0] > 1
        plus, minus, _ = oracles.diagonal_descent_by_loop(X[s], y[s], np.ones(8), 2, 0.001, rows[:, s])
        np.testing.assert_allclose(run.coefficients[s, 0, -1], (plus**2 - minus**2)[-1], rtol=1e-10)


def test_a_step_size_that_overflows_at_once_diverges_at_once():
    run = gradient_descent([[1.0]], [1.0], alpha=1.0, depth=2, step_size=1e308, n_steps=3)
    assert run.diverged_at == 1
    np.testing.assert_array_equal(run.coefficients, np.zeros((4, 1)))


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"alpha": 0.0}, "alpha must be greater than 0"),
        ({"alpha": [[1.0]]}, "alpha must have 0 or 1 dimension"),
        ({"alpha": 1e-160}, r"alpha must have \(alpha \* shape\) \*\* 2 in"),
        ({"alpha": 1e200}, r"alpha must have \(alpha \* shape\) \*\* 2 in"),
        ({"depth": 1}, "depth must be at least 2"),
        ({"depth": 2.5}, "depth must be an integer"),
        ({"step_size": -1.0}, "step_size must be greater than 0"),
        ({"alpha": [1.0, 2.0], "step_size": [1.0, 2.0, 3.0]}, "step_size must be a number or have the shape"),
        ({"n_steps": -1}, "n_steps must be at least 0"),
        ({"n_steps": 10**9}, "record_at must name fewer steps"),
        ({"record_at": [0, 9]}, "record_at must be at most 5"),
        ({"shape": [1.0]}, r"shape must have shape \(2,\)"),
        ({"shape": [1.0, -1.0]}, "shape must be greater than 0"),
        ({"X": np.ones((2, 3, 2))}, "y must have one entry per row of X"),
        ({"X": np.ones((2, 1, 2)), "y": np.ones((3, 1))}, "y must have as many data sets as X"),
        ({"X": [[np.nan, 0.0]]}, "X must be finite"),
        ({"y": [1e200]}, "y must be at most 1e\\+100"),
    ],
)
def test_bad_input_is_named(changed, message):
    arguments = {
        "X": np.ones((1, 2)),
        "y": np.ones(1),
        "alpha": 1.0,
        "depth": 2,
        "step_size": 0.1,
        "n_steps": 5,
    } | changed
    X, y = arguments.pop("X"), arguments.pop("y")
    with pytest.raises(ValueError, match=message):
        gradient_descent(X, y, **arguments)
    with pytest.raises(ValueError, match=message):
        stochastic_gradient_descent(X, y, rng=np.random.default_rng(0), **arguments)


def test_bad_batches_and_generators_are_named():
    options = {"alpha": 1.0, "depth": 2, "step_size": 0.1, "n_steps": 5}
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        stochastic_gradient_descent(
            np.eye(2), np.ones(2), rng=np.random.default_rng(0), batch_size=0, **options
        )
    with pytest.raises(ValueError, match=r"rng must be a numpy\.random\.Generator"):
        stochastic_gradient_descent(np.eye(2), np.ones(2), rng=0, **options)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"losses": [1.0, -1.0]}, "losses must be at least 0"),
        ({"steps": [0, 1, 2]}, "steps must increase from 0, one for each of the 2 losses"),
        ({"steps": [1, 2]}, "steps must increase from 0"),
        ({"alpha": [1.0, 2.0]}, "losses must have leading axes"),
        ({"X": np.ones((3, 2, 2))}, "losses must have leading axes"),
        ({"shape": [1.0, 1.0, 1.0]}, r"shape must have shape \(2,\)"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_bad_input_of_the_prediction_is_named(changed, message):
    arguments = {
        "X": np.ones((2, 2)),
        "losses": [1.0, 0.5],
        "steps": [0, 1],
        "alpha": 1.0,
        "step_size": 0.1,
    } | changed
    X, losses = arguments.pop("X"), arguments.pop("losses")
    with pytest.raises(ValueError, match=message):
        sgd_effective_initialization(X, losses, **arguments)
