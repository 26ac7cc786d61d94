"""The shape of the risk curves over the aspect ratio: where they turn, and that one of them never does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory.benign_overfitting._risk import as_floats, broadcast_arguments


class SecondMinimum(NamedTuple):
    """The least ridgeless risk among all aspect ratios above 1."""

    aspect_ratio: float | np.ndarray  #: where it is reached; inf if it is only approached
    risk: float | np.ndarray  #: its value, the excess risk


def second_minimum(*, signal, noise_variance):
    r"""Return the minimum of the limit of the ridgeless risk beyond the interpolation threshold.

    .. math:: \min_{\gamma>1}\ r^2\Big(1-\frac1\gamma\Big)+\frac{\sigma^2}{\gamma-1}
              = 2r\sigma-\sigma^2 \quad\text{at}\quad \gamma = \frac{r}{r-\sigma}, \qquad r > \sigma.

    Parameters
    ----------
    signal : float or array
        :math:`r^2 > 0`.
    noise_variance : float or array
        :math:`\sigma^2 \ge 0`; the infimum 0 at noise 0 is approached at aspect ratio 1.

    Returns
    -------
    SecondMinimum
        If :math:`\sigma \ge r` the risk has no minimum: it falls to :math:`r^2` as the aspect ratio grows.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), *Surprises in high-dimensional ridgeless least squares
    interpolation*.

    Examples
    --------
    >>> second_minimum(signal=1.0, noise_variance=0.25)
    SecondMinimum(aspect_ratio=2.0, risk=0.75)
    """
    signal, noise_variance = broadcast_arguments(
        signal=(signal, True), noise_variance=(noise_variance, False)
    )
    r, sigma = np.sqrt(signal), np.sqrt(noise_variance)
    ratio = np.divide(r, r - sigma, out=np.full(r.shape, np.inf), where=r > sigma)
    risk = np.where(r > sigma, 2 * r * sigma - noise_variance, signal)
    return SecondMinimum(*as_floats(ratio, risk))


def aspect_ratio_of_optimal_risk(risk, *, signal, noise_variance):
    r"""Return the aspect ratio at which the best ridge penalty reaches a given excess risk.

    .. math:: \gamma(R) = \frac{r^2 R}{(r^2-R)(\sigma^2+R)}, \qquad 0 < R < r^2,

    an increasing function of R from 0 to infinity: hence the risk at the best penalty grows with the aspect
    ratio, and has no peak.

    Parameters
    ----------
    risk : float or array
        The excess risk R of optimally tuned ridge regression, in :math:`(0, r^2)`.
    signal : float or array
        :math:`r^2 > 0`.
    noise_variance : float or array
        :math:`\sigma^2 > 0`; without noise the risk is 0 up to aspect ratio 1.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        If an argument is out of range, the risk is not below the signal or the shapes do not broadcast.

    References
    ----------
    Derived in this project from the optimal risk of Dobriban and Wager (2018), *High-dimensional asymptotics
    of prediction*.

    Examples
    --------
    >>> aspect_ratio_of_optimal_risk(0.5, signal=1.0, noise_variance=0.5)
    1.0
    """
    risk, signal, noise_variance = broadcast_arguments(
        risk=(risk, True), signal=(signal, True), noise_variance=(noise_variance, True)
    )
    if np.any(risk >= signal):
        worst = risk[risk >= signal].flat[0]
        raise ValueError(f"risk must be less than signal, the risk of the zero estimate, got {worst:g}")
    return as_floats(signal / (signal - risk) * (risk / (noise_variance + risk)))[0]
