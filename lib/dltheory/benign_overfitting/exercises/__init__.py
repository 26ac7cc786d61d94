"""The exercises of the chapter, one module a notebook."""

from dltheory.benign_overfitting.exercises import (
    double_descent,
    effective_ranks,
    exact_asymptotics,
    implicit_regularization,
)

EXERCISES = (
    *double_descent.EXERCISES,
    *implicit_regularization.EXERCISES,
    *exact_asymptotics.EXERCISES,
    *effective_ranks.EXERCISES,
)
