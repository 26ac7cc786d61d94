"""Checks of arguments: every error names the argument, what it was and what it should be."""

from __future__ import annotations

import numbers

import numpy as np


def finite_array(name, value, *, ndim=None, allow_empty=False):
    """Return ``value`` as a float64 array, or raise a ValueError that names ``name``.

    ``ndim`` is an integer or a tuple of admitted numbers of dimensions.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {value!r}") from error
    admitted = (ndim,) if isinstance(ndim, numbers.Integral) else ndim
    if admitted is not None and array.ndim not in admitted:
        wanted = " or ".join(str(k) for k in admitted)
        raise ValueError(f"{name} must have {wanted} dimension(s), got shape {array.shape}")
    if array.size == 0 and not allow_empty:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, got {np.sum(~np.isfinite(array))} non-finite entries")
    return array


def real(name, value, *, at_least=-np.inf, above=-np.inf, at_most=np.inf, below=np.inf):
    """Return ``value`` as a finite float inside the stated bounds."""
    array = finite_array(name, value, ndim=0)
    _check_bounds(name, array, at_least, above, at_most, below)
    return float(array)


def real_array(name, value, *, ndim=None, at_least=-np.inf, above=-np.inf, at_most=np.inf, below=np.inf):
    """Return ``value`` as a finite float64 array whose entries lie inside the stated bounds."""
    array = finite_array(name, value, ndim=ndim)
    _check_bounds(name, array, at_least, above, at_most, below)
    return array


def integer(name, value, *, at_least=0):
    """Return ``value`` as an int; booleans and fractional numbers are refused."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be an integer, got {value!r}")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}")
    return int(value)


def generator(name, value):
    """Return ``value`` if it is a numpy Generator."""
    if not isinstance(value, np.random.Generator):
        raise ValueError(
            f"{name} must be a numpy.random.Generator such as np.random.default_rng(0), got {value!r}"
        )
    return value


def design_and_response(X, y):
    """Return a finite (n, d) design and a response of shape (n,) or (n, k)."""
    X = finite_array("X", X, ndim=2)
    y = finite_array("y", y, ndim=(1, 2))
    if len(X) != len(y):
        raise ValueError(f"y must have one row per row of X, got {len(y)} and {len(X)}")
    return X, y


def _check_bounds(name, array, at_least, above, at_most, below):
    checks = [
        (array < at_least, "at least", at_least),
        (array <= above, "greater than", above),
        (array > at_most, "at most", at_most),
        (array >= below, "less than", below),
    ]
    for broken, words, bound in checks:
        if np.any(broken) and np.isfinite(bound):
            raise ValueError(f"{name} must be {words} {bound:g}, got {array[broken].flat[0]:g}")
