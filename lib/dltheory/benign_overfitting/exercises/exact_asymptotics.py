"""Exercises of the notebook exact_asymptotics."""

import numpy as np

from dltheory.benign_overfitting.asymptotics import optimal_penalty, ridge_risk, ridgeless_risk
from dltheory.exercises import Exercise, Instance, Mistake


def _window(signal, noise_variance):
    return signal / (signal + noise_variance), signal / (signal - noise_variance)


def _window_of_test_error(signal, noise_variance):
    root = np.sqrt(signal**2 - 4 * signal * noise_variance)
    return 1 - noise_variance / signal, (signal - root) / (2 * noise_variance)


worse_than_zero = Exercise(
    name="worse_than_zero",
    reference=_window,
    instances=lambda rng: [
        Instance({"signal": signal, "noise_variance": noise_variance})
        for signal, noise_variance in ((1.0, 0.2), (4.0, 0.5), (2.5, 0.3))
    ],
    mistakes=(
        Mistake(
            lambda signal, noise_variance: (1 - noise_variance / signal, 1 + noise_variance / signal),
            "these are the ends of the interval for n/d; the aspect ratio is d/n, so take their inverses.",
        ),
        Mistake(
            lambda signal, noise_variance: (_window(signal, noise_variance)[0], 1 + noise_variance / signal),
            "beyond 1 you compared only the variance with the signal: the risk there also has a bias.",
        ),
        Mistake(
            _window_of_test_error,
            "you counted the noise twice: the risk is the excess risk, without the noise of a new response.",
        ),
        Mistake(
            lambda signal, noise_variance: _window(np.sqrt(signal), noise_variance),
            "you used r where r^2 belongs: signal is the squared length already.",
        ),
        Mistake(
            lambda signal, noise_variance: _window(signal, noise_variance)[::-1],
            "right numbers, wrong order: return the smaller aspect ratio first.",
        ),
    ),
)


pencil_optimal = Exercise(
    name="pencil_optimal",
    reference=(1 + np.sqrt(17)) / 8,
    relative=1e-3,
    mistakes=(
        Mistake(
            (3 + np.sqrt(17)) / 8,
            "you counted the noise twice: this is the error in predicting a new noisy response, R + sigma^2.",
        ),
        Mistake(
            (np.sqrt(41) - 5) / 8,
            "you inverted the aspect ratio: d = 2n is gamma = 2, not 1/2.",
        ),
        Mistake(0.75, "this is the ridgeless risk at this aspect ratio; the best ridge penalty does better."),
        Mistake(
            (0.4375 + np.sqrt(0.4375**2 + 0.25)) / 2,
            "you squared the noise variance: 1/4 is sigma^2 already.",
        ),
        Mistake((1 - np.sqrt(17)) / 8, "this is the other root of the equation; a risk is not negative."),
        Mistake(0.5, "this is the best penalty, sigma^2 gamma/r^2, not the risk that it reaches."),
    ),
)


def _optimal_instances(rng):
    return [
        Instance(
            {"aspect_ratio": d / n, "signal": signal, "noise_variance": noise_variance}, {"n": n, "d": d}
        )
        for n, d, signal, noise_variance in ((40, 10, 1.0, 0.25), (30, 45, 2.0, 0.5), (20, 100, 3.0, 2.0))
    ]


def _with_penalty(penalty):
    def risk(aspect_ratio, signal, noise_variance):
        chosen = penalty(aspect_ratio, signal, noise_variance)
        return ridge_risk(aspect_ratio, chosen, signal=signal, noise_variance=noise_variance).risk

    return risk


def _optimal(aspect_ratio, signal, noise_variance):
    return optimal_penalty(aspect_ratio, signal=signal, noise_variance=noise_variance).risk


optimal_ridge = Exercise(
    name="optimal_ridge",
    reference=_optimal,
    instances=_optimal_instances,
    mistakes=(
        Mistake(
            _with_penalty(lambda gamma, signal, noise_variance: noise_variance / signal),
            "the factor d/n is missing in your penalty: sigma^2/r^2 is the noise against the signal of all d "
            "coefficients, and each of them has only 1/d of it.",
        ),
        Mistake(
            lambda aspect_ratio, signal, noise_variance: _optimal(1 / aspect_ratio, signal, noise_variance),
            "you inverted the aspect ratio everywhere: gamma is d/n.",
        ),
        Mistake(
            _with_penalty(lambda gamma, signal, noise_variance: noise_variance / (signal * gamma)),
            "your penalty has the aspect ratio upside down: more parameters need more shrinkage.",
        ),
        Mistake(
            _with_penalty(lambda gamma, signal, noise_variance: signal * gamma / noise_variance),
            "your penalty has signal and noise exchanged: more noise needs more shrinkage.",
        ),
        Mistake(
            lambda aspect_ratio, signal, noise_variance: (
                _optimal(aspect_ratio, signal, noise_variance) + noise_variance
            ),
            "you counted the noise twice: this is the error in predicting a new noisy response.",
        ),
        Mistake(
            lambda aspect_ratio, signal, noise_variance: (
                ridgeless_risk(aspect_ratio, signal=signal, noise_variance=noise_variance).risk
            ),
            "this is the ridgeless risk: your penalty is 0.",
        ),
    ),
)


def _spread(n, d, noise_variance, *, shift=0, numerator=None, root=True):
    """Standard deviation of sigma^2 chi^2_m/chi^2_k from its first two moments, with room for mistakes."""
    m, k = numerator or min(n, d), abs(n - d) + 1 + shift
    square = noise_variance**2 * (m * (m + 2) / ((k - 2) * (k - 4)) - (m / (k - 2)) ** 2)
    return np.sqrt(square) if root else square


def _spread_of_fixed_length(n, d, noise_variance):
    k, m = abs(n - d) + 1, min(n, d)
    return noise_variance * m * np.sqrt(2 / (k - 4)) / (k - 2)


def _spread_with_naive_inverse(n, d, noise_variance):
    """With 1/k and 1/k^2 for the moments of 1/chi^2_k: only the numerator spreads."""
    return noise_variance * np.sqrt(2 * min(n, d)) / (abs(n - d) + 1)


def _spread_with_naive_mean(n, d, noise_variance):
    """With 1/k for the mean of 1/chi^2_k, and its second moment right."""
    m, k = min(n, d), abs(n - d) + 1
    return noise_variance * np.sqrt(m * (m + 2) / ((k - 2) * (k - 4)) - (m / k) ** 2)


def _relative_spread(n, d, noise_variance):
    m, k = min(n, d), abs(n - d) + 1
    return _spread(n, d, noise_variance) / (noise_variance * m / (k - 2))


def _root_mean_square(n, d, noise_variance):
    m, k = min(n, d), abs(n - d) + 1
    return noise_variance * np.sqrt(m * (m + 2) / ((k - 2) * (k - 4)))


variance_spread = Exercise(
    name="variance_spread",
    reference=_spread,
    instances=lambda rng: [
        Instance({"n": n, "d": d, "noise_variance": noise_variance}, {"n": n, "d": d})
        for n, d, noise_variance in ((30, 12, 1.0), (12, 30, 0.25), (50, 40, 2.0), (9, 15, 0.5))
    ],
    mistakes=(
        Mistake(
            lambda n, d, noise_variance: _spread(n, d, noise_variance, shift=-1),
            "off by one: the denominator has |n - d| + 1 degrees of freedom, you used |n - d|. A row has to "
            "keep its distance from the n - 1 others, not from n.",
        ),
        Mistake(
            lambda n, d, noise_variance: _spread(n, d, noise_variance, shift=1),
            "off by one: the denominator has |n - d| + 1 degrees of freedom, you used |n - d| + 2.",
        ),
        Mistake(
            lambda n, d, noise_variance: _spread(n, d, noise_variance, numerator=d),
            "the numerator has min(n, d) degrees of freedom, you used d: beyond d = n the noise has only n "
            "components.",
        ),
        Mistake(
            lambda n, d, noise_variance: _spread(n, d, noise_variance, numerator=n),
            "the numerator has min(n, d) degrees of freedom, you used n: below d = n the fit has only d "
            "coefficients to spoil.",
        ),
        Mistake(
            _spread_with_naive_mean,
            "you took 1/k for the mean of 1/chi^2_k: by Jensen it is larger, namely 1/(k - 2).",
        ),
        Mistake(
            _spread_with_naive_inverse,
            "you took 1/k and 1/k^2 for the moments of 1/chi^2_k, as if the denominator were constant.",
        ),
        Mistake(
            lambda n, d, noise_variance: noise_variance * _spread(n, d, noise_variance),
            "you squared the noise variance: the standard deviation of V is proportional to sigma^2.",
        ),
        Mistake(
            _relative_spread,
            "this is the relative spread: do not divide by the mean of V.",
        ),
        Mistake(
            lambda n, d, noise_variance: _spread(n, d, noise_variance, root=False),
            "this is the square of the standard deviation: take the root.",
        ),
        Mistake(
            _spread_of_fixed_length,
            "you replaced the numerator by its mean: the length of the noise is random too.",
        ),
        Mistake(
            _root_mean_square,
            "this is the root of the second moment: subtract the squared mean first.",
        ),
    ),
)


EXERCISES = (pencil_optimal, worse_than_zero, optimal_ridge, variance_spread)
