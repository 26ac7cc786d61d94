"""The time of ``import dltheory``, beside a bare interpreter and beside the packages that it does not load.

Run ``python benchmarks/import_library.py``.
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUNDS = 7
STATEMENTS = ["pass", "import dltheory", "import numpy", "import scipy.stats", "import torch"]
PROMISE = 0.3


def seconds(statement):
    """Return the wall time of one fresh interpreter that runs the statement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main():
    times = {statement: [] for statement in STATEMENTS}
    for _ in range(ROUNDS):  # in turn, so that all see the same machine
        for statement, taken in times.items():
            taken.append(seconds(statement))
    median = {statement: sorted(taken)[ROUNDS // 2] for statement, taken in times.items()}
    for statement, taken in median.items():
        print(f"{statement:20} {taken:.3f} s, {taken - median['pass']:+.3f} s over a bare interpreter")
    print(f"promised for import dltheory: at most {PROMISE} s over a bare interpreter")


if __name__ == "__main__":
    main()
