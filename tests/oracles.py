"""Slow, obviously right versions of what the library computes fast; tests compare the two."""

from fractions import Fraction

import numpy as np

# --- interpolation and optimization -----------------------------------------------------------------


def exact_solve(A, b):
    """Solve A x = b in rational arithmetic (Gauss-Jordan); no rounding until the answer is returned."""
    n = len(A)
    rows = [[Fraction(v) for v in (*row, right)] for row, right in zip(A, b, strict=True)]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [v - factor * w for v, w in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def exact_ridge(X, y, penalty):
    """Ridge X^T (X X^T + n penalty I)^{-1} y in rational arithmetic; X has full row rank if penalty is 0."""
    n = len(X)
    rows = [[Fraction(float(v)) for v in row] for row in X]
    shift = n * Fraction(float(penalty))
    gram = [[sum(a * b for a, b in zip(r, s, strict=True)) for s in rows] for r in rows]
    for i in range(n):
        gram[i][i] += shift
    dual = exact_solve(gram, y)
    return np.array(
        [float(sum(a * v for a, v in zip(dual, column, strict=True))) for column in zip(*rows, strict=True)]
    )


def ridge_by_normal_equations(X, y, penalty):
    """Ridge coefficients from (X^T X / n + penalty I) b = X^T y / n, one solve."""
    n, d = X.shape
    return np.linalg.solve(X.T @ X / n + penalty * np.eye(d), X.T @ y / n)


def gradient_flow_by_matrix_exponential(X, y, time, start):
    """Gradient flow of (1/2n)|Xb - y|^2 through one augmented matrix exponential: d/dt (b, 1) = M (b, 1)."""
    from scipy.linalg import expm

    n, d = X.shape
    M = np.zeros((d + 1, d + 1))
    M[:d, :d] = -X.T @ X / n
    M[:d, d] = X.T @ y / n
    return (expm(time * M) @ np.append(start, 1.0))[:d]


def min_l1_by_enumeration(X, y):
    """Smallest l1 norm of an interpolator: try every basis of n columns (a vertex attains the minimum)."""
    from itertools import combinations

    n, d = X.shape
    best = np.inf
    for columns in combinations(range(d), n):
        A = X[:, columns]
        if np.linalg.cond(A) < 1e12:
            best = min(best, np.abs(np.linalg.solve(A, y)).sum())
    return best


def max_margin_in_the_plane(X, y, norm, *, angles=20001):
    """Largest margin in R^2 by scanning the directions and zooming in on the best one."""
    signed = X * y[:, None]
    centre, width = 0.0, np.pi
    for _ in range(8):
        theta = centre + np.linspace(-width, width, angles)
        directions = np.stack([np.cos(theta), np.sin(theta)])
        margins = (signed @ directions).min(axis=0) / np.linalg.norm(directions, ord=norm, axis=0)
        centre, width = theta[np.argmax(margins)], width / 1000
    return margins.max()


# --- benign overfitting: spectra, effective ranks and risks -----------------------------------------


def effective_ranks_by_definition(eigenvalues, k):
    """r_k and R_k from exactly rounded sums of ratios, one k."""
    import math

    ratios = [value / eigenvalues[k] for value in eigenvalues[k:]]
    total = math.fsum(ratios)
    return total, total**2 / math.fsum(ratio**2 for ratio in ratios)


def benign_split_by_loop(eigenvalues, n, b=1.0, penalty=0.0):
    """The first k whose tail is long enough, by trying every k; inf when there is none."""
    import math

    for k, value in enumerate(eigenvalues):
        if n * penalty + math.fsum(eigenvalues[k:]) >= b * n * value:
            return k
    return math.inf


def power_log_sum(a, b, k, function, slope, digits=30):
    """Sum over i > k of function(i^-a ln^-b((i+1)e/2)), for function(l) ~ slope * l at zero, by mpmath.

    Trapezoidal Euler-Maclaurin after 3000 terms with mpmath's own derivatives and quadrature; beyond
    x = e^150 the summand is slope * l, with an integral in closed form (a = 1) or by quadrature (a > 1).
    """
    import mpmath as mp

    with mp.workdps(digits):
        a, b = mp.mpf(a), mp.mpf(b)

        def summand(x):
            return function(x**-a * mp.log((x + 1) * mp.e / 2) ** -b)

        start, far = mp.mpf(k + 3000), mp.mpf(150)
        head = mp.fsum(summand(mp.mpf(i)) for i in range(k + 1, k + 3000))
        correction = summand(start) / 2 - mp.diff(summand, start) / 12 + mp.diff(summand, start, 3) / 720
        u0 = mp.log(start)
        edges = [u0 + (far - u0) * j / 70 for j in range(71)]
        middle = mp.quad(lambda u: summand(mp.exp(u)) * mp.exp(u), edges)
        shift = 1 - mp.log(2)
        if a == 1:
            rest = (far + shift) ** (1 - b) / (b - 1)
        else:
            decay = [far * 2**j for j in range(25)]
            rest = mp.quad(lambda u: mp.exp((1 - a) * u) * (u + shift) ** -b, [*decay, mp.inf])
        return head + middle + correction + slope * rest


def ridge_risk_by_stieltjes(aspect_ratio, penalty, signal, noise_variance, digits=60):
    """Bias and variance from the Marchenko-Pastur transform and its derivative, in many digits.

    With m = m(-penalty): bias r^2 l^2 m', variance sigma^2 gamma (m - l m').
    """
    import mpmath as mp

    with mp.workdps(digits):
        g, lam = mp.mpf(aspect_ratio), mp.mpf(penalty)

        def m(z):
            root = mp.sqrt((1 - g + z) ** 2 + 4 * g * z)
            return (-(1 - g + z) + root) / (2 * g * z)

        slope = -mp.diff(m, lam, h=lam * mp.mpf(10) ** (-digits // 3))
        return signal * lam**2 * slope, noise_variance * g * (m(lam) - lam * slope), m(lam)


def deterministic_equivalent_by_bisection(eigenvalues, coefficients, n, penalty, noise_variance, digits=40):
    """Bias, variance and kappa from the defining equations, by bisection in many digits."""
    import mpmath as mp

    with mp.workdps(digits):
        values = [mp.mpf(float(value)) for value in eigenvalues]
        theta = [mp.mpf(float(value)) for value in coefficients]
        ridge = n * mp.mpf(penalty)
        low, high = mp.mpf(10) ** -30, (mp.fsum(values) + ridge) / n
        for _ in range(250):
            kappa = mp.sqrt(low * high)
            left = mp.fsum(value / (value + kappa) for value in values) + ridge / kappa
            low, high = (kappa, high) if left > n else (low, kappa)
        df2 = mp.fsum((value / (value + kappa)) ** 2 for value in values)
        shrunk = mp.fsum(v * t**2 / (v + kappa) ** 2 for v, t in zip(values, theta, strict=True))
        return kappa**2 * shrunk / (1 - df2 / n), noise_variance * df2 / (n - df2), kappa


def excess_risk_by_inverse(X, noise, coefficients, eigenvalues, penalty):
    """Bias, variance and risk of one data set, with an explicit pseudo-inverse and full matrices."""
    n, d = X.shape
    gram = X.T @ X / n + penalty * np.eye(d)
    estimator = np.linalg.inv(gram) @ X.T / n if penalty else np.linalg.pinv(X)
    covariance = np.diag(eigenvalues)
    errors = [
        estimator @ (X @ coefficients) - coefficients,
        estimator @ noise,
        estimator @ (X @ coefficients + noise) - coefficients,
    ]
    return np.array([error @ covariance @ error for error in errors])


# --- diagonal networks -------------------------------------------------------------------------------


def q_depth_by_bisection(z, depth, digits=80):
    """[q, q', q'', 1 - |q'|] at z: bisection in a = atanh s, then z s - H(s), in many digits."""
    import mpmath as mp

    with mp.workdps(digits):
        z, D = mp.mpf(float(z)), mp.mpf(depth)
        if depth == 2:
            return [
                2 - mp.sqrt(4 + z * z) + z * mp.asinh(z / 2),
                mp.asinh(z / 2),
                1 / mp.sqrt(4 + z * z),
                None,
            ]
        power, size = D / (D - 2), abs(z)
        low, high = mp.mpf(0), mp.asinh(size) + 1  # s = tanh a, so that 1 - s = 2/(e^{2a}+1) keeps its digits
        for _ in range(int(digits * 3.4)):
            a = (low + high) / 2
            h = (2 / (mp.exp(2 * a) + 1)) ** -power - (2 / (mp.exp(-2 * a) + 1)) ** -power
            low, high = (a, high) if h < size else (low, a)
        gap, s = 2 / (mp.exp(2 * a) + 1), mp.tanh(a)
        conjugate = (D - 2) / 2 * (gap ** (-2 / (D - 2)) + (2 - gap) ** (-2 / (D - 2)) - 2)
        slope = power * (gap ** (-power - 1) + (2 - gap) ** (-power - 1))
        return [size * s - conjugate, mp.sign(z) * s, 1 / slope, gap]


def diagonal_network_flow(gradient, alpha, depth, time):
    """Gradient flow of the weights (w+, w-) themselves, and the integral of the gradient along it."""
    from scipy.integrate import solve_ivp

    def velocity(_, state):
        plus, minus, _ = np.split(state, 3)
        g = gradient(plus**depth - minus**depth)
        return np.concatenate([-depth * plus ** (depth - 1) * g, depth * minus ** (depth - 1) * g, g])

    start = np.concatenate([alpha, alpha, np.zeros_like(alpha)])
    end = solve_ivp(velocity, (0, time), start, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    plus, minus, integral = np.split(end, 3)
    return plus, minus, integral


def diagonal_descent_by_loop(X, y, start, depth, step_size, batches):
    """(w+, w-) of shape (K+1, d) and gradients (K, d) of one diagonal network, one list of rows a step."""
    plus, minus, gradients = [np.array(start)], [np.array(start)], []
    for rows in batches:
        beta = plus[-1] ** depth - minus[-1] ** depth
        g = np.mean([(X[i] @ beta - y[i]) * X[i] for i in rows], axis=0)
        plus.append(plus[-1] - step_size * depth * plus[-1] ** (depth - 1) * g)
        minus.append(minus[-1] + step_size * depth * minus[-1] ** (depth - 1) * g)
        gradients.append(g)
    return np.array(plus), np.array(minus), np.array(gradients)


def deep_interpolator_by_root(X, y, log_plus, log_minus, depth, guess):
    """Interpolator among the ends of flows from weights exp(log_plus), exp(log_minus), depth above two."""
    from scipy.optimize import root

    def coefficients(multipliers):
        drift = depth * (depth - 2) * X.T @ multipliers
        plus, minus = np.exp((2 - depth) * log_plus) + drift, np.exp((2 - depth) * log_minus) - drift
        return plus ** (-depth / (depth - 2)) - minus ** (-depth / (depth - 2))

    solution = root(lambda multipliers: X @ coefficients(multipliers) - y, guess, tol=1e-15)
    return coefficients(solution.x), np.max(np.abs(solution.fun))


def exponential_flow_of_weights(Z, alpha, depth, levels):
    """Coefficients (T, d) where the mean of exp(-Z beta) is exp(-level), by the weights' flow in log t."""
    from scipy.integrate import solve_ivp

    def coefficients(weights):
        plus, minus = np.split(weights, 2)
        return plus**depth - minus**depth

    def velocity(log_time, weights):
        plus, minus = np.split(weights, 2)
        descent = Z.T @ np.exp(-Z @ coefficients(weights)) / len(Z)
        rates = np.concatenate(
            [depth * plus ** (depth - 1) * descent, -depth * minus ** (depth - 1) * descent]
        )
        return np.exp(log_time) * rates

    def passed(level):
        return lambda _, weights: np.mean(np.exp(-Z @ coefficients(weights))) - np.exp(-level)

    events = [passed(level) for level in levels]
    events[-1].terminal = True
    start = np.full(2 * Z.shape[1], alpha)
    flow = solve_ivp(velocity, (-40, 99), start, method="LSODA", events=events, rtol=1e-11, atol=1e-14)
    return np.array([coefficients(weights[0]) for weights in flow.y_events])


# --- geometry of parametrisations --------------------------------------------------------------------


def geodesic_by_christoffel_symbols(metric, start, velocity, time, step=1e-4):
    """Point and velocity at a time: the second-order equation with symbols from plain differences."""
    from scipy.integrate import solve_ivp

    d = len(start)

    def acceleration(x, v):
        D = [(metric(x + step * e) - metric(x - step * e)) / (2 * step) for e in np.eye(d)]  # D[k] = d_k g
        inverse = np.linalg.inv(metric(x))
        result = np.zeros(d)
        for k in range(d):
            for m in range(d):
                for i in range(d):
                    for j in range(d):
                        symbol = inverse[k, m] * (D[i][m, j] + D[j][m, i] - D[m][i, j]) / 2
                        result[k] -= symbol * v[i] * v[j]
        return result

    def velocity_of(_, state):
        return np.concatenate([state[d:], acceleration(state[:d], state[d:])])

    start = np.concatenate([start, velocity])
    end = solve_ivp(velocity_of, (0, time), start, method="DOP853", rtol=1e-10, atol=1e-12).y[:, -1]
    return end[:d], end[d:]


# --- diagonal networks: saddles and state evolution --------------------------------------------------


def rescaled_diagonal_flow(X, y, log_alpha, times):
    """Coefficients (T, d) of the depth-two flow at times 4t/log(1/alpha^2): LSODA in the dual coordinates."""
    from scipy.integrate import solve_ivp

    rate = -2.0 * log_alpha

    def coefficients(s):
        return np.exp(np.minimum(rate * (s - 1), 100)) - np.exp(np.minimum(-rate * (s + 1), 100))

    def velocity(_, s):
        return -X.T @ (X @ coefficients(s) - y) / len(y)

    settings = {"method": "LSODA", "rtol": 1e-10, "atol": 1e-13, "max_step": times[-1] / 200}
    flow = solve_ivp(velocity, (0, times[-1]), np.zeros(X.shape[1]), t_eval=times, **settings)
    return coefficients(flow.y).T


def sign_constrained_loss_by_enumeration(X, y, signs):
    """The least loss with these signs: least squares on every subset of the coordinates."""
    import itertools

    index, best = np.flatnonzero(signs), y @ y / (2 * len(y))
    for size in range(1, len(index) + 1):
        for subset in itertools.combinations(index, size):
            columns = X[:, subset] * signs[list(subset)]
            b = np.linalg.lstsq(columns, y, rcond=None)[0]
            if np.all(b >= 0):
                best = min(best, np.sum((columns @ b - y) ** 2) / (2 * len(y)))
    return best


def proximal_moments_by_quadrature(penalty_slope, theta, tau, b):
    """E(prox - theta)^2 and E prox' for an odd increasing slope: the proximal map by bisection at each Z.

    The expectation of the derivative is E Z (prox - theta) / tau, by Stein's identity.
    """
    nodes, weight = np.polynomial.legendre.leggauss(20)
    kinks = np.clip([(-theta - b) / tau, -theta / tau, (b - theta) / tau], -11.9, 11.9)
    near = np.concatenate([[0.0], 0.25 * 0.5 ** np.arange(44), -0.25 * 0.5 ** np.arange(44)])
    edges = np.unique(np.concatenate([np.arange(-12.0, 12.1, 0.25), *(kinks[:, None] + near)]))
    half = np.diff(edges)[:, None] / 2
    z, weight = edges[:-1, None] + half * (1 + nodes), half * weight
    weight = weight * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    v = theta + tau * z
    low, high = -np.abs(v), np.abs(v)
    for _ in range(110):
        x = (low + high) / 2
        above = x + b * penalty_slope(x) > v
        low, high = np.where(above, low, x), np.where(above, x, high)
    return np.sum(weight * (x - theta) ** 2), np.sum(weight * z * (x - theta)) / tau


def excess_risk_by_convex_program(penalty, slope, values, counts, n, noise_variance, nodes=25):
    """T^2 - sigma^2 from Gordon's convex problem itself, over functions of Z at Gauss-Hermite nodes.

    Minimise sum E phi(beta_j(Z)) subject to sqrt(n (sigma^2 + sum E(beta_j - theta_j)^2)) <= sum E Z beta_j.
    """
    from scipy.optimize import minimize

    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = np.outer(counts, weight / weight.sum())
    theta = np.asarray(values, dtype=float)[:, None]

    def risk(flat):
        return np.sum(weight * (flat.reshape(weight.shape) - theta) ** 2)

    def slack(flat):
        return np.sum(weight * z * flat.reshape(weight.shape)) - np.sqrt(n * (noise_variance + risk(flat)))

    def slack_gradient(flat):
        pull = np.sqrt(n / (noise_variance + risk(flat)))
        return (weight * (z - pull * (flat.reshape(weight.shape) - theta))).ravel()

    # The least l2 norm is admissible: it shrinks by n/d and keeps this share of the noise.
    share = n / np.sum(counts)
    noise = np.sqrt((noise_variance / (1 - share) + np.sum(counts * theta[:, 0] ** 2) * (1 - share)) / n)
    start = share * (theta + 1.01 * noise * z)
    size = np.sum(weight * penalty(start))
    solution = minimize(
        lambda flat: np.sum(weight * penalty(flat.reshape(weight.shape))) / size,
        start.ravel(),
        jac=lambda flat: (weight * slope(flat.reshape(weight.shape))).ravel() / size,
        constraints={"type": "ineq", "fun": slack, "jac": slack_gradient},
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-13},
    )
    assert solution.success, solution.message
    assert abs(slack(solution.x)) < 1e-8
    return risk(solution.x)


# --- interpolators of diagonal networks ---------------------------------------------------------------


def network_interpolator_by_many_digits(X, coefficients, alpha, depth, digits=150):
    """Least-potential interpolator of y = X coefficients (in exact arithmetic) and its multipliers.

    Damped Newton on the convex dual in many digits, while alpha falls from 1 by factors of 4.
    """
    import mpmath as mp

    with mp.workdps(digits):
        design = mp.matrix([[mp.mpf(float(x)) for x in row] for row in X])
        y = design * mp.matrix([mp.mpf(float(b)) for b in coefficients])
        D, goal = mp.mpf(depth), mp.mpf(float(alpha))

        def h(s):
            return 2 * mp.sinh(s) if depth == 2 else (1 - s) ** (-D / (D - 2)) - (1 + s) ** (-D / (D - 2))

        def slope(s):
            if depth == 2:
                return 2 * mp.cosh(s)
            power = -(2 * D - 2) / (D - 2)
            return D / (D - 2) * ((1 - s) ** power + (1 + s) ** power)

        def conjugate(s):  # its derivative is h
            if depth == 2:
                return 2 * mp.cosh(s)
            return (D - 2) / 2 * ((1 - s) ** (-2 / (D - 2)) + (1 + s) ** (-2 / (D - 2)))

        def value(nu):
            s = design.T * nu
            if depth > 2 and max(abs(x) for x in s) >= 1:
                return mp.inf
            return scale * sum(conjugate(x) for x in s) - (y.T * nu)[0]

        nu, current = mp.matrix(design.rows, 1), max(goal, mp.mpf(1))
        while True:
            scale = current**depth
            enough = mp.sqrt(scale) / 1000 if current > goal else mp.mpf(10) ** (-0.9 * digits)
            while True:
                s = design.T * nu
                residual = design * mp.matrix([scale * h(x) for x in s]) - y
                gram = design * mp.diag([scale * slope(x) for x in s]) * design.T
                step = mp.lu_solve(gram, -residual)
                decrease, length, here = -(residual.T * step)[0], mp.mpf(1), value(nu)
                if decrease < enough:
                    break
                while value(nu + length * step) > here - length * decrease / 4:
                    length /= 2
                nu += length * step
            if current == goal:
                return [float(scale * h(x)) for x in s], [float(x) for x in nu]
            current = max(goal, current / 4)
