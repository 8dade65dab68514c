"""Relations between calls: which inputs tell the wrong ones from the right ones, and which calls give the same."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from mechgrade.grading.relations.claims import several
from mechgrade.grading.relations.leaves import Leaf

#: On each side of the line there must be so many calls.
_LEAST = 2
#: In so many ways must the calls that are wrong be drawn from all: else the line is where it is by chance.
_WAYS = 15
#: Longer texts are no words that choose between ways.
_LONGEST = 20


class Call(Protocol):
    """A call: whether it passed, its scenario, and its inputs."""

    @property
    def passed(self) -> bool: ...
    @property
    def scenario(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...


def by_inputs(calls: Sequence[Call], known: Collection[str] | None) -> str | None:
    """The one value of one input with which all calls are wrong and without which all are right, or the other way round.

    Args:
        calls: all calls.
        known: the names that mean something to the learner; None for all.
    """
    found = []
    for name in dict.fromkeys(name for call in calls for name in call.inputs):
        having = [call for call in calls if name in call.inputs]
        if (known is not None and name not in known) or any(not call.passed and call not in having for call in calls):
            continue
        for value in _values(name, [call.inputs[name] for call in having]):
            with_it = [call for call in having if _is(call.inputs[name], value)]
            without = [call for call in having if call not in with_it]
            if _parts(with_it, without):
                found.append((name, value, with_it[0].passed))
    if len({name for name, _, _ in found}) != 1:
        return None
    # Of two values, each tells the calls apart: say with which one it is wrong.
    name, value, right = min(found, key=lambda each: each[2])
    this, that = ("right", "wrong") if right else ("wrong", "right")
    return f"Your result is {this} in all calls with `{name}={value!r}`, and {that} in all with another `{name}`."


def _values(name: str, values: Iterable[Any]) -> list[Any]:
    """The values that choose between ways. Sizes do not, besides 0 and 1: that just these calls fail would be chance."""
    found: list[Any] = []
    for value in values:
        chooses = isinstance(value, str) and value.isidentifier() and len(value) <= _LONGEST
        if type(value) is int and name != "seed":
            chooses = value in (0, 1)
        if (chooses or value is None or isinstance(value, bool)) and not any(_is(value, each) for each in found):
            found.append(value)
    return found


def _is(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _parts(one: Sequence[Call], other: Sequence[Call]) -> bool:
    """Whether two groups of calls have different verdicts, each but one, and not because they are different scenarios."""
    if min(len(one), len(other)) < _LEAST or math.comb(len(one) + len(other), len(one)) < _WAYS:
        return False
    if len({call.passed for call in one}) > 1:
        return False
    shared = {call.scenario for call in one} & {call.scenario for call in other}
    return bool(shared) and {call.passed for call in other} == {not one[0].passed}


def repeated(differing: Sequence[Leaf], all_leaves: Sequence[Leaf], known: Collection[str] | None) -> str | None:
    """What all wrong calls give is what another call gave too: an input is ignored, or something is kept between calls.

    Args:
        differing: what is wrong.
        all_leaves: the numbers of all calls, right or wrong.
        known: the names of inputs that mean something to the learner; None for all.
    """
    if not differing or not several(4)(differing):
        return None
    ignored: set[str] = set()
    earlier = True
    for leaf in differing:
        twins = [each for each in all_leaves if each.site == leaf.site and _twins(leaf, each)]
        if not twins:
            return None
        names = [_differing(leaf, each) for each in twins]
        ignored |= min(names, key=len)
        earlier = earlier and any(each.same and each.call < leaf.call for each in twins)
    if len(ignored) == 1 and (known is None or ignored <= set(known)):
        return f"{{Numbers}} do not change with `{ignored.pop()}`."
    return "{Numbers} are those of an earlier call: do you keep something between calls?" if earlier else None


def _twins(leaf: Leaf, other: Leaf) -> bool:
    """Whether two calls gave the same numbers, though different ones are expected."""
    if leaf.call == other.call or not leaf.equals(leaf.got, other.got):
        return False
    return not leaf.equals(leaf.want, other.want) and bool(_differing(leaf, other))


def _differing(leaf: Leaf, other: Leaf) -> set[str]:
    names = leaf.inputs.keys() | other.inputs.keys()
    return {name for name in names if leaf.inputs.get(name) != other.inputs.get(name)}
