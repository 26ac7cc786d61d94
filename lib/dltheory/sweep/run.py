"""The sweep itself: jobs, routes and checkpoint put together."""

from __future__ import annotations

import contextlib
import threading

import numpy as np

from dltheory._validation import integer
from dltheory.sweep.checkpoint import Checkpoint
from dltheory.sweep.job import Job, as_axes, as_seeds, naming_error
from dltheory.sweep.result import SweepResult
from dltheory.sweep.routes import outcomes, progress


def sweep(function, grid, *, seeds, n_jobs=None, checkpoint=None):
    r"""Evaluate a function at each point of a grid, once for each seed.

    .. math:: v_{p,s} = f(\theta_p;\, \omega_{s,p}), \qquad
        \bar v_p = \frac1S \sum_s v_{p,s}, \qquad
        \widehat{\mathrm{se}}_p^2 = \frac{1}{S(S-1)} \sum_s (v_{p,s} - \bar v_p)^2,

    with independent generators :math:`\omega_{s,p}`, one for each seed and point (its number in the grid).

    Parameters
    ----------
    function : callable
        Called as ``function(**point, rng=generator)``; returns a number, or a NamedTuple, dataclass or
        mapping of numbers. See `batched` for a function of all seeds at once.
    grid : mapping of str to 1-d sequence
        Values of each parameter (numbers, strings or booleans); the sweep visits their Cartesian product.
    seeds : int or sequence of int
        The seeds, or their number S: then they are 0, ..., S - 1.
    n_jobs : int, optional
        Processes on this machine, -1 for all cores. ``None`` computes in this process, one point after the
        other. If the environment variable ``DLTHEORY_DASK`` names a scheduler (``tcp://host:port``), the
        points go to that cluster instead; its workers must be able to import this library.
    checkpoint : path, optional
        File to which each finished point is appended. Points that it holds are not computed again.

    Returns
    -------
    SweepResult

    Raises
    ------
    ValueError
        If an argument is not as above, a result is NaN, or the checkpoint belongs to another sweep (another
        grid, other seeds, another function or another version of its code); such a file is left as it is.
    Exception
        What ``function`` raises passes through with a note that names the point and the seed.

    Examples
    --------
    >>> result = sweep(lambda n, rng: rng.permutation(n).sum(), {"n": [3, 5]}, seeds=4)
    >>> result.mean.tolist(), result.standard_error.tolist()
    ([3.0, 10.0], [0.0, 0.0])
    """
    job = Job(function, as_axes(grid), as_seeds(seeds))
    n_jobs = 1 if n_jobs is None else integer("n_jobs", n_jobs, at_least=-1)
    if n_jobs == 0:
        raise ValueError("n_jobs must be a positive integer, -1 or None, got 0")
    store = Checkpoint(checkpoint, job) if checkpoint is not None else None
    finished = store.load() if store else {}
    todo = [index for index in range(job.n_points) if index not in finished]
    failures, stopped = {}, threading.Event()
    arriving = outcomes(job, todo, n_jobs, stopped)
    with contextlib.closing(arriving), progress(job.n_points, len(finished)) as bar:
        for index, columns, error in arriving:
            if error is None:
                error = naming_error(job, index, columns, finished)
            if error is not None:  # points under way in other processes are still kept
                failures[index] = error
                stopped.set()
                continue
            if store:
                store.append(index, columns)
            finished[index] = columns
            bar.update()
    if failures:
        raise failures[min(failures)]  # points begin in order, so every route raises the same one
    return _assemble(job, finished)


def _assemble(job, finished):
    outputs = tuple(finished[0])
    table = np.array([[finished[index][name] for index in range(job.n_points)] for name in outputs])
    table = table.reshape(len(outputs), *job.shape, len(job.seeds))
    table.flags.writeable = False
    parameters = {name: np.array(values) for name, values in job.axes.items()}
    for axis in parameters.values():
        axis.flags.writeable = False
    return SweepResult(parameters, job.seeds, outputs, table)
