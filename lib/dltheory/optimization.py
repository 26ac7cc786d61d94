"""Gradient descent and the exact gradient flow of least squares, both with records of their paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dltheory._descent import gradient_at, recorded_steps
from dltheory._spectral import spectral_factor
from dltheory._validation import design_and_response, finite_array, integer, real, real_array


@dataclass(frozen=True)
class DescentRecord:
    """Iterates of a descent at chosen steps; every entry is finite.

    Attributes
    ----------
    steps : (r,) ascending step numbers; 0 is the start
    iterates : (r, *shape of the start)
    diverged_at : the first step whose iterate was non-finite or beyond the limit, where the descent
        ended; None when all steps were made
    """

    steps: np.ndarray
    iterates: np.ndarray
    diverged_at: int | None

    @property
    def final(self):
        """The last iterate of a descent that made all its steps; a RuntimeError when it diverged."""
        if self.diverged_at is not None:
            raise RuntimeError(f"the descent diverged at step {self.diverged_at}: there is no final iterate")
        return self.iterates[-1]


def gradient_descent(gradient, start, *, step_size, n_steps, record_at=None, norm_limit=1e100):
    r"""Gradient descent with a constant step size.

    .. math:: b_{t+1} = b_t - \eta \nabla L(b_t), \qquad t = 0, 1, \dots

    Parameters
    ----------
    gradient : function from an array of the shape of the start to its gradient, same shape
    start : array b_0 of any shape
    step_size : eta > 0; for least squares stable below :func:`largest_stable_step`
    n_steps : number of steps, at least 0
    record_at : increasing steps, from 0 to n_steps, whose iterates are kept; None keeps all of them
        and the last step is kept always
    norm_limit : the descent counts as diverged once the Euclidean norm of the iterate exceeds this

    Returns
    -------
    DescentRecord : steps (r,), iterates (r, *start.shape), diverged_at. After a divergence the record
        ends before it.

    Raises
    ------
    ValueError : a step size or limit that is not positive, steps out of order or range, a gradient of
        another shape than the start, a non-finite start.

    References
    ----------
    Cauchy (1847); Nesterov (2018), Lectures on Convex Optimization, section 1.2.3.

    Examples
    --------
    >>> gradient_descent(lambda b: b, [8.0], step_size=0.5, n_steps=3).iterates[:, 0]
    array([8., 4., 2., 1.])
    """
    b = finite_array("start", start)
    step_size = real("step_size", step_size, above=0.0)
    norm_limit = real("norm_limit", norm_limit, above=0.0)
    n_steps = integer("n_steps", n_steps)
    wanted = recorded_steps(record_at, n_steps)
    if np.linalg.norm(b) > norm_limit:
        raise ValueError(
            f"start must have norm at most norm_limit = {norm_limit:g}, got {np.linalg.norm(b):g}"
        )
    steps, iterates, diverged_at, position = [], [], None, 0
    for step in range(n_steps + 1):
        if step > 0:
            # An overflow on the way to a divergence is an answer, not an accident.
            with np.errstate(over="ignore", invalid="ignore"):
                b = b - step_size * gradient_at(gradient, b, "start")
                inside = np.linalg.norm(b) <= norm_limit  # false for NaN
            if not inside:
                diverged_at = step
                break
        if step == wanted[position]:
            steps.append(step)
            iterates.append(b)
            position += 1
    shape = (len(steps), *b.shape)
    return DescentRecord(np.array(steps, dtype=int), np.array(iterates).reshape(shape), diverged_at)


def least_squares_gradient(X, y):
    r"""The gradient of the least-squares loss as a function of the coefficients.

    .. math:: L(b) = \tfrac{1}{2n}\|Xb - y\|_2^2, \qquad \nabla L(b) = \tfrac1n X^\top (Xb - y).

    Parameters
    ----------
    X : (n, d) design
    y : (n,) or (n, k) response

    Returns
    -------
    Function from coefficients (d,) or (d, k) to the gradient of the same shape.

    Raises
    ------
    ValueError : shapes that do not match, empty or non-finite data; the returned function raises it
        for coefficients of another shape.

    Examples
    --------
    >>> least_squares_gradient([[1.0], [1.0]], [0.0, 2.0])(np.array([3.0]))
    array([2.])
    """
    X, y = design_and_response(X, y)
    shape = (X.shape[1], *y.shape[1:])

    def gradient(coefficients):
        coefficients = np.asarray(coefficients)
        if coefficients.shape != shape:
            raise ValueError(f"coefficients must have shape {shape}, got {coefficients.shape}")
        return X.T @ (X @ coefficients - y) / len(X)

    return gradient


def largest_stable_step(X):
    r"""Step size at which gradient descent on least squares stops to converge.

    .. math:: \eta_{\max} = 2 / \lambda_{\max}(X^\top X/n).

    Parameters
    ----------
    X : (n, d) design

    Returns
    -------
    Float; infinity when X is zero.

    Raises
    ------
    ValueError : empty or non-finite data.

    References
    ----------
    Nesterov (2018), Lectures on Convex Optimization, section 2.1.5.

    Examples
    --------
    >>> largest_stable_step([[2.0], [0.0]])
    1.0
    """
    X = finite_array("X", X, ndim=2)
    size = np.linalg.norm(X, ord=2)
    return float(2 * len(X) / size / size) if size > 0 else np.inf


class GradientFlow(NamedTuple):
    """Gradient flow at T times.

    Attributes
    ----------
    times : (T,) in the order given
    coefficients : (T, d), or (T, d, k) when y is (n, k)
    """

    times: np.ndarray
    coefficients: np.ndarray


def gradient_flow_least_squares(X, y, times, *, start=None):
    r"""Gradient flow of the least-squares loss, exactly, from one factorisation of the design.

    .. math:: \dot b = -\tfrac1n X^\top (Xb - y), \qquad
              b(t) = b_0 + \sum_j \frac{1 - e^{-t s_j^2/n}}{s_j} \langle u_j, y - X b_0\rangle v_j

    with the singular triples (s_j, u_j, v_j) of X; so b(t) - b_0 lies in the row span of X, and
    b(inf) = b_0 + X^+ (y - X b_0).

    Parameters
    ----------
    X : (n, d) design, any rank
    y : (n,) or (n, k) response, in the units of the target
    times : (T,) non-negative, in any order; np.inf gives the limit. Time t compares with the ridge
        penalty 1/t of :func:`dltheory.interpolation.ridge_path`
    start : (d,) or (d, k) coefficients at time 0; zero when None

    Returns
    -------
    GradientFlow : times (T,), coefficients (T, d) or (T, d, k). Singular values up to
        max(n, d) * 2.2e-16 times the largest count as zero at every time.

    Raises
    ------
    ValueError : a negative time, shapes that do not match, empty or non-finite data.

    References
    ----------
    Ali, Kolter and Tibshirani (2019), A continuous-time view of early stopping for least squares.

    Examples
    --------
    >>> gradient_flow_least_squares([[1.0]], [2.0], [0.0, np.log(2), np.inf]).coefficients[:, 0]
    array([0., 1., 2.])
    """
    X, y = design_and_response(X, y)
    times = _times(times)
    shape = (X.shape[1], *y.shape[1:])
    start = np.zeros(shape) if start is None else finite_array("start", start)
    if start.shape != shape:
        raise ValueError(f"start must have shape {shape}, got {start.shape}")
    factor = spectral_factor(X)
    s = factor.singular_values
    with np.errstate(over="ignore"):  # an exponent beyond all bounds is the limit, as it should be
        exponents = times[:, None] * s * (s / len(X))
    return GradientFlow(times, start + factor.apply(-np.expm1(-exponents) / s, y - X @ start))


def _times(times):
    times = np.array(times, dtype=np.float64)
    real_array("times", np.where(times == np.inf, 0.0, times), ndim=1, at_least=0.0)
    return times
