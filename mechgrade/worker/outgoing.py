"""What a scenario returned becomes plain data: bytes and numbers, nothing that still belongs to the learner's code."""

from __future__ import annotations

from types import CoroutineType
from typing import Any

import numpy as np

from mechgrade.protocol.wire import DTYPES, MAX_BYTES, MAX_DEPTH, MAX_NODES, Array, Tree
from mechgrade.worker import loaded

_INT64 = range(-(2**63), 2**63)

_SENDABLE = "{arrays}, real numbers, strings, None, or dicts, lists and tuples of them"
#: Of some types it is known how a learner comes to return them.
_SAID = {
    "ellipsis": "{path} is `...`, the three points that stand for code to be written; return {what}",
    "complex": "{path} is a complex number; return its real and its imaginary part (`z.real`, `z.imag`)",
    "coroutine": "{path} is a coroutine: a function that begins with `async def` gives one; write `def`",
    "generator": "{path} is a generator: a function with `yield` gives one; collect the values and `return` them",
    "function": "{path} is a function; call it, and return what it gives",
    "builtin_function_or_method": "{path} is a function; call it, and return what it gives",
    "method": "{path} is a function; call it, and return what it gives",
}


class UnsendableError(Exception):
    """A returned value is of no type that a scenario may return; the text says where, what, and what to return instead."""


def to_tree(value: Any, device: str) -> Tree:
    """Turn a scenario's result into a tree.

    Tensors are copied to plain memory here, whatever their class, device, strides or graph.

    Args:
        value: nested dict / list / tuple of str, int, float, bool, None, torch tensor, NumPy array.
        device: the device of the run; tensors that lie there are marked ``"bench"``.

    Raises:
        UnsendableError: anything else.
    """
    nodes = 0

    def walk(node: Any, path: str, depth: int) -> Tree:
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES:
            raise UnsendableError(f"the result holds more than {MAX_NODES:,} values; put many numbers into one tensor")
        if depth > MAX_DEPTH:
            raise UnsendableError(f"the result is nested more than {MAX_DEPTH} deep (does it contain itself?)")
        if node is None or isinstance(node, bool):
            return node
        # Exact base-class calls: a subclass with overridden methods must not decide what is sent.
        if isinstance(node, str):
            return str.__str__(node)
        if isinstance(node, int):
            number = int.__index__(node)
            if number not in _INT64:
                raise UnsendableError(f"{path} is an integer beyond 64 bits")
            return number
        if isinstance(node, float):
            return float.__float__(node)
        if loaded.is_tensor(node):
            return tensor(node, path, device)
        if isinstance(node, np.generic):
            return walk(node.item(), path, depth)
        if isinstance(node, np.ndarray):
            return array(np.asarray(node), path)
        if isinstance(node, dict):
            return {key_of(key, path): walk(item, f"{path}[{key!r}]", depth + 1) for key, item in dict.items(node)}
        if isinstance(node, list):
            return [walk(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(list.__iter__(node))]
        if isinstance(node, tuple):
            return tuple(walk(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(tuple.__iter__(node)))
        if isinstance(node, CoroutineType):
            node.close()  # else Python warns of it, in words about this engine
        raise UnsendableError(
            _SAID.get(type(node).__name__, "{path} is of type {kind}; return {what}").format(
                path=path, kind=type(node).__name__, what=_sendable()
            )
        )

    def key_of(key: Any, path: str) -> str | int:
        if isinstance(key, str):
            return str.__str__(key)
        if isinstance(key, int) and not isinstance(key, bool):
            return int.__index__(key)
        raise UnsendableError(f"{path} has a dict key of type {type(key).__name__}; keys are strings or integers")

    return walk(value, "the result", 0)


def tensor(value: Any, path: str, device: str) -> Array:
    """A torch tensor of any kind as an :class:`Array`."""
    torch = loaded.torch()
    with torch._C.DisableTorchFunctionSubclass():
        if value.device.type == "meta":
            raise UnsendableError(
                f"{path} is a tensor on the 'meta' device, which holds no numbers; compute it on {device}"
            )
        where = "bench" if _same(str(value.device), device) else str(value.device)
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype not in DTYPES:
            raise UnsendableError(f"{path} is a tensor of {dtype}; {_numbers(dtype)}")
        size = torch.Tensor.nelement(value) * torch.Tensor.element_size(value)
        if size > MAX_BYTES:  # before a copy is made of it
            limit = f"at most {MAX_BYTES // 2**20} MiB can be returned"
            raise UnsendableError(f"{path} is a tensor of {size / 2**20:.0f} MiB; {limit}")
        plain = torch.Tensor.detach(value)
        if plain.layout != torch.strided:  # as_subclass asks for a storage, which a sparse tensor has not
            plain = torch.Tensor.to_dense(plain)
        plain = plain.as_subclass(torch.Tensor).resolve_conj().resolve_neg().cpu()
        if dtype == "bfloat16":
            plain = plain.float()
        return Array(np.array(plain.numpy(), order="C", copy=True), dtype, where, "tensor")


def array(value: np.ndarray[Any, Any], path: str) -> Array:
    """A NumPy array as an :class:`Array`."""
    if value.dtype.name not in DTYPES:
        raise UnsendableError(f"{path} is an array of {value.dtype.name}; {_numbers(value.dtype.name)}")
    return Array(np.array(value, order="C", copy=True, subok=False), value.dtype.name, "cpu", "array")


def _sendable() -> str:
    return _SENDABLE.format(arrays="arrays" if loaded.torch() is None else "tensors, arrays")


def _numbers(dtype: str) -> str:
    """What to return in the place of an array of a type that cannot be sent."""
    if dtype.startswith("complex"):
        return "return its real and its imaginary part (`z.real`, `z.imag`)"
    return "return real numbers, integers or booleans"


def _same(left: str, right: str) -> bool:
    """Whether two devices are one: a kind without a number is the first of its kind."""
    return left.removesuffix(":0") == right.removesuffix(":0")
