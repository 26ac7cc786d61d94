"""What all potentials share: checks of points and duals around the formulas of each record."""

from __future__ import annotations

import numpy as np

from dltheory._validation import finite_array, real_array


class Potential:
    r"""A strictly convex potential Phi on R^d or on the positive orthant.

    Points and duals are vectors (d,). A point outside the domain, a dual that is the gradient of no
    point, another length than the potential's and an overflow are a ValueError naming the argument.
    ``inverse_gradient`` may underflow to 0 on the orthant.
    """

    positive = False  # the domain is the open positive orthant
    closed = False  # value and first argument of the divergence extend to the boundary
    size = None  # the length that points must have, None for any

    def value(self, x):
        """Phi(x), a float."""
        return self._number("x", self._value, self._point("x", x, closed=self.closed))

    def gradient(self, x, *, name="x"):
        """The dual point of x, shape (d,); ``name`` is what an error calls x."""
        return self._finite(name, self._gradient, self._point(name, x))

    def inverse_gradient(self, dual):
        """The point (d,) whose gradient is ``dual``."""
        dual = self._sized("dual", finite_array("dual", dual, ndim=1))
        if not self.in_dual_domain(dual):
            raise ValueError(f"dual must be negative, as every gradient is, got {np.max(dual):g}")
        return self._finite("dual", self._inverse_gradient, dual)

    def hessian_diagonal(self, x):
        """Second partial derivatives of Phi at x along each coordinate, shape (d,)."""
        return self._finite("x", self._hessian_diagonal, self._point("x", x))

    def divergence(self, x, y):
        """The Bregman divergence D(x, y); see :func:`bregman_divergence`."""
        x = self._point("x", x, closed=self.closed)
        y = self._point("y", y)
        if len(x) != len(y):
            raise ValueError(f"y must have the length {len(x)} of x, got {len(y)}")
        return self._number("x or y", self._divergence, x, y)

    def in_dual_domain(self, dual):
        """Whether a finite ``dual`` (d,) is the gradient of some point."""
        return True

    def dual_gram(self, dual, X):
        """X H X^T (n, n) with H the Hessian of the conjugate potential at ``dual``, X (n, d)."""
        weights = 1 / self._hessian_diagonal(self._inverse_gradient(dual))
        return (X * weights) @ X.T

    def _point(self, name, x, *, closed=False):
        bounds = {} if not self.positive else {"at_least": 0.0} if closed else {"above": 0.0}
        return self._sized(name, real_array(name, x, ndim=1, **bounds))

    def _sized(self, name, x):
        if self.size is not None and len(x) != self.size:
            raise ValueError(f"{name} must have the length {self.size} of the potential, got {len(x)}")
        return x

    @staticmethod
    def _finite(name, function, *arguments):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore", under="ignore"):
            result = function(*arguments)
        if not np.all(np.isfinite(result)):
            raise ValueError(f"{name} must be such that the result does not overflow, got {arguments[0]}")
        return result

    @classmethod
    def _number(cls, name, function, *arguments):
        return float(cls._finite(name, function, *arguments))
