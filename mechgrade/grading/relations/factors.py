"""Factors and offsets: the same everywhere, or the same in a call."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mechgrade.grading.relations.claims import (
    Claim,
    Finder,
    Numbers,
    becomes,
    expected,
    several,
)
from mechgrade.grading.relations.leaves import Leaf

#: How exactly a factor must be a number that has a meaning.
_CLOSE = 1e-4


def _near(value: float, number: float) -> bool:
    return abs(value - number) <= _CLOSE * abs(number)


@dataclass(frozen=True)
class _Call:
    """A call with the leaves of it that differ, and the factor that fits them best."""

    leaves: Sequence[Leaf]
    factor: float

    @property
    def scenario(self) -> str:
        return self.leaves[0].scenario

    def sizes(self) -> dict[str, int | float]:
        return {name: size for leaf in self.leaves for name, size in leaf.sizes().items()}


def _calls(leaves: Sequence[Leaf]) -> list[_Call] | None:
    found = []
    for number in dict.fromkeys(leaf.call for leaf in leaves):
        mine = [leaf for leaf in leaves if leaf.call == number]
        factor = _factor(mine)
        if factor is None:
            return None
        found.append(_Call(mine, factor))
    return found


def _factor(leaves: Sequence[Leaf]) -> float | None:
    """The factor that fits best, each leaf on a scale of its own."""
    above, below = 0.0, 0.0
    with np.errstate(all="ignore"):
        for leaf in leaves:
            finite = np.isfinite(leaf.want) & np.isfinite(leaf.got)
            want, got = leaf.want[finite], leaf.got[finite]
            if (scale := float(np.abs(want).max(initial=0.0))) > 0:
                above += float((want / scale * got / scale).sum())
                below += float(((want / scale) ** 2).sum())
        factor = above / below if below > 0 else math.nan
    return factor if math.isfinite(factor) else None


# --- one factor ----------------------------------------------------------------------------------------------------------


def factors(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One factor for all numbers: the same in all calls, or one that is a size, or another in each call."""
    if any(leaf.want.shape != leaf.got.shape for leaf in leaves):
        return
    calls = _calls(leaves)
    if calls is None or any(factor == 0 or _near(abs(factor), 1) for factor in (call.factor for call in calls)):
        return
    if (by_size := _by_size(calls)) is not None:
        yield by_size
    if any(leaf.whole for leaf in leaves):
        return
    first = calls[0].factor
    if all(_near(call.factor, first) for call in calls):
        factor = float(np.median([call.factor for call in calls]))
        sentence = f"{{Each}} is {_times(factor)} the expected one{_why(factor, calls)}"
        yield becomes("factor", 1, lambda leaf: factor * leaf.want, sentence, several(4))
    else:
        known = {call.leaves[0].call: call.factor for call in calls}
        yield becomes(
            "factor of a call",
            2,
            lambda leaf: known.get(leaf.call, 1.0) * leaf.want,
            "{Numbers} are the expected ones times one factor, but the factor is not the same in all calls.",
            _fitted,
        )


def _fitted(leaves: Sequence[Leaf]) -> bool:
    """Whether enough speaks for a factor or an amount of each call: one number of each has been spent to find it."""
    calls = [[leaf for leaf in leaves if leaf.call == number] for number in {leaf.call for leaf in leaves}]
    return sum(several(3)(call) for call in calls) > 1 and several(4 + len(calls))(leaves)


#: What a factor is, of one size or of the product of two.
_FORMS: tuple[tuple[str, Callable[[float], float], int], ...] = (
    ("times {size}", lambda size: size, 1),
    ("divided by {size}", lambda size: 1 / size, 1),
    ("times the square root of {size}", lambda size: math.sqrt(abs(size)), 1),
    ("divided by the square root of {size}", lambda size: 1 / math.sqrt(abs(size)), 1),
    ("times the square of {size}", lambda size: size * size, 1),
    ("times {size}", lambda size: size, 2),
    ("divided by {size}", lambda size: 1 / size, 2),
)
_QUESTION = ": do you sum where a mean is asked for?"


def _by_size(calls: Sequence[_Call]) -> Claim | None:
    """The claim that the factor is a size, where the size varies between calls: else it would be chance."""
    found = []
    for text, value, count in _FORMS:
        names = {scenario: _names(list(some), value, count) for scenario, some in _by_scenario(calls)}
        if all(names.values()):
            sizes = {_product(call.sizes(), names[call.scenario]) for call in calls}
            if len(sizes) > 1:
                found.append((text, value, names, all(type(size) is int for size in sizes)))
    if len(found) != 1:
        return None
    text, value, names, whole = found[0]

    def scaled(leaf: Leaf) -> Numbers | None:
        sizes, mine = leaf.sizes(), names.get(leaf.scenario, ())
        return value(_product(sizes, mine)) * leaf.want if mine and all(name in sizes for name in mine) else None

    ways = list(dict.fromkeys(" times ".join(f"`{name}`" for name in each) for each in names.values()))
    size = ways[0] + (f" (in other calls {' or '.join(ways[1:])})" if ways[1:] else "")
    end = _QUESTION if whole and text == "times {size}" else "."
    sentence = "{Each} is the expected one " + text.replace("{size}", size) + end
    return becomes("factor by size", 0, scaled, sentence, _varied)


def _varied(leaves: Sequence[Leaf]) -> bool:
    """Whether three numbers are explained; whole numbers only if they are large, as small ones fit by chance."""
    if any(leaf.whole for leaf in leaves):
        return len({number for leaf in leaves for number in leaf.want[np.abs(leaf.want) >= 100]}) >= 3
    return several(3)(leaves)


def _by_scenario(calls: Sequence[_Call]) -> Iterator[tuple[str, Iterator[_Call]]]:
    ordered = sorted(calls, key=lambda call: call.scenario)
    return ((scenario, some) for scenario, some in itertools.groupby(ordered, key=lambda call: call.scenario))


def _names(calls: Sequence[_Call], value: Callable[[float], float], count: int) -> tuple[str, ...]:
    """The size, or the two sizes, that give the factor in all of some calls; nothing where there is none, or a choice."""
    common = [name for name in calls[0].sizes() if all(name in call.sizes() for call in calls)]
    found = [
        names
        for names in itertools.combinations(common, count)
        if all(_near(call.factor, value(_product(call.sizes(), names))) for call in calls)
    ]
    if count > 1 or not found:
        return found[0] if len(found) == 1 else ()
    return found[-1] if _one_thing([name for (name,) in found]) else ()


def _product(sizes: Mapping[str, int | float], names: Sequence[str]) -> int | float:
    return math.prod(sizes[name] for name in names)


def _one_thing(names: Sequence[str]) -> bool:
    """Whether some names are one: the input `heads` and the axis `head`."""
    shortest = min(names, key=len)
    return all(name in (shortest, shortest + "s") for name in names)


def _why(factor: float, calls: Sequence[_Call]) -> str:
    """The size that equals the factor, if just one does; in one call, or with a factor of 2, that would be chance."""
    for value, end in ((factor, _QUESTION), (1 / factor, ".")):
        size = round(value)
        if size > 2 and _near(value, size) and len(calls) > 1:
            common = [name for name in calls[0].sizes() if all(call.sizes().get(name) == size for call in calls)]
            if common and _one_thing(common):
                return f", and {size} is the size of `{common[-1]}`{end}"
    return "."


def _times(factor: float) -> str:
    if abs(factor) > 1.5 and _near(factor, round(factor)):
        return f"{round(factor)} times"
    part = round(1 / factor)
    if part and _near(1 / factor, part):
        return {2: "half", 3: "a third of", 4: "a quarter of"}.get(part, f"{'-' if part < 0 else ''}1/{abs(part)} of")
    return f"{factor:.4g} times"


# --- one amount ----------------------------------------------------------------------------------------------------------


def offsets(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """One number added to all."""
    whole = any(leaf.whole for leaf in leaves)
    if any(leaf.want.shape != leaf.got.shape for leaf in leaves) or whole != all(leaf.whole for leaf in leaves):
        return
    known = {
        number: _amount([leaf for leaf in leaves if leaf.call == number])
        for number in dict.fromkeys(leaf.call for leaf in leaves)
    }
    amounts = list(known.values())
    if any(not math.isfinite(amount) or amount == 0 for amount in amounts):
        return
    amount = float(np.median(amounts))
    if whole:
        # Any other number is more likely a matter of what the numbers stand for.
        if all(each == amount for each in amounts) and abs(amount) == 1:
            sentence = f"{{Each}} is the expected one {'plus' if amount > 0 else 'minus'} 1."
            yield becomes("amount", 1, lambda leaf: leaf.want + amount, sentence, several(4, whole=5))
    elif all(_near(each, amount) for each in amounts):
        sentence = f"{{Each}} is {abs(amount):.4g} {'more' if amount > 0 else 'less'} than expected."
        yield becomes("amount", 1, lambda leaf: leaf.want + amount, sentence)
    else:
        yield becomes(
            "amount of a call",
            2,
            lambda leaf: leaf.want + known.get(leaf.call, 0.0),
            "{Numbers} are all off by the same amount, but the amount is not the same in all calls.",
            _fitted,
        )


def rescaled(leaves: Sequence[Leaf]) -> Iterator[Claim]:
    """Another scale and another zero, in each call its own."""
    if any(leaf.whole or leaf.want.shape != leaf.got.shape for leaf in leaves):
        return
    known: dict[int, tuple[float, float]] = {}
    for number in dict.fromkeys(leaf.call for leaf in leaves):
        mine = [leaf for leaf in leaves if leaf.call == number]
        want = np.concatenate([leaf.want.ravel() for leaf in mine])
        got = np.concatenate([leaf.got.ravel() for leaf in mine])
        with np.errstate(all="ignore"):
            centred = want - want.mean()
            scale = float((centred * got).sum() / (centred * centred).sum())
            zero = float(got.mean() - scale * want.mean())
        # Two numbers are spent to find these, and another zero must be more than rounding.
        if not (several(4, expected)(mine) and math.isfinite(scale) and abs(zero) > _CLOSE * np.abs(got).max()):
            return
        known[number] = (scale, zero)

    def change(leaf: Leaf) -> Numbers:
        scale, zero = known.get(leaf.call, (1.0, 0.0))
        return scale * leaf.want + zero

    sentence = "{Numbers} are on another scale: they are the expected ones times one number, plus another."
    yield becomes("rescaled", 4, change, sentence, several(5 + 2 * len(known)))


def _amount(leaves: Sequence[Leaf]) -> float:
    with np.errstate(all="ignore"):
        gaps = np.concatenate([(leaf.got - leaf.want).ravel() for leaf in leaves])
    gaps = gaps[np.isfinite(gaps)]
    return float(np.median(gaps)) if gaps.size else math.nan


FINDERS: tuple[Finder, ...] = (factors, offsets, rescaled)
