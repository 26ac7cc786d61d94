"""Where gradient descent on least squares ends, and how fast it gets there, preconditioned or not."""

from __future__ import annotations

import numpy as np

from dltheory._validation import design_and_response, finite_array, real, real_array
from dltheory.interpolation import min_norm_least_squares
from dltheory.optimization import largest_stable_step


def descent_limit(X, y, *, start=None, preconditioner=None):
    r"""Limit of gradient descent on least squares, in closed form.

    .. math:: b_{t+1} = b_t - \tfrac{\eta}{n} P X^\top (X b_t - y), \qquad
              b_\infty = b_0 + P^{1/2} (X P^{1/2})^{+} (y - X b_0)

    with a diagonal preconditioner P. When y can be fitted exactly, this is the interpolator that minimises
    :math:`\|P^{-1/2}(b - b_0)\|_2`; for P = I the one closest to the start. The limit does not depend on the
    step size, which must be below :math:`2/\lambda_{\max}(P^{1/2} X^\top X P^{1/2}/n)`.

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) or (n, k) response, in the units of the target
    start : (d,) or (d, k) coefficients b_0; zero when None
    preconditioner : (d,) positive diagonal of P, the factor on the step of each coordinate; ones when None

    Returns
    -------
    (d,) or (d, k) array.

    Raises
    ------
    ValueError : a preconditioner that is not positive, shapes that do not match, empty or non-finite data.

    References
    ----------
    For P = I: Hastie, Montanari, Rosset and Tibshirani (2022), Proposition 1. The general case follows by
    the substitution b = P^{1/2} z.

    Examples
    --------
    >>> descent_limit([[1.0, 1.0]], [3.0], preconditioner=[2.0, 1.0]).round(12)
    array([2., 1.])
    """
    X, y = design_and_response(X, y)
    shape = (X.shape[1], *y.shape[1:])
    start = np.zeros(shape) if start is None else finite_array("start", start)
    if start.shape != shape:
        raise ValueError(f"start must have shape {shape}, got {start.shape}")
    preconditioner = np.ones(shape[0]) if preconditioner is None else preconditioner
    root = np.sqrt(real_array("preconditioner", preconditioner, ndim=1, above=0.0))
    if len(root) != shape[0]:
        raise ValueError(f"preconditioner must have shape {shape[:1]}, got {root.shape}")
    displacement = min_norm_least_squares(X * root, y - X @ start)
    return start + (root * displacement.T).T


def error_factors(X, step_size, steps):
    r"""Factor by which t steps of gradient descent multiply the error along each singular direction of X.

    .. math:: \langle v_j, b_t - b_\infty\rangle
              = \Big(1 - \frac{\eta s_j^2}{n}\Big)^{t} \langle v_j, b_0 - b_\infty\rangle

    Parameters
    ----------
    X : (n, d) design with singular values s_1 >= s_2 >= ...
    step_size : eta > 0, of the loss (1/2n)|Xb - y|^2; may lie beyond the stable range
    steps : (T,) non-negative step numbers t

    Returns
    -------
    (T, min(n, d)) array, the directions in the order of descending singular values.

    Raises
    ------
    ValueError : a step size that is not positive, negative steps, empty or non-finite data.

    References
    ----------
    Engl, Hanke and Neubauer (1996), Regularization of inverse problems, on the Landweber iteration.

    Examples
    --------
    >>> error_factors([[2.0, 0.0]], 0.125, [0, 1, 2])[:, 0]
    array([1.  , 0.5 , 0.25])
    """
    X = finite_array("X", X, ndim=2)
    step_size = real("step_size", step_size, above=0.0)
    steps = real_array("steps", steps, ndim=1, at_least=0)
    singular_values = np.linalg.svd(X, compute_uv=False)
    return (1 - step_size * singular_values**2 / len(X)) ** steps[:, None]


def steps_to_converge(X, step_size, *, reduction):
    r"""Number of steps after which gradient descent has reduced every error by a given factor.

    .. math:: t = \Big\lceil \frac{\log \epsilon}{\log \rho} \Big\rceil, \qquad
              \rho = \max_{j : s_j > 0} \Big|1 - \frac{\eta s_j^2}{n}\Big|

    Parameters
    ----------
    X : (n, d) design, not zero
    step_size : eta > 0, below :func:`dltheory.optimization.largest_stable_step`
    reduction : epsilon, between 0 and 1

    Returns
    -------
    int

    Raises
    ------
    ValueError : a step size outside the stable range, a reduction outside (0, 1), a design that is zero.

    Examples
    --------
    >>> steps_to_converge([[2.0, 0.0]], 0.125, reduction=0.2)
    3
    """
    X = finite_array("X", X, ndim=2)
    edge = largest_stable_step(X)
    if edge == np.inf:
        raise ValueError("X must not be zero")
    step_size = real("step_size", step_size, above=0.0, below=edge)
    reduction = real("reduction", reduction, above=0.0, below=1.0)
    s = np.linalg.svd(X, compute_uv=False)
    s = s[s > max(X.shape) * np.finfo(np.float64).eps * s[0]]
    rho = np.max(np.abs(1 - step_size * s**2 / len(X)))
    return int(np.ceil(np.log(reduction) / np.log(rho))) if rho > 0 else 1
