"""The directive {notebook-figure}: a figure that a notebook of the book has drawn, shown on another page.

Its arguments are the notebook, seen from the page or from the root, and the figure's name; its content is the
caption, and without content the notebook's own. The alternative text is the notebook's.
"""

import hashlib
from base64 import b64decode
from os.path import relpath
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from executed_notebooks import executed
from sphinx.util import docname_join
from sphinx.util.docutils import SphinxDirective


class QuotedFigure(nodes.figure):
    """A figure that is numbered where it was drawn, and not here: Sphinx numbers by the exact class."""


class NotebookFigure(SphinxDirective):
    required_arguments = 2
    has_content = True

    def run(self):
        docname, name = self.arguments
        docname = docname_join(self.env.docname, docname.removesuffix(".ipynb"))
        try:
            notebook, _ = executed(self.env, docname)
            png, alt, caption = find(notebook, name)
        except (KeyError, FileNotFoundError):
            message = f"notebook-figure: {docname!r} is not an executed notebook that draws {name!r}"
            return [self.state_machine.reporter.warning(message, line=self.lineno)]
        figure = QuotedFigure("", nodes.image(uri=self._store(png), alt=alt))
        parent = nodes.Element()
        self.state.nested_parse(self.content or StringList([caption], docname), self.content_offset, parent)
        if parent.children:
            figure += nodes.caption("", "", *parent[0].children)
        return [figure]

    def _store(self, png):
        """Write the picture beside those of the notebooks; return its address seen from the root."""
        path = Path(self.env.mystnb_config.output_folder) / f"{hashlib.sha256(png).hexdigest()}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # a newer date would make the notebook look changed at the next build
            path.write_bytes(png)
        return "/" + Path(relpath(path, self.env.srcdir)).as_posix()


def find(notebook, name):
    """The picture, its alternative text and its caption; KeyError if no cell draws a figure of that name."""
    for cell in notebook.cells:
        shown = cell.metadata.get("mystnb", {})
        if shown.get("figure", {}).get("name") != name:
            continue
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                caption = shown["figure"].get("caption", "")
                return b64decode(output["data"]["image/png"]), shown["image"]["alt"], caption
    raise KeyError(name)


def setup(app):
    app.setup_extension("executed_notebooks")
    app.add_directive("notebook-figure", NotebookFigure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
