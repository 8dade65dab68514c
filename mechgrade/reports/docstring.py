"""A docstring in Google's style, taken apart: so that a page can set it as text, and not as code."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A paragraph, a section with a text, or a section with entries.

    Attributes:
        title: the section's, such as ``Returns``; empty for a paragraph.
        text: what it says in Markdown, where it has no entries.
        entries: names with what is said about them in Markdown.
    """

    title: str
    text: str = ""
    entries: tuple[tuple[str, str], ...] = ()


def parts_of(doc: str) -> list[Part]:
    """The parts of a docstring that :func:`inspect.cleandoc` has cleaned."""
    return [_part(block) for block in re.split(r"\n\s*\n", doc.strip()) if block.strip()]


def _part(block: str) -> Part:
    head, _, body = block.partition("\n")
    if re.fullmatch(r"[A-Z][A-Za-z ]*:", head) and body.startswith(" "):
        title, body = head[:-1], textwrap.dedent(body)
        starts = [line for line in body.split("\n") if not line.startswith(" ")]
        if title not in ("Returns", "Yields") and all(_ENTRY.match(line) for line in starts):
            return Part(title, entries=tuple(_entry(each) for each in re.split(r"\n(?! )", body)))
        return Part(title, _linked(body))
    label = re.match(r"(Source|Note|See): ", block)
    return Part(label[1], _linked(block[label.end() :])) if label else Part("", _linked(block))


_ENTRY = re.compile(r"\*{0,2}\w+(?: \([^)]*\))?:\s")


def _entry(text: str) -> tuple[str, str]:
    name, _, said = text.partition(":")
    return name, _linked(" ".join(said.split()))


def _linked(text: str) -> str:
    """Markdown makes a link of an address only between angle brackets."""
    return re.sub(r"(?<![<(\[`])https?://[^\s<>)\]]*[^\s<>)\].,;:]", r"<\g<0>>", text)
