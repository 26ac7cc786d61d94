"""The file that lets a sweep go on where it stopped."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import math
import os
import types
from pathlib import Path

import numpy as np

from dltheory.sweep.job import innermost


class Checkpoint:
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
            "function": _qualified_name(innermost(job.function)),
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
    home = {_qualified_name(innermost(function)).partition(".")[0], "dltheory", "__main__"}
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
