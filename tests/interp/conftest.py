"""The course's own code, from this checkout: another test may have graded a copy of the course in this process."""

from __future__ import annotations

import pytest
from support import ROOT

from mechgrade.course.modules import share


@pytest.fixture(scope="module", autouse=True)
def own_code() -> None:
    """Find it here again."""
    share([ROOT / "interp"])
