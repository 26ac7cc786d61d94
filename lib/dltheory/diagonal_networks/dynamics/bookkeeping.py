r"""What finite steps do to a diagonal network: to the scale of its potential and to its start.

A gradient flow that starts from the weights :math:`\alpha_\pm` keeps them in the relations

.. math:: \log w_\pm = \log\alpha_\pm \mp 2\theta \ (D=2), \qquad
          w_\pm^{2-D} = \alpha_\pm^{2-D} \pm D(D-2)\,\theta \ (D>2), \qquad \theta = \int \nabla L\,dt.

Steps of size gamma break them.  The weights :math:`\alpha_\pm` for which they hold at the last step, with
:math:`\theta = \gamma\sum_k g_k`, are the *effective* initial weights: the flow from them with the same total
gradient ends where the steps end.  As theta lies in the row span of X, a descent that interpolates in the
limit so has the least Bregman divergence from the effective start.
"""

from __future__ import annotations

import numpy as np

from dltheory._validation import finite_array, integer, real_array

__all__ = ["sgd_effective_initialization"]


def log_effective_weight(weight, drift, depth):
    r"""Return log of the :math:`\alpha_\pm` of the module's relations, for drifts :math:`\pm D\theta`."""
    with np.errstate(divide="ignore"):  # a weight of zero has the effective weight zero
        if depth == 2:
            return np.log(np.abs(weight)) + drift
        power = np.abs(weight) ** (2 - depth) - (depth - 2) * drift
    # No flow from a positive weight ends at an odd power's negative weight, or at a power that is too small.
    reached = (power > 0) & ((weight >= 0) | (depth % 2 == 0))
    return np.where(reached, -np.log(np.where(reached, power, 1.0)) / (depth - 2), np.inf)


def sgd_effective_initialization(X, losses, *, steps, alpha, step_size, batch_size=1, shape=None):
    r"""Effective initialisation of stochastic gradient descent at depth two, to first order in the step size.

    .. math:: \alpha_{\infty,j} = \alpha_j \exp\Big(-\frac{4\gamma}{B}\,
              \Big(\frac{X^\top X}{n}\Big)_{jj} \int_0^\infty L\,dt\Big),
              \qquad \int_0^\infty L\,dt \approx \gamma \sum_k L(\beta_k)

    The exact factor is :math:`\prod_k |1-4\gamma^2 g_{k,j}^2|^{1/2}`, which the record of a run carries.
    Here the square of the minibatch gradient is replaced by what its noise is on average when the squared
    residuals do not depend on the squared features, :math:`2L(X^\top X/n)_{jj}/B`, and the logarithm by its
    first term.  At depths above two the factor depends on the weights on the way: there is no such formula.

    Parameters
    ----------
    X : (n, d) or (S, n, d) design
    losses : (..., r) train losses L along the run; leading axes S, if X has it or many runs share one design,
        and then A, if ``alpha`` or ``step_size`` is an array
    steps : (r,) the steps at which they were recorded, increasing from 0; the sum is taken by the trapezoidal
        rule, so take them dense enough that the loss varies little between two of them
    alpha : positive initial weight, scalar or (A,)
    step_size : gamma > 0, scalar or (A,)
    batch_size : B, rows a step
    shape : (d,) positive factors of the initial weights; ones when None

    Returns
    -------
    (..., d) array with the leading axes of ``losses``.

    Raises
    ------
    ValueError : values out of range, or shapes that do not match.

    References
    ----------
    Pesme, Pillaud-Vivien and Flammarion (2021), Implicit bias of SGD for diagonal linear networks: a provable
    benefit of stochasticity; the constant 4 is for the parametrisation and loss of this package.

    Examples
    --------
    >>> losses = np.exp(-0.01 * np.arange(2001))  # L = exp(-t) and gamma = 0.01
    >>> sgd_effective_initialization(
    ...     [[1.0]], losses, steps=np.arange(2001), alpha=1.0, step_size=0.01
    ... ).round(4)  # exp(-0.04)
    array([0.9608])
    """
    X = finite_array("X", X, ndim=(2, 3))
    losses = real_array("losses", losses, ndim=(1, 2, 3), at_least=0)
    steps = real_array("steps", steps, ndim=1, at_least=0)
    if steps.shape != losses.shape[-1:] or np.any(np.diff(steps) <= 0) or steps[0] != 0:
        raise ValueError(
            f"steps must increase from 0, one for each of the {losses.shape[-1]} losses, got {steps!r}"
        )
    alpha = real_array("alpha", alpha, ndim=(0, 1), above=0)
    step_size = real_array("step_size", step_size, ndim=(0, 1), above=0)
    batch_size = integer("batch_size", batch_size, at_least=1)
    d = X.shape[-1]
    shape = np.ones(d) if shape is None else real_array("shape", shape, ndim=1, above=0)
    settings = settings_shape(alpha, step_size)
    if shape.shape != (d,):
        raise ValueError(f"shape must have shape ({d},), got {shape.shape}")
    lead = losses.shape[:-1]
    if lead[len(lead) - len(settings) :] != settings or (X.ndim == 3 and lead[:1] != X.shape[:1]):
        raise ValueError(
            f"losses must have leading axes that belong to X, {X.shape}, and to alpha and step_size, "
            f"{settings}, got shape {losses.shape}"
        )
    curvature = np.mean(X**2, axis=-2)
    if X.ndim == 3:
        curvature = curvature.reshape(len(X), *(1 for _ in settings), d)
    integral = step_size * np.trapezoid(losses, steps, axis=-1)
    exponent = (4 * step_size / batch_size * integral)[..., None] * curvature
    return alpha[..., None] * shape * np.exp(-exponent)


def settings_shape(alpha, step_size):
    """Return the shape () or (A,) that the two have together, or raise a ValueError."""
    try:
        return np.broadcast_shapes(alpha.shape, step_size.shape)
    except ValueError as error:
        raise ValueError(
            f"step_size must be a number or have the shape of alpha, {alpha.shape}, got {step_size.shape}"
        ) from error
