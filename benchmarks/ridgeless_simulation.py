"""The ridgeless curve by simulation: batched over seeds, against one pseudo-inverse or lstsq at a time.

Run ``python benchmarks/ridgeless_simulation.py``.  All routes draw the same numbers, so the results must
agree, and the times are taken in one run.
"""

from __future__ import annotations

import time

import numpy as np
from dltheory.benign_overfitting.simulation import realised_aspect_ratio, ridgeless_excess_risk

N, SEEDS, SIGNAL, NOISE_VARIANCE = 200, 50, 1.0, 0.25
RATIOS = np.geomspace(0.1, 10, 30)
AGREEMENT = 1e-8


def generators(point):
    """One generator for each seed at one point of the curve; every route starts from the same ones."""
    return [np.random.default_rng([point, seed]) for seed in range(SEEDS)]


def double_loop(solver):
    """Excess risk at every ratio and seed, shape (30, 50), as one would first write it."""
    risks = np.empty((RATIOS.size, SEEDS))
    for i, ratio in enumerate(RATIOS):
        d = round(realised_aspect_ratio(ratio, N) * N)
        theta = np.full(d, np.sqrt(SIGNAL / d))
        for j, rng in enumerate(generators(i)):
            X = rng.standard_normal((N, d))
            y = X @ theta + np.sqrt(NOISE_VARIANCE) * rng.standard_normal(N)
            risks[i, j] = np.sum((solver(X, y) - theta) ** 2)
    return risks


def batch():
    """The same risks from the library."""
    return np.array(
        [
            ridgeless_excess_risk(
                aspect_ratio=ratio, rngs=generators(i), n=N, signal=SIGNAL, noise_variance=NOISE_VARIANCE
            )
            for i, ratio in enumerate(RATIOS)
        ]
    )


def draws():
    """Only the random numbers, which every route needs."""
    for i, ratio in enumerate(RATIOS):
        d = round(realised_aspect_ratio(ratio, N) * N)
        for rng in generators(i):
            rng.standard_normal((N, d))
            rng.standard_normal(N)


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def main():
    """Print the times, their ratios and the largest relative disagreement; raise if it is too large."""
    routes = {
        "np.linalg.lstsq, one by one": lambda X, y: np.linalg.lstsq(X, y, rcond=None)[0],
        "np.linalg.pinv, one by one": lambda X, y: np.linalg.pinv(X) @ y,
    }
    ridgeless_excess_risk(aspect_ratio=1.0, rngs=generators(0)[:1], n=10)  # load what is loaded once
    batched, seconds = timed(batch)
    _, drawing = timed(draws)
    print(f"{RATIOS.size} aspect ratios x {SEEDS} seeds, n = {N}")
    print(f"batched                      {seconds:7.2f} s   (drawing the numbers alone: {drawing:.2f} s)")
    for name, solver in routes.items():
        risks, plain = timed(double_loop, solver)
        gap = np.max(np.abs(risks - batched) / np.abs(risks))
        print(f"{name:28s} {plain:7.2f} s   {plain / seconds:5.1f} times as long, disagreement {gap:.1e}")
        if gap > AGREEMENT:
            raise SystemExit(f"{name} and the batched route disagree by {gap:.1e}, more than {AGREEMENT:g}")


if __name__ == "__main__":
    main()
