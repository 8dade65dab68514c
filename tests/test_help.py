"""What help says is what was written: rich takes words in brackets for a style, and would leave out `[similarity]` and each `[default: ...]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from mechgrade.doors.cli import app, command


def every(found: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield names, found
    for name, each in getattr(found, "commands", {}).items():
        yield from every(each, *names, name)


#: As written, and not as `command` gives them to rich.
WRITTEN = {
    names: [found.help or "", *(getattr(each, "help", "") or "" for each in found.params)]
    for names, found in every(get_command(app))
}
IN_BRACKETS = {names: told for names, texts in WRITTEN.items() if (told := re.findall(r"\[[^\]]*\]", " ".join(texts)))}


@pytest.mark.parametrize("names", IN_BRACKETS, ids=" ".join)
def test_brackets_are_shown(
    names: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    command()([*names, "--help"], standalone_mode=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert not [told for told in IN_BRACKETS[names] if told not in shown]


def test_the_extra_that_finds_code_alike_is_named() -> None:
    assert "[similarity]" in IN_BRACKETS["cohort", "similar"]
