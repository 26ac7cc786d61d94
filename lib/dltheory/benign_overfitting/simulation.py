"""Measured excess risk of min-norm and ridge regression on Gaussian data, batched over seeds.

Nothing here uses a formula of the theory: designs and noise are drawn, estimators are solved for, and the
risk is the squared distance to the true coefficients in the covariance.  All functions take ``rngs``, one
generator for each seed, and are marked for `dltheory.sweep.sweep`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import generator, integer, real, real_array
from dltheory.benign_overfitting._batched_fits import measure
from dltheory.sweep import batched

_CHUNK = 2**20  # entries of the designs held at once: 8 MB, near the processor; far below any memory limit


class SimulatedRisk(NamedTuple):
    """Excess risk of one estimator on each of the drawn data sets."""

    bias: np.ndarray  #: shape (n_seeds,), squared error of the fit to the noiseless response
    variance: np.ndarray  #: shape (n_seeds,), squared size of the fit to the noise alone
    risk: np.ndarray  #: shape (n_seeds,), excess risk; differs from the sum by a cross term of mean zero


def realised_aspect_ratio(aspect_ratio, n):
    """Return the aspect ratio that n samples can have: d/n with the integer d nearest to n times the ratio.

    Parameters
    ----------
    aspect_ratio : float or array
        Positive.
    n : int
        Number of samples.

    Returns
    -------
    float or array
        The ratios that the simulations of this module use; d is at least 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> realised_aspect_ratio([0.101, 2.0], 200)
    array([0.1, 2. ])
    """
    n = integer("n", n, at_least=1)
    ratios = np.maximum(np.rint(real_array("aspect_ratio", aspect_ratio, above=0) * n), 1) / n
    return float(ratios) if ratios.ndim == 0 else ratios


@batched
def anisotropic_risk_parts(*, n, eigenvalues, coefficients, rngs, noise_variance, penalty=0.0):
    r"""Measure the excess risk of ridge regression, or of min-norm least squares, for any covariance.

    Rows of X are :math:`N(0, \Sigma)` with :math:`\Sigma` diagonal, and :math:`y = X\theta + \varepsilon`.
    The estimator is linear in y, so it is solved for :math:`X\theta` and for :math:`\varepsilon` apart:

    .. math:: \text{bias} = \|\hat\theta(X\theta) - \theta\|_\Sigma^2, \quad
              \text{variance} = \|\hat\theta(\varepsilon)\|_\Sigma^2, \quad
              \text{risk} = \|\hat\theta(X\theta+\varepsilon) - \theta\|_\Sigma^2 .

    Parameters
    ----------
    n : int
        Number of samples.
    eigenvalues : array of shape (d,)
        The diagonal of the covariance, positive.
    coefficients : array of shape (d,)
        True coefficients :math:`\theta`.
    rngs : sequence of numpy.random.Generator
        One for each seed; each draws its design row by row, then its noise.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.
    penalty : float
        :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`; zero is the min-norm least-squares fit.

    Returns
    -------
    SimulatedRisk

    Raises
    ------
    ValueError
        If shapes differ or a number is out of range.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), Section 2, for the decomposition.

    Examples
    --------
    >>> problem = dict(n=5, eigenvalues=[2.0, 1.0], coefficients=[1.0, -1.0], noise_variance=0.0)
    >>> anisotropic_risk_parts(**problem, rngs=[np.random.default_rng(0)]).risk.round(12)
    array([0.])
    """
    n = integer("n", n, at_least=1)
    eigenvalues = real_array("eigenvalues", eigenvalues, ndim=1, above=0)
    coefficients = real_array("coefficients", coefficients, ndim=1)
    if coefficients.shape != eigenvalues.shape:
        raise ValueError(
            f"coefficients must have the shape of eigenvalues {eigenvalues.shape}, got {coefficients.shape}"
        )
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    penalty = real("penalty", penalty, at_least=0)
    rngs = _generators(rngs)
    size = max(1, _CHUNK // (n * eigenvalues.size))
    chunks = [
        measure(n, eigenvalues, coefficients, rngs[i : i + size], noise_variance, penalty)
        for i in range(0, len(rngs), size)
    ]
    return SimulatedRisk(*np.concatenate(chunks, axis=1))


@batched
def ridge_risk_parts(*, aspect_ratio, rngs, n=200, penalty=0.0, signal=1.0, noise_variance=0.25):
    r"""Measure bias, variance and excess risk of ridge regression with isotropic Gaussian features.

    The dimension is that of `realised_aspect_ratio`.  All coefficients are equal, with
    :math:`\|\theta\|^2 = r^2`; the law of the design is invariant under rotations, so every direction of
    :math:`\theta` has the same law of the risk.

    .. math:: \hat\theta = (X^\top X/n + \lambda I)^{+} X^\top y/n, \qquad
              \text{risk} = \|\hat\theta-\theta\|^2 .

    Parameters
    ----------
    aspect_ratio : float
        :math:`\gamma = d/n > 0`.
    rngs : sequence of numpy.random.Generator
        One for each seed.
    n : int
        Number of samples.
    penalty : float
        :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`; zero is the min-norm least-squares fit.
    signal : float
        :math:`r^2 = \|\theta\|^2 \ge 0`.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    SimulatedRisk

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), Section 2.

    Examples
    --------
    >>> ridge_risk_parts(aspect_ratio=0.5, rngs=[np.random.default_rng(0)], n=10).bias.round(12)
    array([0.])
    """
    d = _dimension(aspect_ratio, n)
    signal = real("signal", signal, at_least=0)
    return anisotropic_risk_parts(
        n=n,
        eigenvalues=np.ones(d),
        coefficients=np.full(d, np.sqrt(signal / d)),
        rngs=rngs,
        noise_variance=noise_variance,
        penalty=penalty,
    )


@batched
def ridgeless_excess_risk(*, aspect_ratio, rngs, n=200, signal=1.0, noise_variance=0.25):
    r"""Measure the excess risk of min-norm least squares with isotropic Gaussian features.

    .. math:: \|X^{+}y-\theta\|^2, \qquad y = X\theta+\varepsilon .

    At an aspect ratio near 1 the law of the risk has no mean, and averages over seeds do not settle.

    Parameters
    ----------
    aspect_ratio, rngs, n, signal, noise_variance
        As in `ridge_risk_parts`, whose ``risk`` at penalty 0 this is.

    Returns
    -------
    array of shape (n_seeds,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ridgeless_excess_risk(aspect_ratio=0.5, rngs=[rng], n=10, noise_variance=0.0).round(12)
    array([0.])
    """
    return ridge_risk_parts(
        aspect_ratio=aspect_ratio, rngs=rngs, n=n, signal=signal, noise_variance=noise_variance
    ).risk


@batched
def ridge_excess_risk(*, aspect_ratio, penalty, rngs, n=200, signal=1.0, noise_variance=0.25):
    r"""Measure the excess risk of ridge regression with isotropic Gaussian features.

    .. math:: \|(X^\top X/n + \lambda I)^{-1} X^\top y/n - \theta\|^2 .

    Parameters
    ----------
    aspect_ratio, penalty, rngs, n, signal, noise_variance
        As in `ridge_risk_parts`, whose ``risk`` this is.

    Returns
    -------
    array of shape (n_seeds,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ridge_excess_risk(aspect_ratio=0.5, penalty=1e15, rngs=[rng], n=10).round(12)
    array([1.])
    """
    return ridge_risk_parts(
        aspect_ratio=aspect_ratio,
        penalty=penalty,
        rngs=rngs,
        n=n,
        signal=signal,
        noise_variance=noise_variance,
    ).risk


@batched
def optimal_ridge_excess_risk(*, aspect_ratio, rngs, n=200, signal=1.0, noise_variance=0.25):
    r"""Measure the excess risk of ridge regression with the penalty that is best on average.

    .. math:: \lambda^* = \frac{\sigma^2 d}{r^2 n}

    is the Bayes rule for coefficients drawn from :math:`N(0, (r^2/d) I)`, at every n and d, and by rotation
    invariance also the best penalty in expectation for any fixed :math:`\theta` of squared length r².

    Parameters
    ----------
    aspect_ratio, rngs, n, noise_variance
        As in `ridge_risk_parts`.
    signal : float
        :math:`r^2 > 0`.

    Returns
    -------
    array of shape (n_seeds,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Dobriban and Wager (2018), *High-dimensional asymptotics of prediction*.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> optimal_ridge_excess_risk(aspect_ratio=0.5, rngs=[rng], n=10, noise_variance=0.0).round(12)
    array([0.])
    """
    d = _dimension(aspect_ratio, n)
    signal = real("signal", signal, above=0)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    return ridge_excess_risk(
        aspect_ratio=aspect_ratio,
        penalty=noise_variance * d / (signal * n),
        rngs=rngs,
        n=n,
        signal=signal,
        noise_variance=noise_variance,
    )


def _dimension(aspect_ratio, n):
    return round(realised_aspect_ratio(real("aspect_ratio", aspect_ratio, above=0), n) * n)


def _generators(rngs):
    try:
        rngs = list(rngs)
    except TypeError as error:
        raise ValueError(
            f"rngs must be a list of numpy.random.Generator, one for each seed, got {rngs!r}"
        ) from error
    if not rngs:
        raise ValueError("rngs must hold at least one numpy.random.Generator, got none")
    return [generator("rngs", rng) for rng in rngs]
