"""Ridge and min-norm fits to many Gaussian data sets at once, as stacks of small linear systems."""

from __future__ import annotations

import numpy as np


def measure(n, eigenvalues, coefficients, rngs, noise_variance, penalty):
    """Return bias, variance and risk of one chunk of seeds, shape (3, len(rngs))."""
    X = np.empty((len(rngs), n, eigenvalues.size))
    Y = np.empty((len(rngs), n, 2))
    for design, response, rng in zip(X, Y, rngs, strict=True):
        rng.standard_normal(out=design)
        response[:, 1] = np.sqrt(noise_variance) * rng.standard_normal(n)
    if np.any(eigenvalues != 1):
        X *= np.sqrt(eigenvalues)
    Y[:, :, 0] = X @ coefficients
    error = _ridge(X, Y, n * penalty)
    error[:, :, 0] -= coefficients
    parts = np.einsum("bdj,d,bdj->jb", error, eigenvalues, error)
    return np.vstack([parts, np.einsum("bd,d->b", error.sum(axis=2) ** 2, eigenvalues)])


def _ridge(X, Y, ridge):
    """Return ridge or min-norm coefficients of each design, shape (b, d, k), from the smaller Gram matrix.

    A second solve for the residual repairs what squaring the condition number has cost.
    """
    n, d = X.shape[1:]
    XT = X.transpose(0, 2, 1)
    gram = X @ XT if n <= d else XT @ X
    gram += ridge * np.eye(min(n, d))
    if n <= d:
        dual = np.linalg.solve(gram, Y)
        dual += np.linalg.solve(gram, Y - X @ (XT @ dual) - ridge * dual)
        return XT @ dual
    fit = np.linalg.solve(gram, XT @ Y)
    return fit + np.linalg.solve(gram, XT @ (Y - X @ fit) - ridge * fit)
