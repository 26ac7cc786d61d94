"""Figures: what is drawn, and that a phone, a printer, a dark page and a colour-blind reader can show it."""

import itertools
import subprocess
import sys
import textwrap

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from dltheory import plotting
from dltheory.plotting import Drawn, draw_measured, draw_predicted, measured_vs_predicted, panels, use_style
from dltheory.sweep import batched, sweep

X = np.array([0.5, 1.0, 2.0, 4.0])
PALETTE = dict(
    zip(["blue", "vermillion", "green", "purple", "ink"], [*plotting.COLORS, plotting.INK], strict=True)
)
PAGE, DARK_PAGE = np.ones(3), np.array([0x14, 0x18, 0x1E]) / 255


@pytest.fixture(autouse=True)
def fresh_style():
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


@batched
def noisy_square(x, rngs):
    return x**2 + np.array([rng.normal() for rng in rngs])


@pytest.fixture
def measured():
    return sweep(noisy_square, {"x": X}, seeds=9)


@pytest.fixture
def ax():
    return plt.subplots()[1]


def band_edges(band):
    """The lowest and the highest drawn ordinate at each position."""
    vertices = band.get_paths()[0].vertices
    return [(vertices[vertices[:, 0] == x, 1].min(), vertices[vertices[:, 0] == x, 1].max()) for x in X]


# --- what is drawn -----------------------------------------------------------------------------------


def test_markers_are_means_and_the_band_two_standard_errors(ax, measured):
    drawn = measured_vs_predicted(ax, X, measured, X**2)
    assert isinstance(drawn, Drawn)
    assert np.array_equal(drawn.points.get_ydata(), measured.values.mean(axis=1))
    error = measured.values.std(axis=1, ddof=1) / 3
    wanted = np.stack([measured.mean - 2 * error, measured.mean + 2 * error], axis=1)
    assert np.allclose(band_edges(drawn.band), wanted)
    assert np.array_equal(drawn.line.get_ydata(), X**2)
    assert set(ax.lines) == {drawn.points, drawn.line}
    assert list(ax.collections) == [drawn.band]


def test_a_pair_of_quantiles_is_a_band_around_the_median(ax, measured):
    drawn = measured_vs_predicted(ax, X, measured, X**2, band=(0.1, 0.9))
    assert np.allclose(drawn.points.get_ydata(), np.median(measured.values, axis=1))
    assert np.allclose(band_edges(drawn.band), np.quantile(measured.values, [0.1, 0.9], axis=1).T)


def test_looks_of_measured_and_predicted(ax, measured):
    points, band, line = measured_vs_predicted(ax, X, measured, X**2)
    assert points.get_linestyle() == "None"
    assert points.get_marker() == "o"
    assert points.get_fillstyle() == "full"
    assert points.get_color() == plotting.MEASURED
    assert mpl.colors.same_color(band.get_facecolor()[0][:3], plotting.MEASURED)
    assert line.get_color() == plotting.PREDICTED
    assert line.is_dashed()
    assert line.get_marker() in ("", "None")
    assert line.get_zorder() > points.get_zorder() > band.get_zorder()


@pytest.mark.parametrize("n_seeds", [None, 1])
def test_without_errors_there_is_no_band(ax, n_seeds):
    measured = X**2 if n_seeds is None else sweep(noisy_square, {"x": X}, seeds=n_seeds)
    drawn = measured_vs_predicted(ax, X, measured, X**2)
    assert drawn.band is None
    assert len(drawn.points.get_ydata()) == 4


def test_the_prediction_may_stand_on_a_finer_grid(ax, measured):
    fine = np.linspace(0.5, 4, 50)
    drawn = measured_vs_predicted(ax, X, measured, fine**2, predicted_x=fine)
    assert np.array_equal(drawn.line.get_xdata(), fine)
    assert np.array_equal(drawn.points.get_xdata(), X)


def test_poles_leave_a_gap_and_keep_the_limits_finite(ax):
    pole = batched(lambda x, rngs: np.where(x == 1, np.inf, x + np.arange(len(rngs))))
    predicted = np.where(X == 1, np.inf, X)
    drawn = measured_vs_predicted(ax, X, sweep(pole, {"x": X}, seeds=3), predicted)
    ax.figure.canvas.draw()
    assert np.isnan(drawn.points.get_ydata()).tolist() == [False, True, False, False]
    assert np.isnan(drawn.line.get_ydata()).tolist() == [False, True, False, False]
    low, high = 1.5 - 2 / np.sqrt(3), 5 + 2 / np.sqrt(3)  # the values are x, x + 1, x + 2
    margin = 0.05 * (high - low)
    assert np.allclose(ax.get_ylim(), (low - margin, high + margin))


def test_each_series_has_its_own_look_and_predicted_comes_last_and_once(ax, measured):
    drawn = [measured_vs_predicted(ax, X, measured, k + X**2, label=f"series {k}") for k in range(4)]
    assert len({d.points.get_marker() for d in drawn}) == 4
    assert len({d.points.get_color() for d in drawn}) == 4
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["series 0", "series 1", "series 2", "series 3", "predicted"]
    assert measured_vs_predicted(ax, X, measured, X, series=1).points.get_color() == plotting.COLORS[1]


def test_parts_can_be_drawn_alone(ax, measured):
    points, band, line = draw_measured(ax, X, measured, label="test error")
    assert (band is None, line) == (False, None)
    draw_predicted(ax, X, X, label="bound")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["test error", "bound"]
    assert points in ax.lines


def test_the_legend_can_be_placed_and_still_has_predictions_last(ax, measured):
    measured_vs_predicted(ax, X, measured, X**2, label="first")
    draw_measured(ax, X, measured, label="second")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "second", "predicted"]
    ax.axhline(2.0, label="a level")
    shown = plotting.legend(ax, loc="lower right", ncols=2, fontsize=11)
    assert shown is ax.get_legend()
    assert [text.get_text() for text in shown.get_texts()] == ["first", "second", "a level", "predicted"]
    assert (shown._get_loc(), shown._ncols) == (mpl.legend.Legend.codes["lower right"], 2)
    with pytest.raises(ValueError, match="labels must be left out"):
        plotting.legend(ax, labels=["a"])


def test_a_gap_breaks_band_and_prediction_and_keeps_the_markers(ax, measured):
    drawn = measured_vs_predicted(ax, X, measured, X**2, gap_at=1.5)
    assert np.array_equal(drawn.points.get_ydata(), measured.mean)
    sides = [path.vertices[:, 0] for path in drawn.band.get_paths()]
    assert [(side.min(), side.max()) for side in sides] == [(0.5, 1.0), (2.0, 4.0)]
    assert np.allclose(drawn.line.get_xdata(), [0.5, 1, 1.5, 2, 4])
    assert np.isnan(drawn.line.get_ydata()).tolist() == [False, False, True, False, False]
    alone = draw_measured(ax, X, measured, gap_at=[0.7, 3.0])
    wide = [path.vertices[:, 0] for path in alone.band.get_paths() if np.ptp(path.vertices[:, 0])]
    assert [(side.min(), side.max()) for side in wide] == [(1.0, 2.0)]


def test_a_gap_at_a_position_leaves_this_position_out_of_the_band(ax, measured):
    band = draw_measured(ax, X, measured, gap_at=1.0).band
    reached = [path.vertices[:, 0].tolist() for path in band.get_paths()]
    assert {x for side in reached for x in side if len(set(side)) > 1} == {2.0, 4.0}
    line = draw_predicted(ax, X, X, gap_at=[1.0, 9.0])
    assert np.isnan(line.get_ydata()[1])
    assert np.count_nonzero(np.isfinite(line.get_ydata())) == 3
    assert ax.get_xlim()[1] < 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:3]}, "predicted must have one value for each of 3 positions"),
        ({"x": X[:3], "predicted": X[:3]}, "measured must have one value for each of 3 positions"),
        ({"x": [1, 2, np.nan, 3]}, "x must be finite"),
        ({"x": np.ones((2, 2))}, "x must have 1 dimension"),
        ({"measured": np.ones(3)}, r"measured must have one value for each of 4 positions, got shape \(3,\)"),
        ({"measured": [1, 2, 3, np.nan]}, "measured must not be NaN"),
        ({"measured": ["a"] * 4}, "measured must be an array of real numbers"),
        ({"predicted": [1, 2, 3, np.nan]}, "predicted must not be NaN"),
        ({"predicted": 3.0}, "predicted must have one value for each of 4 positions"),
        ({"predicted_x": [1, 2]}, "predicted must have one value for each of 2 positions"),
        ({"predicted_x": [1, 2, 3, np.inf]}, "predicted_x must be finite"),
        ({"band": "sd"}, "band must be 'standard_error' or a pair of quantiles, got 'sd'"),
        ({"band": (0.9, 0.1)}, "band must be a pair of increasing quantiles"),
        ({"band": (0.1, 0.5, 0.9)}, "band must be a pair of increasing quantiles"),
        ({"band": (-0.1, 0.9)}, "band must be at least 0"),
        ({"series": -1}, "series must be at least 0"),
        ({"series": 0.5}, "series must be an integer"),
        ({"gap_at": np.nan}, "gap_at must be finite"),
        ({"x": X[::-1], "gap_at": 1.5}, "positions must increase where gap_at is given"),
    ],
)
def test_bad_input_is_named_and_nothing_is_drawn(ax, change, message):
    arguments = {"x": X, "measured": X, "predicted": X} | change
    with pytest.raises(ValueError, match=message):
        measured_vs_predicted(
            ax, arguments.pop("x"), arguments.pop("measured"), arguments.pop("predicted"), **arguments
        )
    assert not ax.lines


def test_a_sweep_of_several_outputs_has_to_be_chosen_from(ax):
    both = sweep(lambda x, rng: {"bias": x, "variance": 2 * x}, {"x": X}, seeds=2)
    with pytest.raises(ValueError, match="choose one output"):
        measured_vs_predicted(ax, X, both, X)
    assert measured_vs_predicted(ax, X, both["variance"], X).points.get_ydata().tolist() == (2 * X).tolist()


def test_panels_are_stacked_and_share_the_width():
    for n in (1, 3):
        figure, axes = panels(n, height=2.0)
        assert axes.shape == (n,)
        assert figure.get_size_inches().tolist() == [plotting.WIDTH, 2.0 * n]
        figure.canvas.draw()
        boxes = [ax.get_position() for ax in axes]
        assert len({round(box.x0, 6) for box in boxes}) == 1
        assert all(upper.y0 > lower.y1 for upper, lower in itertools.pairwise(boxes))
    for n, height in [(0, 2.0), (1.5, 2.0), (2, 0.0), (2, np.nan)]:
        with pytest.raises(ValueError, match=r"n must be|height must be"):
            panels(n, height=height)


# --- size and layout ---------------------------------------------------------------------------------


def test_every_text_is_at_least_9_points_on_a_phone(ax, measured):
    measured_vs_predicted(ax, X, measured, X**2)
    ax.set(xlabel="aspect ratio", ylabel="risk")
    ax.figure.canvas.draw()
    shrink = 358 * 0.75 / (72 * ax.figure.get_size_inches()[0])  # a CSS pixel is 0.75 points
    texts = [text for text in ax.figure.findobj(mpl.text.Text) if text.get_text()]
    assert len(texts) > 8
    assert min(text.get_fontsize() for text in texts) * shrink >= 9


def test_a_saved_figure_has_the_common_width_in_sharp_pixels(ax, tmp_path):
    ax.plot(X, X)
    ax.set_ylabel("risk")
    ax.figure.savefig(tmp_path / "figure.png")
    height, width, channels = plt.imread(tmp_path / "figure.png").shape
    assert (width, channels) == (round(5.2 * 220), 4)
    assert width >= 2 * 358
    assert height == round(plotting.HEIGHT * 220)


def test_the_background_is_transparent(ax, tmp_path):
    ax.plot(X, X)
    ax.figure.savefig(tmp_path / "figure.png")
    alpha = plt.imread(tmp_path / "figure.png")[..., 3]
    assert np.mean(alpha == 0) > 0.8
    assert alpha.max() == 1
    # A notebook does not save: it draws with the figure's own colour.
    assert ax.figure.get_facecolor()[3] == ax.get_facecolor()[3] == 0


@pytest.mark.parametrize("top", [0.001, 1.0, 7.3, 13.5, 250.0, 123456.0])
def test_no_label_is_cut_off(ax, top):
    # At 13.5 plain constrained layout leaves the name of the vertical axis outside.
    ax.plot([0, 1], [0, top])
    ax.set(xlabel="aspect ratio", ylabel="variance")
    for _ in range(2):
        ax.figure.canvas.draw()
        box = ax.figure.get_tightbbox()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= plotting.WIDTH + 1e-9
        assert box.y1 <= plotting.HEIGHT + 1e-9


def test_labels_of_a_logarithmic_axis_do_not_overlap(ax):
    ax.plot([0.2, 5], [0.1, 100])
    ax.set(xscale="log", yscale="log", xlabel="aspect ratio")
    ax.figure.canvas.draw()
    labels = [label for label in ax.get_xticklabels(which="both") if label.get_text()]
    inside = [label.get_window_extent() for label in labels if 0.15 < label.get_position()[0] < 5.5]
    boxes = sorted(inside, key=lambda box: box.x0)
    assert len(boxes) >= 3
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def labels_of(axis):
    axis.figure.canvas.draw()
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    shown = [(tick.get_loc(), tick.label1.get_text()) for tick in ticks if low <= tick.get_loc() <= high]
    return [text.removeprefix(r"$\mathdefault{").removesuffix("}$") for _, text in sorted(shown) if text]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (5, 2000, ["10", "100", "1000"]),
        (0.01, 10000, ["0.01", "0.1", "1", "10", "100", "1000", "10000"]),
        (2e-3, 0.5, ["0.01", "0.1"]),
        (0.2, 0.9, ["0.2", "0.3", "0.4", "0.6"]),
        (1e-6, 1, ["10^{-6}", "10^{-5}", "10^{-4}", "10^{-3}", "10^{-2}", "10^{-1}", "10^{0}"]),
        (10, 1e5, ["10^{1}", "10^{2}", "10^{3}", "10^{4}", "10^{5}"]),
        (1e-3, 1, ["10^{-3}", "10^{-2}", "10^{-1}", "10^{0}"]),
    ],
)
def test_a_logarithmic_axis_has_one_notation(low, high, wanted):
    for ax in panels(2)[1]:
        ax.set(xscale="log", yscale="log", xlim=(low, high), ylim=(high, low))
    assert labels_of(ax.xaxis) == wanted
    assert len(wanted) >= len(labels_of(ax.yaxis)) >= 2  # a panel is not high: a label may be left out
    assert set(labels_of(ax.yaxis)) <= set(wanted)


def test_the_chosen_labels_of_a_logarithmic_axis_stay(ax):
    ax.set(xscale="log", xlim=(1e-6, 1))
    ax.set_xticks([1e-5, 1e-1], labels=["small", "large"])
    ax.set_xticks([], minor=True)
    assert labels_of(ax.xaxis) == ["small", "large"]
    ax.set_yscale("log", base=2)
    ax.set_ylim(1, 8)
    assert labels_of(ax.yaxis) == ["2^{0}", "2^{1}", "2^{2}", "2^{3}"]


def test_the_inline_backend_does_not_crop(monkeypatch):
    pytest.importorskip("IPython")
    script = """
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        from dltheory.plotting import use_style
        use_style()
        from matplotlib_inline.config import InlineBackend
        print(InlineBackend.instance().print_figure_kwargs)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.strip() == "{'bbox_inches': None}"
    assert run.stderr == ""


# --- colours -----------------------------------------------------------------------------------------


def rgb(color):
    return np.array(mpl.colors.to_rgb(color))


def linear(color):
    color = np.asarray(color)
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def luminance(color):
    """Relative luminance of WCAG 2."""
    return linear(color) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def on_dark_page(color):
    """The CSS filters invert(1) and hue-rotate(180deg), which is 2 (1 w^T) - I with luminance weights w."""
    inverted = 1 - color
    grey = inverted @ [0.213, 0.715, 0.072]
    return np.clip(2 * grey - inverted, 0, 1)


def lightness(color):
    return 116 * np.cbrt(luminance(color)) - 16


def lab(linear_rgb):
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ linear_rgb / [0.9505, 1, 1.089], 0.0))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


# Machado, Oliveira and Fernandes (2009), severity 1.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.reshape(
        [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998], (3, 3)
    ),
    "deuteranopia": np.reshape(
        [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881], (3, 3)
    ),
    "tritanopia": np.reshape(
        [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039], (3, 3)
    ),
}


@pytest.mark.parametrize("name", PALETTE)
def test_every_colour_stands_out_from_the_white_and_from_the_dark_page(name):
    assert contrast(rgb(PALETTE[name]), PAGE) >= 3
    assert contrast(on_dark_page(rgb(PALETTE[name])), DARK_PAGE) >= 3
    if name == "ink":  # text
        assert contrast(rgb(PALETTE[name]), PAGE) >= 7
        assert contrast(on_dark_page(rgb(PALETTE[name])), DARK_PAGE) >= 7


def test_colours_differ_in_greyscale():
    steps = np.diff(sorted(lightness(rgb(color)) for color in PALETTE.values()))
    assert steps.min() > 10  # CIE L*, of 100
    steps = np.diff(sorted(lightness(on_dark_page(rgb(color))) for color in PALETTE.values()))
    assert steps.min() > 3.5


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colours_differ_for_a_colour_blind_reader(kind):
    for shown in (lambda color: color, on_dark_page):
        seen = [lab(np.clip(BLINDNESS[kind] @ linear(shown(rgb(color))), 0, 1)) for color in PALETTE.values()]
        distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(distances) > 12  # a difference of 2.3 is just noticeable


def test_lines_differ_in_dashes_too(ax):
    lines = [ax.plot(X, X + k)[0] for k in range(4)] + [draw_predicted(ax, X, X)]
    assert [line.get_color() for line in lines] == [*plotting.COLORS, plotting.PREDICTED]
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 5


def test_importing_the_library_does_not_import_matplotlib():
    script = "import sys, dltheory; print('matplotlib' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.strip() == "False"


def test_drawing_writes_nothing(capfd, ax, measured):
    measured_vs_predicted(ax, X, measured, X**2)
    ax.set(xscale="log", yscale="log", xlabel=r"aspect ratio $\gamma$")
    ax.figure.canvas.draw()
    assert capfd.readouterr() == ("", "")


def test_other_artists_with_labels_keep_their_place_in_the_legend():
    ax = plt.figure().gca()
    ax.errorbar([1, 2], [1, 2], yerr=0.1, label="bars")
    plotting.measured_vs_predicted(ax, [1, 2], [1.0, 2.0], [1.0, 2.0])
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "predicted"
