"""The limits of gradient descent against its own iterates, and against a constrained minimisation."""

import numpy as np
import pytest
from dltheory.benign_overfitting.descent_limits import descent_limit, error_factors, steps_to_converge
from dltheory.optimization import gradient_descent, largest_stable_step, least_squares_gradient
from hypothesis import given
from hypothesis import strategies as st


def problem(n, d, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d), rng.uniform(0.2, 3, d)


def test_golden_values(golden):
    rng = np.random.default_rng(0)
    X, y, start = rng.standard_normal((4, 8)), rng.standard_normal(4), rng.standard_normal(8)
    np.testing.assert_allclose(descent_limit(X, y), golden["implicit"]["gd_minnorm"]["value"], atol=1e-10)
    from_start = golden["implicit"]["gd_from_w0"]["value"]
    np.testing.assert_allclose(descent_limit(X, y, start=start), from_start, atol=1e-10)


@pytest.mark.parametrize("shape", [(3, 7), (9, 4), (5, 5)])
def test_preconditioned_descent_ends_at_the_stated_limit(shape):
    X, y, start, p = problem(*shape, 1)
    root = np.sqrt(p)
    step = largest_stable_step(X * root) / 2
    gradient = least_squares_gradient(X, y)
    n_steps = steps_to_converge(X * root, step, reduction=1e-12)
    record = gradient_descent(
        lambda b: p * gradient(b), start, step_size=step, n_steps=n_steps, record_at=[n_steps]
    )
    np.testing.assert_allclose(record.final, descent_limit(X, y, start=start, preconditioner=p), atol=1e-9)


@given(st.integers(1, 5), st.integers(6, 9), st.integers(0, 10**6))
def test_the_limit_is_the_weighted_projection(n, d, seed):
    """First-order conditions of min |P^{-1/2}(b - b_0)|^2 subject to X b = y, as one linear system."""
    X, y, start, p = problem(n, d, seed)
    system = np.block([[np.diag(1 / p), X.T], [X, np.zeros((n, n))]])
    solution = np.linalg.solve(system, np.concatenate([start / p, y]))[:d]
    scale = np.linalg.cond(system) * np.linalg.norm(solution)
    limit = descent_limit(X, y, start=start, preconditioner=p)
    np.testing.assert_allclose(limit, solution, atol=1e-13 * scale)


def test_several_responses_are_treated_column_by_column():
    X, y, start, p = problem(3, 6, 2)
    Y, starts = np.stack([y, 2 * y], axis=1), np.stack([start, -start], axis=1)
    both = descent_limit(X, Y, start=starts, preconditioner=p)
    np.testing.assert_allclose(
        both[:, 1], descent_limit(X, 2 * y, start=-start, preconditioner=p), atol=1e-12
    )


def test_error_factors_are_those_of_the_iterates():
    X, y, start, _ = problem(4, 7, 3)
    right = np.linalg.svd(X, full_matrices=False)[2]
    step = 1.2 * largest_stable_step(X)
    record = gradient_descent(least_squares_gradient(X, y), start, step_size=step, n_steps=5)
    errors = (record.iterates - descent_limit(X, y, start=start)) @ right.T
    np.testing.assert_allclose(
        errors, errors[0] * error_factors(X, step, np.arange(6)), rtol=1e-9, atol=1e-12
    )


def test_the_number_of_steps_is_the_smallest_that_suffices():
    X = problem(4, 7, 4)[0]
    step = 0.9 * largest_stable_step(X)
    steps = steps_to_converge(X, step, reduction=1e-3)
    before, after = np.abs(error_factors(X, step, [steps - 1, steps])).max(axis=1)
    assert after <= 1e-3 < before


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda X, y: descent_limit(X, y[:-1]), "y"),
        (lambda X, y: descent_limit(X, y, start=[1.0]), "start"),
        (lambda X, y: descent_limit(X, y, preconditioner=[1.0, 0.0, 1.0]), "preconditioner"),
        (lambda X, y: descent_limit(X, y, preconditioner=[1.0]), "preconditioner"),
        (lambda X, y: error_factors(X, -1.0, [1]), "step_size"),
        (lambda X, y: error_factors(X, 1.0, [-1]), "steps"),
        (lambda X, y: steps_to_converge(X, 1e9, reduction=0.1), "step_size"),
        (lambda X, y: steps_to_converge(X, 1e-3, reduction=1.0), "reduction"),
        (lambda X, y: steps_to_converge(0 * X, 1e-3, reduction=0.1), "X"),
    ],
)
def test_bad_input_is_named(call, name):
    X, y, *_ = problem(2, 3, 5)
    with pytest.raises(ValueError, match=rf"^{name} "):
        call(X, y)
