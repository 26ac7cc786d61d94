"""What the flow of a diagonal network conserves in each coordinate."""

from __future__ import annotations

import numpy as np

from dltheory._validation import finite_array, integer

__all__ = ["log_conserved_quantity"]


def log_conserved_quantity(log_w_plus, log_w_minus, *, depth):
    r"""Return the logarithm of the quantity that gradient flow conserves in every coordinate.

    .. math:: \log(w_+ w_-) \quad (D=2), \qquad \log\big(w_+^{2-D} + w_-^{2-D}\big) \quad (D>2)

    It belongs to no loss: :math:`\dot w_\pm = \mp D w_\pm^{D-1}\nabla_j L` moves :math:`\log w_\pm` at D = 2
    and :math:`w_\pm^{2-D}` at D > 2 by opposite amounts, whatever the gradient is.  From
    :math:`w_\pm = \alpha` its value is :math:`2\log\alpha` or :math:`(2-D)\log\alpha + \log 2`.  At D > 2 the
    smaller weight dominates it: weights down to 1e-30 are no difficulty, since only logarithms are formed.

    Parameters
    ----------
    log_w_plus, log_w_minus : logarithms of the weights, of shapes that broadcast
    depth : D, at least 2

    Returns
    -------
    array of the common shape, or float

    Raises
    ------
    ValueError : an infinite logarithm, shapes that do not broadcast, a depth that is no integer above 1.

    References
    ----------
    Woodworth et al. (2020), Kernel and rich regimes in overparametrized models, proofs of theorems 1 and 3;
    Marcotte, Gribonval and Peyré (2023), Abide by the law and follow the flow, for conservation laws.

    Examples
    --------
    >>> float(round(log_conserved_quantity(np.log(4.0), np.log(0.25), depth=2), 12))
    0.0
    """
    depth = integer("depth", depth, at_least=2)
    plus, minus = finite_array("log_w_plus", log_w_plus), finite_array("log_w_minus", log_w_minus)
    try:
        np.broadcast_shapes(plus.shape, minus.shape)
    except ValueError as error:
        raise ValueError(
            f"log_w_minus must broadcast against log_w_plus, got shapes {minus.shape} and {plus.shape}"
        ) from error
    value = plus + minus if depth == 2 else np.logaddexp((2 - depth) * plus, (2 - depth) * minus)
    return float(value) if np.ndim(value) == 0 else value
