r"""One linearly implicit step of the flow of a diagonal network, with its error.

The unknown is :math:`\nu` in :math:`\theta = X^\top\nu`, with :math:`\dot\nu = (y - X\beta)/n`.  Its Jacobian
:math:`-XHX^\top/n` is symmetric; H, the metric of the coefficients, is diagonal and spans many decades.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

ORDER = 5
GAMMA = 0.21193756319429014
_STAGES = [
    [],
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
]
_COUPLINGS = [
    [],
    [-14.155112264123755],
    [-17.97296035885952, -2.859693295451294],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
    [
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ],
    [
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ],
]
# Stages 7 and 8 and the step itself each add the increment before; the last increment is the error.
STAGES = [np.array(row) for row in [*_STAGES, [*_STAGES[5], 1.0], [*_STAGES[5], 1.0, 1.0]]]
STEP = np.append(STAGES[7], 1.0)
COUPLINGS = [np.array(row) for row in _COUPLINGS]

STIFF = 100.0
"""A coefficient whose own relaxation is this much faster than the step is an unknown of its own."""

LARGEST_SOFT = 1e6
"""Coefficients that are stiff beyond the number of rows may be left in W up to this stiffness."""

DEPENDENT = 1e-7
"""A column counts as a combination of others if this fraction of it, or less, is not in their span."""


class Increment(NamedTuple):
    """A step: the changes of theta at its end, and the error of them, both of shape (d,)."""

    theta: np.ndarray
    error: np.ndarray


class StepMatrix:
    r"""Solve :math:`(I + X\,\mathrm{diag}(p)\,X^\top)\,u = r`, returning u and :math:`X^\top u`.

    An entry of p may be 1e30 times another.  Then the entry :math:`x_j^\top u` of a large :math:`p_j` is
    far smaller than u, and rounding of u would drown it.  So these :math:`b_j = p_j x_j^\top u` are unknowns
    of their own, at most as many as there are rows: with W the matrix without them,
    :math:`(X_s^\top W^{-1}X_s + \mathrm{diag}(1/p_s))\,b = X_s^\top W^{-1}r`.

    Where more such columns depend on these, :math:`X_e = X_sC`, the matrix of :math:`X_s` and :math:`X_e`
    together is :math:`X_s(\mathrm{diag}(p_s) + C\,\mathrm{diag}(p_e)C^\top)X_s^\top`: its inverse takes the
    place of :math:`\mathrm{diag}(1/p_s)`, and :math:`X_e^\top u = C^\top X_s^\top u`.
    """

    def __init__(self, X, column_sizes, pull):
        stiffness = pull * column_sizes
        order = np.argsort(-stiffness)
        order = order[: np.sum(stiffness > STIFF)]
        self.X, self.stiff, self.extra = X, order[: len(X)], order[:0]
        few = len(order) <= len(X) or stiffness[order[len(X)]] < LARGEST_SOFT
        if few:
            self._factor(pull, np.diag(1 / pull[self.stiff]))
        if not (few and self.independent):
            self.stiff, self.extra = _independent_columns(X, order)
            self.combination = np.linalg.lstsq(X[:, self.stiff], X[:, self.extra])[0]
            self._factor(pull, _inverse_of_sum(pull[self.stiff], self.combination, pull[self.extra]))

    def _factor(self, pull, inverse_pull):
        soft = pull.copy()
        soft[self.stiff] = soft[self.extra] = 0.0
        W = (self.X * soft) @ self.X.T
        W.flat[:: len(W) + 1] += 1.0
        self.W, _ = dpotrf(W, lower=1)
        self.inverse_pull, self.columns = inverse_pull, self.X[:, self.stiff]
        self.independent = True
        if len(self.stiff):
            self.solved = _solve(self.W, self.columns)
            T = self.columns.T @ self.solved + inverse_pull
            self.T, failed = dpotrf(T, lower=1)
            self.independent = not failed and np.all(np.diag(self.T) ** 2 > DEPENDENT * np.diag(T))

    def solve(self, r):
        u = _solve(self.W, r)
        if not len(self.stiff):
            return u, u @ self.X
        b = _solve(self.T, u @ self.columns)
        u -= self.solved @ b
        theta = u @ self.X
        theta[self.stiff] = self.inverse_pull @ b
        if len(self.extra):
            theta[self.extra] = theta[self.stiff] @ self.combination
        return u, theta


def rosenbrock_step(problem, point, step_size):
    """Return the `Increment` of one step, or None if a stage leaves the domain."""
    pull = (step_size * GAMMA / problem.n) * point.metric
    if not np.all(np.isfinite(pull)):
        return None
    matrix = StepMatrix(problem.X, problem.column_sizes, pull)
    u = np.empty((len(COUPLINGS), len(problem.X)))
    theta = np.empty((len(COUPLINGS), problem.X.shape[1]))
    for i, (stage, coupling) in enumerate(zip(STAGES, COUPLINGS, strict=True)):
        velocity = point.velocity
        if i > 0:
            there = problem.coordinate.moved(point.state, stage @ theta[:i])
            if there is None:
                return None
            velocity = problem.velocity(problem.coordinate.coefficients(there))
        right = (GAMMA * step_size) * velocity
        if i > 0:
            right += GAMMA * (coupling @ u[:i])
        u[i], theta[i] = matrix.solve(right)
    return Increment(STEP @ theta, theta[-1])


def _solve(factor, right):
    return dpotrs(factor, right, lower=1)[0]


def _independent_columns(X, order):
    """Split the columns in ``order``: those not in the span of the ones before them, and the others."""
    basis = np.empty((len(X), 0))
    kept, others = [], []
    for j in order:
        rest = X[:, j]
        for _ in range(2):  # once more, for what rounding has left
            rest = rest - basis @ (basis.T @ rest)
        size = np.linalg.norm(rest)
        if size > DEPENDENT * np.linalg.norm(X[:, j]):
            kept.append(j)
            basis = np.column_stack([basis, rest / size])
        else:
            others.append(j)
    return np.array(kept), np.array(others, dtype=int)


def _inverse_of_sum(p, C, q):
    """Return the inverse of diag(p) + C diag(q) C^T for positive p, scaled so that p may span any range."""
    scaled = C * np.sqrt(q) / np.sqrt(p)[:, None]
    inverse = np.linalg.inv(np.eye(len(p)) + scaled @ scaled.T)
    return inverse / np.sqrt(p) / np.sqrt(p)[:, None]
