"""jupytext is imported without the parsers of web addresses that come with JupyterLab."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("rfc3987_syntax") is None, reason="it is not installed")

SCRIPT = """
import sys
from mechgrade.submissions.cells import read_percent

assert [cell.source for cell in read_percent("# %%\\nx = 1\\n")] == ["x = 1"]
assert "jsonschema" in sys.modules and "lark" not in sys.modules and "rfc3987_syntax" not in sys.modules
import rfc3987_syntax

assert rfc3987_syntax.is_valid_syntax("iri", "https://example.org/ä") and "lark" in sys.modules
"""


def test_a_source_is_read_without_them_and_others_may_import_them() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)


def test_what_was_imported_before_stays() -> None:
    script = "import rfc3987_syntax\nfrom mechgrade.course.lean import lean\nwith lean():\n    import rfc3987_syntax as same\nassert same is rfc3987_syntax"
    subprocess.run([sys.executable, "-c", script], check=True)
