"""What a report draws agrees with what the comparison found."""

from __future__ import annotations

import numpy as np
from core_trees import fast, tensor
from hypothesis import given
from hypothesis import strategies as st

from mechgrade.grading.compare import compare
from mechgrade.grading.recordings import Run
from mechgrade.grading.views import SIDE, View, differs, views_of
from mechgrade.protocol.wire import Tree


def views(reference: Tree, mine: Tree, noise: dict[str, float] | None = None) -> list[View]:
    return views_of("f()", {}, Run(reference, noise or {}), mine)


@given(st.data(), st.sampled_from([0.0, 0.01]), st.booleans())
@fast
def test_a_leaf_looks_wrong_where_the_comparison_finds_it_wrong(
    data: st.DataObject, noise: float, in_a_list: bool
) -> None:
    values = data.draw(st.lists(st.sampled_from([0.0, 3.0, -2.0, 1e5, -1e9]), min_size=1, max_size=12))
    off = [value + data.draw(st.sampled_from([0, 1e-6, 1e-3, 1])) for value in values]
    one: Tree = [*values] if in_a_list else tensor(values, "float64")
    other: Tree = [*off] if in_a_list else tensor(off, "float64")
    paths = ["", *(f"[{place}]" for place in range(len(values)))]
    found = compare(one, other, dict.fromkeys(paths, noise))
    assert all(view.same for view in views(one, other, dict.fromkeys(paths, noise))) == found.same


def test_whole_numbers_are_exact_in_a_row_too() -> None:
    """Of token ids such as 50,000 the share that a float may be off is more than 1."""
    (view,) = views([50_000, 50_001, 50_002, 50_003, 50_004], [50_000, 50_001, 50_003, 50_003, 50_004])
    assert isinstance(view.mine, np.ndarray) and not view.same
    assert views([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])[0].same


def test_what_is_unlike_is_said_in_words() -> None:
    for one, other in [
        ([1.0, 2.0, 3.0], tensor([1.0, 2.0, 3.0])),
        (1.0, tensor(1.0)),
        ([1.0, 2.0, 3.0], [1.0, 2.0]),
        (["a", "b", "c"], ["a", "b"]),
        (tensor([1.0]), None),
        (tensor([]), tensor([])),
    ]:
        (view,) = views(one, other)
        assert isinstance(view.mine, str) and isinstance(view.reference, str)


def test_the_window_lies_around_the_worst_place_in_tolerances() -> None:
    """Two differ: the fill value by more, and a score by more of what is allowed."""
    reference = np.tile([-1e9, 3.0], (2, 100, 1)).reshape(2, 200)
    mine = reference.copy()
    mine[1, 180] += 4e4
    mine[0, 11] += 1
    (view,) = views(tensor(reference, "float64"), tensor(mine, "float64"))
    assert view.start == (0, 0) and isinstance(view.allowed, np.ndarray) and view.allowed.shape == (2, SIDE)
    assert isinstance(view.mine, np.ndarray) and isinstance(view.reference, np.ndarray)
    assert np.argwhere(differs(view.mine, view.reference, view.allowed)).tolist() == [[0, 11]]
    mine[0, 11] -= 1
    (view,) = views(tensor(reference, "float64"), tensor(mine, "float64"))
    assert view.start == (0, 200 - SIDE) and not view.same
