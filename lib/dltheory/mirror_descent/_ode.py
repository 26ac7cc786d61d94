"""Flows at given times, by an integrator that returns nothing non-finite and says why it stopped."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from dltheory._validation import real, real_array

MAX_EVALUATIONS = 200_000
"""A flow that needs more of its velocity is not integrated: a hundred times what those of the book need."""


def autonomous_flow_at(velocity, start, times, *, what, max_evaluations=30_000, **options):
    """The checked times (T,) and the states (T, m) of a flow whose ``velocity(state)`` knows no time."""
    times = real_array("times", times, ndim=1, at_least=0.0)
    velocity(start)  # a ValueError here is about the arguments
    options |= {"what": what, "max_evaluations": max_evaluations}
    return times, flow_at(lambda time, state: velocity(state), start, times, **options)


def flow_at(velocity, start, times, *, what, rtol, atol, **options):
    """States (T, m) at non-negative times in any order; ``velocity(time, state)``; options as in `solve`."""
    ascending, place = np.unique(times, return_inverse=True)
    states = np.tile(start, (len(ascending), 1))
    if ascending[-1] > 0:
        solution = solve(
            velocity, start, ascending[-1], what=what, rtol=rtol, atol=atol, t_eval=ascending, **options
        )
        states = solution.y.T
        states[ascending == 0] = start  # the interpolation there rounds
    return states[place]


def solve(
    velocity, start, end, *, what, rtol, atol, method="LSODA", max_evaluations=MAX_EVALUATIONS, **options
):
    """Integrate from time 0 to ``end`` with `scipy.integrate.solve_ivp`; ``what`` is the subject of errors.

    A velocity that raises a ValueError or is not finite means that the solution leaves the domain: a
    RuntimeError, as is a step that shrinks to nothing.
    """
    rtol = real("rtol", rtol, at_least=1e-13, below=1.0)
    atol = real("atol", atol, above=0.0)
    evaluations = 0

    def finite_velocity(time, state):
        nonlocal evaluations
        evaluations += 1
        if evaluations > max_evaluations:
            raise RuntimeError(f"{what} cannot be followed beyond time {time:g}, its steps shrink to nothing")
        try:
            slope = velocity(time, state)
        except ValueError as error:
            raise RuntimeError(f"{what} leaves the domain near time {time:g}: {error}") from error
        if not np.all(np.isfinite(slope)):
            raise RuntimeError(f"{what} leaves all bounds near time {time:g}")
        return slope

    with np.errstate(all="ignore"):
        solution = solve_ivp(
            finite_velocity, (0.0, end), start, method=method, rtol=rtol, atol=atol, **options
        )
    if not solution.success:
        raise RuntimeError(f"the integrator of {what} failed: {solution.message}")
    return solution
