"""Exercises of the notebook effective_ranks."""

from __future__ import annotations

import math

import numpy as np

from dltheory.exercises import Exercise, Instance, Mistake, Property


def _ranks(tail, reference):
    """Effective ranks of ``tail`` with its largest eigenvalue taken to be ``reference``."""
    return np.array([tail.sum() / reference, tail.sum() ** 2 / np.sum(tail**2)])


def effective_ranks(eigenvalues, k):
    return _ranks(eigenvalues[k:], eigenvalues[k])


def _spectra(rng):
    """Descending spectra of several lengths and scales, and an index inside each."""
    instances = []
    for d, k in ((12, 3), (40, 7), (90, 21), (6, 1)):
        eigenvalues = np.sort(rng.uniform(0.5, 4.0) * rng.gamma(0.7, size=d) + 0.01)[::-1]
        instances.append(Instance({"eigenvalues": eigenvalues, "k": k}, {"d": d}))
    return instances


RANKS = Exercise(
    name="effective_ranks",
    reference=effective_ranks,
    instances=_spectra,
    mistakes=(
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k:], eigenvalues[k - 1]),
            "r_k is divided by λ_k. The tail begins at λ_{k+1}, which an array calls eigenvalues[k].",
        ),
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k - 1 :], eigenvalues[k - 1]),
            "these are the ranks r_{k-1} and R_{k-1}: your sums begin at λ_k, but i > k begins at "
            "eigenvalues[k].",
        ),
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k + 1 :], eigenvalues[k + 1]),
            "these are the ranks r_{k+1} and R_{k+1}: λ_{k+1} itself belongs to the tail, and it is "
            "eigenvalues[k], not eigenvalues[k + 1].",
        ),
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k + 1 :], eigenvalues[k]),
            "you divide by λ_{k+1}, which is right, but your sums begin one too late, at λ_{k+2}: the sum "
            "over i > k begins at eigenvalues[k].",
        ),
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k:], eigenvalues[k]) ** np.array([1.0, -1.0]),
            "R_k is upside down. It is the squared sum over the sum of squares: equal eigenvalues give their "
            "number.",
        ),
        Mistake(
            lambda eigenvalues, k: np.array(
                [eigenvalues[k:].sum() / eigenvalues[k], eigenvalues[k:].sum() / np.sum(eigenvalues[k:] ** 2)]
            ),
            "the numerator of R_k is not squared. Test it by scaling: R_k must not change when all "
            "eigenvalues are multiplied by 10.",
        ),
        Mistake(
            lambda eigenvalues, k: _ranks(eigenvalues[k:], eigenvalues[k])[::-1],
            "the two ranks are right but in the wrong order: return r_k first.",
        ),
    ),
    properties=(
        Property(
            lambda answer, eigenvalues, k: answer[0] <= answer[1] * (1 + 1e-9),
            "your r_k is larger than your R_k, which cannot be.",
        ),
    ),
)


def self_induced_penalty(eigenvalues, k, n):
    return eigenvalues[k:].sum() / n


def _head_and_tail(rng):
    instances = []
    for d, k, n in ((60, 4, 25), (300, 10, 80), (150, 2, 33)):
        head = np.sort(rng.uniform(1.0, 3.0, size=k))[::-1]
        tail = np.sort(rng.uniform(0.1, 0.5, size=d - k))[::-1]
        instances.append(Instance({"eigenvalues": np.append(head, tail), "k": k, "n": n}, {"d": d, "n": n}))
    return instances


PENALTY = Exercise(
    name="self_induced_penalty",
    reference=self_induced_penalty,
    instances=_head_and_tail,
    mistakes=(
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k:].sum(),
            "this is Λ, the penalty of X^T X + Λ I. In X^T X/n + λ I the penalty is n times smaller: did you "
            "divide by n?",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues.sum() / n,
            "you added up all eigenvalues. The first k directions are fitted, not averaged away: only i > k "
            "counts.",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k:].mean(),
            "you divided by the number of tail directions instead of the number of samples n.",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k:].sum() / len(eigenvalues),
            "you divided by the number of eigenvalues, not of samples.",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k + 1 :].sum() / n,
            "your sum begins one too late: the first eigenvalue of the tail is λ_{k+1}, and an array calls "
            "it eigenvalues[k].",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k - 1 :].sum() / n,
            "your sum begins one too early, at λ_k: an array calls it eigenvalues[k - 1], and it belongs to "
            "the head.",
        ),
        Mistake(
            lambda eigenvalues, k, n: eigenvalues[k:].sum() / eigenvalues[k] / n,
            "this is r_k/n, a number without units. A penalty has the units of the eigenvalues: no division "
            "by λ_{k+1}.",
        ),
        Mistake(
            lambda eigenvalues, k, n: np.sum(eigenvalues[k:] ** 2) / n,
            "you added up the squares of the tail eigenvalues. The diagonal of T T^T adds up the eigenvalues "
            "themselves.",
        ),
    ),
)


def tail_length(n, k, target):
    return n**2 / (n * target - k)


def _designs(rng):
    instances = []
    for n, k in ((100, 4), (250, 12), (60, 3), (1000, 25)):
        target = k / n + rng.uniform(0.02, 0.3)
        instances.append(Instance({"n": n, "k": k, "target": target}, {"n": n, "k": k}))
    return instances


LENGTH = Exercise(
    name="tail_length",
    reference=tail_length,
    instances=_designs,
    mistakes=(
        Mistake(
            lambda n, k, target: n / target,
            "you spent the whole target on the tail. The k learned directions already cost k/n of it.",
        ),
        Mistake(
            lambda n, k, target: n * (target - k / n),
            "you solved R/n = target - k/n. A longer tail must cost less: the term is n/R.",
        ),
        Mistake(
            lambda n, k, target: n / (target + k / n),
            "the cost k/n has the wrong sign: it leaves less of the target for the tail, not more.",
        ),
        Mistake(
            lambda n, k, target: 1 / (target - k / n),
            "the tail has to absorb the noise of n observations: its cost is n/R, not 1/R.",
        ),
        Mistake(
            lambda n, k, target: n / (target - k / n) + k,
            "this is the number of all directions. Asked is the length of the tail, without the k in front.",
        ),
        Mistake(
            lambda n, k, target: math.ceil(tail_length(n, k, target)),
            "right, but rounded up: leave m a real number.",
        ),
        Mistake(
            lambda n, k, target: round(tail_length(n, k, target)),
            "right, but rounded: leave m a real number.",
        ),
    ),
)


TWO_LEVELS = Exercise(
    name="two_level_spectrum",
    # eigenvalues 1 four times and 0.01 two thousand times, n = 100: r_3 = 21, r_4 = 2000
    reference=np.array([4.0, 2000.0, 2000.0, 4 / 100 + 100 / 2000]),
    mistakes=(
        Mistake(
            np.array([5.0, 1999.0, 1999.0, 5 / 100 + 100 / 1999]),
            "k* is one too large. r_k divides by λ_{k+1}, the first eigenvalue of the tail: for k = 4 that "
            "is 0.01, not 1.",
        ),
        Mistake(
            np.array([3.0, 21.0, 21.0**2 / 1.2, 3 / 100 + 100 / (21.0**2 / 1.2)]),
            "k* is one too small: the tail behind k = 3 still holds an eigenvalue 1, so that r_3 = 21 < 100.",
        ),
        Mistake(
            np.array([4.0, 2000.0, 24.0**2 / 4.2, 4 / 100 + 100 / (24.0**2 / 4.2)]),
            "your R is R_0, the rank of the whole spectrum. Sum over the tail i > k* alone.",
        ),
        Mistake(
            np.array([4.0, 2000.0, 2000.0, 4 / 100 + 2000 / 100]),
            "the last entry has R/n in place of n/R: a longer tail spreads the noise thinner.",
        ),
        Mistake(
            np.array([0.0, 24.0, 24.0**2 / 4.2, 100 / (24.0**2 / 4.2)]),
            "k* is the first k with r_k ≥ n, and r_0 = 24 is smaller than n = 100.",
        ),
        Mistake(
            np.array([4.0, 2000.0, 100.0, 4 / 100 + 100 / 100]),
            "the numerator of R is not squared: it is (the sum over the tail)^2, here 20^2, over the sum of "
            "squares.",
        ),
        Mistake(
            np.array([4.0, 20.0, 2000.0, 4 / 100 + 100 / 2000]),
            "your r is the trace of the tail. Divide it by its largest eigenvalue, 0.01.",
        ),
    ),
)

BEST_FLOOR = Exercise(
    name="best_floor",
    # variance n^(1-q), bias the square of n^(q-2): equal at q = 5/3
    reference=np.array([5 / 3, 2 / 3]),
    mistakes=(
        Mistake(
            np.array([3 / 2, 1 / 2]),
            "you balanced the variance against the self-induced ridge. The bias is the square of that ridge: "
            "a longer floor is allowed.",
        ),
        Mistake(
            np.array([5 / 3, -2 / 3]),
            "the exponent has the wrong sign: the risk falls like n^{-c} with c > 0.",
        ),
        Mistake(
            np.array([5 / 3, 1 / 3]),
            "q is right. n^{-1/3} is the self-induced ridge, the risk falls like its square.",
        ),
        Mistake(
            np.array([5 / 3, 4 / 3]),
            "q is right. Your c is the variance's power counted twice: n^{1-q} itself is the risk.",
        ),
        Mistake(
            np.array([2.0, 1.0]),
            "at q = 2 the variance falls like 1/n, but the floor's trace is n: the ridge stays of order one "
            "and shrinks the signal.",
        ),
        Mistake(
            np.array([4 / 3, 2 / 3]),
            "you squared the variance instead of the bias: n/R costs its first power, the ridge its second.",
        ),
    ),
)

EXERCISES = (TWO_LEVELS, LENGTH, RANKS, PENALTY, BEST_FLOOR)
