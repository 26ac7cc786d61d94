"""Short runs for the classroom, or the sizes of the papers: one environment variable decides."""

from __future__ import annotations

import os

VARIABLE = "DLTHEORY_SCALE"
SCALES = ("class", "full")


def current_scale():
    """Return ``"class"`` (the default) or ``"full"``, as the environment variable ``DLTHEORY_SCALE`` says.

    The variable is read at each call, so that a notebook may set it in its first cell.

    Raises
    ------
    ValueError
        If the variable has any other value.

    Examples
    --------
    >>> current_scale() in ("class", "full")
    True
    """
    value = os.environ.get(VARIABLE, "").strip() or "class"
    if value not in SCALES:
        raise ValueError(f"{VARIABLE} must be 'class' or 'full', got {value!r}")
    return value


def by_scale(class_value, *, full):
    """Return ``class_value`` in the short runs and ``full`` in the runs at the sizes of the papers.

    Parameters
    ----------
    class_value : object
        What a run that ends within seconds uses, for example 50 seeds.
    full : object
        What a run at full size uses, for example 1000 seeds.

    Raises
    ------
    ValueError
        If the environment variable ``DLTHEORY_SCALE`` is neither ``class`` nor ``full``.

    Examples
    --------
    >>> by_scale(50, full=1000) == (50 if current_scale() == "class" else 1000)
    True
    """
    return class_value if current_scale() == "class" else full
