"""Integration of an ordinary differential equation up to given times, with errors that can be understood."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from dltheory._validation import real, real_array


def integrate(name, velocity, start, *, times, rtol, atol, method="LSODA", max_evaluations=30_000):
    """Solution (T, m) at ``times`` (T,), any order, of x' = velocity(x), x(0) = start; ``name`` as subject.

    A velocity that raises a ValueError or is not finite means the solution leaves the domain: a RuntimeError.
    """
    times = real_array("times", times, ndim=1, at_least=0.0)
    rtol = real("rtol", rtol, at_least=1e-13, below=1.0)
    atol = real("atol", atol, above=0.0)
    evaluations = 0

    def right_hand_side(time, state):
        nonlocal evaluations
        evaluations += 1
        if evaluations > max_evaluations:  # a singularity, where steps shrink without end
            raise RuntimeError(f"{name} cannot be followed beyond time {time:g}, its steps shrink to nothing")
        try:
            speed = velocity(state)
        except ValueError as error:
            raise RuntimeError(f"{name} leaves the domain near time {time:g}: {error}") from error
        if not np.all(np.isfinite(speed)):
            raise RuntimeError(f"{name} leaves all bounds near time {time:g}")
        return speed

    velocity(start)  # a ValueError here is about the arguments
    ascending, place = np.unique(times, return_inverse=True)
    states = np.tile(start, (len(ascending), 1))
    if ascending[-1] > 0:
        interval = (0.0, ascending[-1])
        with np.errstate(all="ignore"):
            solution = solve_ivp(
                right_hand_side, interval, start, method=method, t_eval=ascending, rtol=rtol, atol=atol
            )
        if not solution.success:
            raise RuntimeError(f"the integrator of {name} failed: {solution.message}")
        states = solution.y.T
        states[ascending == 0] = start  # the interpolation there rounds
    return times, states[place]
