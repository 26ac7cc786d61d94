"""The exercises of the chapter, one module a notebook."""

from dltheory.diagonal_networks.exercises import (
    classification,
    depth,
    how_small,
    kernel_to_rich,
    noise_and_saddles,
    test_error,
)

EXERCISES = (
    *kernel_to_rich.EXERCISES,
    *depth.EXERCISES,
    *how_small.EXERCISES,
    *test_error.EXERCISES,
    *classification.EXERCISES,
    *noise_and_saddles.EXERCISES,
)
