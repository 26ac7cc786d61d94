"""What figures decide when they are drawn: margins that hold every label, and one notation on a log axis."""

from __future__ import annotations

import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogFormatterSciNotation
from matplotlib.transforms import Affine2D

EDGE = 0.03
"""Least distance of a label from the edge, inches."""
PLAIN_DECADES = (1e-2, 1e4)
"""A logarithmic axis whose powers of ten all lie here shows plain numbers, another one powers."""


class OneNotation(LogFormatterSciNotation):
    """Labels of a logarithmic axis: 0.01, 1, 100 or 10^-6, 10^-3, 10^0, but never some of each.

    Matplotlib chooses the notation of each label by itself.
    """

    def __call__(self, x, pos=None):
        power = super().__call__(x, pos)  # empty where no label belongs
        return rf"$\mathdefault{{{x:g}}}$" if power and self._sets_plain_numbers() else power

    def _sets_plain_numbers(self):
        low, high = sorted(self.axis.get_view_interval())
        return self._base == 10 and low > PLAIN_DECADES[0] / 10 and high < PLAIN_DECADES[1] * 10


class SettledLayout(ConstrainedLayoutEngine):
    """Constrained layout that leaves no label outside the figure.

    Matplotlib stops after two rounds. Where the choice of ticks depends on the margins, these may then be for
    other, shorter labels, and the name of the axis is cut off.
    """

    def execute(self, fig):
        for ax in fig.axes:
            _use_one_notation(ax)
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


def lay_out(fig):
    """Matplotlib calls this hook for each new figure."""
    fig.set_layout_engine(SettledLayout())


def _use_one_notation(ax):
    """Put `OneNotation` in place of matplotlib's formatter where the axis is logarithmic and has that one."""
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() != "log":
            continue
        for ticks in (axis.major, axis.minor):
            if type(ticks.formatter) is LogFormatterSciNotation:
                ticks.formatter = _like(ticks.formatter, axis)


def _like(formatter, axis):
    one = OneNotation(formatter._base, formatter.labelOnlyBase, formatter.minor_thresholds)
    one.set_axis(axis)
    return one
