"""What every descent shares: which steps are recorded, and a gradient of the right shape."""

from __future__ import annotations

import numpy as np

from dltheory._validation import real_array


def recorded_steps(record_at, n_steps):
    """Return the increasing steps to record, the last one among them; all if ``record_at`` is None."""
    if record_at is None:
        return np.arange(n_steps + 1)
    wanted = real_array("record_at", record_at, ndim=1, at_least=0, at_most=n_steps)
    if not (np.all(wanted == np.rint(wanted)) and np.all(np.diff(wanted) > 0)):
        raise ValueError(f"record_at must be increasing integers, got {record_at!r}")
    return np.union1d(wanted.astype(int), n_steps)


def gradient_at(gradient, point, start_name):
    """Return the gradient at a point, or raise a ValueError if its shape is not that of the start."""
    value = np.asarray(gradient(point), dtype=np.float64)
    if value.shape != point.shape:
        raise ValueError(f"gradient must return the shape of {start_name}, {point.shape}, got {value.shape}")
    return value
