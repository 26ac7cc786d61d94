"""Many steps of many runs: what is recorded, and how a run that diverges is stopped at its last iterate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

CHECK_EVERY = 128
"""Steps between two looks at whether all runs are within bounds."""


class Path(NamedTuple):
    """S data sets times A settings at r recorded steps, and what the bookkeeping needs at the end."""

    coefficients: np.ndarray  #: (S, A, r, d)
    plus: np.ndarray  #: (S, A, r, d)
    minus: np.ndarray  #: (S, A, r, d)
    losses: np.ndarray  #: (S, A, r)
    diverged_at: np.ndarray  #: (S, A), -1 where the run did not diverge
    drift: np.ndarray  #: (S, A, d), D times the sum of step size times gradient

    def part(self, sets):
        """The same memory, some data sets only."""
        return Path(*(array[sets] for array in self))

    def with_leading_axes(self, lead):
        """The same numbers with (S, A) replaced by the axes that the user has."""
        return Path(*(array.reshape(lead + array.shape[2:]) for array in self))


def empty_path(n_sets, n_settings, n_recorded, d):
    shape = (n_sets, n_settings, n_recorded)
    arrays = (np.empty((*shape, d)) for _ in range(3))
    return Path(*arrays, np.empty(shape), np.full(shape[:2], -1), np.empty((*shape[:2], d)))


def iterate(weights, step, wanted, path):
    """Call ``step(k)`` for k from 0 to the last of the ``wanted`` steps and fill the path with them.

    Whether a run is within bounds is looked at now and then only; where one is not, the steps since the last
    look are repeated one by one.
    """
    n_steps = wanted[-1]
    stops = np.union1d(wanted, np.arange(0, n_steps, CHECK_EVERY))
    position = 0
    with np.errstate(over="ignore", invalid="ignore"):  # a run that overflows is told by its record
        for start, stop in zip(np.concatenate([[0], stops]).tolist(), stops.tolist(), strict=False):
            before = weights.snapshot()
            for k in range(start, stop):
                step(k)
            if not np.all(weights.inside()):
                weights.restore(before)
                _step_with_care(weights, step, range(start, stop), path.diverged_at)
                weights.compute_residual()
            if stop == wanted[position]:
                _record(weights, path, position)
                position += 1
    path.drift[...] = weights.drift


def _step_with_care(weights, step, steps, diverged_at):
    for k in steps:
        before = weights.snapshot()
        step(k)
        lost = ~weights.inside()
        if np.any(lost):
            weights.restore(before, lost)
            weights.rate[lost] = 0  # such a run stands still from now on
            diverged_at[lost] = k + 1


def _record(weights, path, position):
    path.coefficients[:, :, position] = weights.beta
    path.plus[:, :, position] = weights.plus
    path.minus[:, :, position] = weights.minus
    path.losses[:, :, position] = np.mean(weights.residual**2, axis=-1) / 2
