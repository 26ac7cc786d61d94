"""Classical errors and the variance at new inputs against averages over the noise."""

import numpy as np
import pytest
from dltheory.benign_overfitting.classical import classical_errors, new_input_variance, squared_misfit


@pytest.mark.parametrize("n_features", [4, 12, 30])
def test_classical_errors_are_averages_over_the_noise(n_features):
    rng = np.random.default_rng(n_features)
    n, sigma, repeats = 12, 0.7, 20_000
    Phi, f = rng.standard_normal((n, n_features)), rng.standard_normal(n)
    fit = Phi @ np.linalg.lstsq(Phi, f, rcond=None)[0]
    predicted = classical_errors(n, n_features, misfit=np.mean((f - fit) ** 2), noise_variance=sigma**2)
    y = f[:, None] + sigma * rng.standard_normal((n, repeats))
    fitted = Phi @ np.linalg.lstsq(Phi, y, rcond=None)[0]
    for samples, expected in [
        (np.mean((y - fitted) ** 2, axis=0), predicted.train_error),
        (np.mean((fitted - f[:, None]) ** 2, axis=0), predicted.in_sample_risk),
    ]:
        error = samples.std(ddof=1) / np.sqrt(repeats)
        assert abs(samples.mean() - expected) < 4 * error + 1e-12


@pytest.mark.parametrize("shape", [(8, 3), (5, 5), (4, 9)])
def test_new_input_variance_is_an_average_over_the_noise(shape):
    rng = np.random.default_rng(sum(shape))
    Phi, new = rng.standard_normal(shape), rng.standard_normal((6, shape[1]))
    noise = 0.5 * rng.standard_normal((shape[0], 20_000))
    samples = np.mean((new @ np.linalg.lstsq(Phi, noise, rcond=None)[0]) ** 2, axis=0)
    predicted = new_input_variance(Phi, new, noise_variance=0.25)
    assert abs(samples.mean() - predicted) < 4 * samples.std(ddof=1) / np.sqrt(samples.size)


def test_at_the_training_inputs_the_variance_is_classical():
    Phi = np.random.default_rng(0).standard_normal((10, 4))
    assert new_input_variance(Phi, Phi, noise_variance=3.0) == pytest.approx(3.0 * 4 / 10)


@pytest.mark.parametrize(
    ("arguments", "options", "name"),
    [
        ((0, 3), {"misfit": 0.0, "noise_variance": 1.0}, "n must"),
        ((5, -1), {"misfit": 0.0, "noise_variance": 1.0}, "n_features"),
        ((5, []), {"misfit": 0.0, "noise_variance": 1.0}, "n_features"),
        ((5, 3), {"misfit": -1.0, "noise_variance": 1.0}, "misfit"),
        ((5, [3, 4]), {"misfit": [1.0, 2.0, 3.0], "noise_variance": 1.0}, "misfit"),
        ((5, 3), {"misfit": 0.0, "noise_variance": -1.0}, "noise_variance"),
        ((5, 3), {"misfit": 0.0, "noise_variance": np.nan}, "noise_variance"),
    ],
)
def test_bad_input_of_classical_errors(arguments, options, name):
    with pytest.raises(ValueError, match=name):
        classical_errors(*arguments, **options)


@pytest.mark.parametrize(
    ("features", "new_features", "noise_variance", "name"),
    [
        (np.ones(3), np.ones((2, 3)), 1.0, "features"),
        (np.ones((2, 3)), np.ones((2, 4)), 1.0, "new_features"),
        (np.full((2, 3), np.inf), np.ones((2, 3)), 1.0, "features"),
        (np.ones((2, 3)), np.ones((2, 3)), -1.0, "noise_variance"),
    ],
)
def test_bad_input_of_new_input_variance(features, new_features, noise_variance, name):
    with pytest.raises(ValueError, match=name):
        new_input_variance(features, new_features, noise_variance=noise_variance)


def test_squared_misfit_is_the_minimum_of_the_loss():
    from scipy.optimize import minimize

    rng = np.random.default_rng(1)
    Phi, f = rng.standard_normal((9, 4)), rng.standard_normal(9)
    best = minimize(lambda a: np.mean((f - Phi @ a) ** 2), np.zeros(4), tol=1e-12).fun
    assert squared_misfit(Phi, f) == pytest.approx(best, rel=1e-8, abs=0)


@pytest.mark.parametrize("response", [np.ones(3), np.ones((2, 1)), [np.nan, 1.0], []])
def test_bad_input_of_squared_misfit(response):
    with pytest.raises(ValueError, match="response"):
        squared_misfit(np.ones((2, 3)), response)
