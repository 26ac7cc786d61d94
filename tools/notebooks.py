"""Keep notebooks fit for committing.

    python tools/notebooks.py normalise chapters/**/*.ipynb    rewrite in normal form
    python tools/notebooks.py execute chapters/**/*.ipynb      run, then rewrite in normal form
    python tools/notebooks.py check chapters/**/*.ipynb        list the faults, exit 1 if there are any

The normal form keeps text outputs and execution counts (nbval compares them) and drops image payloads and
volatile metadata. JupyterLab folds the code that the site folds: scaffolding and solutions.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat

MAX_LINES = 20
MAX_COLUMNS = 84  # what a page shows without scrolling
OPENING = ("**You will be able to**", "**You need**", "**Minutes to teach**", "**Seconds to run**")
CLOSING = ("## What to remember", "## Further reading", "## Exercises")
CELL_METADATA = ("tags", "mystnb")
FOLDED = {"hide-input", "remove-cell"}
LANGUAGE_INFO = {"name": "python"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def normalise(notebook):
    """Return the notebook in normal form; the argument is left as it is."""
    notebook = nbformat.from_dict(nbformat.validator.normalize(notebook)[1])
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE_INFO})
    in_solution = False
    for cell in notebook.cells:
        in_solution = _solution_goes_on(cell, in_solution)
        kept = {k: cell.metadata[k] for k in CELL_METADATA if k in cell.metadata}
        if cell.cell_type == "code" and (in_solution or FOLDED & set(kept.get("tags", []))):
            kept["jupyter"] = {"source_hidden": True}
        cell.metadata = nbformat.from_dict(kept)
        cell.source = cell.source.strip("\n")
        if cell.cell_type == "code":
            cell.outputs = [_normal_output(output) for output in cell.outputs]
    return notebook


def _solution_goes_on(cell, before):
    """Whether the cells from here on belong to a gated solution."""
    if cell.cell_type != "markdown":
        return before
    marks = re.findall(r"\{solution-(start|end)\}", cell.source)
    return marks[-1] == "start" if marks else before


def _normal_output(output):
    if "data" in output:
        output.data = {kind: value for kind, value in output.data.items() if not kind.startswith("image/")}
        output.metadata = nbformat.from_dict({})
    return output


def faults(notebook):
    """Return, as sentences, what keeps a notebook from being fit for the book."""
    found = (
        [] if notebook == normalise(notebook) else ["is not in normal form: run tools/notebooks.py normalise"]
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not any(cell.outputs for cell in code):
        found.append("has no stored outputs: run tools/notebooks.py execute")
    if missing := [words for words in OPENING if words not in notebook.cells[0].source]:
        found.append(f"misses in its opening cell: {', '.join(missing)}")
    return found + _closing_faults(notebook) + _length_faults(code) + _figure_faults(code)


def _closing_faults(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    places = [re.search(f"^{re.escape(heading)}$", text, re.MULTILINE) for heading in CLOSING]
    if missing := [heading for heading, place in zip(CLOSING, places, strict=True) if place is None]:
        return [f"misses the closing section {', '.join(missing)}"]
    starts = [place.start() for place in places]
    return [] if starts == sorted(starts) else [f"has its closing sections in another order than {CLOSING}"]


def _length_faults(code):
    lengths = [len(cell.source.splitlines()) for cell in code]
    found = [
        f"has a code cell of {length} lines, above {MAX_LINES}: {cell.source.splitlines()[0]!r}"
        for cell, length in zip(code, lengths, strict=True)
        if length > MAX_LINES
    ]
    found += [
        f"has a code line of {len(line)} columns, above {MAX_COLUMNS}: {line.strip()!r}"
        for cell in code
        for line in cell.source.splitlines()
        if len(line) > MAX_COLUMNS
    ]
    short = sum(length <= 5 for length in lengths)
    if 2 * short < len(code):
        found.append(f"has only {short} of {len(code)} code cells with at most 5 lines, half are wanted")
    return found


def _figure_faults(code):
    found = []
    for cell in (cell for cell in code if "plt.show()" in cell.source):
        metadata = cell.metadata.get("mystnb", {})
        alt, figure = metadata.get("image", {}).get("alt", ""), metadata.get("figure", {})
        first = cell.source.splitlines()[0]
        if len(alt.split()) < 5 or re.search(r"\.(png|svg|jpe?g)$", alt):
            found.append(f"has a figure without alt text that states its conclusion: {first!r}")
        if not (figure.get("caption") and figure.get("name")):
            found.append(f"has a figure without caption and name: {first!r}")
        if cell.source.count("plt.show()") > 1:
            found.append(f"has more than one figure in a cell: {first!r}")
    return found


def execute(notebook, folder):
    """Run all cells in ``folder``, as the book does, and return the executed notebook."""
    from nbclient import NotebookClient

    place = {"metadata": {"path": str(folder)}}
    return NotebookClient(
        notebook, timeout=120, resources=place, extra_arguments=["--log-level=ERROR"]
    ).execute()


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["normalise", "execute", "check"])
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    bad = 0
    for path in options.notebooks:
        notebook = nbformat.read(path, as_version=4)
        if options.action == "check":
            for fault in faults(notebook):
                print(f"{path}: {fault}")
                bad += 1
            continue
        if options.action == "execute":
            print(f"{path}: running", flush=True)
            notebook = execute(notebook, path.parent)
        nbformat.write(normalise(notebook), path)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
