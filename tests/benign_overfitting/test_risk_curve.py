"""Turning points of the risk curves, against numerical minimisation and a second route."""

import numpy as np
import pytest
from dltheory.benign_overfitting.asymptotics import optimal_penalty, ridgeless_risk
from dltheory.benign_overfitting.risk_curve import aspect_ratio_of_optimal_risk, second_minimum
from scipy.optimize import minimize_scalar


@pytest.mark.parametrize(("signal", "noise_variance"), [(1.0, 0.04), (1.0, 0.5), (4.0, 2.5)])
def test_the_second_minimum_is_that_of_the_curve(signal, noise_variance):
    found = minimize_scalar(
        lambda x: ridgeless_risk(1 + np.exp(x), signal=signal, noise_variance=noise_variance).risk,
        bounds=(-5, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    result = second_minimum(signal=signal, noise_variance=noise_variance)
    assert result.risk == pytest.approx(found.fun, rel=1e-12, abs=0)
    assert result.aspect_ratio == pytest.approx(1 + np.exp(found.x), rel=1e-6, abs=0)


def test_with_as_much_noise_as_signal_there_is_no_second_minimum():
    result = second_minimum(signal=[1.0, 1.0], noise_variance=[1.0, 3.0])
    assert np.all(np.isinf(result.aspect_ratio))
    assert np.all(result.risk == 1.0)
    far = ridgeless_risk([10.0, 1e2, 1e4], signal=1.0, noise_variance=3.0).risk
    assert np.all(np.diff(far) < 0)
    assert np.all(far > 1)


def test_the_two_routes_to_the_optimal_risk_are_inverse():
    ratios = np.geomspace(0.02, 50, 40)
    optimal = optimal_penalty(ratios, signal=2.0, noise_variance=0.3)
    back = aspect_ratio_of_optimal_risk(optimal.risk, signal=2.0, noise_variance=0.3)
    np.testing.assert_allclose(back, ratios, rtol=1e-11)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((1.0, 1.0, 1.0), "risk"), ((0.0, 1.0, 1.0), "risk"), ((0.5, 1.0, 0.0), "noise_variance")],
)
def test_bad_input_is_named(arguments, name):
    risk, signal, noise_variance = arguments
    with pytest.raises(ValueError, match=name):
        aspect_ratio_of_optimal_risk(risk, signal=signal, noise_variance=noise_variance)


def test_a_second_minimum_needs_a_signal():
    with pytest.raises(ValueError, match="signal"):
        second_minimum(signal=0.0, noise_variance=1.0)
