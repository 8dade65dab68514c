"""Two parsers read YAML, the quick one and PyYAML's own. Nobody may see which one it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from mechgrade.course.yamlfile import _FAST, Document, _document, read

FILES = [ROOT / "course.yaml", *sorted((ROOT / "solutions").rglob("*.yaml"))]

#: Pieces that a hand moves about in such a file.
PIECES = [
    "a",
    "b: 1",
    ": ",
    "- ",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ",",
    '"',
    "'",
    "#",
    "&x ",
    "*x",
    "|\n",
    ">\n",
    "\n",
    "  ",
    "2026-1-1",
]


def as_pyyaml_has_it(text: str) -> Document | None:
    """None where it is no YAML."""
    try:
        return _document(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_projects_files_are_read_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _document(text, _FAST) == as_pyyaml_has_it(text) == read(text)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_yaml_to_pyyaml_is_read_as_that(text: str) -> None:
    other = as_pyyaml_has_it(text)
    found = read(text)
    if other is None:
        # libyaml takes a little more: a question mark or a comma where the older standard has none.
        assert found.mistakes or found.data is not None
    else:
        assert found == other


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000, "{a: " * 50_000], ids=["list", "items", "mapping"])
def test_values_too_deep_are_a_mistake_and_no_crash(text: str) -> None:
    """The recursion of libyaml would end the process without a word."""
    assert [str(each) for each in read(text).mistakes] == [
        "1: values stand in one another too deep; allowed: a few levels"
    ]


def test_a_tab_is_told_as_a_tab() -> None:
    (mistake,) = read("a:\n\tb: 1\n").mistakes
    assert mistake.line == 2
    assert "allowed: spaces for indentation" in mistake.what
