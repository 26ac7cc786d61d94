"""What the interpolator of a diagonal network costs, beside what a user would pick instead.

Every contender looks for the same coefficients, to a residual of 1e-8, and is stopped when the cap is
reached: its ratio is then a lower bound.  All times are taken in one process, ours before and after each of
the others, so that other load on the machine strikes both.  Run
``python benchmarks/implicit_bias_interpolator.py``.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from dltheory.diagonal_networks.implicit_bias import implicit_bias_interpolator
from dltheory.diagonal_networks.potentials import (
    h_depth,
    network_potential,
    network_potential_gradient,
    network_potential_hessian_diagonal,
)
from dltheory.mirror_descent.potentials import Hypentropy
from dltheory.mirror_descent.projection import bregman_projection
from scipy.integrate import solve_ivp
from scipy.optimize import LinearConstraint, minimize
from scipy.sparse import diags

RESIDUAL = 1e-8


class Timing(NamedTuple):
    """One row of the table.

    ``seconds`` are of the wall, ``ours`` those of the interpolator right before and after (the median),
    ``residual`` is max |X b - y|, ``distance`` the largest difference from the interpolator's coefficients,
    ``note`` says how the contender ended.
    """

    name: str
    seconds: float
    ours: float
    residual: float
    distance: float
    note: str


class Stop(Exception):
    """Raised by a watch to end a solver."""


class Watch:
    """Remembers the best coefficients a solver has evaluated, and ends it when they or the time suffice."""

    def __init__(self, X, y, cap):
        self.X, self.y, self.end = X, y, time.perf_counter() + cap
        self.residual, self.coefficients, self.note = np.inf, np.zeros(X.shape[1]), "gave up by itself"

    def see(self, b):
        """Note coefficients b and return X b - y."""
        misfit = self.X @ b - self.y
        residual = np.max(np.abs(misfit))
        if residual < self.residual:
            self.residual, self.coefficients = residual, b
        if residual <= RESIDUAL:
            self.note = "reached"
            raise Stop
        if time.perf_counter() > self.end:
            self.note = "stopped at the cap"
            raise Stop
        return misfit


def parameter_flow(method):
    """Gradient flow of the 2d weights with a general stiff integrator at its own idea of a Jacobian."""

    def run(X, y, alpha, depth, watch):
        def velocity(_, weights):
            plus, minus = np.split(weights, 2)
            g = X.T @ watch.see(plus**depth - minus**depth) / len(y)
            return depth * np.concatenate([-(plus ** (depth - 1)) * g, minus ** (depth - 1) * g])

        start = np.full(2 * X.shape[1], alpha)
        solve_ivp(velocity, (0, 1e12), start, method=method, rtol=1e-8, atol=1e-3 * alpha)

    return run


def dual_descent(X, y, alpha, depth, watch):
    """L-BFGS on the convex dual, begun anew where it gives up; infinite beyond the barrier of D > 2."""
    scale = alpha**depth

    def dual(nu):
        s = X.T @ nu
        if np.max(np.abs(s)) >= (1 if depth > 2 else 600):
            return np.inf, np.zeros_like(nu)
        b = scale * h_depth(s, depth)
        return s @ b - network_potential(b, alpha=alpha, depth=depth) - nu @ y, watch.see(b)

    options = {"maxiter": 10**7, "maxfun": 10**7, "ftol": 0.0, "gtol": RESIDUAL / 10}
    nu, value = np.zeros(len(y)), np.inf
    while True:
        found = minimize(dual, nu, jac=True, method="L-BFGS-B", options=options)
        if not found.fun < value:
            return
        nu, value = found.x, found.fun


def primal_descent(X, y, alpha, depth, watch):
    """trust-constr on the potential itself, with its gradient and its diagonal Hessian."""
    options = {"alpha": alpha, "depth": depth}

    def value(b):
        return network_potential(b, **options)

    def gradient(b):
        if np.max(np.abs(X @ b - y)) > RESIDUAL:  # feasible at the start, so that only optimality is missing
            watch.see(b)
        elif time.perf_counter() > watch.end:
            watch.note = "stopped at the cap"
            raise Stop
        watch.coefficients, watch.residual = b, np.max(np.abs(X @ b - y))
        return network_potential_gradient(b, **options)

    minimize(
        value,
        np.linalg.lstsq(X, y, rcond=None)[0],
        jac=gradient,
        hess=lambda b: diags(network_potential_hessian_diagonal(b, **options)),
        constraints=LinearConstraint(X, y, y),
        method="trust-constr",
        options={"maxiter": 10**6, "gtol": RESIDUAL},
    )


def general_projection(X, y, alpha, depth, watch):
    """The projection of the mirror descent chapter, which knows depth two."""
    start = np.zeros(X.shape[1])
    found = bregman_projection(Hypentropy(2 * alpha**2), X, y, start=start)
    watch.coefficients, watch.residual, watch.note = found.point, found.residual, "reached"


CONTENDERS = {
    "bregman_projection": general_projection,
    "L-BFGS-B on the dual": dual_descent,
    "trust-constr on the primal": primal_descent,
    "weights' flow, LSODA": parameter_flow("LSODA"),
    "weights' flow, BDF": parameter_flow("BDF"),
    "weights' flow, Radau": parameter_flow("Radau"),
}


def ours(X, y, alpha, depth):
    begin = time.perf_counter()
    found = implicit_bias_interpolator(X, y, alpha=alpha, depth=depth)
    return found, time.perf_counter() - begin


def measure(*, depth, n=100, d=2000, alpha=1e-6, cap=60.0, seed=0):
    """Time all contenders on a noisy sparse regression; the first row is ours."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    y = X[:, :3].sum(axis=1) + 0.5 * rng.standard_normal(n)
    own = [ours(X, y, alpha, depth)[1] for _ in range(3)]
    reference = ours(X, y, alpha, depth)[0]
    rows = [Timing("implicit_bias_interpolator", np.median(own), np.median(own), reference.residual, 0.0, "")]
    for name, contender in CONTENDERS.items():
        if contender is general_projection and depth > 2:
            continue
        before = ours(X, y, alpha, depth)[1]
        watch, begin = Watch(X, y, cap), time.perf_counter()
        try:
            with np.errstate(all="ignore"):
                contender(X, y, alpha, depth, watch)
        except Stop:
            pass
        seconds = time.perf_counter() - begin
        distance = np.max(np.abs(watch.coefficients - reference.coefficients))
        between = np.median([before, ours(X, y, alpha, depth)[1], *own])
        rows.append(Timing(name, seconds, between, watch.residual, distance, watch.note))
    return rows


def main(depths=(2, 3), **options):
    """Print one table a depth and return them: {depth: [Timing, ...]}."""
    tables = {}
    for depth in depths:
        rows = tables[depth] = measure(depth=depth, **options)
        print(f"\nD = {depth}, {options or 'n = 100, d = 2000, alpha = 1e-6'}")
        print(f"{'':28} {'seconds':>8} {'/ ours':>8} {'residual':>9} {'distance':>9}")
        for row in rows:
            bound = ">" if "cap" in row.note else " "
            ratio = f"{bound}{row.seconds / row.ours:.1f}"
            numbers = f"{row.seconds:8.3f} {ratio:>8} {row.residual:9.1e} {row.distance:9.1e}"
            print(f"{row.name:28} {numbers}  {row.note}", flush=True)
    return tables


if __name__ == "__main__":
    main()
