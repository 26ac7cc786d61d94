"""Random ReLU features and the double-descent curve."""

import numpy as np
import pytest
from dltheory.benign_overfitting.random_features import double_descent, draw_weights, random_features
from dltheory.data import digits, one_hot


@pytest.fixture(scope="module")
def images():
    data = digits(n_train=80, n_test=300, seed=1, scaling="image")
    return (data.X_train, data.y_train), (data.X_test, data.y_test)


@pytest.fixture(scope="module")
def curve(images):
    counts = [10, 40, 80, 160, 640]
    return double_descent(*images, counts, rng=np.random.default_rng(0), penalties=[0.0, 1e-3])


def test_against_a_pseudo_inverse(images, curve):
    (X, labels), (X_test, labels_test) = images
    weights = draw_weights(640, 64, rng=np.random.default_rng(0))
    for j, count in enumerate(curve.feature_counts):
        if count == 80:  # at the threshold the design is too ill-conditioned for equality to mean anything
            continue
        features = np.maximum(X @ weights[:count].T, 0) / np.sqrt(count)
        features_test = np.maximum(X_test @ weights[:count].T, 0) / np.sqrt(count)
        Y, Y_test = one_hot(labels, n_classes=10), one_hot(labels_test, n_classes=10)
        gram = features.T @ features / len(X) + 1e-3 * np.eye(count)
        for i, A in enumerate([np.linalg.pinv(features) @ Y, np.linalg.solve(gram, features.T @ Y / len(X))]):
            output = features_test @ A
            squared = np.sum((output - Y_test) ** 2) / len(X_test)
            assert curve.test_error[i, j] == pytest.approx(squared, rel=1e-6, abs=0)
            assert curve.test_error_rate[i, j] == np.mean(output.argmax(axis=1) != labels_test)
            assert curve.coefficient_norm[i, j] == pytest.approx(np.linalg.norm(A), rel=1e-6, abs=0)
            train = np.sum((features @ A - Y) ** 2) / len(X)
            assert curve.train_error[i, j] == pytest.approx(train, rel=1e-6, abs=1e-12)


def test_the_curve_interpolates_peaks_and_falls_again(curve):
    train, test = curve.train_error[0], curve.test_error[0]
    assert np.all(np.diff(train[:2]) < 0)
    assert np.all(train[2:] < 1e-8)  # interpolation, before anything is said about it
    assert np.all(curve.train_error_rate[0, 2:] == 0)
    assert test[2] > 5 * test[1]
    assert test[4] < test[1]
    assert curve.coefficient_norm[0].argmax() == 2
    assert np.all(curve.test_error[1] < 1)  # a small ridge has no peak
    assert np.all(curve.train_error[1] >= train - 1e-12)


def test_features_are_nested():
    few = draw_weights(5, 3, rng=np.random.default_rng(4))
    many = draw_weights(9, 3, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(many[:5], few)


def test_kernel_of_many_features_is_the_arc_cosine():
    """E relu(u.x) relu(u.z) = |x||z| (sin t + (pi - t) cos t)/(2 pi d) at angle t, for u ~ N(0, I/d)."""
    X = np.array([[1.0, 0.0], [np.cos(1.0), np.sin(1.0)], [-2.0, 0.0]])
    features = random_features(X, draw_weights(400_000, 2, rng=np.random.default_rng(0)))
    norms = np.linalg.norm(X, axis=1)
    cosines = np.clip(X @ X.T / np.outer(norms, norms), -1, 1)
    t = np.arccos(cosines)
    expected = np.outer(norms, norms) * (np.sin(t) + (np.pi - t) * cosines) / (2 * np.pi * 2)
    # products have variance below 4 E u^4 = 3, so four standard errors of 4e5 of them are below 0.011
    np.testing.assert_allclose(features @ features.T, expected, atol=0.011)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature_counts": []}, "feature_counts must be a list of integers at least 1"),
        ({"feature_counts": [0, 3]}, "feature_counts must be a list of integers at least 1"),
        ({"feature_counts": [2.5]}, "feature_counts must be a list of integers at least 1"),
        ({"penalties": [-1.0]}, "penalties must be at least 0"),
        ({"rng": 0}, "rng must be a numpy.random.Generator"),
        ({"train": np.ones((3, 2))}, r"train must be a pair \(X, labels\)"),
        ({"train": (np.ones((3, 2)), [0.5, 1.0, 2.0])}, "train labels must be non-negative integers"),
        ({"train": (np.full((3, 2), np.nan), [0, 1, 2])}, "train inputs must be finite"),
        (
            {"test": (np.ones((3, 4)), [0, 1, 2])},
            "test must have inputs of the same dimension as train 2, got 4",
        ),
        ({"test": (np.ones((3, 2)), [0, 1])}, "test labels must be"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    pair = (np.eye(3)[:, :2], np.array([0, 1, 2]))
    arguments = {"train": pair, "test": pair, "feature_counts": [2], "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=message):
        double_descent(**(arguments | changes))


def test_bad_weights_are_named():
    with pytest.raises(ValueError, match="weights must have one column per column of X, got 3 and 2"):
        random_features(np.ones((4, 2)), np.ones((5, 3)))
    with pytest.raises(ValueError, match="n_features must be at least 1"):
        draw_weights(0, 2, rng=np.random.default_rng(0))
