"""docs/performance.md takes its numbers from the benchmarks' files, so that none is written by hand."""

from __future__ import annotations

import pytest
from benchmarks.performance import NAMES, PAGE, renew

ROWS = {"a thing": {"median": 0.25, "p95": 0.5}, "another": {"median": 12.0, "p95": 13.0}}
MEASURED = {"title": "watch: x", "rows": ROWS, "processors": 2, "load": 0.1, "machine": "Linux"}


def test_the_page_has_a_place_for_each_benchmark_and_takes_its_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    renewed = renew(page, dict.fromkeys(NAMES, MEASURED))
    assert renewed.count("| a thing | 250 ms | 500 ms |") == len(NAMES)
    assert renewed.count("| another | 12.0 s | 13.0 s |") == len(NAMES)
    assert renew(renewed, dict.fromkeys(NAMES, MEASURED)) == renewed


def test_a_benchmark_without_a_place_is_an_error() -> None:
    with pytest.raises(SystemExit, match="no marks for startup"):
        renew("", {"startup": MEASURED})
