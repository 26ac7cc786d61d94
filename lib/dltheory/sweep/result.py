"""What a sweep measured."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from dltheory._validation import real_array


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

        >>> from dltheory.sweep import sweep
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
