"""Effective ranks of a covariance and the bounds on benign overfitting that they give."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dltheory._validation import integer, real
from dltheory.benign_overfitting.spectra import as_spectrum, leading_pairs


class EffectiveRanks(NamedTuple):
    """The two effective ranks of a spectrum beyond index k."""

    r_k: float | np.ndarray  #: trace of the tail over its largest eigenvalue; shape of ``k``
    R_k: float | np.ndarray  #: squared trace of the tail over its squared Frobenius norm; shape of ``k``


def effective_ranks(eigenvalues, k):
    r"""Return the effective ranks of the eigenvalues beyond the k-th.

    .. math:: r_k = \frac{\sum_{i>k}\lambda_i}{\lambda_{k+1}}, \qquad
              R_k = \frac{\big(\sum_{i>k}\lambda_i\big)^2}{\sum_{i>k}\lambda_i^2}, \qquad
              r_k \le R_k \le r_k^2 .

    Both are unchanged when the eigenvalues are multiplied by a constant; d equal eigenvalues have
    :math:`r_k = R_k = d - k`.

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Descending, non-negative; :math:`\lambda_{k+1}` is ``eigenvalues[k]``.
    k : int, or integer array
        How many eigenvalues come before the tail; less than the number of positive ones.

    Returns
    -------
    EffectiveRanks
        Floats for an integer ``k``, arrays for an array.

    Raises
    ------
    ValueError
        If the eigenvalues are not a spectrum, or nothing positive is left beyond k.

    References
    ----------
    Bartlett, Long, Lugosi and Tsigler (2020), *Benign overfitting in linear regression*.

    Examples
    --------
    >>> effective_ranks([1.0] * 50, 10)
    EffectiveRanks(r_k=40.0, R_k=40.0)
    """
    spectrum = as_spectrum(eigenvalues)
    index = np.asarray(k)
    if index.dtype.kind not in "iu" or index.size == 0:
        raise ValueError(f"k must be an integer or an array of integers, got {k!r}")
    if index.min() < 0 or index.max() >= spectrum.size:
        outside = index[(index < 0) | (index >= spectrum.size)].flat[0]
        raise ValueError(
            f"k must be at least 0 and less than the number of positive eigenvalues {spectrum.size}, "
            f"got {outside}"
        )
    first, second = spectrum.relative_tail(index)
    if index.ndim == 0:
        first, second = float(first), float(second)
    return EffectiveRanks(first, first * (first / second))


def benign_split(eigenvalues, n, *, b=1.0, penalty=0.0):
    r"""Return the split between the directions that are learned and the tail that absorbs the noise.

    .. math:: k^* = \min\Big\{k \ge 0 : \frac{n\lambda + \sum_{i>k}\lambda_i}{\lambda_{k+1}} \ge b\,n\Big\},

    which is :math:`\min\{k : r_k \ge bn\}` without ridge penalty.  The minimum of the empty set is infinity,
    as in the theorem: then no tail is long enough, and min-norm interpolation is not benign.

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Descending, non-negative.
    n : int
        Number of samples.
    b : float
        The theorem's universal constant, positive; the theorem does not say which.
    penalty : float
        Ridge penalty :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`.

    Returns
    -------
    int, or ``math.inf``
        :math:`k^*`, an integer whenever it exists, and ``math.inf`` when no k qualifies.

    Raises
    ------
    ValueError
        If the eigenvalues are not a spectrum or a number is out of range.

    References
    ----------
    Bartlett, Long, Lugosi and Tsigler (2020); with a ridge penalty, Tsigler and Bartlett (2023), *Benign
    overfitting in ridge regression*.

    Examples
    --------
    >>> benign_split([1.0, 1.0] + [0.01] * 1000, 100), benign_split([1.0] * 50, 100)
    (2, inf)
    """
    spectrum = as_spectrum(eigenvalues)
    n = integer("n", n, at_least=1)
    b, penalty = real("b", b, above=0), real("penalty", penalty, at_least=0)
    return spectrum.first_split(b * n, n * penalty)


def variance_bound(eigenvalues, n, *, noise_variance, b=1.0, penalty=0.0):
    r"""Return the order of the variance of min-norm interpolation or ridge regression.

    .. math:: \sigma^2\Big(\frac{k^*}{n} + \frac{n}{R_{k^*}}\Big), \qquad\text{with a ridge penalty}\quad
              \sigma^2\Big(\frac{k^*}{n} +
              \frac{n\sum_{i>k^*}\lambda_i^2}{\big(n\lambda + \sum_{i>k^*}\lambda_i\big)^2}\Big).

    The theorem bounds the variance by this expression from above *and* below, each time up to a universal
    constant that it does not name, provided that :math:`k^*` is at most a constant fraction of n.  What is
    returned is the expression without the constant: a rate, not a bound that a simulation must stay under.
    For a power law with exponent a, the variance is :math:`1 - 1/(2a)` times the expression as n grows.

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Descending, non-negative.
    n : int
        Number of samples.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.
    b, penalty : float
        As in `benign_split`.

    Returns
    -------
    float
        The expression; ``math.inf`` when :math:`k^*` does not exist, where the theorem bounds nothing.

    Raises
    ------
    ValueError
        If the eigenvalues are not a spectrum or a number is out of range.

    References
    ----------
    Bartlett, Long, Lugosi and Tsigler (2020); Tsigler and Bartlett (2023).

    Examples
    --------
    >>> round(variance_bound([1.0, 1.0] + [0.01] * 1000, 100, noise_variance=0.5), 12)
    0.06
    """
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    spectrum = as_spectrum(eigenvalues)
    split = benign_split(spectrum, n, b=b, penalty=penalty)
    if math.isinf(split):
        return math.inf
    r_k, R_k = effective_ranks(spectrum, split)
    ridge_share = n * penalty / spectrum.eigenvalue(split)
    return noise_variance * (split / n + n / R_k * (r_k / (r_k + ridge_share)) ** 2)


def bias_bound(eigenvalues, coefficients, n, *, b=1.0, penalty=0.0):
    r"""Return the order of the bias of min-norm interpolation or ridge regression.

    .. math:: \|\theta_{k^*:}\|_\Sigma^2 +
              \|\theta_{:k^*}\|_{\Sigma^{-1}}^2\,\Big(\frac{n\lambda+\sum_{i>k^*}\lambda_i}{n}\Big)^2 .

    The first term is the signal that lies in the tail and is lost; the second is the shrinkage of the
    signal in front by the ridge :math:`\lambda + \sum_{i>k^*}\lambda_i/n` that the tail induces.  The theorem
    holds up to a universal constant that it does not name, provided that :math:`k^*` is at most a constant
    fraction of n; this is the expression without the constant, a rate.  Where :math:`k^*` exceeds n it
    says little: for :math:`\lambda_k = k^{-3}` the bias is 600 times as large.

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Descending, non-negative.
    coefficients : array of shape (d,)
        :math:`\theta` in the eigenbasis; beside a Spectrum it may be shorter, and the rest is zero.
    n : int
        Number of samples.
    b, penalty : float
        As in `benign_split`.

    Returns
    -------
    float
        The expression; ``math.inf`` when :math:`k^*` does not exist, where the theorem bounds nothing.

    Raises
    ------
    ValueError
        If shapes differ, the eigenvalues are not a spectrum or a number is out of range.

    References
    ----------
    Tsigler and Bartlett (2023), *Benign overfitting in ridge regression*.

    Examples
    --------
    >>> round(bias_bound([1.0, 1.0] + [0.01] * 1000, [1.0] * 2 + [0.0] * 1000, 100), 12)
    0.02
    """
    spectrum, values, coefficients = leading_pairs(eigenvalues, coefficients)
    split = benign_split(spectrum, n, b=b, penalty=penalty)
    if math.isinf(split):
        return math.inf
    lost = np.sum(values[split:] * coefficients[split:] ** 2)
    shrinkage = penalty + spectrum.tail_sum(split) / n
    return float(lost + np.sum((coefficients[:split] * shrinkage) ** 2 / values[:split]))
