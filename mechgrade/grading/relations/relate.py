"""Where no misconception explains a failure: what relates a learner's data to the reference's, in one sentence.

A relation is a claim. It is made only if it holds in every run that failed, contradicts none that passed, and rests on so many
numbers that it cannot be chance. Of several that hold, the one that says most; if two say as much, none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mechgrade.grading.compare import compare
from mechgrade.grading.diagnose import Judged
from mechgrade.grading.relations import along, elementwise, factors, picked, places, rows, steps
from mechgrade.grading.relations.alone import Part, alone, only_errors, parts
from mechgrade.grading.relations.axes import Annotations
from mechgrade.grading.relations.beside import without_results
from mechgrade.grading.relations.calls import by_inputs, repeated
from mechgrade.grading.relations.claims import Claim, Finder, say
from mechgrade.grading.relations.entries import Two, entries
from mechgrade.grading.relations.leaves import Leaf, Node, children, noise_at, numbers_of, numeric
from mechgrade.grading.relations.lists import Listed, listed
from mechgrade.grading.relations.origins import Origin, Origins, Place
from mechgrade.grading.relations.parts import exchanged
from mechgrade.grading.relations.runs import Ended, Ran, ended, only_function
from mechgrade.grading.relations.sides import side
from mechgrade.protocol.wire import Tree

FINDERS: tuple[Finder, ...] = (
    *elementwise.FINDERS,
    *factors.FINDERS,
    *rows.FINDERS,
    *along.FINDERS,
    *steps.FINDERS,
    *picked.FINDERS,
    *places.FINDERS,
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A run, as the reference and the learner have it.

    Attributes:
        reference: the reference's data.
        learner: the learner's.
        noise: the noise floor of each leaf of floats, by its path.
        passed: whether they count as equal.
        scenario: the scenario's name.
        inputs: its inputs.
        check: the name of the check that it was made for.
    """

    reference: Tree
    learner: Tree
    noise: Mapping[str, float]
    passed: bool
    scenario: str
    inputs: Mapping[str, Any]
    check: str = ""


class Sources:
    """The texts that tell what a scenario's data is: which part a function returned, and the names of its axes.

    Args:
        grader: the text of the grader's file.
        exercise: texts with the exercise's functions and their annotations; of a function, the first that has one counts.
    """

    def __init__(self, grader: str = "", *exercise: str) -> None:
        self._origins = Origins.in_text(grader)
        self._annotations = Annotations(*exercise)
        #: the names of parameters and axes; None where no text is known
        self.names = self._annotations.names() if exercise else None

    def leaf(self, node: Node, pair: Pair, call: int) -> Leaf:
        """The numbers at a node of a run."""
        want, got = numbers_of(node.want), numbers_of(node.got)
        assert want is not None and got is not None
        origin = self._origins.of(pair.scenario, node.place)
        place = node.pattern if origin is None else _pattern(origin.place, node)
        axes = self._annotations.axes_of(origin.function) if origin is not None else None
        return Leaf(
            want[0],
            got[0],
            noise_at(node, pair.noise),
            want[1],
            call,
            pair.scenario,
            pair.inputs,
            place,
            origin.function if origin is not None else None,
            axes.at(origin.place, want[0].ndim) if axes is not None and origin is not None else None,
        )

    def origin(self, scenario: str, place: Place) -> Origin | None:
        """Where a part of a scenario's data comes from."""
        return self._origins.of(scenario, place)

    def items(self, scenario: str, place: Place) -> Origin | None:
        """The dict of whose keys and values a part of a scenario's data is the list of pairs."""
        return self._origins.items(scenario, place)

    def functions(self, scenario: str) -> frozenset[str]:
        """The functions of the exercise that a scenario calls."""
        return self._origins.functions(scenario)


def _pattern(place: Place, node: Node) -> Place:
    """A place in what a function returned, with a ``*`` for any index of a list."""
    keys = list(place)
    for number in range(1, min(len(place), len(node.place)) + 1):
        if place[-number] != node.place[-number]:
            break
        keys[-number] = node.pattern[-number]
    return tuple(keys)


def relation(judged: Sequence[Judged], grader: str, *exercise: str) -> str | None:
    """What relates a learner's data to the reference's in all runs of an exercise, as a sentence.

    Args:
        judged: the runs, in order.
        grader: the text of the grader's file.
        exercise: the exercise's texts, the stub's before the learner's.

    Returns:
        None where nothing is certain, or where a run ended in something else than data or an error.
    """
    sources = Sources(grader, *exercise)
    pairs = [
        Pair(
            each.run.reference,
            each.outcome.data,
            each.run.noise,
            each.passed,
            # Facts about a scenario's data are no scenario's data.
            each.call.scenario if each.call.facts is None else "",
            each.call.inputs,
            each.check,
        )
        for each in judged
        if each.outcome.kind == "returned"
    ]
    ends = [
        Ended(sources.functions(each.call.scenario), each.outcome, each.check)
        for each in judged
        if each.outcome.kind != "returned"
    ]
    related = relate(pairs, sources)
    return ended(ends, [_ran(pair, sources) for pair in pairs], related) if ends else related


def relate(pairs: Sequence[Pair], sources: Sources | None = None) -> str | None:
    """What relates a learner's data to the reference's in all runs of an exercise, as a sentence.

    Args:
        pairs: the runs in order, those that passed and those that failed.
        sources: tells the function's own results and their axes; without it nothing has a name.

    Returns:
        None where nothing holds in all of them, or where too little speaks for it.
    """
    sources = sources or Sources()
    if all(pair.passed for pair in pairs):
        return None
    parted = [_parted(pair, sources) for pair in pairs]
    return (
        only_errors(parted)
        or _of_numbers(pairs, sources)
        or _of_parts(pairs, sources)
        or listed([_listed(pair, sources) for pair in pairs])
        or by_inputs(pairs, sources.names)
        or entries([two for pair in pairs if not pair.passed for two in _lists(_root(pair), pair, sources)])
        or _least(pairs, parted, sources)
    )


def _listed(pair: Pair, sources: Sources) -> Listed:
    return Listed(
        _root(pair),
        pair.passed,
        lambda place: sources.origin(pair.scenario, place) is not None,
        lambda place: sources.items(pair.scenario, place) is not None,
    )


def _lists(node: Node, pair: Pair, sources: Sources) -> Iterator[Two | None]:
    """The lists that differ and that a function of the learner's returned; None for a difference elsewhere."""
    if compare(node.want, node.got, {}).same:
        return
    both = isinstance(node.want, list) and isinstance(node.got, list)
    if both and sources.origin(pair.scenario, node.place) is not None:
        yield node.want, node.got
        return
    inner = children(node)
    if inner is None:
        yield None
    for each in inner or ():
        yield from _lists(each, pair, sources)


def _least(pairs: Sequence[Pair], parted: Sequence[Sequence[Part]], sources: Sources) -> str | None:
    """Where a mistake lies and on which side, where nothing tells what it is."""
    where = alone(parted) or only_function([_ran(pair, sources) for pair in pairs])
    wrong = [leaf for call, pair in enumerate(pairs) if not pair.passed for leaf in _leaves(pair, call, sources)]
    numbers = [leaf for leaf in wrong if leaf is not None and not leaf.same]
    return " ".join(filter(None, [where, side(numbers) if None not in wrong else None])) or None


def _parted(pair: Pair, sources: Sources) -> list[Part]:
    def origin(node: Node) -> Origin | None:
        found = sources.origin(pair.scenario, node.place)
        return None if found is None else Origin(found.function, _pattern(found.place, node))

    return list(parts(without_results(_root(pair)), pair.noise, origin))


def _ran(pair: Pair, sources: Sources) -> Ran:
    return Ran(sources.functions(pair.scenario), pair.passed, _parted(pair, sources), pair.check)


def _of_parts(pairs: Sequence[Pair], sources: Sources) -> str | None:
    runs: dict[bool, list[list[tuple[Place, Node]]]] = {True: [], False: []}
    for pair in pairs:
        found = []
        for node in _nodes(_root(pair)):
            origin = sources.origin(pair.scenario, node.place)
            if origin is not None:
                found.append((_pattern(origin.place, node), node))
        runs[pair.passed].append(found)
    return exchanged(runs[False], runs[True])


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for each in children(node) or ():
        yield from _nodes(each)


def _root(pair: Pair) -> Node:
    return Node((), (), "", pair.reference, pair.learner)


def _of_numbers(pairs: Sequence[Pair], sources: Sources) -> str | None:
    runs = {call: list(_leaves(pair, call, sources)) for call, pair in enumerate(pairs)}
    failed = [leaf for call, pair in enumerate(pairs) if not pair.passed for leaf in runs[call]]
    differing = [leaf for leaf in failed if leaf is not None and not leaf.same]
    if any(leaf is None for leaf in failed):
        return None
    same = [leaf for leaves in runs.values() for leaf in leaves if leaf is not None and leaf.same]
    calls = [call for call, pair in enumerate(pairs) if not pair.passed]
    found: list[tuple[int, str]] = []
    for scope in _scopes(differing):
        if all(_covers(scope, [leaf for leaf in differing if leaf.call == call], sources) for call in calls):
            sites = {leaf.site for leaf in scope}
            right = [leaf for leaf in failed if leaf is not None and leaf.same and leaf.site not in sites]
            best = _best(scope, [leaf for leaf in same if leaf.site in sites])
            if best is not None:
                found.append((best.rank, say(best.sentence, scope, right)))
            elif (again := repeated(scope, [*differing, *same], sources.names)) is not None:
                found.append((5, say(again, scope, right)))
    return min(found, key=lambda each: each[0])[1] if found else None


def _leaves(pair: Pair, call: int, sources: Sources) -> Iterator[Leaf | None]:
    for node in numeric(_root(pair)):
        yield None if node is None else sources.leaf(node, pair, call)


def _scopes(differing: Sequence[Leaf]) -> Iterator[list[Leaf]]:
    """What one sentence can speak of: all that differs and that a function returned, all that differs, one part."""
    returned = [leaf for leaf in differing if leaf.function is not None]
    scopes = [returned, list(differing)]
    scopes += [
        [leaf for leaf in returned if leaf.site == site] for site in dict.fromkeys(leaf.site for leaf in returned)
    ]
    for number, scope in enumerate(scopes):
        # The first two may be one.
        if scope and (number != 1 or len(scope) != len(returned)):
            yield scope


def _covers(scope: Sequence[Leaf], differing: Sequence[Leaf], sources: Sources) -> bool:
    """Whether a relation of some leaves speaks of a call that failed, for which these leaves differ.

    It need not speak of what was merely computed from what it speaks of.
    """
    if not differing:
        return False
    if any(leaf.call == differing[0].call for leaf in scope):
        return True
    functions = {leaf.function for leaf in scope}
    computed = all(leaf.function is None for leaf in differing) and None not in functions
    called = sources.functions(differing[0].scenario)
    return computed and bool(called) and called <= functions


def _best(differing: Sequence[Leaf], same: Sequence[Leaf]) -> Claim | None:
    """The claim that says most; None where none holds, or where two say as much."""
    holding = [
        claim
        for finder in FINDERS
        for claim in finder(differing)
        if all(claim.holds(leaf) for leaf in differing)
        and all(claim.holds(leaf) is not False for leaf in same)
        and claim.evidence(differing)
    ]
    if not holding:
        return None
    rank = min(claim.rank for claim in holding)
    best = [claim for claim in holding if claim.rank == rank]
    return best[0] if len({claim.name for claim in best}) == 1 else None
