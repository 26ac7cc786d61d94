"""Checks shared by the functions of one coefficient of a diagonal network."""

from __future__ import annotations

import numpy as np

from dltheory._validation import integer, real_array

LARGEST_ARGUMENT = 1e300
"""Coefficients beyond it are refused, because the potential of depth two would overflow."""

LARGEST_DUAL = 690.0
"""Largest dual coordinate at depth two: 2 sinh(690) is about 1e299."""


def checked_coefficient(z, depth):
    z = real_array("z", z, at_least=-LARGEST_ARGUMENT, at_most=LARGEST_ARGUMENT)
    return z, integer("depth", depth, at_least=2)


def checked_dual(s, depth):
    depth = integer("depth", depth, at_least=2)
    if depth == 2:
        return real_array("s", s, at_least=-LARGEST_DUAL, at_most=LARGEST_DUAL), depth
    return real_array("s", s, above=-1, below=1), depth


def scalar_or_array(value):
    return float(value) if np.ndim(value) == 0 else value
