"""What it costs to follow the gradient flow of a diagonal network from 1e-20 to its end.

Run ``python benchmarks/diagonal_flow.py``.  The flow must end within 1e-9 of the interpolator of least
potential (depth two) or of least l1 norm (depth three, where the two differ by less), and within the time
promised.  Beside it, at depth two, the general stiff solver that one would try first, LSODA on the logarithms
of the weights, as far as the flow goes; in the weights themselves the start is not told from zero.  At depth
three a small coefficient rises within a time of order one after a time of order 1e20, which no solver in
plain time resolves.
"""

from __future__ import annotations

import time

import numpy as np
from dltheory.data import sparse_regression
from dltheory.diagonal_networks.dynamics.flow import gradient_flow
from dltheory.interpolation import min_l1_interpolator
from dltheory.mirror_descent.potentials import Hypentropy
from dltheory.mirror_descent.projection import bregman_projection
from scipy.integrate import solve_ivp

N, D, SPARSITY, ALPHA = 40, 100, 5, 1e-20
ROUNDS = 5
PROMISE = 0.5  # seconds
ACCURACY = 1e-9


def lsoda(X, y, end):
    """Depth two up to a time, on the logarithms of both layers; LSODA differences its own Jacobian."""
    d = X.shape[1]

    def velocity(_, logs):
        plus, minus = np.exp(2 * logs[:d]), np.exp(2 * logs[d:])
        drift = 2 * X.T @ (y - X @ (plus - minus)) / len(y)
        return np.concatenate([drift, -drift])

    start = np.full(2 * d, np.log(ALPHA))
    logs = solve_ivp(velocity, (0, end), start, method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
    return np.exp(2 * logs[:d]) - np.exp(2 * logs[d:])


def timed(function, rounds):
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return result, float(np.median(seconds))


def main():
    """Print seconds and errors; raise if a promise is broken."""
    data = sparse_regression(N, D, SPARSITY, noise=0.0, rng=np.random.default_rng(0))
    X, y = data.X, data.y
    ends = {
        2: bregman_projection(Hypentropy(2 * ALPHA**2), X, y, start=np.zeros(D)).point,
        3: min_l1_interpolator(X, y),
    }
    gradient_flow(X, y, alpha=1.0, depth=2)  # load what is loaded once
    print(f"n = {N}, d = {D}, {SPARSITY} teachers, alpha = {ALPHA:g}; median of {ROUNDS} rounds")
    broken = []
    for depth, expected in ends.items():
        flow, seconds = timed(lambda depth=depth: gradient_flow(X, y, alpha=ALPHA, depth=depth), ROUNDS)
        error = np.abs(flow.coefficients[0] - expected).max()
        print(f"D = {depth}, gradient_flow {seconds:6.3f} s, largest error {error:.1e}")
        if seconds > PROMISE or error > ACCURACY:
            broken.append(f"D = {depth}: {seconds:.2f} s, error {error:.1e}")
        if depth == 2:
            other, slow = timed(lambda end=flow.times[0]: lsoda(X, y, end), 1)
            error = np.abs(other - expected).max()
            print(
                f"D = 2, LSODA on logs {slow:6.3f} s, {slow / seconds:.0f} times as long, error {error:.1e}"
            )
    if broken:
        raise SystemExit(f"promised {PROMISE} s and {ACCURACY:g}: " + "; ".join(broken))


if __name__ == "__main__":
    main()
