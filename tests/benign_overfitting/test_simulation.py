"""Simulations: against a pseudo-inverse on the same draws, and against exact expectations."""

import numpy as np
import pytest
from dltheory.benign_overfitting import simulation
from dltheory.benign_overfitting.asymptotics import (
    deterministic_equivalent,
    finite_sample_ridgeless_risk,
    optimal_penalty,
    ridge_risk,
)
from dltheory.sweep import sweep

from tests import oracles


def generators(count, seed=0):
    return [np.random.default_rng([seed, i]) for i in range(count)]


def standard_errors(values, expected):
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


@pytest.mark.parametrize("d", [3, 19, 20, 21, 70])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_same_draws_same_results_as_a_pseudo_inverse(d, penalty, monkeypatch):
    monkeypatch.setattr(simulation, "_CHUNK", 3 * 20 * d)  # three seeds at a time: chunks must not show
    eigenvalues, coefficients = np.geomspace(3, 0.1, d), np.cos(np.arange(d))
    result = simulation.anisotropic_risk_parts(
        n=20,
        eigenvalues=eigenvalues,
        coefficients=coefficients,
        rngs=generators(7),
        noise_variance=0.4,
        penalty=penalty,
    )
    for i, rng in enumerate(generators(7)):
        X = rng.standard_normal((20, d)) * np.sqrt(eigenvalues)
        noise = np.sqrt(0.4) * rng.standard_normal(20)
        expected = oracles.excess_risk_by_inverse(X, noise, coefficients, eigenvalues, penalty)
        np.testing.assert_allclose([field[i] for field in result], expected, rtol=1e-8, atol=1e-20)


def test_isotropic_parts_are_those_of_equal_eigenvalues():
    isotropic = simulation.ridge_risk_parts(
        aspect_ratio=1.5, rngs=generators(3), n=20, signal=2.0, penalty=0.1
    )
    general = simulation.anisotropic_risk_parts(
        n=20,
        eigenvalues=np.ones(30),
        coefficients=np.full(30, np.sqrt(2 / 30)),
        rngs=generators(3),
        noise_variance=0.25,
        penalty=0.1,
    )
    np.testing.assert_array_equal(isotropic, general)


@pytest.mark.parametrize(("n", "d"), [(30, 10), (30, 22), (30, 40), (30, 90)])
def test_mean_is_the_exact_expectation(n, d):
    """Exact at this n, so only sampling error is left: 4 standard errors of 2000 data sets."""
    exact = finite_sample_ridgeless_risk(n, d, signal=1.0, noise_variance=1.0)
    parts = simulation.ridge_risk_parts(
        aspect_ratio=d / n, rngs=generators(2000), n=n, signal=1.0, noise_variance=1.0
    )
    assert abs(standard_errors(parts.variance, exact.variance)) < 4
    assert abs(standard_errors(parts.risk, exact.risk)) < 4
    if d > n:
        assert abs(standard_errors(parts.bias, exact.bias)) < 4
    else:
        np.testing.assert_allclose(parts.bias, 0, atol=1e-20)


def test_ridge_approaches_its_limit():
    """The finite-size correction is of order 1/n: 3 standard errors plus 2/n of the limit."""
    for ratio in (0.5, 1.0, 3.0):
        values = simulation.ridge_excess_risk(aspect_ratio=ratio, penalty=0.2, rngs=generators(200), n=100)
        limit = ridge_risk(ratio, 0.2, signal=1.0, noise_variance=0.25).risk
        error = values.std(ddof=1) / np.sqrt(values.size)
        assert abs(values.mean() - limit) < 3 * error + 2 * limit / 100


def test_optimal_ridge_has_no_peak():
    at_one = {"aspect_ratio": 1.0, "n": 60, "rngs": generators(100)}
    best = simulation.optimal_ridge_excess_risk(**at_one)
    limit = optimal_penalty(1.0, signal=1.0, noise_variance=0.25).risk
    assert abs(standard_errors(best, limit)) < 4
    at_one["rngs"] = generators(100)
    assert np.median(simulation.ridgeless_excess_risk(**at_one)) > 2 * best.mean()


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
def test_optimal_ridge_is_best_on_average(ratio):
    """Compared on the same data sets, so that the differences are sharp."""
    problem = {"aspect_ratio": ratio, "n": 40, "signal": 2.0, "noise_variance": 0.6}
    best = simulation.optimal_ridge_excess_risk(rngs=generators(1500), **problem)
    for factor in (0.5, 2):
        penalty = 0.3 * ratio * factor
        other = simulation.ridge_excess_risk(penalty=penalty, rngs=generators(1500), **problem)
        assert standard_errors(other - best, 0) > 3


@pytest.mark.parametrize("penalty", [0.0, 1 / 6])
def test_anisotropic_mean_is_near_its_deterministic_equivalent(penalty):
    problem = {
        "n": 60,
        "eigenvalues": 1 / np.arange(1, 301),
        "coefficients": np.r_[np.ones(5), np.zeros(295)],
        "noise_variance": 0.25,
        "penalty": penalty,
    }
    parts = simulation.anisotropic_risk_parts(rngs=generators(300), **problem)
    theory = deterministic_equivalent(**problem)
    for name in ("bias", "variance", "risk"):
        values, limit = getattr(parts, name), getattr(theory, name)
        error = values.std(ddof=1) / np.sqrt(values.size)
        assert abs(values.mean() - limit) < 3 * error + 0.05 * limit  # five percent: n is only 60


def test_sweeps_take_the_simulations_as_they_are():
    measured = sweep(simulation.ridgeless_excess_risk, {"aspect_ratio": [0.5, 2.0]}, seeds=4)
    assert measured.values.shape == (2, 4)
    parts = sweep(simulation.ridge_risk_parts, {"aspect_ratio": [0.5, 2.0]}, seeds=4)
    np.testing.assert_array_equal(parts["risk"].values, measured.values)
    assert parts["bias"].mean[0] == pytest.approx(0, abs=1e-20)


def test_realised_ratio_is_that_of_the_nearest_dimension():
    ratios = np.geomspace(0.001, 10, 50)
    realised = simulation.realised_aspect_ratio(ratios, 37)
    d = realised * 37
    np.testing.assert_allclose(d, np.rint(d), atol=1e-12)
    assert d.min() >= 1 - 1e-12
    assert np.all(np.abs(realised - ratios)[ratios > 1 / 37] <= 0.5 / 37 + 1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aspect_ratio": 0.0}, "aspect_ratio must be greater than 0"),
        ({"rngs": []}, "rngs must hold at least one"),
        ({"rngs": [0]}, "rngs must be a numpy.random.Generator"),
        ({"rngs": 3}, "rngs must be a list"),
        ({"n": 0}, "n must be at least 1"),
        ({"signal": -1.0}, "signal must be at least 0"),
        ({"noise_variance": np.nan}, "noise_variance must be finite"),
        ({"penalty": -1.0}, "penalty must be at least 0"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        simulation.ridge_risk_parts(**({"aspect_ratio": 2.0, "rngs": generators(1), "n": 10} | changes))


def test_bad_spectra_are_named():
    arguments = {"n": 5, "rngs": generators(1), "noise_variance": 1.0}
    with pytest.raises(ValueError, match="eigenvalues must be greater than 0"):
        simulation.anisotropic_risk_parts(eigenvalues=[1.0, 0.0], coefficients=[1.0, 1.0], **arguments)
    with pytest.raises(ValueError, match="coefficients must have the shape of eigenvalues"):
        simulation.anisotropic_risk_parts(eigenvalues=[1.0, 0.5], coefficients=[1.0], **arguments)
    with pytest.raises(ValueError, match="signal must be greater than 0"):
        simulation.optimal_ridge_excess_risk(aspect_ratio=1.0, rngs=generators(1), signal=0.0)
