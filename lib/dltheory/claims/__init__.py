"""Claims: every quantitative sentence of the book, registered once and checked when the book is built.

A claim is registered in ``dltheory/<chapter>/claims/<notebook>.toml`` and checked once, in that notebook::

    claims.check("ridgeless-risk", measured, predicted.risk)

A point holds when its deviation is within

.. math:: q\\,\\widehat{\\mathrm{se}} + \\rho\\,|\\text{predicted}| + \\delta + \\text{allowance},

where q is the quantile of Student's law (Gaussian when the number of seeds is unknown) that lets a true claim
fail with probability at most ``FALSE_ALARM`` over all its points together (Bonferroni). The relative part rho
and the absolute part delta stand in the registry, with their reason.

An inequality that is only observed has no theorem in its favour: there the sampling term counts against the
claim, so that the effect has to be significant. The build collects all checks into the ledger.
"""

from dltheory.claims.checking import (
    FALSE_ALARM,
    METADATA_KEY,
    CheckedClaim,
    ClaimError,
    check,
    collect,
)
from dltheory.claims.registration import Claim, audit, read_claims, registry

__all__ = [
    "FALSE_ALARM",
    "METADATA_KEY",
    "CheckedClaim",
    "Claim",
    "ClaimError",
    "audit",
    "check",
    "collect",
    "read_claims",
    "registry",
]
