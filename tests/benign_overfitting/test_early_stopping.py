"""Filters, constants and risks of early stopping, against grids, matrix exponentials and simulation."""

import numpy as np
import pytest
from dltheory.benign_overfitting.early_stopping import (
    flow_filter,
    flow_risk,
    ridge_filter,
    ridge_path_risk,
    stopping_constants,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("shape", [(4, 7), (7, 4)])
@pytest.mark.parametrize("route", ["flow", "ridge"])
def test_risk_is_that_of_the_explicit_linear_map(shape, route):
    """Bias and variance from the d x n matrix A with estimate A y, without singular values."""
    from scipy.linalg import expm

    (n, d), t = shape, 1.7
    X = np.random.default_rng(0).standard_normal(shape)
    H = X.T @ X / n
    if route == "flow":
        block = np.block([[-t * H, np.eye(d)], [np.zeros((d, 2 * d))]])
        A = t * expm(block)[:d, d:] @ X.T / n  # the integral of exp(-sH) over (0, t), times X^T/n
    else:
        A = np.linalg.solve(H + np.eye(d) / t, X.T / n)
    risk = {"flow": flow_risk, "ridge": ridge_path_risk}[route](X, [t], signal=2.0, noise_variance=0.3)
    np.testing.assert_allclose(risk.bias, 2.0 / d * np.linalg.norm(A @ X - np.eye(d)) ** 2, rtol=1e-10)
    np.testing.assert_allclose(risk.variance, 0.3 * np.linalg.norm(A) ** 2, rtol=1e-10)
    np.testing.assert_allclose(risk.risk, risk.bias + risk.variance, rtol=1e-14)


def test_constants_are_the_suprema():
    x = np.linspace(1e-3, 40, 400_001)
    ratio = (1 - np.exp(-x)) * (1 + x) / x
    tuned = (1 + x) * (np.exp(-2 * x) + (1 - np.exp(-x)) ** 2 / x)
    constants = stopping_constants()
    np.testing.assert_allclose(
        constants[:3], [ratio.max(), ratio.max() ** 2, tuned.max()], rtol=1e-8
    )  # the grid of width 1e-4 misses a smooth maximum by at most (1e-4)^2
    arguments = x[[ratio.argmax(), tuned.argmax()]]
    np.testing.assert_allclose(constants[3:], arguments, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("n", "rank"), [(12, 5), (6, 6)])
def test_equal_singular_values_attain_the_constants(n, rank):
    X = 2.0 * np.linalg.qr(np.random.default_rng(0).standard_normal((n, rank))).Q
    constants = stopping_constants()
    t, c = constants.filter_argument * n / 4, constants.tuned_argument
    noise_only = {"signal": 0.0, "noise_variance": 1.3}
    ratio = flow_risk(X, [t], **noise_only).risk / ridge_path_risk(X, [t], **noise_only).risk
    np.testing.assert_allclose(ratio, constants.risk_ratio, rtol=1e-12)
    tuned, model = [c * n / 4], {"signal": 2.0, "noise_variance": 2.0 * 4 / (rank * c)}
    ratio = flow_risk(X, tuned, **model).risk / ridge_path_risk(X, tuned, **model).risk
    np.testing.assert_allclose(ratio, constants.tuned_ratio, rtol=1e-12)


@given(st.floats(0, 1e6))
def test_filters_are_ordered(x):
    assert ridge_filter(x) <= flow_filter(x) * (1 + 1e-15)
    assert flow_filter(x) <= stopping_constants().filter_ratio * ridge_filter(x) * (1 + 1e-15)


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 10), st.floats(0.01, 10), st.integers(0, 10**6))
def test_the_risks_obey_the_constants(n, d, noise_variance, signal, seed):
    X = np.random.default_rng(seed).standard_normal((n, d))
    times = np.geomspace(1e-3, 1e3, 13)
    flow = flow_risk(X, times, signal=signal, noise_variance=noise_variance)
    ridge = ridge_path_risk(X, times, signal=signal, noise_variance=noise_variance)
    constants = stopping_constants()
    assert np.all(flow.risk <= constants.risk_ratio * ridge.risk * (1 + 1e-12))
    if noise_variance > 1e-3:
        best = [signal * n / (noise_variance * d)]
        tuned = flow_risk(X, best, signal=signal, noise_variance=noise_variance).risk
        bayes = ridge_path_risk(X, best, signal=signal, noise_variance=noise_variance).risk
        assert bayes <= ridge.risk.min() * (1 + 1e-12)
        assert bayes * (1 - 1e-12) <= tuned <= constants.tuned_ratio * bayes * (1 + 1e-12)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"times": [-1.0]}, "times"),
        ({"signal": -1.0}, "signal"),
        ({"noise_variance": -1.0}, "noise_variance"),
        ({"X": [[np.nan]]}, "X"),
    ],
)
@pytest.mark.parametrize("risk", [flow_risk, ridge_path_risk])
def test_bad_input_is_named(risk, arguments, name):
    arguments = {"X": [[1.0]], "times": [1.0], "signal": 1.0, "noise_variance": 1.0} | arguments
    with pytest.raises(ValueError, match=rf"^{name} "):
        risk(**arguments)


@pytest.mark.parametrize("path_filter", [flow_filter, ridge_filter])
def test_filters_refuse_negative_arguments(path_filter):
    with pytest.raises(ValueError, match=r"^x "):
        path_filter([-1.0])
