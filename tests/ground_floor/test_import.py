"""Importing the library loads nothing heavy."""

import subprocess
import sys

import pytest

PRINT_LOADED = "import sys, {module}; print([name for name in {heavy} if name in sys.modules])"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("dltheory", ["torch", "scipy", "sklearn", "matplotlib", "distributed", "numpy"]),
        ("dltheory.claims", ["torch", "scipy", "sklearn", "matplotlib", "distributed"]),
        ("dltheory.benign_overfitting.asymptotics", ["torch", "sklearn", "matplotlib", "distributed"]),
        ("dltheory.benign_overfitting.simulation", ["torch", "sklearn", "matplotlib", "distributed"]),
    ],
)
def test_nothing_heavy_is_loaded(module, heavy):
    code = PRINT_LOADED.format(module=module, heavy=heavy)
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
