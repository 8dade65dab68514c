"""Names that a learner may have meant, where one is not there."""

from __future__ import annotations

import builtins
import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

#: Of more names none is looked for: a learner's object may say that it has a million.
_MOST = 10_000


def meant(error: BaseException) -> str:
    """``. Did you mean `pattern`?`` for a name or an attribute that is not there, where another is much like it; else empty."""
    try:
        found = _closest(str(error.name), _known(error)) if isinstance(error, NameError | AttributeError) else None
    except BaseException:  # a learner's object may do anything when it is asked for its attributes
        return ""
    return f". Did you mean `{found}`?" if found else ""


def _known(error: NameError | AttributeError) -> list[str]:
    if isinstance(error, AttributeError):
        return [name for name in dir(error.obj) if not name.startswith("_")]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame if trace else None
    return [*frame.f_locals, *frame.f_globals, *vars(builtins)] if frame else []


def like_it(name: str, module: Mapping[str, Any]) -> str:
    """What a module has instead of a function, a sentence: another name, or the class that it stands in; else empty."""
    functions = [each for each, value in module.items() if inspect.isfunction(value)]
    for each, value in module.items():
        if inspect.isclass(value) and name in vars(value):
            return f"It stands inside the class `{each}`: move it to the left margin."
    close = _closest(name.lower(), [each.lower() for each in functions])
    found = next((each for each in functions if each.lower() == close), None)
    return f"It defines `{found}`: keep the stub's name." if found else ""


def _closest(name: str, known: Iterable[str]) -> str | None:
    names = list(dict.fromkeys(each for each in known if isinstance(each, str)))[:_MOST]
    return next(iter(difflib.get_close_matches(name, names, 1, 0.75)), None)
