"""The directive {ledger}: every claim of the book, with what was predicted and measured when it was built."""

from collections import Counter

from dltheory import claims
from dltheory.claims.registration import STATUSES
from docutils import nodes
from docutils.statemachine import StringList
from executed_notebooks import executed, is_notebook
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective


class Ledger(SphinxDirective):
    """A line for each claim, then its card, in one section a notebook and in the order of the book."""

    def run(self):
        self.env.metadata[self.env.docname]["ledger"] = True  # the pages link to it
        checked = {docname: self._checked(docname) for docname in _notebooks(self.env)}
        ids = [entry["id"] for entries in checked.values() for entry in entries]
        faults = [self._warning(fault) for fault in claims.audit(ids)]
        sections = [self._section(docname, entries) for docname, entries in checked.items() if entries]
        return [*faults, self._summary(checked), self._overview(checked), *sections]

    def _checked(self, docname):
        try:
            notebook, _ = executed(self.env, docname)
        except KeyError:
            return []
        return claims.collect(notebook)

    def _summary(self, checked):
        entries = [entry for found in checked.values() for entry in found]
        hold = sum(entry["verdict"] == "holds" for entry in entries)
        seconds = sum(entry["seconds"] for entry in entries)
        known = claims.registry()
        counts = Counter(known[entry["id"]].status for entry in entries if entry["id"] in known)
        standing = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
        text = f"Claims that hold: {hold} of {len(entries)} ({standing}). "
        text += f"Seconds to measure them all: {seconds:.0f}."
        return nodes.paragraph(text=text, classes=["ledger-summary"])

    def _overview(self, checked):
        """A line for each claim: its id, which leads to its card, its standing and its verdict."""
        overview = nodes.container(classes=["ledger-overview"])
        for docname, entries in checked.items():
            known = [entry for entry in entries if entry["id"] in claims.registry()]
            if known:
                overview += nodes.paragraph(text=self.env.titles[docname].astext())
                overview += nodes.bullet_list("", *map(_line, known))
        return overview

    def _section(self, docname, entries):
        title = self.env.titles[docname].astext()
        section = nodes.section("", nodes.title(text=title), classes=["ledger-notebook"])
        section["ids"] = [f"ledger-{docname.rpartition('/')[2].replace('_', '-')}"]
        section.extend(self._card(docname, entry) for entry in entries)
        return section

    def _card(self, docname, entry):
        claim = claims.registry().get(entry["id"])
        if claim is None:
            return nodes.comment()  # the audit has told
        card = nodes.container(classes=["ledger-claim", f"ledger-{entry['verdict']}"])
        card["ids"] = [f"claim-{claim.id}"]
        head = nodes.paragraph(classes=["ledger-head"])
        head += nodes.literal(text=claim.id, classes=["ledger-id"])
        head += nodes.Text(" ")
        head += nodes.inline(text=entry["verdict"], classes=["ledger-verdict"])
        head += nodes.Text(" ")
        head += nodes.inline(text=claim.status, classes=["ledger-status"])
        statement = nodes.container("", *self._parse(claim.statement), classes=["ledger-statement"])
        card.extend([head, statement, self._fields(docname, claim, entry)])
        return card

    def _fields(self, docname, claim, entry):
        rows = {
            "Source": self._parse(_source(claim)),
            "Function": [nodes.paragraph("", "", nodes.literal(text=claim.function))],
            "Notebook": [nodes.paragraph("", "", self._link(docname))],
            "Predicted": [nodes.paragraph(text=_predicted(claim, entry))],
            "Measured": [nodes.paragraph(text=entry["measured"])],
            "Tolerance": self._parse(entry["tolerance"]),
            "Outcome": [nodes.paragraph(text=entry["sentence"].partition(": ")[2])],
            "Seconds": [nodes.paragraph(text=_seconds(entry["seconds"]))],
        }
        if claim.breaks:
            rows["Drops"] = self._parse(claim.breaks)
        listed = nodes.field_list(classes=["ledger-fields"])
        for name, body in rows.items():
            listed += nodes.field("", nodes.field_name(text=name), nodes.field_body("", *body))
        return listed

    def _link(self, docname):
        link = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{docname}", "refdoc": self.env.docname}
        text = nodes.inline(text=self.env.titles[docname].astext())
        return addnodes.pending_xref("", text, refexplicit=True, refwarn=True, **link)

    def _parse(self, text):
        parent = nodes.Element()
        self.state.nested_parse(StringList([text], self.env.docname), self.content_offset, parent)
        return parent.children

    def _warning(self, message):
        return self.state_machine.reporter.warning(f"ledger: {message}", line=self.lineno)


def _notebooks(env):
    """The notebooks in the order of the table of contents."""
    listed = env.config.external_site_map
    return [docname for docname in listed if docname in env.found_docs and is_notebook(env, docname)]


def _line(entry):
    status, verdict = claims.registry()[entry["id"]].status, entry["verdict"]
    line, link = nodes.paragraph(), nodes.reference("", "", refid=f"claim-{entry['id']}", internal=True)
    link += nodes.literal(text=entry["id"])
    line += [link, nodes.Text(" ")]
    line += [nodes.inline(text=status, classes=["ledger-status", f"ledger-is-{status}"]), nodes.Text(" ")]
    line += nodes.inline(text=verdict, classes=["ledger-verdict", f"ledger-is-{verdict}"])
    return nodes.list_item("", line)


def _source(claim):
    if not claim.source:
        return claim.locator or "this book"
    return f"{{cite:t}}`{claim.source}`" + (f", {claim.locator}" if claim.locator else "")


def _predicted(claim, entry):
    bound = {"equal": "", "at_most": "at most ", "at_least": "at least "}[claim.comparison]
    return bound + entry["predicted"]


def _seconds(seconds):
    return f"{seconds:.1f}" if seconds >= 0.1 else "less than 0.1"


def setup(app):
    app.setup_extension("executed_notebooks")
    app.setup_extension("claim_links")
    app.add_directive("ledger", Ledger)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
