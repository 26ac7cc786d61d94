"""Spectra: tails against exact sums, zeta functions and many-digit arithmetic."""

import math

import mpmath
import numpy as np
import pytest
from dltheory.benign_overfitting.power_log import PowerLogSpectrum, power_law
from dltheory.benign_overfitting.spectra import (
    FiniteSpectrum,
    as_spectrum,
    exponential_plus_floor,
    leading_pairs,
    spiked,
)
from hypothesis import given
from hypothesis import strategies as st

from tests import oracles


@pytest.mark.parametrize("exponent", [1.001, 1.5, 2.0, 5.0])
@pytest.mark.parametrize("k", [0, 1, 17, 1000, 10**6, 10**9])
def test_power_law_tails_are_hurwitz_zeta(exponent, k):
    first, second = power_law(exponent).relative_tail(np.array([k]))
    with mpmath.workdps(60):
        for power, got in ((exponent, first), (2 * exponent, second)):
            exact = mpmath.zeta(power, k + 1) * mpmath.mpf(k + 1) ** power
            assert got[0] == pytest.approx(float(exact), rel=1e-12, abs=0)


@pytest.mark.parametrize(("a", "b"), [(1, 2), (1, 1.01), (1, 6), (1.05, 0.5), (1.5, 3)])
@pytest.mark.parametrize("k", [0, 40])
def test_power_log_tails_against_many_digits(a, b, k):
    spectrum = PowerLogSpectrum(a, b)
    exact = oracles.power_log_sum(a, b, k, lambda value: value, 1)
    assert spectrum.tail_sum(k) == pytest.approx(float(exact), rel=1e-13, abs=0)
    squares = oracles.power_log_sum(a, b, k, lambda value: value**2, 0)
    assert spectrum.tail_square_sum(k) == pytest.approx(float(squares), rel=1e-13, abs=0)


def test_tail_of_the_benign_family(golden):
    """The golden tail starts at the integral from 2e6 + 1/2; the explicit terms before it are exact."""
    expected = golden["benign"]["benign_family_inf_ln-2.0"]["tail_sum"]
    assert PowerLogSpectrum(1, 2).tail_sum(2_000_000) == pytest.approx(expected, rel=1e-7, abs=0)


def test_power_log_tails_telescope():
    spectrum = PowerLogSpectrum(1, 1.5)
    between = math.fsum(spectrum.leading(5000)[100:])
    assert spectrum.tail_sum(100) - spectrum.tail_sum(5000) == pytest.approx(between, rel=1e-12, abs=0)


def test_first_eigenvalues(golden):
    for name, (a, b) in {"k-1.0_ln-1.5": (1, 1.5), "k-1.5_ln-0.0": (1.5, 0), "k-2.0_ln-0.0": (2, 0)}.items():
        expected = golden["benign"][f"effranks_{name}_P2e6"]["first_eigenvalues"]
        np.testing.assert_allclose(PowerLogSpectrum(a, b).leading(3), expected, rtol=1e-14)


def test_relative_tail_has_the_shape_of_k():
    k = np.array([[3, 0], [3, 200]])
    for spectrum in (PowerLogSpectrum(1, 2), FiniteSpectrum(np.linspace(2, 1, 300))):
        first, second = spectrum.relative_tail(k)
        assert first.shape == second.shape == k.shape
        assert first[0, 0] == first[1, 0]
        assert second[0, 1] == spectrum.relative_tail(np.array([0]))[1][0]


def test_benign_exactly_at_one_with_a_logarithm():
    assert PowerLogSpectrum(1, 1.001).is_benign
    assert not PowerLogSpectrum(1.001, 5).is_benign
    assert not power_law(2).is_benign


def test_floor_costs_nothing_and_equals_the_list():
    head, floor, count = [3.0, 1.0, 0.5], 0.25, 400
    short = FiniteSpectrum(head, floor=floor, floor_count=count)
    listed = FiniteSpectrum(head + [floor] * count)
    k = np.arange(403)
    for got, expected in zip(short.relative_tail(k), listed.relative_tail(k), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-13)
    np.testing.assert_array_equal([short.eigenvalue(i) for i in range(403)], listed.head)
    huge = spiked([2.0], floor=1e-12, floor_count=10**15)
    assert huge.tail_sum(1) == pytest.approx(1000, rel=1e-14, abs=0)
    assert huge.tail_sum(5 * 10**14) == pytest.approx(500, rel=1e-14, abs=0)


@given(
    decay_length=st.floats(0.2, 30), floor=st.floats(1e-9, 2), size=st.integers(1, 400), k=st.integers(0, 399)
)
def test_exponential_plus_floor_is_its_formula(decay_length, floor, size, k):
    k = min(k, size - 1)
    spectrum = exponential_plus_floor(decay_length, floor=floor, size=size)
    listed = np.exp(-np.arange(1, size + 1) / decay_length) + floor
    np.testing.assert_array_equal(spectrum.leading(size), listed)
    assert spectrum.tail_sum(k) == pytest.approx(math.fsum(listed[k:]), rel=1e-13, abs=0)
    assert spectrum.tail_square_sum(k) == pytest.approx(math.fsum(listed[k:] ** 2), rel=1e-13, abs=0)


def test_steep_spectra_do_not_underflow():
    """Squares of these eigenvalues are below the least double; their ratios are not."""
    first, second = as_spectrum(np.exp(-np.arange(700.0))).relative_tail(np.arange(690))
    ratio = math.exp(-1)
    np.testing.assert_allclose(first[:600], 1 / (1 - ratio), rtol=1e-12)
    np.testing.assert_allclose(second[:600], 1 / (1 - ratio**2), rtol=1e-12)
    assert first[689] == pytest.approx(sum(ratio**i for i in range(11)), rel=1e-12, abs=0)


def test_nothing_is_left_beyond_the_end():
    assert as_spectrum([2.0, 1.0, 0.0]).tail_sum(2) == 0
    assert as_spectrum([2.0, 1.0]).tail_square_sum(7) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "eigenvalues must not be empty"),
        ([1.0, 2.0], "eigenvalues must be in descending order, got 1 before 2"),
        ([1.0, -1.0], "eigenvalues must be at least 0"),
        ([0.0, 0.0], "eigenvalues must have a positive entry"),
        ([1.0, np.nan], "eigenvalues must be finite"),
        ([[1.0]], "eigenvalues must have 1 dimension"),
    ],
)
def test_bad_eigenvalues_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        as_spectrum(values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PowerLogSpectrum(1, 1), "b must be greater than 1"),
        (lambda: PowerLogSpectrum(0.9, 3), "a must be at least 1"),
        (lambda: PowerLogSpectrum(2, -1), "b must be at least 0"),
        (lambda: power_law(1.0), "exponent must be greater than 1"),
        (lambda: FiniteSpectrum([]), "head must not be empty"),
        (lambda: FiniteSpectrum([1.0], floor=2.0, floor_count=3), "head must be in descending order"),
        (lambda: FiniteSpectrum([1.0], floor=0.0, floor_count=3), "floor must be greater than 0"),
        (lambda: FiniteSpectrum([1.0, 0.5]).leading(3), "count must be at most"),
        (lambda: FiniteSpectrum([1.0, 0.5]).eigenvalue(2), "k must be less than the number of eigenvalues 2"),
        (lambda: exponential_plus_floor(0, floor=1, size=3), "decay_length must be greater than 0"),
        (lambda: exponential_plus_floor(1, floor=1, size=0), "size must be at least 1"),
        (lambda: spiked([1.0], floor=2.0, floor_count=3), "floor must be at most 1"),
        (lambda: spiked([1.0], floor=0.5, floor_count=0), "floor_count must be at least 1"),
        (lambda: as_spectrum([1.0]).tail_sum(-1), "k must be at least 0"),
        (lambda: leading_pairs([1.0, 0.5], [1.0]), r"coefficients must have the shape of eigenvalues \(2,\)"),
        (lambda: leading_pairs(FiniteSpectrum([1.0]), [1.0, 2.0]), "coefficients must have at most 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_index_beyond_the_floating_point_numbers_is_refused():
    spectrum = PowerLogSpectrum(1.0, 2.0)
    assert spectrum.first_split(1e12, 0.0) > 1e12 / 100
    with pytest.raises(ValueError, match="k must be at most"):
        spectrum.first_split(1e18, 0.0)
