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
