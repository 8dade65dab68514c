"""A value in a few words, as a learner would write it: short ones in full, of long ones the type and the size.

It works on what a function got or returned in the learner's process, tensors of torch included, and on data that crossed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

#: Of so many calls of a run something is told.
MOST_CALLS = 64
#: Arrays of more values are described. Of whole numbers, which are short, there may be more.
FEW, FEW_WHOLE = 6, 12
#: Longer texts are cut.
TEXT = 70
#: A container that takes more room is cut after the entry that passes it, and so are a call's arguments.
ROOM, CALL_ROOM = 120, 240


def shown(value: Any, room: int = ROOM) -> str:
    """A value in words.

    Args:
        value: anything.
        room: how many letters a container may take before what is left of it is only counted.
    """
    if value is None or isinstance(value, bool | int):
        return repr(value)[:TEXT]
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"
    if isinstance(value, str):
        return repr(value if len(value) <= TEXT else value[: TEXT - 1] + "…")
    if isinstance(value, list | tuple):  # a tuple may have names for its parts
        inner = _joined((shown(each, room // 2) for each in value), len(value), room)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is dict:
        pairs = (f"{key!r}: {shown(each, room // 2)}" for key, each in value.items())
        return "{" + _joined(pairs, len(value), room) + "}"
    if (array := _array(value)) is not None:
        return array
    if isinstance(value, type):
        return value.__name__[:TEXT]
    if hasattr(value, "__code__"):
        name = str(getattr(value, "__name__", ""))
        return "a lambda" if name == "<lambda>" else f"the function {name}"[:TEXT]
    own = getattr(value, "name", None)
    return f"<{type(value).__name__}{f' {own}' if isinstance(own, str) else ''}>"[:TEXT]


def kind_of(value: Any, inside: bool = False) -> str:
    """The type of a value as a person would say it: ``a NumPy array``, ``a list of 2 tensors``, ``a coroutine``.

    Args:
        value: anything.
        inside: whether it is an entry of a container: then only its type is told.
    """
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "a truth value" if inside else repr(value)
    if isinstance(value, list | tuple):
        name = "list" if isinstance(value, list) else "tuple"
        if inside or not value:
            return f"a {name}" if inside else f"an empty {name}"
        kinds = {kind_of(each, inside=True).partition(" of ")[0] for each in value[:FEW_WHOLE]}
        what = re.sub("^an? ", "", kinds.pop()) if len(kinds) == 1 else "value"
        return f"a {name} of {len(value)} {what}{'' if len(value) == 1 or what == 'None' else 's'}"
    for types, words in ((int, "an integer"), (float, "a number"), (str, "a text"), (dict, "a dict")):
        if isinstance(value, types):
            return words
    if _is_array(value):
        if _kind(value) == "tensor":
            return "a sparse tensor" if getattr(value, "is_sparse", False) else "a tensor"
        return "a NumPy array" if hasattr(getattr(value, "values", value), "__setitem__") else "a NumPy number"
    if isinstance(value, type):
        return f"the class {value.__name__}"[:TEXT]
    name = type(value).__name__
    if name in ("function", "method", "builtin_function_or_method"):
        return "a lambda" if getattr(value, "__name__", "") == "<lambda>" else "a function"
    known = {"coroutine": "a coroutine", "generator": "a generator", "async_generator": "an asynchronous generator"}
    known |= {"set": "a set", "frozenset": "a set", "ellipsis": "`...`", "complex": "a complex number"}
    known |= {each: f"a {each} object" for each in ("map", "zip", "filter", "range")}
    return known.get(name, f"an object of the class {name}")[:TEXT]


def call_text(function: str, arguments: Iterable[tuple[str, Any]]) -> str:
    """A call: ``row_means(x=float32 [2, 3, 4, 11], axis=1)``. An argument may be without a name."""
    given = [f"{name}={shown(value)}" if name else shown(value) for name, value in arguments]
    return f"{function}({_joined(given, len(given), CALL_ROOM)})"


def _joined(parts: Iterable[str], count: int, room: int) -> str:
    """Some of the parts, as many as there is room for, and how many there are in all where they are not all there."""
    kept: list[str] = []
    size = 0
    for part in parts:
        if kept and size + len(part) > room:
            return f"{', '.join(kept)}, … ({count} in all)"
        kept.append(part)
        size += len(part) + 2
    return ", ".join(kept)


def _array(value: Any) -> str | None:
    """A tensor of torch, a NumPy array, or one that crossed; None for anything else."""
    numbers = getattr(value, "values", None)  # of one that crossed; a tensor's is a method
    own = value if numbers is None or callable(numbers) else numbers
    if not _is_array(own):
        return None
    shape = own.shape
    dtype = str(value.dtype).removeprefix("torch.")
    size = 1
    for each in shape:
        size *= each
    whole = "int" in dtype or dtype == "bool"
    described = f"{dtype} [{', '.join(map(str, shape))}]"
    if size > (FEW_WHOLE if whole else FEW) or not size:
        return described
    kind = _kind(value)
    # What the numbers look like tells the usual types apart.
    usual = ("float32", "int64", "bool")
    try:
        return f"{kind}({_numbers(own.tolist)}{'' if dtype in usual else f', {dtype}'})"
    except Exception:  # one without numbers of its own: sparse, or on the device "meta"
        return described


def _is_array(value: Any) -> bool:
    numbers = getattr(value, "values", None)
    own = value if numbers is None or callable(numbers) else numbers
    return isinstance(getattr(own, "shape", None), tuple) and callable(getattr(own, "tolist", None))


def _kind(value: Any) -> str:
    """``tensor`` or ``array``, of what is one of these."""
    return getattr(value, "kind", None) or ("tensor" if hasattr(value, "requires_grad") else "array")


def _numbers(listed: Callable[[], Any]) -> str:
    def text(each: Any) -> str:
        if isinstance(each, list):
            return f"[{', '.join(map(text, each))}]"
        return f"{each + 0.0:.4g}" if isinstance(each, float) else str(each)

    return text(listed())
