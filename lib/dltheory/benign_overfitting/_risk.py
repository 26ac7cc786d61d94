"""The record of a risk in two parts, and the handling of arguments that its formulas share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import real_array


class Risk(NamedTuple):
    """Excess risk in two parts; fields are floats, or arrays of the broadcast shape of the arguments."""

    bias: float | np.ndarray  #: excess risk without noise
    variance: float | np.ndarray  #: excess risk without signal
    risk: float | np.ndarray  #: bias + variance, the excess risk


def times(noise_variance, factor):
    """Multiply; no noise gives no variance even where the factor is infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(noise_variance > 0, noise_variance * factor, 0.0)


def broadcast_arguments(**arguments):
    """Return the arguments, (value, whether it must be positive) by name, as arrays of one shape."""
    arrays = [
        real_array(name, value, above=0) if positive else real_array(name, value, at_least=0)
        for name, (value, positive) in arguments.items()
    ]
    try:
        return np.broadcast_arrays(*arrays)
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(arguments, arrays, strict=True))
        raise ValueError(f"the arguments must have shapes that broadcast, got {shapes}") from error


def as_floats(*arrays):
    return tuple(float(array) if np.ndim(array) == 0 else array for array in arrays)
