"""Mirror descent and its flow, both carried out in dual coordinates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._descent import gradient_at, recorded_steps
from dltheory._validation import integer, real
from dltheory.mirror_descent._ode import autonomous_flow_at
from dltheory.mirror_descent.projection import BregmanProjection, bregman_projection
from dltheory.optimization import DescentRecord

__all__ = [
    "BregmanProjection",
    "MirrorFlow",
    "bregman_projection",
    "mirror_descent",
    "mirror_flow",
]


def mirror_descent(gradient, potential, w0, *, step_size, n_steps, record_at=None, norm_limit=1e100):
    r"""Mirror descent with a constant step size.

    .. math:: \nabla\Phi(w_{t+1}) = \nabla\Phi(w_t) - \eta\, \nabla L(w_t), \qquad t = 0, 1, \dots

    The dual point is what is carried along: each step subtracts from it exactly, so for a linear model
    it stays in the row span of the design however many steps are made.

    Parameters
    ----------
    gradient : function from a point (d,) to the gradient of the loss there, (d,)
    potential : record of :mod:`dltheory.mirror_descent.potentials`
    w0 : (d,) start in the domain of the potential
    step_size : eta > 0
    n_steps : number of steps, at least 0
    record_at : increasing steps, from 0 to n_steps, whose points are kept; None keeps all of them
        and the last step is kept always
    norm_limit : the descent counts as diverged once the Euclidean norm of the point exceeds this

    Returns
    -------
    dltheory.optimization.DescentRecord : steps (r,), iterates (r, d), diverged_at. The descent ends as
        diverged where the point exceeds the limit or the dual point belongs to no point of the domain,
        and the record ends before it.

    Raises
    ------
    ValueError : a start outside the domain or beyond the limit, a step size or limit that is not
        positive, steps out of order or range, a gradient of another shape than w0.

    References
    ----------
    Nemirovsky and Yudin (1983), Problem complexity and method efficiency in optimization; Beck and
    Teboulle (2003), Mirror descent and nonlinear projected subgradient methods.

    Examples
    --------
    >>> from dltheory.mirror_descent.potentials import NegativeEntropy
    >>> slope = lambda w: np.full(1, np.log(2))
    >>> mirror_descent(slope, NegativeEntropy(), [8.0], step_size=1.0, n_steps=3).iterates[:, 0].round(12)
    array([8., 4., 2., 1.])
    """
    dual = potential.gradient(w0, name="w0")
    w = np.array(w0, dtype=np.float64)
    step_size = real("step_size", step_size, above=0.0)
    norm_limit = real("norm_limit", norm_limit, above=0.0)
    n_steps = integer("n_steps", n_steps)
    wanted = set(recorded_steps(record_at, n_steps).tolist())
    if not np.linalg.norm(w) <= norm_limit:
        raise ValueError(f"w0 must have norm at most norm_limit = {norm_limit:g}, got {np.linalg.norm(w):g}")
    steps, iterates, diverged_at = [], [], None
    for step in range(n_steps + 1):
        if step > 0:
            # An overflow on the way to a divergence is an answer, not an accident.
            with np.errstate(all="ignore"):
                dual = dual - step_size * gradient_at(gradient, w, "w0")
                w = _point_of(potential, dual)
                inside = w is not None and np.linalg.norm(w) <= norm_limit
            if not inside:
                diverged_at = step
                break
        if step in wanted:
            steps.append(step)
            iterates.append(w)
    shape = (len(steps), len(dual))
    return DescentRecord(np.array(steps, dtype=int), np.array(iterates).reshape(shape), diverged_at)


class MirrorFlow(NamedTuple):
    """Mirror flow at T times.

    Attributes
    ----------
    times : (T,) in the order given
    points : (T, d) points w(t)
    duals : (T, d) gradients of the potential at them
    """

    times: np.ndarray
    points: np.ndarray
    duals: np.ndarray


def mirror_flow(gradient, potential, w0, *, times, rtol=1e-10, atol=1e-12):
    r"""Mirror flow, the limit of mirror descent with small steps, integrated in dual coordinates.

    .. math:: \frac{d}{dt} \nabla\Phi(w(t)) = -\nabla L(w(t)), \qquad w(0) = w_0.

    Parameters
    ----------
    gradient : function from a point (d,) to the gradient of the loss there, (d,)
    potential : record of :mod:`dltheory.mirror_descent.potentials`
    w0 : (d,) start in the domain of the potential
    times : (T,) non-negative and finite, in any order; time t compares with t / step_size steps
    rtol, atol : error allowed in a step of the integrator (LSODA), relative to the dual coordinates and
        absolute

    Returns
    -------
    MirrorFlow : times (T,), points (T, d), duals (T, d)

    Raises
    ------
    ValueError : a start outside the domain, a negative time, a gradient of another shape than w0.
    RuntimeError : the flow leaves the domain or all bounds, or the integrator fails.

    References
    ----------
    Nemirovsky and Yudin (1983), Problem complexity and method efficiency in optimization, chapter 3.

    Examples
    --------
    >>> from dltheory.mirror_descent.potentials import NegativeEntropy
    >>> mirror_flow(lambda w: 1 / w, NegativeEntropy(), [3.0], times=[0.0, 2.0]).points[:, 0].round(8)
    array([3., 1.])
    """
    dual = potential.gradient(w0, name="w0")

    def velocity(dual):
        w = _point_of(potential, dual)
        return np.full_like(dual, np.nan) if w is None else -gradient_at(gradient, w, "w0")

    times, duals = autonomous_flow_at(velocity, dual, times, what="the mirror flow", rtol=rtol, atol=atol)
    points = np.array([potential.inverse_gradient(dual) for dual in duals])
    return MirrorFlow(times, points, duals)


def _point_of(potential, dual):
    """The point of a dual, or None where there is none."""
    if not (np.all(np.isfinite(dual)) and potential.in_dual_domain(dual)):
        return None
    try:
        return potential.inverse_gradient(dual)
    except ValueError:  # it overflows
        return None
