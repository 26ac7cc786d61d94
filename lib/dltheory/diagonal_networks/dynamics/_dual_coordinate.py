r"""Coordinates in which the weights of a diagonal network move linearly, without loss of digits.

With :math:`\theta(t) = -\int_0^t \nabla L` the flow of the weights is solved by

.. math:: \log w_\pm(t) = \log w_\pm(0) \pm 2\theta \quad (D=2), \qquad
          w_\pm^{2-D}(t) = w_\pm^{2-D}(0) \mp D(D-2)\,\theta \quad (D>2).

Half the difference of the two layers, ``inner``, determines them; but where one weight has left the other
behind, a rounding of ``inner`` is a large change of that weight.  So the coordinate of the larger weight,
``outer``, is carried along as well: its logarithm at depth two, its power 2 - D above.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class DualState(NamedTuple):
    """A point of the flow: d values of each coordinate."""

    inner: np.ndarray
    outer: np.ndarray


class LogDual:
    """Depth two: inner = (log w+ - log w-)/2, outer = log max(w+, w-)."""

    speed = 2.0  # inner moves at this rate times theta

    def __init__(self, log_plus, log_minus):
        self.centre = (log_plus + log_minus) / 2
        inner = (log_plus - log_minus) / 2
        self.start = DualState(inner, self.centre + np.abs(inner))

    def moved(self, state, theta):
        """Return the state after a change of theta, or None where the weights would overflow."""
        change = self.speed * theta
        inner = state.inner + change
        kept = (np.abs(inner) > 1) & (inner * state.inner > 0)
        outer = np.where(kept, state.outer + np.sign(inner) * change, self.centre + np.abs(inner))
        return DualState(inner, outer) if outer.max() < 300 else None  # false for NaN

    def coefficients(self, state):
        size = np.exp(2 * state.outer)
        return np.copysign(-size * np.expm1(-4 * np.abs(state.inner)), state.inner)

    def metric(self, state):
        r"""Return :math:`d\beta/d\theta = 4(w_+^2 + w_-^2)`."""
        return 4 * np.exp(2 * state.outer) * (1 + np.exp(-4 * np.abs(state.inner)))

    def log_rate(self, state):
        """Return how fast the logarithm of the larger weight moves with theta."""
        return np.full_like(state.inner, self.speed)

    def time_to_barrier(self, state, slope):
        return np.full_like(state.inner, np.inf)

    def log_weights(self, state):
        smaller = state.outer - 2 * np.abs(state.inner)
        positive = state.inner >= 0
        return np.where(positive, state.outer, smaller), np.where(positive, smaller, state.outer)


class PowerDual:
    """Depth D > 2: inner = (w-^(2-D) - w+^(2-D))/2, outer = min(w+^(2-D), w-^(2-D))."""

    def __init__(self, log_plus, log_minus, depth):
        self.depth = depth
        self.speed = depth * (depth - 2.0)
        plus, minus = np.exp((2 - depth) * log_plus), np.exp((2 - depth) * log_minus)
        self.centre = (plus + minus) / 2
        # The difference of two close powers, without cancellation.
        inner = np.minimum(plus, minus) * np.expm1((depth - 2) * np.abs(log_plus - log_minus)) / 2
        self.start = DualState(np.copysign(inner, log_plus - log_minus), np.minimum(plus, minus))

    def moved(self, state, theta):
        """Return the state after a change of theta, or None beyond the barrier of infinite weights."""
        change = self.speed * theta
        inner = state.inner + change
        kept = (np.abs(inner) > self.centre / 2) & (inner * state.inner > 0)
        outer = np.where(kept, state.outer - np.sign(inner) * change, self.centre - np.abs(inner))
        return DualState(inner, outer) if outer.min() > 0 else None

    def coefficients(self, state):
        power = self.depth / (self.depth - 2)
        ratio = np.log1p(2 * np.abs(state.inner) / state.outer)
        return np.copysign(-(state.outer**-power) * np.expm1(-power * ratio), state.inner)

    def metric(self, state):
        r"""Return :math:`d\beta/d\theta = D^2(w_+^{2D-2} + w_-^{2D-2})`."""
        power = (2 * self.depth - 2) / (self.depth - 2)
        ratio = np.log1p(2 * np.abs(state.inner) / state.outer)
        return self.depth**2 * state.outer**-power * (1 + np.exp(-power * ratio))

    def log_rate(self, state):
        """Return how fast the logarithm of the larger weight moves with theta."""
        return self.depth / state.outer

    def time_to_barrier(self, state, slope):
        """Return when a constant velocity ``slope`` of theta would make the larger weight infinite."""
        far = 2 * np.abs(state.inner) * (state.inner * slope < 0)  # it has to cross zero first
        with np.errstate(divide="ignore"):
            return (state.outer + far) / (self.speed * np.abs(slope))

    def log_weights(self, state):
        larger = -np.log(state.outer) / (self.depth - 2)
        smaller = -np.log(state.outer + 2 * np.abs(state.inner)) / (self.depth - 2)
        positive = state.inner >= 0
        return np.where(positive, larger, smaller), np.where(positive, smaller, larger)


def dual_coordinate(log_plus, log_minus, depth):
    return LogDual(log_plus, log_minus) if depth == 2 else PowerDual(log_plus, log_minus, depth)
