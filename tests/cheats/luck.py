"""Answers that are right by luck: the reference, wrapped so that it is right in the easy cases only.

Each kind is one mistake of a test, not of a learner: a check that looks at one input, at a batch of one, at square shapes, or that
does not look at what became of the inputs. A grader that accepts one of these has the hole that it is named after.
"""

from __future__ import annotations

import ast
import re

from mechgrade.course import Course, Exercise
from mechgrade.course.source import read_source

_HEAD = """
import functools as _functools
import inspect as _inspect

import torch as _torch


def _each(tree, change):
    if isinstance(tree, _torch.Tensor):
        return change(tree)
    if type(tree) is dict:
        return {key: _each(value, change) for key, value in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_each(value, change) for value in tree)
    return tree


def _axis(annotation, size):
    dims = getattr(annotation, "dim_str", "").split()
    if "batch" not in dims:
        return None
    after = len(dims) - dims.index("batch")
    return size - after if "..." in dims[: dims.index("batch")] else dims.index("batch")
"""

_WRAPPERS = {
    # What the reference gave first, whatever is asked later.
    "constant": """
def _lucky(function):
    kept = []

    @_functools.wraps(function)
    def call(*args, **kwargs):
        if not kept:
            kept.append(function(*args, **kwargs))
        return kept[0]

    return call
""",
    # Looks at the first row of a batch, and says the same of all the others.
    "batch_of_one": """
def _again(annotation, value, size):
    axis = _axis(annotation, value.ndim) if isinstance(value, _torch.Tensor) else None
    return value if axis is None else value.repeat_interleave(size, dim=axis)


def _lucky(function):
    signature = _inspect.signature(function)

    @_functools.wraps(function)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        size = None
        for name, value in bound.arguments.items():
            annotation = signature.parameters[name].annotation
            if isinstance(value, _torch.Tensor):
                axis = _axis(annotation, value.ndim)
                if axis is not None and value.shape[axis] > 0:
                    size = value.shape[axis]
                    bound.arguments[name] = value.narrow(axis, 0, 1).clone()
            elif type(value) is dict and value and "batch" in str(annotation):
                size = next(iter(value.values())).shape[0]
                bound.arguments[name] = {key: each[:1] for key, each in value.items()}
        result = function(*bound.args, **bound.kwargs)
        if size is None:
            return result
        returned = signature.return_annotation
        parts = getattr(returned, "__args__", None) if isinstance(result, tuple) else None
        if parts and len(parts) == len(result):
            return tuple(_again(part, value, size) for part, value in zip(parts, result))
        return _again(returned, result, size)

    return call
""",
    # Right where the two last axes are of one length; elsewhere the numbers are in another's place, in the right shape.
    "square": """
def _lucky(function):
    def change(tensor):
        if tensor.ndim < 2 or tensor.shape[-1] == tensor.shape[-2]:
            return tensor
        return tensor.transpose(-1, -2).reshape(tensor.shape)

    @_functools.wraps(function)
    def call(*args, **kwargs):
        return _each(function(*args, **kwargs), change)

    return call
""",
    # The right answer, from inputs that are not what they were afterwards.
    "mutation": """
def _spoil(value):
    if isinstance(value, _torch.Tensor):
        with _torch.no_grad():
            value.logical_not_() if value.dtype == _torch.bool else value.add_(1)
    elif isinstance(value, list):
        value.append(value[-1] if value else None)
    elif isinstance(value, dict):
        value["spoilt"] = None
    elif isinstance(value, _torch.nn.Module):
        with _torch.no_grad():
            for parameter in list(value.parameters())[:1]:
                parameter.mul_(1.01)
    elif hasattr(value, "n_layers"):
        value.n_layers += 1


def _lucky(function):
    signature = _inspect.signature(function)

    @_functools.wraps(function)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        result = function(*args, **kwargs)
        for value in bound.arguments.values():
            _spoil(value)
        return _each(result, _torch.clone)

    return call
""",
}

#: Inputs that cannot be changed in place.
_FIXED = ("int", "float", "str", "bool", "None", "torch.device")

KINDS = tuple(_WRAPPERS)


def lucky(course: Course, exercise: Exercise, kind: str) -> str:
    """The reference of an exercise, made right by luck only."""
    source = read_source(course, exercise)
    names = _written(source.stub)
    return source.reference + _HEAD + _WRAPPERS[kind] + "".join(f"\n{name} = _lucky({name})" for name in names) + "\n"


def _written(stub: str) -> list[str]:
    """The functions that a learner writes: those that are not written yet."""
    return [
        node.name
        for node in ast.parse(stub).body
        if isinstance(node, ast.FunctionDef) and "NotImplementedError" in ast.unparse(node)
    ]


def applies(course: Course, exercise: Exercise, kind: str) -> bool:
    """Whether an exercise has what a kind of luck is about.

    That is a batch among its inputs, or a result whose two last axes may differ in length, or an input that can be changed.
    """
    source = read_source(course, exercise)
    written = _written(source.stub)
    functions = [node for node in ast.parse(source.reference).body if getattr(node, "name", None) in written]
    inputs = [ast.unparse(each.annotation) for f in functions for each in f.args.args if each.annotation]
    results = [dims for f in functions if f.returns for dims in _dims(ast.unparse(f.returns))]
    if kind == "batch_of_one":
        return any("batch" in dims for text in inputs for dims in _dims(text))
    if kind == "square":
        # A pattern has as many keys as queries, always, and a graph as many senders as receivers.
        equal = (["query", "key"], ["sender", "receiver"])
        return any(len(dims) > 1 and dims[-2:] not in equal and dims[-1] != dims[-2] for dims in results)
    if kind == "mutation":
        return any(part not in _FIXED for text in inputs for part in text.split(" | "))
    return True


def _dims(annotation: str) -> list[list[str]]:
    """The named axes of every tensor in an annotation."""
    return [found.split() for found in re.findall(r"Tensor, '([^']*)'", annotation)]
