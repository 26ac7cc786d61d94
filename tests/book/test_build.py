"""The build, tried on a book of two notebooks: it is strict, it forgets nothing and repeats nothing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("Makefile", "_config.yml", "requirements.txt", "constraints.txt", "pyproject.toml")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

TOC = """
format: jb-book
root: chapters/index
chapters:
  - file: chapters/slopes
  - file: chapters/points
  - file: chapters/ledger
  - file: chapters/bibliography
"""
CLAIM = r"""
[half-slope]
statement = "The slope is $\\tfrac12$."
function = "dltheory.small_chapter.slope"
status = "proved"
reason = "rounding"
absolute = 1e-9
source = "author2020"
locator = "Theorem 1"
"""
LIBRARY = '"""A chapter."""\n\n\ndef slope():\n    return 0.5\n\n\ndef intercept():\n    return 31\n'
BIBLIOGRAPHY = "@book{author2020, author={Ann Author}, title={Slopes}, publisher={Press}, year={2020}}"
PAGES = {
    "index.md": "# Home\n\nIt takes {runtime}`chapters/slopes`. See {prf:ref}`halves`.\n\n"
    "```{notebook-figure} slopes line\n```",
    "ledger.md": "# Ledger\n\n```{ledger}\n```",
    "bibliography.md": "# Bibliography\n\n```{bibliography}\n```",
}
THEOREM = "# Slopes\n\n```{prf:theorem} Halves\n:label: halves\nBy {cite:t}`author2020`, $s = 1/2$.\n```"
FIGURE = {"figure": {"caption": "A line.", "name": "line"}, "image": {"alt": "A line rises."}}
NOTEBOOKS = {
    "slopes.ipynb": [
        THEOREM,
        ["import matplotlib.pyplot as plt", "plt.plot([1, 2])", "plt.show()"],
        ["from dltheory import claims", "from dltheory.small_chapter import intercept, slope"],
        ["print('the intercept is', intercept())"],
        ["claims.check('half-slope', 0.5, slope())"],
    ],
    "points.ipynb": ["# Points", ["with open('runs.txt', 'a') as log:", "    print('run', file=log)"]],
}


class Book:
    """A small book: the real tools and settings, texts of its own, and a copy of the library."""

    def __init__(self, folder):
        self.folder = folder
        for name in COPIED:
            shutil.copy2(ROOT / name, folder / name)
        for name in ("tools", "extensions", "assets"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "vendor").symlink_to(ROOT / "vendor")
        no_claims = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.toml")
        shutil.copytree(ROOT / "lib", folder / "lib", ignore=no_claims)
        self.write("_toc.yml", TOC)
        self.write("lib/dltheory/small_chapter/__init__.py", LIBRARY)
        self.write("lib/dltheory/small_chapter/claims/slopes.toml", CLAIM)
        self.write("chapters/references.bib", BIBLIOGRAPHY)
        self.reset()

    def reset(self):
        self.write("lib/dltheory/small_chapter/__init__.py", LIBRARY)
        for name, text in PAGES.items():
            self.write(f"chapters/{name}", text)
        for name, cells in NOTEBOOKS.items():
            self.write_notebook(name, cells)

    def write(self, name, text):
        """Write only what differs: the date of an unchanged file stays."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    def write_notebook(self, name, cells):
        v4 = nbformat.v4
        made = [
            v4.new_code_cell("\n".join(cell), id=f"cell-{k}", metadata=_metadata(cell))
            if isinstance(cell, list)
            else v4.new_markdown_cell(cell, id=f"cell-{k}")
            for k, cell in enumerate(cells)
        ]
        notebook = v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
        self.write(f"chapters/{name}", nbformat.writes(notebook))

    def make(self):
        """Run ``make book`` in the environment of the tests; return its exit status and all it printed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "PYTEST"))}
        environment["PYTHONPATH"] = str(self.folder / "lib")
        command = ["make", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.ready", "book"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def page(self, name):
        return (self.folder / "_build/html/chapters" / name).read_text()

    def dates(self):
        return {path: path.stat().st_mtime_ns for path in self.folder.glob("_build/html/chapters/*.html")}

    def executions(self):
        return len((self.folder / "chapters/runs.txt").read_text().splitlines())


def _metadata(cell):
    return {"mystnb": FIGURE} if "plt.show()" in cell else {}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    book = Book(tmp_path_factory.mktemp("book"))
    book.first = book.make()
    return book


@pytest.fixture
def book(built):
    yield built
    built.reset()


def test_a_sound_book_builds_and_says_where_it_is(built):
    status, output = built.first
    assert status == 0, output
    assert "2 of 2 notebooks to execute" in output
    assert re.search(r"_build/html/index.html: built in \d+ s$", output.strip()), output
    assert built.executions() == 1
    assert "chapters/index.html" in (built.folder / "_build/html/index.html").read_text()


def test_pages_name_no_outside_server(built):
    for page in (built.folder / "_build/html").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"(https?:[^\"]*)", page.read_text())
        assert loaded == [], page.name
        assert "unpkg.com" not in page.read_text()


def test_the_ledger_and_the_running_time_come_from_the_executed_notebook(built):
    ledger = built.page("ledger.html")
    card = ledger[ledger.index('id="claim-half-slope"') :]
    fields = dict(re.findall(r"<dt[^>]*>(\w+)<.*?</dt>\s*<dd[^>]*>(.*?)</dd>", card, re.DOTALL))
    assert r"\(\tfrac12\)" in card
    assert '<span class="ledger-verdict">holds</span>' in card
    assert "Author" in fields["Source"]
    assert "Theorem 1" in fields["Source"]
    assert "dltheory.small_chapter.slope" in fields["Function"]
    assert 'href="slopes.html"' in fields["Notebook"]
    assert "0.5" in fields["Predicted"]
    assert "0.5" in fields["Measured"]
    assert "rounding" in fields["Tolerance"]
    assert "1 of 1 points" in fields["Outcome"]
    assert re.search(r'class="runtime">(\d+ s|less than 1 s)<', built.page("index.html"))


def test_a_second_build_executes_nothing_and_makes_no_page_anew(book):
    before, dates = book.executions(), book.dates()
    status, output = book.make()
    assert status == 0, output
    assert "0 of 2 notebooks to execute" in output
    assert book.executions() == before
    assert book.dates() == dates


def test_a_change_in_the_library_reaches_the_page(book):
    before = book.executions()
    assert "the intercept is 31" in book.page("slopes.html")
    book.write("lib/dltheory/small_chapter/__init__.py", LIBRARY.replace("31", "47"))
    status, output = book.make()
    assert status == 0, output
    assert "the intercept is 47" in book.page("slopes.html")
    assert book.executions() == before + 1


def test_a_failing_cell_and_a_claim_that_became_false_stop_the_build_and_are_named(book):
    book.write_notebook("points.ipynb", [*NOTEBOOKS["points.ipynb"], ["x = 0", "1 / x"]])
    book.write("lib/dltheory/small_chapter/__init__.py", LIBRARY.replace("0.5", "0.6"))
    status, output = book.make()
    assert status != 0
    assert "FAILED in code cell [2], 'x = 0', of chapters/points.ipynb" in output
    assert "ZeroDivisionError: division by zero" in output
    claim = "\"claims.check('half-slope', 0.5, slope())\""
    assert f"FAILED in code cell [4], {claim}, of chapters/slopes.ipynb" in output
    assert "half-slope fails" in output


def test_what_the_pages_point_at_in_vain_stops_the_build_each_time(book):
    """The second build reads no page that changed, and still has to fail."""
    wrong = {
        "{cite:t}`nobody1900`": "nobody1900",
        "{ref}`no-section`": "no-section",
        "{numref}`no-figure`": "no-figure",
        "{eq}`no-equation`": "no-equation",
        "{prf:ref}`no-theorem`": "no-theorem",
        "[text](#no-anchor)": "no-anchor",
        "{runtime}`no-notebook`": "no-notebook",
        "{no-role}`text`": "no-role",
    }
    book.write("chapters/index.md", "# Home\n\n" + "\n\n".join(wrong))
    book.write_notebook("slopes.ipynb", NOTEBOOKS["slopes.ipynb"][:-1])
    for _ in range(2):
        status, output = book.make()
        assert status != 0
        for name in wrong.values():
            assert re.search(rf"chapters/index.md.*WARNING.*{name}", output), f"{name}\n{output}"
        unchecked = "ledger: claim 'half-slope' is registered and never checked"
        assert re.search(rf"chapters/ledger.md:\d+: WARNING: {unchecked}", output), output
