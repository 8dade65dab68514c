"""The course's own texts as HTML: Markdown without markup of its own, formulas as MathML, which browsers draw by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin


def render(text: str) -> Markup:
    """Paragraphs of Markdown."""
    return Markup(_markdown().render(text))


def render_inline(text: str) -> Markup:
    """A sentence of Markdown."""
    return Markup(_markdown().renderInline(text))


def render_code(text: str) -> Markup:
    """Plain text, of which only what stands between backticks is set as code: for messages, which may quote a learner's own."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def mathml(formula: str, display: bool = False) -> str:
    """A formula in LaTeX as MathML; one that cannot be read stays as it is written."""
    try:
        # The declared return type is missing in the library.
        return cast(Callable[..., str], convert)(formula, display="block" if display else "inline")
    except Exception:  # a parser that others wrote, on text that an author wrote: the page must not fail on it
        return f"<code>{escape(formula)}</code>"


def _formula(content: str, options: Mapping[str, Any]) -> str:
    return mathml(content, bool(options["display_mode"]))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False})
    dollarmath_plugin(markdown, renderer=_formula)
    return markdown
