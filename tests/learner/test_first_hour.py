"""docs/first-hour.md is what a newcomer sees, played again."""

from __future__ import annotations

import difflib

import pytest

from .first_hour import PAGE, play


@pytest.mark.slow
def test_the_page_is_what_the_terminal_shows(monkeypatch):
    monkeypatch.delenv("MECHGRADE_HOME")
    played, written = play(), PAGE.read_text(encoding="utf-8")
    difference = "\n".join(
        difflib.unified_diff(written.splitlines(), played.splitlines(), "page", "played", lineterm="")
    )
    assert not difference, f"{difference}\nrun: .venv/bin/python tests/learner/first_hour.py --write"


def test_the_page_shows_the_whole_way():
    """Read, not played: each step is there, and none ended in a traceback."""
    text = PAGE.read_text(encoding="utf-8")
    steps = [
        *(
            "mechgrade doctor",
            "Top prediction",
            "not started",
            "raised an error",
            "a known mistake:",
            "(Pdb)",
            "hint 1 of",
            "hint 2 of",
        ),
        *(
            "you have not passed",
            "5 / 5",
            "saved outputs/",
            "1/9 passed",
            "2 hints read",
            "Report outputs/report.html",
        ),
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert "Traceback" not in text and "/tmp/" not in text
