"""Settings and fixtures shared by all tests."""

import json
import os
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # one BLAS thread a worker, or the workers fight for the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "dltheory",
    derandomize=True,  # the same examples on every run: a failure can be reproduced by whoever reads it
    deadline=None,  # the first call of a solver loads it
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("dltheory")


@pytest.fixture(scope="session")
def golden():
    """Reference values by section and name: ``golden["implicit"]["gd_minnorm"]["value"]``."""
    return json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
