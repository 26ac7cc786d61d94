"""The infinite spectra k^-a ln^-b((k+1)e/2), with the whole tail in every sum."""

from __future__ import annotations

import math

import numpy as np

from dltheory._validation import integer, real
from dltheory.benign_overfitting.spectra import SpectralMeasure, Spectrum

LARGEST_INDEX = 2**50  # beyond it, k and k + 1 are one floating-point number
_REACH = 42.0  # e^-42 < 2^-60: what lies that much lower is below rounding
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


class PowerLogSpectrum(Spectrum):
    r"""The infinite spectrum of polynomial decay with a logarithm.

    .. math:: \lambda_k = k^{-a} \ln^{-b}\!\big((k+1)e/2\big), \qquad k = 1, 2, \dots

    It is benign if and only if a = 1 and b > 1: slow enough that the tail never looks low-dimensional, fast
    enough that its trace is finite.

    Sums over the tail are some explicit terms, then the Euler-Maclaurin formula about an integral in
    :math:`\ln x` (Gauss-Legendre on panels), then a closed form.  The relative error is
    below 1e-12 for a up to 10, tested against the Hurwitz zeta function and 40-digit arithmetic.

    Parameters
    ----------
    a : float
        The power, at least 1.
    b : float
        The power of the logarithm, at least 0, and above 1 when a = 1: the trace must be finite.

    Raises
    ------
    ValueError
        If the trace is infinite or the eigenvalues do not descend.

    References
    ----------
    Bartlett, Long, Lugosi and Tsigler (2020), *Benign overfitting in linear regression*.

    Examples
    --------
    >>> round(PowerLogSpectrum(2, 0).tail_sum(0), 12), round(math.pi**2 / 6, 12)
    (1.644934066848, 1.644934066848)
    """

    size = math.inf

    def __init__(self, a, b):
        self.a = real("a", a, at_least=1)
        self.b = real("b", b, at_least=0)
        if self.a == 1 and self.b <= 1:
            raise ValueError(
                f"b must be greater than 1 at a = 1, where the trace is infinite, got {self.b:g}"
            )
        # terms added one by one before the Euler-Maclaurin formula
        self._explicit = 128 * (1 + math.ceil(self.a))

    @property
    def is_benign(self):
        """Whether min-norm interpolation has vanishing excess risk as n grows: a theorem, not a fit."""
        return self.a == 1 and self.b > 1

    def leading(self, count):
        return np.exp(self._log_eigenvalues(np.log(np.arange(1.0, integer("count", count) + 1))))

    def eigenvalue(self, k):
        return float(np.exp(self._log_eigenvalues(math.log(integer("k", k) + 1))))

    def relative_tail(self, k):
        k = np.asarray(k)
        distinct, position = np.unique(k, return_inverse=True)
        sums = np.array([self._relative_tail(int(j)) for j in distinct]).reshape(-1, 2)
        return tuple(sums[position.reshape(k.shape)].transpose(-1, *range(k.ndim)))

    def first_split(self, ratio, ridge):
        # log(lambda) is convex in k, so that every ratio lambda_{k+j}/lambda_{k+1} grows with k: bisection
        def reached(k):
            with np.errstate(over="ignore", divide="ignore"):
                return self._relative_tail(k)[0] + ridge / np.float64(self.eigenvalue(k)) >= ratio

        if reached(0):
            return 0
        low, high = 0, 1
        while not reached(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    def measure(self, scale):
        explicit = 4 * self._explicit
        far = max(math.log(explicit), -math.log(real("scale", scale, above=0)) / self.a) + _REACH
        u, weights = _tail_points(explicit, far, self.a)
        u = np.concatenate([np.log(np.arange(1.0, explicit + 1)), u])
        weights = np.concatenate([np.ones(explicit), weights])
        return SpectralMeasure(np.exp(self._log_eigenvalues(u)), weights, self._dust(far, 0.0))

    def _log_eigenvalues(self, u):
        """Return ln(lambda) at index e^u, for u = ln(k)."""
        return -self.a * u - self.b * np.log1p(np.logaddexp(u, 0.0) - math.log(2.0))

    def _relative_tail(self, k):
        if k > LARGEST_INDEX:
            raise ValueError(f"k must be at most {LARGEST_INDEX:.1e} (n is too large otherwise), got {k:.3g}")
        reference = self._log_eigenvalues(math.log(k + 1))
        far = math.log(k + self._explicit) + _REACH
        u, weights = _tail_points(k + self._explicit, far, self.a)
        indices = np.arange(k + 1.0, k + self._explicit + 1)
        explicit = np.exp(self._log_eigenvalues(np.log(indices)) - reference)
        points = np.exp(self._log_eigenvalues(u) - reference)
        first = explicit[::-1].sum() + weights @ points + self._dust(far, reference)
        second = (explicit[::-1] ** 2).sum() + weights @ points**2
        return first, second

    def _dust(self, far, reference):
        """Return the integral of lambda beyond index e^far, divided by e^reference.

        There x + 1 equals x in double precision, and with w = 1 + ln(x/2) the integrand is a power of w
        times e^{-(a-1)w}.
        """
        w, c = far + 1.0 - math.log(2.0), self.a - 1.0
        if c == 0:
            return w ** (1.0 - self.b) / (self.b - 1.0) * math.exp(-reference)
        span = math.log1p(_REACH / (c * w))  # up to where the exponential has died
        v, weights = _panels(0.0, span, max(1, math.ceil(4 * span)))
        integrand = np.exp(-c * w * np.expm1(v) + (1.0 - self.b) * v)
        return math.exp(-c * far + (1.0 - self.b) * math.log(w) - reference) * float(weights @ integrand)


def power_law(exponent):
    r"""Return the infinite power law :math:`\lambda_k = k^{-a}`, whose tails are Hurwitz zeta functions.

    It is never benign: with :math:`r_k \approx k/(a-1)` the split :math:`k^*` stays proportional to n.

    Parameters
    ----------
    exponent : float
        :math:`a > 1`.

    Returns
    -------
    PowerLogSpectrum

    Raises
    ------
    ValueError
        If the exponent is not above 1.

    Examples
    --------
    >>> round(power_law(4).tail_sum(0), 12), round(math.pi**4 / 90, 12)
    (1.082323233711, 1.082323233711)
    """
    return PowerLogSpectrum(real("exponent", exponent, above=1), 0)


def _panels(start, stop, count):
    """Return the nodes and weights of 16-point Gauss-Legendre on ``count`` equal panels."""
    edges = np.linspace(start, stop, count + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + _NODES)).ravel(), (half * _WEIGHTS).ravel()


def _tail_points(explicit, far, a):
    """Return u = ln(x) and weights such that sum_{explicit < i <= e^far} g(i) = weights @ g(e^u).

    The integral from explicit + 1/2 with two Euler-Maclaurin corrections, whose derivatives are differences
    of g at the four indices around; the next correction is about (a/explicit)^6 of the sum.
    """
    start = math.log(explicit + 0.5)
    u, weights = _panels(start, far, math.ceil((far - start) * max(1.0, a / 2)))
    around = np.log(np.arange(explicit - 1.0, explicit + 3.0))
    slope = np.array([0.0, -1.0, 1.0, 0.0]) / 24
    third = np.array([-1.0, 3.0, -3.0, 1.0]) * (-17 / 5760)
    return np.concatenate([around, u]), np.concatenate([slope + third, weights * np.exp(u)])
