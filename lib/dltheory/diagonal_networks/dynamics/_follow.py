"""Three ways to follow the flow of one diagonal network: to its end, to given times, to given residuals."""

from __future__ import annotations

from scipy.optimize import brentq

from dltheory.diagonal_networks.dynamics._flow_steps import Stepper


def to_the_end(problem, rtol, tol):
    point, stepper = problem.start, Stepper(problem, rtol)
    while problem.distance(point) > tol:
        point, _ = stepper.step(point)
    return [point]


def at_times(problem, rtol, tol, times):
    point, stepper = problem.start, Stepper(problem, rtol)
    points = []
    for time in times:
        while point.time < time:
            if problem.distance(point) > tol:
                point, _ = stepper.step(point, end=time)
            else:  # at its end the flow stands still
                point = point._replace(time=time)
        points.append(point)
    return points


def at_levels(problem, rtol, tol, levels):
    """Step until levels are passed, then look for the shorter steps that end on them."""
    point, stepper = problem.start, Stepper(problem, rtol)
    start = problem.residual(point)
    done = problem.distance(point) <= tol
    points = [point for level in levels if done or level == 1]
    while len(points) < len(levels):
        new, step_size = stepper.step(point)
        done = problem.distance(new) <= tol
        for level in levels[len(points) :]:
            if level > 0 and problem.residual(new) <= level * start:
                points.append(_on_level(problem, stepper, point, step_size, level * start))
            elif done:
                points.append(new)
        point = new
    return points


def _on_level(problem, stepper, point, step_size, residual):
    """Return the point of the step from ``point`` at which the residual has fallen to the given one."""

    def excess(fraction):
        if fraction == 0:
            return problem.residual(point) / residual - 1
        there, _ = stepper.attempt(point, fraction * step_size)
        return -1.0 if there is None else problem.residual(there) / residual - 1

    fraction = brentq(excess, 0, 1, xtol=1e-15, rtol=1e-12)
    return stepper.attempt(point, fraction * step_size)[0]
