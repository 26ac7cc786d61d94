"""One id, one place: sphinx-proof and sphinx-exercise name the contents of all their blocks alike."""

from collections import Counter

from docutils import nodes

REPEATED = {"proof-content", "exercise-content", "solution-content"}


def number(app, doctree, docname):
    """Number the second and later of the ids that repeat; nothing links to them."""
    seen = Counter()
    for section in doctree.findall(nodes.section):
        for name in REPEATED.intersection(section["ids"]):
            seen[name] += 1
            if seen[name] > 1:
                section["ids"][section["ids"].index(name)] = f"{name}-{seen[name]}"


def setup(app):
    app.connect("doctree-resolved", number, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
