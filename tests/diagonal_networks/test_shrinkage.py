"""The mean shrinkage of the effective weights, against all draws of small runs, and exact special cases."""

from itertools import product

import numpy as np
import pytest
from dltheory.diagonal_networks.dynamics import sgd_mean_shrinkage, stochastic_gradient_descent

from tests import oracles


def test_it_is_the_mean_over_all_draws():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((3, 4)), rng.standard_normal(3)
    shrunk, expected = [], []
    for draws in product(range(3), repeat=4):
        rows = [[i] for i in draws]
        plus, minus, _ = oracles.diagonal_descent_by_loop(X, y, np.full(4, 0.5), 2, 0.15, rows)
        shrunk.append(-np.log(np.abs(plus[-1] * minus[-1]) / 0.25) / 2)
        path = plus**2 - minus**2
        expected.append(sgd_mean_shrinkage(X, y, path, steps=np.arange(5), step_size=0.15).total)
    assert np.ptp(shrunk) > 0.1
    np.testing.assert_allclose(np.mean(expected, axis=0), np.mean(shrunk, axis=0), rtol=1e-12)


def test_with_one_row_there_is_no_chance():
    X, y = np.array([[1.0, -0.5]]), np.array([1.5])
    run = stochastic_gradient_descent(
        X, y, alpha=0.3, depth=2, step_size=[0.05, 0.3], n_steps=200, rng=np.random.default_rng(0)
    )
    shrunk = np.log(0.3) - (run.log_effective_plus + run.log_effective_minus) / 2
    mean = sgd_mean_shrinkage(X, y, run.coefficients, steps=run.steps, step_size=[0.05, 0.3])
    np.testing.assert_allclose(mean.total, shrunk, rtol=1e-10)
    assert np.all(mean.leading < mean.total)


def test_with_rows_of_equal_length_the_leading_part_averages_to_the_losses():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((2, 4, 6))
    X /= np.linalg.norm(X, axis=-1, keepdims=True)
    y = rng.standard_normal((2, 4))
    run = stochastic_gradient_descent(
        X, y, alpha=0.5, depth=2, step_size=0.1, n_steps=50, rng=np.random.default_rng(2)
    )
    mean = sgd_mean_shrinkage(X, y, run.coefficients, steps=run.steps, step_size=0.1)
    predicted = 4 * 0.01 * run.losses[:, :-1].sum(axis=1) / 6  # the mean square of a feature is 1/6
    np.testing.assert_allclose(mean.leading.mean(axis=-1), predicted, rtol=1e-12)


def test_a_batch_is_its_runs_and_few_recorded_steps_come_close():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((2, 5, 8)), rng.standard_normal((2, 5))
    options = {"alpha": 0.3, "depth": 2, "step_size": [0.005, 0.01], "n_steps": 400}
    run = stochastic_gradient_descent(X, y, rng=np.random.default_rng(4), **options)
    step_size = np.array([0.005, 0.01])
    every = sgd_mean_shrinkage(X, y, run.coefficients, steps=run.steps, step_size=step_size)
    assert every.total.shape == (2, 2, 8)
    one = sgd_mean_shrinkage(X[1], y[1], run.coefficients[1, 0], steps=run.steps, step_size=0.005)
    np.testing.assert_allclose(one.total, every.total[1, 0], rtol=1e-12)
    some = np.append(np.arange(0, 400, 5), 400)
    coarse = sgd_mean_shrinkage(X, y, run.coefficients[:, :, some], steps=some, step_size=step_size)
    np.testing.assert_allclose(coarse.total, every.total, rtol=0.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": [1.0]}, "y must have one entry per row"),
        ({"steps": [0, 1]}, "steps must increase from 0"),
        ({"steps": [1, 2, 3]}, "steps must increase from 0"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": [0.1, 0.2]}, "coefficients must have leading axes"),
        ({"coefficients": np.full((3, 2), np.nan)}, "coefficients"),
    ],
)
def test_bad_input_is_named(change, words):
    arguments = {"X": np.eye(2), "y": [1.0, 2.0], "coefficients": np.zeros((3, 2))}
    arguments |= {"steps": [0, 1, 2], "step_size": 0.1} | change
    with pytest.raises(ValueError, match=words):
        sgd_mean_shrinkage(arguments.pop("X"), arguments.pop("y"), arguments.pop("coefficients"), **arguments)
