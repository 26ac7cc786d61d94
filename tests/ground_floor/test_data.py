"""Data generators: their laws, their streams of random numbers, and the split of the digits."""

import numpy as np
import pytest
from dltheory.data import (
    digits,
    flip_labels,
    gaussian_design,
    linear_teacher,
    one_hot,
    sparse_regression,
)
from hypothesis import given
from hypothesis import strategies as st


def test_gaussian_design_has_the_stated_covariance():
    eigenvalues = np.array([4.0, 1.0, 0.25])
    n = 40_000
    X = gaussian_design(n, eigenvalues, rng=np.random.default_rng(0))
    # Var of an entry of the sample covariance is at most 2 lambda_i lambda_j / n; five standard errors.
    error = np.sqrt(2 * np.outer(eigenvalues, eigenvalues) / n)
    assert np.all(np.abs(X.T @ X / n - np.diag(eigenvalues)) < 5 * error)
    assert np.all(np.abs(X.mean(axis=0)) < 5 * np.sqrt(eigenvalues / n))


def test_linear_teacher_adds_noise_of_the_stated_standard_deviation():
    X = np.ones((20_000, 1))
    y = linear_teacher(X, [3.0], noise=0.5, rng=np.random.default_rng(1))
    assert abs(y.mean() - 3.0) < 5 * 0.5 / np.sqrt(len(y))
    assert abs(y.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * len(y))


def test_linear_teacher_with_several_outputs_draws_noise_for_each():
    y = linear_teacher(np.zeros((500, 2)), np.ones((2, 3)), noise=1.0, rng=np.random.default_rng(2))
    assert y.shape == (500, 3)
    assert np.all(np.abs(np.corrcoef(y.T) - np.eye(3)) < 5 / np.sqrt(500))


def test_sparse_regression_draws_the_design_first():
    problem = sparse_regression(5, 12, 2, noise=0.0, rng=np.random.default_rng(7))
    X = np.random.default_rng(7).standard_normal((5, 12))
    np.testing.assert_array_equal(problem.X, X)
    np.testing.assert_allclose(problem.y, X[:, 0] + X[:, 1], rtol=1e-14)
    np.testing.assert_array_equal(problem.coefficients, [1, 1] + [0] * 10)


def test_sparse_regression_with_and_without_noise_shares_the_design():
    quiet = sparse_regression(9, 4, 1, noise=0.0, rng=np.random.default_rng(3))
    loud = sparse_regression(9, 4, 1, noise=2.0, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    rng.standard_normal((9, 4))
    np.testing.assert_array_equal(quiet.X, loud.X)
    np.testing.assert_allclose(loud.y - quiet.y, 2.0 * rng.standard_normal(9), rtol=1e-12)


def test_digits_are_standardised_with_the_training_images_alone():
    from sklearn.datasets import load_digits

    data = digits(n_train=300, seed=4)
    order = np.random.default_rng(4).permutation(1797)
    images, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(data.y_train, labels[order[:300]])
    np.testing.assert_array_equal(data.y_test, labels[order[300:]])
    mean, spread = images[order[:300]].mean(axis=0), images[order[:300]].std(axis=0)
    varies = spread > 0
    assert not varies.all()  # there are constant pixels, so the next lines mean something
    expected = (images[order[300:]][:, varies] - mean[varies]) / spread[varies]
    np.testing.assert_allclose(data.X_test[:, varies], expected, rtol=1e-12)
    assert np.all(data.X_train[:, ~varies] == 0)
    assert np.all(data.X_test[:, ~varies] == 0)
    np.testing.assert_allclose(data.X_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.X_train[:, varies].std(axis=0), 1, rtol=1e-12)
    assert np.issubdtype(data.y_train.dtype, np.integer)


def test_digits_with_one_scale_have_unit_mean_variance_and_no_outliers():
    data = digits(n_train=100, seed=0, scaling="image")
    np.testing.assert_allclose(np.mean(data.X_train**2), 1.0, rtol=1e-12)
    assert np.abs(data.X_test).max() < 10 < np.abs(digits(n_train=100, seed=0).X_test).max()


def test_digits_splits_are_nested_and_share_the_test_images():
    small, large = (digits(n_train=n, n_test=500, seed=1) for n in (100, 900))
    np.testing.assert_array_equal(small.y_train, large.y_train[:100])
    np.testing.assert_array_equal(small.y_test, large.y_test)
    assert not np.array_equal(small.y_test, digits(n_train=100, n_test=500, seed=2).y_test)


@pytest.mark.parametrize("n_train", [1, 2, 1796])
def test_digits_are_finite_at_extreme_sizes(n_train):
    data = digits(n_train=n_train, seed=0)
    assert np.all(np.isfinite(data.X_train))
    assert np.all(np.isfinite(data.X_test))
    assert len(data.X_train) + len(data.X_test) == 1797


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.booleans())
def test_one_hot_is_decoded_by_the_largest_column(labels, centred):
    targets = one_hot(labels, n_classes=5, centred=centred)
    np.testing.assert_array_equal(np.argmax(targets, axis=1), labels)
    np.testing.assert_allclose(targets.sum(axis=1), 0.0 if centred else 1.0, atol=1e-15)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=50), st.floats(0, 1), st.integers(0, 1000))
def test_flip_labels_changes_the_stated_number_to_other_classes(labels, fraction, seed):
    flipped = flip_labels(labels, fraction, n_classes=4, rng=np.random.default_rng(seed))
    assert np.sum(flipped != labels) == round(fraction * len(labels))
    assert set(flipped) <= set(range(4))


def test_flip_labels_is_uniform_over_the_wrong_classes():
    flipped = flip_labels(np.full(30_000, 2), 1.0, n_classes=4, rng=np.random.default_rng(0))
    counts = np.bincount(flipped, minlength=4)
    assert counts[2] == 0
    assert np.all(np.abs(counts[[0, 1, 3]] - 10_000) < 5 * np.sqrt(30_000 * 2 / 9))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: gaussian_design(0, [1.0], rng=RNG), "n must be at least 1"),
        (lambda: gaussian_design(2.5, [1.0], rng=RNG), "n must be an integer"),
        (lambda: gaussian_design(2, [1.0, -1.0], rng=RNG), "eigenvalues must be at least 0"),
        (lambda: gaussian_design(2, [], rng=RNG), "eigenvalues must not be empty"),
        (lambda: gaussian_design(2, [np.nan], rng=RNG), "eigenvalues must be finite"),
        (lambda: gaussian_design(2, [[1.0]], rng=RNG), "eigenvalues must have 1 dim"),
        (lambda: gaussian_design(2, [1.0], rng=0), "rng must be a numpy"),
        (lambda: linear_teacher([[1.0]], [1.0, 2.0], noise=0.0, rng=RNG), "coefficients must have one row"),
        (lambda: linear_teacher([[1.0]], [1.0], noise=-1.0, rng=RNG), "noise must be at least 0"),
        (lambda: linear_teacher([[1.0]], [1.0], noise=1.0, rng=None), "rng must be"),
        (lambda: linear_teacher([1.0], [1.0], noise=1.0, rng=RNG), "X must have 2 dim"),
        (lambda: sparse_regression(2, 3, 4, noise=0.0, rng=RNG), "sparsity must be at most d = 3"),
        (lambda: sparse_regression(2, 3, -1, noise=0.0, rng=RNG), "sparsity must be at least 0"),
        (lambda: sparse_regression(2, 0, 0, noise=0.0, rng=RNG), "d must be at least 1"),
        (lambda: sparse_regression(2, 3, 1, noise=np.inf, rng=RNG), "noise must be finite"),
        (lambda: digits(n_train=1797, seed=0), "n_train must leave a test image"),
        (lambda: digits(n_train=0, seed=0), "n_train must be at least 1"),
        (lambda: digits(n_train=1000, n_test=900, seed=0), "n_test must be at most 797"),
        (lambda: digits(n_train=1000, n_test=0, seed=0), "n_test must be at least 1"),
        (lambda: digits(n_train=10, seed=-1), "seed must be at least 0"),
        (lambda: digits(n_train=10, seed=0, scaling="none"), "scaling must be"),
        (lambda: one_hot([0, 3], n_classes=3), "labels must be at most 2"),
        (lambda: one_hot([0.5], n_classes=3), "labels must be integers"),
        (lambda: one_hot([0], n_classes=1), "n_classes must be at least 2"),
        (lambda: flip_labels([0, 1], 1.5, n_classes=2, rng=RNG), "fraction must be at most 1"),
        (lambda: flip_labels([-1, 1], 0.5, n_classes=2, rng=RNG), "labels must be at least 0"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
