"""Linear estimators that are filters of the singular values: one factorisation, any number of filters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class SpectralFactor(NamedTuple):
    """Thin singular value decomposition of X (n, d), cut at the numerical rank r.

    Attributes
    ----------
    left : (n, r) left singular vectors
    singular_values : (r,) descending, all above the cut-off
    right : (r, d) right singular vectors, one a row
    """

    left: np.ndarray
    singular_values: np.ndarray
    right: np.ndarray

    def coordinates(self, y):
        """Coordinates of y (n,) or (n, k) along the left singular vectors, shape (r,) or (r, k)."""
        return self.left.T @ y

    def residual(self, y):
        """Part of y outside the range of X, relative to y: the largest over the columns of y."""
        outside = np.linalg.norm(y - self.left @ self.coordinates(y), axis=0)
        size = np.linalg.norm(y, axis=0)
        return float(np.max(np.divide(outside, size, out=np.zeros_like(outside), where=size > 0)))

    def apply(self, filters, y):
        """Sum over j of filters[i, j] <u_j, y> v_j for every filter i.

        ``filters`` is (m, r), ``y`` is (n,) or (n, k); the result is (m, d) or (m, d, k).
        """
        coordinates = self.coordinates(y)
        if y.ndim == 1:
            return (filters * coordinates) @ self.right
        m, (r, k) = len(filters), coordinates.shape
        weighted = filters.T[:, :, None] * coordinates[:, None, :]
        # One product for all filters and outputs: m small ones would read ``right`` m times.
        stacked = self.right.T @ weighted.reshape(r, m * k)
        return np.ascontiguousarray(stacked.reshape(-1, m, k).swapaxes(0, 1))


def spectral_factor(X):
    """Factorise X; singular values up to max(n, d) * eps * (the largest) count as zero.

    The thin decomposition costs O(n d min(n, d)), the order of forming the n x n Gram matrix when d > n,
    but its error grows with the condition number of X and not with the square.
    """
    left, singular_values, right = np.linalg.svd(X, full_matrices=False)
    cutoff = max(X.shape) * np.finfo(np.float64).eps * singular_values[0]
    rank = int(np.sum(singular_values > cutoff))
    return SpectralFactor(left[:, :rank], singular_values[:rank], right[:rank])
