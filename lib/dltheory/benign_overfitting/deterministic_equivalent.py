"""The deterministic equivalent of ridge regression for an arbitrary covariance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import integer, real, real_array
from dltheory.benign_overfitting.spectra import leading_pairs

_BLOCK = 2**21  # numbers held at once while several penalties are solved together
_STEPS = 2000  # Newton's method at least doubles while far away, and doubles have 2100 binades


class DeterministicEquivalent(NamedTuple):
    """Risk of ridge regression as a function of the spectrum; every field has the shape of ``penalty``."""

    bias: float | np.ndarray  #: excess risk without noise
    variance: float | np.ndarray  #: excess risk without signal
    risk: float | np.ndarray  #: bias + variance, the excess risk
    kappa: float | np.ndarray  #: effective ridge, in the units of the eigenvalues
    df1: float | np.ndarray  #: sum of lambda/(lambda + kappa), the degrees of freedom
    df2: float | np.ndarray  #: sum of lambda^2/(lambda + kappa)^2


def deterministic_equivalent(eigenvalues, coefficients, n, *, penalty, noise_variance):
    r"""Return the risk of ridge regression for a covariance, in its deterministic equivalent.

    The effective ridge :math:`\kappa` solves

    .. math:: \sum_i \frac{\lambda_i}{\lambda_i+\kappa} + \frac{n\lambda}{\kappa} = n, \qquad
              \mathrm{df}_2 = \sum_i \frac{\lambda_i^2}{(\lambda_i+\kappa)^2},

    .. math:: \text{bias} = \frac{\kappa^2 \sum_i \lambda_i\theta_i^2/(\lambda_i+\kappa)^2}
              {1-\mathrm{df}_2/n}, \qquad
              \text{variance} = \sigma^2\,\frac{\mathrm{df}_2}{n-\mathrm{df}_2}.

    It is exact in the limit of many samples and dimensions, and already close for n of some tens.  The
    denominators are evaluated as :math:`n-\mathrm{df}_2 = n\lambda/\kappa + \sum_i
    \lambda_i\kappa/(\lambda_i+\kappa)^2`, a sum of positive terms, so that nothing cancels.  For an infinite
    `Spectrum` all its eigenvalues are in the sums, to a relative accuracy of about 1e-12.

    Parameters
    ----------
    eigenvalues : array of shape (d,), or Spectrum
        Eigenvalues of the covariance; non-negative, descending.
    coefficients : array of shape (d,)
        :math:`\theta` in the eigenbasis; beside a Spectrum it may be shorter, and the rest is zero.
    n : int
        Number of samples.
    penalty : float, or array
        :math:`\lambda \ge 0` of :math:`X^\top X/n + \lambda I`; zero is the min-norm interpolator, or least
        squares when fewer than n eigenvalues are positive.
    noise_variance : float
        :math:`\sigma^2 \ge 0`.

    Returns
    -------
    DeterministicEquivalent
        With penalty 0 and exactly n positive eigenvalues the variance is ``inf`` (0 without noise).

    Raises
    ------
    ValueError
        If shapes differ, the eigenvalues are not a spectrum or a number is out of range.
    ArithmeticError
        If the equation for kappa was not solved.

    References
    ----------
    Hastie, Montanari, Rosset and Tibshirani (2022), *Surprises in high-dimensional ridgeless least squares
    interpolation*; Bartlett, Montanari and Rakhlin (2021), *Deep learning: a statistical viewpoint*.

    Examples
    --------
    >>> result = deterministic_equivalent([1.0] * 200, [0.1] * 200, 100, penalty=0.0, noise_variance=0.25)
    >>> round(result.bias, 12), round(result.variance, 12), round(result.kappa, 12)
    (1.0, 0.25, 1.0)
    """
    n = integer("n", n, at_least=1)
    penalty = real_array("penalty", penalty, at_least=0)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    spectrum, values, coefficients = leading_pairs(eigenvalues, coefficients)
    inverse, sums = _solve(spectrum, n, penalty.ravel())
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = values[:, None] * (coefficients[:, None] / (1 + values[:, None] * inverse)) ** 2
        bias = np.where(np.isinf(inverse), 0.0, n * shrunk.sum(axis=0) / sums.slack)
        variance = noise_variance * (sums.df2 / sums.slack) if noise_variance else np.zeros(inverse.size)
        kappa = 1 / inverse
    fields = (bias, variance, bias + variance, kappa, sums.df1, sums.df2)
    shaped = (field.reshape(penalty.shape) for field in fields)
    return DeterministicEquivalent(*(float(field) if penalty.ndim == 0 else field for field in shaped))


class _Sums(NamedTuple):
    residual: np.ndarray  # n minus the left side of the equation for kappa
    slack: np.ndarray  # n - df2 at the solution: the slope of the left side in log(1/kappa)
    df1: np.ndarray
    df2: np.ndarray


def _solve(spectrum, n, penalties):
    """Return 1/kappa and the sums there, each of shape (number of penalties,)."""
    ridgeless = spectrum.eigenvalue(n) / n if spectrum.size > n else 0.0
    below = np.maximum(penalties, ridgeless)  # kappa is above: n + 1 eigenvalues alone ensure the second
    measure = spectrum.measure(below[below > 0].min() if np.any(below > 0) else 1.0)
    rows = max(1, _BLOCK // measure.values.size)
    parts = [
        _solve_block(measure, spectrum.size, n, penalties[i : i + rows])
        for i in range(0, penalties.size, rows)
    ]
    inverse, sums = zip(*parts, strict=True)
    return np.concatenate(inverse), _Sums(*map(np.concatenate, zip(*sums, strict=True)))


def _solve_block(measure, size, n, penalties):
    """Newton's method for s = 1/kappa on a concave function, from the left: it never overshoots."""
    first = np.diff(np.minimum(np.cumsum(measure.weights), n), prepend=0.0)  # the n largest eigenvalues
    spare = max(n - size, 0)
    s = n / (measure.weights @ measure.values + measure.dust + n * penalties)
    if size <= n:
        s[penalties == 0] = np.inf  # no more directions than samples: nothing is shrunk
    sums = _sums(measure, first, spare, n * penalties, s)
    settled = np.isinf(s)
    for _ in range(_STEPS):
        step = np.zeros_like(s)
        step[~settled] = s[~settled] * sums.residual[~settled] / sums.slack[~settled]
        settled |= step <= 1e-15 * s  # a step down can only be rounding, at the root
        if settled.all():
            return s, sums
        s = np.where(settled, s, s + step)
        sums = _sums(measure, first, spare, n * penalties, s)
    raise ArithmeticError(f"the effective ridge was not found in {_STEPS} steps, n = {n}")


def _sums(measure, first, spare, ridge, s):
    values, weights, dust = measure
    with np.errstate(over="ignore", divide="ignore"):
        product = np.outer(s, values)
        missing, share = 1 / (1 + product), 1 / (1 + 1 / product)
    finite = np.where(np.isinf(s), 0.0, s)
    light = finite * (ridge + dust)
    df1, df2 = share @ weights + finite * dust, share**2 @ weights
    # n - df1 without cancellation: what the n largest lack, minus what the others have
    residual = spare + missing @ first - share @ (weights - first) - light
    slack = light + (share * missing) @ weights
    return _Sums(residual, np.where(np.isinf(s), float(spare), slack), df1, df2)
