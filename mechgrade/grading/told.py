"""A judgement in the learner's own terms: the call of the learner's function, what it returned, and what was expected of it.

A scenario packs what functions return into data of its own. Its names mean nothing to a learner. So a difference in that data is
traced to the call that returned it; where no single call did, the calls are told, and the difference as something computed from them.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import compare, describe, tolerance
from mechgrade.grading.facts import Measuring
from mechgrade.grading.judge import Judgement
from mechgrade.grading.mistyped import mistyped
from mechgrade.grading.nothing import without_result
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations.leaves import Node, children
from mechgrade.grading.relations.origins import Origin, Origins, Place
from mechgrade.grading.traces import Made, Trace, same
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.outcome import Place as Line
from mechgrade.protocol.shown import MOST_CALLS, shown
from mechgrade.protocol.wire import Array, Tree

#: So many calls are told where no single one explains a difference.
TOLD = 4
#: Said where it is so: it is what a learner must know first.
UNSTEADY = " (made again, the same call gave something else)"


def in_own_terms(
    judgement: Judgement,
    call: Call,
    outcome: Outcome,
    run: Run | None,
    trace: Trace,
    origins: Origins,
    source: str,
    stub: str = "",
) -> tuple[Judgement, int | None]:
    """A judgement on a run that failed, told by the learner's own calls.

    Args:
        judgement: as the judge has it.
        call: what was run.
        outcome: what it gave, facts in the data's place where the call asks for them.
        run: what the reference gives; None where nothing is compared.
        trace: the calls of the learner's functions.
        origins: tells which data is what a function returned.
        source: the learner's file.
        stub: the file as the learner got it.

    Returns:
        the judgement, and the number of the call that failed, where one did. Unchanged where nothing better can be said.
    """
    made = trace.calls
    difference = None
    if run is not None and outcome.kind == "returned":
        difference = compare(run.reference, outcome.data, run.noise).difference
    says = call.facts.says.get(difference.path) if difference and isinstance(call.facts, Measuring) else None
    if not made:
        whole = origins.of(call.scenario, ()) if call.facts is None else None
        # What a scenario packed is not what the learner's function gave.
        gave = judgement.gave if whole is not None and not whole.place else ""
        return replace(judgement, message=says or judgement.message, gave=gave), None
    lost = without_result(made, source, stub)
    if lost is not None:
        one = made[lost.number]
        place_of = _line(one, judgement, source)
        nothing = replace(judgement, message=lost.says, gave=one.returned, place=place_of), lost.number
    odd = mistyped(made, stub) if lost is None else None

    def other_type(wanted: Tree = None) -> tuple[Judgement, int]:
        assert odd is not None
        one = made[odd.number]
        line = _line(one, judgement, source)
        return replace(judgement, message=odd.told(wanted), gave=odd.gave, place=line), odd.number

    if outcome.kind == "raised":
        # What the learner's own code raised says more than the type of what an earlier call returned.
        if odd is not None and not outcome.trace and not made[-1].raised:
            return other_type()
        return _raised(judgement, outcome, made) if lost is None else nothing
    if outcome.kind == "unusable":
        changed = judgement.message.startswith("`")  # an argument, which says more
        if odd is not None and not changed:
            return other_type()
        return _unusable(judgement, made) if lost is None or changed else nothing
    if run is None or difference is None:
        return judgement, None
    root_nodes = [*_nodes(Node((), (), "", run.reference, outcome.data))]
    node = next((each for each in root_nodes if each.path == difference.path), None)
    if node is None:
        return judgement, None
    # Facts about a scenario's data are no scenario's data.
    facts = call.facts is not None
    found = None if facts else _returned_by(node, trace, origins.of(call.scenario, node.place))
    old = _name(difference.path)
    rest = difference.sentence.removeprefix(old)
    if found is None and difference.aspect == "shape" and not facts:
        found = _counted(node, made)
    way = [each for each in root_nodes if each.place == node.place[: len(each.place)]]
    packed = None if facts else _packed(way, run.noise, made)
    if packed is not None:
        number, said = packed
        one = made[number]
        return replace(
            judgement, message=f"{one.text}: {said}", gave=one.returned, place=_line(one, judgement, source)
        ), number
    if found is not None:
        number, place = found
        one = made[number]
        if odd is not None and odd.whole and odd.number == number and not place:
            return other_type(node.want)
        message = f"{one.text}: {_name(_path(place))}{rest}{'' if one.steady else UNSTEADY}"
        if lost is not None and lost.always and lost.number == number and not place:
            message = f"{lost.says}, and {describe(node.want)} is expected"
        if difference.aspect in ("type", "shape") and place:
            message += _of_whole(way, place, trace, number)
        return replace(judgement, message=message, gave=one.returned, place=_line(one, judgement, source)), number
    erring = _erring(node, outcome.data, made)
    if erring is not None:
        one = made[erring]
        message = f"{one.told}, but {_kind(node.want)} is expected"
        return replace(judgement, message=message, gave=one.returned, place=_line(one, judgement, source)), erring
    if lost is not None:
        return nothing
    if odd is not None:
        return other_type()
    listed = None if facts else _listed(node, made, run.noise.get(difference.path, 0.0))
    if listed is not None:
        one = made[listed[0]]
        message = f"{one.text}: {listed[1]}"
        return replace(judgement, message=message, gave=one.returned, place=_line(one, judgement, source)), listed[0]
    return _computed(judgement, says or f"The check then finds: {_finds(node, rest)}", made, source)


def _raised(judgement: Judgement, outcome: Outcome, made: Sequence[Made]) -> tuple[Judgement, int | None]:
    last = made[-1]
    number = len(made) - 1
    if last.raised:
        return replace(judgement, message=f"{last.text} raised {outcome.message}"), number
    return replace(judgement, message=f"{judgement.message}. {last.told}", gave=last.returned), number


def _unusable(judgement: Judgement, made: Sequence[Made]) -> tuple[Judgement, int | None]:
    last = made[-1]
    number = len(made) - 1
    if judgement.message.startswith("the result"):  # its path is the scenario's
        reason = re.sub(r"^the result(\[[^\]]*\])* ", "what comes back ", judgement.message)
        return replace(judgement, message=f"{last.told}: {reason}", gave=last.returned), number
    return replace(judgement, message=f"{last.text}: {judgement.message}"), number


def _computed(judgement: Judgement, finds: str, made: Sequence[Made], source: str) -> tuple[Judgement, int | None]:
    """A difference in what a scenario computed."""
    one = made[0]
    number = 0 if len(made) == 1 else None
    lines = {each.line for each in made}
    # That a function was returned is plain from its own calls.
    own = [each for each in made if not any(other.inner and other.text.startswith(f"{each.text}(") for other in made)]
    told = list(dict.fromkeys(each.told for each in own))
    more = len(told) - TOLD
    # Of very many, those beyond the limit were not counted.
    count = "many" if len(made) >= MOST_CALLS else str(more)
    calls = "; ".join(told[:TOLD]) + (f"; and {count} more call{'' if more == 1 else 's'}" if more > 0 else "")
    text = f"{calls}. {finds[0].upper()}{finds[1:]}{'' if one.steady else UNSTEADY}"
    place = _line(one, judgement, source) if len(lines) == 1 else judgement.place
    return replace(judgement, message=text, gave="", place=place), number


def _finds(node: Node, rest: str) -> str:
    """A difference in words, for what no function returned."""
    want, got = node.want, node.got
    if not isinstance(want, dict) or not isinstance(got, dict) or want.keys() == got.keys():
        return f"{_words(node.place)}{rest}"
    extra = [f"{_words((*node.place, key))} is {shown(got[key])}" for key in got if key not in want]
    lacking = [_words((*node.place, key)) for key in want if key not in got]
    return "; ".join([*extra, *([f"missing are {', '.join(lacking[:5])}"] if lacking else [])])


def _erring(node: Node, data: Tree, made: Sequence[Made]) -> int | None:
    """The call that ended otherwise than it should: where the scenario says of each call, in order, which error it raised."""
    if not (isinstance(node.want, str) and isinstance(node.got, str)):
        return None
    ends = [each for each in _nodes(Node((), (), "", data, data)) if isinstance(each.got, str)]
    if len(ends) != len(made) or not (_is_exception(node.want) or _is_exception(node.got)):
        return None
    for end, one in zip(ends, made, strict=True):
        if not one.steady or (end.got != one.raised if one.raised else _is_exception(str(end.got))):
            return None
    return next(number for number, end in enumerate(ends) if end.place == node.place)


def _kind(wanted: Tree) -> str:
    """What should have been raised, with its article."""
    if not _is_exception(str(wanted)):
        return "no error"
    return f"{'an' if str(wanted)[0] in 'AEIO' else 'a'} {wanted}"


def _counted(node: Node, made: Sequence[Made]) -> tuple[int, Place] | None:
    """The only call, where the data is its result: in another order perhaps, but that changes no count."""
    return (0, ()) if len(made) == 1 and made[0].has_result and same(made[0].result, node.got) else None


def _listed(node: Node, made: Sequence[Made], noise: float) -> tuple[int, str] | None:
    """The first call that returned a wrong number, and what is wrong, where the data is the numbers that all calls returned."""
    want, got = node.want, node.got
    if not isinstance(want, Array) or not isinstance(got, Array) or want.shape != got.shape or len(made) < 2:
        return None
    numbers = [_number(each.result) if each.has_result else None for each in made]
    if None in numbers or not np.array_equal(np.asarray(numbers, got.values.dtype), got.values):
        return None
    with np.errstate(invalid="ignore"):
        right = np.abs(want.values - got.values) <= tolerance(want.values, noise)
    number = int(np.argmin(right))
    return number, f"the result is {shown(numbers[number])}, expected {shown(float(want.values[number]))}"


def _returned_by(node: Node, trace: Trace, origin: Origin | None) -> tuple[int, Place] | None:
    """The call that returned what lies at a node, and where in its result; None where it is not known."""
    made = trace.calls

    def fits(number: int, place: Place) -> bool:
        return not made[number].steady or _holds(made[number], place, node.got)

    # The very object, or a part of it.
    for depth in range(len(node.place), -1, -1):
        if (known := trace.places.get(node.place[:depth])) is not None:
            number, place = known[0], (*known[1], *node.place[depth:])
            return (number, place) if fits(number, place) else None
    if origin is None:
        return None
    # As the scenario's text has it: a call of this function, but which one is not known where two gave the same.
    named = [
        number
        for number, each in enumerate(made)
        if each.function == origin.function and not each.inner and fits(number, origin.place)
    ]
    return (named[0], origin.place) if len({made[number].text for number in named}) == 1 else None


def _holds(made: Made, place: Place, value: Tree) -> bool:
    if not made.has_result:
        return False
    part = made.result
    for key in place:
        indexed = isinstance(part, list | tuple) and isinstance(key, int) and 0 <= key < len(part)
        if not indexed and not (isinstance(part, dict) and key in part):
            return False
        part = part[key]  # type: ignore[index]  # one of the two, as was just seen
    return same(part, value) or _number(part) == _number(value) is not None


def _number(value: Tree) -> float | None:
    """A number or a tensor of one: scenarios take the one out of the other."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Array) and value.values.size == 1:
        return float(value.values.reshape(-1)[0])
    return None


def _of_whole(way: Sequence[Node], place: Place, trace: Trace, number: int) -> str:
    """What the reference's function returned as a whole, in words; empty where the data does not show it.

    Args:
        way: the nodes from the data as a whole down to the difference.
        place: where the difference is in what the function returned.
        trace: the calls.
        number: the call.
    """
    end, one = way[-1], trace.calls[number]
    at = end.place[: len(end.place) - len(place)]
    if end.place != (*at, *place):
        return ""
    # A number in a list of the scenario's own may be the key that leads to the place, too.
    whole = next(each for each in way if each.place == at)
    own = trace.places.get(at) == (number, ()) or (one.has_result and same(whole.got, one.result))
    return f" (the whole result should be {describe(whole.want)})" if own else ""


def _packed(way: Sequence[Node], noise: Mapping[str, float], made: Sequence[Made]) -> tuple[int, str] | None:
    """What is wrong with a dict that a call returned, where the scenario made a list of pairs of it; and which call."""
    for node in way:
        want, got = _dict_of(node.want), _dict_of(node.got)
        if want is None or got is None:
            continue
        named = [number for number, each in enumerate(made) if each.has_result and same(each.result, got)]
        floors = {
            f"[{key!r}]{path.removeprefix(start)}": floor
            for place, key in enumerate(want)
            for path, floor in noise.items()
            if path.startswith(start := f"{node.path}[{place}][1]")
        }
        difference = compare(want, got, floors).difference
        if difference is not None and len({made[number].text for number in named}) == 1:
            return named[0], difference.sentence
    return None


def _dict_of(value: Tree) -> dict[str | int, Tree] | None:
    """The dict whose keys and values some pairs are; None for anything else."""
    if not isinstance(value, list | tuple):
        return None
    found: dict[str | int, Tree] = {}
    for each in value:
        if not (isinstance(each, list | tuple) and len(each) == 2):
            return None
        key, item = each
        if not isinstance(key, str | int) or key in found:
            return None
        found[key] = item
    return found


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for each in children(node) or ():
        yield from _nodes(each)


def _line(made: Made, judgement: Judgement, source: str) -> Line | None:
    lines = source.splitlines()
    if not 0 < made.line <= len(lines):
        return judgement.place
    return Line(made.line, made.function, lines[made.line - 1].strip()[:200])


def _name(path: str) -> str:
    return f"result{path}" if path else "the result"


def _path(place: Place) -> str:
    return "".join(f"[{key!r}]" for key in place)


def _words(place: Place) -> str:
    """The names on the way to a value, in words: a scenario's keys say what they are for."""
    names = [str(key).replace("_", " ") for key in place if isinstance(key, str)]
    return f'"{", ".join(names)}"' if names else "what is compared"


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)
