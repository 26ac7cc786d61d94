"""The simple and the spiky part of an interpolator."""

import numpy as np
import pytest
from dltheory.benign_overfitting.simple_spiky import self_induced_penalty, simple_spiky_split
from dltheory.benign_overfitting.spectra import spiked


def data(n, k, d, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X[:, k:] *= np.sqrt(5.0 / (d - k))
    return X, X[:, 0] + 0.5 * rng.standard_normal(n)


def test_parts_are_the_interpolator():
    X, y = data(20, 3, 200)
    split = simple_spiky_split(X, y, 3)
    joined = np.r_[split.simple, split.spiky]
    np.testing.assert_allclose(joined, np.linalg.pinv(X) @ y, rtol=1e-9, atol=1e-13)
    H, T = X[:, :3], X[:, 3:]
    generalised = np.linalg.solve(
        H.T @ np.linalg.solve(T @ T.T, H) + np.eye(3), H.T @ np.linalg.solve(T @ T.T, y)
    )
    np.testing.assert_allclose(split.simple, generalised, rtol=1e-9)
    gram = H.T @ H / 20 + split.penalty * np.eye(3)
    np.testing.assert_allclose(split.ridge, np.linalg.solve(gram, H.T @ y / 20), rtol=1e-10)


def test_simple_part_tends_to_ridge_as_the_tail_grows():
    """The deviation falls as sqrt(n/R_k) = sqrt(n/(d - k)), and bounds how far simple is from ridge."""
    deviations = []
    for d in (500, 8000):
        split = simple_spiky_split(*data(20, 3, d), 3)
        deviations.append(split.deviation)
        gap = np.linalg.norm(split.simple - split.ridge)
        assert gap < 2 * split.deviation * np.linalg.norm(split.ridge)
    assert deviations[0] / deviations[1] == pytest.approx(4, rel=0.3, abs=0)
    assert deviations[1] == pytest.approx(2 * np.sqrt(20 / 8000), rel=0.3, abs=0)


def test_penalty_of_the_spectrum_is_that_of_the_design():
    X, y = data(50, 3, 20_000)
    expected = self_induced_penalty(spiked(np.ones(3), floor=5 / 19_997, floor_count=19_997), 50, 3)
    assert expected == pytest.approx(0.1)
    # the trace is a mean of 50 * 19997 squares: relative standard error sqrt(2/1e6)
    assert simple_spiky_split(X, y, 3).penalty == pytest.approx(expected, rel=4 * np.sqrt(2e-6), abs=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simple_spiky_split(np.eye(3), np.ones(3), 0), "k must be at least 1 and less than"),
        (lambda: simple_spiky_split(np.eye(3), np.ones(3), 3), "k must be at least 1 and less than"),
        (lambda: simple_spiky_split(np.eye(3), np.ones((3, 1)), 1), "y must have 1 dimension"),
        (
            lambda: simple_spiky_split(np.eye(3)[:, [0, 1, 1]] * [1, 0, 0], np.ones(3), 1),
            "X must have a column",
        ),
        (lambda: simple_spiky_split(np.eye(3)[:, :2], np.ones(3), 1), "y"),
        (lambda: self_induced_penalty([1.0], 0, 1), "n must be at least 1"),
        (lambda: self_induced_penalty([1.0], 1, -1), "k must be at least 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
