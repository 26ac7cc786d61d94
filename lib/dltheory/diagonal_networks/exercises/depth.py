"""Exercises of the notebook depth."""

import numpy as np
from scipy.optimize import minimize_scalar

from dltheory.diagonal_networks.potentials import clock_factor, h_depth, q_depth
from dltheory.exercises import Exercise, Instance, Mistake, Property

where_norms_disagree = Exercise(
    name="where_norms_disagree",
    reference=np.array([0.25, 0.5]),
    mistakes=(
        Mistake(
            np.array([2**-1.5, 0.5]),
            "this is depth three; at depth four the exponent of the quasi-norm is 1/2.",
        ),
        Mistake(
            np.array([1 / 16, 0.5]),
            "you used the exponent 1/D; the weights are squared in the penalty, so it is 2/D.",
        ),
        Mistake(
            np.array([0.5, 0.25]),
            "these are the right numbers in the wrong order: the lower end is set by the quasi-norm.",
        ),
        Mistake(
            np.array([2.0, 4.0]),
            "these are values of 1/a, the third coefficient; a itself is asked for.",
        ),
        Mistake(
            np.array([0.5, 1.0]),
            "you compared with the norm of one unit entry; (1, 1, 0) has two of them, so both norms are 2.",
        ),
        Mistake(
            np.array([0.5, 2**-0.5]),
            "you compared the l1 norms for the lower end and the l2 norms for the upper; "
            "the question has the quasi-norm and l1.",
        ),
    ),
)


def _curve_instances(rng):
    return [
        Instance({"s": np.sort(rng.uniform(0.05, 0.95, m)), "depth": depth}, {"D": depth})
        for m, depth in ((4, 3), (7, 4), (5, 5), (6, 8))
    ]


def _curve(s, depth):
    z = h_depth(s, depth)
    return np.array([z, q_depth(z, depth)])


def _conjugate(s, depth):
    z, value = _curve(s, depth)
    return z * s - value


potential_curve = Exercise(
    name="potential_curve",
    reference=_curve,
    instances=_curve_instances,
    mistakes=(
        Mistake(
            lambda s, depth: np.array([h_depth(s, depth), _conjugate(s, depth)]),
            "your second row is the conjugate H(s); the potential is z s - H(s).",
        ),
        Mistake(
            lambda s, depth: _curve(s, depth) - np.array([[0.0], [depth - 2]]),
            "your potential is not zero at zero: H lacks its constant, the -2 in the bracket.",
        ),
        Mistake(
            lambda s, depth: np.array([h_depth(s, depth), h_depth(s, depth) * s + _conjugate(s, depth)]),
            "you added H(s): the potential is z s - H(s).",
        ),
        Mistake(
            lambda s, depth: np.array(
                [h_depth(s, depth), h_depth(s, depth) * s - 2 / (depth - 2) * _conjugate(s, depth)]
            ),
            "H has lost its factor (D-2)/2; check that its derivative is h.",
        ),
        Mistake(
            lambda s, depth: np.array([h_depth(s, depth), s]),
            "your second row is s, the derivative of the potential.",
        ),
        Mistake(
            lambda s, depth: np.array([_curve(s, depth)[0], h_depth(s, depth) * s]),
            "you have z s, which is the area of the whole rectangle; take off the part H(s).",
        ),
    ),
    properties=(
        Property(
            lambda answer, s, depth: bool(np.all(answer[1] < answer[0])),
            "the slope of the potential is s < 1, so q(z) is below z; your second row is not.",
        ),
    ),
)


def _waiting_instances(rng):
    return [
        Instance(
            {"X": rng.standard_normal((n, d)), "y": rng.standard_normal(n), "alpha": alpha, "depth": depth},
            {"n": n, "d": d},
        )
        for n, d, alpha, depth in ((4, 9, 0.01, 3), (7, 12, 0.03, 4), (5, 8, 0.002, 5), (6, 15, 0.05, 6))
    ]


def _waiting(X, y, alpha, depth):
    return len(y) / (clock_factor(alpha, depth) * np.max(np.abs(X.T @ y)))


waiting_time = Exercise(
    name="waiting_time",
    reference=_waiting,
    instances=_waiting_instances,
    mistakes=(
        Mistake(
            lambda X, y, alpha, depth: _waiting(X, y, alpha, depth) / len(y),
            "the gradient of the loss at zero is X^T y / n: your answer lacks the n.",
        ),
        Mistake(
            lambda X, y, alpha, depth: len(y) / (clock_factor(alpha, depth) * np.linalg.norm(X.T @ y)),
            "you took the length of the gradient; its largest entry decides who leaves first.",
        ),
        Mistake(
            lambda X, y, alpha, depth: len(y) / (clock_factor(alpha, depth) * np.min(np.abs(X.T @ y))),
            "you took the smallest entry of the gradient: that coefficient would be the last to leave.",
        ),
        Mistake(
            lambda X, y, alpha, depth: _waiting(X, y, alpha, depth) * (depth - 2) / depth,
            "your clock has D^2 in place of D (D-2).",
        ),
        Mistake(
            lambda X, y, alpha, depth: _waiting(X, y, alpha, depth) / alpha**2,
            "you divided by alpha^D; the clock factor has alpha^(D-2).",
        ),
        Mistake(
            lambda X, y, alpha, depth: _waiting(X, y, alpha, depth) * alpha ** (depth - 2),
            "the initial weight does not enter your answer; small weights have small gradients.",
        ),
        Mistake(
            lambda X, y, alpha, depth: _waiting(X, y, alpha, depth) * alpha ** (2 * depth - 4),
            "your time falls with alpha: the clock factor belongs in the denominator.",
        ),
        Mistake(
            lambda X, y, alpha, depth: len(y) * np.log(alpha**-2) / (4 * np.max(np.abs(X.T @ y))),
            "this is the logarithm of depth two; from depth three on the wait is a power of alpha.",
        ),
    ),
)


def _tie_instances(rng):
    instances = []
    for d, depth in ((3, 3), (4, 4), (3, 6), (5, 3)):
        inside, v = rng.uniform(0.5, 1.5, d), rng.standard_normal(d)
        v -= v.mean()
        low = np.max(-inside[v > 0] / v[v > 0])
        high = np.min(-inside[v < 0] / v[v < 0])
        arguments = {"start": inside + low * v, "direction": (high - low) * v, "depth": depth}
        arguments["start"] = np.maximum(arguments["start"], 0.0)
        instances.append(Instance(arguments, {}))
    return instances


def _best(start, direction, badness):
    def along(c):
        return badness(np.maximum(start + c * direction, 0.0))

    options = {"bounds": (0, 1), "method": "bounded", "options": {"xatol": 1e-10}}
    return start + minimize_scalar(along, **options).x * direction


def _end_of_least(start, direction, power):
    ends = [start, np.maximum(start + direction, 0.0)]
    return min(ends, key=lambda b: np.sum(b**power))


def _entropy(b):
    return np.sum(np.where(b > 0, b * np.log(np.where(b > 0, b, 1.0)), 0.0))


tie = Exercise(
    name="tie",
    reference=lambda start, direction, depth: _best(start, direction, lambda b: -np.sum(b ** (2 / depth))),
    instances=_tie_instances,
    mistakes=(
        Mistake(
            lambda start, direction, depth: _end_of_least(start, direction, 2 / depth),
            "you returned the end of least quasi-norm; it enters the potential with a minus sign.",
        ),
        Mistake(
            lambda start, direction, depth: _best(start, direction, lambda b: -np.sum(b ** (1 / depth))),
            "your exponent is 1/D; the correction of the potential has 2/D.",
        ),
        Mistake(
            lambda start, direction, depth: _best(start, direction, _entropy),
            "you maximised the entropy: that is the tie-breaker of depth two.",
        ),
        Mistake(
            lambda start, direction, depth: _best(start, direction, lambda b: b @ b),
            "you took the least l2 norm; that decides for a large initialisation, not for a small one.",
        ),
        Mistake(
            lambda start, direction, depth: start + direction / 2,
            "this is the middle of the segment; where the maximum is depends on the coefficients.",
        ),
    ),
    properties=(
        Property(
            lambda answer, start, direction, depth: bool(
                np.isclose(np.sum(answer), np.sum(start), rtol=1e-6) and np.min(answer) >= -1e-9
            ),
            "your answer is not on the segment: it should be start + c * direction with 0 <= c <= 1.",
        ),
    ),
    relative=1e-5,
    absolute=1e-6,
)

EXERCISES = (where_norms_disagree, potential_curve, waiting_time, tie)
