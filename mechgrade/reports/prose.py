"""The course's own texts as HTML: Markdown without markup of its own, formulas as MathML, which browsers draw by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import unescape
from typing import Any, cast

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin


def render(text: str) -> Markup:
    """Paragraphs of Markdown."""
    return Markup(_markdown().render(text))


def tokens(text: str) -> list[Token]:
    """Paragraphs of Markdown taken apart. Formulas are tokens of the kinds ``math_inline`` and ``math_block``."""
    return _markdown().parse(text)


def render_inline(text: str) -> Markup:
    """A sentence of Markdown."""
    return Markup(_markdown().renderInline(text))


def render_code(text: str) -> Markup:
    """Plain text, of which only what stands between backticks is set as code: for messages, which may quote a learner's own."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


#: Signs that the library takes for names, which stand closer than signs do; with the sign that fonts have.
_SIGNS = {"⟶": "⟶", "~": "∼", ":": ":", "⧵": "∖"}
#: Functions that are written without brackets, and what keeps them apart from what they are of: ``log p`` is no product.
_NAMED, _THIN = "log|ln|exp|sin|cos|tan|tanh|det", '<mspace width="0.167em"/>'


def mathml(formula: str, display: bool = False) -> str:
    """A formula in LaTeX as MathML; one that cannot be read stays as it is written."""
    formula = re.sub(r"\\arg(?![a-z])", r"\\mathrm{arg}\\,", formula)  # a command that the library does not know
    try:
        # The declared return type is missing in the library.
        found = cast(Callable[..., str], convert)(formula, display="block" if display else "inline")
    except Exception:  # a parser that others wrote, on text that an author wrote: the page must not fail on it
        return f"<code>{escape(formula)}</code>"
    # A word of upright letters is one name, to a screen reader too.
    found = re.sub(r'(?:<mi mathvariant="normal">\w</mi>){2,}', _word, found)
    found = re.sub(rf"(<mi>(?:{_NAMED})</mi>)(?=<m(?:i|n|frac|sub|sup|subsup)>)", rf"\1{_THIN}", found)
    return re.sub(r"<mi>([^<\w]|&#x\w+;)</mi>", _sign, found)


def _word(letters: re.Match[str]) -> str:
    return f"<mi>{re.sub('<[^>]*>', '', letters[0])}</mi>"


def _sign(name: re.Match[str]) -> str:
    sign = _SIGNS.get(unescape(name[1]))
    return name[0] if sign is None else f"<mo>{sign}</mo>"


def _formula(content: str, options: Mapping[str, Any]) -> str:
    return mathml(content, bool(options["display_mode"]))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # Double dollars stand in the middle of a paragraph too, in a list.
    dollarmath_plugin(markdown, renderer=_formula, double_inline=True)
    return markdown
