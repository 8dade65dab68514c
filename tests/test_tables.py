"""Tables: whoever opens one runs nothing that a learner wrote."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechgrade.tables import as_csv, cell


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "@SUM(1+1)", "-1+1", "+1+cmd|' /C calc'!A0", "\t=1", "\r=1", "  =1", "\uff1d1", "\n=1"]
)
def test_a_formula_is_a_text(text: str) -> None:
    assert str(cell(text)).startswith("'")


@pytest.mark.parametrize("value", ["", "Ada", "3", "-1.5", "+2", 7, 2.5, None, "find_heads: passed", "O'Neill", "a=b"])
def test_what_is_no_formula_stays(value: object) -> None:
    assert cell(value) == value


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=1))
def test_no_text_is_a_command_and_rows_stay_rows(rows: list[list[str]]) -> None:
    found = list(csv.reader(io.StringIO(as_csv(rows), newline="")))
    assert [len(row) for row in found] == [2] * len(rows)
    for text in (text for row in found for text in row):
        assert not any((ord(letter) < 32 and letter not in "\n\t") or 127 <= ord(letter) < 160 for letter in text)
        assert text.lstrip()[:1] not in tuple("=@") or text[:1] == "'"
