"""Sweeps: one function evaluated on a grid of parameters and over seeds, resumable and reproducible.

The results are the same bit for bit in this process, on all cores (joblib) and on a Dask cluster: the
generator of a value depends on its seed and its point alone, and BLAS runs on one thread on every route
(several threads add up in another order). Machines with different BLAS libraries may differ in the last
digit.
"""

from dltheory.sweep.job import batched
from dltheory.sweep.result import SweepResult
from dltheory.sweep.routes import CLUSTER
from dltheory.sweep.run import sweep

__all__ = ["CLUSTER", "SweepResult", "batched", "sweep"]
