"""The law of the variance, against exact means, simulation and an integral."""

import numpy as np
import pytest
from dltheory.benign_overfitting.finite_sample import finite_sample_ridgeless_risk
from dltheory.benign_overfitting.variance_law import pole_median_of_means, ridgeless_variance_quantile


@pytest.mark.parametrize(("n", "d"), [(30, 12), (12, 30), (9, 5)])
def test_the_quantiles_average_to_the_exact_mean(n, d):
    nodes, weights = np.polynomial.legendre.leggauss(400)
    t = (1 + nodes) / 2
    # p = 1 - (1 - t)^2 puts nodes into the heavy upper tail
    quantiles = ridgeless_variance_quantile(n, d, 1 - (1 - t) ** 2, noise_variance=0.5)
    mean = np.sum(weights / 2 * 2 * (1 - t) * quantiles)
    exact = finite_sample_ridgeless_risk(n, d, signal=0.0, noise_variance=0.5).variance
    assert mean == pytest.approx(exact, rel=1e-4, abs=0)


@pytest.mark.parametrize("d", [4, 6, 7, 8, 20])
def test_pseudo_inverses_of_gaussian_matrices_follow_the_law(d):
    n, draws, rng = 7, 4000, np.random.default_rng(5)
    pseudo_inverses = np.linalg.pinv(rng.standard_normal((draws, n, d)))
    fits = np.einsum("sdn,sn->sd", pseudo_inverses, 0.5 * rng.standard_normal((draws, n)))
    variance = np.sum(fits**2, axis=1)
    for p in (0.2, 0.5, 0.8):
        below = np.mean(variance <= ridgeless_variance_quantile(n, d, p, noise_variance=0.25))
        assert abs(below - p) < 4 * np.sqrt(p * (1 - p) / draws)


def test_the_sample_mean_at_the_pole_is_found_in_a_direct_simulation_of_the_law():
    rng, n, seeds, groups = np.random.default_rng(3), 5, 200, 2000
    ratios = rng.chisquare(n, (groups, seeds)) / rng.chisquare(1, (groups, seeds))
    below = np.mean(2.0 * ratios.mean(axis=1) <= pole_median_of_means(n, seeds, noise_variance=2.0))
    assert abs(below - 0.5) < 4 * 0.5 / np.sqrt(groups)


def test_shapes_and_scaling():
    quantiles = ridgeless_variance_quantile(4, 4, [[0.1, 0.9]], noise_variance=2.0)
    assert quantiles.shape == (1, 2)
    assert isinstance(ridgeless_variance_quantile(4, 4, 0.1, noise_variance=2.0), float)
    np.testing.assert_allclose(
        quantiles, 2 * ridgeless_variance_quantile(4, 4, [[0.1, 0.9]], noise_variance=1.0)
    )
    np.testing.assert_allclose(
        pole_median_of_means(3, [1, 50], noise_variance=1.0),
        [pole_median_of_means(3, 1, noise_variance=1.0), pole_median_of_means(3, 50, noise_variance=1.0)],
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 2, 0.5, 1.0), "n"),
        ((2, 0.5, 0.5, 1.0), "d"),
        ((2, 2, 1.0, 1.0), "probability"),
        ((2, 2, 0.5, -1.0), "noise"),
    ],
)
def test_bad_input_is_named(arguments, name):
    *positional, noise_variance = arguments
    with pytest.raises(ValueError, match=name):
        ridgeless_variance_quantile(*positional, noise_variance=noise_variance)


@pytest.mark.parametrize(
    ("n", "seeds", "noise", "name"), [(0, 5, 1.0, "n"), (3, 0, 1.0, "seeds"), (3, 5, -1.0, "noise")]
)
def test_bad_input_of_the_sample_mean_is_named(n, seeds, noise, name):
    with pytest.raises(ValueError, match=name):
        pole_median_of_means(n, seeds, noise_variance=noise)
