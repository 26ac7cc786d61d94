"""Exercises of the notebook implicit_regularization."""

import numpy as np

from dltheory.benign_overfitting.descent_limits import descent_limit
from dltheory.exercises import Exercise, Instance, Mistake
from dltheory.interpolation import min_norm_least_squares, ridge_path
from dltheory.optimization import gradient_flow_least_squares, largest_stable_step

SHAPES = ((4, 9), (7, 3), (5, 12))

pencil_limit = Exercise(
    name="pencil_limit",
    reference=np.array([4.0, 0.0]),
    mistakes=(
        Mistake(
            np.array([0.8, 1.6]),
            "this is the limit from a start at zero: the start has a part that no row reaches, and it stays.",
        ),
        Mistake(
            np.array([3.8, -0.4]),
            "you added the minimum-norm fit of y to the start: what is left to fit is y - X b_0, not y.",
        ),
        Mistake(
            np.array([0.6, 1.2]),
            "you kept the part of the start inside the row span and dropped the part orthogonal to it; "
            "descent does the opposite.",
        ),
        Mistake(
            np.array([3.0, -2.0]) + np.sqrt(5) * np.array([1.0, 2.0]),
            "you divided by the length of the row: the pseudo-inverse of a row x is x / |x|^2.",
        ),
        Mistake(
            np.array([3.2, -1.6]),
            "you projected the start onto the line <x, b> = 0; project it onto <x, b> = y.",
        ),
    ),
)


def _data(rng, n, d):
    X = rng.standard_normal((n, d))
    return {"X": X, "y": X @ rng.standard_normal(d) + rng.standard_normal(n)}


def _stopping_instances(rng):
    return [
        Instance(_data(rng, n, d) | {"t": t}, {"n": n, "d": d})
        for (n, d), t in zip(SHAPES, (0.4, 1.0, 3.0), strict=True)
    ]


def _flow(X, y, t):
    return gradient_flow_least_squares(X, y, [t]).coefficients[0]


def _filtered(X, y, weights):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    return Vt.T @ (weights(s) * (U.T @ y))


early_stopped = Exercise(
    name="early_stopped",
    reference=_flow,
    instances=_stopping_instances,
    mistakes=(
        Mistake(
            lambda X, y, t: _flow(X, y, t * len(X)),
            "your clock runs n times too fast: the loss has a 1/n, so the exponent is t s^2/n.",
        ),
        Mistake(
            lambda X, y, t: ridge_path(X, y, [1 / t]).coefficients[0],
            "this is ridge regression at penalty 1/t, filter x/(1 + x); the flow has 1 - exp(-x).",
        ),
        Mistake(
            lambda X, y, t: _filtered(X, y, lambda s: -np.expm1(-t * s / len(X)) / s),
            "your exponent has the singular value s of X; the eigenvalue of X^T X is s^2.",
        ),
        Mistake(
            lambda X, y, t: _filtered(X, y, lambda s: -np.expm1(-t * s**2 / len(X))),
            "you have the filter but not the inverse: divide each direction by its singular value.",
        ),
        Mistake(
            lambda X, y, t: _filtered(X, y, lambda s: np.exp(-t * s**2 / len(X)) / s),
            "this is the part that is not yet fitted: exp(-x) is the error, 1 - exp(-x) the fit.",
        ),
        Mistake(
            lambda X, y, t: min_norm_least_squares(X, y),
            "this is the limit t = infinity: the time does not enter your answer.",
        ),
    ),
)


def _scaled_instances(rng):
    instances = []
    for n, d in ((3, 6), (4, 9), (5, 11)):
        X = rng.standard_normal((n, d))
        arguments = {"X": X, "y": rng.standard_normal(n), "scales": rng.uniform(0.3, 3.0, d)}
        instances.append(Instance(arguments, {"n": n, "d": d}))
    return instances


rescaled_limit = Exercise(
    name="rescaled_limit",
    reference=lambda X, y, scales: scales * min_norm_least_squares(X * scales, y),
    instances=_scaled_instances,
    mistakes=(
        Mistake(
            lambda X, y, scales: min_norm_least_squares(X * scales, y),
            "these are the coefficients of the rescaled features; convert them back to the original ones.",
        ),
        Mistake(
            lambda X, y, scales: min_norm_least_squares(X * scales, y) / scales,
            "you converted back the wrong way: <x, b> = <scales * x, w> means b = scales * w.",
        ),
        Mistake(
            lambda X, y, scales: descent_limit(X, y, preconditioner=scales),
            "your preconditioner is the scale; one factor comes from the gradient and one from the "
            "conversion, so it is the scale squared.",
        ),
        Mistake(
            lambda X, y, scales: min_norm_least_squares(X, y),
            "this is the limit without rescaling; the two fit the same data with different coefficients.",
        ),
    ),
)


def _edge_instances(rng):
    return [
        Instance({"X": rng.standard_normal((n, d)), "preconditioner": rng.uniform(0.2, 4.0, d)}, {"n": n})
        for n, d in SHAPES
    ]


def _edge(X, preconditioner):
    return largest_stable_step(X * np.sqrt(preconditioner))


preconditioned_edge = Exercise(
    name="preconditioned_edge",
    reference=_edge,
    instances=_edge_instances,
    mistakes=(
        Mistake(
            lambda X, preconditioner: largest_stable_step(X),
            "this is the edge without the preconditioner: the matrix to look at is P X^T X / n.",
        ),
        Mistake(
            lambda X, preconditioner: largest_stable_step(X * preconditioner),
            "you multiplied the columns of X by p; P X^T X has the eigenvalues of the design with columns "
            "times sqrt(p).",
        ),
        Mistake(
            lambda X, preconditioner: _edge(X, preconditioner) / len(X),
            "your answer is n times too small: the eigenvalue is that of P X^T X divided by n.",
        ),
        Mistake(
            lambda X, preconditioner: _edge(X, preconditioner) / 2,
            "this is 1/lambda_max, where the error of the steepest direction vanishes in one step; "
            "descent converges up to 2/lambda_max.",
        ),
        Mistake(
            lambda X, preconditioner: 2 * len(X) / np.trace((X * preconditioner) @ X.T),
            "you used the trace, the sum of all eigenvalues; the largest one decides.",
        ),
    ),
)

EXERCISES = (pencil_limit, early_stopped, rescaled_limit, preconditioned_edge)
