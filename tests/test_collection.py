"""Whoever runs one test waits for the collection of all: it must not take what no test needs yet."""

from __future__ import annotations

import pytest
from support import IMPORTED


def test_tests_are_collected_without_the_large_libraries(pytestconfig: pytest.Config) -> None:
    """Each is imported in seconds. A test module names them by `later` of support.py."""
    assert not pytestconfig.stash[IMPORTED]
