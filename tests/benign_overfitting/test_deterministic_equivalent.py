"""The deterministic equivalent against many digits, closed forms, golden values and its symmetries."""

import numpy as np
import pytest
from dltheory.benign_overfitting.asymptotics import deterministic_equivalent, ridge_risk
from dltheory.benign_overfitting.effective_rank import effective_ranks
from dltheory.benign_overfitting.power_log import PowerLogSpectrum, power_law
from dltheory.benign_overfitting.spectra import FiniteSpectrum, spiked
from hypothesis import given
from hypothesis import strategies as st

from tests import oracles


@pytest.mark.parametrize("total_penalty", [0.0, 10.0])
def test_golden_anisotropic(golden, total_penalty):
    entry = golden["benign"][f"deteq_aniso_L{total_penalty}"]
    coefficients = np.r_[np.ones(5), np.zeros(295)]
    result = deterministic_equivalent(
        1 / np.arange(1, 301), coefficients, 60, penalty=total_penalty / 60, noise_variance=0.25
    )
    got = [result.bias, result.variance, result.kappa, result.df2]
    np.testing.assert_allclose(got, entry["value"], rtol=entry["rtol"])
    bias, _, variance, _ = entry["monte_carlo"]
    np.testing.assert_allclose([result.bias, result.variance], [bias, variance], rtol=0.05)


def test_golden_self_induced_ridge(golden):
    """Min-norm on head and flat tail is ridge on the head, up to the noise that the tail absorbs."""
    entry = golden["benign"]["self_induced_ridge"]
    spectrum = spiked(np.ones(10), floor=49.975 / 19990, floor_count=19990)
    head = np.full(10, np.sqrt(0.1))
    whole = deterministic_equivalent(spectrum, head, 100, penalty=0.0, noise_variance=1.0)
    ridge = deterministic_equivalent(np.ones(10), head, 100, penalty=0.49975, noise_variance=1.0)
    got = [*whole[:2], whole.kappa, *ridge[:2], ridge.kappa]
    np.testing.assert_allclose(got, entry["value"], rtol=entry["rtol"])
    tail_variance = 100 / effective_ranks(spectrum, 10).R_k
    assert tail_variance == pytest.approx(entry["tail_variance"], rel=entry["rtol"], abs=0)
    assert whole.variance - ridge.variance == pytest.approx(tail_variance, rel=0.02, abs=0)


def test_golden_infinite_family(golden):
    """The golden values put the tail beyond 2e6 into the ridge, which is good to 1e-4 up to n = 1e4."""
    entry = golden["benign"]["benign_family_inf_ln-2.0"]
    for n in (100, 1000, 10_000):
        result = deterministic_equivalent(PowerLogSpectrum(1, 2), [0.0], n, penalty=0.0, noise_variance=1.0)
        np.testing.assert_allclose([result.variance, n * result.kappa], entry["value"][str(n)][1:], rtol=1e-4)


def test_tail_as_ridge_fails_when_the_effective_ridge_is_small(golden):
    """At n = 1e5 the golden recipe is reproduced exactly, and is 1e-3 away from the infinite spectrum."""
    _, variance, ridge = golden["benign"]["benign_family_inf_ln-2.0"]["value"]["100000"]
    spectrum, n, cut = PowerLogSpectrum(1, 2), 100_000, 2_000_000
    arguments = {"n": n, "noise_variance": 1.0, "coefficients": [0.0]}
    recipe = deterministic_equivalent(
        FiniteSpectrum(spectrum.leading(cut)), penalty=spectrum.tail_sum(cut) / n, **arguments
    )
    np.testing.assert_allclose([recipe.variance, n * recipe.kappa], [variance, ridge], rtol=1e-7)
    exact = deterministic_equivalent(spectrum, penalty=0.0, **arguments)
    assert exact.variance / recipe.variance - 1 == pytest.approx(9.4e-4, rel=0.02, abs=0)


@pytest.mark.parametrize(
    ("a", "b", "n"), [(1, 2, 100), (1, 2, 100_000), (1, 1.2, 1000), (1.5, 0, 3000), (3, 1, 50)]
)
def test_sums_over_infinite_spectra_in_many_digits(a, b, n):
    result = deterministic_equivalent(PowerLogSpectrum(a, b), [1.0], n, penalty=0.0, noise_variance=1.0)
    df1 = oracles.power_log_sum(a, b, 0, lambda v: v / (v + result.kappa), 1 / result.kappa)
    df2 = oracles.power_log_sum(a, b, 0, lambda v: (v / (v + result.kappa)) ** 2, 0)
    assert float(df1) == pytest.approx(n, rel=1e-12, abs=0)
    assert result.df1 == pytest.approx(n, rel=1e-12, abs=0)
    assert result.df2 == pytest.approx(float(df2), rel=1e-12, abs=0)


@pytest.mark.parametrize("d", [7, 19, 20, 21, 30, 60])
@pytest.mark.parametrize("penalty", [1e-12, 1e-3, 0.4, 1e6])
def test_against_bisection_in_many_digits(d, penalty):
    eigenvalues = np.exp(-np.linspace(0, 6, d))
    coefficients = np.sin(np.arange(d) + 1.0)
    bias, variance, kappa = oracles.deterministic_equivalent_by_bisection(
        eigenvalues, coefficients, 20, penalty, 0.3
    )
    result = deterministic_equivalent(eigenvalues, coefficients, 20, penalty=penalty, noise_variance=0.3)
    got, expected = (result.bias, result.variance, result.kappa), (float(bias), float(variance), float(kappa))
    assert got == pytest.approx(expected, rel=1e-10, abs=0)


@pytest.mark.parametrize("penalty", [0.0, 1e-9, 0.2, 3.0])
@pytest.mark.parametrize("d", [30, 99, 101, 500])
def test_isotropic_case_is_the_closed_form(d, penalty):
    result = deterministic_equivalent(
        np.ones(d), np.full(d, np.sqrt(2.0 / d)), 100, penalty=penalty, noise_variance=0.5
    )
    closed = ridge_risk(d / 100, penalty, signal=2.0, noise_variance=0.5)
    np.testing.assert_allclose([*result[:3], result.kappa], closed, rtol=1e-11, atol=1e-25)


@given(
    eigenvalues=st.lists(st.floats(1e-4, 1e4), min_size=1, max_size=30),
    n=st.integers(1, 40),
    penalty=st.sampled_from([0.0, 1e-8, 0.1, 10.0]),
    scale=st.integers(-200, 200),
)
def test_equations_hold_and_units_are_right(eigenvalues, n, penalty, scale):
    eigenvalues = np.sort(eigenvalues)[::-1]
    if penalty == 0 and eigenvalues.size == n:
        return
    coefficients = np.cos(np.arange(eigenvalues.size))
    result = deterministic_equivalent(eigenvalues, coefficients, n, penalty=penalty, noise_variance=1.0)
    if result.kappa > 0:
        left = np.sum(eigenvalues / (eigenvalues + result.kappa)) + n * penalty / result.kappa
        assert left == pytest.approx(n, rel=1e-10, abs=0)
    scaled = deterministic_equivalent(
        np.ldexp(eigenvalues, scale), coefficients, n, penalty=np.ldexp(penalty, scale), noise_variance=1.0
    )
    assert scaled.variance == pytest.approx(result.variance, rel=1e-12, abs=0)
    assert scaled.kappa == pytest.approx(np.ldexp(result.kappa, scale), rel=1e-12, abs=0)
    assert scaled.bias == pytest.approx(np.ldexp(result.bias, scale), rel=1e-12, abs=0)


def test_fewer_directions_than_samples_is_least_squares():
    result = deterministic_equivalent([3.0, 1.0, 0.0], [1.0, 1.0, 5.0], 10, penalty=0.0, noise_variance=2.0)
    assert result[:5] == (0.0, 2.0 * 2 / 8, 2.0 * 2 / 8, 0.0, 2.0)


def test_as_many_directions_as_samples_is_a_pole():
    pole = deterministic_equivalent([3.0, 1.0], [1.0, 1.0], 2, penalty=0.0, noise_variance=2.0)
    assert (pole.bias, pole.variance, pole.risk) == (0.0, np.inf, np.inf)
    quiet = deterministic_equivalent([3.0, 1.0], [1.0, 1.0], 2, penalty=0.0, noise_variance=0.0)
    assert quiet.risk == 0
    near = deterministic_equivalent([3.0, 1.0], [1.0, 1.0], 2, penalty=1e-20, noise_variance=2.0)
    # kappa^2 sum(1/lambda) = n penalty to leading order: here kappa = sqrt(2e-20 / (1/3 + 1))
    assert near.kappa == pytest.approx(np.sqrt(1.5e-20), rel=1e-9, abs=0)


@pytest.mark.parametrize("gap", [1e-10, 1e-100, 1e-300])
def test_a_gap_after_the_first_n_eigenvalues(gap):
    """With eigenvalues 1 and gap and n = 1 the equation is kappa^2 = gap: rounding must not hide the gap."""
    result = deterministic_equivalent([1.0, gap], [1.0, 0.0], 1, penalty=0.0, noise_variance=1.0)
    assert result.kappa == pytest.approx(np.sqrt(gap), rel=1e-12, abs=0)
    assert result.bias == pytest.approx(np.sqrt(gap) / 2, rel=2 * np.sqrt(gap) + 1e-12, abs=0)


def test_continuous_at_penalty_zero():
    eigenvalues = 1 / np.arange(1.0, 51)
    for spectrum, n in ((eigenvalues, 20), (eigenvalues, 80), (PowerLogSpectrum(1, 2), 20)):
        path = deterministic_equivalent(spectrum, np.ones(50), n, penalty=[0.0, 1e-12], noise_variance=1.0)
        assert path.risk[1] == pytest.approx(path.risk[0], rel=1e-8, abs=0)


def test_penalties_share_one_call_and_keep_their_shape():
    penalties = np.array([[0.0, 0.1, 3.0], [1e-6, 2.0, 1e9]])
    for spectrum in (np.linspace(2, 0.1, 40), power_law(1.3)):
        together = deterministic_equivalent(spectrum, np.ones(40), 25, penalty=penalties, noise_variance=1.0)
        assert all(field.shape == penalties.shape for field in together)
        for index, penalty in np.ndenumerate(penalties):
            alone = deterministic_equivalent(spectrum, np.ones(40), 25, penalty=penalty, noise_variance=1.0)
            np.testing.assert_allclose([field[index] for field in together], alone, rtol=1e-11)


def test_a_long_floor_is_its_list():
    coefficients = np.r_[1.0, -1.0, 0.5]
    short = FiniteSpectrum([2.0, 1.0], floor=0.01, floor_count=900)
    listed = np.r_[2.0, 1.0, np.full(900, 0.01)]
    padded = np.r_[coefficients, np.zeros(899)]
    a = deterministic_equivalent(short, coefficients, 50, penalty=0.01, noise_variance=1.0)
    b = deterministic_equivalent(listed, padded, 50, penalty=0.01, noise_variance=1.0)
    np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"eigenvalues": [1.0, 2.0]}, "eigenvalues must be in descending order"),
        ({"coefficients": [1.0]}, "coefficients must have the shape of eigenvalues"),
        ({"coefficients": [1.0, np.inf]}, "coefficients must be finite"),
        ({"n": 0}, "n must be at least 1"),
        ({"n": 2.0}, "n must be an integer"),
        ({"penalty": -0.1}, "penalty must be at least 0"),
        ({"penalty": [0.1, np.nan]}, "penalty must be finite"),
        ({"noise_variance": -1.0}, "noise_variance must be at least 0"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    arguments = {
        "eigenvalues": [2.0, 1.0],
        "coefficients": [1.0, 1.0],
        "n": 5,
        "penalty": 0.1,
        "noise_variance": 1.0,
    }
    with pytest.raises(ValueError, match=message):
        deterministic_equivalent(**(arguments | changes))
