"""What a scenario and a learner's own experiment work with. A learner's file writes ``from mechgrade.bench import open_bench, plots``.

A name brings in what it needs when it is asked for: a course without torch never imports it, nor does the grader's side.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mechgrade.bench import plots
    from mechgrade.bench.files import data
    from mechgrade.bench.opening import open_bench
    from mechgrade.bench.provider import Bench, BenchError

__all__ = ["Bench", "BenchError", "data", "open_bench", "plots"]

_PLACES = {"Bench": "provider", "BenchError": "provider", "data": "files", "open_bench": "opening", "plots": ""}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mechgrade.course.modules import share_around

    # A learner's file imports the engine first, and the modules of its course after it.
    share_around()
    module = importlib.import_module(f"{__name__}.{_PLACES[name] or name}")
    return getattr(module, name) if _PLACES[name] else module
