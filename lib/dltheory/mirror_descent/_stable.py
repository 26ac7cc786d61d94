"""Scalar functions behind the divergences, accurate where the textbook formula cancels."""

from __future__ import annotations

import numpy as np

SERIES_TERMS = 20
"""Terms of exp(u) - 1 - u kept for |u| <= 1; the first one dropped is below 1e-21 of the sum."""


def exp_remainder(u):
    """exp(u) - 1 - u for |u| <= 1, to rounding."""
    total = np.ones_like(u)
    for k in range(SERIES_TERMS + 2, 2, -1):
        total = 1 + u / k * total
    return u * u / 2 * total


def log_ratio(x, y):
    """log(x/y) of positive x and y, also when x is close to y or when x/y overflows."""
    close = np.abs(x - y) <= y / 2
    shift = np.where(close, x - y, 0.0) / y
    return np.where(close, np.log1p(shift), np.log(x) - np.log(y))


def relative_entropy_terms(x, y):
    """x log(x/y) - x + y of non-negative x and y; y where x is 0, infinite where only y is 0."""
    inside = (x > 0) & (y > 0)
    a, b = np.where(inside, x, 1.0), np.where(inside, y, 1.0)
    log = log_ratio(a, b)
    small = np.abs(log) <= 1
    terms = np.where(small, a * exp_remainder(np.where(small, -log, 0.0)), a * log - a + b)
    return np.where(inside, terms, np.where(x > 0, np.inf, y))


def itakura_saito_terms(x, y):
    """x/y - 1 - log(x/y) of positive x and y."""
    log = log_ratio(x, y)
    small = np.abs(log) <= 1
    return np.where(small, exp_remainder(np.where(small, log, 0.0)), x / y - 1 - log)


def asinh_ratio(x, scale):
    """asinh(x/scale), also when x/scale overflows."""
    ratio = x / scale
    far = np.log(np.maximum(np.abs(x), scale)) - np.log(scale) + np.log(2)
    return np.where(np.isinf(ratio), np.sign(x) * far, np.arcsinh(ratio))


def scaled_sinh(t, scale):
    """scale * sinh(t), also when sinh(t) alone overflows."""
    size = np.abs(t)
    half = np.exp(size / 2)
    return np.where(size < 30, scale * np.sinh(np.minimum(size, 30)), (scale / 2 * half) * half) * np.sign(t)


def hypentropy_terms(x, y, scale):
    r"""x (s - t) - c(x) + c(y), s = asinh(x/scale), t = asinh(y/scale), c(x) = sqrt(x^2 + scale^2).

    With u = s - t it equals c(x) (cosh u - 1) - x (sinh u - u), whose first term dominates for small u.
    """
    c_x, c_y = np.hypot(x, scale), np.hypot(y, scale)
    same_sign = x * np.sign(y) > 0
    total = np.where(same_sign, x + y, 1.0)
    # sinh(s - t) by the addition theorem, with the difference of squares written as a product.
    sinh_u = np.where(same_sign, (x - y) / (x / total * c_y + y / total * c_x), 0.0)
    use = same_sign & (np.abs(sinh_u) < 1e8)  # beyond, nothing cancels and sinh_u may overflow
    u = np.where(use, np.arcsinh(sinh_u), asinh_ratio(x, scale) - asinh_ratio(y, scale))
    small = np.abs(u) <= 1
    v = np.where(small, u, 0.0)
    near = 2 * c_x * np.sinh(v / 2) ** 2 - x * (exp_remainder(v) - exp_remainder(-v)) / 2
    return np.where(small, near, x * u - c_x + c_y)
