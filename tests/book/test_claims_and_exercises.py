"""What the notebooks claim and ask, and what the library registers, are the same lists."""

import ast
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest
from dltheory import claims, exercises

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.parent.name for path in (ROOT / "lib/dltheory").glob("*/exercises"))


def _calls(module):
    """First arguments of all calls ``<module>.check("...")`` in the notebooks' code."""
    found = []
    for path in sorted((ROOT / "chapters").rglob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        for cell in (cell for cell in cells if cell.cell_type == "code"):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{module}.check":
                    found.append(ast.literal_eval(node.args[0]))
    return found


def _exercises():
    for chapter in CHAPTERS:
        for exercise in import_module(f"dltheory.{chapter}.exercises").EXERCISES:
            yield f"{chapter}.{exercise.name}", exercise


EXERCISES = dict(_exercises())
MISTAKES = [(name, k) for name, exercise in EXERCISES.items() for k in range(len(exercise.mistakes))]


def test_each_registered_claim_is_checked_once_and_each_checked_claim_is_registered():
    assert claims.audit(_calls("claims")) == []


def test_claims_name_functions_that_exist_and_sources_of_the_bibliography():
    bibliography = (ROOT / "chapters/references.bib").read_text(encoding="utf-8")
    for claim in claims.registry().values():
        module, _, function = claim.function.rpartition(".")
        assert callable(getattr(import_module(module), function)), claim.id
        if claim.source:
            assert f"{{{claim.source}," in bibliography, f"{claim.id}: {claim.source}"


def test_each_exercise_is_asked_and_each_asked_exercise_exists():
    assert set(_calls("exercises")) == set(EXERCISES)


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").rglob("*.ipynb")), ids=lambda path: path.stem)
def test_each_solution_on_the_page_is_right(path):
    """What the build stored; nbval compares it with what the code gives today."""
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code" and "exercises.check(" in cell.source]
    shown = ["".join(str(output) for output in cell.outputs) for cell in code]
    solutions = sum(cell.source.count("{solution-start}") for cell in cells if cell.cell_type == "markdown")
    assert sum("Right" in text for text in shown) == solutions
    assert sum("Not answered yet" in text for text in shown) == solutions


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_solution_passes(name):
    assert exercises.check(name, EXERCISES[name].reference).passed


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_knows_at_least_three_mistakes_with_words_of_their_own(name):
    diagnoses = [mistake.diagnosis for mistake in EXERCISES[name].mistakes]
    assert len(set(diagnoses)) == len(diagnoses) >= 3


@pytest.mark.parametrize(("name", "k"), MISTAKES)
def test_each_plausible_mistake_gets_its_own_diagnosis(name, k):
    mistake = EXERCISES[name].mistakes[k]
    feedback = exercises.check(name, mistake.answer)
    assert feedback.status == "wrong"
    assert mistake.diagnosis in feedback.message


@pytest.mark.parametrize("name", EXERCISES)
def test_nonsense_is_refused_without_a_crash(name):
    reference = EXERCISES[name].reference
    shape = np.shape(reference) if not callable(reference) else ()
    answers = ["words", np.full(shape, np.nan), lambda **arguments: np.full((2, 3, 4), 7.25)]
    assert all(exercises.check(name, answer).status == "wrong" for answer in answers)
