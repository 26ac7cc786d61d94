"""Exact risk of ridgeless and ridge regression with isotropic features, and of any covariance.

Everywhere the design has n rows, the aspect ratio is gamma = d/n, ``signal`` is the squared norm of the true
coefficients, the penalty is that of X^T X/n + penalty I, and risk means excess risk: the noise of a fresh
response is not in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory.benign_overfitting._risk import Risk, as_floats, broadcast_arguments, times
from dltheory.benign_overfitting.deterministic_equivalent import (
    DeterministicEquivalent,
    deterministic_equivalent,
)
from dltheory.benign_overfitting.finite_sample import finite_sample_ridgeless_risk

__all__ = [
    "DeterministicEquivalent",
    "OptimalRidge",
    "RidgeRisk",
    "Risk",
    "deterministic_equivalent",
    "finite_sample_ridgeless_risk",
    "optimal_penalty",
    "ridge_risk",
    "ridgeless_risk",
    "stieltjes_transform",
]


class RidgeRisk(NamedTuple):
    """Excess risk of ridge regression, and the effective ridge behind it."""

    bias: float | np.ndarray  #: excess risk without noise
    variance: float | np.ndarray  #: excess risk without signal
    risk: float | np.ndarray  #: bias + variance, the excess risk
    kappa: float | np.ndarray  #: effective ridge: the population is shrunk by 1/(1 + kappa)


class OptimalRidge(NamedTuple):
    """The best ridge penalty and the excess risk that it reaches."""

    penalty: float | np.ndarray  #: the penalty of least excess risk
    bias: float | np.ndarray  #: excess risk without noise
    variance: float | np.ndarray  #: excess risk without signal
    risk: float | np.ndarray  #: bias + variance, the excess risk


def ridgeless_risk(aspect_ratio, *, signal, noise_variance):
    r"""Return the limit of the excess risk of min-norm least squares with isotropic features.

    .. math:: R(\gamma) = \begin{cases}
              \sigma^2\,\dfrac{\gamma}{1-\gamma} & \gamma < 1,\\[2ex]
              r^2\Big(1-\dfrac1\gamma\Big) + \dfrac{\sigma^2}{\gamma-1} & \gamma > 1.\end{cases}

    The limit is for :math:`n, d \to \infty` with :math:`d/n \to \gamma`, features with independent entries of
    variance one, and :math:`\|\theta\|^2 = r^2` held fixed.

    Parameters
    ----------
    aspect_ratio : float or array
        :math:`\gamma = d/n > 0`.
    signal : float or array
        :math:`r^2 = \|\theta\|^2 \ge 0`.
    noise_variance : float or array
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    Risk
        At an aspect ratio of exactly 1 the variance and the risk are ``inf``, or 0 without noise.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), *Surprises in high-dimensional ridgeless least squares
    interpolation*, Theorem 1.

    Examples
    --------
    >>> ridgeless_risk([0.5, 1.0, 2.0], signal=1.0, noise_variance=1.0).risk
    array([1. , inf, 1.5])
    """
    gamma, signal, noise_variance = broadcast_arguments(
        aspect_ratio=(aspect_ratio, True), signal=(signal, False), noise_variance=(noise_variance, False)
    )
    bias = np.where(gamma > 1, signal * ((gamma - 1) / gamma), 0.0)
    with np.errstate(divide="ignore"):
        factor = np.minimum(gamma, 1) / np.abs(1 - gamma)
    variance = times(noise_variance, factor)
    return Risk(*as_floats(bias, variance, bias + variance))


def ridge_risk(aspect_ratio, penalty, *, signal, noise_variance):
    r"""Return the limit of the excess risk of ridge regression with isotropic features.

    With the effective ridge :math:`\kappa \ge 0` that solves :math:`\kappa = \lambda +
    \gamma\kappa/(1+\kappa)`,

    .. math:: \text{bias} = \frac{r^2}{D}\Big(\frac{\kappa}{1+\kappa}\Big)^2, \qquad
              \text{variance} = \frac{\sigma^2}{D}\,\frac{\gamma}{(1+\kappa)^2}, \qquad
              D = \frac{\lambda}{\kappa} + \frac{\gamma\kappa}{(1+\kappa)^2}.

    The quadratic for :math:`\kappa` is solved by the root that does not cancel, so that tiny penalties and
    large ratios keep full accuracy.  At penalty 0 the result is that of `ridgeless_risk`.

    Parameters
    ----------
    aspect_ratio : float or array
        :math:`\gamma = d/n > 0`.
    penalty : float or array
        :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`.
    signal : float or array
        :math:`r^2 = \|\theta\|^2 \ge 0`.
    noise_variance : float or array
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    RidgeRisk
        At aspect ratio 1 and penalty 0 the variance and the risk are ``inf``, or 0 without noise.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), *Surprises in high-dimensional ridgeless least squares
    interpolation*; Dobriban and Wager (2018), *High-dimensional asymptotics of prediction*.

    Examples
    --------
    >>> ridge_risk(2.0, 0.0, signal=1.0, noise_variance=1.0)
    RidgeRisk(bias=0.5, variance=1.0, risk=1.5, kappa=1.0)
    """
    gamma, penalty, signal, noise_variance = broadcast_arguments(
        aspect_ratio=(aspect_ratio, True),
        penalty=(penalty, False),
        signal=(signal, False),
        noise_variance=(noise_variance, False),
    )
    return RidgeRisk(*as_floats(*_ridge(gamma, penalty, signal, noise_variance)))


def optimal_penalty(aspect_ratio, *, signal, noise_variance):
    r"""Return the ridge penalty of least excess risk with isotropic features, and that risk.

    .. math:: \lambda^* = \frac{\sigma^2\gamma}{r^2}, \qquad R(\lambda^*) = \sigma^2\gamma\,m(-\lambda^*),

    with the Stieltjes transform m of `stieltjes_transform`.  The optimal risk has no peak at
    :math:`\gamma = 1`, and grows with :math:`\gamma`.

    Parameters
    ----------
    aspect_ratio : float or array
        :math:`\gamma = d/n > 0`.
    signal : float or array
        :math:`r^2 = \|\theta\|^2 \ge 0`.
    noise_variance : float or array
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    OptimalRidge
        Without signal the optimal penalty is ``inf`` and the risk 0.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Dobriban and Wager (2018), *High-dimensional asymptotics of prediction*; Hastie, Montanari, Rosset and
    Tibshirani (2022).

    Examples
    --------
    >>> result = optimal_penalty(2.0, signal=1.0, noise_variance=0.25)
    >>> result.penalty, round(result.risk, 6)
    (0.5, 0.640388)
    """
    gamma, signal, noise_variance = broadcast_arguments(
        aspect_ratio=(aspect_ratio, True), signal=(signal, False), noise_variance=(noise_variance, False)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        penalty = np.where(signal > 0, gamma * (noise_variance / signal), np.inf)
    bounded = np.isfinite(penalty)
    bias, variance, _, _ = _ridge(gamma, np.where(bounded, penalty, 1.0), signal, noise_variance)
    bias, variance = np.where(bounded, bias, signal), np.where(bounded, variance, 0.0)
    return OptimalRidge(*as_floats(penalty, bias, variance, bias + variance))


def stieltjes_transform(aspect_ratio, penalty):
    r"""Return the Stieltjes transform of the Marchenko-Pastur law at minus the penalty.

    .. math:: m(-\lambda) = \lim \frac1d \operatorname{tr}\Big(\frac{X^\top X}{n}+\lambda I\Big)^{-1}
              = \frac{-(1-\gamma+\lambda) + \sqrt{(1-\gamma+\lambda)^2+4\gamma\lambda}}{2\gamma\lambda},

    evaluated without cancellation.

    Parameters
    ----------
    aspect_ratio : float or array
        :math:`\gamma = d/n > 0`.
    penalty : float or array
        :math:`\lambda \ge 0`.

    Returns
    -------
    float or array
        ``inf`` at penalty 0 when the aspect ratio is at least 1: the sample covariance is singular.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not broadcast.

    References
    ----------
    Marchenko and Pastur (1967); Hastie, Montanari, Rosset and Tibshirani (2022).

    Examples
    --------
    >>> stieltjes_transform(0.5, 0.0)
    2.0
    """
    gamma, penalty = broadcast_arguments(aspect_ratio=(aspect_ratio, True), penalty=(penalty, False))
    kappa, share = _effective_ridge(gamma, penalty)
    with np.errstate(divide="ignore"):
        return as_floats(1 / (share * (1 + kappa)))[0]


def _ridge(gamma, penalty, signal, noise_variance):
    kappa, share = _effective_ridge(gamma, penalty)
    lost = kappa / (1 + kappa)
    slack = share + gamma * lost / (1 + kappa)  # (n - df2)/n
    with np.errstate(divide="ignore", invalid="ignore"):
        bias = np.where(slack > 0, signal * lost**2 / slack, 0.0)
        variance = times(noise_variance, gamma / (1 + kappa) / (1 + kappa) / slack)
    return bias, variance, bias + variance, kappa


def _effective_ridge(gamma, penalty):
    """Return kappa and penalty/kappa, which stays meaningful where both vanish.

    They are the roots of x^2 -+ c x - penalty = 0 with c = gamma - 1 + penalty; the larger one is a sum of
    positive terms and the other follows from their product.
    """
    c = (gamma - 1) + penalty
    root = np.hypot(c, 2 * np.sqrt(penalty))
    large = (root + np.abs(c)) / 2
    small = np.divide(penalty, large, out=np.zeros_like(large), where=large > 0)
    return np.where(c >= 0, large, small), np.where(c >= 0, small, large)
