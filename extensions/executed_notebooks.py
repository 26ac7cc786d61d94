"""The executed notebooks, for pages that quote them: read first, and quoted anew when one of them changes."""

import nbformat
from jupyter_cache import get_cache


def is_notebook(env, docname):
    return env.doc2path(docname).endswith(".ipynb")


def executed(env, docname):
    """Return the executed notebook and the seconds it took; KeyError if it is not in the cache."""
    cache = get_cache(env.mystnb_config.execution_cache_path)
    source = nbformat.read(env.doc2path(docname), as_version=4)
    record = cache.match_cache_notebook(source)
    _, notebook = cache.merge_match_into_notebook(source)
    return notebook, record.data["execution_seconds"]


def _notebooks_first(app, env, docnames):
    docnames.sort(key=lambda docname: not is_notebook(env, docname))


def _texts_after_changed_notebooks(app, env, added, changed, removed):
    """Any text may quote a notebook (the ledger, a running time, a glued number), so all are read again."""
    if any(is_notebook(env, docname) for docname in added | changed | removed):
        return [docname for docname in env.found_docs if not is_notebook(env, docname)]
    return []


def setup(app):
    app.connect("env-before-read-docs", _notebooks_first)
    app.connect("env-get-outdated", _texts_after_changed_notebooks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
