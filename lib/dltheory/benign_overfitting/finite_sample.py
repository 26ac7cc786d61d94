"""The exact risk of min-norm least squares at a finite number of Gaussian samples."""

from __future__ import annotations

import numpy as np

from dltheory.benign_overfitting._risk import Risk, as_floats, broadcast_arguments, times


def finite_sample_ridgeless_risk(n, d, *, signal, noise_variance):
    r"""Return the exact expected excess risk of min-norm least squares on Gaussian isotropic data.

    .. math:: \mathbb{E} R = \begin{cases}
              \sigma^2\,\dfrac{d}{n-d-1} & d \le n-2,\\[2ex]
              r^2\Big(1-\dfrac nd\Big) + \sigma^2\,\dfrac{n}{d-n-1} & d \ge n+2,\end{cases}

    and the expectation is infinite in between.  It is exact for every n and d: the trace of an inverse
    Wishart matrix, and the squared length of a projection on a random subspace.

    Parameters
    ----------
    n, d : int, or integer arrays
        Number of samples and of features, at least 1.
    signal : float or array
        :math:`r^2 = \|\theta\|^2 \ge 0`.
    noise_variance : float or array
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    Risk
        Variance and risk are ``inf`` for d in {n - 1, n, n + 1}, or have no variance without noise.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Belkin, Hsu and Xu (2020), *Two models of double descent for weak features*; the moments of the inverse
    Wishart law are classical.

    Examples
    --------
    >>> finite_sample_ridgeless_risk(30, 28, signal=1.0, noise_variance=1.0).variance
    28.0
    """
    n, d, signal, noise_variance = broadcast_arguments(
        n=(_integers("n", n), True),
        d=(_integers("d", d), True),
        signal=(signal, False),
        noise_variance=(noise_variance, False),
    )
    bias = np.where(d > n, signal * ((d - n) / d), 0.0)
    gap = np.abs(d - n) - 1
    factor = np.divide(np.minimum(n, d), gap, out=np.full(gap.shape, np.inf), where=gap > 0)
    variance = times(noise_variance, factor)
    return Risk(*as_floats(bias, variance, bias + variance))


def _integers(name, value):
    if np.asarray(value).dtype.kind not in "iu":
        raise ValueError(f"{name} must be an integer or an array of integers, got {value!r}")
    return value
