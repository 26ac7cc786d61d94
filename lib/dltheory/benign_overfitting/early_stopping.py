"""Gradient flow stopped at time t against ridge regression with penalty 1/t: filters, constants and risks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import finite_array, real, real_array
from dltheory.benign_overfitting._risk import Risk


def flow_filter(x):
    r"""Share of a singular direction that gradient flow has fitted, at :math:`x = t s^2/n`.

    .. math:: g(x) = 1 - e^{-x}

    Parameters
    ----------
    x : non-negative float or array of any shape

    Returns
    -------
    Float or array of the same shape.

    Raises
    ------
    ValueError : negative or non-finite entries.

    References
    ----------
    Ali, Kolter and Tibshirani (2019), A continuous-time view of early stopping for least squares regression.

    Examples
    --------
    >>> flow_filter(np.log(2.0))
    0.5
    """
    values = -np.expm1(-real_array("x", x, at_least=0.0))
    return float(values) if np.ndim(values) == 0 else values


def ridge_filter(x):
    r"""Share of a singular direction that ridge regression with penalty 1/t fits, at :math:`x = t s^2/n`.

    .. math:: h(x) = \frac{s^2/n}{s^2/n + 1/t} = \frac{x}{1 + x}

    Parameters
    ----------
    x : non-negative float or array of any shape

    Returns
    -------
    Float or array of the same shape.

    Raises
    ------
    ValueError : negative or non-finite entries.

    References
    ----------
    Ali, Kolter and Tibshirani (2019).

    Examples
    --------
    >>> ridge_filter(1.0)
    0.5
    """
    x = real_array("x", x, at_least=0.0)
    values = x / (1 + x)
    return float(values) if np.ndim(values) == 0 else values


class StoppingConstants(NamedTuple):
    """The constants that compare gradient flow at time t with ridge regression at penalty 1/t."""

    filter_ratio: float  #: largest ratio of the two filters, about 1.298
    risk_ratio: float  #: its square, about 1.686: bounds the ratio of the risks at every t
    tuned_ratio: (
        float  #: about 1.215: bounds the risk at the tuned time over the smallest of ridge, isotropic teacher
    )
    filter_argument: float  #: a, about 1.793: where x = t s^2/n attains the first two
    tuned_argument: float  #: b, about 3.214: where x = t s^2/n attains the third


def stopping_constants():
    r"""Return the sharp constants of the comparison of early stopping with ridge regression.

    .. math:: \sup_{x>0} \frac{(1-e^{-x})(1+x)}{x} = 1 + \frac{a}{1+a+a^2}
              \quad\text{with } e^{a} = 1 + a + a^2,\ a > 0,

    its square, and

    .. math:: \sup_{x>0} (1+x)\Big(e^{-2x} + \frac{(1-e^{-x})^2}{x}\Big) = 1 + \frac{4b^3}{(1+b+2b^2)^2}
              \quad\text{with } e^{b} = 1 + b + 2b^2,\ b > 0.

    Returns
    -------
    StoppingConstants

    References
    ----------
    Ali, Kolter and Tibshirani (2019) bound the ratio of the risks by 1.69. The equations for a and b are the
    conditions for a zero derivative; each has one positive root since :math:`(e^x-1-x)/x^2` increases.

    Examples
    --------
    >>> [round(value, 4) for value in stopping_constants()]
    [1.2984, 1.6859, 1.2147, 1.7933, 3.2136]
    """
    from scipy.optimize import brentq

    a = brentq(lambda x: np.expm1(x) - x - x**2, 1.0, 3.0, xtol=1e-14)
    b = brentq(lambda x: np.expm1(x) - x - 2 * x**2, 2.0, 5.0, xtol=1e-14)
    ratio = 1 + a / (1 + a + a**2)
    tuned = 1 + 4 * b**3 / (1 + b + 2 * b**2) ** 2
    return StoppingConstants(float(ratio), float(ratio**2), float(tuned), float(a), float(b))


def flow_risk(X, times, *, signal, noise_variance):
    r"""Risk of gradient flow from zero, averaged over a random teacher and over the noise, for one design.

    With :math:`\theta \sim (0, (r^2/d) I)`, the singular values :math:`s_j` of X and :math:`x_j = t s_j^2/n`,

    .. math:: \mathbb{E}\|\hat\theta(t) - \theta\|^2
              = \underbrace{\frac{r^2}{d} \sum_{j=1}^{d} e^{-2 x_j}}_{\text{bias}}
              + \underbrace{\sigma^2 \sum_{s_j > 0} \frac{(1 - e^{-x_j})^2}{s_j^2}}_{\text{variance}}

    which is the excess prediction risk when the covariance of the features is the identity.

    Parameters
    ----------
    X : (n, d) design
    times : (T,) non-negative
    signal : r^2 = expected squared length of the teacher, at least 0
    noise_variance : sigma^2, at least 0

    Returns
    -------
    Risk : bias, variance and risk, each (T,).

    Raises
    ------
    ValueError : a negative time, signal or noise variance, empty or non-finite data.

    References
    ----------
    Ali, Kolter and Tibshirani (2019).

    Examples
    --------
    >>> flow_risk([[1.0]], [np.log(2.0)], signal=4.0, noise_variance=1.0).risk
    array([1.25])
    """
    return _path_risk(flow_filter, X, times, signal, noise_variance)


def ridge_path_risk(X, times, *, signal, noise_variance):
    r"""Risk of ridge regression with penalty 1/t, averaged over a random teacher and over the noise.

    .. math:: \mathbb{E}\|\hat\theta_{1/t} - \theta\|^2
              = \frac{r^2}{d} \sum_{j=1}^{d} \frac{1}{(1 + x_j)^2}
              + \sigma^2 \sum_{s_j > 0} \frac{1}{s_j^2} \Big(\frac{x_j}{1 + x_j}\Big)^2,
              \qquad x_j = \frac{t s_j^2}{n}

    Parameters
    ----------
    X, times, signal, noise_variance : as in :func:`flow_risk`

    Returns
    -------
    Risk : bias, variance and risk, each (T,). Its smallest risk is that at
        :math:`1/t = \lambda^* = \sigma^2 d/(r^2 n)`, the Bayes risk when teacher and noise are Gaussian.

    Raises
    ------
    ValueError : a negative time, signal or noise variance, empty or non-finite data.

    References
    ----------
    Hoerl and Kennard (1970); Ali, Kolter and Tibshirani (2019).

    Examples
    --------
    >>> ridge_path_risk([[1.0]], [1.0], signal=4.0, noise_variance=1.0).risk
    array([1.25])
    """
    return _path_risk(ridge_filter, X, times, signal, noise_variance)


def _path_risk(path_filter, X, times, signal, noise_variance):
    X = finite_array("X", X, ndim=2)
    times = real_array("times", times, ndim=1, at_least=0.0)
    signal = real("signal", signal, at_least=0.0)
    noise_variance = real("noise_variance", noise_variance, at_least=0.0)
    (n, d), s = X.shape, np.linalg.svd(X, compute_uv=False)
    s = s[s > max(X.shape) * np.finfo(np.float64).eps * s[0]]
    fitted = path_filter(times[:, None] * s**2 / n)
    bias = signal / d * (np.sum((1 - fitted) ** 2, axis=1) + d - len(s))
    variance = noise_variance * np.sum((fitted / s) ** 2, axis=1)
    return Risk(bias, variance, bias + variance)
