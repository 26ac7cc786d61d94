"""The exercises of the chapter, one module a notebook."""

from dltheory.mirror_descent.exercises import (
    function_space,
    implicit_bias,
    mirror_descent,
    mirror_flow,
)

EXERCISES = (
    *mirror_descent.EXERCISES,
    *function_space.EXERCISES,
    *mirror_flow.EXERCISES,
    *implicit_bias.EXERCISES,
)
