"""Exercises of the notebook double_descent."""

import numpy as np

from dltheory.benign_overfitting.classical import new_input_variance
from dltheory.exercises import Exercise, Instance, Mistake


def _sizes(rng):
    cases = [(10, 4, 1.0), (10, 10, 0.5), (8, 20, 2.0), (25, 3, 0.3)]
    return [
        Instance({"n": n, "n_features": N, "noise_variance": s}, {"n": n, "n_features": N})
        for n, N, s in cases
    ]


OPTIMISM = Exercise(
    name="optimism",
    reference=lambda n, n_features, noise_variance: 2 * noise_variance * min(n, n_features) / n,
    instances=_sizes,
    mistakes=(
        Mistake(
            lambda n, n_features, noise_variance: noise_variance * min(n, n_features) / n,
            "this is the excess risk of the fit alone. The training error is too low by as much again, "
            "because the fit has also absorbed the noise of its own labels.",
        ),
        Mistake(
            lambda n, n_features, noise_variance: 2 * noise_variance * n_features / n,
            "right up to N = n. Beyond it the projector has rank n, not N.",
        ),
        Mistake(
            lambda n, n_features, noise_variance: 2 * noise_variance * (1 - min(n, n_features) / n),
            "you have used the part of the noise that the fit leaves over; the optimism comes from the "
            "part that it absorbs.",
        ),
        Mistake(
            lambda n, n_features, noise_variance: noise_variance * (1 + min(n, n_features) / n),
            "this is, up to the misfit, the expected error on fresh labels. Subtract the expected training "
            "error.",
        ),
        Mistake(
            lambda n, n_features, noise_variance: noise_variance * (2 * min(n, n_features) / n - 1),
            "the fresh labels have noise of their own, of variance sigma^2; you have left it out.",
        ),
        Mistake(
            lambda n, n_features, noise_variance: 2 * noise_variance * max(n, n_features) / n,
            "the rank of the projector is the smaller of n and N, not the larger.",
        ),
    ),
)


def _best_width_instances(rng):
    cases = [(100, 4.0, 1.0), (50, 0.5, 0.25), (400, 9.0, 4.0)]
    return [Instance({"n": n, "c": c, "noise_variance": s}, {"n": n, "c": c}) for n, c, s in cases]


CLASSICAL_BEST_WIDTH = Exercise(
    name="classical_best_width",
    reference=lambda n, c, noise_variance: np.sqrt(c * n / noise_variance),
    instances=_best_width_instances,
    mistakes=(
        Mistake(
            lambda n, c, noise_variance: np.sqrt(c / noise_variance),
            "n is missing: the variance term is sigma^2 N/n, so the derivative of it is sigma^2/n.",
        ),
        Mistake(
            lambda n, c, noise_variance: c * n / noise_variance,
            "this is the square of the right width: solve c/N^2 = sigma^2/n for N.",
        ),
        Mistake(
            lambda n, c, noise_variance: np.sqrt(noise_variance / (c * n)),
            "upside down: more noise should make the best model smaller, more data should make it larger.",
        ),
        Mistake(
            lambda n, c, noise_variance: np.sqrt(c * n) / noise_variance,
            "check the power of the noise: sigma^2, which is noise_variance, belongs under the root.",
        ),
    ),
)


def _features(rng):
    drawn = []
    for n, N, m in [(6, 3, 4), (5, 9, 7), (4, 4, 3)]:
        arguments = {
            "features": rng.standard_normal((n, N)),
            "new_features": rng.standard_normal((m, N)),
            "noise_variance": 0.5 + rng.random(),
        }
        drawn.append(Instance(arguments, {"n": n, "m": m}))
    return drawn


def _response(features, new_features):
    return new_features @ np.linalg.pinv(features)


NOISE_AT_NEW_INPUTS = Exercise(
    name="noise_at_new_inputs",
    reference=lambda features, new_features, noise_variance: new_input_variance(
        features, new_features, noise_variance=noise_variance
    ),
    instances=_features,
    mistakes=(
        Mistake(
            lambda features, new_features, noise_variance: (
                noise_variance * np.sum(_response(features, new_features) ** 2) / len(features)
            ),
            "you average over the n training inputs; the error is measured at the m new ones.",
        ),
        Mistake(
            lambda features, new_features, noise_variance: (
                noise_variance * np.linalg.norm(_response(features, new_features), 2) ** 2 / len(new_features)
            ),
            "you have taken the spectral norm; the trace of A A^T is the squared Frobenius norm.",
        ),
        Mistake(
            lambda features, new_features, noise_variance: (
                noise_variance * (1 + np.mean(np.sum(_response(features, new_features) ** 2, axis=1)))
            ),
            "the noise is counted twice: you have added that of new labels, which excess risk leaves out.",
        ),
        Mistake(
            lambda features, new_features, noise_variance: (
                np.sqrt(noise_variance) * np.mean(np.sum(_response(features, new_features) ** 2, axis=1))
            ),
            "noise_variance is sigma^2 already; do not take its root.",
        ),
    ),
)

EXERCISES = (OPTIMISM, CLASSICAL_BEST_WIDTH, NOISE_AT_NEW_INPUTS)
