"""Normalised steepest descent in a norm on the exponential loss, and the margin it maximises."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from dltheory._descent import recorded_steps
from dltheory._validation import design_and_response, integer, real, real_array
from dltheory.margins import DUAL_NORM, max_margin


class SteepestDescent(NamedTuple):
    """Steepest descent on the exponential loss at r steps.

    Attributes
    ----------
    steps : (r,) ascending step numbers, from 1
    weights : (r, d)
    margins : (r,) min_i y_i <x_i, w> / |w| in the norm of the descent; 0 where w = 0
    log_losses : (r,) logarithm of sum_i exp(-y_i <x_i, w>)
    path_lengths : (r,) sums of the step sizes up to the step, at least |w|
    dual_norms : (r,) smallest dual norm of sum_i p_i y_i x_i seen so far, p being the softmax of minus the
        margins; by duality no classifier has a larger margin
    """

    steps: np.ndarray
    weights: np.ndarray
    margins: np.ndarray
    log_losses: np.ndarray
    path_lengths: np.ndarray
    dual_norms: np.ndarray


def steepest_descent(X, y, norm, *, step_size, n_steps, decay=0.5, record_at=None):
    r"""Normalised steepest descent on the exponential loss of a linear classifier, from zero.

    .. math:: w_{t+1} = w_t + \frac{\eta}{(t+1)^{a}}\, v_t, \qquad
              v_t \in \arg\max_{\|v\| \le 1} \Big\langle \sum_i p_i y_i x_i,\, v\Big\rangle, \qquad
              p_i \propto e^{-y_i\langle x_i, w_t\rangle}.

    Norm 1 is coordinate descent (boosting; the first of equal coordinates is taken), norm 2 is normalised
    gradient descent and norm infinity is sign descent. Each maximises the margin in its own norm. Only the
    normalised p is formed, never the loss.

    Parameters
    ----------
    X : (n, d) points; there is no intercept
    y : (n,) labels, +1 or -1
    norm : 1, 2 or np.inf, the norm of the weights
    step_size : eta > 0, length of the first step in the norm
    n_steps : number of steps, at least 1
    decay : a >= 0, exponent of the step sizes; 0 for a constant step
    record_at : increasing steps, from 1 to n_steps, that are kept; None keeps all of them and the last
        step is kept always

    Returns
    -------
    SteepestDescent : steps (r,), weights (r, d), margins (r,), log_losses (r,), path_lengths (r,),
        dual_norms (r,)

    Raises
    ------
    ValueError : data that no w separates, labels other than +1 and -1, another norm, a step size that is
        not positive, a negative decay, steps out of order or range, empty or non-finite data.

    References
    ----------
    Telgarsky (2013), Margins, shrinkage, and boosting; Gunasekar, Lee, Soudry and Srebro (2018),
    Characterizing implicit bias in terms of optimization geometry.

    Examples
    --------
    >>> points = [[2.0, 1.0], [1.5, 0.2]]  # best directions (1, 0), the second point, (1, 1)
    >>> for p in (1, 2, np.inf):
    ...     print(f"{steepest_descent(points, [1, 1], p, step_size=1.0, n_steps=500).margins[-1]:.2f}")
    1.50
    1.51
    1.70
    """
    max_margin(X, y, norm)  # refuses what cannot be separated
    X, y = design_and_response(X, y)
    step_sizes = _step_sizes(step_size, decay, integer("n_steps", n_steps, at_least=1))
    if record_at is not None:
        real_array("record_at", record_at, ndim=1, at_least=1)
    wanted = recorded_steps(record_at, len(step_sizes))
    wanted = wanted[wanted > 0]
    Z = y[:, None] * X
    w, least_dual, rows, place = np.zeros(X.shape[1]), np.inf, [], 0
    for step, length in enumerate(step_sizes, start=1):
        uphill = softmax(-(Z @ w)) @ Z
        least_dual = min(least_dual, np.linalg.norm(uphill, ord=DUAL_NORM[norm]))
        w = w + length * _steepest(uphill, norm)
        if step == wanted[place]:
            rows.append((w, least_dual))
            place += 1
    weights = np.array([row[0] for row in rows])
    margins = weights @ Z.T
    lengths = np.linalg.norm(weights, ord=norm, axis=1)
    return SteepestDescent(
        wanted,
        weights,
        margins.min(axis=1) / np.where(lengths > 0, lengths, 1.0),
        logsumexp(-margins, axis=1),
        np.cumsum(step_sizes)[wanted - 1],
        np.array([row[1] for row in rows]),
    )


def steepest_descent_margin_bound(X, y, norm, *, step_size, steps, decay=0.5):
    r"""A margin that normalised steepest descent has reached for certain after so many steps.

    .. math:: \frac{\min_i y_i\langle x_i, w_T\rangle}{\|w_T\|} \ge \gamma_* -
              \frac{\log n + \tfrac12 R^2 \sum_{t<T}\eta_t^2}{\sum_{t<T}\eta_t}, \qquad
              R = \max_i \|x_i\|_* ,

    whenever the right side is not negative. With steps eta / sqrt(t) it falls short of the largest margin
    by O(log T / sqrt T); with the constant step (2 log n / T)^{1/2} / R by R (2 log n / T)^{1/2}.

    Proof: along a step the second derivative of log L is the variance of y_i <x_i, v> under p, at most
    R^2, and the first one is minus the dual norm of sum p_i y_i x_i, at most -gamma_* by duality. So
    log L(w_T) <= log n - gamma_* sum eta + R^2 sum eta^2 / 2. Finally min_i y_i <x_i, w> >= -log L(w) and
    \|w_T\| <= sum eta.

    Parameters
    ----------
    X : (n, d) points
    y : (n,) labels, +1 or -1
    norm : 1, 2 or np.inf, the norm of the weights
    step_size : eta > 0, length of the first step in the norm
    steps : (r,) numbers of steps T, at least 1, in any order
    decay : a >= 0, exponent of the step sizes

    Returns
    -------
    Array (r,) of lower bounds; a negative one says nothing.

    Raises
    ------
    ValueError : as for :func:`steepest_descent`, or steps that are no integers from 1.

    References
    ----------
    Telgarsky (2013), Margins, shrinkage, and boosting, has such rates for norm 1; the proof above is for
    any norm.

    Examples
    --------
    >>> bound = steepest_descent_margin_bound([[1.0]], [1], 2, step_size=0.5, steps=[4], decay=0.0)
    >>> bound  # 1 - (log 1 + 0.5 * 4 * 0.25) / 2
    array([0.75])
    """
    best = max_margin(X, y, norm)
    steps = real_array("steps", steps, ndim=1, at_least=1)
    if np.any(steps != np.rint(steps)):
        raise ValueError(f"steps must be integers, got {steps[steps != np.rint(steps)][0]:g}")
    steps = steps.astype(int)
    sizes = _step_sizes(step_size, decay, steps.max())
    X = np.asarray(X, dtype=np.float64)
    radius = np.linalg.norm(X, ord=DUAL_NORM[norm], axis=1).max()
    debt = np.log(len(X)) + radius**2 / 2 * np.cumsum(sizes**2)
    return best.margin - (debt / np.cumsum(sizes))[steps - 1]


def _step_sizes(step_size, decay, n_steps):
    step_size = real("step_size", step_size, above=0.0)
    return step_size * np.arange(1.0, n_steps + 1) ** -real("decay", decay, at_least=0.0)


def _steepest(uphill, norm):
    """A direction of norm at most one with the largest product with the given vector."""
    if norm == 1:
        direction = np.zeros_like(uphill)
        j = np.argmax(np.abs(uphill))
        direction[j] = np.sign(uphill[j])
        return direction
    # Separable data have a vector of dual norm at least the margin: it is not zero.
    return uphill / np.linalg.norm(uphill) if norm == 2 else np.sign(uphill)
