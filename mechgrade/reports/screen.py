"""The terminal that a report is printed on: how wide, in colour or not, with signs or in plain words.

``NO_COLOR``, ``TERM=dumb``, ``COLUMNS`` and a redirected output are honoured. Plain mode is for screen readers and for
terminals that draw no signs: a sentence a line, no colour, no columns, nothing that only its place on the screen tells.
"""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass

from rich.console import Console

PLAIN_VARIABLE = "MECHGRADE_PLAIN"


@dataclass(frozen=True)
class Screen:
    """Where to print, and whether in plain words."""

    console: Console
    plain: bool = False

    def say(self, text: str = "") -> None:
        """Print text as it is: no markup, no wrapping in plain mode, where the reader wraps."""
        self.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=self.plain)


def plain_wanted(asked: bool = False) -> bool:
    """Whether to speak in plain words: asked for, by the environment, or because signs cannot be shown."""
    if asked or os.environ.get(PLAIN_VARIABLE, "0") not in ("", "0"):
        return True
    return os.environ.get("TERM") in ("dumb", "unknown") or not _shows_signs()


def _shows_signs() -> bool:
    try:
        "✓█".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def open_screen(plain: bool = False) -> Screen:
    """The screen of this process's standard output."""
    plain = plain_wanted(plain)
    if isinstance(sys.stdout, io.TextIOWrapper) and not _shows_signs():
        sys.stdout.reconfigure(errors="replace")  # a message may hold any character; none of them may end the command
    return Screen(Console(highlight=False, no_color=True if plain else None), plain)
