"""The exact law of the variance of min-norm least squares on Gaussian data, also where it has no mean."""

from __future__ import annotations

import numpy as np
from scipy.special import fdtri, gammaln, ndtri

from dltheory._validation import integer, real, real_array


def ridgeless_variance_quantile(n, d, probability, *, noise_variance):
    r"""Return quantiles of the variance of min-norm least squares over draws of data and noise.

    With n samples of d standard Gaussian features and noise of variance :math:`\sigma^2`,

    .. math:: \|X^+\varepsilon\|^2 \overset{d}{=} \sigma^2\,\frac{\chi^2_m}{\chi^2_k}
              = \sigma^2\,\frac{m}{k}\,F_{m,k}, \qquad m = \min(n, d), \quad k = |n-d|+1,

    with independent numerator and denominator.  It holds at every n and d; the moment of order q is finite if
    and only if :math:`q < k/2`.

    Parameters
    ----------
    n, d : int
        Number of samples and of features, at least 1.
    probability : float or array
        In (0, 1).
    noise_variance : float
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    float, or array of the shape of ``probability``

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Derived in this project from the chi-square law of the distance between a Gaussian vector and an
    independent subspace; the mean is that of `finite_sample_ridgeless_risk`.

    Examples
    --------
    >>> round(ridgeless_variance_quantile(1, 1, 0.5, noise_variance=4.0), 12)  # 4 Cauchy^2
    4.0
    """
    n, d = integer("n", n, at_least=1), integer("d", d, at_least=1)
    probability = real_array("probability", probability, above=0, below=1)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    m, k = min(n, d), abs(n - d) + 1
    quantile = noise_variance * (m / k) * fdtri(m, k, probability)
    return float(quantile) if probability.ndim == 0 else quantile


def pole_median_of_means(n, seeds, *, noise_variance):
    r"""Return the median, for large S, of the mean of the variance over S seeds when d = n.

    .. math:: \operatorname{med}\frac1S\sum_{s=1}^S \|X_s^{-1}\varepsilon_s\|^2
              \approx S\,\sigma^2\,\frac{(\mathbb{E}\,\chi_n)^2}{\operatorname{med}\chi^2_1} .

    The expectation is infinite, and the sample mean follows the number of seeds instead of settling: divided
    by S it tends to :math:`\sigma^2(\mathbb{E}\,\chi_n)^2/Z^2` with a standard Gaussian Z.  The next term of
    the expansion is smaller by a factor of about 1/(4 n S).

    Parameters
    ----------
    n : int
        Number of samples, and of features.
    seeds : int or array
        :math:`S \ge 1`.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    float, or array of the shape of ``seeds``

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Derived in this project from the law of `ridgeless_variance_quantile` and Lévy's stable law of index 1/2.

    Examples
    --------
    >>> pole_median_of_means(20, [100, 1000], noise_variance=1.0).round()
    array([ 4288., 42877.])
    """
    n = integer("n", n, at_least=1)
    seeds = real_array("seeds", seeds, at_least=1)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    mean_length_squared = 2 * np.exp(2 * (gammaln((n + 1) / 2) - gammaln(n / 2)))
    mean = seeds * (noise_variance * mean_length_squared / ndtri(0.75) ** 2)
    return float(mean) if seeds.ndim == 0 else mean
