"""What is kept of a long output: its beginning, its end, and a count that is true."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.protocol.printed import Printed, shortened

NUMBERED = "".join(f"line {number}\n" for number in range(5000))
#: Reads of up to a few thousand characters, as a pipe gives them.
PARTS = st.lists(st.integers(1, 5000), max_size=40)


def kept(text: str, most: int, sizes: list[int]) -> str:
    printed = Printed(most)
    for size in sizes:
        printed.add(text[:size])
        text = text[size:]
    printed.add(text)
    return printed.text


@settings(max_examples=60, deadline=None)
@given(PARTS, st.integers(1000, 60_000))
def test_lines_are_whole_and_the_count_is_of_those_left_out(sizes: list[int], most: int) -> None:
    found = kept(NUMBERED, most, sizes)
    if len(NUMBERED) <= most - 64:
        assert found == NUMBERED
        return
    assert len(found) <= most
    lines = found.splitlines()
    ((place, number),) = [
        (place, int(match[1].replace(",", "")))
        for place, line in enumerate(lines)
        if (match := re.fullmatch(r"… ([\d,]+) lines left out …", line))
    ]
    every = NUMBERED.splitlines()
    assert lines[:place] == every[:place]
    assert lines[place + 1 :] == every[place + number :]
    assert place > len(lines) // 4 and len(lines) - place > len(lines) // 4


def test_a_line_without_an_end_is_counted_in_characters() -> None:
    found = kept("x" * 100_000 + "the end\n", 1000, [70_000, 20_000])
    head, said, tail = found.rstrip("\n").split("\n")
    gone = int(re.fullmatch(r"… ([\d,]+) characters left out …", said)[1].replace(",", ""))  # type: ignore[index]
    assert len(head) + gone + len(tail) == 100_007
    assert tail.endswith("the end")


def test_nothing_is_kept_where_the_course_says_so() -> None:
    assert kept("a\nb\n", 0, []) == "… 2 lines left out …\n"
    assert kept("", 0, []) == ""


def test_a_report_shows_fewer_lines_and_counts_all() -> None:
    assert shortened("a\nb\n", 9) == "a\nb"
    assert shortened(NUMBERED, 9).splitlines() == [
        *("line 0", "line 1", "line 2", "… 4,991 lines left out …"),
        *(f"line {number}" for number in range(4994, 5000)),
    ]
    assert shortened(kept(NUMBERED, 1000, [500, 20_000]), 9) == shortened(NUMBERED, 9)
    assert shortened("\n".join("abcd"), 3).splitlines() == ["a", "… 1 line left out …", "c", "d"]


def test_a_long_line_keeps_both_ends() -> None:
    assert shortened("a" * 500 + "b" * 500, 9) == "a" * 150 + " … " + "b" * 50
