"""The term of order 1/n, against exact expectations, a closed form and simulation."""

import numpy as np
import pytest
from dltheory.benign_overfitting.asymptotics import (
    deterministic_equivalent,
    finite_sample_ridgeless_risk,
    ridge_risk,
    ridgeless_risk,
)
from dltheory.benign_overfitting.finite_size import finite_size_correction
from dltheory.benign_overfitting.simulation import anisotropic_risk_parts


def _isotropic(n, d, penalty, signal=1.0, noise_variance=0.25):
    coefficients = np.full(d, np.sqrt(signal / d))
    return finite_size_correction(np.ones(d), coefficients, n, penalty=penalty, noise_variance=noise_variance)


@pytest.mark.parametrize("ratio", [0.2, 0.8, 1.25, 4.0])
def test_ridgeless_isotropic_agrees_with_the_exact_expectation_up_to_second_order(ratio):
    n = 400
    d = round(ratio * n)
    parameters = {"signal": 2.0, "noise_variance": 0.25}
    exact = finite_sample_ridgeless_risk(n, d, **parameters)
    limit = ridgeless_risk(d / n, **parameters)
    correction = _isotropic(n, d, 0.0, **parameters)
    assert correction.variance == pytest.approx(exact.variance - limit.variance, rel=1.01 / (abs(n - d) - 1))
    assert abs(correction.bias - (exact.bias - limit.bias)) < 1e-12


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_ridge_isotropic_agrees_with_the_closed_form_of_the_resolvent_trace(ratio):
    """E tr (S + penalty)^-1 exceeds its limit by gamma / ((1 + kappa)^3 (1 - gamma/(1 + kappa)^2)^2)."""
    n, signal, noise_variance = 300, 2.0, 0.5

    def trace_term(penalty):
        kappa = ridge_risk(ratio, penalty, signal=1.0, noise_variance=1.0).kappa
        return ratio / ((1 + kappa) ** 3 * (1 - ratio / (1 + kappa) ** 2) ** 2)

    penalty, h = 0.3, 1e-5
    slope = (trace_term(penalty + h) - trace_term(penalty - h)) / (2 * h)
    d = round(ratio * n)
    correction = _isotropic(n, d, penalty, signal, noise_variance)
    assert correction.bias == pytest.approx(-signal * penalty**2 * slope / d, rel=1e-7, abs=0)
    variance = noise_variance / n * (trace_term(penalty) + penalty * slope)
    assert correction.variance == pytest.approx(variance, rel=1e-7, abs=0)
    assert correction.risk == correction.bias + correction.variance


@pytest.mark.parametrize("penalty", [0.0, 0.05])
def test_anisotropic_simulation_lies_where_the_correction_says(penalty):
    n, eigenvalues, coefficients = 15, 1 / np.arange(1.0, 76), np.zeros(75)
    coefficients[:3] = 1.0
    parameters = {"noise_variance": 0.25, "penalty": penalty}
    rngs = [np.random.default_rng([7, seed]) for seed in range(2000)]
    measured = anisotropic_risk_parts(
        n=n, eigenvalues=eigenvalues, coefficients=coefficients, rngs=rngs, **parameters
    )
    theory = deterministic_equivalent(eigenvalues, coefficients, n, **parameters)
    correction = finite_size_correction(eigenvalues, coefficients, n, **parameters)
    gap = measured.bias.mean() - theory.bias
    error = measured.bias.std(ddof=1) / np.sqrt(len(rngs))
    assert gap > 4 * error  # the correction is needed
    assert abs(gap - correction.bias) < 4 * error + correction.bias**2 / theory.bias


def test_the_correction_is_inversely_proportional_to_n_and_continuous_in_the_penalty():
    small, large = _isotropic(50, 100, 0.1), _isotropic(500, 1000, 0.1)
    np.testing.assert_allclose(small, 10 * np.array(large), rtol=1e-9)
    path = finite_size_correction(
        1 / np.arange(1.0, 91), np.ones(90), 30, penalty=[[0.0, 1e-13]], noise_variance=1.0
    )
    assert path.bias.shape == (1, 2)
    np.testing.assert_allclose(path.risk[0, 0], path.risk[0, 1], rtol=1e-9)


def test_at_the_pole_the_variance_is_infinite_unless_there_is_no_noise():
    assert _isotropic(20, 20, 0.0).variance == np.inf
    assert _isotropic(20, 20, 0.0, noise_variance=0.0).risk == 0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n": 0}, "n"),
        ({"penalty": -1.0}, "penalty"),
        ({"noise_variance": -1.0}, "noise_variance"),
        ({"eigenvalues": [1.0, 2.0]}, "eigenvalues"),
        ({"coefficients": [1.0]}, "coefficients"),
        ({"coefficients": [np.nan, 1.0]}, "coefficients"),
    ],
)
def test_bad_input_is_named(change, name):
    arguments = {"eigenvalues": [2.0, 1.0], "coefficients": [1.0, 1.0], "n": 3}
    options = {"penalty": 0.1, "noise_variance": 1.0}
    for key, value in change.items():
        (arguments if key in arguments else options)[key] = value
    with pytest.raises(ValueError, match=name):
        finite_size_correction(*arguments.values(), **options)
