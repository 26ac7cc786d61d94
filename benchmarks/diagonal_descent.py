"""What descent on many diagonal networks costs, beside the loop a user would write and the products it needs.

The loop runs one network at a time in torch: autograd for the gradient and torch's SGD for the step. A few of
its runs are timed for some hundred steps, and its time for all runs and steps is extrapolated from them,
because it is the same for each. Every number is a median of rounds that were measured in turn in this
process, so other load on the machine strikes all of them. Run ``python benchmarks/diagonal_descent.py``.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import torch
from dltheory.diagonal_networks.dynamics import gradient_descent

ROUNDS = 5
LOOP_RUNS = 2
"""Runs of the loop in a round."""

LOOP_STEPS = 500
"""Steps of each: enough that what happens once a run does not count."""

PRODUCT_STEPS = 500
"""Steps for which the bare products are timed; their time is extrapolated as well."""


class Timing(NamedTuple):
    """One row of the table: seconds for all runs and steps, and the largest error of the coefficients."""

    name: str
    seconds: float
    error: float


def torch_loop(X, y, alpha, step_size, n_steps):
    """One network, as a user would write it; returns its coefficients."""
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    plus = torch.full((X.shape[1],), alpha, dtype=torch.float64, requires_grad=True)
    minus = torch.full((X.shape[1],), alpha, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([plus, minus], lr=step_size)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = ((X @ (plus**2 - minus**2) - y) ** 2).mean() / 2
        loss.backward()
        optimizer.step()
    return (plus**2 - minus**2).detach().numpy()


def bare_products(X, n_settings, n_steps):
    """The two batched products of a step and nothing else, for all data sets at once."""
    n_sets, n, d = X.shape
    coefficients = np.random.default_rng(0).standard_normal((n_sets, n_settings, d))
    residual, gradient = np.empty((n_sets, n_settings, n)), np.empty((n_sets, n_settings, d))
    for _ in range(n_steps):
        np.matmul(coefficients, X.transpose(0, 2, 1), out=residual)
        np.matmul(residual, X, out=gradient)


def seconds_of(run):
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def measure(n_sets, n_settings, n, d, *, n_steps=10_000, rounds=ROUNDS, step_size=0.02, seed=0):
    """Time the three in turn, on sparse noiseless problems and alpha from 1e-3 to 1."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_sets, n, d))
    y = X[:, :, :5].sum(axis=2)
    alphas = np.geomspace(1e-3, 1, n_settings)
    options = {"alpha": alphas, "depth": 2, "step_size": step_size}
    ours, products, loop, errors = [], [], [], []
    for k in range(rounds):
        seconds, run = seconds_of(
            lambda: gradient_descent(X, y, n_steps=n_steps, record_at=[LOOP_STEPS], **options)
        )
        ours.append(seconds)
        seconds, _ = seconds_of(lambda: bare_products(X, n_settings, PRODUCT_STEPS))
        products.append(seconds * n_steps / PRODUCT_STEPS)
        for which in range(k * LOOP_RUNS, (k + 1) * LOOP_RUNS):
            s, a = which % n_sets, (7 * which) % n_settings
            seconds, beta = seconds_of(
                lambda s=s, a=a: torch_loop(X[s], y[s], float(alphas[a]), step_size, LOOP_STEPS)
            )
            loop.append(seconds * n_steps / LOOP_STEPS * n_sets * n_settings)
            errors.append(np.max(np.abs(run.coefficients[s, a, 0] - beta)))
    return [
        Timing("the bare products", float(np.median(products)), np.nan),
        Timing("gradient_descent", float(np.median(ours)), float(np.max(errors))),
        Timing("torch autograd, one loop a run", float(np.median(loop)), np.nan),
    ]


def main(sizes=((32, 16, 40, 100), (32, 1, 40, 100), (1, 16, 40, 100)), **options):
    """Print one table a size and return them: {(n_sets, n_settings, n, d): [Timing, ...]}."""
    torch.set_num_threads(1)
    tables = {}
    for size in sizes:
        rows = tables[size] = measure(*size, **options)
        ours = rows[1].seconds
        print("\n{} data sets x {} alphas, n = {}, d = {}, 10^4 steps".format(*size))
        print(f"{'':32} {'seconds':>9} {'/ ours':>9} {'difference from the loop':>26}")
        for row in rows:
            error = "" if np.isnan(row.error) else f"{row.error:.1e}"
            print(f"{row.name:32} {row.seconds:9.2f} {row.seconds / ours:9.2f} {error:>26}")
    print("\nThe loop and the products are extrapolated from some hundred steps.")
    return tables


if __name__ == "__main__":
    main()
