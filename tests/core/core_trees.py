"""What the tests of the core share: short ways to write data, and strategies that draw it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from mechgrade.protocol.wire import Array

#: For each property. A seldom case belongs into an example.
fast = settings(max_examples=60, deadline=None)

#: torch's names, and NumPy's for what crosses the wire.
FLOATS = {"float16": "float16", "float32": "float32", "float64": "float64", "bfloat16": "float32"}
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def tensor(values: Any, dtype: str = "float32", kind: str = "tensor") -> Array:
    """A tensor as it crossed."""
    return Array(np.asarray(values, FLOATS.get(dtype, dtype)), dtype, kind=kind)


shapes = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
#: Finite in every type.
numbers = st.floats(-6e4, 6e4, width=32)


@st.composite
def float_arrays(draw: st.DrawFn, shapes: Any = shapes, elements: Any = numbers) -> Array:
    """Tensors and NumPy arrays of floating numbers."""
    name = draw(st.sampled_from([*FLOATS]))
    values = draw(arrays_of.arrays("float64", shapes, elements=elements))
    with np.errstate(over="ignore"):
        return Array(values.astype(FLOATS[name]), name, kind=draw(st.sampled_from(["tensor", "array"])))


@st.composite
def other_arrays(draw: st.DrawFn) -> Array:
    """Integers and booleans."""
    name = draw(st.sampled_from([*INTEGERS, "bool"]))
    return Array(draw(arrays_of.arrays(name, shapes)), name, kind=draw(st.sampled_from(["tensor", "array"])))


integers = st.integers(-(2**63), 2**64 - 1)
leaves = st.none() | st.booleans() | integers | numbers | st.text() | float_arrays() | other_arrays()


def nested(leaf: Any) -> Any:
    """Trees with such leaves."""
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=4).map(tuple)
            | st.dictionaries(st.text() | integers, inner, max_size=4)
        ),
        max_leaves=10,
    )


#: Without NaN and infinities.
trees = nested(leaves)
#: With them.
wild_trees = nested(leaves | st.floats() | float_arrays(elements=st.floats()))
