"""Linear classifiers of maximum margin in the geometry of a norm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import design_and_response, finite_array

DUAL_NORM = {1: np.inf, 2: 2, np.inf: 1}

SEPARABLE = 1e-5
"""Smallest margin, relative to the largest dual norm of a point, at which data count as separable."""

OPTIMALITY = 1e-7
"""Largest relative duality gap that is accepted."""


class MaxMargin(NamedTuple):
    """Solution of the hard-margin problem with the dual point that proves it.

    Attributes
    ----------
    weights : (d,) smallest |w| with y_i <x_i, w> >= 1 for all i
    margin : float, 1 / |weights|: the largest margin min_i y_i <x_i, w> over |w| <= 1
    direction : (d,) weights / |weights|, in the norm of the problem
    dual : (n,) non-negative, of sum 1; the dual norm of sum_i dual_i y_i x_i is the margin
    support : (s,) ascending indices i with dual_i > 0; for these y_i <x_i, weights> = 1
    """

    weights: np.ndarray
    margin: float
    direction: np.ndarray
    dual: np.ndarray
    support: np.ndarray


def max_margin(X, y, norm):
    r"""Hard-margin classifier through the origin in the l1, l2 or l-infinity geometry.

    .. math:: \min_w \{ \|w\| : y_i \langle x_i, w\rangle \ge 1 \ \forall i \},
              \qquad \frac{1}{\|w\|} = \max_{\|v\| \le 1} \min_i y_i \langle x_i, v\rangle
              = \min_{\alpha \ge 0, \sum \alpha_i = 1} \Big\| \sum_i \alpha_i y_i x_i \Big\|_* .

    Parameters
    ----------
    X : (n, d) points; there is no intercept, append a column of ones to have one
    y : (n,) labels, +1 or -1; one class alone is admitted
    norm : 1, 2 or np.inf, the norm of the weights

    Returns
    -------
    MaxMargin : weights (d,), margin, direction (d,), dual (n,), support (s,). For norms 1 and
        infinity the weights need not be unique; the margin is.

    Raises
    ------
    ValueError : labels other than +1 and -1, data that no w separates (margin below 1e-5 of the largest
        dual norm of a point), another norm, shapes that do not match, empty or non-finite data.
    RuntimeError : the solver stopped at a relative duality gap above 1e-7.

    References
    ----------
    Norm 2: least-distance programming, Lawson and Hanson (1974), Solving Least Squares Problems,
    chapter 23. Duality between margin and distance: Mangasarian (1999), Arbitrary-norm separating plane.

    Examples
    --------
    >>> max_margin([[2.0, 0.0], [0.0, -2.0]], [1, -1], 2).weights.round(12)
    array([0.5, 0.5])
    """
    X, y = design_and_response(X, finite_array("y", y, ndim=1))
    if not np.all(np.abs(y) == 1):
        raise ValueError(f"y must hold the labels +1 and -1, got {y[np.abs(y) != 1][0]:g}")
    if norm not in DUAL_NORM:
        raise ValueError(f"norm must be 1, 2 or np.inf, got {norm!r}")
    size = np.linalg.norm(X, ord=DUAL_NORM[norm], axis=1).max()
    if size == 0:
        raise ValueError("y cannot be separated: every row of X is zero")
    signed = y[:, None] * X / size
    direction, dual = _largest_l2_margin(signed) if norm == 2 else _largest_margin_program(signed, norm)
    lower = (signed @ direction).min()
    if lower < SEPARABLE:
        raise ValueError(
            "y must be separable: some w must have y_i <x_i, w> > 0 for all i; the largest margin found "
            f"is {lower:.1e} of the largest dual norm of a point"
        )
    upper = np.linalg.norm(dual @ signed, ord=DUAL_NORM[norm])
    if upper - lower > OPTIMALITY * upper:
        raise RuntimeError(f"the solver stopped at a relative duality gap of {(upper - lower) / upper:.1e}")
    margin = float(lower * size)
    return MaxMargin(direction / margin, margin, direction, dual, np.flatnonzero(dual))


def _largest_l2_margin(signed):
    """Direction of length one and dual weights, through min |w| subject to signed @ w >= 1."""
    points = signed
    if signed.shape[1] > len(signed):  # the solution lies in the row span: n coordinates do
        basis, R = np.linalg.qr(signed.T)
        points = R.T
    w, dual = _least_distance(points)
    return (w if points is signed else basis @ w), dual


def _least_distance(points):
    """Lawson and Hanson's reduction of min |w|, points @ w >= 1, to non-negative least squares."""
    from scipy.optimize import nnls

    n, d = points.shape
    goal = np.zeros(d + 1)
    goal[d] = 1.0
    multipliers, _ = nnls(np.vstack([points.T, np.ones(n)]), goal, maxiter=30 * max(n, d))
    if multipliers.sum() == 0:
        return np.zeros(d), np.full(n, 1 / n)
    active = np.flatnonzero(multipliers > 0)
    # On the support all constraints are equalities. Solving these keeps the digits that the multipliers
    # lose when the margin is small.
    w = np.linalg.lstsq(points[active], np.ones(len(active)), rcond=None)[0]
    length = np.linalg.norm(w)
    return w / (length if length > 0 else 1.0), multipliers / multipliers.sum()


def _largest_margin_program(signed, norm):
    """Largest t with signed @ v >= t in the unit ball of l1 or l-infinity, a linear program."""
    from scipy.optimize import linprog

    n, d = signed.shape
    margin_column = np.ones((n, 1))
    if norm == 1:
        A = np.block([[-signed, signed, margin_column], [np.ones((1, 2 * d)), np.zeros((1, 1))]])
        b, bounds = np.append(np.zeros(n), 1.0), [(0, None)] * (2 * d + 1)
    else:
        A, b, bounds = np.hstack([-signed, margin_column]), np.zeros(n), [(-1, 1)] * d + [(0, None)]
    cost = np.zeros(A.shape[1])
    cost[-1] = -1.0
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    result = linprog(cost, A_ub=A, b_ub=b, bounds=bounds, method="highs-ds", options=options)
    if result.status != 0:
        raise RuntimeError(f"the linear program did not converge: {result.message}")
    v = result.x[:d] - result.x[d : 2 * d] if norm == 1 else result.x[:d]
    dual = np.maximum(-result.ineqlin.marginals[:n], 0.0)
    length = np.linalg.norm(v, ord=norm)
    return v / (length if length > 0 else 1.0), dual / (dual.sum() or 1.0)
