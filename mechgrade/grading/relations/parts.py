"""Relations between the parts of a result: under each other's keys, or one in the place of another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mechgrade.grading.compare import RELATIVE, compare
from mechgrade.grading.relations.claims import ordinal, part_of
from mechgrade.grading.relations.leaves import Node, children, distinct, numbers_of
from mechgrade.grading.relations.origins import Place

#: Of more parts there are too many orders.
_MOST_PARTS = 6
#: So many different values, or pairs of numbers or texts, must be found again.
_DIFFERENT = 4


def exchanged(
    failed: Sequence[Sequence[tuple[Place, Node]]], passed: Sequence[Sequence[tuple[Place, Node]]]
) -> str | None:
    """Which parts are exchanged, or which stands in the place of another, in all runs.

    Args:
        failed: of each run that failed, the places in what a function returned, and the data there.
        passed: of those that passed.
    """
    groups: dict[Any, list[Node]] = {}
    for run in failed:
        for place, node in run:
            if _is_record(node) and not _same(node.want, node.got):
                groups.setdefault((place, _keys(node)), []).append(node)
    for (place, keys), nodes in groups.items():
        runs = [any(node in nodes for _, node in run) for run in failed]
        if not all(runs) or len(keys) > _MOST_PARTS:
            continue
        right = [
            node for run in passed for where, node in run if where == place and _is_record(node) and _keys(node) == keys
        ]
        found = list(_swaps(keys, nodes, right))
        if len(found) == 1:
            return _sentence(place, found[0])
    return None


def _is_record(node: Node) -> bool:
    return isinstance(node.want, dict | tuple) and children(node) is not None and len(node.want) > 1


def _keys(node: Node) -> tuple[str | int, ...]:
    return tuple(node.want) if isinstance(node.want, dict) else tuple(range(len(node.want)))


def _swaps(keys: Sequence[str | int], nodes: Sequence[Node], right: Sequence[Node]) -> Iterator[str]:
    """The sentences about two parts that hold."""
    for one, other in itertools.permutations(keys, 2):
        if any(not _same(node.want[one], node.want[other]) for node in right):
            continue
        if not _enough(
            [(node.want[one], node.want[other]) for node in nodes if not _same(node.want[one], node.got[one])]
        ):
            continue
        if all(_same(node.want[other], node.got[one]) for node in nodes):
            back = all(_same(node.want[one], node.got[other]) for node in nodes)
            if not back:
                yield f"{_name(one)} is what {_name(other)} should be"
            elif keys.index(one) < keys.index(other):
                yield f"{_name(one)} and {_name(other)} are exchanged"


def _name(key: str | int) -> str:
    return f"`{key}`" if isinstance(key, str) else f"the {ordinal(key)} part"


def _enough(pairs: Sequence[tuple[Any, Any]]) -> bool:
    """Whether there are so many different values, or pairs of them, that they did not come to their places by chance."""
    numbers = [found[0].ravel() for _, value in pairs if (found := numbers_of(value)) is not None]
    together = np.concatenate([*numbers, np.zeros(1)])
    largest = float(np.abs(together[np.isfinite(together)]).max())
    texts = {value for _, value in pairs if isinstance(value, str)}
    scalars = {pair for pair in pairs if all(isinstance(each, str | int | float) for each in pair)}
    return max(distinct(together, RELATIVE * largest) + len(texts), len(scalars)) >= _DIFFERENT


def _same(want: Any, got: Any) -> bool:
    return compare(want, got, {}).same


def _sentence(place: Place, text: str) -> str:
    where = " in each entry of your list" if "*" in place else f" in {part_of([place])}" if part_of([place]) else ""
    return f"{text[0].upper()}{text[1:]}{where}."
