"""Which tensors a learner's code makes on the CPU, whatever device its inputs are on: right on this machine, an error on a GPU.

:func:`made_on_the_cpu` reads it off the text, to explain an error that was raised on a device. :func:`sentences` tells what was found when a
program ran on a CPU; see :mod:`mechgrade.bench.torch.placement`. Only what is certain is told. In the text that is a call of PyTorch's that makes a tensor and does not say
where. A function that moves tensors to a device itself (`.to(device)`) is left alone: what it makes on the CPU may be moved later.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mechgrade.grading.parsed import parsed
from mechgrade.protocol.stranded import MAKERS, Kind, Stranded, shown

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
    tree = _tree(text)
    if tree is None:
        return []
    names = _names(tree)
    wanted = None if lines is None else set(lines)
    found: dict[Made, None] = {}
    for node in _outermost(tree.body):
        inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if not _moves(node) and (wanted is None or any(line in inside for line in wanted)):
            found |= dict.fromkeys(_made(text, node, names))
    return sorted(found, key=lambda each: each.line)


def made_early(text: str, line: str) -> list[Made]:
    """The calls at a program's top that make tensors on the CPU which a line uses by their names."""
    tree = _tree(text)
    if tree is None:
        return []
    used, names, found = set(re.findall(r"\w+", line)), _names(tree), list[Made]()
    for node in tree.body:
        if isinstance(node, ast.Assign) and not _moves(node):
            targets = {each.id for each in node.targets if isinstance(each, ast.Name)}
            found += _made(text, node, names) if targets & used else []
    return found


def _tree(text: str) -> ast.Module | None:
    """A program; None where it does not parse, or where what says nothing of a device may be made anywhere."""
    return None if re.search(_ELSEWHERE, text) else parsed(text)


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
            yield Made(node.lineno, shown(ast.get_source_segment(text, node) or f"torch.{name}(…)"))


def _is_of_numbers(call: ast.Call) -> bool:
    """Whether `torch.tensor` is given a list: of another tensor it takes the device, and a single number may meet any device."""
    return bool(call.args) and isinstance(call.args[0], ast.List | ast.Tuple | ast.ListComp)


_MIX = "On a GPU the inputs are on the GPU, and PyTorch does not mix the two"
_SAYS: dict[Kind, str] = {
    "made": f"makes a tensor on the CPU. {_MIX}: {{there}}",
    "early": f"makes a tensor on the CPU when your file is imported. {_MIX}: where you use it, append `.to({{near}}.device)`{{whose}}",
    "moved": f"moves a tensor to the CPU. {_MIX}: leave the tensor where it is, or move what you compute back with `.to({{near}}.device)`{{whose}}",
    "read": "gives NumPy a tensor. On a GPU the tensor is on the GPU, where NumPy cannot read it: call `.cpu()` on it first",
    "generator": "draws numbers on the CPU only. On a GPU it is to draw for a tensor on the GPU, and PyTorch refuses: "
    "write `torch.Generator(device={near}.device)`{whose}",
}
#: These calls take no `device=`.
_WITHOUT = re.compile(r"from_numpy\(|Tensor\(")


def sentences(found: Iterable[Stranded]) -> list[str]:
    """What would fail on a GPU, a sentence for each line, in the order of the lines."""
    return [_sentence(each) for each in sorted(found)]


def _sentence(found: Stranded) -> str:
    near, whose = found.near or "x", "" if found.near else " for an input `x`"
    there = f"append `.to({near}.device)`" if _WITHOUT.search(found.call) else f"pass `device={near}.device`"
    says = _SAYS[found.kind].format(near=near, whose=whose, there=there + whose)
    return f"`{found.call}` in line {found.line} {says}."
