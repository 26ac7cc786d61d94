"""Double descent on images of digits, measured over several splits and draws of the features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import integer, real
from dltheory.benign_overfitting.random_features import double_descent, random_features
from dltheory.data import digits, flip_labels
from dltheory.interpolation import min_norm_least_squares
from dltheory.sweep import SweepResult, batched

N_CLASSES = 10
OUTPUTS = ("train_error", "test_error", "train_error_rate", "test_error_rate", "coefficient_norm")


def digits_double_descent(feature_counts, *, n_train, n_seeds, penalties=(0.0,), flipped=0.0, n_test=1000):
    r"""Fit digits with a growing number of random ReLU features, over seeds.

    Seed s draws the split into training and test images, the labels that are flipped and the features; the
    features of one seed are nested. The labels of the test images stay as they are. Errors are those of
    :class:`~dltheory.benign_overfitting.random_features.DoubleDescent`.

    Parameters
    ----------
    feature_counts : integer array of shape (n_counts,)
    n_train : int
        Number of training images.
    n_seeds : int
        Seeds 0, ..., n_seeds - 1.
    penalties : array of shape (n_penalties,)
        Ridge penalties; 0 is the least-squares fit of minimum norm.
    flipped : float
        Share of the training labels replaced by another class.
    n_test : int
        Number of test images, the same for all ``n_train`` with one seed.

    Returns
    -------
    SweepResult
        Over the grid (penalty, n_features) with the outputs train_error, test_error, train_error_rate,
        test_error_rate and coefficient_norm.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> curve = digits_double_descent([5, 200], n_train=40, n_seeds=2, n_test=100)
    >>> bool(np.all(curve["train_error"].values[0, 1] < 1e-12))
    True
    """
    n_seeds = integer("n_seeds", n_seeds, at_least=1)
    flipped = real("flipped", flipped, at_least=0, at_most=1)
    runs = [_run(seed, feature_counts, n_train, penalties, flipped, n_test) for seed in range(n_seeds)]
    table = np.stack([[getattr(run, name) for name in OUTPUTS] for run in runs], axis=-1)
    axes = {"penalty": runs[0].penalties, "n_features": runs[0].feature_counts}
    return SweepResult(axes, tuple(range(n_seeds)), OUTPUTS, table)


class NoisyFit(NamedTuple):
    """Errors of one fit for each draw of the noise, in the units of the labels squared."""

    train_error: np.ndarray  #: shape (n_seeds,), mean squared residual
    in_sample_risk: np.ndarray  #: shape (n_seeds,), squared distance to the noiseless labels, training inputs
    new_input_risk: np.ndarray  #: shape (n_seeds,), the same at the test inputs
    noise_error: (
        np.ndarray
    )  #: shape (n_seeds,), squared change of the fit at the test inputs due to the noise


@batched
def noisy_fit(*, n_features, rngs, images, weights, noise, digit=3):
    r"""Fit the labels "is it this digit?" plus noise on random features; inputs and features are fixed.

    .. math:: y_i = \mathbf 1\{\text{label}_i = \text{digit}\} + \sigma \xi_i, \qquad
              \hat a = \Phi_N^+ y .

    Parameters
    ----------
    n_features : int
        N, at most the number of rows of ``weights``.
    rngs : list of numpy.random.Generator
        One a draw of the noise.
    images : dltheory.data.Digits
    weights : array of shape (at least N, 64)
        First layer; its first N rows are used.
    noise : float
        Standard deviation :math:`\sigma`.
    digit : int
        The class whose indicator is the label.

    Returns
    -------
    NoisyFit

    Raises
    ------
    ValueError
        If ``n_features`` exceeds the number of weights or ``noise`` is negative.
    """
    n_features = integer("n_features", n_features, at_least=1)
    noise = real("noise", noise, at_least=0)
    if n_features > len(weights):
        raise ValueError(
            f"n_features must be at most {len(weights)}, the number of weights, got {n_features}"
        )
    Phi = random_features(images.X_train, weights[:n_features])
    Phi_new = random_features(images.X_test, weights[:n_features])
    f, f_new = (images.y_train == digit).astype(float), (images.y_test == digit).astype(float)
    xi = noise * np.stack([rng.standard_normal(len(f)) for rng in rngs], axis=1)
    a = min_norm_least_squares(Phi, np.column_stack([f, f[:, None] + xi]))
    fit, fit_new = Phi @ a, Phi_new @ a
    return NoisyFit(
        train_error=np.mean((fit[:, 1:] - f[:, None] - xi) ** 2, axis=0),
        in_sample_risk=np.mean((fit[:, 1:] - f[:, None]) ** 2, axis=0),
        new_input_risk=np.mean((fit_new[:, 1:] - f_new[:, None]) ** 2, axis=0),
        noise_error=np.mean((fit_new[:, 1:] - fit_new[:, :1]) ** 2, axis=0),
    )


def _run(seed, feature_counts, n_train, penalties, flipped, n_test):
    images = digits(n_train=n_train, seed=seed, n_test=n_test, scaling="image")
    rng = np.random.default_rng(seed)
    labels = flip_labels(images.y_train, flipped, n_classes=N_CLASSES, rng=rng)
    train, test = (images.X_train, labels), (images.X_test, images.y_test)
    return double_descent(train, test, feature_counts, rng=rng, penalties=penalties)
