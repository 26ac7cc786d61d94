r"""Gradient flow of the weights of diagonal networks, for any scale of the initialisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._spectral import spectral_factor
from dltheory._validation import finite_array, integer, real, real_array
from dltheory.diagonal_networks.dynamics._dual_coordinate import dual_coordinate
from dltheory.diagonal_networks.dynamics._flow_steps import FlowProblem
from dltheory.diagonal_networks.dynamics._follow import at_levels, at_times, to_the_end
from dltheory.interpolation import RANGE_TOLERANCE

__all__ = ["GradientFlow", "gradient_flow", "gradient_flow_path"]

LARGEST_START, SMALLEST_START = 100, -300
"""Bounds of the decimal logarithm of a weight's power D at the start."""

SMALLEST_LEVEL = 1e-9


class GradientFlow(NamedTuple):
    """Gradient flows of diagonal networks at T points each.

    The leading axes ``...`` are (S,) data sets, if there are several, then (A,) settings, if ``alpha`` is an
    array.

    Attributes
    ----------
    times : (..., T) times of plain gradient flow, dw/dt = - grad L
    coefficients : (..., T, d) w_+^D - w_-^D
    log_w_plus, log_w_minus : (..., T, d) logarithms of the weights
    residual : (..., T) largest entry of \\|X b - y\\|, in the units of y
    """

    times: np.ndarray
    coefficients: np.ndarray
    log_w_plus: np.ndarray
    log_w_minus: np.ndarray
    residual: np.ndarray


def gradient_flow(X, y, *, alpha, depth, shape=None, times=None, rtol=1e-6, tol=1e-12):
    r"""Gradient flow of the weights of a diagonal network, at given times or to its end.

    .. math:: \dot w_\pm = \mp D\, w_\pm^{D-1}\, \nabla L(\beta), \qquad \beta = w_+^D - w_-^D, \qquad
              L(\beta) = \tfrac1{2n}\|X\beta - y\|^2, \qquad w_\pm(0) = \alpha\, s_\pm

    The flow is integrated in :math:`\theta = -\int\nabla L = X^\top\nu`, of which the weights are functions:
    :math:`\log w_\pm` at D = 2, :math:`w_\pm^{2-D}` at D > 2 move linearly with it, so that a start of 1e-30
    is no more difficult than one of 0.1.  Every step adds a multiple of :math:`X^\top\Delta\nu` to it, so
    that errors of the steps change how fast, but not where in :math:`\theta_0 + \mathrm{range}\,X^\top` the
    flow goes; its end does not depend on ``rtol``.  The steps are those of a linearly implicit method of
    order five for stiff equations; where the coefficients that have converged are much stiffer than the rest,
    they are separate unknowns of its linear systems.

    Where no ``times`` are given, the flow is followed until the distance of beta to the nearest
    interpolator is at most ``tol`` times the sum of their lengths.  Then the distance to the end of the flow
    is at most a constant of X as large (Stewart 1989), whatever the start is: usually below 1e-10.

    For D > 2 and a small start a coefficient rises within a time of order 1, after a time of order
    :math:`\alpha^{2-D}`: where the first is below the rounding of the second, one float is the time of many
    points, and a given time finds one of them. `gradient_flow_path` tells them apart.  Ties between columns,
    equal ones for example, are then decided by rounding once :math:`\alpha^{D-2}` is below 1e-16.

    Data sets and settings are integrated one after another, because each needs steps of its own.

    Parameters
    ----------
    X : (n, d) design of any rank, or (S, n, d) for S data sets
    y : (n,) response in the range of X, or (S, n); one design may serve S responses and conversely
    alpha : positive initial weight, scalar or (A,)
    depth : D, at least 2
    shape : (d,) positive factors s of both copies, or (2, d) those of w_+ and w_-; ones when None
    times : (T,) non-negative and increasing; None follows the flow to its end, and T is 1
    rtol : error allowed in a step: of the logarithm of any weight, and of X beta relative to y
    tol : relative distance to an interpolator at which the flow has ended; at later times it stands still

    Returns
    -------
    GradientFlow : times (..., T), coefficients, log_w_plus, log_w_minus (..., T, d), residual (..., T)

    Raises
    ------
    ValueError : values out of range, shapes that do not match, times out of order, y outside the range of X
        by more than 1e-8 of its length, a start whose power D is outside [1e-300, 1e100].
    RuntimeError : a flow that is not at its end after 200 000 steps; it says where it stood.

    References
    ----------
    Woodworth et al. (2020), Kernel and rich regimes in overparametrized models, for the flow; Steinebach
    (2023), Construction of Rosenbrock-Wanner method Rodas5P, for the steps; Stewart (1989), On scaled
    projections and pseudoinverses.

    Examples
    --------
    >>> flow = gradient_flow([[3.0, 1.0]], [3.0], alpha=1e-20, depth=2)
    >>> flow.coefficients.round(9)  # the smallest l1 norm; at a large alpha it would be [[0.9, 0.3]]
    array([[1., 0.]])
    """
    sets = _data_sets(X, y)
    times = None if times is None else _increasing_times(times)
    rtol, tol = real("rtol", rtol, at_least=1e-12, at_most=1e-2), real("tol", tol, at_least=1e-14, below=1)

    def follow(problem):
        return to_the_end(problem, rtol, tol) if times is None else at_times(problem, rtol, tol, times)

    return _flows(sets, _start(alpha, depth, shape, sets.d), follow)


def gradient_flow_path(X, y, *, alpha, depth, levels, shape=None, rtol=1e-6, tol=1e-12):
    r"""Gradient flow of the weights of a diagonal network where the residual first falls to given levels.

    .. math:: \beta(t_\ell), \qquad \|X\beta(t_\ell) - y\|_2 = \ell\,\|X\beta(0) - y\|_2

    Flows of different depths and starts take very different times to get as far; at the same level they can
    be compared and drawn.  The residual never rises, since the loss does not.

    Parameters
    ----------
    X, y, alpha, depth, shape, rtol, tol : as for `gradient_flow`
    levels : (T,) decreasing, from 1, the start, to 0, the end of the flow; others are at least 1e-9

    Returns
    -------
    GradientFlow : as for `gradient_flow`, with the times at which the levels are reached

    Raises
    ------
    ValueError : as for `gradient_flow`, or levels out of order or range.
    RuntimeError : as for `gradient_flow`.

    References
    ----------
    As for `gradient_flow`.

    Examples
    --------
    >>> path = gradient_flow_path([[1.0]], [2.0], alpha=1e-3, depth=3, levels=[1.0, 0.5, 0.0])
    >>> path.coefficients[:, 0].round(6)
    array([0., 1., 2.])
    """
    sets = _data_sets(X, y)
    levels = real_array("levels", levels, ndim=1, at_least=0.0, at_most=1.0)
    if not (np.all(np.diff(levels) < 0) and np.all((levels == 0) | (levels >= SMALLEST_LEVEL))):
        raise ValueError(f"levels must decrease and be 0 or at least {SMALLEST_LEVEL:g}, got {levels!r}")
    rtol, tol = real("rtol", rtol, at_least=1e-12, at_most=1e-2), real("tol", tol, at_least=1e-14, below=1)

    def follow(problem):
        return at_levels(problem, rtol, tol, levels)

    return _flows(sets, _start(alpha, depth, shape, sets.d), follow)


class _DataSets(NamedTuple):
    X: np.ndarray  # (S, n, d) or (1, n, d)
    y: np.ndarray  # (S, n)
    lead: tuple  # (S,) or ()

    @property
    def d(self):
        return self.X.shape[-1]


class _Start(NamedTuple):
    log_plus: np.ndarray  # (A, d)
    log_minus: np.ndarray  # (A, d)
    depth: int
    lead: tuple  # (A,) or ()


def _flows(sets, start, follow):
    """Follow the flow of every data set from every start and stack the records."""
    records = []
    factor = None
    for s, y in enumerate(sets.y):
        X = sets.X[min(s, len(sets.X) - 1)]
        if factor is None or len(sets.X) > 1:
            factor = spectral_factor(X)
        outside = factor.residual(y)
        if outside > RANGE_TOLERANCE:
            raise ValueError(f"y must be in the range of X, got {outside:.2g} of its length outside")
        for log_plus, log_minus in zip(start.log_plus, start.log_minus, strict=True):
            coordinate = dual_coordinate(log_plus, log_minus, start.depth)
            problem = FlowProblem(factor, y, len(X), coordinate)
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # a stage too far is refused
                records.append(_record(X, y, coordinate, follow(problem)))
    lead = sets.lead + start.lead
    return GradientFlow(
        *(np.stack(field).reshape(*lead, *field[0].shape) for field in zip(*records, strict=True))
    )


def _record(X, y, coordinate, points):
    times = np.array([point.time for point in points])
    coefficients = np.array([point.coefficients for point in points])
    log_weights = [coordinate.log_weights(point.state) for point in points]
    plus, minus = (np.array(layer) for layer in zip(*log_weights, strict=True))
    return GradientFlow(times, coefficients, plus, minus, np.max(np.abs(coefficients @ X.T - y), axis=-1))


def _data_sets(X, y):
    X, y = finite_array("X", X, ndim=(2, 3)), finite_array("y", y, ndim=(1, 2))
    if y.shape[-1] != X.shape[-2]:
        raise ValueError(
            f"y must have one entry per row of X along its last axis, got shapes {y.shape} and {X.shape}"
        )
    if X.ndim == 3 and y.ndim == 2 and len(X) != len(y):
        raise ValueError(f"y must have as many data sets as X, got {len(y)} and {len(X)}")
    lead = X.shape[:-2] or y.shape[:-1]
    return _DataSets(X[None] if X.ndim == 2 else X, np.broadcast_to(y, (*(lead or (1,)), y.shape[-1])), lead)


def _start(alpha, depth, shape, d):
    alpha = real_array("alpha", alpha, ndim=(0, 1), above=0)
    depth = integer("depth", depth, at_least=2)
    shape = np.ones(d) if shape is None else real_array("shape", shape, ndim=(1, 2), above=0)
    if shape.shape not in ((d,), (2, d)):
        raise ValueError(f"shape must have shape ({d},) or (2, {d}), got {shape.shape}")
    logs = np.log(alpha).reshape(-1, 1, 1) + np.log(np.broadcast_to(shape, (2, d)))
    powers = depth * logs / np.log(10)
    if not (np.all(powers >= SMALLEST_START) and np.all(powers <= LARGEST_START)):
        raise ValueError(
            f"alpha must have (alpha * shape) ** {depth} in [1e{SMALLEST_START}, 1e{LARGEST_START}], got "
            f"alpha * shape from {np.exp(logs.min()):.3g} to {np.exp(logs.max()):.3g}"
        )
    return _Start(logs[:, 0], logs[:, 1], depth, alpha.shape)


def _increasing_times(times):
    times = real_array("times", times, ndim=1, at_least=0.0)
    if not np.all(np.diff(times) > 0):
        raise ValueError(f"times must increase, got {times!r}")
    return times
