"""One look for all figures: measurements are filled markers with a band, predictions a dashed dark line.

Figures have a transparent background and ink of middle darkness: they are legible on white paper, in
greyscale, and on a dark page that shows them through the CSS filter ``invert(1) hue-rotate(180deg)``.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

from dltheory._validation import integer, real_array

WIDTH = 5.2
"""Width of every figure, inches."""
HEIGHT = 3.5
"""Height of a figure of one panel, inches."""
FONT_SIZE = 13.0
"""Points; 9.3 points on a phone that shows the figure 268 points wide."""

INK = "#222222"
BLUE, VERMILLION, PURPLE, GREEN = "#005B96", "#C84E00", "#5F1F52", "#00A67A"
COLORS = (BLUE, VERMILLION, GREEN, PURPLE)
"""The hues of Okabe and Ito (2008), with lightness spread so that they also differ in greyscale."""
MARKERS = ("o", "s", "^", "D")
DASHES = ("-", (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1.5)))
MEASURED = BLUE
PREDICTED = INK
PREDICTED_DASHES = (0, (4.5, 2))
"""Longer than the dashes of `DASHES`, and drawn in ink: no series looks like it."""
PREDICTED_LABEL = "predicted"


class Drawn(NamedTuple):
    """What was drawn.

    Attributes
    ----------
    points : matplotlib Line2D
        The markers of the measurement.
    band : matplotlib PolyCollection or None
        ``None`` where the measurement has no errors.
    line : matplotlib Line2D or None
        The prediction; ``None`` if only the measurement was drawn.
    """

    points: mpl.lines.Line2D
    band: mpl.collections.PolyCollection | None
    line: mpl.lines.Line2D | None


def use_style():
    """Set the style of all figures of a notebook; call it once, at the top.

    Examples
    --------
    >>> use_style()
    >>> plt.rcParams["figure.figsize"][0] == WIDTH
    True
    """
    plt.rcParams.update(style())
    if "IPython" in sys.modules:
        _keep_width_in_notebooks()


def style():
    """Return the style as a dict of matplotlib's settings.

    Examples
    --------
    >>> style()["axes.titlesize"] == FONT_SIZE
    True
    """
    sizes = ["font.size", "axes.labelsize", "axes.titlesize", "xtick.labelsize", "ytick.labelsize"]
    sizes += ["legend.fontsize", "legend.title_fontsize", "figure.labelsize", "figure.titlesize"]
    inks = ["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"]
    cycle = cycler(color=COLORS, linestyle=DASHES)
    return {
        **dict.fromkeys(sizes, FONT_SIZE),
        **dict.fromkeys(inks, INK),
        "axes.facecolor": "none",
        "axes.formatter.min_exponent": 0,  # powers; where plain numbers fit, the layout puts these
        "axes.linewidth": 0.9,
        "axes.prop_cycle": cycle,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.constrained_layout.use": True,
        "figure.dpi": 220,
        "figure.facecolor": "none",
        "figure.figsize": (WIDTH, HEIGHT),
        "figure.hooks": ["dltheory._figure_layout:lay_out"],
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that all machines draw the same
        "image.cmap": "cividis",
        "legend.frameon": False,  # a filled box would hide data, and show as a black one on a dark page
        "legend.handlelength": 2.4,
        "lines.linewidth": 2.0,
        "lines.markersize": 6.0,
        "mathtext.fontset": "dejavusans",
        "savefig.bbox": None,
        "savefig.dpi": "figure",
        "savefig.facecolor": "none",
    }


def measured_vs_predicted(
    ax,
    x,
    measured,
    predicted,
    *,
    label=None,
    predicted_x=None,
    band="standard_error",
    series=None,
    gap_at=None,
):
    r"""Draw a measurement as markers with a band, and its prediction as a dashed dark line.

    .. math:: \bar v(x) \pm 2\, \widehat{\mathrm{se}}(x) \qquad\text{against}\qquad v_\text{theory}(x).

    Parameters
    ----------
    ax : matplotlib Axes
    x : array, shape (n_points,)
    measured : SweepResult of one output, or array, shape (n_points,)
        An array, or a sweep of one seed, has no band.
    predicted : array, shape (n_points,)
        Or of the shape of ``predicted_x``. Infinite values (poles) leave a gap.
    label : str, optional
        Name of the measurement in the legend, "measured" if there is only one.
    predicted_x : array, optional
        Where the prediction is evaluated, if that is not ``x``; a finer grid draws a smoother line.
    band : "standard_error" or pair of float
        Mean with two standard errors to each side, or median with two quantiles, such as (0.1, 0.9).
    series : int, optional
        Which colour and marker; by default the next one of these axes.
    gap_at : float or array of float, optional
        Poles: the band and the prediction end on one side of each and begin again on the other.

    Returns
    -------
    Drawn

    Raises
    ------
    ValueError
        If lengths do not agree, a value is NaN, or ``measured`` has several outputs; with ``gap_at`` if the
        positions do not increase.

    Examples
    --------
    >>> drawn = measured_vs_predicted(plt.figure().gca(), [1, 2, 3], [1.1, 1.9, 3.0], [1, 2, 3])
    >>> drawn.points.get_label(), drawn.line.get_label()
    ('measured', 'predicted')
    """
    line_x = _positions("x", x) if predicted_x is None else _positions("predicted_x", predicted_x)
    _with_gaps(gap_at, line_x, _heights("predicted", predicted, line_x))  # before anything is drawn
    drawn = draw_measured(ax, x, measured, label=label, band=band, series=series, gap_at=gap_at)
    return drawn._replace(line=draw_predicted(ax, line_x, predicted, gap_at=gap_at))


def draw_measured(ax, x, measured, *, label=None, band="standard_error", series=None, gap_at=None):
    """Draw a measurement alone: the markers and the band of `measured_vs_predicted`.

    ``gap_at``, a position or several, breaks the band there, as at a pole; a band reaches from one position
    to the next, so that a position with no neighbour on its side of the pole has markers only.

    Examples
    --------
    >>> draw_measured(plt.figure().gca(), [1, 2], [0.5, 0.7], label="test error").points.get_marker()
    'o'
    """
    x = _positions("x", x)
    center, low, high = _center_and_band(measured, band)
    center = _heights("measured", center, x)
    if low is not None:
        low, high = _drawable(low), _drawable(high)
        band_x, low, high = _with_gaps(gap_at, x, low, high)
    earlier = sum(line.get_gid() == "measured" for line in ax.lines)
    k = (earlier if series is None else integer("series", series)) % len(COLORS)
    label = "measured" if label is None else label
    style = {"marker": MARKERS[k], "color": COLORS[k]}
    (points,) = ax.plot(x, center, ls="none", **style, label=label, gid="measured", zorder=2.5)
    area = None
    if low is not None:
        area = ax.fill_between(band_x, low, high, color=COLORS[k], alpha=0.3, lw=0, zorder=1.5)
    legend(ax)
    return Drawn(points, area, None)


def draw_predicted(ax, x, predicted, *, label=PREDICTED_LABEL, gap_at=None):
    """Draw a prediction alone: the dashed dark line of `measured_vs_predicted`.

    Lines of one label share one entry in the legend. ``gap_at``, a position or several, breaks the line.

    Examples
    --------
    >>> draw_predicted(plt.figure().gca(), [1, 2], [0.5, 0.7]).get_color() == PREDICTED
    True
    """
    x = _positions("x", x)
    x, y = _with_gaps(gap_at, x, _heights("predicted", predicted, x))
    if any(line.get_label() == label for line in ax.lines):
        label = "_nolegend_"
    (line,) = ax.plot(
        x, y, ls=PREDICTED_DASHES, marker="", color=PREDICTED, lw=1.8, label=label, gid="predicted", zorder=3
    )
    legend(ax)
    return line


def legend(ax, **options):
    """Draw the legend of axes with the predictions last, in whatever order things were drawn.

    The functions that draw do so by themselves. Call it after them, in place of ``ax.legend``, to set where
    the legend stands or to name what was drawn by other means.

    Parameters
    ----------
    ax : matplotlib Axes
    **options
        Those of ``ax.legend`` without ``handles`` and ``labels``: ``loc``, ``ncols``, ``fontsize``, ...

    Returns
    -------
    matplotlib Legend

    Raises
    ------
    ValueError
        If ``handles`` or ``labels`` are among the options.

    Examples
    --------
    >>> ax = plt.figure().gca()
    >>> drawn = draw_predicted(ax, [1, 2], [0.5, 0.7]), draw_measured(ax, [1, 2], [0.5, 0.7])
    >>> [text.get_text() for text in legend(ax, loc="upper left").get_texts()]
    ['measured', 'predicted']
    """
    for name in {"handles", "labels"} & options.keys():
        raise ValueError(f"{name} must be left out: legend takes them from the axes, got {options[name]!r}")
    handles, labels = ax.get_legend_handles_labels()
    predicted = [getattr(handle, "get_gid", str)() == "predicted" for handle in handles]
    order = sorted(range(len(handles)), key=predicted.__getitem__)
    return ax.legend([handles[i] for i in order], [labels[i] for i in order], **options)


def panels(n, *, height=2.6, sharex=True):
    """Return a figure with n panels, one below the other so that they stay readable on a phone.

    Parameters
    ----------
    n : int
    height : float
        Inches for each panel; the width is that of all figures.
    sharex : bool
        One horizontal axis for all panels.

    Returns
    -------
    figure : matplotlib Figure
    axes : array of Axes, shape (n,)

    Raises
    ------
    ValueError
        If ``n`` is less than 1 or ``height`` is not positive.

    Examples
    --------
    >>> figure, axes = panels(2, height=2.5)
    >>> axes.shape, figure.get_size_inches().tolist()
    ((2,), [5.2, 5.0])
    """
    n = integer("n", n, at_least=1)
    height = float(real_array("height", height, ndim=0, above=0))
    figure, axes = plt.subplots(n, 1, figsize=(WIDTH, n * height), sharex=sharex, squeeze=False)
    return figure, axes[:, 0]


def _center_and_band(measured, band):
    """Return center, low, high; the last two are None where there are no errors."""
    quantiles = None if isinstance(band, str) else real_array("band", band, ndim=1, at_least=0, at_most=1)
    if quantiles is None and band != "standard_error":
        raise ValueError(f"band must be 'standard_error' or a pair of quantiles, got {band!r}")
    if quantiles is not None and (len(quantiles) != 2 or quantiles[0] >= quantiles[1]):
        raise ValueError(f"band must be a pair of increasing quantiles, got {band!r}")
    if not hasattr(measured, "n_seeds"):
        return measured, None, None
    if quantiles is not None:
        return measured.median, *measured.quantile(quantiles)
    if measured.n_seeds < 2:
        return measured.mean, None, None
    center, error = measured.mean, np.where(np.isfinite(measured.mean), measured.standard_error, np.nan)
    return center, center - 2 * error, center + 2 * error


def _positions(name, x):
    return real_array(name, x, ndim=1)


def _heights(name, y, x):
    """Return y of the length of x, with NaN, which matplotlib skips, in place of infinite values."""
    try:
        y = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {y!r}") from error
    if y.shape != x.shape:
        raise ValueError(f"{name} must have one value for each of {x.size} positions, got shape {y.shape}")
    if np.isnan(y).any():
        raise ValueError(f"{name} must not be NaN, got {np.isnan(y).sum()} such values")
    return _drawable(y)


def _drawable(y):
    return np.where(np.isfinite(y), y, np.nan)


def _with_gaps(gap_at, x, *heights):
    """Return x and the heights with NaN at each gap: in place of a value there, or between its neighbours."""
    if gap_at is None:
        return x, *heights
    gaps = np.unique(real_array("gap_at", gap_at))
    if np.any(np.diff(x) <= 0):
        raise ValueError(f"positions must increase where gap_at is given, got {x}")
    heights = [np.where(np.isin(x, gaps), np.nan, y) for y in heights]
    new = gaps[~np.isin(gaps, x)]
    at = np.searchsorted(x, new)
    return np.insert(x, at, new), *(np.insert(y, at, np.nan) for y in heights)


def _keep_width_in_notebooks():
    """Stop the inline backend from cropping each figure to its content, which gives each its own width."""
    from IPython import get_ipython
    from matplotlib_inline.config import InlineBackend

    shell = get_ipython()
    if shell is not None:
        InlineBackend.instance(parent=shell).print_figure_kwargs = {"bbox_inches": None}
