"""The Bregman projection onto the solutions of a linear system, by Newton's method on the dual."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from dltheory._spectral import spectral_factor
from dltheory._validation import design_and_response
from dltheory.interpolation import RANGE_TOLERANCE

RESIDUAL_TOLERANCE = 1e-12
"""Newton stops at this residual, relative to the size of the point and of the smallest interpolator."""

MAX_ITERATIONS = 200
MAX_HALVINGS = 1100
SUFFICIENT_DECREASE = 1e-4

INTERIOR_TOLERANCE = 1e-9
"""The orthant counts as missed when no solution has all entries above this fraction of max |V^T X^+ y|."""


class BregmanProjection(NamedTuple):
    """Result of :func:`bregman_projection`.

    Attributes
    ----------
    point : (d,) the projection w
    multipliers : (n,) lambda with grad Phi(w) = grad Phi(start) + X^T lambda; of least norm
    residual : largest entry of |X w - y|, in the units of y
    iterations : Newton steps made
    """

    point: np.ndarray
    multipliers: np.ndarray
    residual: float
    iterations: int


def bregman_projection(potential, X, y, *, start):
    r"""The interpolator that is closest to ``start`` in the Bregman divergence of a potential.

    .. math:: \hat w = \arg\min_w D(w, w_0) \text{ subject to } Xw = y, \qquad
              \nabla\Phi(\hat w) = \nabla\Phi(w_0) + X^\top\lambda.

    Mirror descent and mirror flow on the loss of a linear model that converge to an interpolator converge
    to this one, whatever the step size.
    The unknown is lambda. With V the right singular vectors of X, Newton's method minimises the convex
    dual over the coefficients of X^T lambda in V; the decrease of the dual along a step is computed as a
    slope less a divergence, which does not cancel. It stops when
    ``|V^T w - V^T X^+ y| <= 1e-12 * (|w| + |X^+ y|)`` in the Euclidean norm, for potentials on the whole
    space with ``|w_0|`` added in the parentheses.

    Parameters
    ----------
    potential : record of :mod:`dltheory.mirror_descent.potentials`
    X : (n, d) design, any rank
    y : (n,) response in the range of X
    start : (d,) point w_0 of the domain

    Returns
    -------
    BregmanProjection : point (d,), multipliers (n,), residual, iterations

    Raises
    ------
    ValueError : y outside the range of X (by more than 1e-8 of its length), or reached by no point of the
        positive orthant (by none whose entries all exceed 1e-9 of max |V^T X^+ y|); a start outside the
        domain; shapes that do not match, empty or non-finite data.
    RuntimeError : the residual is not reached.

    References
    ----------
    Gunasekar, Lee, Soudry and Srebro (2018), Characterizing implicit bias in terms of optimization
    geometry, theorem 1.

    Examples
    --------
    >>> from dltheory.mirror_descent.potentials import NegativeEntropy
    >>> bregman_projection(NegativeEntropy(), [[1.0, 1.0]], [8.0], start=[1.0, 3.0]).point.round(12)
    array([2., 6.])
    """
    X, y = design_and_response(X, y)
    if y.ndim != 1:
        raise ValueError(f"y must have 1 dimension(s), got shape {y.shape}")
    dual = potential.gradient(start, name="start")
    if len(dual) != X.shape[1]:
        raise ValueError(f"start must have one entry per column of X, {X.shape[1]}, got {len(dual)}")
    factor = spectral_factor(X)
    if factor.residual(y) > RANGE_TOLERANCE:
        raise ValueError(f"y must be in the range of X, got {factor.residual(y):.2g} of its length outside")
    target = factor.coordinates(y) / factor.singular_values
    with np.errstate(all="ignore"):
        newton = _newton(potential, factor.right, target, dual, np.asarray(start, dtype=np.float64))
    _check_orthant(potential, factor.right, target, newton)
    if not newton.converged:
        raise RuntimeError(
            f"the projection did not converge: relative residual {newton.residual:.2g} after "
            f"{newton.iterations} Newton steps, {RESIDUAL_TOLERANCE:g} wanted"
        )
    multipliers = factor.left @ (newton.coefficients / factor.singular_values)
    residual = float(np.max(np.abs(X @ newton.point - y)))
    return BregmanProjection(newton.point, multipliers, residual, newton.iterations)


class _Newton(NamedTuple):
    point: np.ndarray
    coefficients: np.ndarray
    residual: float
    iterations: int
    converged: bool


def _newton(potential, V, target, dual, w):
    start_dual, c = dual, np.zeros(len(V))
    # On the whole space w = 0 is a point like any other, so that its own size cannot be the measure.
    base = np.linalg.norm(target) + (0.0 if potential.positive else np.linalg.norm(w))
    for iteration in range(MAX_ITERATIONS + 1):
        slope = V @ w - target
        size = base + np.linalg.norm(w)
        residual = np.linalg.norm(slope)
        converged = residual <= RESIDUAL_TOLERANCE * size and (size > 0 or not potential.positive)
        relative = residual / size if size > 0 else 0.0
        if converged or iteration == MAX_ITERATIONS:
            break
        step = _newton_step(potential.dual_gram(dual, V), slope)
        moved = _line_search(potential, V, target, (start_dual, c, w), step, slope)
        if moved is None:
            break
        c, dual, w = moved
    return _Newton(w, c, float(relative), iteration, bool(converged))


def _newton_step(gram, slope):
    try:
        return -cho_solve(cho_factor(gram), slope)
    except (np.linalg.LinAlgError, ValueError):  # singular to rounding, or overflow
        gram = np.nan_to_num(gram)
        values, vectors = np.linalg.eigh(gram)
        return -vectors @ (vectors.T @ slope / np.maximum(values, 1e-15 * values[-1]))


def _line_search(potential, V, target, state, step, slope):
    """The first of the steps 1, 1/2, 1/4, ... that lowers the dual enough; None if there is none."""
    start_dual, c, w = state
    descent = -(step @ slope)
    if not descent > 0:
        step, descent = -slope, slope @ slope
    length = 1.0
    for _ in range(MAX_HALVINGS):
        new_c = c + length * step
        dual = start_dual + V.T @ new_c
        if np.all(np.isfinite(dual)) and potential.in_dual_domain(dual):
            new_w = potential._inverse_gradient(dual)
            if np.linalg.norm(new_w) < np.inf:  # false for NaN
                # The dual changes by D(w, new_w) - length * descent.
                gap = potential._divergence(w, new_w)
                decreased = gap <= (1 - SUFFICIENT_DECREASE) * length * descent
                halved = np.linalg.norm(V @ new_w - target) <= np.linalg.norm(slope) / 2
                if np.isfinite(gap) and (decreased or halved):
                    return new_c, dual, new_w
        length /= 2
    return None


def _check_orthant(potential, V, target, newton):
    """Raise a ValueError if no positive point solves the system; a clearly positive solution is proof."""
    w = newton.point
    if not potential.positive or (newton.converged and np.min(w) > INTERIOR_TOLERANCE * np.max(w)):
        return
    from scipy.optimize import linprog

    d = V.shape[1]
    scale = max(np.max(np.abs(target)), np.finfo(float).tiny)
    # Maximise t with w >= t, V w = target and sum(w) bounded through t <= 1.
    rows = np.hstack([V, np.zeros((len(V), 1))])
    below = np.hstack([-np.eye(d), np.ones((d, 1))])
    cost = np.append(np.zeros(d), -1.0)
    bounds = [(0, None)] * d + [(None, 1.0)]
    best = linprog(cost, A_ub=below, b_ub=np.zeros(d), A_eq=rows, b_eq=target / scale, bounds=bounds)
    if best.status == 2 or (best.status == 0 and best.x[-1] <= INTERIOR_TOLERANCE):
        raise ValueError("y must be X w for some w with positive entries, got a y that no such w reaches")
