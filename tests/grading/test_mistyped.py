"""A result of another type than the stub promises is told by its true type, and not by what a scenario made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support import later

from mechgrade.grading.mistyped import mistyped
from mechgrade.grading.traces import Made
from mechgrade.protocol.shown import kind_of, shown
from mechgrade.protocol.wire import Array, Tree

torch = later("torch")


def array(kind: str, *shape: int) -> Array:
    return Array(np.zeros(shape, np.float32), "float32", "cpu", kind)  # type: ignore[arg-type]  # one of the two


TENSOR, NUMPY = array("tensor", 2, 3), array("array", 2, 3)
TENSORS = 'Float[Tensor, "layer head"]'


def found(promised: str, result: Tree = None, kind: str = "") -> str | None:
    """What is said of a result."""
    there = not kind
    made = Made("f", "f(x=1)", shown(result), line=2, has_result=there, result=result, kind=kind or kind_of(result))
    says = mistyped([made], f"def f(x) -> {promised}:\n    raise NotImplementedError\n")
    return says.told() if says is not None else None


@pytest.mark.parametrize(
    ("promised", "result", "words"),
    [
        (TENSORS, NUMPY, ["returned a NumPy array, but a tensor (`Float[Tensor, \"layer head\"]`)", "torch.from_numpy"]),
        (TENSORS, [TENSOR, TENSOR], ["returned a list of 2 tensors, but", "`torch.stack(...)`"]),
        (TENSORS, [1.0], ["returned a list of 1 number, but", "`torch.tensor(...)`"]),
        (TENSORS, (TENSOR,), ["returned a tuple of 1 tensor, but", "`return x,`"]),
        (TENSORS, (TENSOR, TENSOR), ["a tuple of 2 tensors", "`.values`"]),
        (TENSORS, {"a": TENSOR}, ["returned a dict, but"]),
        ("torch.Tensor", 0.5, ["returned 0.5, a number, but a tensor (`torch.Tensor`)", "`.item()`"]),
        ("dict[str, Tensor]", TENSOR, ["returned a tensor, but a dict (`dict[str, Tensor]`) is expected."]),
        ("dict[str, Tensor]", {"a": TENSOR, "b": NUMPY}, ["f(x=1): result['b'] is a NumPy array, but a tensor is expected."]),
        ("tuple[list[int], Tensor]", ([1], [TENSOR]), ["result[1] is a list of 1 tensor"]),
        ("list[Tensor]", [NUMPY], ["result[0] is a NumPy array"]),
        ("float", TENSOR, ["returned a tensor, but a number is expected."]),
        ("float | None", "a", ["returned 'a', a text, but `float | None` is expected."]),
        ("'Tensor'", NUMPY, ["a NumPy array, but a tensor"]),
    ],
)  # fmt: skip
def test_another_type_is_told_with_what_to_do(promised: str, result: Tree, words: list[str]) -> None:
    says = found(promised, result)
    assert says is not None and all(each in says for each in words), says


@pytest.mark.parametrize(
    ("promised", "result"),
    [
        (TENSORS, TENSOR),
        ("float", 3),
        ("float", array("tensor")),  # a check may take the number out of it
        ("list[int]", (1, 2)),  # no comparison tells them apart
        ("tuple[int, ...]", (1, 2, 3)),
        ("tuple[Tensor, Tensor]", (NUMPY,)),  # its length is what is wrong
        ("dict[str, float | Tensor]", {"a": 1.0, "b": TENSOR}),
        ("Prompt", NUMPY),
        ("dict[str, Any]", {"a": NUMPY}),
        ("Callable[[Tensor], Tensor]", NUMPY),
        ("Optional[Tensor]", TENSOR),
        ("NDArray", NUMPY),
    ],
)
def test_nothing_is_said_where_it_fits_or_nobody_knows(promised: str, result: Tree) -> None:
    assert found(promised, result) is None


@pytest.mark.parametrize(
    ("promised", "kind", "words"),
    [
        (TENSORS, "a coroutine", "The function is `async`: write `def`"),
        (TENSORS, "a generator", "collect the values and `return` them"),
        (TENSORS, "a map object", "`torch.stack(list(...))`"),
        ("list[int]", "a map object", "`list(...)`"),
        (TENSORS, "a function", "Call it, and return what it gives."),
        (TENSORS, "a NumPy array", "torch.from_numpy"),
        (TENSORS, "a sparse tensor", "`.to_dense()`"),
        ("Hook", "a coroutine", None),
        (TENSORS, "a tensor", None),
        ("list[int]", "a list of 900000 integers", None),
    ],
)
def test_of_what_cannot_be_sent_the_type_alone_is_known(promised: str, kind: str, words: str | None) -> None:
    says = found(promised, kind=kind)
    assert (says is None) if words is None else (says is not None and words in says)


def numbers() -> Iterator[int]:
    yield 1


def values() -> list[tuple[Any, str]]:
    zeros = torch.zeros(2, 3)
    return [
        (zeros, "a tensor"),
        (zeros.to_sparse(), "a sparse tensor"),
        (zeros.numpy(), "a NumPy array"),
        (np.float32(1), "a NumPy number"),
        (zeros.max(dim=1), "a tuple of 2 tensors"),
        ([zeros, 1], "a list of 2 values"),
        ([], "an empty list"),
        (numbers(), "a generator"),
        (map(str, [1]), "a map object"),
        (zeros.mean, "a function"),
        (int, "the class int"),
        ({1}, "a set"),
    ]


def test_types_in_words() -> None:
    for value, words in values():
        assert kind_of(value) == words


def test_a_tensor_without_numbers_of_its_own_can_be_shown() -> None:
    assert shown(torch.zeros(2).to_sparse()) == "float32 [2]"
    assert shown(torch.zeros(2, device="meta")) == "float32 [2]"
