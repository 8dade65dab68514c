"""Importing jupytext and nbformat without two seconds of work for nothing.

nbformat imports jsonschema to look at notebooks. jsonschema imports, where it is installed, a package that knows international web addresses, and that one
builds 38 parsers while it is imported. JupyterLab brings it along. No part of a notebook is such an address.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ADDRESSES = "rfc3987_syntax"


@contextmanager
def lean() -> Iterator[None]:
    """What is imported in here finds no such package. jsonschema then takes every text for an address; later imports find the package again."""
    if _ADDRESSES in sys.modules:
        yield
        return
    sys.modules[_ADDRESSES] = None  # type: ignore[assignment]  # Python's own sign that there is no such module
    try:
        yield
    finally:
        del sys.modules[_ADDRESSES]
