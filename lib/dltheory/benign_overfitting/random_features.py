"""Random ReLU features: regression whose number of parameters is ours to choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import finite_array, generator, integer, real_array
from dltheory.data import one_hot
from dltheory.interpolation import ridge_path


class DoubleDescent(NamedTuple):
    """Errors along a growing number of random features, for several ridge penalties.

    A squared error is the mean over images of the squared distance to the one-hot vector of the label, so
    that predicting zero has error 1; an error rate is the share of images whose largest output is not the
    label.
    """

    feature_counts: np.ndarray  #: shape (n_counts,), numbers of features
    penalties: np.ndarray  #: shape (n_penalties,)
    train_error: np.ndarray  #: shape (n_penalties, n_counts), squared error on the training set
    test_error: np.ndarray  #: shape (n_penalties, n_counts), squared error on the test set
    train_error_rate: np.ndarray  #: shape (n_penalties, n_counts)
    test_error_rate: np.ndarray  #: shape (n_penalties, n_counts)
    coefficient_norm: np.ndarray  #: shape (n_penalties, n_counts), Frobenius norm of the coefficients


def draw_weights(n_features, n_inputs, *, rng):
    r"""Draw the first layer of a random-features model.

    .. math:: W_{ij} \sim N(0, 1/d) \quad\text{independent}, \qquad W \in \mathbb{R}^{N \times d}.

    Parameters
    ----------
    n_features : int
        N, at least 1.
    n_inputs : int
        d, at least 1.
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n_features, n_inputs)
        Its first rows are what a smaller ``n_features`` would have drawn from the same generator.

    Raises
    ------
    ValueError
        If a number is below 1 or ``rng`` is not a generator.

    References
    ----------
    Rahimi and Recht (2007), *Random features for large-scale kernel machines*.

    Examples
    --------
    >>> draw_weights(3, 2, rng=np.random.default_rng(0)).shape
    (3, 2)
    """
    n_features = integer("n_features", n_features, at_least=1)
    n_inputs = integer("n_inputs", n_inputs, at_least=1)
    return generator("rng", rng).standard_normal((n_features, n_inputs)) / np.sqrt(n_inputs)


def random_features(X, weights):
    r"""Return ReLU features of the inputs.

    .. math:: \phi_j(x) = \frac{1}{\sqrt N}\max(0, \langle w_j, x\rangle), \qquad j = 1, \dots, N.

    With this scale the inner product of two feature vectors converges as N grows, to the arc-cosine kernel
    of degree one.

    Parameters
    ----------
    X : array of shape (n, d)
        Inputs.
    weights : array of shape (N, d)
        First layer, as from `draw_weights`.

    Returns
    -------
    array of shape (n, N)

    Raises
    ------
    ValueError
        If the shapes do not fit or an entry is not finite.

    References
    ----------
    Rahimi and Recht (2007), *Random features for large-scale kernel machines*; Cho and Saul (2009), *Kernel
    methods for deep learning*.

    Examples
    --------
    >>> random_features([[3.0]], [[2.0], [-2.0], [0.0], [0.0]])
    array([[3., 0., 0., 0.]])
    """
    X, weights = finite_array("X", X, ndim=2), finite_array("weights", weights, ndim=2)
    if weights.shape[1] != X.shape[1]:
        raise ValueError(
            f"weights must have one column per column of X, got {weights.shape[1]} and {X.shape[1]}"
        )
    features = X @ weights.T
    np.maximum(features, 0, out=features)
    features /= np.sqrt(len(weights))
    return features


def double_descent(train, test, feature_counts, *, rng, penalties=(0.0,)):
    r"""Measure train and test error of random-features regression as the number of features grows.

    For each N the one-hot labels Y are fitted on the features :math:`\Phi_N` of the training images,

    .. math:: \hat A = \arg\min_A \tfrac{1}{2n}\|\Phi_N A - Y\|_F^2 + \tfrac{\lambda}{2}\|A\|_F^2,

    where :math:`\lambda = 0` is the least-squares fit of minimum norm.  The features are nested: a larger N
    keeps those of a smaller one and adds more.

    Parameters
    ----------
    train, test : tuple (X, labels)
        X of shape (n, d) and integer labels of shape (n,), counted from zero.
    feature_counts : integer array of shape (n_counts,)
        Numbers of features, at least 1.
    rng : numpy.random.Generator
        Draws the first layer.
    penalties : array of shape (n_penalties,)
        Ridge penalties :math:`\lambda \ge 0`; all of them share one factorisation for each N.

    Returns
    -------
    DoubleDescent

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is out of range.

    References
    ----------
    Belkin, Hsu, Ma and Mandal (2019), *Reconciling modern machine-learning practice and the classical
    bias-variance trade-off*.

    Examples
    --------
    >>> X, labels = np.eye(4), np.array([0, 1, 2, 3])
    >>> curve = double_descent((X, labels), (X, labels), [1, 64], rng=np.random.default_rng(0))
    >>> curve.train_error_rate
    array([[0.75, 0.  ]])
    """
    X_train, labels_train = _labelled("train", train)
    X_test, labels_test = _labelled("test", test)
    if X_train.shape[1] != X_test.shape[1]:
        raise ValueError(
            f"test must have inputs of the same dimension as train {X_train.shape[1]}, got {X_test.shape[1]}"
        )
    counts = np.asarray(feature_counts)
    if counts.ndim != 1 or counts.dtype.kind not in "iu" or counts.size == 0 or counts.min() < 1:
        raise ValueError(f"feature_counts must be a list of integers at least 1, got {feature_counts!r}")
    penalties = real_array("penalties", penalties, ndim=1, at_least=0)
    n_classes = max(2, 1 + labels_train.max(), 1 + labels_test.max())
    weights = draw_weights(int(counts.max()), X_train.shape[1], rng=rng)
    targets = [one_hot(labels, n_classes=int(n_classes)) for labels in (labels_train, labels_test)]
    rows = []
    for count in counts:
        features = [random_features(X, weights[:count]) for X in (X_train, X_test)]
        A = ridge_path(features[0], targets[0], penalties).coefficients
        errors = [_errors(phi, A, Y) for phi, Y in zip(features, targets, strict=True)]
        (train_error, train_rate), (test_error, test_rate) = errors
        rows.append((train_error, test_error, train_rate, test_rate, np.linalg.norm(A, axis=(1, 2))))
    return DoubleDescent(counts, penalties, *np.array(rows).transpose(1, 2, 0))


def _errors(features, coefficients, targets):
    """Return squared error and error rate for each penalty."""
    outputs = features @ coefficients
    squared = np.mean(np.sum((outputs - targets) ** 2, axis=2), axis=1)
    return squared, np.mean(outputs.argmax(axis=2) != targets.argmax(axis=1), axis=1)


def _labelled(name, pair):
    try:
        X, labels = pair
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a pair (X, labels), got {type(pair).__name__}") from error
    X, labels = finite_array(f"{name} inputs", X, ndim=2), np.asarray(labels)
    if labels.shape != (len(X),) or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(
            f"{name} labels must be non-negative integers of shape ({len(X)},), "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    return X, labels
