"""The wire: every type arrives as it left, and bytes of an enemy's choice are an error and nothing else."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import save
from support import ROOT

from mechgrade.protocol import wire
from mechgrade.protocol.wire import DTYPES, Array, WireError, decode, encode

# --- trees ---------------------------------------------------------------------------------------------------------------

_SHAPES = arrays_of.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)


@st.composite
def arrays(draw: st.DrawFn) -> Array:
    dtype = draw(st.sampled_from(sorted(DTYPES)))
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype)
    values = draw(arrays_of.arrays(kind, _SHAPES))
    return Array(
        values, dtype, draw(st.sampled_from(["bench", "cpu", "cuda:1"])), draw(st.sampled_from(["tensor", "array"]))
    )


_INTEGERS = st.integers(-(2**63), 2**64 - 1)
_LEAVES = st.none() | st.booleans() | _INTEGERS | st.floats() | st.text() | arrays()
trees = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text() | _INTEGERS, inner, max_size=5)
    ),
    max_leaves=20,
)


def same(left: Any, right: Any) -> bool:
    """Equal in type and in every bit; NaN equals NaN, and minus zero is not zero."""
    if type(left) is not type(right):
        return False
    if isinstance(left, Array):
        one, other = left.values, right.values
        about = (one.dtype, one.shape, left.dtype, left.device, left.kind)
        return (
            about == (other.dtype, other.shape, right.dtype, right.device, right.kind)
            and one.tobytes() == other.tobytes()
        )
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or struct.pack("d", left) == struct.pack("d", right)
    return bool(left == right)


@given(trees)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_sent_arrives(tree: Any) -> None:
    assert same(tree, decode(encode(tree)))


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_array_type_arrives(dtype: str) -> None:
    """Of no dimension, of none left, not contiguous, transposed."""
    base = np.arange(24).reshape(2, 3, 4).astype("float32" if dtype == "bfloat16" else dtype)
    for values in (base, base[0, 0, 0, ...], base[:, :0], base[:, ::2], base.T, base[::-1]):
        assert same(
            Array(np.ascontiguousarray(values).reshape(values.shape), dtype), decode(encode(Array(values, dtype)))
        )


@pytest.mark.parametrize(
    "tree",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        {None: 1},
        {True: 1},
        {(1,): 1},
        2**64,
        -(2**63) - 1,
        np.float32(1),
        np.zeros(2),
        Exception,
    ],
    ids=lambda tree: type(tree).__name__,  # no addresses: each process must find the same names
)
def test_nothing_else_leaves(tree: Any) -> None:
    with pytest.raises(WireError):
        encode(tree)


def test_bounds_of_what_leaves() -> None:
    deep: Any = []
    for _ in range(wire.MAX_DEPTH + 1):
        deep = [deep]
    for tree in (
        deep,
        [0] * (wire.MAX_NODES + 1),
        "x" * (wire.MAX_HEAD + 1),
        Array(np.zeros(2**24, "float64"), "float64"),
    ):
        with pytest.raises(WireError):
            encode(tree)


# --- bytes of an enemy's choice --------------------------------------------------------------------------------------------


def message(head: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(head)) + head + body


def is_tree(value: Any, depth: int = 0) -> bool:
    """Nothing but the closed set of types, exactly."""
    if type(value) in (list, tuple):
        return depth <= wire.MAX_DEPTH and all(is_tree(item, depth + 1) for item in value)
    if type(value) is dict:
        return all(type(key) in (str, int) and is_tree(item, depth + 1) for key, item in value.items())
    if type(value) is Array:
        name = "float32" if value.dtype == "bfloat16" else value.dtype
        return value.dtype in DTYPES and value.values.dtype.name == name and value.kind in ("tensor", "array")
    return value is None or type(value) in (bool, int, float, str)


def survives(data: bytes) -> None:
    """The decoder's whole promise: a tree or a WireError, and soon."""
    started = time.perf_counter()
    try:
        assert is_tree(decode(data))
    except WireError as error:
        assert len(str(error)) < 300
    assert time.perf_counter() - started < 5


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    survives(data)
    survives(message(data))
    survives(message(b"null", data))


@given(trees, st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_messages_with_a_few_bytes_changed(tree: Any, data: st.DataObject) -> None:
    body = bytearray(encode(tree))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        change = data.draw(st.sampled_from(["set", "delete", "insert", "cut"]))
        if change == "set":
            body[place] = data.draw(st.integers(0, 255))
        elif change == "delete":
            del body[place]
        elif change == "insert":
            body[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            del body[place:]
        assume(body)
    survives(bytes(body))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["l", "t", "d", "a", "f", "x"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json(value: Any) -> None:
    survives(message(json.dumps(value).encode(), save({"0": np.zeros(3, "float32")})))


_TENSOR = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F64", "BF16", "F8_E4M3", "C64", "BOOL", "U8", "I64", "x"]),
        "shape": st.lists(st.sampled_from([0, 1, 2, 3, 2**31, 2**62, 2**63, 2**64 - 1]) | st.just(-1), max_size=70),
        "data_offsets": st.lists(st.sampled_from([0, 4, 8, 12, 2**63, 2**64 - 1]), min_size=2, max_size=2),
    }
)


@given(_TENSOR, st.sampled_from(sorted(DTYPES)), st.binary(max_size=16))
def test_any_array_header(header: Any, dtype: str, body: bytes) -> None:
    text = json.dumps({"0": header}).encode()
    survives(
        message(json.dumps({"a": ["0", dtype, "cpu", "tensor"]}).encode(), struct.pack("<Q", len(text)) + text + body)
    )


#: Made where they are used: together they are large.
BOMBS: dict[str, Callable[[], bytes]] = {
    "deep lists": lambda: message(b"[" * 10**6),
    "deep tags": lambda: message(b'{"l":[' * 10**5 + b"]}" * 10**5),
    "many values": lambda: message(b'{"l":[' + b"0," * 10**6 + b"0]}"),
    "many dicts": lambda: message(b"[" + b'{"":0},' * (60 * 2**20 // 7) + b"0]"),
    "many digits": lambda: message(b"1" * 10**6),
    "a large exponent": lambda: message(b"1e999"),
    "not a number": lambda: message(b"NaN"),
    "wide characters": lambda: message('{"l":[]}'.encode("utf-16")),
    "a long head": lambda: struct.pack(">I", 2**32 - 1) + b"null",
    "a long header": lambda: message(b"null", struct.pack("<Q", 2**63) + b"{}"),
    "many arrays": lambda: message(
        b"null",
        (lambda text: struct.pack("<Q", len(text)) + text)(
            b"{" + b",".join(b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % n for n in range(10**6)) + b"}"
        ),
    ),
    "one array many times": lambda: message(
        b'{"l":[' + b",".join([b'{"a":["0","float32","cpu","tensor"]}'] * 10**5) + b"]}",
        save({"0": np.zeros(2**20, "float32")}),
    ),
    "booleans of two": lambda: message(b'{"a":["0","bool","cpu","array"]}', save({"0": np.frombuffer(b"\2\2", bool)})),
    "many zeros": lambda: b"\0" * wire.MAX_BYTES,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_little(name: str) -> None:
    """A few bytes, or the most that may be sent, must not become gigabytes or minutes in the grader."""
    bomb = BOMBS[name]()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(WireError):
        decode(bomb)
    assert time.process_time() - started < 5
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert more < 256, f"{more:.0f} MiB"


def test_nothing_is_executed() -> None:
    """The words that other formats obey are plain text here."""
    for text in ('{"__class__": "os.system"}', '{"py/object": "os.system"}', '{"!!python/object": 1}'):
        with pytest.raises(WireError):
            decode(message(text.encode()))
    assert decode(encode({"__class__": "os.system"})) == {"__class__": "os.system"}


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_a_fuzzer_guided_by_coverage_finds_nothing() -> None:
    """A small fixed budget; `python tests/fuzz_wire.py 3600` looks for an hour."""
    done = subprocess.run(
        [sys.executable, "tests/fuzz_wire.py", "--runs", "20000"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
