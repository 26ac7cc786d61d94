"""Gradient flow of a linear classifier on separable data: the law w_svm log t, to any time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp

from dltheory._spectral import spectral_factor
from dltheory._validation import design_and_response, finite_array, real_array
from dltheory.margins import max_margin
from dltheory.mirror_descent._ode import flow_at

ON_THE_MARGIN = 1e-8
"""A point counts as a support vector when its margin is within this of the smallest, relatively."""

LEAST_MULTIPLIER = 1e-7
"""Support vectors whose multiplier is a smaller part of the largest one count as degenerate."""


class LogisticFlow(NamedTuple):
    """Gradient flow of the logistic or exponential loss at T times.

    Attributes
    ----------
    times : (T,) in the order given, in the clock of the sum of the losses
    weights : (T, d) points w(t)
    log_losses : (T,) logarithm of the sum of the losses, finite where the loss itself underflows
    margins : (T,) normalised margins min_i y_i <x_i, w> / |w|
    direction_errors : (T,) distances of w / |w| from the direction of largest margin
    """

    times: np.ndarray
    weights: np.ndarray
    log_losses: np.ndarray
    margins: np.ndarray
    direction_errors: np.ndarray


def logistic_gradient_flow(X, y, times, *, loss="logistic", start=None, rtol=1e-10, atol=1e-12):
    r"""Gradient flow of the summed loss of a linear classifier on separable data.

    .. math:: \dot w = -\nabla L(w), \qquad L(w) = \sum_i \log(1 + e^{-y_i\langle x_i, w\rangle})
              \quad\text{or}\quad \sum_i e^{-y_i\langle x_i, w\rangle}.

    The flow of the mean loss is at time n t where this one is at time t. The clock of the integrator is
    log(1 + t), in which the velocity stays of the size of the support vectors, so that t = 1e300 costs
    no more than a few thousand steps; e^{-margin} is formed only together with the factor 1 + t.

    Parameters
    ----------
    X : (n, d) points; there is no intercept
    y : (n,) labels, +1 or -1
    times : (T,) positive and finite, in any order
    loss : "logistic" or "exponential"
    start : (d,) weights at time 0; zero when None
    rtol, atol : error allowed in a step of the integrator (LSODA), relative and absolute

    Returns
    -------
    LogisticFlow : times (T,), weights (T, d), log_losses (T,), margins (T,), direction_errors (T,)

    Raises
    ------
    ValueError : data that no w separates, labels other than +1 and -1, another loss, a time that is not
        positive, shapes that do not match, empty or non-finite data.
    RuntimeError : the integrator fails, or the exponential loss of the start is beyond all bounds.

    References
    ----------
    Soudry, Hoffer, Nacson, Gunasekar and Srebro (2018), The implicit bias of gradient descent on
    separable data.

    Examples
    --------
    >>> flow = logistic_gradient_flow([[1.0]], [1], [1.0, 1e12], loss="exponential")
    >>> np.exp(flow.weights[:, 0]).round(8)  # one point: w(t) = log(1 + t)
    array([2.e+00, 1.e+12])
    """
    if loss not in ("logistic", "exponential"):
        raise ValueError(f'loss must be "logistic" or "exponential", got {loss!r}')
    times = real_array("times", times, ndim=1, above=0.0)
    svm = max_margin(X, y, 2)
    X, y = design_and_response(X, y)
    start = _start(start, X)
    Z = y[:, None] * X
    V = spectral_factor(X).right  # the flow moves in the row span only
    Z_span, first_margins = Z @ V.T, Z @ start

    def rates(clock, c):  # exp(clock) times minus the derivative of the loss, and its relative slope
        margins = first_margins + Z_span @ c
        if loss == "exponential":
            return np.exp(clock - margins), np.ones_like(margins)
        return np.exp(clock - np.logaddexp(0.0, margins)), expit(margins)

    def velocity(clock, c):
        return Z_span.T @ rates(clock, c)[0]

    def jacobian(clock, c):
        rate, slope = rates(clock, c)
        return -(Z_span.T * (rate * slope)) @ Z_span

    c = flow_at(
        velocity,
        np.zeros(len(V)),
        np.log1p(times),
        jac=jacobian,
        what=f"the flow of the {loss} loss",
        rtol=rtol,
        atol=atol,
    )
    weights = start + c @ V
    # Margins from the coordinates of the span: the start may be long across it.
    margins = first_margins + c @ Z_span.T
    lengths = np.linalg.norm(weights, axis=1)
    if np.any(lengths == 0):
        raise RuntimeError("the flow passes through w = 0, which has no direction, at a time asked for")
    log_losses = logsumexp(-margins if loss == "exponential" else _log_softplus(-margins), axis=1)
    errors = np.linalg.norm(weights / lengths[:, None] - svm.direction, axis=1)
    return LogisticFlow(times, weights, log_losses, margins.min(axis=1) / lengths, errors)


@dataclass(frozen=True)
class LogisticFlowLimit:
    """What :func:`logistic_gradient_flow` tends to: w(t) = weights * log t + residual + o(1).

    Attributes
    ----------
    weights : (d,) hard-margin solution w_svm, with min_i y_i <x_i, w_svm> = 1
    margin : float, 1 / |w_svm|, the largest normalised margin
    support : (s,) ascending indices of the points with y_i <x_i, w_svm> = 1
    multipliers : (n,) exp(-y_i <x_i, residual>) on the support and 0 elsewhere; w_svm is the sum of
        multiplier_i y_i x_i, and their sum is |w_svm|^2, to which t L(t) tends
    residual : (d,) the vector w~; see ``spanning``
    spanning : whether the support vectors span the rows of X. If not, only the projection of
        w(t) - w_svm log t onto their span tends to a limit given by the data alone, and ``residual`` is
        that limit, with the part of the start across the rows of X
    margin_gap_coefficient : float, limit of log t times the distance of the normalised margin from the
        largest one
    """

    weights: np.ndarray
    margin: float
    support: np.ndarray
    multipliers: np.ndarray
    residual: np.ndarray
    spanning: bool
    margin_gap_coefficient: float

    @property
    def loss_coefficient(self):
        """Limit of t times the summed loss: |w_svm|^2."""
        return float(self.weights @ self.weights)

    @property
    def direction_error_coefficient(self):
        """Limit of log t times the direction error; a RuntimeError if the limit depends on the path."""
        if not self.spanning:
            raise RuntimeError("the support vectors do not span the rows of X: the path decides the limit")
        unit = self.weights * self.margin
        return float(self.margin * np.linalg.norm(self.residual - (self.residual @ unit) * unit))


def logistic_flow_limit(X, y, *, start=None):
    r"""The constants in the asymptotics of the logistic and of the exponential flow.

    .. math:: w(t) = w_{svm}\log t + \tilde w + o(1), \qquad
              \sum_{i \in S} e^{-y_i\langle x_i, \tilde w\rangle}\, y_i x_i = w_{svm}, \qquad
              t\,L(t) \to \|w_{svm}\|^2,

    so that with u = w_svm / \|w_svm\| and the margin g = 1 / \|w_svm\|

    .. math:: \log t\;\Bigl\|\frac{w}{\|w\|} - u\Bigr\| \to g\,\|\tilde w - \langle\tilde w,u\rangle u\|,
              \qquad \log t\,(g - g(t)) \to
              g\Bigl(g\langle\tilde w, u\rangle - \min_{i\in S} y_i\langle x_i,\tilde w\rangle\Bigr).

    Within the span of the support vectors the equation says that w~ minimises the strictly convex
    sum_S exp(-y_i <x_i, v>) + <w_svm, v>, also where the multipliers are not unique; Newton's method
    solves that.

    Parameters
    ----------
    X : (n, d) points; there is no intercept
    y : (n,) labels, +1 or -1
    start : (d,) weights at time 0; zero when None. Only its part across the rows of X matters

    Returns
    -------
    LogisticFlowLimit : weights (d,), margin, support (s,), multipliers (n,), residual (d,), spanning,
        margin_gap_coefficient

    Raises
    ------
    ValueError : data that no w separates; a point on the margin whose multiplier is zero (then w~ does
        not exist); labels other than +1 and -1, shapes that do not match, empty or non-finite data.

    References
    ----------
    Soudry, Hoffer, Nacson, Gunasekar and Srebro (2018), The implicit bias of gradient descent on
    separable data.

    Examples
    --------
    >>> limit = logistic_flow_limit([[1.0, 0.0], [0.0, -2.0]], [1, -1])
    >>> limit.residual.round(12), limit.loss_coefficient  # multipliers 1 and 1/4
    (array([0.        , 0.69314718]), 1.25)
    """
    svm = max_margin(X, y, 2)
    X, y = design_and_response(X, y)
    start = _start(start, X)
    Z = y[:, None] * X
    margins = Z @ svm.weights
    support = np.flatnonzero(margins <= (1 + ON_THE_MARGIN) * margins.min())
    factor, rows = spectral_factor(Z[support]), spectral_factor(X)
    v = _residual(Z[support] @ factor.right.T, factor.right @ svm.weights, svm.dual[support])
    inside = v @ factor.right
    on_support = np.exp(-Z[support] @ inside)
    if on_support.min() < LEAST_MULTIPLIER * on_support.max():
        raise ValueError(
            "X must have no point on the margin with a zero multiplier, got one at row "
            f"{support[np.argmin(on_support)]}: w(t) - w_svm log t does not converge"
        )
    multipliers = np.zeros(len(X))
    multipliers[support] = on_support
    residual = inside + start - (rows.right @ start) @ rows.right
    gap = svm.margin * (svm.margin**2 * (inside @ svm.weights) + np.log(on_support.max()))
    spanning = len(factor.right) == len(rows.right)
    return LogisticFlowLimit(
        svm.weights, svm.margin, support, multipliers, residual, spanning, float(max(gap, 0.0))
    )


def _residual(Z, w, dual):
    """Minimise sum exp(-Z v) + <w, v> by Newton's method with halving; Z has full column rank."""
    guess = np.maximum(dual * (w @ w), LEAST_MULTIPLIER * (w @ w))
    v = -np.linalg.lstsq(Z, np.log(guess), rcond=None)[0]
    for _ in range(200):
        rates = np.exp(-Z @ v)
        slope = w - Z.T @ rates
        if np.linalg.norm(slope) <= 1e-14 * np.linalg.norm(w):
            break
        step = -np.linalg.lstsq((Z.T * rates) @ Z, slope, rcond=None)[0]
        change, length = Z @ step, 1.0
        # The decrease without cancellation: sum rates (exp(-x) - 1 + x) - |descent|.
        while rates @ _curve(length * change) > -0.9 * length * (slope @ step):
            length /= 2
            if length < 1e-12:  # rounding ends the descent
                return _converged(v, slope, w)
        v = v + length * step
    return _converged(v, slope, w)


def _curve(x):
    """exp(-x) - 1 + x, infinite where it overflows."""
    with np.errstate(over="ignore"):
        return np.expm1(-x) + x


def _converged(v, slope, w):
    if not np.linalg.norm(slope) <= 1e-9 * np.linalg.norm(w):
        raise RuntimeError(
            f"Newton's method for the residual stopped at a relative slope of "
            f"{np.linalg.norm(slope) / np.linalg.norm(w):.1e}"
        )
    return v


def _log_softplus(v):
    """log(log(1 + e^v)), accurate where log(1 + e^v) underflows."""
    return np.where(v < -40.0, v, np.log(np.logaddexp(0.0, np.maximum(v, -40.0))))


def _start(start, X):
    start = np.zeros(X.shape[1]) if start is None else finite_array("start", start, ndim=1)
    if len(start) != X.shape[1]:
        raise ValueError(f"start must have one entry per column of X, {X.shape[1]}, got {len(start)}")
    return start
