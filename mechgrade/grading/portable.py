"""Which tensors a learner's code makes on the CPU, whatever device its inputs are on: right on this machine, an error on a GPU.

Read off the text, so it can be told on a machine without a GPU. Only what is certain is told: a call of PyTorch's that makes a tensor and does not say
where. A function that moves tensors to a device itself (`.to(device)`) is left alone: what it makes on the CPU may be moved later.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Functions of torch that make a tensor on the CPU unless told otherwise. Those ending in `_like` take their input's device.
MAKERS = frozenset(
    {
        *("arange", "empty", "eye", "full", "linspace", "logspace", "ones", "rand", "randint", "randn", "randperm"),
        *("tensor", "tril_indices", "triu_indices", "zeros"),
    }
)

#: What is left of the longest call that is shown.
SHOWN = 60

#: Where one of these stands, a call that says nothing of a device may make its tensor anywhere.
_ELSEWHERE = r"set_default_device|set_default_tensor_type|with torch\.device\("

_MOVES = frozenset({"to", "cuda", "type_as", "new_tensor"})


@dataclass(frozen=True)
class Made:
    """A call that makes a tensor on the CPU: its line, from 1, and its text."""

    line: int
    call: str

    def __str__(self) -> str:
        return f"line {self.line}: `{self.call}` makes a tensor on the CPU"


def made_on_the_cpu(text: str, lines: Iterable[int] | None = None) -> list[Made]:
    """The calls in a program's functions that make tensors on the CPU.

    Args:
        text: the program; one that does not parse makes none.
        lines: only in the functions that hold one of these lines; None for all functions.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    if re.search(_ELSEWHERE, text):
        return []
    names = _names(tree)
    wanted = None if lines is None else set(lines)
    found: dict[Made, None] = {}
    for node in _outermost(tree.body):
        inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if not _moves(node) and (wanted is None or any(line in inside for line in wanted)):
            found |= dict.fromkeys(_made(text, node, names))
    return sorted(found, key=lambda each: each.line)


def _outermost(body: Iterable[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that stand in no other function: what one inside makes, the one around may move."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _outermost(node.body)


def _names(tree: ast.Module) -> dict[str, str]:
    """By each name in the program what it is of torch's: `torch` itself, or one of its functions."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.asname or each.name: "torch" for each in node.names if each.name == "torch"}
        elif isinstance(node, ast.ImportFrom) and node.module == "torch" and not node.level:
            names |= {each.asname or each.name: each.name for each in node.names if each.name in MAKERS}
    return names


def _moves(function: ast.AST) -> bool:
    """Whether a function, or one in it, moves tensors itself."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _MOVES
        and not _is_only_a_type(node)
        for node in ast.walk(function)
    )


def _is_only_a_type(call: ast.Call) -> bool:
    """`.to(torch.float64)` and `.to(dtype=...)` move nothing."""
    if call.keywords and all(word.arg == "dtype" for word in call.keywords) and not call.args:
        return True
    return bool(call.args) and all(re.search(r"\bfloat|\bint|\bbool|\bdtype", ast.unparse(each)) for each in call.args)


def _made(text: str, function: ast.AST, names: dict[str, str]) -> Iterator[Made]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or any(word.arg in ("device", None) for word in node.keywords):
            continue
        called = node.func
        name = None
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            name = called.attr if names.get(called.value.id) == "torch" else None
        elif isinstance(called, ast.Name):
            name = names.get(called.id)
        if name in MAKERS and (name != "tensor" or _is_of_numbers(node)):
            call = " ".join((ast.get_source_segment(text, node) or f"torch.{name}(…)").split())
            yield Made(node.lineno, call if len(call) <= SHOWN else call[:SHOWN].rstrip() + "…")


def _is_of_numbers(call: ast.Call) -> bool:
    """Whether `torch.tensor` is given a list: of another tensor it takes the device, and a single number may meet any device."""
    return bool(call.args) and isinstance(call.args[0], ast.List | ast.Tuple | ast.ListComp)
