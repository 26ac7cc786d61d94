"""The flow of one diagonal network from step to step, with a step size that follows the error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory.diagonal_networks.dynamics._dual_coordinate import DualState
from dltheory.diagonal_networks.dynamics._rosenbrock import ORDER, rosenbrock_step

SAFETY, SHRINK, GROWTH = 0.9, 0.2, 20.0
BARRIER_FRACTION = 0.95  # of the time to the barrier, for a weight on its way to it
ROUNDING = 1e-15
SMALLEST_FRACTION = 1e-12  # of the first size tried: below it the step size has collapsed

MAX_STEPS = 200_000  # beyond it a flow counts as not converging


class FlowPoint(NamedTuple):
    """A point of the flow and what follows from it."""

    time: float
    state: DualState
    coefficients: np.ndarray
    velocity: np.ndarray  # (y - X b)/n, in the coordinates of `FlowProblem.X`
    metric: np.ndarray  # of the coefficients, (d,)


class FlowProblem:
    """One data set, reduced to full row rank by its singular vectors, and one start."""

    def __init__(self, factor, y, n, coordinate):
        self.right, self.singular_values, self.n = factor.right, factor.singular_values, n
        self.X = np.ascontiguousarray(self.singular_values[:, None] * factor.right)
        self.target = factor.coordinates(y) / self.singular_values  # of V b
        self.column_sizes = np.sum(self.X**2, axis=0)
        self.coordinate = coordinate
        self.start = self.point(0.0, coordinate.start)
        initial = self.singular_values * (self.right @ self.start.coefficients)
        self.scale = np.linalg.norm(self.singular_values * self.target) + np.linalg.norm(initial)

    def velocity(self, coefficients):
        return self.singular_values * (self.target - self.right @ coefficients) / self.n

    def point(self, time, state):
        coefficients = self.coordinate.coefficients(state)
        metric = self.coordinate.metric(state)
        return FlowPoint(time, state, coefficients, self.velocity(coefficients), metric)

    def residual(self, point):
        """Length of X b - y."""
        return self.n * np.linalg.norm(point.velocity)

    def distance(self, point):
        """Distance of b to the nearest interpolator, relative to the lengths of both."""
        size = np.linalg.norm(self.target) + np.linalg.norm(point.coefficients)
        gap = np.linalg.norm(self.n * point.velocity / self.singular_values)
        return gap / size if size > 0 else 0.0


class Stepper:
    """Steps from point to point; the step size for the next one is kept."""

    def __init__(self, problem, rtol):
        self.problem, self.rtol = problem, rtol
        start, coordinate = problem.start, problem.coordinate
        slope = start.velocity @ problem.X
        rate = np.max(coordinate.log_rate(start.state) * np.abs(slope))
        rate += problem.column_sizes @ start.metric / problem.n
        self.step_size = 0.01 / rate if rate > 0 else np.inf
        self.steps = 0
        self.previous = None  # step size and error of the last step accepted
        # A velocity is known up to rounding; shorter steps do not make what that does to theta smaller.
        self.noise = ROUNDING * np.sqrt(problem.column_sizes) * problem.scale / problem.n

    def step(self, point, end=np.inf):
        """Return the next point, at the time ``end`` at the latest, and the size of the step to it."""
        longest = end - point.time
        step_size = first = min(self.step_size, self._cap(point))
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise RuntimeError(f"the flow is not at its end after {MAX_STEPS} steps: {self._where(point)}")
        while True:
            tried = min(step_size, longest)
            new, error = self.attempt(point, tried)
            if error <= 1:
                self._foresee(tried, error, step_size)
                return new if tried < longest else new._replace(time=end), tried
            step_size = tried * np.clip(SAFETY * error ** (-1 / ORDER), SHRINK, SAFETY)
            if not step_size > SMALLEST_FRACTION * min(first, longest):
                raise RuntimeError(f"the step size of the flow collapsed: {self._where(point)}")

    def _where(self, point):
        distance = self.problem.distance(point)
        return f"at time {point.time:.6g} the relative distance to an interpolator is {distance:.2g}"

    def _foresee(self, made, error, allowed):
        """Set the next step size from the error and from its trend over two steps (Gustafsson)."""
        error = max(error, 1e-12)
        factor = SAFETY * error ** (-1 / ORDER)
        if made < allowed:  # cut to end at a given time, it tells little about longer steps
            self.step_size = allowed if factor >= 1 else made * factor
            return
        if self.previous is not None:
            before, error_before = self.previous
            factor = min(factor, factor * made / before * (error_before / error) ** (1 / ORDER))
        self.step_size = made * np.clip(factor, SHRINK, GROWTH)
        self.previous = (made, max(error, 1e-2))

    def attempt(self, point, step_size):
        """Return the point after one step, None if there is none, and its error in units of the tolerance."""
        problem = self.problem
        increment = rosenbrock_step(problem, point, step_size)
        state = None if increment is None else problem.coordinate.moved(point.state, increment.theta)
        if state is None:
            return None, np.inf
        new = problem.point(point.time + step_size, state)
        return new, self._error(point, new, increment.error, step_size)

    def _error(self, old, new, error, step_size):
        """The larger of the errors of log weights and of fitted values, in units of the tolerance."""
        coordinate, problem = self.problem.coordinate, self.problem
        rate = np.maximum(coordinate.log_rate(old.state), coordinate.log_rate(new.state))
        weights = np.max(np.abs(error) / (self.rtol / rate + step_size * self.noise))
        fitted = np.linalg.norm(problem.X @ (new.metric * error)) / (self.rtol * problem.scale)
        largest = max(weights, fitted)
        return largest if np.isfinite(largest) else np.inf

    def _cap(self, point):
        """Keep a weight that grows freely short of its barrier: steps over it would be refused one by one."""
        problem = self.problem
        slope = point.velocity @ problem.X
        time = problem.coordinate.time_to_barrier(point.state, slope)
        pull = point.metric * problem.column_sizes / problem.n
        free = np.where(np.isfinite(time), time * pull, np.inf) < 0.1
        return BARRIER_FRACTION * np.min(time[free], initial=np.inf)
