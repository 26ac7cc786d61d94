"""Execute the notebooks of the book, several at a time, into the cache that Sphinx reads.

A notebook whose code is in the cache already is left alone. A cell that fails stops the build with a message
that names file and cell; what other notebooks gave stays in the cache.
"""

from __future__ import annotations

import os
import re
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "_build" / ".jupyter_cache"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # several notebooks run side by side
    "OPENBLAS_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or the debugger writes a warning into stderr
}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TRACEBACK_LINES = 25


class Execution(NamedTuple):
    """What came of one notebook: ``failure`` is empty if it ran to its end; ``peak`` is in MB."""

    notebook: dict
    seconds: float
    peak: float
    failure: str


def main(jobs):
    """Execute what is not in the cache; return the number of notebooks that failed."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    timeout = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["timeout"]
    cache = get_cache(str(CACHE))
    paths = notebook_paths()
    missing = [path for path in paths if not is_cached(cache, path)]
    print(f"{len(missing)} of {len(paths)} notebooks to execute, {jobs} at a time", flush=True)
    failed = 0
    # A process for each notebook, so that the peak memory of its kernel can be told from the others'.
    with ProcessPoolExecutor(jobs, mp_context=get_context("forkserver"), max_tasks_per_child=1) as pool:
        running = {pool.submit(execute, path, timeout): path for path in missing}
        for future in as_completed(running):
            path, result = running[future], future.result()
            failed += bool(result.failure)
            if not result.failure:
                store(cache, path, result)
            print(report(path, result), flush=True)
    return failed


def notebook_paths():
    """The notebooks that the table of contents names, in its order."""
    paths = [ROOT / docname for docname in parse_toc_yaml(ROOT / "_toc.yml")]
    paths = [path if path.suffix == ".ipynb" else path.with_name(path.name + ".ipynb") for path in paths]
    return [path for path in paths if path.is_file()]


def is_cached(cache, path):
    """Whether Sphinx will find the notebook; what an interrupted build left broken does not count."""
    try:
        cache.merge_match_into_notebook(nbformat.read(path, as_version=4))
    except (KeyError, OSError, ValueError, nbformat.reader.NotJSONError):
        return False
    return True


def execute(path, timeout):
    """Run one notebook from its own folder."""
    notebook = nbformat.read(path, as_version=4)
    place = {"cell": 0}
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,  # it goes into the cells' metadata, which are part of the cache's key
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=lambda cell, cell_index: place.update(cell=cell_index),
    )
    failure, start = "", time.perf_counter()
    try:
        client.execute()
    except Exception as error:  # a failing cell, a timeout, a kernel that died: each stops the build
        failure = describe(notebook, place["cell"], error)
    seconds = time.perf_counter() - start
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = kilobytes / (1e6 if sys.platform == "darwin" else 1e3)
    return Execution(notebook, seconds, peak, failure)


def describe(notebook, index, error):
    """The end of the traceback, then which cell it was: what is printed last is read first."""
    cell = notebook.cells[index]
    shown = next((o for o in cell.get("outputs", []) if o.output_type == "error"), None)
    text = "\n".join(shown.traceback) if shown else f"{type(error).__name__}: {error}"
    lines = COLOUR.sub("", text).splitlines()[-TRACEBACK_LINES:]
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    number = sum(c.cell_type == "code" for c in notebook.cells[: index + 1])
    return "\n".join([*(f"    {line}" for line in lines), f"  FAILED in code cell [{number}], {first!r}, of"])


def store(cache, path, result):
    """Put an executed notebook into the cache, over what an interrupted build may have left there."""
    data = {"execution_seconds": result.seconds, "peak_megabytes": result.peak}
    cache.cache_notebook_bundle(
        CacheBundleIn(result.notebook, str(path), data=data), check_validity=False, overwrite=True
    )


def report(path, result):
    name = path.relative_to(ROOT)
    if result.failure:
        return f"{result.failure} {name}"
    return f"  {name}: {result.seconds:.1f} s, {result.peak:.0f} MB"


if __name__ == "__main__":
    sys.exit(min(main(jobs=int(os.environ.get("JOBS", "2"))), 1))
