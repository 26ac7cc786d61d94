"""Spectra of a covariance, finite or infinite, whose tails are summed and never cut off.

An infinite spectrum that is truncated is another spectrum: it may have no benign overfitting where the
infinite one has it.  Every function of this chapter that takes ``eigenvalues`` takes an array or a
`Spectrum`, and a `Spectrum` knows the sums over its whole tail.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from dltheory._validation import integer, real, real_array


class SpectralMeasure(NamedTuple):
    """A spectrum as weighted points: ``sum_i f(lambda_i) = sum_j weights[j] f(values[j]) + f'(0) dust``.

    The identity is for smooth ``f`` with ``f(0) = 0``.  A finite spectrum has no dust.
    """

    values: np.ndarray  #: shape (m,), positive
    weights: np.ndarray  #: shape (m,), multiplicities or quadrature weights
    dust: float  #: the trace of the eigenvalues too small to be told from zero


class Spectrum(ABC):
    r"""Eigenvalues :math:`\lambda_1 \ge \lambda_2 \ge \dots > 0` with exact sums over the tail.

    A subclass says what its leading eigenvalues are, and what its tails sum to.
    """

    size: float  #: the number of eigenvalues: an integer, or ``math.inf``

    @abstractmethod
    def leading(self, count):
        """Return the ``count`` largest eigenvalues, shape (count,), in descending order."""

    @abstractmethod
    def relative_tail(self, k):
        r"""Return the sums over i > k of :math:`\lambda_i/\lambda_{k+1}` and of its square.

        They are relative because squares of small eigenvalues underflow.  ``k`` is an integer array.
        """

    @abstractmethod
    def first_split(self, ratio, ridge):
        r"""Return the least k with :math:`\Lambda + \sum_{i>k}\lambda_i \ge \rho\,\lambda_{k+1}`, or inf.

        ``ratio`` is :math:`\rho` and ``ridge`` is :math:`\Lambda`.
        """

    @abstractmethod
    def measure(self, scale):
        """Return the `SpectralMeasure`; eigenvalues below ``1e-18 * scale`` may become its dust."""

    def eigenvalue(self, k):
        r"""Return :math:`\lambda_{k+1}`, which an array calls ``eigenvalues[k]``."""
        return float(self.leading(k + 1)[k])

    def tail_sum(self, k):
        r"""Return :math:`\sum_{i>k}\lambda_i`, a float; zero when nothing is left."""
        if integer("k", k) >= self.size:
            return 0.0
        return self.eigenvalue(k) * float(self.relative_tail(np.array([k]))[0][0])

    def tail_square_sum(self, k):
        r"""Return :math:`\sum_{i>k}\lambda_i^2`, a float; zero when nothing is left."""
        if integer("k", k) >= self.size:
            return 0.0
        return self.eigenvalue(k) ** 2 * float(self.relative_tail(np.array([k]))[1][0])


class FiniteSpectrum(Spectrum):
    r"""Finitely many eigenvalues: listed ones, then one value repeated ``floor_count`` times.

    The repeated value costs nothing, so that :math:`10^{12}` equal eigenvalues are as cheap as one.

    Parameters
    ----------
    head : array of shape (h,)
        Positive, in descending order; may be empty when there is a floor.
    floor : float
        The repeated eigenvalue, at most the last of ``head``; ignored when ``floor_count`` is 0.
    floor_count : int
        How often it occurs.

    Raises
    ------
    ValueError
        If an eigenvalue is not positive, or the order is not descending.

    Examples
    --------
    >>> FiniteSpectrum([2.0, 1.0], floor=0.5, floor_count=10).tail_sum(1)
    6.0
    """

    def __init__(self, head, *, floor=0.0, floor_count=0):
        self.floor_count = integer("floor_count", floor_count)
        if np.size(head) or not self.floor_count:
            self.head = real_array("head", head, ndim=1, above=0)
        else:
            self.head = np.empty(0)
        self.floor = real("floor", floor, above=0) if self.floor_count else 0.0
        if np.any(np.diff(self.head) > 0) or (self.head.size and self.floor > self.head[-1]):
            raise ValueError("head must be in descending order and end above floor")
        self.size = self.head.size + self.floor_count
        self._tails = None

    def leading(self, count):
        if integer("count", count) > self.size:
            raise ValueError(f"count must be at most the number of eigenvalues {self.size}, got {count}")
        repeated = max(count - self.head.size, 0)
        return np.concatenate([self.head[:count], np.full(repeated, self.floor)])

    def eigenvalue(self, k):
        if integer("k", k) >= self.size:
            raise ValueError(f"k must be less than the number of eigenvalues {self.size}, got {k}")
        return float(self.head[k]) if k < self.head.size else self.floor

    def relative_tail(self, k):
        if self._tails is None:
            self._tails = self._head_tails()
        k = np.asarray(k)
        inside = np.minimum(k, self.head.size)
        left = (self.size - k).astype(float)  # in the floor all ratios are one
        return tuple(np.where(k < self.head.size, tail[inside], left) for tail in self._tails)

    def _head_tails(self):
        h = self.head.size
        first, second = np.full(h + 1, float(self.floor_count)), np.full(h + 1, float(self.floor_count))
        start = 0
        while start < h:  # in sections of a hundred decades, so that no square underflows
            scaled = self.head[start:] / self.head[start]
            stop = start + int(np.searchsorted(-scaled, -1e-100, side="right"))
            floor = self.floor / self.head[start]
            for power, out in ((1, first), (2, second)):
                terms = np.append(scaled**power, self.floor_count * floor**power)
                sums = np.cumsum(terms[::-1])[::-1]
                out[start:stop] = sums[: stop - start] / scaled[: stop - start] ** power
            start = stop
        return first, second

    def first_split(self, ratio, ridge):
        # inside the floor the left side only falls, so that its first index decides
        k = np.arange(min(self.head.size + 1, self.size))
        values = np.append(self.head, self.floor)[: k.size]
        with np.errstate(over="ignore"):
            reached = self.relative_tail(k)[0] + ridge / values >= ratio
        return int(np.argmax(reached)) if reached.any() else math.inf

    def measure(self, scale):
        if not self.floor_count:
            return SpectralMeasure(self.head, np.ones(self.head.size), 0.0)
        weights = np.append(np.ones(self.head.size), float(self.floor_count))
        return SpectralMeasure(np.append(self.head, self.floor), weights, 0.0)


def exponential_plus_floor(decay_length, *, floor, size):
    r"""Return the spectrum of a fast decay on top of a small floor, in finitely many dimensions.

    .. math:: \lambda_k = e^{-k/\tau} + \varepsilon, \qquad k = 1, \dots, p.

    With :math:`\varepsilon_n, p_n` that depend on n, such spectra are benign if and only if :math:`p_n/n \to
    \infty` and :math:`n e^{-o(n)} = \varepsilon_n p_n = o(n)`: the floor must be long, and neither too heavy
    nor exponentially light.

    Parameters
    ----------
    decay_length : float
        :math:`\tau > 0`.
    floor : float
        :math:`\varepsilon > 0`.
    size : int
        :math:`p \ge 1`; may be very large.

    Returns
    -------
    FiniteSpectrum
        Exact in double precision: an eigenvalue is stored as the floor only when it rounds to the floor.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Bartlett, Long, Lugosi and Tsigler (2020), *Benign overfitting in linear regression*.

    Examples
    --------
    >>> round(exponential_plus_floor(1.0, floor=0.01, size=10**6).tail_sum(50), 6)
    9999.5
    """
    decay_length = real("decay_length", decay_length, above=0)
    floor = real("floor", floor, above=0)
    size = integer("size", size, at_least=1)
    visible = math.ceil(decay_length * max(math.log(2.0**55) - math.log(floor), 1.0))
    head_size = min(size, visible)
    head = np.exp(-np.arange(1, head_size + 1) / decay_length) + floor
    return FiniteSpectrum(head, floor=floor, floor_count=size - head_size)


def spiked(spikes, *, floor, floor_count):
    r"""Return a few large eigenvalues over a flat tail, the model of a simple part and a spiky part.

    .. math:: \lambda = (s_1, \dots, s_h, \underbrace{\varepsilon, \dots, \varepsilon}_{m}), \qquad
              r_h = R_h = m.

    Parameters
    ----------
    spikes : array of shape (h,)
        The large eigenvalues, descending.
    floor : float
        :math:`\varepsilon > 0`, at most the least spike.
    floor_count : int
        :math:`m \ge 1`.

    Returns
    -------
    FiniteSpectrum

    Raises
    ------
    ValueError
        If an argument is out of range or the spikes do not descend to the floor.

    References
    ----------
    Bartlett, Montanari and Rakhlin (2021), *Deep learning: a statistical viewpoint*.

    Examples
    --------
    >>> spiked([1.0, 1.0], floor=0.001, floor_count=5000).tail_sum(2)
    5.0
    """
    spikes = real_array("spikes", spikes, ndim=1, above=0)
    floor = real("floor", floor, above=0, at_most=float(spikes.min()))
    return FiniteSpectrum(spikes, floor=floor, floor_count=integer("floor_count", floor_count, at_least=1))


def as_spectrum(eigenvalues):
    """Return ``eigenvalues`` as a `Spectrum`.

    An array of shape (d,) must descend and hold no negative entry; zeros at its end carry no mass and are
    left out.

    Raises
    ------
    ValueError
        If an array has a wrong shape, a negative or non-finite entry, no positive entry, or another order.

    Examples
    --------
    >>> as_spectrum([4.0, 1.0, 0.0]).size
    2
    """
    if isinstance(eigenvalues, Spectrum):
        return eigenvalues
    values = real_array("eigenvalues", eigenvalues, ndim=1, at_least=0)
    rises = np.flatnonzero(np.diff(values) > 0)
    if rises.size:
        i = rises[0]
        raise ValueError(
            "eigenvalues must be in descending order, "
            f"got {values[i]:g} before {values[i + 1]:g} at positions {i} and {i + 1}"
        )
    if values[0] == 0:
        raise ValueError("eigenvalues must have a positive entry, got only zeros")
    return FiniteSpectrum(values[values > 0])


def leading_pairs(eigenvalues, coefficients):
    """Return the spectrum, and the eigenvalues and coefficients of the directions that hold coefficients.

    ``coefficients`` of shape (m,) belongs to the first m eigenvalues.  Beside an array it must have the
    array's length; beside a `Spectrum` it may be shorter, and the other coefficients are zero.
    """
    coefficients = real_array("coefficients", coefficients, ndim=1)
    spectrum = as_spectrum(eigenvalues)
    if isinstance(eigenvalues, Spectrum):
        if coefficients.size > spectrum.size:
            raise ValueError(
                f"coefficients must have at most {spectrum.size} entries, got {coefficients.size}"
            )
        return spectrum, spectrum.leading(coefficients.size), coefficients
    values = np.asarray(eigenvalues, dtype=np.float64)
    if values.shape != coefficients.shape:
        raise ValueError(
            f"coefficients must have the shape of eigenvalues {values.shape}, got {coefficients.shape}"
        )
    return spectrum, values, coefficients
