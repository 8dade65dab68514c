"""What alone is wrong, where all else is right: which errors are raised, a type, one part of what is compared.

These sentences know no cause. They say where a mistake is and, which helps as much, where it is not. Each says no more than what was
found in the runs that it speaks of, so no chance can make it false.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mechgrade.grading.compare import compare
from mechgrade.grading.relations.claims import joined, ordinal, part_of
from mechgrade.grading.relations.leaves import Node, children, noise_at, numbers_of
from mechgrade.grading.relations.origins import Origin, Place
from mechgrade.protocol.wire import Array, Tree

#: Hidden inputs are not spoken of.
HERE = "On these inputs"
#: So many parts, or cases, are named. Of more parts nothing is said: a mistake that is everywhere is in none of them.
PARTS, _CASES = 2, 4
#: And no more cases than there is room for.
_ROOM = 120
#: What scenarios call the error that was raised; a case has another name.
_NO_CASE = frozenset(["raised", "error", "errors", "outcome", "outcomes"])
#: What scenarios say where no error was raised.
_NOTHING = "nothing"
#: Errors of libraries end so.
_ERROR = ("Error", "Exception")
#: The names of types, as scenarios give them.
_TYPES = frozenset(
    [
        *("bool", "complex", "dict", "float", "int", "list", "set", "str", "tuple", "NoneType", "Tensor", "ndarray"),
        *(f"{kind}{bits}" for kind in ("float", "int", "uint") for bits in (8, 16, 32, 64)),
        "bfloat16",
    ]
)


@dataclass(frozen=True)
class Part:
    """What lies at a place of a run's data, as the reference and the learner have it.

    Attributes:
        node: both, side by side.
        right: whether they count as equal.
        origin: what function of the learner's returned it, and the place in that; None where it was computed from it.
    """

    node: Node
    right: bool
    origin: Origin | None

    @property
    def key(self) -> str:
        """The last of the names that lead to it."""
        place = self.node.place if self.origin is None else self.origin.place
        return next((key for key in reversed(place) if isinstance(key, str) and key != "*"), str(self.origin))


def parts(node: Node, noise: Mapping[str, float], origin: Callable[[Node], Origin | None]) -> Iterator[Part]:
    """The parts of a run's data, down to where the two have no parts in common.

    Args:
        node: the data.
        noise: the noise floors, by path.
        origin: where the data at a node comes from.
    """
    inner = children(node)
    if inner is None or _is_numbers(node):
        yield Part(node, compare(node.want, node.got, _below(node, noise)).same, origin(node))
    else:
        for each in inner:
            yield from parts(each, noise, origin)


def alone(runs: Sequence[Sequence[Part]]) -> str | None:
    """What alone is wrong in all runs of an exercise, as a sentence.

    Args:
        runs: the parts of each run, those that passed included.

    Returns:
        None where too much is wrong, or where nothing else was compared.
    """
    wrong, right = _sides(runs)
    if not wrong or not any(map(counts, right)):
        return None
    return _types(wrong) or _one_part(wrong, right)


def _sides(runs: Sequence[Sequence[Part]]) -> tuple[list[Part], list[Part]]:
    found = [part for run in runs for part in run]
    return [each for each in found if not each.right], [each for each in found if each.right]


# --- errors --------------------------------------------------------------------------------------------------------------


def only_errors(runs: Sequence[Sequence[Part]]) -> str | None:
    """Which errors are raised, where that alone is wrong in all runs of an exercise, as a sentence."""
    wrong, right = _sides(runs)
    if not wrong or not any(map(counts, right)):
        return None
    missing: list[Part] = []
    other: list[Part] = []
    unasked: list[Part] = []
    for each in wrong:
        want, got = _error(each.node.want), _error(each.node.got)
        # A text that a function returned is a text, whatever it says.
        texts = isinstance(each.node.want, str) and isinstance(each.node.got, str) and each.origin is None
        if not texts or not (want or got):
            return None
        (other if want and got else missing if want else unasked).append(each)
    asked = [each for each in right if _error(each.node.want)]
    said = []
    for kind in dict.fromkeys(_error(each.node.want) for each in missing):
        mine = [each for each in missing if _error(each.node.want) == kind]
        said.append(f"no `{kind}` is raised {_cases(mine, asked)}")
    for kinds in dict.fromkeys((_error(each.node.got), _error(each.node.want)) for each in other):
        mine = [each for each in other if (_error(each.node.got), _error(each.node.want)) == kinds]
        said.append(f"`{kinds[0]}` is raised {_cases(mine, asked)} where `{kinds[1]}` is asked for")
    for kind in dict.fromkeys(_error(each.node.got) for each in unasked):
        mine = [each for each in unasked if _error(each.node.got) == kind]
        said.append(f"`{kind}` is raised {_cases(mine, [])} where no error is asked for")
    return f"{HERE} your results are right, but not your errors: {'; '.join(said)}."


def _error(value: Any) -> str:
    """The class of an error that a text names at its start; empty where it names none."""
    name = value.split()[0] if isinstance(value, str) and value.split() else ""
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, BaseException)
    return name if known or (name.isidentifier() and name[0].isupper() and name.endswith(_ERROR)) else ""


def _cases(found: Sequence[Part], asked: Sequence[Part]) -> str:
    """For which cases: their names, where all have one, else how many they are."""
    names = [_case(each) for each in found]
    if not all(names):
        count = len(found) + len(asked)
        of = f" of {count}" if asked else ""
        return f"in {len(found)}{of} case{'' if count == 1 else 's'}"
    names = list(dict.fromkeys(names))
    told = names[:_CASES]
    while len(told) > 1 and len("".join(told)) > _ROOM:
        told.pop()
    more = len(names) - len(told)
    return f"for {', '.join(told)} and {more} more" if more else f"for {joined(told)}"


def _case(part: Part) -> str:
    keys = [key for key in part.node.place if isinstance(key, str) and key not in _NO_CASE]
    return f'"{", ".join(keys)}"' if keys else ""


# --- types ---------------------------------------------------------------------------------------------------------------


def _types(wrong: Sequence[Part]) -> str | None:
    """What is of another type, where the values are right."""
    kinds = []
    for each in wrong:
        found = _two_types(each.node)
        if found is None or (isinstance(each.node.want, str) and each.origin is not None):
            return None
        kinds.append(found)
    (got, want), *others = dict.fromkeys(kinds)
    if others:
        return None
    return f"{HERE} your values are right, but not their type: {got} where {want} is expected."


def _two_types(node: Node) -> tuple[str, str] | None:
    """The learner's type and the expected one, where nothing else differs."""
    want, got = node.want, node.got
    if isinstance(want, str) and isinstance(got, str):
        names = [_plain(each) for each in (got, want)]
        return (f"`{names[0]}`", f"`{names[1]}`") if _TYPES.issuperset(names) else None
    kinds = _kind(got), _kind(want)
    if "" in kinds or kinds[0] == kinds[1]:
        return None
    left, right = _values(want), _values(got)
    if left is None or right is None or left.shape != right.shape or not left.size:
        return None
    return kinds if bool(np.isclose(left, right, rtol=1e-5, atol=0).all()) else None


def _plain(name: str) -> str:
    """A type's name without its package."""
    return name.removeprefix("torch.").removeprefix("numpy.")


def _kind(value: Tree) -> str:
    if isinstance(value, Array):
        return f"a {'tensor' if value.kind == 'tensor' else 'NumPy array'} of {value.dtype}"
    if isinstance(value, bool | int | float):
        return f"a Python {type(value).__name__}"
    return "a list" if isinstance(value, list) else ""


def _values(value: Tree) -> Any:
    if isinstance(value, Array):
        return value.values.astype(np.float64) if value.values.dtype.kind in "fiub" else None
    if isinstance(value, bool | int | float):
        return np.asarray(float(value))
    found = numbers_of(value)
    return None if found is None else found[0]


# --- one part ------------------------------------------------------------------------------------------------------------


def _one_part(wrong: Sequence[Part], right: Sequence[Part]) -> str | None:
    """Which parts are wrong, where others never are."""
    name = _Names([*wrong, *right])
    bad = {name.of(each) for each in wrong}
    never = [each for each in right if name.of(each) not in bad]
    names = name.shortest(wrong, {each.key for each in never})
    own = {each.origin is not None for each in wrong if name.of(each) in names or not names}
    # Of what a function returns, all parts together are the whole.
    others = {name.of(each) for each in never if counts(each) and (each.origin is not None) in own}
    # A part that is more than a word or a switch is one of few only where as many others are right.
    least = len(names) if any(map(counts, wrong)) else 1
    if "" in bad or len(own) != 1 or len(names) > PARTS or len(others) < least:
        return None
    switches = {(each.node.got, each.node.want) for each in wrong if isinstance(each.node.want, bool)}
    if len(names) == len(switches) == 1 and all(isinstance(each.node.want, bool) for each in wrong):
        (got, want) = switches.pop()
        return f"{HERE} all that was compared is right but {joined(names)}: it is {got}, and should be {want}."
    return (
        f"{HERE} only {joined(names)} {'is' if len(names) == 1 else 'are'} wrong: all else that was compared is right."
    )


class _Names:
    """What parts are called: in a result by the key, else in the scenario's words. A whole result has a name where there are several.

    Args:
        found: all parts of all runs.
    """

    def __init__(self, found: Sequence[Part]) -> None:
        self._several = len({each.origin.function for each in found if each.origin is not None}) > 1

    def of(self, part: Part) -> str:
        """A part's name; empty where it has none."""
        if part.origin is None:
            return _words(part.node.place)
        text, whole = part_of([part.origin.place]), f"what `{part.origin.function}` returns"
        if not self._several:
            return text
        for end in ("your result", "your list"):
            text = text.replace(end, whole)
        return text if text.endswith(whole) else f"{text} of {whole}" if text else whole

    def shortest(self, wrong: Sequence[Part], right: Collection[str]) -> list[str]:
        """The names of wrong parts. One thing can be in the data several times, under further keys too.

        Args:
            wrong: the parts.
            right: the last keys of those that are never wrong.
        """
        found: list[str] = []
        for key in dict.fromkeys(each.key for each in wrong):
            mine = {self.of(each): each.origin is not None for each in wrong if each.key == key}
            own = [name for name, own in mine.items() if own]
            one = [*mine] if len(mine) == 1 or key in right else [f'"{key.replace("_", " ")}"']
            found += own or one
        return sorted(found, key=_order)


def _order(name: str) -> int:
    """Parts that have no name but a number come in its order."""
    return next((place for place in range(1, 5) if name.startswith(f"the {ordinal(place)} ")), 0)


def counts(part: Part) -> bool:
    """Whether something right says that more is right than a word or a switch."""
    want = part.node.want
    if isinstance(want, str):
        return not says_an_end(part) and _plain(want) not in _TYPES
    return want is not None and not isinstance(want, bool)


def says_an_end(part: Part) -> bool:
    """Whether this is a scenario's word for how a call ended: the error that it raised, or that it raised none."""
    want = part.node.want
    return isinstance(want, str) and (bool(_error(want)) or want == _NOTHING)


# --- data ----------------------------------------------------------------------------------------------------------------


def _is_numbers(node: Node) -> bool:
    """Whether this is a list of numbers: one thing, and not as many as it has entries."""
    return isinstance(node.want, list) and numbers_of(node.want) is not None and numbers_of(node.got) is not None


def _below(node: Node, noise: Mapping[str, float]) -> dict[str, float]:
    """The noise floors below a node, by the paths that they have there."""
    if isinstance(node.want, list | tuple | dict):
        start = node.path
        return {path[len(start) :]: value for path, value in noise.items() if path.startswith(start)}
    return {"": noise_at(node, noise)}


def _words(place: Place) -> str:
    """The names on the way to a value, in words: a scenario's keys say what they are for."""
    names = [str(key).replace("_", " ") for key in place if isinstance(key, str)]
    return f'"{", ".join(names)}"' if names else ""
