"""The first-order effect of a finite number of samples on the deterministic equivalent."""

from __future__ import annotations

import numpy as np

from dltheory._validation import integer, real, real_array
from dltheory.benign_overfitting._risk import Risk, as_floats
from dltheory.benign_overfitting.deterministic_equivalent import deterministic_equivalent

_STEP = 1e-30  # a complex step: derivatives without subtraction, hence without rounding
_NEWTON_STEPS = 5  # from the real root, 1e-30 away


def finite_size_correction(eigenvalues, coefficients, n, *, penalty, noise_variance):
    r"""Return the term of order 1/n between the expected risk on Gaussian data and its equivalent.

    .. math:: \mathbb{E}\,R_n = R + \Delta R + O(n^{-2}), \qquad \Delta R = O(n^{-1}).

    With :math:`A = \lambda(I + s\Sigma)` and :math:`Q = \lambda(X^\top X/n + A)^{-1}`, Gaussian integration
    by parts gives

    .. math:: \mathbb{E}\,Q_{ii} \approx \frac{1+\varepsilon_i}{1+s\lambda_i+\omega\lambda_i}, \qquad
              \varepsilon_i = \frac{\omega\,(\lambda_i q_i)^2}{n\,D}, \qquad
              D = \lambda + \frac1n\sum_i \lambda_i(1+s\lambda_i)\,q_i^2,

    where :math:`q_i` is the left side without :math:`\varepsilon_i`, and :math:`\omega` (at first order
    :math:`1/\kappa`) solves :math:`\lambda\omega = 1 - \frac1n\sum_i(1-(1+s\lambda_i)\mathbb{E}\,Q_{ii})`.
    Then bias = :math:`-\sum\theta_i^2\,\partial_s Q_{ii}` at s = 0 and
    variance = :math:`\frac{\sigma^2}{n}\sum\lambda_i\,\partial_\lambda Q_{ii}`.

    Parameters
    ----------
    eigenvalues : array of shape (d,)
        Eigenvalues of the covariance; non-negative, descending.
    coefficients : array of shape (d,)
        :math:`\theta` in the eigenbasis.
    n : int
        Number of samples.
    penalty : float, or array
        :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    Risk
        The corrections of bias, variance and risk, of either sign, each of the shape of ``penalty``.  With
        penalty 0 and exactly n positive eigenvalues the variance is ``inf`` (0 without noise).

    Raises
    ------
    ValueError
        If shapes differ, the eigenvalues are not a spectrum or a number is out of range.

    References
    ----------
    Bai and Silverstein (2004), *CLT for linear spectral statistics of large-dimensional sample covariance
    matrices*, for the trace of the resolvent; the form above is derived in this project.

    Examples
    --------
    >>> correction = finite_size_correction(np.ones(200), np.zeros(200), 100, penalty=0.0, noise_variance=1.0)
    >>> round(correction.variance, 12)  # exactly 100/99 - 1 = 0.0101..., of which 1/100 is of first order
    0.01
    """
    n = integer("n", n, at_least=1)
    penalty = real_array("penalty", penalty, at_least=0)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    values = real_array("eigenvalues", eigenvalues, ndim=1, at_least=0)
    theory = deterministic_equivalent(values, coefficients, n, penalty=penalty, noise_variance=noise_variance)
    size, squares = np.count_nonzero(values), np.asarray(coefficients, dtype=float) ** 2
    pairs = zip(penalty.ravel(), np.ravel(theory.kappa), strict=True)
    parts = [
        _least_squares(size, n, noise_variance)
        if kappa == 0
        else _shrunk(values, squares, n, level, kappa, noise_variance)
        for level, kappa in pairs
    ]
    bias, variance = (np.array(part).reshape(penalty.shape) for part in zip(*parts, strict=True))
    return Risk(*as_floats(bias, variance, bias + variance))


def _least_squares(size, n, noise_variance):
    """Without shrinkage nothing is biased, and the variance is sigma^2 size/(n - size - 1) exactly."""
    if noise_variance == 0:
        return 0.0, 0.0
    return 0.0, noise_variance * size / (n - size) ** 2 if size < n else np.inf


def _shrunk(values, squares, n, penalty, kappa, noise_variance):
    step = 1j * _STEP
    bias = -squares @ _resolvent_shift(values, n, penalty, kappa, s=step).imag / _STEP
    slope = _resolvent_shift(values, n, penalty + step, kappa, s=0.0).imag / _STEP
    return bias, noise_variance / n * (values @ slope)


def _resolvent_shift(values, n, penalty, kappa, *, s):
    """Return the term of order 1/n of the expected diagonal of Q, shape (d,)."""
    a, omega = 1 + s * values, complex(1 / kappa)
    for _ in range(_NEWTON_STEPS):
        q, slope = _level(values, n, penalty, a, omega)
        omega = omega - (penalty * omega - 1 + omega * np.sum(values * q) / n) / slope
    q, slope = _level(values, n, penalty, a, omega)
    epsilon = (values * q) ** 2 * omega / (n * slope)
    shift = np.sum(a * q * epsilon) / (n * slope)
    return q * epsilon - values * q**2 * shift


def _level(values, n, penalty, a, omega):
    q = 1 / (a + omega * values)
    return q, penalty + np.sum(values * a * q**2) / n
