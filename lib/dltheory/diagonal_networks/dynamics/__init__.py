"""How the weights of a diagonal network move: descent, stochastic descent and their flow."""

from dltheory.diagonal_networks.dynamics.bookkeeping import sgd_effective_initialization
from dltheory.diagonal_networks.dynamics.conserved import log_conserved_quantity
from dltheory.diagonal_networks.dynamics.descent import (
    DiagonalDescent,
    gradient_descent,
    stochastic_gradient_descent,
)
from dltheory.diagonal_networks.dynamics.flow import GradientFlow, gradient_flow, gradient_flow_path
from dltheory.diagonal_networks.dynamics.shrinkage import MeanShrinkage, sgd_mean_shrinkage

__all__ = [
    "DiagonalDescent",
    "GradientFlow",
    "MeanShrinkage",
    "gradient_descent",
    "gradient_flow",
    "gradient_flow_path",
    "log_conserved_quantity",
    "sgd_effective_initialization",
    "sgd_mean_shrinkage",
    "stochastic_gradient_descent",
]
