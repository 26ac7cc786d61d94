"""Where the points are computed: in this process, on all cores, or on a Dask cluster."""

from __future__ import annotations

import itertools
import os
import pickle
import sys
import traceback
import warnings

from dltheory.scale import current_scale

CLUSTER = "DLTHEORY_DASK"


def outcomes(job, indices, n_jobs, stopped):
    """Yield (index, columns, error) of each point as it is finished; begin none after ``stopped`` is set."""
    address = os.environ.get(CLUSTER, "").strip()
    waiting = itertools.takewhile(lambda _: not stopped.is_set(), indices)
    if address and indices:
        yield from _on_cluster(job, waiting, address)
    elif n_jobs == 1 or len(indices) < 2:
        yield from (_attempt(job, index) for index in waiting)
    else:
        from joblib import Parallel, delayed

        # Without max_nbytes=None large arrays would reach the workers as read-only memory maps.
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered", max_nbytes=None)
        with warnings.catch_warnings():
            # joblib replaces a worker that holds much memory, and says so; the results are the same.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
            yield from parallel(delayed(_attempt_remotely)(job, index) for index in waiting)


def _on_cluster(job, indices, address):
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise ImportError(f"{CLUSTER} is {address!r}: install dask and distributed, or unset it") from error
    try:
        client = Client(address, set_as_default=False, timeout=10)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"{CLUSTER} is {address!r}, where no Dask scheduler answers") from error
    with client:
        shared = client.scatter(job, broadcast=True, hash=False)
        running = as_completed([], loop=client.loop, with_results=True)
        while True:
            # Twice as many tasks as threads keep the workers busy, and a failure stops the sweep soon.
            room = 2 * max(1, sum(client.nthreads().values())) - running.count()
            for index in itertools.islice(indices, max(0, room)):
                running.add(client.submit(_attempt_remotely, shared, index, pure=False))
            if running.is_empty():
                return
            yield next(running)[1]


def _attempt(job, index):
    """Return (index, columns, error) of one point, computed with one BLAS thread."""
    import scipy.linalg  # noqa: F401  (its BLAS must be loaded before threads are limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        try:
            return index, job.evaluate(index), None
        except Exception as error:
            return index, None, error


def _attempt_remotely(job, index):
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)  # it stays: the overlapping tasks of a threaded worker would undo each other's
    index, columns, error = _attempt(job, index)
    return index, columns, _portable(error) if error is not None else None


def _portable(error):
    """Return the exception with its traceback as a note; as a RuntimeError if it cannot travel."""
    error.add_note("in a worker:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.__notes__ = error.__notes__
        return plain
    return error


def progress(total, initial):
    from tqdm.std import tqdm  # tqdm.auto would put a widget into the book

    terminal = sys.stderr is not None and sys.stderr.isatty()
    shown = terminal or current_scale() == "full"
    return tqdm(total=total, initial=initial, unit="point", delay=1, leave=False, disable=not shown)
