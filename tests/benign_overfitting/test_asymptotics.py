"""Exact asymptotics with isotropic features, and the exact finite-sample values."""

import mpmath
import numpy as np
import pytest
from dltheory.benign_overfitting.asymptotics import (
    finite_sample_ridgeless_risk,
    optimal_penalty,
    ridge_risk,
    ridgeless_risk,
    stieltjes_transform,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from tests import oracles

RATIOS = np.array([0.1, 0.5, 0.9, 0.99, 1.01, 1.1, 2.0, 5.0, 50.0])


def named(golden, prefix):
    """Golden entries ``prefix_g<ratio>_snr<signal>`` as (ratio, signal, entry)."""
    for name, entry in golden["benign"].items():
        if name.startswith(prefix + "_g"):
            ratio, signal = name.removeprefix(prefix + "_g").split("_snr")
            yield float(ratio), float(signal), entry


def test_golden_ridgeless(golden):
    entries = list(named(golden, "ridgeless"))
    assert entries
    for ratio, signal, entry in entries:
        result = ridgeless_risk(ratio, signal=signal, noise_variance=1.0)
        np.testing.assert_allclose(result, entry["value"], rtol=entry["atol"])


def test_golden_optimal_ridge(golden):
    entries = list(named(golden, "optridge"))
    assert entries
    for ratio, signal, entry in entries:
        result = optimal_penalty(ratio, signal=signal, noise_variance=1.0)
        np.testing.assert_allclose([result.penalty, result.risk], entry["value"], rtol=entry["atol"])


@pytest.mark.parametrize("d", [28, 90])
def test_golden_finite_sample(golden, d):
    entry = golden["benign"][f"exact_n30_p{d}"]
    result = finite_sample_ridgeless_risk(30, d, signal=1.0, noise_variance=1.0)
    np.testing.assert_allclose(result[:2], entry["value"], rtol=entry["atol"])
    mean, standard_error = entry["monte_carlo"]
    assert abs(result.variance - mean) < 3 * standard_error


def test_finite_sample_tends_to_the_limit():
    """The difference is a factor (n - d)/(n - d - 1) in the variance, and none in the bias."""
    for n, d in ((10**6, 3 * 10**5), (10**6, 4 * 10**6)):
        exact = finite_sample_ridgeless_risk(n, d, signal=2.0, noise_variance=0.5)
        limit = ridgeless_risk(d / n, signal=2.0, noise_variance=0.5)
        np.testing.assert_allclose(exact, limit, rtol=2e-6)


def test_poles_are_infinite_and_signs_right_around_them():
    assert ridgeless_risk(1.0, signal=1.0, noise_variance=0.1) == (0.0, np.inf, np.inf)
    assert ridge_risk(1.0, 0.0, signal=1.0, noise_variance=0.1).risk == np.inf
    near = finite_sample_ridgeless_risk(30, np.arange(27, 34), signal=1.0, noise_variance=0.1)
    np.testing.assert_array_equal(np.isinf(near.variance), [False, False, True, True, True, False, False])
    assert np.all(near.variance > 0)
    assert not np.any(np.isnan(near.risk))


def test_without_noise_there_is_no_pole():
    for result in (
        ridgeless_risk([0.5, 1.0, 2.0], signal=3.0, noise_variance=0.0),
        ridge_risk([0.5, 1.0, 2.0], 0.0, signal=3.0, noise_variance=0.0),
    ):
        np.testing.assert_allclose(result.risk, [0.0, 0.0, 1.5])
    exact = finite_sample_ridgeless_risk(10, [9, 10, 11], signal=11.0, noise_variance=0.0)
    np.testing.assert_allclose(exact.risk, [0, 0, 1])


def test_more_parameters_than_reason_predict_zero():
    """As the ratio grows the estimator tends to zero, and the risk to the signal."""
    for result in (
        ridgeless_risk(1e12, signal=2.5, noise_variance=1.0),
        ridge_risk(1e12, 0.3, signal=2.5, noise_variance=1.0),
        optimal_penalty(1e12, signal=2.5, noise_variance=1.0),
        ridge_risk(0.7, 1e14, signal=2.5, noise_variance=1.0),
        ridge_risk(0.7, 1e300, signal=2.5, noise_variance=1.0),
    ):
        assert result.risk == pytest.approx(2.5, rel=1e-11, abs=0)


@pytest.mark.parametrize("ratio", [1e-6, 0.3, 1 - 1e-9, 1.0, 1 + 1e-9, 3.0, 1e7])
@pytest.mark.parametrize("penalty", [1e-14, 1e-6, 0.1, 3.0, 1e9])
def test_ridge_against_the_stieltjes_formula_in_many_digits(ratio, penalty):
    """The textbook formula in doubles loses all digits in the corners of this grid."""
    bias, variance, m = oracles.ridge_risk_by_stieltjes(ratio, penalty, 1.5, 0.7, digits=90)
    result = ridge_risk(ratio, penalty, signal=1.5, noise_variance=0.7)
    assert result.bias == pytest.approx(float(bias), rel=2e-12, abs=0)
    assert result.variance == pytest.approx(float(variance), rel=2e-12, abs=0)
    assert stieltjes_transform(ratio, penalty) == pytest.approx(float(m), rel=2e-12, abs=0)
    assert result.kappa == pytest.approx(
        penalty + ratio * result.kappa / (1 + result.kappa), rel=1e-12, abs=0
    )


@pytest.mark.parametrize(("ratio", "penalty"), [(0.4, 0.2), (2.5, 0.05)])
def test_ridge_is_an_integral_over_the_marchenko_pastur_law(ratio, penalty):
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2

    def density(s):
        return mpmath.sqrt((high - s) * (s - low)) / (2 * mpmath.pi * ratio * s)

    at_zero = max(0, 1 - 1 / ratio)
    bias = penalty**2 * mpmath.quad(lambda s: density(s) / (s + penalty) ** 2, [low, high]) + at_zero
    variance = ratio * mpmath.quad(lambda s: s * density(s) / (s + penalty) ** 2, [low, high])
    result = ridge_risk(ratio, penalty, signal=1.0, noise_variance=1.0)
    assert (result.bias, result.variance) == pytest.approx((float(bias), float(variance)), rel=1e-8, abs=0)


def test_ridge_is_continuous_at_penalty_zero():
    ridgeless = ridgeless_risk(RATIOS, signal=1.3, noise_variance=0.4)
    at_zero = ridge_risk(RATIOS, 0.0, signal=1.3, noise_variance=0.4)
    tiny = ridge_risk(RATIOS, 1e-13, signal=1.3, noise_variance=0.4)
    np.testing.assert_allclose(at_zero[:3], ridgeless, rtol=1e-13, atol=1e-30)
    np.testing.assert_allclose(tiny.risk, ridgeless.risk, rtol=1e-8)


@given(
    ratio=st.floats(0.05, 20),
    signal=st.floats(0.1, 10),
    noise=st.floats(0.01, 10),
    factor=st.floats(0.01, 100),
)
def test_no_penalty_beats_the_optimal_one(ratio, signal, noise, factor):
    best = optimal_penalty(ratio, signal=signal, noise_variance=noise)
    other = ridge_risk(ratio, best.penalty * factor, signal=signal, noise_variance=noise)
    assert best.risk <= other.risk * (1 + 1e-12)
    assert best.risk <= ridgeless_risk(ratio, signal=signal, noise_variance=noise).risk * (1 + 1e-12)
    assert best.risk == pytest.approx(
        noise * ratio * stieltjes_transform(ratio, best.penalty), rel=1e-11, abs=0
    )
    assert best.risk == pytest.approx(best.bias + best.variance, rel=1e-13, abs=0)


@pytest.mark.parametrize(("ratio", "signal"), [(0.5, 1.0), (1.0, 5.0), (3.0, 0.5)])
def test_optimal_penalty_by_numerical_minimisation(ratio, signal):
    def risk(log_penalty):
        return ridge_risk(ratio, np.exp(log_penalty), signal=signal, noise_variance=0.8).risk

    found = minimize_scalar(risk, bounds=(-10, 10), method="bounded", options={"xatol": 1e-10})
    best = optimal_penalty(ratio, signal=signal, noise_variance=0.8)
    assert np.log(best.penalty) == pytest.approx(found.x, abs=1e-6)
    assert best.risk == pytest.approx(found.fun, rel=1e-13, abs=0)


def test_optimal_risk_has_no_peak():
    ratios = np.geomspace(0.01, 100, 400)
    risks = optimal_penalty(ratios, signal=1.0, noise_variance=0.25).risk
    assert np.all(np.diff(risks) > 0)


def test_optimal_penalty_at_its_ends():
    assert optimal_penalty(2.0, signal=0.0, noise_variance=1.0) == (np.inf, 0.0, 0.0, 0.0)
    assert optimal_penalty(2.0, signal=1.0, noise_variance=0.0) == (0.0, 0.5, 0.0, 0.5)


def test_results_broadcast():
    result = ridge_risk(RATIOS[:, None], [0.0, 0.1, 1.0], signal=1.0, noise_variance=0.2)
    assert all(field.shape == (9, 3) for field in result)
    one = ridge_risk(RATIOS[4], 0.1, signal=1.0, noise_variance=0.2)
    assert all(isinstance(field, float) for field in one)
    np.testing.assert_array_equal([field[4, 1] for field in result], one)


@pytest.mark.parametrize("function", [ridgeless_risk, optimal_penalty])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aspect_ratio": 0.0}, "aspect_ratio must be greater than 0"),
        ({"aspect_ratio": [1.0, np.inf]}, "aspect_ratio must be finite"),
        ({"aspect_ratio": []}, "aspect_ratio must not be empty"),
        ({"signal": -1.0}, "signal must be at least 0"),
        ({"noise_variance": -0.1}, "noise_variance must be at least 0, got -0.1"),
        ({"aspect_ratio": [1, 2, 3], "signal": [1, 2]}, "must have shapes that broadcast"),
    ],
)
def test_bad_arguments_are_named(function, changes, message):
    arguments = {"aspect_ratio": 2.0, "signal": 1.0, "noise_variance": 1.0} | changes
    with pytest.raises(ValueError, match=message):
        function(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ridge_risk(1.0, -1e-9, signal=1, noise_variance=1), "penalty must be at least 0"),
        (lambda: stieltjes_transform(-1.0, 1.0), "aspect_ratio must be greater than 0"),
        (lambda: finite_sample_ridgeless_risk(0, 3, signal=1, noise_variance=1), "n must be greater than 0"),
        (lambda: finite_sample_ridgeless_risk(3, 2.5, signal=1, noise_variance=1), "d must be an integer"),
        (lambda: finite_sample_ridgeless_risk(True, 2, signal=1, noise_variance=1), "n must be an integer"),
    ],
)
def test_bad_arguments_of_the_others(call, message):
    with pytest.raises(ValueError, match=message):
        call()
