"""Relations between lists of things that are no plain numbers: their order, what is missing, their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mechgrade.grading.compare import compare
from mechgrade.grading.relations.claims import joined
from mechgrade.grading.relations.leaves import Node, children, numbers_of
from mechgrade.grading.relations.origins import Place

Items = Sequence[Any]

#: In longer lists it takes too long to find each entry again.
_MOST = 100


#: Where two lists lie, what the one should be, and what it is.
_Two = tuple[Node, Items, Items]
#: So many keys are named.
_KEYS = 3
#: Whether a relation holds for two lists.
_Holds = Callable[[Items, Items], bool]


@dataclass(frozen=True)
class _Claim:
    """A relation between two lists, what to say (with the words of :data:`_OWN`), its rank, and how long a list must be to show it."""

    holds: _Holds
    sentence: str
    rank: int = 0
    longest: int = 3


def same(want: Any, got: Any) -> bool:
    """Whether two entries count as equal."""
    return compare(want, got, {}).same


def _equal(want: Items, got: Items) -> bool:
    return len(want) == len(got) and all(same(a, b) for a, b in zip(want, got, strict=True))


def _left(want: Items, got: Items) -> tuple[list[Any], list[Any]]:
    """What of each list has no partner in the other."""
    missing, extra = [], list(got)
    for item in want:
        place = next((number for number, each in enumerate(extra) if same(item, each)), None)
        if place is None:
            missing.append(item)
        else:
            del extra[place]
    return missing, extra


def _once(items: Items) -> list[Any]:
    """The entries without repetitions."""
    found: list[Any] = []
    for item in items:
        if not any(same(each, item) for each in found):
            found.append(item)
    return found


def _texts(holds: Callable[[str, str], bool]) -> _Holds:
    """Whether something holds for all texts; what else is in the entries is equal."""

    def both(want: Any, got: Any) -> bool:
        if isinstance(want, tuple) and isinstance(got, tuple) and len(want) == len(got):
            return all(both(a, b) for a, b in zip(want, got, strict=True))
        return holds(want, got) if isinstance(want, str) and isinstance(got, str) else same(want, got)

    return lambda want, got: len(want) == len(got) and all(both(a, b) for a, b in zip(want, got, strict=True))


_CLAIMS = (
    _Claim(lambda want, got: _equal(want[::-1], got), "{List} has the right entries in reversed order."),
    _Claim(lambda want, got: _equal(_once(want), got), "{List} lacks what occurs again: each entry is in it once."),
    _Claim(lambda want, got: _equal(want, _once(got)), "{List} is right, but some entries occur more than once."),
    _Claim(lambda want, got: _equal(want[1:], got), "{List} is right, but its first entry is missing.", 0, 4),
    _Claim(lambda want, got: _equal(want[:-1], got), "{List} is right, but its last entry is missing.", 0, 4),
    _Claim(lambda want, got: _equal(want, got[1:]), "{List} is right, but one entry too many stands at its start."),
    _Claim(lambda want, got: _equal(want, got[:-1]), "{List} is right, but one entry too many stands at its end."),
    _Claim(lambda want, got: _left(want, got) == ([], []), "{List} has the right entries, but in another order.", 1, 2),
    _Claim(lambda want, got: not _left(want, got)[1], "All entries of {list} are right, but some are missing.", 2, 4),
    _Claim(lambda want, got: not _left(want, got)[0], "{List} has all the right entries, but others too.", 2),
    _Claim(
        _texts(lambda want, got: got == want.lstrip()),
        "{Texts} are the expected ones without the spaces at their start.",
    ),
    _Claim(
        _texts(lambda want, got: got == want.rstrip()),
        "{Texts} are the expected ones without the spaces at their end.",
    ),
    _Claim(_texts(lambda want, got: got == want.strip()), "{Texts} are the expected ones without spaces around.", 1),
    _Claim(_texts(lambda want, got: got == want.lower()), "{Texts} are the expected ones in small letters."),
    _Claim(_texts(lambda want, got: got.startswith(want)), "{Texts} begin with the expected ones, and go on.", 1),
    _Claim(
        _texts(lambda want, got: got.endswith(want)),
        "{Texts} end with the expected ones, but something stands before.",
        1,
    ),
)


#: What lists are called that a function of the learner's returned, and lists that the scenario made.
_OWN = {"List": "Your list", "list": "your list", "Texts": "Your texts"}
_COMPUTED = {
    "List": "The list that is compared",
    "list": "the list that is compared",
    "Texts": "The texts that are compared",
}


@dataclass(frozen=True)
class Listed:
    """The data of a run, whether it passed, and what lists in it are: a learner's own, the pairs of a learner's dict, or a scenario's."""

    node: Node
    passed: bool
    is_own: Callable[[Place], bool] = lambda place: True
    is_dict: Callable[[Place], bool] = lambda place: False


def listed(runs: Sequence[Listed]) -> str | None:
    """What relates lists in all runs, as a sentence.

    Args:
        runs: the runs, in order.
    """
    lists = [(list(_lists(run.node, differing=not run.passed)), run) for run in runs]
    if any(not run.passed and (not found or None in found) for found, run in lists):
        return None
    pairs = [(each, run) for found, run in lists for each in found if each is not None]
    if max((len(items) for (_, want, got), _ in pairs for items in (want, got)), default=0) > _MOST:
        return None
    wrong = [(each, run) for each, run in pairs if not run.passed]
    if any(run.is_dict(node.place) for (node, _, _), run in wrong):
        return _of_dicts([each for each, _ in wrong], all(run.is_dict(node.place) for (node, _, _), run in wrong))
    words = _OWN if all(run.is_own(node.place) for (node, _, _), run in wrong) else _COMPUTED
    if _grown([each for each, _ in pairs]):
        return f"{words['List']} still holds the entries of earlier calls: do you keep something between calls?"
    holding = [
        claim
        for claim in _CLAIMS
        if all(claim.holds(want, got) for (_, want, got), _ in pairs)
        and max((len(want) for (_, want, got), _ in wrong if got), default=0) >= claim.longest
    ]
    rank = min((claim.rank for claim in holding), default=0)
    best = [claim.sentence for claim in holding if claim.rank == rank]
    return best[0].format(**words) if len(best) == 1 else None


def _of_dicts(wrong: Sequence[_Two], all_of_them: bool) -> str | None:
    """What is wrong in dicts, of which each list is the pairs: a dict has no order."""
    left = [_left(want, got) for _, want, got in wrong]
    if not all_of_them:
        return None
    for side, says in ((0, "Your dict is right, but lacks"), (1, "Your dict is right, but also has")):
        if all(each[side] and not each[1 - side] for each in left):
            keys = [[pair[0] for pair in each[side]] for each in left]
            if all(each == keys[0] for each in keys) and len(keys[0]) <= _KEYS:
                return f"{says} the key{'s' * (len(keys[0]) > 1)} {joined([repr(key) for key in keys[0]])}."
            return f"{says} some keys."
    return None


def _grown(lists: Sequence[_Two]) -> bool:
    """Whether each list that is wrong is the one of the call before with the right entries at its end, more than once."""
    before: dict[Place, Items] = {}
    count = 0
    for node, want, got in lists:
        place = node.pattern
        if not _equal(want, got):
            count += 1
            if not before.get(place) or not _equal([*before[place], *want], got):
                return False
        before[place] = got
    return count > 1


def _lists(node: Node, *, differing: bool) -> Iterator[_Two | None]:
    """The lists that differ, or all; None for a difference elsewhere."""
    want, got = node.want, node.got
    if _is_list(want) and _is_list(got):
        if not differing or not _equal(want, got):
            yield node, want, got
    elif (inner := children(node)) is not None:
        for each in inner:
            yield from _lists(each, differing=differing)
    elif differing and not same(want, got):
        yield None


def _is_list(tree: Any) -> bool:
    """Whether this is a list of things, and neither of numbers nor of such lists."""
    return isinstance(tree, list) and numbers_of(tree) is None and not any(_is_list(each) for each in tree)
