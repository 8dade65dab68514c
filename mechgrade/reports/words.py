"""The course's own Markdown on a terminal, with its formulas as Unicode."""

from __future__ import annotations

import io
from collections.abc import Iterator

from markdown_it.token import Token
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding

from mechgrade.reports.prose import tokens
from mechgrade.reports.screen import Screen
from mechgrade.reports.unicode import unicode_math

#: A line longer than this is hard to read, however wide the terminal is.
WIDEST = 100


def show_prose(text: str, screen: Screen, indent: int = 0) -> None:
    """Print paragraphs of Markdown."""
    # Addresses are written out: not every terminal follows a link that it does not show.
    prose = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    prose.parsed = [each for token in tokens(text) for each in _in_words(token, screen.plain)]
    screen.console.print(Padding(prose, (0, 0, 0, indent)))


def say_prose(text: str, screen: Screen) -> None:
    """Print paragraphs of Markdown in plain words, a line at a time."""
    words = plain_screen()
    show_prose(text, words)
    say_all(words, screen)


def plain_screen() -> Screen:
    """A screen that keeps what is printed on it, for :func:`say_all`."""
    return Screen(Console(file=io.StringIO(), width=WIDEST, color_system=None, force_terminal=False), plain=True)


def say_all(words: Screen, screen: Screen) -> None:
    """Say what a plain screen has kept."""
    assert isinstance(words.console.file, io.StringIO)
    for line in words.console.file.getvalue().splitlines():
        screen.say(line.rstrip())


def _in_words(token: Token, plain: bool) -> Iterator[Token]:
    """A token of Markdown with formulas as text; one that stands alone is set off as a quotation is."""
    # A bare address would be written twice.
    token.children = [child for child in token.children or [] if child.markup != "autolink"] or token.children
    for child in token.children or []:
        if child.type in ("math_inline", "math_inline_double"):
            child.type, child.content = "text", unicode_math(child.content)
    if token.type != "math_block":
        yield token
        return
    around = ["paragraph"] if plain else ["blockquote", "paragraph"]
    yield from (Token(f"{name}_open", "", 1) for name in around)
    formula = Token("text", "", 0, content=unicode_math(token.content))
    yield Token("inline", "", 0, children=[formula])
    yield from (Token(f"{name}_close", "", -1) for name in reversed(around))
