"""The role {runtime}`docname`: the seconds that executing a notebook took when this book was built."""

from docutils import nodes
from executed_notebooks import executed
from sphinx.util import docname_join
from sphinx.util.docutils import SphinxRole


class Runtime(SphinxRole):
    def run(self):
        docname = self._docname()
        try:
            _, seconds = executed(self.env, docname)
        except (KeyError, FileNotFoundError):
            message = f"runtime: {self.text!r} is not an executed notebook of this book"
            return [], [self.inliner.reporter.warning(message, line=self.lineno)]
        return [nodes.inline(text=words(seconds), classes=["runtime"])], []

    def _docname(self):
        """The name as given from the root of the book, else as seen from the page."""
        name = self.text.strip().removesuffix(".ipynb").lstrip("/")
        return name if name in self.env.found_docs else docname_join(self.env.docname, name)


def words(seconds):
    return f"{seconds:.0f} s" if seconds >= 1 else "less than 1 s"


def setup(app):
    app.setup_extension("executed_notebooks")
    app.add_role("runtime", Runtime())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
