"""Keep sphinx-thebe, which Jupyter Book always loads, out of the pages: its script names a CDN."""

WRITES_INTO_PAGES = ("env-before-read-docs", "doctree-resolved")


def _silence(app, config):
    for event in WRITES_INTO_PAGES:
        heard = app.events.listeners[event]
        heard[:] = [listener for listener in heard if listener.handler.__module__ != "sphinx_thebe"]


def setup(app):
    app.connect("config-inited", _silence)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
