"""Stiff or smooth flows at given times, by one integrator that refuses to return anything non-finite."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from dltheory._validation import real

MAX_EVALUATIONS = 200_000
"""A flow that needs more of its velocity is not integrated: a hundred times what those of the book need."""


def flow_at(velocity, start, times, *, what, rtol, atol, jacobian=None):
    """States (T, d) at non-negative times in any order; ``velocity(time, state)`` and its Jacobian."""
    ascending, place = np.unique(times, return_inverse=True)
    states = np.tile(start, (len(ascending), 1))
    if ascending[-1] > 0:
        solution = solve(
            velocity, start, ascending[-1], what=what, rtol=rtol, atol=atol, jac=jacobian, t_eval=ascending
        )
        states = solution.y.T
    return states[place]


def solve(velocity, start, end, *, what, rtol, atol, **options):
    """LSODA from time 0 to ``end``; a RuntimeError where the flow or the integrator leaves all bounds."""
    rtol = real("rtol", rtol, at_least=1e-13, below=1.0)
    atol = real("atol", atol, above=0.0)

    evaluations = 0

    def finite_velocity(time, state):
        nonlocal evaluations
        evaluations += 1
        if evaluations > MAX_EVALUATIONS:
            raise RuntimeError(f"{what} needs too many steps near time {time:g} of the integrator")
        slope = velocity(time, state)
        if not np.all(np.isfinite(slope)):
            raise RuntimeError(f"{what} leaves all bounds near time {time:g} of the integrator")
        return slope

    with np.errstate(all="ignore"):
        solution = solve_ivp(
            finite_velocity, (0.0, end), start, method="LSODA", rtol=rtol, atol=atol, **options
        )
    if not solution.success:
        raise RuntimeError(f"the integrator of {what} failed: {solution.message}")
    return solution
