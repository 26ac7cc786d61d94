r"""The weights of many diagonal networks and one step of them, in place and in preallocated arrays."""

from __future__ import annotations

import numpy as np

LARGEST = 1e100
"""A run has diverged once a coefficient or a residual is not finite or exceeds this."""


class Weights:
    r"""S data sets times A settings of :math:`\beta = w_+^D - w_-^D`.

    ``X`` is (S, n, d), ``y`` (S, n), ``start`` (A, d), ``step_size`` (A,).  The arrays of the coordinates are
    (S, A, d), so that each data set needs two matrix products with X for all its settings at once.
    """

    def __init__(self, X, y, start, step_size, depth):
        n_sets, n = y.shape
        self.X = np.ascontiguousarray(X)
        self.y = y[:, None, :]
        self.depth = depth
        shape = (n_sets, *start.shape)
        self.plus, self.minus = (np.array(np.broadcast_to(start, shape)) for _ in range(2))
        self.drift = np.zeros(shape)  # D times the sum of step size times gradient
        with np.errstate(over="ignore"):  # it diverges at once
            self.rate = np.array(np.broadcast_to(depth * step_size[:, None], (*shape[:2], 1)))
        self.beta, self.push, self._scratch = (np.empty(shape) for _ in range(3))
        self.residual = np.empty((*shape[:2], n))
        # At depth two the derivative of w^2 / 2 is the weight itself: no second array, no second pass.
        self._slopes = (self.plus, self.minus) if depth == 2 else (np.empty(shape), np.empty(shape))
        self._refresh()

    def compute_residual(self):
        """Set ``residual`` to X beta - y."""
        np.matmul(self.beta, self.X.transpose(0, 2, 1), out=self.residual)
        self.residual -= self.y

    def move(self):
        r"""Set :math:`w_\pm \leftarrow w_\pm \mp p\,w_\pm^{D-1}` for the ``push`` p, which is spent."""
        slope_plus, slope_minus = self._slopes
        self.drift += self.push
        np.multiply(self.push, slope_plus, out=self._scratch)
        self.plus -= self._scratch
        self.push *= slope_minus
        self.minus += self.push
        self._refresh()

    def _refresh(self):
        """Compute what follows from the weights."""
        if self.depth > 2:
            for weight, slope in zip((self.plus, self.minus), self._slopes, strict=True):
                np.multiply(weight, weight, out=slope)
                for _ in range(self.depth - 3):
                    slope *= weight
        np.multiply(self.plus, self._slopes[0], out=self.beta)
        np.multiply(self.minus, self._slopes[1], out=self._scratch)
        self.beta -= self._scratch

    def inside(self):
        """Return (S, A): whether the coefficients and the residual are within bounds; sets ``residual``."""
        self.compute_residual()
        # A NaN is within no bound.
        return (np.abs(self.beta).max(-1) <= LARGEST) & (np.abs(self.residual).max(-1) <= LARGEST)

    def snapshot(self):
        return self.plus.copy(), self.minus.copy(), self.drift.copy()

    def restore(self, snapshot, runs=True):
        """Put the runs of a mask (S, A), or all, back to a snapshot."""
        for array, kept in zip((self.plus, self.minus, self.drift), snapshot, strict=True):
            np.copyto(array, kept, where=np.asarray(runs)[..., None])
        self._refresh()


def full_step(weights):
    """Make one step along the gradient of the whole loss."""
    weights.compute_residual()
    weights.residual *= weights.rate / weights.y.shape[-1]
    np.matmul(weights.residual, weights.X, out=weights.push)
    weights.move()


class MinibatchStep:
    """Steps along the gradients of drawn rows: the same rows for all settings of a data set."""

    def __init__(self, weights, batch_size, rng, n_steps, chunk):
        n_sets, n, d = weights.X.shape
        self.weights, self.rng, self.n_steps, self.chunk = weights, rng, n_steps, chunk
        self.rows, self.responses = weights.X.reshape(-1, d), weights.y.reshape(-1)
        self.first = n * np.arange(n_sets)[:, None]
        self.batch = np.empty((n_sets, batch_size, d))
        self.residual = np.empty((*weights.plus.shape[:2], batch_size))
        self.drawn_from = None

    def draw(self, step):
        """Return the (S, B) rows of a step; those of a chunk are kept, so that a step can be repeated."""
        origin = step - step % self.chunk
        if origin != self.drawn_from:
            count = min(self.chunk, self.n_steps - origin)
            size = (count, *self.batch.shape[:2])
            self.drawn = self.rng.integers(self.weights.X.shape[1], size=size) + self.first
            self.drawn_from = origin
        return self.drawn[step - origin]

    def __call__(self, step):
        weights, drawn = self.weights, self.draw(step)
        self.rows.take(drawn, axis=0, out=self.batch, mode="clip")  # the rows exist: spare the check
        np.matmul(weights.beta, self.batch.transpose(0, 2, 1), out=self.residual)
        self.residual -= self.responses.take(drawn)[:, None, :]
        self.residual *= weights.rate / drawn.shape[1]
        np.matmul(self.residual, self.batch, out=weights.push)
        weights.move()
