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
        Mistake(
            np.array([8.0, 8.0]),
            "you added the residual times x: the pseudo-inverse of a row x is x / |x|^2.",
        ),
        Mistake(
            np.array([2.0, -4.0]),
            "you moved away from the line <x, b> = y: the residual to add is y - <x, b_0>.",
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
            lambda X, y, t: _flow(X, y, t * len(X) / X.shape[1]),
            "you divided the exponent by d, the number of features; the 1/n of the loss counts observations.",
        ),
        Mistake(
            lambda X, y, t: _flow(X, y, t / 2),
            "your clock runs at half speed: the 1/2 of the loss is used up by the gradient of the square.",
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
            lambda X, y, t: _filtered(X, y, lambda s: -np.expm1(-t * s**2 / len(X)) / s**2),
            "you divided by s^2: that inverts X^T X, and X^T y has the factor s; U^T y needs one division.",
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
            lambda X, y, scales: min_norm_least_squares(X / scales, y) / scales,
            "you divided the features by the scales; the colleague multiplies.",
        ),
        Mistake(
            lambda X, y, scales: min_norm_least_squares(X / scales, y),
            "you divided the features by the scales, and you did not convert back to the original features.",
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
        Mistake(
            lambda X, preconditioner: largest_stable_step(X) / np.max(preconditioner),
            "2n/(s_1^2 max p) is safe, but it is not the edge unless the largest entry of P meets v_1.",
        ),
        Mistake(
            lambda X, preconditioner: np.sqrt(2 * len(X) * _edge(X, preconditioner)),
            "you used the largest singular value itself; the curvature of the loss has its square.",
        ),
    ),
)


def _time_instances(rng):
    return [
        Instance(
            {"n": n, "d": d, "s": s, "signal": signal, "noise_variance": noise_variance}, {"n": n, "d": d}
        )
        for (n, d), s, signal, noise_variance in zip(
            SHAPES, (2.0, 3.5, 1.4), (3.0, 0.7, 9.0), (0.2, 0.6, 0.3), strict=True
        )
    ]


def _best_time(n, d, s, signal, noise_variance):
    return n / s**2 * np.log1p(s**2 * signal / (noise_variance * d))


best_time = Exercise(
    name="best_time",
    reference=_best_time,
    instances=_time_instances,
    mistakes=(
        Mistake(
            lambda n, d, s, signal, noise_variance: n * signal / (noise_variance * d),
            "this is one over the best ridge penalty; the flow has fitted more by then, so stop it earlier.",
        ),
        Mistake(
            lambda n, d, s, signal, noise_variance: _best_time(n, d, s, signal * d, noise_variance),
            "each direction holds r^2/d of the signal, not r^2.",
        ),
        Mistake(
            lambda n, d, s, signal, noise_variance: _best_time(n, d, s, signal, noise_variance**2),
            "you squared the noise variance: it is sigma^2 already.",
        ),
        Mistake(
            lambda n, d, s, signal, noise_variance: n / s**2 * np.log(s**2 * signal / (noise_variance * d)),
            "you lost a 1: (1 - exp(-x)) / exp(-x) is exp(x) - 1, not exp(x).",
        ),
        Mistake(
            lambda n, d, s, signal, noise_variance: n / s**2 * np.log1p(signal / (noise_variance * d)),
            "the variance along v_j is sigma^2 (1 - exp(-x))^2 / s^2; the logarithm misses its s^2.",
        ),
        Mistake(
            lambda n, d, s, signal, noise_variance: np.log1p(s**2 * signal / (noise_variance * d)),
            "this is the best x; the time is t = n x / s^2.",
        ),
    ),
)

EXERCISES = (pencil_limit, early_stopped, rescaled_limit, preconditioned_edge, best_time)
