"""The output of a check links to the claim in the ledger, and its tooltip says what the claim says."""

import re
import unicodedata
from html import escape, unescape

from dltheory import claims

CLAIM_ID = re.compile(r'<code class="claim-id">([^<]+)</code>')
SYMBOLS = {"langle": "⟨", "rangle": "⟩", "infty": "∞", "approx": "≈", "times": "×", "cdot": "·", "to": "→"}
SYMBOLS |= {"le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "sim": "~"}
SYMBOLS |= {"sqrt": "√", "sum": "∑", "ell": "ℓ", "pm": "±", "nabla": "∇"}
SPACES = r"\\(?:left|right|big|Big|mathbb|mathrm|mathcal|operatorname|text|quad|[,;:! ])"


def plain(statement):
    """A statement of the registry without the marks of Markdown and TeX, as far as a tooltip needs it."""
    parts = statement.split("$")  # text and formulas in turn
    parts[::2] = [re.sub(r"[`*]|\{[\w:]+\}(?=`)", "", text) for text in parts[::2]]
    parts[1::2] = map(_formula, parts[1::2])
    return " ".join("".join(parts).split())


def _formula(tex):
    tex = re.sub(SPACES, " ", tex).replace(r"\|", "‖")
    tex = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", tex)
    tex = re.sub(r"\\([A-Za-z]+)", lambda found: _symbol(found[1]), tex)
    return re.sub(r"\{(\w+)\}", r"\1", tex).replace("\\", "")


def _symbol(name):
    """The sign of a TeX command; the names of functions, such as max, stay."""
    case = "CAPITAL" if name[0].isupper() else "SMALL"
    letter = name.removeprefix("var").upper().replace("LAMBDA", "LAMDA")
    try:
        return SYMBOLS.get(name) or unicodedata.lookup(f"GREEK {case} LETTER {letter}")
    except KeyError:
        return name


def link(app, pagename, templatename, context, doctree):
    ledgers = [docname for docname, data in app.env.metadata.items() if "ledger" in data]
    if not ledgers or pagename not in app.env.found_docs or "claim-id" not in context.get("body", ""):
        return
    ledger = app.builder.get_relative_uri(pagename, ledgers[0])
    statements = {claim.id: plain(claim.statement) for claim in claims.registry().values()}

    def linked(found):
        claim_id = unescape(found[1])
        if claim_id not in statements:
            return found[0]  # the ledger has told
        title = escape(statements[claim_id])
        return f'<a class="claim-link" href="{ledger}#claim-{found[1]}" title="{title}">{found[0]}</a>'

    context["body"] = CLAIM_ID.sub(linked, context["body"])


def setup(app):
    app.connect("html-page-context", link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
