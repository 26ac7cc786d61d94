"""What is computed: the points of a sweep and their evaluation."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from dltheory._validation import integer

RESERVED = ("rng", "rngs", "seed")


def batched(function):
    """Mark ``function`` as one that takes all generators of a point at once and returns one array.

    ``sweep`` then calls ``function(**point, rngs=[...])`` once a point; it returns an array of shape
    (n_seeds,), or a NamedTuple, dataclass or mapping of such arrays.

    Examples
    --------
    >>> from dltheory.sweep import sweep
    >>> means = batched(lambda n, rngs: np.mean([rng.normal(size=n) for rng in rngs], axis=1))
    >>> sweep(means, {"n": [4, 9]}, seeds=3).values.shape
    (2, 3)
    """
    if not callable(function):
        raise ValueError(f"function must be callable, got {function!r}")
    function._sweep_batched = True
    return function


class Job:
    """What is computed: it travels to the workers, and a point of it is computed from its number alone."""

    def __init__(self, function, axes, seeds):
        if not callable(function):
            raise ValueError(f"function must be callable, got {function!r}")
        self.function, self.axes, self.seeds = function, axes, seeds
        self.batched = getattr(innermost(function), "_sweep_batched", False)
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


def innermost(function):
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


def naming_error(job, index, columns, finished):
    clash = [name for name in columns if name in job.axes or name == "seed"]
    if clash:
        return ValueError(f"output {clash[0]!r} of function must not have the name of a parameter or 'seed'")
    known, got = list(next(iter(finished.values()), columns)), list(columns)
    if known != got:
        return ValueError(f"function must return {known} at each point, got {got} {job.where(index)}")
    return None


def as_axes(grid):
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


def as_seeds(seeds):
    if not _is_sequence(seeds):
        return tuple(range(integer("seeds", seeds, at_least=1)))
    if len(seeds) == 0:
        raise ValueError("seeds must not be empty")
    seeds = tuple(integer("seeds", seed, at_least=0) for seed in seeds)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be distinct, got {seeds!r}")
    return seeds
