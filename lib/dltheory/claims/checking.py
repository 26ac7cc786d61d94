"""The check: a measurement against its prediction, within the registered tolerance."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np

from dltheory._validation import integer, real_array
from dltheory.claims import wording
from dltheory.claims.registration import registered

FALSE_ALARM = 1e-3
METADATA_KEY = "dltheory-claim"

_clock = {"last": time.perf_counter()}


class ClaimError(AssertionError):
    """A registered claim does not hold."""


@dataclass(frozen=True)
class CheckedClaim:
    """The outcome of one check: what the ledger prints.

    ``measured`` and ``predicted`` are rounded summaries over ``n_points`` points, of which ``n_holding`` lie
    within the tolerance; ``worst`` is the largest fraction of its tolerance that a point uses; ``seconds`` is
    the time since the previous check in this process.
    """

    id: str
    verdict: str
    sentence: str
    measured: str
    predicted: str
    tolerance: str
    n_points: int
    n_holding: int
    worst: float
    seconds: float

    def __repr__(self):
        return self.sentence

    def _repr_mimebundle_(self, include=None, exclude=None):
        details = self.sentence.partition(": ")[2]
        html = (
            f'<div class="claim claim-{self.verdict}">'
            f'<span class="claim-verdict">Claim {self.verdict}</span> '
            f'<code class="claim-id">{self.id}</code> '
            f'<span class="claim-details">{details}</span></div>'
        )
        return {"text/plain": self.sentence, "text/html": html}, {METADATA_KEY: asdict(self)}


@dataclass(frozen=True)
class Comparison:
    """The arrays behind a check, all of one shape, and the quantile that multiplies the standard error."""

    mean: np.ndarray
    standard_error: np.ndarray
    target: np.ndarray
    tolerance: np.ndarray
    used: np.ndarray
    quantile: float


def check(claim_id, measured, predicted=None, *, standard_error=None, n_seeds=None, allowance=None):
    """Compare a measurement with its prediction and raise :class:`ClaimError` if the claim fails.

    Parameters
    ----------
    claim_id : str
        An id of the registry.
    measured : float, array, or record with ``mean``, ``standard_error`` and ``n_seeds``
        What the simulation or the second computation gave, any shape.
    predicted : float or array, optional
        The theory's value, broadcastable to ``measured``; left out when the registry holds a constant.
    standard_error : float or array, optional
        Of ``measured``, when it is not a record. Required if and only if the claim is marked ``sampling``.
    n_seeds : int, optional
        How many seeds that standard error was estimated from; left out when it is known exactly.
    allowance : float or array, optional
        Further absolute tolerance computed from theory (a finite-size or discretisation term).

    Returns
    -------
    CheckedClaim
        Prints as one rounded sentence.

    Raises
    ------
    ClaimError
        When a point lies outside the tolerance.
    ValueError
        For an unknown id, non-finite measurements, or arguments that do not fit the registration.
    """
    claim = registered(claim_id)
    mean, error, n_seeds = _measurement(claim, measured, standard_error, n_seeds)
    target = _prediction(claim, predicted, mean)
    quantile = _quantile(claim, mean.size, n_seeds) if claim.sampling else 0.0
    scale = np.where(np.isfinite(target), np.abs(target), 0.0)
    slack = claim.relative * scale + claim.absolute + _allowance(claim, allowance, mean)
    tolerance = slack - quantile * error if claim.must_be_significant else slack + quantile * error
    used = _used_fraction(_deviation(claim, mean, target), tolerance)
    if claim.must_be_significant:  # no effect is not significant, even where its standard error is 0
        used = np.where((mean == target) & (slack == 0), np.inf, used)
    outcome = _outcome(claim, Comparison(mean, error, target, tolerance, used, quantile))
    if outcome.verdict == "fails":
        raise ClaimError(f"{outcome.sentence} Statement: {claim.statement} Tolerance: {outcome.tolerance}")
    return outcome


def collect(notebook):
    """Return the checked claims, as dictionaries, that the outputs of an executed notebook carry."""
    outputs = (o for cell in notebook["cells"] if cell["cell_type"] == "code" for o in cell["outputs"])
    return [o["metadata"][METADATA_KEY] for o in outputs if METADATA_KEY in o.get("metadata", {})]


def _measurement(claim, measured, standard_error, n_seeds):
    """Split ``measured`` into means, standard errors and the number of seeds (None if errors are exact)."""
    if n_seeds is not None:
        n_seeds = integer("n_seeds", n_seeds, at_least=2)
    if hasattr(measured, "standard_error"):
        if standard_error is not None or n_seeds is not None:
            raise ValueError(
                "standard_error and n_seeds must be left out when measured is a record that has its own"
            )
        measured, standard_error, n_seeds = measured.mean, measured.standard_error, measured.n_seeds
    if claim.sampling and standard_error is None:
        raise ValueError(f"standard_error is required: claim {claim.id!r} is marked sampling")
    if not claim.sampling and standard_error is not None:
        raise ValueError(f"standard_error must be left out: claim {claim.id!r} has no sampling")
    try:
        mean = np.asarray(measured, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"measured must be numeric in claim {claim.id!r}, got {measured!r}") from error
    if mean.size == 0 or np.any(np.isnan(mean)):
        raise ValueError(f"measured must be non-empty and free of NaN in claim {claim.id!r}")
    error = np.zeros_like(mean)
    if standard_error is not None:
        error = _broadcast("standard_error", real_array("standard_error", standard_error, at_least=0), mean)
    return mean, error, n_seeds


def _prediction(claim, predicted, mean):
    if (predicted is None) == (claim.value is None):
        raise ValueError(
            f"predicted must be given either to the check or as value in the registry of claim {claim.id!r}"
        )
    target = np.asarray(claim.value if predicted is None else predicted, dtype=float)
    if np.any(np.isnan(target)):
        raise ValueError(f"predicted must be free of NaN in claim {claim.id!r}")
    return _broadcast("predicted", target, mean)


def _allowance(claim, allowance, mean):
    if (allowance is not None) != claim.allowance:
        raise ValueError(f"allowance must be given exactly when claim {claim.id!r} is registered with it")
    if allowance is None:
        return np.zeros_like(mean)
    return _broadcast("allowance", real_array("allowance", allowance, at_least=0), mean)


def _broadcast(name, array, like):
    try:
        return np.broadcast_to(array, like.shape)
    except ValueError as error:
        raise ValueError(f"{name} must fit the shape {like.shape} of measured, got {array.shape}") from error


def _quantile(claim, n_points, n_seeds):
    from scipy.special import ndtri, stdtrit

    tail = FALSE_ALARM / n_points / (2 if claim.comparison == "equal" else 1)
    return float(-ndtri(tail) if n_seeds is None else -stdtrit(n_seeds - 1, tail))


def _deviation(claim, mean, target):
    """How far a point is on the wrong side of its prediction (two-sided for equality)."""
    with np.errstate(invalid="ignore"):
        gap = np.where(mean == target, 0.0, mean - target)
    return {"equal": np.abs(gap), "at_most": gap, "at_least": -gap}[claim.comparison]


def _used_fraction(deviation, tolerance):
    """The share of the tolerance that is used: at most 1 if and only if deviation <= tolerance.

    A negative tolerance asks for a distance to the safe side; the share is that distance over the one found.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(tolerance < 0, tolerance / deviation, deviation / tolerance)
    share = np.where((tolerance < 0) & (deviation >= 0), np.inf, share)
    return np.where((tolerance >= 0) & (deviation <= 0), 0.0, share)


def _outcome(claim, comparison):
    verdict = "holds" if np.all(comparison.used <= 1) else "fails"
    now = time.perf_counter()
    seconds, _clock["last"] = now - _clock["last"], now
    return CheckedClaim(
        id=claim.id,
        verdict=verdict,
        sentence=f"{claim.id} {verdict}: {wording.details(claim, comparison)}.",
        measured=wording.summary(comparison.mean, comparison.standard_error if claim.sampling else None),
        predicted=wording.summary(comparison.target),
        tolerance=wording.tolerance(claim, comparison.quantile),
        n_points=comparison.mean.size,
        n_holding=int(np.sum(comparison.used <= 1)),
        worst=float(np.max(comparison.used)),
        seconds=round(seconds, 3),
    )
