"""The notebooks of the book are fit for committing, and the tool that says so can say no."""

import copy
from pathlib import Path

import nbformat
import notebooks
import pytest

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "chapters").rglob("*.ipynb"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_has_no_faults(path):
    assert notebooks.faults(nbformat.read(path, as_version=4)) == []


@pytest.fixture
def sound():
    opening = "# Title\n\n" + "\n\n".join(notebooks.OPENING)
    closing = "\n\n".join(notebooks.CLOSING)
    figure = nbformat.v4.new_code_cell("plt.plot([1])\nplt.show()", execution_count=1)
    figure.metadata["mystnb"] = {
        "image": {"alt": "The curve rises from left to right."},
        "figure": {"caption": "A curve.", "name": "curve"},
    }
    figure.outputs = [nbformat.v4.new_output("stream", text="done\n")]
    cells = [nbformat.v4.new_markdown_cell(opening), figure, nbformat.v4.new_markdown_cell(closing)]
    return notebooks.normalise(nbformat.v4.new_notebook(cells=cells))


def test_a_sound_notebook_passes(sound):
    assert notebooks.faults(sound) == []


def _drop_outputs(notebook):
    notebook.cells[1].outputs = []


def _add_image(notebook):
    data = {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}
    notebook.cells[1].outputs.append(nbformat.v4.new_output("display_data", data=data))


def _add_volatile_metadata(notebook):
    notebook.cells[1].metadata["execution"] = {"iopub.execute_input": "2026-01-01"}


def _lengthen(notebook):
    notebook.cells[1].source = "x = 1\n" * 20 + "plt.show()"


def _widen(notebook):
    notebook.cells[1].source = "x = " + "1 + " * 20 + "1\nplt.show()"


def _drop_alt(notebook):
    del notebook.cells[1].metadata["mystnb"]["image"]


def _name_a_file(notebook):
    notebook.cells[1].metadata["mystnb"]["image"]["alt"] = "what you see in the file figure.png"


def _drop_caption(notebook):
    del notebook.cells[1].metadata["mystnb"]["figure"]["caption"]


def _drop_opening(notebook):
    notebook.cells[0].source = notebook.cells[0].source.replace("**You need**", "")


def _drop_closing(notebook):
    notebook.cells[2].source = notebook.cells[2].source.replace("## Exercises", "")


def _swap_closing(notebook):
    notebook.cells[2].source = "\n\n".join(reversed(notebooks.CLOSING))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_drop_outputs, "no stored outputs"),
        (_add_image, "not in normal form"),
        (_add_volatile_metadata, "not in normal form"),
        (_lengthen, "above 20"),
        (_lengthen, "half are wanted"),
        (_widen, "above 84"),
        (_drop_alt, "without alt text"),
        (_name_a_file, "without alt text"),
        (_drop_caption, "without caption"),
        (_drop_opening, "opening cell"),
        (_drop_closing, "closing section ## Exercises"),
        (_swap_closing, "another order"),
    ],
)
def test_each_fault_is_found(sound, damage, words):
    damage(sound)
    assert any(words in fault for fault in notebooks.faults(sound))


def test_normalising_keeps_text_and_drops_payloads(sound):
    damaged = copy.deepcopy(sound)
    _add_image(damaged)
    _add_volatile_metadata(damaged)
    before = copy.deepcopy(damaged)
    normal = notebooks.normalise(damaged)
    assert damaged == before
    assert normal.cells[1].outputs[0].text == "done\n"
    assert normal.cells[1].outputs[1].data == {"text/plain": "<Figure>"}
    assert normal.cells[1].execution_count == 1
    assert notebooks.normalise(normal) == normal


def test_what_the_site_folds_is_folded_in_jupyterlab():
    cells = [
        nbformat.v4.new_code_cell("1", metadata={"tags": ["hide-input"]}),
        nbformat.v4.new_code_cell("2"),
        nbformat.v4.new_markdown_cell("```{solution-start} label\n```"),
        nbformat.v4.new_code_cell("3"),
        nbformat.v4.new_markdown_cell("```{solution-end}\n```"),
        nbformat.v4.new_code_cell("4"),
    ]
    normal = notebooks.normalise(nbformat.v4.new_notebook(cells=cells))
    hidden = [cell.source for cell in normal.cells if "jupyter" in cell.metadata]
    assert hidden == ["1", "3"]


def test_the_command_line_reports_and_repairs(sound, tmp_path, capsys):
    _add_volatile_metadata(sound)
    path = tmp_path / "sample.ipynb"
    nbformat.write(sound, path)
    assert notebooks.main(["check", str(path)]) == 1
    assert "sample.ipynb: is not in normal form" in capsys.readouterr().out
    assert notebooks.main(["normalise", str(path)]) == 0
    assert notebooks.main(["check", str(path)]) == 0
