"""Data for experiments: Gaussian designs, linear teachers and the digits images of scikit-learn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import finite_array, generator, integer, real, real_array


def gaussian_design(n, eigenvalues, *, rng):
    r"""Independent Gaussian rows whose covariance is diagonal.

    .. math:: x_i \sim N(0, \mathrm{diag}(\lambda_1, \dots, \lambda_d)), \qquad i = 1, \dots, n.

    Parameters
    ----------
    n : number of rows, at least 1
    eigenvalues : (d,) non-negative variances of the coordinates
    rng : numpy Generator

    Returns
    -------
    (n, d) array.

    Raises
    ------
    ValueError : n below 1, negative, empty or non-finite eigenvalues.

    Examples
    --------
    >>> abs(gaussian_design(2, [1.0, 0.0], rng=np.random.default_rng(0))[:, 1])
    array([0., 0.])
    """
    n = integer("n", n, at_least=1)
    eigenvalues = real_array("eigenvalues", eigenvalues, ndim=1, at_least=0.0)
    rng = generator("rng", rng)
    return rng.standard_normal((n, len(eigenvalues))) * np.sqrt(eigenvalues)


def linear_teacher(X, coefficients, *, noise, rng):
    r"""Responses of a linear model with Gaussian noise.

    .. math:: y = X\theta + \sigma \xi, \qquad \xi \sim N(0, I).

    Parameters
    ----------
    X : (n, d) design
    coefficients : (d,) or (d, k) teacher theta
    noise : standard deviation sigma of the noise, in the units of y
    rng : numpy Generator

    Returns
    -------
    (n,) or (n, k) array.

    Raises
    ------
    ValueError : negative noise, shapes that do not match, empty or non-finite data.

    Examples
    --------
    >>> linear_teacher([[1.0, 2.0]], [3.0, 1.0], noise=0.0, rng=np.random.default_rng(0))
    array([5.])
    """
    X = finite_array("X", X, ndim=2)
    coefficients = finite_array("coefficients", coefficients, ndim=(1, 2))
    if len(coefficients) != X.shape[1]:
        raise ValueError(
            f"coefficients must have one row per column of X, got {len(coefficients)} and {X.shape[1]}"
        )
    noise = real("noise", noise, at_least=0.0)
    rng = generator("rng", rng)
    mean = X @ coefficients
    return mean + noise * rng.standard_normal(mean.shape)


class SparseRegression(NamedTuple):
    """A sparse linear regression problem.

    Attributes
    ----------
    X : (n, d) isotropic Gaussian design
    y : (n,) response
    coefficients : (d,) teacher: ones, then zeros
    noise : float, standard deviation of the noise
    """

    X: np.ndarray
    y: np.ndarray
    coefficients: np.ndarray
    noise: float


def sparse_regression(n, d, sparsity, *, noise, rng):
    r"""Regression on an isotropic Gaussian design with a sparse teacher.

    .. math:: y = X\theta + \sigma\xi, \qquad \theta = (1, \dots, 1, 0, \dots, 0)
              \text{ with } s \text{ ones}, \quad x_i \sim N(0, I_d).

    Parameters
    ----------
    n : number of rows, at least 1
    d : number of columns, at least 1
    sparsity : number s of coefficients equal to 1, from 0 to d
    noise : standard deviation sigma of the noise
    rng : numpy Generator; the design is drawn first, then the noise

    Returns
    -------
    SparseRegression : X (n, d), y (n,), coefficients (d,), noise.

    Raises
    ------
    ValueError : sizes below 1, sparsity above d, negative noise.

    Examples
    --------
    >>> sparse_regression(5, 3, 2, noise=0.5, rng=np.random.default_rng(0)).coefficients
    array([1., 1., 0.])
    """
    n, d = integer("n", n, at_least=1), integer("d", d, at_least=1)
    sparsity = integer("sparsity", sparsity, at_least=0)
    if sparsity > d:
        raise ValueError(f"sparsity must be at most d = {d}, got {sparsity}")
    noise = real("noise", noise, at_least=0.0)
    X = gaussian_design(n, np.ones(d), rng=rng)
    coefficients = np.zeros(d)
    coefficients[:sparsity] = 1.0
    y = linear_teacher(X, coefficients, noise=noise, rng=rng)
    return SparseRegression(X, y, coefficients, noise)


class Digits(NamedTuple):
    """Standardised images of handwritten digits with their labels.

    Attributes
    ----------
    X_train : (n_train, 64) images, one a row
    y_train : (n_train,) integer labels 0..9
    X_test : (n_test, 64) images, standardised with the training mean and scale
    y_test : (n_test,) integer labels 0..9
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def digits(*, n_train, seed, n_test=None, scaling="pixel"):
    r"""Images of 8 x 8 pixels bundled with scikit-learn, split by seed and standardised.

    .. math:: \tilde x_j = (x_j - m_j)/s_j, \quad
              m_j, s_j \text{ mean and standard deviation of pixel } j \text{ over the training images.}

    A pixel that is constant on the training images becomes 0 everywhere. A pixel that is almost constant
    there can reach dozens of units on a test image; with ``scaling="image"`` all pixels share one s, the
    root mean square of the s_j, and the values stay of order one.

    Parameters
    ----------
    n_train : number of training images: the first ones of a permutation of all 1797
    seed : non-negative integer that draws the permutation
    n_test : number of test images: the last ones of the permutation; all that remain when None
    scaling : "pixel" for one standard deviation a pixel, "image" for one in all

    Returns
    -------
    Digits : X_train (n_train, 64), y_train (n_train,), X_test (n_test, 64), y_test (n_test,). Regression
        targets: :func:`one_hot`. With one seed and ``n_test`` given, the test images are the same for all
        ``n_train``, and the smaller training sets are contained in the larger ones.

    Raises
    ------
    ValueError : sizes below 1 or more than 1797 images in all, a negative seed, an unknown scaling.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository.

    Examples
    --------
    >>> digits(n_train=100, seed=0).X_test.shape
    (1697, 64)
    """
    from sklearn.datasets import load_digits

    if scaling not in ("pixel", "image"):
        raise ValueError(f'scaling must be "pixel" or "image", got {scaling!r}')
    images, labels = load_digits(return_X_y=True)
    n_train = integer("n_train", n_train, at_least=1)
    if n_train >= len(images):
        raise ValueError(f"n_train must leave a test image: at most {len(images) - 1}, got {n_train}")
    n_test = len(images) - n_train if n_test is None else integer("n_test", n_test, at_least=1)
    if n_train + n_test > len(images):
        raise ValueError(
            f"n_test must be at most {len(images) - n_train} beside n_train = {n_train}, got {n_test}"
        )
    order = np.random.default_rng(integer("seed", seed)).permutation(len(images))
    train, test = order[:n_train], order[-n_test:]
    mean, spread = images[train].mean(axis=0), images[train].std(axis=0)
    scale = spread if scaling == "pixel" else np.sqrt(np.mean(spread**2))
    # A pixel without spread carries no information: weight 0 instead of a division by 0.
    weight = np.divide(1.0, scale, out=np.zeros_like(spread), where=spread > 0)
    return Digits(
        (images[train] - mean) * weight, labels[train], (images[test] - mean) * weight, labels[test]
    )


def one_hot(labels, *, n_classes, centred=False):
    r"""Regression targets for class labels, one column a class.

    .. math:: Y_{ij} = 1\{\mathrm{label}_i = j\} \quad (\text{minus } 1/k \text{ when centred}).

    The predicted class is the column of the largest value: ``np.argmax(X @ coefficients, axis=1)``.
    Centred targets sum to 0 over the classes; they suit a regression without intercept.

    Parameters
    ----------
    labels : (n,) integers from 0 to n_classes - 1
    n_classes : number k of classes, at least 2
    centred : subtract 1/k from every entry

    Returns
    -------
    (n, k) array.

    Raises
    ------
    ValueError : labels that are not integers in the range, fewer than 2 classes.

    Examples
    --------
    >>> one_hot([0, 2], n_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels, n_classes = _labels(labels, n_classes)
    return np.eye(n_classes)[labels] - (1.0 / n_classes if centred else 0.0)


def flip_labels(labels, fraction, *, n_classes, rng):
    """Replace a fraction of the labels by another class, chosen uniformly among the wrong ones.

    Exactly ``round(fraction * n)`` labels change. At ``fraction = 1 - 1/n_classes`` the labels carry no
    information on average.

    Parameters
    ----------
    labels : (n,) integers from 0 to n_classes - 1
    fraction : share of the labels that change, from 0 to 1
    n_classes : number of classes, at least 2
    rng : numpy Generator

    Returns
    -------
    (n,) integer array; the input is not changed.

    Raises
    ------
    ValueError : labels that are not integers in the range, a fraction outside [0, 1].

    Examples
    --------
    >>> flip_labels([0, 1, 1], 1.0, n_classes=2, rng=np.random.default_rng(0))
    array([1, 0, 0])
    """
    labels, n_classes = _labels(labels, n_classes)
    fraction = real("fraction", fraction, at_least=0.0, at_most=1.0)
    rng = generator("rng", rng)
    flipped = labels.copy()
    chosen = rng.permutation(len(labels))[: round(fraction * len(labels))]
    shift = rng.integers(1, n_classes, size=len(chosen))
    flipped[chosen] = (labels[chosen] + shift) % n_classes
    return flipped


def _labels(labels, n_classes):
    n_classes = integer("n_classes", n_classes, at_least=2)
    values = real_array("labels", labels, ndim=1, at_least=0, at_most=n_classes - 1)
    if not np.all(values == np.rint(values)):
        raise ValueError(f"labels must be integers, got {values[values != np.rint(values)][0]:g}")
    return values.astype(np.int64), n_classes
