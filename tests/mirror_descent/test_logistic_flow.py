"""The logistic flow against closed forms, its own asymptotics and golden values."""

import numpy as np
import pytest
from dltheory import exercises
from dltheory.margins import max_margin
from dltheory.mirror_descent.exercises.implicit_bias import mean_residual
from dltheory.mirror_descent.logistic_flow import logistic_flow_limit, logistic_gradient_flow
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.special import expit, lambertw

TIMES = 10.0 ** np.arange(2, 13, 2)
seeds = st.integers(0, 2**32 - 1)


def plane():
    rng = np.random.default_rng(3)
    y, centre = np.repeat([1.0, -1.0], 10), np.array([2.0, 1.0])
    return rng.standard_normal((20, 2)) + y[:, None] * centre, y


def separable(seed, n=8, d=3):
    """Points at a distance of at least 0.3 from a random plane."""
    rng = np.random.default_rng(seed)
    X, w = rng.standard_normal((n, d)), rng.standard_normal(d)
    w /= np.linalg.norm(w)
    y = np.where(rng.uniform(size=n) < 0.5, 1.0, -1.0)
    return X + ((0.3 + rng.uniform(size=n)) * y - X @ w)[:, None] * w, y


@pytest.mark.parametrize("weight", [0.5, -1.0, 3.0])
def test_one_point_exponential(weight):
    """w' = z exp(-z w) has the solution log(1 + z^2 t) / z."""
    times = np.array([1e-3, 1.0, 1e4, 1e100, 1e300])
    flow = logistic_gradient_flow([[weight]], [1.0], times, loss="exponential")
    expected = np.logaddexp(0.0, np.log(times) + 2 * np.log(abs(weight)))
    np.testing.assert_allclose(weight * flow.weights[:, 0], expected, rtol=1e-8)
    np.testing.assert_allclose(flow.log_losses, -expected, rtol=1e-8)
    np.testing.assert_allclose(flow.margins, abs(weight), rtol=1e-14)


def test_one_point_logistic():
    """w' = 1 / (1 + e^w) means that w + e^w = t + 1, which Lambert's function solves."""
    times = np.array([1e-3, 0.1, 3.0, 100.0, 600.0])
    flow = logistic_gradient_flow([[1.0]], [1.0], times)
    exact = times + 1 - lambertw(np.exp(times + 1)).real
    np.testing.assert_allclose(flow.weights[:, 0], exact, rtol=1e-8)
    np.testing.assert_allclose(flow.log_losses, np.log(np.log1p(np.exp(-exact))), rtol=1e-7)
    late = logistic_gradient_flow([[1.0]], [1.0], [1e20, 1e300])
    np.testing.assert_allclose(late.weights[:, 0], np.log([1e20, 1e300]), rtol=1e-9)
    np.testing.assert_allclose(late.log_losses, -late.weights[:, 0], rtol=1e-15)


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
def test_flow_is_that_of_the_plain_gradient(loss):
    X, y = separable(5)
    start = np.array([0.3, -0.2, 0.5])
    signed = X * y[:, None]

    def velocity(_, w):
        m = signed @ w
        return signed.T @ (np.exp(-m) if loss == "exponential" else expit(-m))

    times = np.array([5.0, 0.2, 20.0])
    plain = solve_ivp(
        velocity, (0, 20), start, t_eval=np.sort(times), method="DOP853", rtol=1e-11, atol=1e-12
    )
    flow = logistic_gradient_flow(X, y, times, loss=loss, start=start)
    np.testing.assert_allclose(flow.weights, plain.y.T[[1, 0, 2]], rtol=1e-7, atol=1e-8)
    m = signed @ flow.weights.T
    losses = np.exp(-m) if loss == "exponential" else np.log1p(np.exp(-m))
    np.testing.assert_allclose(np.exp(flow.log_losses), losses.sum(axis=0), rtol=1e-12)


def test_flow_moves_in_the_row_span_when_there_are_more_weights_than_points():
    X, y = separable(6, n=4, d=30)
    start = np.random.default_rng(1).standard_normal(30)
    flow = logistic_gradient_flow(X, y, [1.0, 1e6], start=start)
    across = np.eye(30) - np.linalg.pinv(X) @ X
    np.testing.assert_allclose((flow.weights - start) @ across, 0, atol=1e-11)
    np.testing.assert_allclose(
        flow.margins, np.min((X * y[:, None]) @ flow.weights.T, axis=0) / np.linalg.norm(flow.weights, axis=1)
    )


def test_golden_flow(golden):
    X, y = plane()
    reference = golden["implicit"]["logistic_flow"]
    flow = logistic_gradient_flow(X, y, TIMES)
    svm = max_margin(X, y, 2)
    residuals = np.linalg.norm(flow.weights - np.log(TIMES)[:, None] * svm.weights, axis=1)
    lengths = np.linalg.norm(flow.weights, axis=1)
    table = np.stack([lengths, flow.margins, flow.direction_errors, residuals], axis=1)
    np.testing.assert_allclose(table, reference["value"], rtol=reference["rtol"])
    scaled = np.exp(np.log(TIMES[-1]) + flow.log_losses[-1])
    assert scaled == pytest.approx(reference["loss_times_t"], rel=1e-6, abs=0)


def test_golden_limit(golden):
    X, y = plane()
    limit = logistic_flow_limit(X, y)
    reference = golden["implicit"]["logistic_maxmargin"]
    np.testing.assert_allclose(limit.weights, reference["weights"], rtol=1e-9)
    np.testing.assert_array_equal(limit.support, reference["support"])
    np.testing.assert_allclose(limit.multipliers[limit.support], reference["multipliers"], rtol=1e-8)
    residual = golden["implicit"]["logistic_residual"]
    np.testing.assert_allclose(limit.residual, residual["value"], rtol=0, atol=residual["atol"])
    assert limit.spanning


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
@given(seed=seeds)
def test_residual_multipliers_and_loss(loss, seed):
    """At t = 1e250 the flow has met its asymptotics to the accuracy of the integrator."""
    X, y = separable(seed)
    svm = max_margin(X, y, 2)
    others = np.sort((X * y[:, None]) @ svm.weights)[len(svm.support) :]
    if others[0] < 1.05 or svm.dual[svm.support].min() < 1e-2 * svm.dual.max():
        return  # corrections of order t^-0.05, or of a multiplier that is nearly zero, are still alive
    limit = logistic_flow_limit(X, y)
    np.testing.assert_allclose(limit.multipliers @ (X * y[:, None]), limit.weights, rtol=1e-8, atol=1e-8)
    assert limit.multipliers.sum() == pytest.approx(limit.loss_coefficient, rel=1e-9, abs=0)
    flow = logistic_gradient_flow(X, y, [1e250], loss=loss)
    log_t = np.log(1e250)
    assert np.exp(log_t + flow.log_losses[0]) == pytest.approx(limit.loss_coefficient, rel=1e-5, abs=0)
    moved = flow.weights[0] - log_t * limit.weights
    if limit.spanning:
        np.testing.assert_allclose(moved, limit.residual, rtol=0, atol=1e-5 * np.linalg.norm(limit.weights))
    else:
        signed = (X * y[:, None])[limit.support]
        np.testing.assert_allclose(signed @ moved, signed @ limit.residual, rtol=0, atol=1e-5)


def test_one_over_log_t_coefficients():
    """Direction error and margin gap times log t: the correction is 1/log t, so Richardson removes it."""
    X, y = plane()
    limit = logistic_flow_limit(X, y)
    times = np.array([1e100, 1e200])
    flow = logistic_gradient_flow(X, y, times)
    for measured, coefficient in [
        (flow.direction_errors, limit.direction_error_coefficient),
        (limit.margin - flow.margins, limit.margin_gap_coefficient),
    ]:
        half, whole = measured * np.log(times)
        assert half == pytest.approx(coefficient, rel=5e-3, abs=0)
        assert 2 * whole - half == pytest.approx(coefficient, rel=1e-5, abs=0)


def test_start_is_forgotten_within_the_row_span_only():
    X = np.array([[1.0, 0.5, 0.0], [0.5, -1.0, 0.0], [-2.0, -1.0, 0.0]])
    y, start = np.array([1.0, 1.0, -1.0]), np.array([1.0, 1.0, 3.0])
    limit = logistic_flow_limit(X, y, start=start)
    flow = logistic_gradient_flow(X, y, [1e200], start=start)
    assert limit.residual[2] == 3
    np.testing.assert_allclose(flow.weights[0] - np.log(1e200) * limit.weights, limit.residual, atol=1e-7)
    assert flow.direction_errors[0] * np.log(1e200) == pytest.approx(
        limit.direction_error_coefficient, rel=1e-2, abs=0
    )


def test_dependent_support_vectors():
    """Four support vectors in the plane: the multipliers are not unique, but those of the flow are."""
    X, y = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.5], [1.0, 2.0]]), np.ones(4)
    limit = logistic_flow_limit(X, y)
    np.testing.assert_array_equal(limit.support, np.arange(4))
    flow = logistic_gradient_flow(X, y, [1e100])
    np.testing.assert_allclose(flow.weights[0] - np.log(1e100) * limit.weights, limit.residual, atol=1e-7)
    np.testing.assert_allclose(limit.multipliers @ X, [1.0, 0.0], atol=1e-12)


def test_support_that_does_not_span():
    X, y = np.array([[1.0, 0.0], [3.0, 1.0]]), np.ones(2)
    limit = logistic_flow_limit(X, y)
    assert not limit.spanning
    np.testing.assert_allclose(limit.residual, [0.0, 0.0], atol=1e-12)
    with pytest.raises(RuntimeError, match="do not span"):
        _ = limit.direction_error_coefficient
    flow = logistic_gradient_flow(X, y, [1e200])
    assert flow.weights[0, 0] == pytest.approx(np.log(1e200), rel=1e-9, abs=0)
    assert 0.1 < flow.weights[0, 1] < 1  # what the path left there
    gap = (limit.margin - flow.margins[0]) * np.log(1e200)
    assert gap == pytest.approx(limit.margin_gap_coefficient, abs=1e-2)


def test_zero_multiplier_has_no_residual():
    """(0, 1) is where the margin of (1, 1) is met without a force: w_svm = (0, 1) rests on one point."""
    with pytest.raises(ValueError, match="X must have no point on the margin with a zero multiplier"):
        logistic_flow_limit([[0.0, 1.0], [1.0, 1.0]], [1.0, 1.0])


X0, Y0 = plane()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X0, -Y0 * np.sign(X0[:, 0] - 1), [1.0]), {}, "y must be separable"),
        ((X0, Y0 * 2, [1.0]), {}, "y must hold the labels"),
        ((X0, Y0, [0.0]), {}, "times must be greater than 0"),
        ((X0, Y0, [np.inf]), {}, "times must be finite"),
        ((X0, Y0, [1.0]), {"loss": "hinge"}, "loss must be"),
        ((X0, Y0, [1.0]), {"start": [1.0]}, "start must have one entry per column"),
        ((X0, Y0[:5], [1.0]), {}, "one row per row"),
        ((X0, Y0, [1.0]), {"rtol": 0.0}, "rtol must be at least"),
    ],
)
def test_bad_input(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        logistic_gradient_flow(*arguments, **options)


def test_exponential_start_beyond_all_bounds():
    with pytest.raises(RuntimeError, match="flow of the exponential loss leaves all bounds"):
        logistic_gradient_flow(X0, Y0, [1.0], loss="exponential", start=[-1e4, 0.0])


@pytest.mark.parametrize("seed", [exercises.SEED, 0, 1])
def test_reference_of_the_exercise_on_the_mean_loss(seed):
    """The flow of the mean is at time t where that of the sum is at time t / n."""
    for instance in mean_residual.instances(np.random.default_rng(seed)):
        X, y = instance.arguments["X"], instance.arguments["y"]
        times = np.array([1e150, 1e300])
        flow = logistic_gradient_flow(X, y, times / len(X))
        offsets = flow.weights - np.log(times)[:, None] * max_margin(X, y, 2).weights
        rest = np.linalg.norm(offsets[1] - offsets[0])  # of a power of t
        assert rest < 1e-3
        assert np.linalg.norm(offsets[1] - mean_residual.reference(X, y)) <= rest + 1e-9
