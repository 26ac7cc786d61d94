"""Estimators that fit the data exactly, and the ridge path that leads to the one of minimum norm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._spectral import spectral_factor
from dltheory._validation import design_and_response, finite_array, real_array
from dltheory.margins import MaxMargin, max_margin

__all__ = [
    "BasisPursuit",
    "MaxMargin",
    "RidgePath",
    "basis_pursuit",
    "max_margin",
    "min_l1_interpolator",
    "min_norm_interpolator",
    "min_norm_least_squares",
    "ridge_path",
]

RANGE_TOLERANCE = 1e-8
"""y counts as reachable when at most this fraction of its length lies outside the range of X."""


def min_norm_least_squares(X, y):
    r"""Coefficients of smallest Euclidean norm among all least-squares fits; they always exist.

    .. math:: \hat\beta = X^+ y = \lim_{\lambda \downarrow 0} (X^\top X/n + \lambda I)^{-1} X^\top y/n.

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) or (n, k) response, in the units of the target

    Returns
    -------
    (d,) or (d, k) array. Singular values of X up to max(n, d) * 2.2e-16 times the largest count as zero.

    Raises
    ------
    ValueError : shapes that do not match, empty or non-finite data.

    References
    ----------
    Penrose (1956), On best approximate solutions of linear matrix equations.

    Examples
    --------
    >>> min_norm_least_squares([[1.0], [1.0]], [0.0, 2.0])
    array([1.])
    """
    X, y = design_and_response(X, y)
    factor = spectral_factor(X)
    return factor.apply(1 / factor.singular_values[None, :], y)[0]


def min_norm_interpolator(X, y):
    r"""Coefficients of smallest Euclidean norm that fit the data exactly.

    .. math:: \hat\beta = \arg\min \{ \|b\|_2 : X b = y \} = X^\top (X X^\top)^+ y.

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) or (n, k) response that X can reach, in the units of the target

    Returns
    -------
    (d,) or (d, k) array; it lies in the row span of X.

    Raises
    ------
    ValueError : y is not in the range of X (more than 1e-8 of its length lies outside), shapes that do
        not match, empty or non-finite data.

    References
    ----------
    Penrose (1956), On best approximate solutions of linear matrix equations.

    Examples
    --------
    >>> min_norm_interpolator([[3.0, 4.0]], [25.0]).round(12)
    array([3., 4.])
    """
    X, y = design_and_response(X, y)
    factor = _factor_that_reaches(X, y)
    return factor.apply(1 / factor.singular_values[None, :], y)[0]


class RidgePath(NamedTuple):
    """Ridge estimators along a path of m penalties.

    Attributes
    ----------
    penalties : (m,) in the order given
    coefficients : (m, d), or (m, d, k) when y is (n, k)
    degrees_of_freedom : (m,) trace of X^T X/n (X^T X/n + penalty I)^{-1}; the rank at penalty 0
    """

    penalties: np.ndarray
    coefficients: np.ndarray
    degrees_of_freedom: np.ndarray


def ridge_path(X, y, penalties):
    r"""Ridge regression for many penalties from one factorisation of the design.

    .. math:: \hat\beta(\lambda) = \arg\min_b \tfrac{1}{2n}\|Xb - y\|_2^2 + \tfrac{\lambda}{2}\|b\|_2^2
              = (X^\top X/n + \lambda I)^{-1} X^\top y/n
              = \sum_j \frac{s_j}{s_j^2 + n\lambda} \langle u_j, y\rangle v_j

    with the singular triples (s_j, u_j, v_j) of X, of which there are min(n, d).

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) or (n, k) response, in the units of the target
    penalties : (m,) non-negative, in any order, in the units of X^T X/n; 0 gives the minimum-norm limit

    Returns
    -------
    RidgePath : penalties (m,), coefficients (m, d) or (m, d, k), degrees_of_freedom (m,).

    Raises
    ------
    ValueError : a negative penalty, shapes that do not match, empty or non-finite data.

    Notes
    -----
    Singular values up to max(n, d) * 2.2e-16 times the largest count as zero for every penalty, so the
    path is continuous at 0. For d >= n the relative error is a small multiple of 2.2e-16 times the
    condition number of X, however small the penalty; solving with the Gram matrix X X^T would square it.

    References
    ----------
    Hoerl and Kennard (1970), Ridge regression; Hastie, Tibshirani and Friedman (2009), section 3.4.1.

    Examples
    --------
    >>> ridge_path([[2.0]], [2.0], [0.0, 4.0]).coefficients
    array([[1. ],
           [0.5]])
    """
    X, y = design_and_response(X, y)
    penalties = real_array("penalties", penalties, ndim=1, at_least=0.0)
    factor = spectral_factor(X)
    s = factor.singular_values
    with np.errstate(over="ignore"):  # a penalty beyond all bounds gives the coefficient 0, as it should
        shifted = s + len(X) * (penalties[:, None] / s)
    return RidgePath(penalties, factor.apply(1 / shifted, y), (s / shifted).sum(axis=1))


class BasisPursuit(NamedTuple):
    """Interpolator of minimum l1 norm with the dual point that proves it.

    Attributes
    ----------
    coefficients : (d,) a vertex of the solution set, so at most rank(X) entries are not zero
    norm : float, the l1 norm of the coefficients
    dual : (n,) with max |X^T dual| <= 1 and <y, dual> = norm, up to rounding errors
        times the condition number of X
    """

    coefficients: np.ndarray
    norm: float
    dual: np.ndarray


def basis_pursuit(X, y):
    r"""Minimum l1 norm among all interpolators, with its dual certificate.

    .. math:: \min_b \{ \|b\|_1 : X b = y \}
              = \max_\nu \{ \langle y, \nu\rangle : \|X^\top \nu\|_\infty \le 1 \}.

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) response that X can reach, in the units of the target

    Returns
    -------
    BasisPursuit : coefficients (d,), norm, dual (n,). Where several interpolators share the smallest
        norm, one vertex of their set is returned.

    Raises
    ------
    ValueError : y is not in the range of X, shapes that do not match, empty or non-finite data.
    RuntimeError : the linear program did not reach a duality gap below 1e-7.

    References
    ----------
    Chen, Donoho and Saunders (1998), Atomic decomposition by basis pursuit.

    Examples
    --------
    >>> basis_pursuit([[1.0, 2.0]], [2.0]).dual.round(12)
    array([0.5])
    """
    X, y = design_and_response(X, finite_array("y", y, ndim=1))
    factor = _factor_that_reaches(X, y)
    size = np.linalg.norm(y)
    if size == 0:
        return BasisPursuit(np.zeros(X.shape[1]), 0.0, np.zeros(len(X)))
    # The same constraints with orthonormal rows and a right-hand side of length one: HiGHS stops at
    # absolute tolerances, which mean nothing before this change of coordinates.
    target = factor.coordinates(y) / factor.singular_values
    scale = np.linalg.norm(target)
    b, nu = _min_l1_program(factor.right, target / scale)
    gap = abs(np.abs(b).sum() - nu @ target / scale) / np.abs(b).sum()
    infeasibility = np.linalg.norm(factor.right @ b - target / scale)
    if max(gap, infeasibility, np.abs(factor.right.T @ nu).max() - 1) > 1e-7:
        raise RuntimeError(
            f"the linear program stopped at a duality gap of {gap:.1e} and a residual of {infeasibility:.1e}"
        )
    return BasisPursuit(
        scale * b, float(scale * np.abs(b).sum()), factor.left @ (nu / factor.singular_values)
    )


def min_l1_interpolator(X, y):
    r"""Coefficients of smallest l1 norm that fit the data exactly.

    .. math:: \hat\beta \in \arg\min \{ \|b\|_1 : X b = y \}.

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) response that X can reach, in the units of the target

    Returns
    -------
    (d,) array with at most rank(X) entries that are not zero; :func:`basis_pursuit` also returns the
        certificate.

    Raises
    ------
    ValueError : y is not in the range of X, shapes that do not match, empty or non-finite data.
    RuntimeError : the linear program did not reach a duality gap below 1e-7.

    References
    ----------
    Chen, Donoho and Saunders (1998), Atomic decomposition by basis pursuit.

    Examples
    --------
    >>> min_l1_interpolator([[1.0, 2.0]], [2.0])
    array([0., 1.])
    """
    return basis_pursuit(X, y).coefficients


def _factor_that_reaches(X, y):
    factor = spectral_factor(X)
    residual = factor.residual(y)
    if residual > RANGE_TOLERANCE:
        raise ValueError(
            f"y must lie in the range of X (rank {len(factor.singular_values)}, shape {X.shape}) to be "
            f"interpolated, got a y with relative residual {residual:.2g}; "
            "min_norm_least_squares gives the best fit"
        )
    return factor


def _min_l1_program(A, target):
    """Split b = p - q with p, q >= 0; the dual simplex ends at a vertex, which is then solved again."""
    from scipy.optimize import linprog

    d = A.shape[1]
    result = linprog(
        np.ones(2 * d),
        A_eq=np.hstack([A, -A]),
        b_eq=target,
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.status != 0:
        raise RuntimeError(f"the linear program did not converge: {result.message}")
    b = result.x[:d] - result.x[d:]
    # A vertex uses independent columns, some of them perhaps with a coefficient that is zero up to rounding;
    # solving for them again removes what the tolerance of the simplex method left over.
    basic = b != 0
    b[basic] = np.linalg.lstsq(A[:, basic], target, rcond=None)[0]
    b[np.abs(b) < 1e-12 * np.abs(b).max()] = 0.0
    return b, result.eqlin.marginals
