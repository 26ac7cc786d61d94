"""Effective ranks, the split k* and the two bounds."""

import math

import numpy as np
import pytest
from dltheory.benign_overfitting.deterministic_equivalent import deterministic_equivalent
from dltheory.benign_overfitting.effective_rank import (
    benign_split,
    bias_bound,
    effective_ranks,
    variance_bound,
)
from dltheory.benign_overfitting.power_log import PowerLogSpectrum, power_law
from dltheory.benign_overfitting.spectra import FiniteSpectrum, exponential_plus_floor, spiked
from hypothesis import given
from hypothesis import strategies as st

from tests import oracles

spectra = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=40).map(lambda v: sorted(v, reverse=True))


def truncated(a, b, size=2_000_000):
    k = np.arange(1.0, size + 1)
    return k**-a * np.log((k + 1) * np.e / 2) ** -b


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.5), (1.5, 0.0), (2.0, 0.0)])
def test_golden_truncated_families(golden, a, b):
    reference = golden["benign"][f"effranks_k-{a}_ln-{b}_P2e6"]
    eigenvalues = FiniteSpectrum(truncated(a, b))
    for n, (split, r_k, R_k, bound, variance) in reference["value"].items():
        n = int(n)
        assert benign_split(eigenvalues, n) == split
        np.testing.assert_allclose(effective_ranks(eigenvalues, split), [r_k, R_k], rtol=reference["rtol"])
        assert variance_bound(eigenvalues, n, noise_variance=1.0) == pytest.approx(
            bound, rel=reference["rtol"], abs=0
        )
        result = deterministic_equivalent(eigenvalues, [0.0], n, penalty=0.0, noise_variance=1.0)
        assert result.variance == pytest.approx(variance, rel=reference["rtol"], abs=0)


def test_golden_infinite_family_split(golden):
    for n, (split, *_) in golden["benign"]["benign_family_inf_ln-2.0"]["value"].items():
        assert benign_split(PowerLogSpectrum(1, 2), int(n)) == split


def test_equal_eigenvalues_count_what_is_left():
    ranks = effective_ranks(np.full(50, 0.3), np.array([0, 10, 49]))
    np.testing.assert_allclose(ranks, [[50, 40, 1]] * 2, rtol=1e-13)


@given(eigenvalues=spectra, data=st.data())
def test_ranks_by_definition_and_their_order(eigenvalues, data):
    k = data.draw(st.integers(0, len(eigenvalues) - 1))
    r_k, R_k = effective_ranks(eigenvalues, k)
    assert (r_k, R_k) == pytest.approx(
        oracles.effective_ranks_by_definition(eigenvalues, k), rel=1e-12, abs=0
    )
    assert r_k >= 1
    assert r_k <= R_k * (1 + 1e-12)
    assert R_k <= r_k**2 * (1 + 1e-12)
    assert R_k <= (len(eigenvalues) - k) * (1 + 1e-12)


@given(eigenvalues=spectra, exponent=st.integers(-900, 900), data=st.data())
def test_ranks_do_not_depend_on_the_scale(eigenvalues, exponent, data):
    """Powers of two scale without rounding, so the ranks must agree to the last bit."""
    k = data.draw(st.integers(0, len(eigenvalues) - 1))
    scaled = np.ldexp(eigenvalues, exponent)
    assert effective_ranks(scaled, k) == effective_ranks(eigenvalues, k)
    assert benign_split(scaled, 3) == benign_split(eigenvalues, 3)


@given(eigenvalues=spectra, n=st.integers(1, 30), b=st.floats(0.1, 5), penalty=st.sampled_from([0, 0.3, 50]))
def test_split_is_the_first_index_that_qualifies(eigenvalues, n, b, penalty):
    expected = oracles.benign_split_by_loop(eigenvalues, n, b, penalty)
    got = benign_split(eigenvalues, n, b=b, penalty=penalty)
    if got != expected:  # only where the two sides are equal up to rounding
        k = min(got, expected)
        assert n * penalty + math.fsum(eigenvalues[k:]) == pytest.approx(
            b * n * eigenvalues[k], rel=1e-12, abs=0
        )
    assert math.isinf(got) or isinstance(got, int)


@pytest.mark.parametrize("spectrum", [PowerLogSpectrum(1, 2), PowerLogSpectrum(1, 1.1), power_law(1.7)])
@pytest.mark.parametrize(("n", "b", "penalty"), [(1, 1, 0), (30, 1, 0), (30, 2.5, 0.1), (200, 1, 0.01)])
def test_split_of_infinite_spectra_by_scanning(spectrum, n, b, penalty):
    k = np.arange(3000)
    reached = effective_ranks(spectrum, k).r_k + n * penalty / spectrum.leading(3000) >= b * n
    assert reached.any()
    assert benign_split(spectrum, n, b=b, penalty=penalty) == np.argmax(reached)


def test_split_inside_a_floor():
    spectrum = spiked([5.0, 1.0], floor=0.01, floor_count=10**12)
    listed = [5.0, 1.0] + [0.01] * 5000
    assert benign_split(spectrum, 10**6) == 0
    assert benign_split(FiniteSpectrum([5.0, 1.0], floor=0.01, floor_count=5000), 100) == 2
    assert benign_split(listed, 100) == 2


def test_no_split_is_infinity_and_bounds_nothing():
    flat = np.ones(50)
    assert benign_split(flat, 51) == math.inf
    assert benign_split(flat, 50) == 0
    assert variance_bound(flat, 51, noise_variance=1.0) == math.inf
    assert bias_bound(flat, flat, 51) == math.inf


def test_truncation_destroys_benign_overfitting():
    """Cut at two million, the family k^-1 ln^-2 stops improving with n; in full it keeps improving."""
    whole, cut = PowerLogSpectrum(1, 2), FiniteSpectrum(truncated(1, 2))
    variances = {}
    for name, spectrum in {"whole": whole, "cut": cut}.items():
        results = [
            deterministic_equivalent(spectrum, [0.0], n, penalty=0.0, noise_variance=1.0)
            for n in (100, 1000, 10_000)
        ]
        variances[name] = np.array([result.variance for result in results])
    np.testing.assert_allclose(variances["cut"], [0.338, 0.282, 0.285], atol=5e-4)
    np.testing.assert_allclose(variances["whole"], [0.254, 0.171, 0.126], atol=5e-4)
    assert np.all(variances["cut"] > variances["whole"] * 1.3)
    splits = [benign_split(cut, 10_000), benign_split(whole, 10_000)]
    assert splits[0] > splits[1]


def test_exponential_plus_floor_is_benign_at_the_rate_of_its_bound():
    """Floor of length n^1.5 and trace sqrt(n): the rate is within 2% of the variance itself."""
    variances = []
    for n in (100, 1000, 10_000):
        size = round(n**1.5)
        spectrum = exponential_plus_floor(1.0, floor=n**0.5 / size, size=size)
        result = deterministic_equivalent(spectrum, [0.0], n, penalty=0.0, noise_variance=1.0)
        assert result.variance == pytest.approx(
            variance_bound(spectrum, n, noise_variance=1.0), rel=0.02, abs=0
        )
        variances.append(result.variance)
    np.testing.assert_allclose(variances, [0.122, 0.0347, 0.0104], rtol=5e-3)


@pytest.mark.parametrize("penalty", [0.0, 0.02])
@pytest.mark.parametrize("spectrum", [PowerLogSpectrum(1, 2), PowerLogSpectrum(1, 1.5), power_law(1.5)])
def test_bounds_are_the_rate_of_the_risk(spectrum, penalty):
    """Over two decades of n the ratio to the deterministic equivalent stays put; its value is not named.

    The ratios still drift like 1/ln n for the logarithmic families, by at most a sixth here.
    """
    coefficients, ratios = np.ones(8), []
    for n in (500, 5000, 50_000):
        result = deterministic_equivalent(spectrum, coefficients, n, penalty=penalty, noise_variance=2.0)
        variance = variance_bound(spectrum, n, noise_variance=2.0, penalty=penalty)
        ratios.append(
            [result.variance / variance, result.bias / bias_bound(spectrum, coefficients, n, penalty=penalty)]
        )
    assert np.all(np.ptp(np.log(ratios), axis=0) < 1 / 6)


@pytest.mark.parametrize("exponent", [1.3, 2.0, 3.0])
def test_power_law_variance_over_its_bound_has_an_exact_limit(exponent):
    """Integrals for the sums give variance a - 1 and bound (a - 1) 2a/(2a - 1), up to a relative 1/n."""
    n = 10**6
    bound = variance_bound(power_law(exponent), n, noise_variance=1.0)
    variance = deterministic_equivalent(
        power_law(exponent), [0.0], n, penalty=0.0, noise_variance=1.0
    ).variance
    assert variance == pytest.approx(exponent - 1, rel=1e-5, abs=0)
    assert variance / bound == pytest.approx(1 - 1 / (2 * exponent), rel=1e-5, abs=0)


def test_bias_bound_says_little_beyond_its_assumption():
    """For k^-3 the split is near 2n, and the bias 600 times the expression."""
    spectrum, n = power_law(3), 50_000
    assert benign_split(spectrum, n) == pytest.approx(2 * n, rel=0.01, abs=0)
    bias = deterministic_equivalent(spectrum, np.ones(8), n, penalty=0.0, noise_variance=0.0).bias
    assert bias / bias_bound(spectrum, np.ones(8), n) == pytest.approx(600, rel=0.01, abs=0)


@given(eigenvalues=spectra, n=st.integers(1, 20), penalty=st.floats(0, 10))
def test_bounds_by_their_formulas(eigenvalues, n, penalty):
    eigenvalues = np.array(eigenvalues)
    coefficients = np.cos(np.arange(eigenvalues.size))
    k = benign_split(eigenvalues, n, penalty=penalty)
    if math.isinf(k):
        return
    head, tail = eigenvalues[:k], eigenvalues[k:]
    effective_ridge = n * penalty + tail.sum()
    variance = 0.7 * (k / n + n * np.sum(tail**2) / effective_ridge**2)
    bias = np.sum(tail * coefficients[k:] ** 2)
    bias += np.sum(coefficients[:k] ** 2 / head) * (effective_ridge / n) ** 2
    assert variance_bound(eigenvalues, n, noise_variance=0.7, penalty=penalty) == pytest.approx(
        variance, rel=1e-10, abs=0
    )
    assert bias_bound(eigenvalues, coefficients, n, penalty=penalty) == pytest.approx(bias, rel=1e-10, abs=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_ranks([1.0, 0.5], 2), "k must be at least 0 and less than .* 2, got 2"),
        (lambda: effective_ranks([1.0, 0.5], -1), "k must be at least 0"),
        (lambda: effective_ranks([1.0, 0.0], 1), "less than the number of positive eigenvalues 1"),
        (lambda: effective_ranks([1.0, 0.5], 0.0), "k must be an integer"),
        (lambda: effective_ranks([1.0, 0.5], []), "k must be an integer"),
        (lambda: benign_split([1.0], 0), "n must be at least 1"),
        (lambda: benign_split([1.0], 2.5), "n must be an integer"),
        (lambda: benign_split([1.0], 2, b=0), "b must be greater than 0"),
        (lambda: benign_split([1.0], 2, penalty=-1), "penalty must be at least 0"),
        (lambda: variance_bound([1.0], 2, noise_variance=-1), "noise_variance must be at least 0"),
        (lambda: bias_bound([1.0], [1.0, 2.0], 1), "coefficients must have the shape of eigenvalues"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
