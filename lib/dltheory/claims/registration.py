"""The registry: what the book asserts, read from the claim tables of every chapter."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

STATUSES = ("proved", "asymptotic", "replica", "observed")
COMPARISONS = ("equal", "at_most", "at_least")


@dataclass(frozen=True)
class Claim:
    """One registered assertion, as written in ``dltheory/<chapter>/claims/<notebook>.toml``.

    ``status`` says how the statement is known: proved, asymptotic, replica (physics) or only observed.
    ``source`` is a bibliography key (empty for a statement of ours), ``locator`` the theorem in it.
    ``function`` is the dotted name of the library function that evaluates the theory. ``comparison`` says how
    the measurement relates to the prediction; ``sampling`` that the measurement has a standard error;
    ``relative``, ``absolute`` and ``allowance`` (computed at the check) are the other parts of the tolerance,
    justified by ``reason``. ``value`` is the prediction when it is a constant. ``breaks`` names the
    assumption that is dropped by a claim that shows a failure.
    """

    id: str
    chapter: str
    notebook: str
    statement: str
    function: str
    status: str
    reason: str
    comparison: str = "equal"
    sampling: bool = False
    relative: float = 0.0
    absolute: float = 0.0
    allowance: bool = False
    value: float | None = None
    source: str = ""
    locator: str = ""
    breaks: str = ""

    @property
    def must_be_significant(self):
        """Whether sampling error counts against the claim: an inequality without a theorem."""
        return self.sampling and self.status == "observed" and self.comparison != "equal"

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"status of claim {self.id!r} must be one of {STATUSES}, got {self.status!r}")
        if self.comparison not in COMPARISONS:
            raise ValueError(
                f"comparison of claim {self.id!r} must be one of {COMPARISONS}, got {self.comparison!r}"
            )
        if min(self.relative, self.absolute) < 0:
            raise ValueError(f"relative and absolute of claim {self.id!r} must not be negative")
        if not (self.statement and self.function and self.reason):
            raise ValueError(f"claim {self.id!r} needs a statement, a function and a reason")


@cache
def registry():
    """Return all registered claims as a mapping from id to :class:`Claim`.

    >>> all(claim.id == key for key, claim in registry().items())
    True
    """
    claims = {}
    for chapter, table in _tables():
        notebook = table.name.removesuffix(".toml")
        for claim in read_claims(table.read_text(encoding="utf-8"), chapter=chapter, notebook=notebook):
            if claim.id in claims:
                raise ValueError(f"claim {claim.id!r} is registered twice")
            claims[claim.id] = claim
    return claims


def _tables():
    """All pairs (chapter, ``dltheory/<chapter>/claims/<notebook>.toml``)."""
    for chapter in sorted(resources.files("dltheory").iterdir(), key=lambda entry: entry.name):
        folder = chapter / "claims"
        if folder.is_dir():
            for table in sorted(folder.iterdir(), key=lambda entry: entry.name):
                if table.name.endswith(".toml"):
                    yield chapter.name, table


def read_claims(text, *, chapter, notebook):
    """Read the claims of one notebook: one TOML table a claim, keys as the fields of :class:`Claim`."""
    known = {field.name for field in fields(Claim)} - {"id", "chapter", "notebook"}
    claims = []
    for key, table in tomllib.loads(text).items():
        if unknown := set(table) - known:
            raise ValueError(f"claim {key!r} has unknown keys {sorted(unknown)}; known are {sorted(known)}")
        try:
            claims.append(Claim(id=key, chapter=chapter, notebook=notebook, **table))
        except TypeError as error:
            raise ValueError(f"claim {key!r} in {chapter}/{notebook}: {error}") from error
    return claims


def registered(claim_id):
    """Return the claim of that id, or raise a ValueError."""
    if claim_id not in registry():
        raise ValueError(f"claim_id must be a registered claim, got {claim_id!r}")
    return registry()[claim_id]


def audit(checked_ids):
    """Return, as sentences, the faults of a book whose notebooks checked ``checked_ids``; empty if sound.

    >>> audit(list(registry()))
    []
    """
    checked_ids = list(checked_ids)
    twice = sorted({i for i in checked_ids if checked_ids.count(i) > 1})
    return (
        [f"claim {i!r} is registered and never checked" for i in sorted(set(registry()) - set(checked_ids))]
        + [f"claim {i!r} is checked and not registered" for i in sorted(set(checked_ids) - set(registry()))]
        + [f"claim {i!r} is checked more than once" for i in twice]
    )
