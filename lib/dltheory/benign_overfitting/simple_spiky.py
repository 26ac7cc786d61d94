"""An interpolator as a simple part that predicts plus a spiky part that absorbs the noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import design_and_response, integer
from dltheory.benign_overfitting.spectra import as_spectrum
from dltheory.interpolation import min_norm_interpolator, ridge_path


class SimpleSpiky(NamedTuple):
    """The min-norm interpolator, split at column k, beside ridge regression on the first k columns."""

    simple: np.ndarray  #: shape (k,), coefficients of the interpolator on the first k columns
    spiky: np.ndarray  #: shape (d - k,), its coefficients on the tail
    ridge: np.ndarray  #: shape (k,), ridge regression on the first k columns alone
    penalty: float  #: the self-induced penalty of that ridge regression: tr(T T^T)/n^2 for tail columns T
    deviation: float  #: spectral norm of T T^T/(n * penalty) - I; zero would make simple equal ridge


def self_induced_penalty(eigenvalues, n, k):
    r"""Return the ridge penalty that the tail of the spectrum puts on the first k directions.

    .. math:: \lambda = \frac1n \sum_{i>k}\lambda_i \qquad\text{in the convention } X^\top X/n + \lambda I .

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Descending, non-negative.
    n : int
        Number of samples.
    k : int
        Number of directions in front.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the eigenvalues are not a spectrum or a number is out of range.

    References
    ----------
    Bartlett, Montanari and Rakhlin (2021), *Deep learning: a statistical viewpoint*; Tsigler and Bartlett
    (2023), *Benign overfitting in ridge regression*.

    Examples
    --------
    >>> round(self_induced_penalty([1.0, 1.0] + [0.01] * 1000, 100, 2), 12)
    0.1
    """
    n, k = integer("n", n, at_least=1), integer("k", k)
    return as_spectrum(eigenvalues).tail_sum(k) / n


def simple_spiky_split(X, y, k):
    r"""Split the min-norm interpolator into its first k coefficients and the others.

    With X = [H, T] the interpolator is :math:`\hat\theta = X^\top(HH^\top+TT^\top)^{-1}y`, and so its first
    part is

    .. math:: \hat\theta_{:k} = H^\top(HH^\top + TT^\top)^{-1}y \;\approx\;
              H^\top(HH^\top + n\lambda I)^{-1}y, \qquad n\lambda = \tfrac1n\operatorname{tr}(TT^\top),

    ridge regression on H alone, when the Gram matrix of the tail is nearly a multiple of the identity.
    ``deviation`` measures how nearly; it is about :math:`\sqrt{n/R_k}` for Gaussian features.

    Parameters
    ----------
    X : array of shape (n, d)
        Design, columns in descending order of their variance.
    y : array of shape (n,)
        Response that X can fit exactly.
    k : int
        Number of columns of the simple part, from 1 to d - 1.

    Returns
    -------
    SimpleSpiky

    Raises
    ------
    ValueError
        If shapes do not fit, y cannot be interpolated, or the tail columns are zero.

    References
    ----------
    Bartlett, Montanari and Rakhlin (2021), *Deep learning: a statistical viewpoint*.

    Examples
    --------
    >>> split = simple_spiky_split([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [1.0, 1.0], 1)
    >>> split.simple.round(12), split.ridge.round(12), split.deviation
    (array([0.66666667]), array([0.66666667]), 0.0)
    """
    X, y = design_and_response(X, y)
    if y.ndim != 1:
        raise ValueError(f"y must have 1 dimension(s), got shape {y.shape}")
    n, d = X.shape
    if not 1 <= integer("k", k) < d:
        raise ValueError(f"k must be at least 1 and less than the number of columns {d}, got {k}")
    tail_gram = X[:, k:] @ X[:, k:].T
    level = np.trace(tail_gram) / n
    if level == 0:
        raise ValueError(f"X must have a column that is not zero after the first {k}")
    coefficients = min_norm_interpolator(X, y)
    ridge = ridge_path(X[:, :k], y, [level / n]).coefficients[0]
    deviation = float(np.linalg.norm(tail_gram / level - np.eye(n), ord=2))
    return SimpleSpiky(coefficients[:k], coefficients[k:], ridge, float(level / n), deviation)
