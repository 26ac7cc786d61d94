r"""Gradient descent and stochastic gradient descent on the weights of many diagonal networks at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dltheory._descent import recorded_steps
from dltheory._validation import finite_array, generator, integer, real_array
from dltheory.diagonal_networks.dynamics._iteration import CHECK_EVERY, empty_path, iterate
from dltheory.diagonal_networks.dynamics._weights import LARGEST, MinibatchStep, Weights, full_step
from dltheory.diagonal_networks.dynamics.bookkeeping import log_effective_weight, settings_shape

__all__ = ["DiagonalDescent", "gradient_descent", "stochastic_gradient_descent"]

CACHE = 2**20
"""Bytes that the data sets advanced together may take: a core's second-level cache."""

LARGEST_RECORD = 2**31
"""Bytes beyond which a record is refused."""


@dataclass(frozen=True)
class DiagonalDescent:
    r"""Runs of a descent at chosen steps; no entry is NaN.

    The leading axes ``...`` are (S,) data sets, if there are several, then (A,) settings, if ``alpha`` or
    ``step_size`` is an array.  A run that diverges stands still from its last iterate within bounds on.

    Attributes
    ----------
    steps : (r,) ascending step numbers, 0 is the start
    coefficients : (..., r, d) :math:`\beta = w_+^D - w_-^D`
    w_plus, w_minus : (..., r, d) weights; negative ones have jumped over zero in a large step
    losses : (..., r) train losses :math:`\|X\beta-y\|^2/2n` over the whole data set, in squared units of y
    diverged_at : (...,) integers, the first step whose coefficients or residuals were not finite or beyond
        1e100; -1 where the run did not diverge
    log_effective_plus, log_effective_minus : (..., d) logarithms of the effective initial weights
        :math:`\alpha_\pm`, from which a gradient flow with the same total gradient ends at the last iterate.
        ``-inf`` where the weight became exactly zero; ``inf`` where there is no such weight, which takes a
        depth above two and steps that jump over zero
    depth : D
    """

    steps: np.ndarray
    coefficients: np.ndarray
    w_plus: np.ndarray
    w_minus: np.ndarray
    losses: np.ndarray
    diverged_at: np.ndarray
    log_effective_plus: np.ndarray
    log_effective_minus: np.ndarray
    depth: int

    @property
    def final(self):
        """The last coefficients, (..., d); a RuntimeError if a run diverged."""
        lost = self.diverged_at[self.diverged_at >= 0]
        if lost.size:
            raise RuntimeError(
                f"{lost.size} of {self.diverged_at.size} runs diverged, the first at step {lost.min()}: "
                "there is no final iterate"
            )
        return self.coefficients[..., -1, :]


def gradient_descent(X, y, *, alpha, depth, step_size, n_steps, shape=None, record_at=None):
    r"""Gradient descent on the weights of diagonal networks, for many data sets and settings at once.

    .. math:: \beta = w_+^D - w_-^D, \qquad w_\pm \leftarrow w_\pm \mp \gamma D\, w_\pm^{D-1} g, \qquad
              g = \nabla L(\beta) = \tfrac1n X^\top(X\beta - y), \qquad w_{\pm,j}(0) = \alpha\, s_j.

    At depth two a step multiplies the weights by :math:`1 \mp 2\gamma g`, so that after any steps

    .. math:: w_+ w_- = \alpha^2 \prod_k (1-4\gamma^2 g_k^2), \qquad
              \log|w_\pm| = \log\alpha_\pm \mp 2\gamma\sum_k g_k, \qquad
              \log\alpha_\pm = \log\alpha + \sum_k \big[\log|1\mp2\gamma g_k| \pm 2\gamma g_k\big].

    A limit that interpolates so minimises the Bregman divergence of the potential with scale
    :math:`\sqrt{\alpha_+\alpha_-}` from :math:`\alpha_+^2 - \alpha_-^2`, at any step size.  The record has
    :math:`\log\alpha_\pm`.  At depths above two they are defined by
    :math:`|w_\pm|^{2-D} = \alpha_\pm^{2-D} \pm D(D-2)\gamma\sum_k g_k`.  The same is true then for
    :math:`\sum_j \alpha_j^{2-D} Q_{\alpha_j}(\beta_j)` from :math:`\alpha_+^D - \alpha_-^D`, where
    :math:`2\alpha^{2-D} = \alpha_+^{2-D} + \alpha_-^{2-D}`; but what the steps add to
    :math:`\alpha_\pm^{2-D}` depends on the weights on the way and not on the gradients alone.

    A step costs two matrix products of 2 A n d operations a data set and, at depth two, eight passes over
    the A d weights; each depth more adds two. Up to about 1 MB of data sets is advanced together, in cache.

    Parameters
    ----------
    X : (n, d) design, or (S, n, d) for S data sets
    y : (n,) response in the units of the target, or (S, n); one design may serve S responses and conversely
    alpha : positive initial weight, scalar or (A,)
    depth : D, at least 2
    step_size : gamma > 0, scalar or (A,); it and alpha go together entry by entry
    n_steps : number of steps, at least 0
    shape : (d,) positive factors s of the initial weights; ones when None
    record_at : increasing steps, from 0 to n_steps, to record; None records all, and the last step is
        recorded always

    Returns
    -------
    DiagonalDescent : steps (r,), coefficients, w_plus, w_minus (..., r, d), losses (..., r), diverged_at
        (...,), log_effective_plus and log_effective_minus (..., d), depth. Leading axes: S, if X or y has it,
        then A, if alpha or step_size has it.

    Raises
    ------
    ValueError : values out of range, shapes that do not match, alpha ** D outside [1e-300, 1e300], steps out
        of order, or a record above 2 GiB. A step size that diverges is told by the record.

    References
    ----------
    Woodworth et al. (2020), Kernel and rich regimes in overparametrized models; Even, Pesme, Gunasekar and
    Flammarion (2023), (S)GD over diagonal linear networks, for the effective scale at depth two.

    Examples
    --------
    >>> run = gradient_descent([[1.0]], [1.0], alpha=1.0, depth=2, step_size=0.25, n_steps=1)
    >>> run.w_plus[1], run.w_minus[1]  # the gradient is -1
    (array([1.5]), array([0.5]))
    """
    problem = _problem(X, y, alpha, depth, step_size, shape)
    wanted, path = _empty_record(problem, n_steps, record_at)
    n_sets, n = problem.y.shape
    n_settings, d = problem.start.shape
    arrays = 6 if problem.depth == 2 else 8
    together = max(1, CACHE // (8 * (arrays * n_settings * d + n_settings * n + n * d)))
    for first in range(0, n_sets, together):
        block = slice(first, first + together)
        weights = Weights(problem.X[block], problem.y[block], problem.start, problem.step_size, problem.depth)
        iterate(weights, lambda _, weights=weights: full_step(weights), wanted, path.part(block))
    return _record(problem, wanted, path)


def stochastic_gradient_descent(
    X, y, *, alpha, depth, step_size, n_steps, rng, batch_size=1, shape=None, record_at=None
):
    r"""Stochastic gradient descent on the weights of diagonal networks, many data sets and settings at once.

    .. math:: w_\pm \leftarrow w_\pm \mp \gamma D\, w_\pm^{D-1} g, \qquad
              g = \frac1B \sum_{i \in \text{batch}} x_i\,(x_i^\top\beta - y_i)

    The B rows of a batch are drawn uniformly with replacement, anew in each step: a batch of n is not the
    whole data set.  Data sets draw independently; all settings of a data set see the same batches, so that
    they differ by nothing else.  To see many draws on one data set, repeat y S times.  The identities of
    `gradient_descent` hold with the g of the batches.

    A step costs two matrix products of 2 A B d operations a data set and nine passes over the A d weights.

    Parameters
    ----------
    X, y, alpha, depth, step_size, n_steps, shape, record_at : as for `gradient_descent`
    rng : numpy Generator; it gives n_steps times S times B integers, in this order of the axes
    batch_size : B, at least 1

    Returns
    -------
    DiagonalDescent, with the losses over the whole data set.

    Raises
    ------
    ValueError : as for `gradient_descent`, and for a batch size below 1 or an rng that is no Generator.

    References
    ----------
    Pesme, Pillaud-Vivien and Flammarion (2021), Implicit bias of SGD for diagonal linear networks; Even,
    Pesme, Gunasekar and Flammarion (2023), (S)GD over diagonal linear networks.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = np.eye(2), np.ones(2)
    >>> run = stochastic_gradient_descent(X, y, alpha=1.0, depth=2, step_size=0.1, n_steps=500, rng=rng)
    >>> run.final.round(8)
    array([1., 1.])
    """
    problem = _problem(X, y, alpha, depth, step_size, shape)
    batch_size, rng = integer("batch_size", batch_size, at_least=1), generator("rng", rng)
    wanted, path = _empty_record(problem, n_steps, record_at)
    weights = Weights(problem.X, problem.y, problem.start, problem.step_size, problem.depth)
    iterate(weights, MinibatchStep(weights, batch_size, rng, wanted[-1], CHECK_EVERY), wanted, path)
    return _record(problem, wanted, path)


class _Problem(NamedTuple):
    X: np.ndarray  #: (S, n, d)
    y: np.ndarray  #: (S, n)
    start: np.ndarray  #: (A, d) initial weights
    step_size: np.ndarray  #: (A,)
    depth: int
    lead: tuple  #: the leading axes of the record


def _problem(X, y, alpha, depth, step_size, shape):
    X = finite_array("X", X, ndim=(2, 3))
    y = real_array("y", y, ndim=(1, 2), at_least=-LARGEST, at_most=LARGEST)
    if y.shape[-1] != X.shape[-2]:
        raise ValueError(
            f"y must have one entry per row of X along its last axis, got shapes {y.shape} and {X.shape}"
        )
    if X.ndim == 3 and y.ndim == 2 and len(X) != len(y):
        raise ValueError(f"y must have as many data sets as X, got {len(y)} and {len(X)}")
    depth = integer("depth", depth, at_least=2)
    alpha = real_array("alpha", alpha, ndim=(0, 1), above=0)
    step_size = real_array("step_size", step_size, ndim=(0, 1), above=0)
    sets = X.shape[:-2] or y.shape[:-1]
    settings = settings_shape(alpha, step_size)
    return _Problem(
        np.broadcast_to(X, (*(sets or (1,)), *X.shape[-2:])),
        np.broadcast_to(y, (*(sets or (1,)), y.shape[-1])),
        np.broadcast_to(_start(alpha, depth, shape, X.shape[-1]), (*(settings or (1,)), X.shape[-1])),
        np.broadcast_to(step_size, settings or (1,)),
        depth,
        sets + settings,
    )


def _start(alpha, depth, shape, d):
    shape = np.ones(d) if shape is None else real_array("shape", shape, ndim=1, above=0)
    if shape.shape != (d,):
        raise ValueError(f"shape must have shape ({d},), got {shape.shape}")
    with np.errstate(over="ignore", divide="ignore"):
        start = np.atleast_1d(alpha)[:, None] * shape
        powers = depth * np.log10(start)
    if not np.all(np.abs(powers) <= 300):
        raise ValueError(
            f"alpha must have (alpha * shape) ** {depth} in [1e-300, 1e300], "
            f"got alpha * shape from {start.min():g} to {start.max():g}"
        )
    return start


def _empty_record(problem, n_steps, record_at):
    n_steps = integer("n_steps", n_steps)
    n_sets, (n_settings, d) = len(problem.X), problem.start.shape
    count = n_steps + 1 if record_at is None else np.size(record_at)
    size = 8 * n_sets * n_settings * count * (3 * d + 1)
    if size > LARGEST_RECORD:
        raise ValueError(
            f"record_at must name fewer steps: {count} steps of {n_sets * n_settings} runs take "
            f"{size / 2**30:.1f} GiB, and 2 GiB is the most"
        )
    wanted = recorded_steps(record_at, n_steps)
    return wanted, empty_path(n_sets, n_settings, len(wanted), d)


def _record(problem, wanted, path):
    path = path.with_leading_axes(problem.lead)
    plus, minus = path.plus[..., -1, :], path.minus[..., -1, :]
    return DiagonalDescent(
        steps=wanted,
        coefficients=path.coefficients,
        w_plus=path.plus,
        w_minus=path.minus,
        losses=path.losses,
        diverged_at=path.diverged_at,
        log_effective_plus=log_effective_weight(plus, path.drift, problem.depth),
        log_effective_minus=log_effective_weight(minus, -path.drift, problem.depth),
        depth=problem.depth,
    )
