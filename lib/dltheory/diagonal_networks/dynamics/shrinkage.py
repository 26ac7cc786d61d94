r"""How much single-row stochastic descent shrinks its effective initial weights on average, at any step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import finite_array, real_array

__all__ = ["MeanShrinkage", "sgd_mean_shrinkage"]


class MeanShrinkage(NamedTuple):
    r"""What the steps of a run take off the logarithm of the effective initial weights, on average.

    Attributes
    ----------
    total : (..., d) all orders of the step size
    leading : (..., d) the part of second order in the step size, one order a step and one for their number
    """

    total: np.ndarray
    leading: np.ndarray


def sgd_mean_shrinkage(X, y, coefficients, *, steps, step_size):
    r"""Mean shrinkage of the effective initial weights by single-row descent at depth two, along a run.

    .. math:: \sum_k \frac1n\sum_{i=1}^n \ell(2\eta\, r_i x_{ij}), \qquad \ell(u) = -\tfrac12\log|1-u^2|,
              \qquad r = X\beta_k - y

    A step that draws row i multiplies :math:`w_+w_-` by :math:`1 - 4\eta^2 r_i^2 x_{ij}^2`, so that each term
    is the mean of what step k takes off :math:`\log\alpha`, given the steps before it.  The shrinkage of a
    run less this sum is a martingale: its mean is zero at every step size.  The leading part has
    :math:`\tfrac12u^2` in place of :math:`\ell`; where the squared residuals do not depend on the squared
    features it is the exponent of :func:`sgd_effective_initialization`.

    Parameters
    ----------
    X : (n, d) design, or (S, n, d) for S data sets
    y : (n,) response, or (S, n)
    coefficients : (..., r, d) recorded along the runs; leading axes S, if X or y has it, then A, if
        ``step_size`` is an array
    steps : (r,) the steps at which they were recorded, increasing from 0; the sum over all steps before the
        last is exact where all are recorded, and by the trapezoidal rule between the recorded ones
    step_size : eta > 0, scalar or (A,)

    Returns
    -------
    MeanShrinkage : total (..., d), leading (..., d), with the leading axes of ``coefficients``.

    Raises
    ------
    ValueError : values out of range, or shapes that do not match.

    References
    ----------
    Derived in this project from the exact steps of Even, Pesme, Gunasekar and Flammarion (2023), (S)GD over
    diagonal linear networks; the leading part is that of Pesme, Pillaud-Vivien and Flammarion (2021).

    Examples
    --------
    >>> path = [[0.0], [0.75], [1.0]]  # residuals -1, -0.25, and 0 at the end: u = 0.5, 0.125
    >>> shrinkage = sgd_mean_shrinkage([[1.0]], [1.0], path, steps=[0, 1, 2], step_size=0.25)
    >>> shrinkage.leading  # (0.25 + 0.015625) / 2
    array([0.1328125])
    """
    X, y = finite_array("X", X, ndim=(2, 3)), finite_array("y", y, ndim=(1, 2))
    coefficients = finite_array("coefficients", coefficients, ndim=(2, 3, 4))
    step_size = real_array("step_size", step_size, ndim=(0, 1), above=0)
    steps = real_array("steps", steps, ndim=1, at_least=0)
    sets = X.shape[:-2] or y.shape[:-1]
    if y.shape[-1] != X.shape[-2] or (X.ndim == 3 and y.ndim == 2 and len(X) != len(y)):
        raise ValueError(f"y must have one entry per row of X, got shapes {y.shape} and {X.shape}")
    if coefficients.shape[:-2] != sets + step_size.shape or coefficients.shape[-1] != X.shape[-1]:
        raise ValueError(
            f"coefficients must have leading axes {sets + step_size.shape} and last axis {X.shape[-1]}, "
            f"got shape {coefficients.shape}"
        )
    if len(steps) != coefficients.shape[-2] or np.any(np.diff(steps) <= 0) or steps[0] != 0:
        raise ValueError(
            f"steps must increase from 0, {coefficients.shape[-2]} of them as recorded, got {steps!r}"
        )
    weights = _weights(steps)
    total, leading = (np.empty(coefficients.shape[:-2] + X.shape[-1:]) for _ in range(2))
    for run in np.ndindex(coefficients.shape[:-2]):
        rows = X[run[0]] if X.ndim == 3 else X
        response = y[run[0]] if y.ndim == 2 else y
        size = step_size[run[-1]] if step_size.ndim else step_size
        u = 2 * size * (coefficients[run] @ rows.T - response)
        total[run], leading[run] = _sums(u**2, rows**2, weights)
    return MeanShrinkage(total, leading)


def _weights(steps):
    """Weights of the recorded steps in the sum over all steps before the last."""
    if len(steps) == 1:
        return np.zeros(1)
    gaps = np.diff(steps)
    weights = (np.append(gaps, 0) + np.append(0, gaps)) / 2
    # The trapezoidal rule counts half of the first and half of the last term.
    weights[0] += 0.5
    weights[-1] -= 0.5
    return weights


def _sums(push, features, weights):
    """Sums of l(u) and u^2/2 for the squares ``push`` (r, n) times ``features`` (n, d) of u."""
    total = np.zeros(features.shape[1])
    for squares, feature in zip(push.T, features, strict=True):  # one row of X at a time: r d numbers
        with np.errstate(divide="ignore"):
            total -= weights @ np.log(np.abs(1 - squares[:, None] * feature))
    n = len(features)
    return total / (2 * n), weights @ (push @ features) / (2 * n)
