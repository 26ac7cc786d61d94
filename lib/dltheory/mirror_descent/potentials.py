"""Potentials of mirror descent as frozen records, and their Bregman divergences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from dltheory._validation import finite_array, real, real_array
from dltheory.mirror_descent import _stable
from dltheory.mirror_descent._potential import Potential


@dataclass(frozen=True)
class Euclidean(Potential):
    r"""Half the squared Euclidean norm, whose mirror descent is gradient descent.

    .. math:: \Phi(x) = \tfrac12\|x\|_2^2, \qquad \nabla\Phi(x) = x, \qquad D(x, y) = \tfrac12\|x-y\|_2^2.

    Examples
    --------
    >>> Euclidean().divergence([3.0, 0.0], [0.0, 4.0])
    12.5
    """

    def _value(self, x):
        return x @ x / 2

    def _gradient(self, x):
        return x.copy()

    _inverse_gradient = _gradient

    def _hessian_diagonal(self, x):
        return np.ones_like(x)

    def _divergence(self, x, y):
        return self._value(x - y)


@dataclass(frozen=True, eq=False)
class Mahalanobis(Potential):
    r"""Half a squared norm given by a positive definite matrix, which is factorised once.

    .. math:: \Phi(x) = \tfrac12 x^\top H x, \qquad \nabla\Phi(x) = Hx,
              \qquad D(x, y) = \tfrac12 (x-y)^\top H (x-y).

    Attributes
    ----------
    matrix : (d, d) symmetric positive definite H; a ValueError otherwise

    Examples
    --------
    >>> Mahalanobis([[2.0, 0.0], [0.0, 8.0]]).inverse_gradient([2.0, 4.0])
    array([1. , 0.5])
    """

    matrix: np.ndarray
    size: int = field(init=False, repr=False)
    _factor: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        H = finite_array("matrix", self.matrix, ndim=2).copy()
        if H.shape[0] != H.shape[1]:
            raise ValueError(f"matrix must be square, got shape {H.shape}")
        if not np.allclose(H, H.T, rtol=1e-12, atol=1e-12 * np.max(np.abs(H))):
            raise ValueError(f"matrix must be symmetric, got entries {np.max(np.abs(H - H.T)):g} apart")
        try:
            factor = cho_factor(H, lower=True)[0]
        except np.linalg.LinAlgError as error:
            least = np.linalg.eigvalsh(H)[0]
            raise ValueError(f"matrix must be positive definite, got the eigenvalue {least:g}") from error
        H.setflags(write=False)
        for name, content in [("matrix", H), ("size", len(H)), ("_factor", factor)]:
            object.__setattr__(self, name, content)

    def _value(self, x):
        return x @ (self.matrix @ x) / 2

    def _gradient(self, x):
        return self.matrix @ x

    def _inverse_gradient(self, dual):
        return cho_solve((self._factor, True), dual)

    def _hessian_diagonal(self, x):
        return np.diag(self.matrix).copy()

    def _divergence(self, x, y):
        return self._value(x - y)

    def dual_gram(self, dual, X):
        half = solve_triangular(self._factor, X.T, lower=True)
        return half.T @ half


@dataclass(frozen=True)
class NegativeEntropy(Potential):
    r"""Unnormalised negative entropy on the positive orthant; its mirror descent is exponentiated gradient.

    .. math:: \Phi(x) = \sum_j (x_j\log x_j - x_j), \qquad \nabla\Phi(x) = \log x,
              \qquad D(x, y) = \sum_j \Bigl(x_j\log\frac{x_j}{y_j} - x_j + y_j\Bigr).

    On two probability vectors D is the Kullback-Leibler divergence. ``value`` and the first argument of
    ``divergence`` may have zeros.

    Examples
    --------
    >>> NegativeEntropy().divergence([0.0, 2.0], [1.0, 2.0])
    1.0
    """

    positive = True
    closed = True

    def _value(self, x):
        return np.sum(x * (np.log(np.where(x > 0, x, 1.0)) - 1))

    def _gradient(self, x):
        return np.log(x)

    def _inverse_gradient(self, dual):
        return np.exp(dual)

    def _hessian_diagonal(self, x):
        return 1 / x

    def _divergence(self, x, y):
        return np.sum(_stable.relative_entropy_terms(x, y))


@dataclass(frozen=True)
class BurgEntropy(Potential):
    r"""Burg's entropy on the positive orthant; its divergence is that of Itakura and Saito.

    .. math:: \Phi(x) = -\sum_j \log x_j, \qquad \nabla\Phi(x) = -1/x,
              \qquad D(x, y) = \sum_j \Bigl(\frac{x_j}{y_j} - 1 - \log\frac{x_j}{y_j}\Bigr).

    Examples
    --------
    >>> BurgEntropy().gradient([0.5, 4.0])
    array([-2.  , -0.25])
    """

    positive = True

    def in_dual_domain(self, dual):
        return bool(np.all(dual < 0))

    def _value(self, x):
        return -np.sum(np.log(x))

    def _gradient(self, x):
        return -1 / x

    _inverse_gradient = _gradient

    def _hessian_diagonal(self, x):
        return 1 / x / x

    def _divergence(self, x, y):
        return np.sum(_stable.itakura_saito_terms(x, y))

    def dual_gram(self, dual, X):
        half = X / dual  # the weights 1/dual^2, without forming 1/(1/x^2)
        return half @ half.T


@dataclass(frozen=True)
class PNorm(Potential):
    r"""Half the squared p-norm, between the geometry of l1 (p near 1) and that of l2 (p = 2).

    .. math:: \Phi(x) = \tfrac12\|x\|_p^2, \qquad
              \nabla\Phi(x)_j = \operatorname{sign}(x_j)\,|x_j|^{p-1}\,\|x\|_p^{2-p}, \qquad
              (\nabla\Phi)^{-1} = \nabla \tfrac12\|\cdot\|_q^2, \quad \tfrac1p + \tfrac1q = 1.

    For p < 2 the second derivative along a coordinate is infinite where the coordinate is 0 and another
    is not: there ``hessian_diagonal`` has np.inf. ``divergence`` is a difference of numbers of the size of
    both squared norms, so it is accurate to about 1e-16 of them and not relative to itself.

    Attributes
    ----------
    p : exponent, 1 < p <= 2; a ValueError otherwise

    References
    ----------
    Grove, Littlestone and Schuurmans (2001), General convergence results for linear discriminant updates.

    Examples
    --------
    >>> PNorm(2.0).value([3.0, 4.0])
    12.5
    """

    p: float

    def __post_init__(self):
        object.__setattr__(self, "p", real("p", self.p, above=1.0, at_most=2.0))

    def hessian_diagonal(self, x):
        return self._hessian_diagonal(self._point("x", x))

    def _value(self, x):
        return _norm(x, self.p) ** 2 / 2

    def _gradient(self, x):
        return _half_square_gradient(x, self.p)

    def _inverse_gradient(self, dual):
        return _half_square_gradient(dual, self.p / (self.p - 1))

    def _hessian_diagonal(self, x):
        p, norm = self.p, _norm(x, self.p)
        if norm == 0 or p == 2:
            return np.ones_like(x)
        share = np.abs(x) / norm
        with np.errstate(divide="ignore"):
            return (p - 1) * share ** (p - 2) + (2 - p) * share ** (2 * p - 2)

    def _divergence(self, x, y):
        return max(self._value(x) + self._value(y) - self._gradient(y) @ x, 0.0)

    def dual_gram(self, dual, X):
        q, norm = self.p / (self.p - 1), _norm(dual, self.p / (self.p - 1))
        if norm == 0:  # not differentiable there for p < 2: the Euclidean metric stands in
            return X @ X.T
        share = np.abs(dual) / norm
        direction = X @ (np.sign(dual) * share ** (q - 1))
        return (q - 1) * (X * share ** (q - 2)) @ X.T + (2 - q) * np.outer(direction, direction)


@dataclass(frozen=True, eq=False)
class Hypentropy(Potential):
    r"""The hyperbolic entropy: quadratic far below its scale, x log x in both directions far above it.

    .. math:: \Phi(x) = \sum_j \Bigl(x_j \operatorname{asinh}\frac{x_j}{s} - \sqrt{x_j^2 + s^2} + s\Bigr),
              \qquad \nabla\Phi(x) = \operatorname{asinh}(x/s), \qquad \partial_j^2\Phi = (x_j^2+s^2)^{-1/2}.

    The constant makes Phi(0) = 0. The flow of a diagonal network w_+^2 - w_-^2 that starts at
    w_+ = w_- = alpha follows this geometry with s = 2 alpha^2.

    Attributes
    ----------
    scale : s > 0, a float or one for each coordinate (d,), in the units of x

    References
    ----------
    Ghai, Hazan and Singer (2020), Exponentiated gradient meets gradient descent; Woodworth et al. (2020),
    Kernel and rich regimes in overparametrized models, theorem 1.

    Examples
    --------
    >>> Hypentropy(4.0).hessian_diagonal([0.0, 3.0])
    array([0.25, 0.2 ])
    """

    scale: float | np.ndarray
    size: int | None = field(init=False, repr=False)

    def __post_init__(self):
        scale = real_array("scale", self.scale, ndim=(0, 1), above=0.0).copy()
        scale.setflags(write=False)
        object.__setattr__(self, "size", len(scale) if scale.ndim else None)
        object.__setattr__(self, "scale", scale if scale.ndim else float(scale))

    def _value(self, x):
        c = np.hypot(x, self.scale)
        return np.sum(x * (_stable.asinh_ratio(x, self.scale) - x / (c + self.scale)))

    def _gradient(self, x):
        return _stable.asinh_ratio(x, self.scale)

    def _inverse_gradient(self, dual):
        return _stable.scaled_sinh(dual, self.scale)

    def _hessian_diagonal(self, x):
        return 1 / np.hypot(x, self.scale)

    def _divergence(self, x, y):
        return np.sum(_stable.hypentropy_terms(x, y, self.scale))


def bregman_divergence(potential, x, y):
    r"""How far a potential at x lies above its tangent at y.

    .. math:: D(x, y) = \Phi(x) - \Phi(y) - \langle \nabla\Phi(y), x - y\rangle \ge 0.

    Every potential but PNorm has a form without cancellation: D(x, y) is accurate relative to itself also
    when x is close to y.

    Parameters
    ----------
    potential : a record such as :class:`NegativeEntropy`
    x, y : (d,) points of the domain

    Returns
    -------
    Float, at least 0; 0 only for x = y up to rounding.

    Raises
    ------
    ValueError : points outside the domain or of different length, an overflow.

    References
    ----------
    Bregman (1967), The relaxation method of finding the common point of convex sets.

    Examples
    --------
    >>> round(bregman_divergence(BurgEntropy(), [2.0], [1.0]), 12)  # 1 - log 2
    0.30685281944
    """
    return potential.divergence(x, y)


def _norm(x, p):
    largest = np.max(np.abs(x))
    return largest * np.sum((np.abs(x) / largest) ** p) ** (1 / p) if largest > 0 else 0.0


def _half_square_gradient(x, p):
    norm = _norm(x, p)
    return np.sign(x) * (np.abs(x) / norm) ** (p - 1) * norm if norm > 0 else np.zeros_like(x)
