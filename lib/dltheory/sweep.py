"""Sweeps: one function evaluated on a grid of parameters and over seeds, resumable and reproducible.

The results are the same bit for bit in this process, on all cores (joblib) and on a Dask cluster: the
generator of a value depends on its seed and its point alone, and BLAS runs on one thread on every route
(several threads add up in another order). Machines with different BLAS libraries may differ in the last
digit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import inspect
import itertools
import json
import math
import os
import pickle
import sys
import threading
import traceback
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dltheory._validation import integer, real_array
from dltheory.scale import current_scale

CLUSTER = "DLTHEORY_DASK"
RESERVED = ("rng", "rngs", "seed")


def batched(function):
    """Mark ``function`` as one that takes all generators of a point at once and returns one array.

    ``sweep`` then calls ``function(**point, rngs=[...])`` once a point; it returns an array of shape
    (n_seeds,), or a NamedTuple, dataclass or mapping of such arrays.

    Examples
    --------
    >>> means = batched(lambda n, rngs: np.mean([rng.normal(size=n) for rng in rngs], axis=1))
    >>> sweep(means, {"n": [4, 9]}, seeds=3).values.shape
    (2, 3)
    """
    if not callable(function):
        raise ValueError(f"function must be callable, got {function!r}")
    function._sweep_batched = True
    return function


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """What a sweep measured at each point of its grid with each seed.

    With one output it is what ``claims.check`` and ``plotting.measured_vs_predicted`` take; with several,
    choose one: ``result["variance"]``. A value may be infinite, and then the mean and its error are; no
    statistic is NaN.

    Attributes
    ----------
    parameters : dict of str to array, shape (n_values,)
        The axes of the grid, in order.
    seeds : tuple of int
    outputs : tuple of str
        Names of the outputs; ``("value",)`` if the function returns a number.
    table : array, shape (n_outputs, *grid_shape, n_seeds)
    """

    parameters: dict
    seeds: tuple
    outputs: tuple
    table: np.ndarray

    def __repr__(self):
        axes = ", ".join(f"{name}: {len(values)}" for name, values in self.parameters.items())
        return f"SweepResult({axes}; {self.n_seeds} seeds; {', '.join(self.outputs)})"

    def __getitem__(self, output):
        """Return the result of one output."""
        if output not in self.outputs:
            raise ValueError(f"output must be one of {list(self.outputs)}, got {output!r}")
        index = self.outputs.index(output)
        return SweepResult(self.parameters, self.seeds, (output,), self.table[index : index + 1])

    def at(self, **values):
        """Return the result at one value of each parameter named, over the grid of the others.

        >>> result = sweep(lambda a, b, rng: a * b, {"a": [1, 2], "b": [3, 4]}, seeds=2)
        >>> result.at(b=4).mean.tolist()
        [4.0, 8.0]
        """
        parameters, place = dict(self.parameters), [slice(None)] * self.table.ndim
        for name, value in values.items():
            if name not in parameters:
                raise ValueError(f"{name!r} must be one of the parameters {list(self.parameters)}")
            found = np.flatnonzero(parameters.pop(name) == value)
            if found.size == 0:
                raise ValueError(f"{name} must be one of {self.parameters[name].tolist()}, got {value!r}")
            place[1 + list(self.parameters).index(name)] = found[0]
        return SweepResult(parameters, self.seeds, self.outputs, self.table[tuple(place)])

    @property
    def n_seeds(self):
        """Number of seeds at each point."""
        return len(self.seeds)

    @property
    def values(self):
        """Array of shape (*grid_shape, n_seeds), all values of the one output."""
        if len(self.outputs) > 1:
            raise ValueError(f"choose one output of this sweep: result[name] with name in {self.outputs}")
        return self.table[0]

    @property
    def mean(self):
        """Array of shape grid_shape: the mean over the seeds."""
        with np.errstate(over="ignore"):
            return self.values.mean(axis=-1)

    @property
    def standard_error(self):
        """Array of shape grid_shape: standard deviation over the seeds (ddof 1) / sqrt(n_seeds)."""
        if self.n_seeds < 2:
            raise ValueError("standard_error needs seeds to be at least 2, got 1")
        finite = np.isfinite(self.values).all(axis=-1)
        with np.errstate(over="ignore"):
            deviation = np.where(finite[..., None], self.values, 0.0).std(axis=-1, ddof=1)
        return np.where(finite, deviation / math.sqrt(self.n_seeds), np.inf)

    @property
    def median(self):
        """Array of shape grid_shape: the median over the seeds."""
        return self.quantile(0.5)

    def quantile(self, q):
        """Return quantiles over the seeds (linear between order statistics): (*q.shape, *grid_shape)."""
        q = real_array("q", q, at_least=0, at_most=1)
        ordered = np.moveaxis(np.sort(self.values, axis=-1), -1, 0)
        position = q * (self.n_seeds - 1)
        below = np.floor(position).astype(int)
        low, high = ordered[below], ordered[np.ceil(position).astype(int)]
        weight = (position - below).reshape(q.shape + (1,) * (ordered.ndim - 1))
        step = np.zeros_like(low)
        mixed = (weight > 0) & (low != high) & np.isfinite(low)  # elsewhere inf - inf or 0 inf would be NaN
        np.subtract(high, low, out=step, where=mixed)
        return low + np.multiply(weight, step, out=step, where=mixed)

    def rows(self):
        """Return one dict for each point and seed: the parameters, ``seed`` and each output."""
        axes = self.parameters.items()
        shape = [len(axis) for _, axis in axes]
        rows = []
        for place in np.ndindex(*shape, self.n_seeds):
            row = {name: axis[i].item() for (name, axis), i in zip(axes, place, strict=False)}
            row["seed"] = self.seeds[place[-1]]
            rows.append(row | {name: float(self.table[(k, *place)]) for k, name in enumerate(self.outputs)})
        return rows


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
    job = _Job(function, _axes(grid), _seeds(seeds))
    n_jobs = 1 if n_jobs is None else integer("n_jobs", n_jobs, at_least=-1)
    if n_jobs == 0:
        raise ValueError("n_jobs must be a positive integer, -1 or None, got 0")
    store = _Checkpoint(checkpoint, job) if checkpoint is not None else None
    finished = store.load() if store else {}
    todo = [index for index in range(job.n_points) if index not in finished]
    failures, stopped = {}, threading.Event()
    outcomes = _outcomes(job, todo, n_jobs, stopped)
    with contextlib.closing(outcomes), _progress(job.n_points, len(finished)) as bar:
        for index, columns, error in outcomes:
            if error is None:
                error = _naming_error(job, index, columns, finished)
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


# --- the points and their evaluation ------------------------------------------------------------------


class _Job:
    """What is computed: it travels to the workers, and a point of it is computed from its number alone."""

    def __init__(self, function, axes, seeds):
        if not callable(function):
            raise ValueError(f"function must be callable, got {function!r}")
        self.function, self.axes, self.seeds = function, axes, seeds
        self.batched = getattr(_innermost(function), "_sweep_batched", False)
        self.shape = tuple(len(values) for values in axes.values())
        self.n_points = math.prod(self.shape)

    def point(self, index):
        place = np.unravel_index(index, self.shape)
        return {name: values[i] for (name, values), i in zip(self.axes.items(), place, strict=True)}

    def evaluate(self, index):
        """Return the columns of a point: a list of floats, one a seed, for each output."""
        point, where = self.point(index), self.where(index)
        # Entropy is the seed and the spawn key is the point, so no two pairs share a stream.
        rngs = [np.random.default_rng(np.random.SeedSequence(s, spawn_key=(index,))) for s in self.seeds]
        if self.batched:
            with _noted(where):
                raw = self.function(**point, rngs=rngs)
            return {name: self._column(name, value, where) for name, value in _named(raw, where).items()}
        records = []
        for seed, rng in zip(self.seeds, rngs, strict=True):
            with _noted(f"{where}, seed {seed}"):
                raw = self.function(**point, rng=rng)
            records.append(_named(raw, where))
            if list(records[-1]) != list(records[0]):
                raise ValueError(f"function must return the same outputs with each seed, {where} it did not")
        return {name: self._column(name, [record[name] for record in records], where) for name in records[0]}

    def where(self, index):
        return "at " + ", ".join(f"{name}={value!r}" for name, value in self.point(index).items())

    def _column(self, name, values, where):
        try:
            column = np.asarray(values)
        except ValueError:  # ragged
            column = np.asarray(None)
        if column.shape != (len(self.seeds),) or column.dtype.kind not in "fiub":
            raise ValueError(
                f"output {name!r} must be one real number for each of {len(self.seeds)} seeds, "
                f"got {values!r} {where}"
            )
        column = column.astype(np.float64)
        if np.isnan(column).any():
            seed = self.seeds[np.argmax(np.isnan(column))]
            raise ValueError(f"output {name!r} of function must not be NaN, it is {where}, seed {seed}")
        if np.isposinf(column).any() and np.isneginf(column).any():
            raise ValueError(f"output {name!r} is both inf and -inf {where}: its mean is not defined")
        return column.tolist()


def _innermost(function):
    while isinstance(function, functools.partial):
        function = function.func
    return function


@contextlib.contextmanager
def _noted(where):
    try:
        yield
    except Exception as error:
        error.add_note(f"sweep: {where}")
        raise


def _named(raw, where):
    if dataclasses.is_dataclass(raw):
        raw = {field.name: getattr(raw, field.name) for field in dataclasses.fields(raw)}
    elif hasattr(raw, "_asdict"):
        raw = raw._asdict()
    elif not isinstance(raw, Mapping):
        raw = {"value": raw}
    if not raw or not all(isinstance(name, str) for name in raw):
        raise ValueError(f"function must name its outputs by strings, it returned {list(raw)} {where}")
    return raw


def _naming_error(job, index, columns, finished):
    clash = [name for name in columns if name in job.axes or name == "seed"]
    if clash:
        return ValueError(f"output {clash[0]!r} of function must not have the name of a parameter or 'seed'")
    known, got = list(next(iter(finished.values()), columns)), list(columns)
    if known != got:
        return ValueError(f"function must return {known} at each point, got {got} {job.where(index)}")
    return None


def _axes(grid):
    if not isinstance(grid, Mapping) or not grid:
        raise ValueError(f"grid must be a mapping of names to sequences with at least one name, got {grid!r}")
    return {_axis_name(name): _axis(name, values) for name, values in grid.items()}


def _axis_name(name):
    if not isinstance(name, str) or not name.isidentifier() or name in RESERVED:
        raise ValueError(f"grid must be named by identifiers other than {', '.join(RESERVED)}, got {name!r}")
    return name


def _axis(name, values):
    if not _is_sequence(values):
        raise ValueError(f"grid[{name!r}] must be a 1-d sequence, got {values!r}")
    if len(values) == 0:
        raise ValueError(f"grid[{name!r}] must not be empty")
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds = {"number" if type(value) in (int, float) else type(value).__name__ for value in values}
    if kinds not in ({"number"}, {"str"}, {"bool"}):
        raise ValueError(f"grid[{name!r}] must be numbers, strings or booleans of one kind, got {values!r}")
    if kinds == {"number"} and not all(map(math.isfinite, values)):
        raise ValueError(f"grid[{name!r}] must be finite, got {values!r}")
    return values


def _is_sequence(values):
    if isinstance(values, (str, bytes)):
        return False
    return isinstance(values, Sequence) or getattr(values, "ndim", 0) == 1


def _seeds(seeds):
    if not _is_sequence(seeds):
        return tuple(range(integer("seeds", seeds, at_least=1)))
    if len(seeds) == 0:
        raise ValueError("seeds must not be empty")
    seeds = tuple(integer("seeds", seed, at_least=0) for seed in seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be distinct, got {seeds!r}")
    return seeds


# --- the three routes ---------------------------------------------------------------------------------


def _outcomes(job, indices, n_jobs, stopped):
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


def _progress(total, initial):
    from tqdm.std import tqdm  # tqdm.auto would put a widget into the book

    terminal = sys.stderr is not None and sys.stderr.isatty()
    shown = terminal or current_scale() == "full"
    return tqdm(total=total, initial=initial, unit="point", delay=1, leave=False, disable=not shown)


# --- the checkpoint -----------------------------------------------------------------------------------


class _Checkpoint:
    """A file of JSON lines: what the sweep is, then the number and the columns of each finished point."""

    DIFFERENCES = types.MappingProxyType(
        {
            "format": "another version of this library",
            "function": "another function",
            "code": "another version of the function's code or constants",
            "grid": "another grid",
            "seeds": "other seeds",
        }
    )

    def __init__(self, path, job):
        self.path, self.job = Path(path), job
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise ValueError(f"checkpoint must be a file in an existing folder, got {str(path)!r}")
        self.header = {
            "format": "dltheory sweep 1",
            "function": _qualified_name(_innermost(job.function)),
            "code": _fingerprint(job.function),
            "grid": job.axes,
            "seeds": job.seeds,
        }

    def load(self):
        """Return the finished points; a last line that was cut off by a kill is dropped from the file."""
        first = (json.dumps(self.header) + "\n").encode()
        content = self.path.read_bytes() if self.path.exists() else b""
        if first.startswith(content):  # new, empty, or killed while the first line was written
            self._write(first, mode="wb")
            return {}
        end = content.rfind(b"\n") + 1
        lines = content[:end].splitlines()
        self._check_header(lines[0] if lines else content)
        finished = {}
        for number, line in enumerate(lines[1:], start=2):
            index, columns = self._point(line, number)
            if finished.setdefault(index, columns) != columns:
                raise self._error(f"is damaged at line {number} (another result for point {index})")
            if list(columns) != list(next(iter(finished.values()))):
                raise self._error(f"is damaged at line {number} (other outputs)")
        if end < len(content):
            os.truncate(self.path, end)
        return finished

    def append(self, index, columns):
        # JSON has no infinity; repr writes every finite float so that it is read back exactly.
        texts = {name: [v if math.isfinite(v) else str(v) for v in c] for name, c in columns.items()}
        self._write((json.dumps({"point": index, "columns": texts}) + "\n").encode(), mode="ab")

    def _error(self, words):
        return ValueError(f"checkpoint {str(self.path)!r} {words}; move it away or name another file")

    def _write(self, data, mode):
        with open(self.path, mode) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _check_header(self, line):
        try:
            found = json.loads(line)
            differing = [key for key in self.header if json.dumps(found[key]) != json.dumps(self.header[key])]
        except (ValueError, KeyError, TypeError) as error:
            raise self._error("was not written by a sweep") from error
        if differing:
            raise self._error(f"was written with {self.DIFFERENCES[differing[0]]}")

    def _point(self, line, number):
        try:
            entry = json.loads(line)
            index = entry["point"]
            columns = {name: [float(v) for v in column] for name, column in entry["columns"].items()}
            lengths = {len(column) for column in columns.values()}
            if lengths != {len(self.job.seeds)} or index not in range(self.job.n_points):
                raise ValueError("not a point of this sweep")
            if any(math.isnan(v) for column in columns.values() for v in column):
                raise ValueError("NaN")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._error(f"is damaged at line {number} ({error})") from error
        return index, columns


def _fingerprint(function):
    """Return a hash of a function's code and constants, and of those of the functions it calls.

    Followed are functions of this library, of the function's own package and of the notebook. Lists, mappings
    and other objects outside the function are not compared: they may be a log or a cache.
    """
    home = {_qualified_name(_innermost(function)).partition(".")[0], "dltheory", "__main__"}
    return hashlib.sha256(repr(_describe(function, home, set())).encode()).hexdigest()


def _describe(value, home, seen):
    inner = functools.partial(_describe, home=home, seen=seen)
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        return repr(value)
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, tuple):
        return [inner(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(repr(inner(item)) for item in value)  # the order changes from process to process
    if isinstance(value, types.CodeType):
        return value.co_code, inner(value.co_consts), value.co_names, value.co_varnames
    if isinstance(value, functools.partial):
        return inner(value.func), inner(value.args), inner(tuple(sorted(value.keywords.items())))
    value = inspect.unwrap(value) if callable(value) else value
    name = _qualified_name(value)
    if not isinstance(value, types.FunctionType) or id(value) in seen or name.partition(".")[0] not in home:
        return name
    seen.add(id(value))
    used = [value.__globals__.get(key) for key in sorted(_global_names(value.__code__))]
    used += [cell.cell_contents for cell in value.__closure__ or ()]
    keywords = tuple(sorted((value.__kwdefaults__ or {}).items()))
    return name, inner(value.__code__), inner(value.__defaults__), inner(keywords), inner(tuple(used))


def _qualified_name(value):
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _global_names(code):
    nested = (_global_names(const) for const in code.co_consts if isinstance(const, types.CodeType))
    return set(code.co_names).union(*nested)
