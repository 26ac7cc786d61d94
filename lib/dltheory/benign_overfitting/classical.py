"""What classical theory says of least squares at fixed inputs, and what it does not say of new ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dltheory._validation import finite_array, integer, real, real_array


class ClassicalErrors(NamedTuple):
    """Expected errors of least squares at the training inputs."""

    train_error: np.ndarray  #: mean squared residual, in the units of y squared
    in_sample_risk: np.ndarray  #: mean squared distance of the fit to the noiseless response, same units


def classical_errors(n, n_features, *, misfit, noise_variance):
    r"""Return the expected training error and in-sample risk of least squares with N features.

    With :math:`y = f + \varepsilon`, noise of mean zero and covariance :math:`\sigma^2 I`, features of rank
    :math:`q = \min(n, N)` and P the projector onto their span,

    .. math:: \mathbb{E}\,\tfrac1n\|y - Py\|^2 = b_N + \sigma^2 \left(1 - \tfrac{q}{n}\right), \qquad
              \mathbb{E}\,\tfrac1n\|Py - f\|^2 = b_N + \sigma^2 \tfrac{q}{n}, \qquad
              b_N = \tfrac1n\|(I - P) f\|^2 .

    Parameters
    ----------
    n : int
        Number of samples.
    n_features : array of integers
        N, any shape.
    misfit : array
        The squared bias :math:`b_N`, of the shape of ``n_features`` (or a number).
    noise_variance : float
        :math:`\sigma^2`.

    Returns
    -------
    ClassicalErrors

    Raises
    ------
    ValueError
        If a number is out of range or shapes do not fit.

    References
    ----------
    Mallows (1973), *Some comments on Cp*; the two formulas are the trace of a projector.

    Examples
    --------
    >>> errors = classical_errors(10, [5, 20], misfit=0.0, noise_variance=2.0)
    >>> errors.train_error, errors.in_sample_risk
    (array([1., 0.]), array([1., 2.]))
    """
    n = integer("n", n, at_least=1)
    counts = real_array("n_features", n_features, at_least=0)
    misfit = real_array("misfit", misfit, at_least=0)
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    if misfit.shape not in ((), counts.shape):
        raise ValueError(f"misfit must have the shape {counts.shape} of n_features, got {misfit.shape}")
    share = np.minimum(counts, n) / n
    return ClassicalErrors(misfit + noise_variance * (1 - share), misfit + noise_variance * share)


def squared_misfit(features, response):
    r"""Return the squared bias at the training inputs: what no linear combination of the features explains.

    .. math:: b = \tfrac1n \|(I - P) f\|^2 = \min_a \tfrac1n \|f - \Phi a\|^2 .

    Parameters
    ----------
    features : array of shape (n, N)
        :math:`\Phi`.
    response : array of shape (n,)
        :math:`f`, without noise.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes do not fit or an entry is not finite.

    Examples
    --------
    >>> squared_misfit([[1.0], [0.0]], [5.0, 2.0])
    2.0
    """
    features, response = (
        finite_array("features", features, ndim=2),
        finite_array("response", response, ndim=1),
    )
    if len(features) != len(response):
        raise ValueError(f"response must have {len(features)} entries like features, got {len(response)}")
    coefficients = np.linalg.lstsq(features, response, rcond=None)[0]
    return float(np.mean((response - features @ coefficients) ** 2))


def new_input_variance(features, new_features, *, noise_variance):
    r"""Return the variance of the minimum-norm least-squares fit at new inputs, given all inputs.

    .. math:: \mathbb{E}_\varepsilon\, \tfrac1m \|\Phi' \Phi^+ \varepsilon\|^2
              = \frac{\sigma^2}{m} \|\Phi' \Phi^+\|_F^2 .

    Parameters
    ----------
    features : array of shape (n, N)
        :math:`\Phi`, the features of the training inputs.
    new_features : array of shape (m, N)
        :math:`\Phi'`, the features of the new inputs.
    noise_variance : float
        :math:`\sigma^2`.

    Returns
    -------
    float
        In the units of y squared.

    Raises
    ------
    ValueError
        If the shapes do not fit, an entry is not finite or the variance is negative.

    Examples
    --------
    >>> float(new_input_variance([[2.0]], [[1.0], [1.0]], noise_variance=4.0))
    1.0
    """
    features = finite_array("features", features, ndim=2)
    new_features = finite_array("new_features", new_features, ndim=2)
    if features.shape[1] != new_features.shape[1]:
        raise ValueError(
            f"new_features must have {features.shape[1]} columns like features, got {new_features.shape[1]}"
        )
    noise_variance = real("noise_variance", noise_variance, at_least=0)
    response = new_features @ np.linalg.pinv(features)
    return noise_variance * float(np.mean(np.sum(response**2, axis=1)))
