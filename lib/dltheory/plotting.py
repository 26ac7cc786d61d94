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
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Affine2D

from dltheory._validation import integer, real_array

WIDTH = 5.2
"""Width of every figure, inches."""
HEIGHT = 3.5
"""Height of a figure of one panel, inches."""
EDGE = 0.03
"""Least distance of a label from the edge, inches."""
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
        "axes.formatter.min_exponent": 3,  # 0.2, not 2 x 10^-1, which does not fit between the ticks
        "axes.linewidth": 0.9,
        "axes.prop_cycle": cycle,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.constrained_layout.use": True,
        "figure.dpi": 220,
        "figure.facecolor": "none",
        "figure.figsize": (WIDTH, HEIGHT),
        "figure.hooks": ["dltheory.plotting:_lay_out"],
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
    ax, x, measured, predicted, *, label=None, predicted_x=None, band="standard_error", series=None
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

    Returns
    -------
    Drawn

    Raises
    ------
    ValueError
        If lengths do not agree, a value is NaN, or ``measured`` has several outputs.

    Examples
    --------
    >>> drawn = measured_vs_predicted(plt.figure().gca(), [1, 2, 3], [1.1, 1.9, 3.0], [1, 2, 3])
    >>> drawn.points.get_label(), drawn.line.get_label()
    ('measured', 'predicted')
    """
    line_x = _positions("x", x) if predicted_x is None else _positions("predicted_x", predicted_x)
    _heights("predicted", predicted, line_x)  # before anything is drawn
    drawn = draw_measured(ax, x, measured, label=label, band=band, series=series)
    return drawn._replace(line=draw_predicted(ax, line_x, predicted))


def draw_measured(ax, x, measured, *, label=None, band="standard_error", series=None):
    """Draw a measurement alone: the markers and the band of `measured_vs_predicted`.

    Examples
    --------
    >>> draw_measured(plt.figure().gca(), [1, 2], [0.5, 0.7], label="test error").points.get_marker()
    'o'
    """
    x = _positions("x", x)
    center, low, high = _center_and_band(measured, band)
    center = _heights("measured", center, x)
    earlier = sum(line.get_gid() == "measured" for line in ax.lines)
    k = (earlier if series is None else integer("series", series)) % len(COLORS)
    label = "measured" if label is None else label
    style = {"marker": MARKERS[k], "color": COLORS[k]}
    (points,) = ax.plot(x, center, ls="none", **style, label=label, gid="measured", zorder=2.5)
    area = None
    if low is not None:
        low, high = _drawable(low), _drawable(high)
        area = ax.fill_between(x, low, high, color=COLORS[k], alpha=0.3, lw=0, zorder=1.5)
    _legend(ax)
    return Drawn(points, area, None)


def draw_predicted(ax, x, predicted, *, label=PREDICTED_LABEL):
    """Draw a prediction alone: the dashed dark line of `measured_vs_predicted`.

    Lines of one label share one entry in the legend.

    Examples
    --------
    >>> draw_predicted(plt.figure().gca(), [1, 2], [0.5, 0.7]).get_color() == PREDICTED
    True
    """
    x = _positions("x", x)
    y = _heights("predicted", predicted, x)
    if any(line.get_label() == label for line in ax.lines):
        label = "_nolegend_"
    (line,) = ax.plot(
        x, y, ls=PREDICTED_DASHES, marker="", color=PREDICTED, lw=1.8, label=label, gid="predicted", zorder=3
    )
    _legend(ax)
    return line


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


def _legend(ax):
    handles, labels = ax.get_legend_handles_labels()
    predicted = [getattr(handle, "get_gid", str)() == "predicted" for handle in handles]
    order = sorted(range(len(handles)), key=predicted.__getitem__)
    ax.legend([handles[i] for i in order], [labels[i] for i in order])


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


class _SettledLayout(ConstrainedLayoutEngine):
    """Constrained layout that leaves no label outside the figure.

    Matplotlib stops after two rounds. Where the choice of ticks depends on the margins, these may then be for
    other, shorter labels, and the name of the axis is cut off.
    """

    def execute(self, fig):
        super().execute(fig)
        size = fig.get_size_inches()
        for _ in range(4):
            box = fig.get_tightbbox()
            left, below = np.maximum(0.0, EDGE - box.min) / size
            right, above = np.maximum(0.0, box.max + EDGE - size) / size
            if max(left, right, below, above) < 1e-3:
                break
            inner = Affine2D().scale(1 - left - right, 1 - below - above).translate(left, below)
            for ax in fig.axes:
                ax.set_position(ax.get_position(original=True).transformed(inner))
                ax.set_in_layout(True)  # set_position takes the axes out of the layout


def _lay_out(fig):
    fig.set_layout_engine(_SettledLayout())


def _keep_width_in_notebooks():
    """Stop the inline backend from cropping each figure to its content, which gives each its own width."""
    from IPython import get_ipython
    from matplotlib_inline.config import InlineBackend

    shell = get_ipython()
    if shell is not None:
        InlineBackend.instance(parent=shell).print_figure_kwargs = {"bbox_inches": None}
