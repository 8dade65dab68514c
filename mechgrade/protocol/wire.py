"""The one language that the learner's side and the grader's side share.

A *tree* is nested dict / list / tuple of str, int, float, bool, None and :class:`Array`. A *message* is a tree as JSON
followed by its arrays as safetensors; a *frame* is a message behind its length. Decoding executes nothing: no pickle,
no class names, only the types above, with bounds on size, depth and count. Whoever is on the other side may be hostile.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

MAX_BYTES = 64 * 2**20
#: For the JSON, and again for safetensors' own header: parsed, they take up to forty times the memory of their text.
MAX_HEAD = 8 * 2**20
MAX_DEPTH = 32
MAX_NODES = 100_000

#: The array types that cross, by torch's names. bfloat16 travels as float32, in which each of its values is exact.
DTYPES = frozenset(
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
    ]
)


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor or NumPy array that crossed: plain numbers, and what it was before.

    Attributes:
        values: the numbers, C-contiguous.
        dtype: the type it had, by torch's name.
        device: ``"bench"`` where it lay on the device of the run, else the device's own name.
        kind: ``"tensor"`` (torch) or ``"array"`` (NumPy).
    """

    values: NDArray[Any]
    dtype: str
    device: str = "bench"
    kind: str = "tensor"

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.values.shape


Tree: TypeAlias = "bool | int | float | str | Array | list[Tree] | tuple[Tree, ...] | dict[str | int, Tree] | None"


class WireError(ValueError):
    """What arrived is not a message, or what should leave cannot be one."""


def pack(tree: Any, name: Callable[[Array], str] | None = None) -> tuple[Any, dict[str, NDArray[Any]]]:
    """Split a tree into JSON and named arrays.

    Args:
        tree: what to pack.
        name: gives an array its name; equal names must mean equal bytes. By default they are counted.

    Returns:
        the JSON value, and the arrays that it refers to.

    Raises:
        WireError: a type outside the closed set, or past the bounds.
    """
    arrays: dict[str, NDArray[Any]] = {}
    nodes = 0

    def walk(node: Any, depth: int) -> Any:
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES:
            raise WireError(f"more than {MAX_NODES:,} values; put many numbers into one tensor")
        if depth > MAX_DEPTH:
            raise WireError(f"nested more than {MAX_DEPTH} deep")
        kind = type(node)
        if node is None or kind is bool or kind is str:
            return node
        if kind is int:
            if not -(2**63) <= node < 2**64:
                raise WireError("an integer beyond 64 bits")
            return node
        if kind is float:
            return node if math.isfinite(node) else {"f": repr(node)}
        if kind is list or kind is tuple:
            return {"l" if kind is list else "t": [walk(item, depth + 1) for item in node]}
        if kind is dict:
            return {"d": [[walk_key(key), walk(value, depth + 1)] for key, value in node.items()]}
        if kind is Array:
            label = name(node) if name else str(len(arrays))
            arrays[label] = node.values
            return {"a": [label, node.dtype, node.device, node.kind]}
        raise WireError(f"a value of type {kind.__name__}")

    def walk_key(key: Any) -> str | int:
        if type(key) is str or type(key) is int:
            return key
        raise WireError(f"a dict key of type {type(key).__name__}")

    return walk(tree, 0), arrays


def unpack(value: Any, arrays: dict[str, NDArray[Any]]) -> Tree:
    """Put together what :func:`pack` split, trusting nothing.

    Raises:
        WireError: anything that :func:`pack` does not write.
    """
    nodes = 0

    def walk(node: Any, depth: int) -> Tree:
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("too many values, or nested too deep")
        if node is None or isinstance(node, bool):
            return node
        if isinstance(node, float):
            if not math.isfinite(node):  # JSON's 1e999
                raise WireError("a number beyond 64 bits")
            return node
        if isinstance(node, int):
            if not -(2**63) <= node < 2**64:
                raise WireError("an integer beyond 64 bits")
            return node
        if isinstance(node, str):
            return _text(node)
        if not isinstance(node, dict) or len(node) != 1:
            raise WireError("a node that is no value and has no tag")
        ((tag, body),) = node.items()
        if tag == "f" and body in ("nan", "inf", "-inf"):
            return float(body)
        if tag in ("l", "t") and isinstance(body, list):
            items = [walk(item, depth + 1) for item in body]
            return items if tag == "l" else tuple(items)
        if tag == "d" and isinstance(body, list):
            out: dict[str | int, Tree] = {}
            for pair in body:
                if not (isinstance(pair, list) and len(pair) == 2 and type(pair[0]) in (str, int)):
                    raise WireError("a dict entry that is no pair")
                key = _text(pair[0]) if isinstance(pair[0], str) else pair[0]
                out[key] = walk(pair[1], depth + 1)
            return out
        if tag == "a":
            return _array(body, arrays)
        raise WireError(f"an unknown tag {tag[:20]!r}")

    return walk(value, 0)


def _text(text: str) -> str:
    # A lone surrogate is legal JSON, but no terminal or file can take it.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _array(body: Any, arrays: dict[str, NDArray[Any]]) -> Array:
    if not (isinstance(body, list) and len(body) == 4 and all(isinstance(part, str) for part in body)):
        raise WireError("an array's entry is malformed")
    label, dtype, device, kind = body
    if label not in arrays:
        raise WireError(f"an array {label[:20]!r} that was not sent")
    if dtype not in DTYPES or kind not in ("tensor", "array"):
        raise WireError(f"an array of unknown type {dtype[:20]!r}")
    values = arrays[label]
    if values.dtype.name != ("float32" if dtype == "bfloat16" else dtype):
        raise WireError("an array whose numbers are not of the type it claims")
    if dtype == "bool" and (values.view("uint8") > 1).any():
        raise WireError("an array of booleans that are neither true nor false")
    return Array(values, dtype, _text(device)[:32], kind)


def encode(tree: Any) -> bytes:
    """One message: the JSON's length (4 bytes), the JSON, the arrays as safetensors.

    Raises:
        WireError: as :func:`pack`, or larger than :data:`MAX_BYTES`.
    """
    value, arrays = pack(tree)
    size = sum(array.nbytes for array in arrays.values())
    if size > MAX_BYTES:
        raise WireError(f"{size / 2**20:.0f} MiB of numbers; at most {MAX_BYTES // 2**20} MiB can be returned")
    head = json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    body = save_arrays({label: _contiguous(array) for label, array in arrays.items()}) if arrays else b""
    if len(head) > MAX_HEAD:
        raise WireError(
            f"{len(head) / 2**20:.0f} MiB of text and numbers outside tensors; at most {MAX_HEAD // 2**20} MiB"
        )
    if len(head) + len(body) + 4 > MAX_BYTES + 2**20:
        raise WireError(f"larger than {MAX_BYTES // 2**20} MiB")
    return struct.pack(">I", len(head)) + head + body


def _contiguous(array: NDArray[Any]) -> NDArray[Any]:
    # np.ascontiguousarray would turn a 0-d array into a 1-d one.
    return array if array.flags.c_contiguous else array.copy(order="C")


def decode(message: bytes) -> Tree:
    """The tree of a message.

    Raises:
        WireError: whatever is wrong with it.
    """
    if len(message) > MAX_BYTES + 2**20:
        raise WireError(f"larger than {MAX_BYTES // 2**20} MiB")
    if len(message) < 4:
        raise WireError("shorter than its own header")
    (length,) = struct.unpack(">I", message[:4])
    if length > len(message) - 4:
        raise WireError("cut off")
    head, body = message[4 : 4 + length], message[4 + length :]
    if max(len(head), int.from_bytes(body[:8], "little")) > MAX_HEAD:
        raise WireError(f"more than {MAX_HEAD // 2**20} MiB outside tensors")
    try:
        # UTF-8 alone: json.loads would guess among encodings of bytes.
        value = json.loads(head.decode(), parse_constant=_no_constant)
        arrays = load_arrays(body) if body else {}
    except WireError:
        raise
    except Exception as error:  # two parsers that others wrote, on bytes of an enemy's choice
        raise WireError(f"not a message: {type(error).__name__}") from error
    return unpack(value, arrays)


def _no_constant(name: str) -> float:
    raise WireError(f"a bare {name}")


FRAME_HEADER = struct.Struct(">Q")


def frame(message: bytes) -> bytes:
    """A message behind its length, as it goes through a socket."""
    return FRAME_HEADER.pack(len(message)) + message


def numbers(tree: Tree) -> Any:
    """The tree with each :class:`Array` replaced by its NumPy values: what checks work with."""
    if isinstance(tree, Array):
        return tree.values
    if isinstance(tree, dict):
        return {key: numbers(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [numbers(item) for item in tree]
    if isinstance(tree, tuple):
        return tuple(numbers(item) for item in tree)
    return tree


def send(sock: socket.socket, tree: Any) -> None:
    """Send a tree as one frame, blocking."""
    sock.sendall(frame(encode(tree)))


def receive(sock: socket.socket) -> Tree:
    """Receive one frame, blocking. For a peer that is trusted; the grader's side reads a learner's frames with a deadline.

    Raises:
        EOFError: the other side closed.
        WireError: what came is no message.
    """
    (length,) = FRAME_HEADER.unpack(_exactly(sock, FRAME_HEADER.size))
    if length > MAX_BYTES + 2**20:
        raise WireError(f"a frame of {length} bytes")
    return decode(_exactly(sock, length))


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(min(count - len(parts), 2**20))
        if not part:
            raise EOFError("the other side closed the connection")
        parts += part
    return bytes(parts)
