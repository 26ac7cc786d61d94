"""The digits experiment against its own definition, image by image."""

import numpy as np
import pytest
from dltheory.benign_overfitting.digits_experiment import digits_double_descent, noisy_fit
from dltheory.benign_overfitting.random_features import draw_weights, random_features
from dltheory.data import digits, flip_labels, one_hot


def test_one_point_is_the_plain_computation():
    curve = digits_double_descent(
        [7, 90], n_train=60, n_seeds=3, penalties=[0.0, 0.1], flipped=0.2, n_test=50
    )
    assert curve["test_error"].values.shape == (2, 2, 3)
    images = digits(n_train=60, seed=2, n_test=50, scaling="image")
    rng = np.random.default_rng(2)
    labels = flip_labels(images.y_train, 0.2, n_classes=10, rng=rng)
    weights = draw_weights(90, 64, rng=rng)
    Phi, new = random_features(images.X_train, weights), random_features(images.X_test, weights)
    A = np.linalg.solve(Phi.T @ Phi / 60 + 0.1 * np.eye(90), Phi.T @ one_hot(labels, n_classes=10) / 60)
    error = np.mean(np.sum((new @ A - one_hot(images.y_test, n_classes=10)) ** 2, axis=1))
    assert curve["test_error"].values[1, 1, 2] == pytest.approx(error)
    rate = np.mean((new @ A).argmax(axis=1) != images.y_test)
    assert curve["test_error_rate"].values[1, 1, 2] == pytest.approx(rate)
    assert curve["coefficient_norm"].values[1, 1, 2] == pytest.approx(np.linalg.norm(A))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"n_seeds": 0}, "n_seeds"),
        ({"flipped": 1.5}, "flipped"),
        ({"n_train": 0}, "n_train"),
        ({"penalties": [-1.0]}, "penalties"),
    ],
)
def test_bad_input(options, name):
    with pytest.raises(ValueError, match=name):
        digits_double_descent([5], **({"n_train": 20, "n_seeds": 2, "n_test": 20} | options))


def test_feature_counts_must_be_positive_integers():
    with pytest.raises(ValueError, match="feature_counts"):
        digits_double_descent([0, 5], n_train=20, n_seeds=1, n_test=20)


def test_noisy_fit_is_least_squares_on_each_draw():
    images = digits(n_train=30, seed=1, n_test=40, scaling="image")
    weights = draw_weights(12, 64, rng=np.random.default_rng(5))
    rngs = [np.random.default_rng(seed) for seed in (3, 4)]
    errors = noisy_fit(n_features=9, rngs=rngs, images=images, weights=weights, noise=0.5)
    Phi, new = (random_features(X, weights[:9]) for X in (images.X_train, images.X_test))
    f, f_new = (images.y_train == 3).astype(float), (images.y_test == 3).astype(float)
    y = f + 0.5 * np.random.default_rng(4).standard_normal(30)
    a, clean = (np.linalg.solve(Phi.T @ Phi, Phi.T @ labels) for labels in (y, f))
    assert errors.train_error[1] == pytest.approx(np.mean((Phi @ a - y) ** 2))
    assert errors.in_sample_risk[1] == pytest.approx(np.mean((Phi @ a - f) ** 2))
    assert errors.new_input_risk[1] == pytest.approx(np.mean((new @ a - f_new) ** 2))
    assert errors.noise_error[1] == pytest.approx(np.mean((new @ (a - clean)) ** 2))


@pytest.mark.parametrize(("change", "name"), [({"n_features": 13}, "n_features"), ({"noise": -1.0}, "noise")])
def test_bad_input_of_noisy_fit(change, name):
    images = digits(n_train=30, seed=1, n_test=40, scaling="image")
    weights = draw_weights(12, 64, rng=np.random.default_rng(5))
    options = {"n_features": 9, "images": images, "weights": weights, "noise": 0.5} | change
    with pytest.raises(ValueError, match=name):
        noisy_fit(rngs=[np.random.default_rng(0)], **options)
