"""What a path of 100 ridge penalties costs, beside what a user would pick instead.

Every number is a ratio of medians that were measured in turn in this process, so other load on the
machine strikes all of them. Run ``python benchmarks/ridge_path.py``.
"""

from __future__ import annotations

import time
import warnings
from typing import NamedTuple

import numpy as np
from dltheory.interpolation import ridge_path
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import Ridge

ROUNDS = 15
"""Rounds for what takes milliseconds. A loop over 100 fits takes seconds and is timed in the middle round."""


class Timing(NamedTuple):
    """One row of the table: seconds (median), and the largest relative error of the coefficients."""

    name: str
    seconds: float
    error: float


def scikit_learn_path(X, y, penalties, solver):
    """One fit for each penalty: scikit-learn's alpha is n times ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        return np.array(
            [
                Ridge(alpha=len(X) * penalty, fit_intercept=False, solver=solver).fit(X, y).coef_
                for penalty in penalties
            ]
        )


def relative_error(coefficients, reference):
    return np.max(np.linalg.norm(coefficients - reference, axis=1) / np.linalg.norm(reference, axis=1))


def measure(n, d, *, n_penalties=100, condition=1e3, rounds=ROUNDS, seed=0):
    """Time all contenders in turn on one design with singular values from 1 down to 1/condition."""
    rng = np.random.default_rng(seed)
    r = min(n, d)
    left, right = (np.linalg.qr(rng.standard_normal((m, r)))[0] for m in (n, d))
    s = np.geomspace(1, 1 / condition, r)
    X, y = (left * s) @ right.T, rng.standard_normal(n)
    penalties = np.geomspace(1e-12, 1e1, n_penalties) / n
    # The same path from the factors the design was made of, so without any factorisation.
    reference = (s / (s**2 + n * penalties[:, None]) * (left.T @ y)) @ right.T

    contenders = {
        "thin SVD of X alone": (lambda: np.linalg.svd(X, full_matrices=False), True),
        "ridge_path": (lambda: ridge_path(X, y, penalties).coefficients, True),
        'Ridge(solver="svd"), 100 fits': (lambda: scikit_learn_path(X, y, penalties, "svd"), False),
        'Ridge(solver="cholesky"), 100 fits': (lambda: scikit_learn_path(X, y, penalties, "cholesky"), False),
    }
    seconds = {name: [] for name in contenders}
    results = {}
    for k in range(rounds):
        for name, (run, quick) in contenders.items():
            if quick or k == rounds // 2:
                start = time.perf_counter()
                results[name] = run()
                seconds[name].append(time.perf_counter() - start)
    return [
        Timing(
            name.replace("100", str(n_penalties)),
            float(np.median(seconds[name])),
            np.nan if name.startswith("thin") else float(relative_error(results[name], reference)),
        )
        for name in contenders
    ]


def main(sizes=((400, 1000), (1000, 400)), **options):
    """Print one table a size and return them: {(n, d): [Timing, ...]}."""
    tables = {}
    for n, d in sizes:
        rows = tables[n, d] = measure(n, d, **options)
        ours = next(row.seconds for row in rows if row.name == "ridge_path")
        print(f"\nn = {n}, d = {d}")
        print(f"{'':36} {'seconds':>9} {'/ ridge_path':>13} {'relative error':>15}")
        for row in rows:
            error = "" if np.isnan(row.error) else f"{row.error:.1e}"
            print(f"{row.name:36} {row.seconds:9.4f} {row.seconds / ours:13.2f} {error:>15}")
    return tables


if __name__ == "__main__":
    main()
