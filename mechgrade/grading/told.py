"""A judgement in the learner's own terms: the call of the learner's function, what it returned, and what was expected of it.

A scenario packs what functions return into data of its own. Its names mean nothing to a learner. So a difference in that data is
traced to the call that returned it; where no single call did, the calls are told, and the difference as something computed from them.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import compare, describe
from mechgrade.grading.judge import Judgement
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations.leaves import Node, children
from mechgrade.grading.relations.origins import Origin, Origins, Place
from mechgrade.grading.traces import Made, same
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.outcome import Place as Line
from mechgrade.protocol.wire import Tree

#: So many calls are told where no single one explains a difference.
TOLD = 4


def in_own_terms(
    judgement: Judgement,
    call: Call,
    outcome: Outcome,
    run: Run | None,
    made: Sequence[Made],
    origins: Origins,
    source: str,
) -> tuple[Judgement, int | None]:
    """A judgement on a run that failed, told by the learner's own calls.

    Args:
        judgement: as the judge has it.
        call: what was run.
        outcome: what it gave, facts in the data's place where the call asks for them.
        run: what the reference gives; None where nothing is compared.
        made: the calls of the learner's functions.
        origins: tells which data is what a function returned.
        source: the learner's file.

    Returns:
        the judgement, and the number of the call in ``made`` that failed, where one did. Unchanged where nothing better can be said.
    """
    if not made:
        return judgement, None
    if outcome.kind == "raised":
        return _raised(judgement, made)
    if outcome.kind == "unusable":
        return _unusable(judgement, made)
    difference = compare(run.reference, outcome.data, run.noise).difference if run is not None else None
    if run is None or difference is None:
        return judgement, None
    node = next(
        (each for each in _nodes(Node((), (), "", run.reference, outcome.data)) if each.path == difference.path), None
    )
    if node is None:
        return judgement, None
    # Facts about a scenario's data are no scenario's data.
    found = _returned_by(node, made, origins.of(call.scenario, node.place) if call.facts is None else None)
    old = _name(difference.path)
    rest = difference.sentence.removeprefix(old)
    if found is not None:
        number, place = found
        one = made[number]
        message = f"{one.text}: {_name(_path(place))}{rest}"
        if (
            difference.aspect in ("type", "shape")
            and place
            and (whole := _whole(node, place, run.reference)) is not None
        ):
            message += f" (the whole result should be {describe(whole)})"
        return replace(judgement, message=message, gave=one.returned, place=_line(one, judgement, source)), number
    return _computed(judgement, node, rest, made, source)


def _raised(judgement: Judgement, made: Sequence[Made]) -> tuple[Judgement, int | None]:
    last = made[-1]
    number = len(made) - 1
    if last.raised:
        return replace(judgement, message=f"{last.text} raised {judgement.message}"), number
    return replace(judgement, message=f"{judgement.message}. {last.told}", gave=last.returned), number


def _unusable(judgement: Judgement, made: Sequence[Made]) -> tuple[Judgement, int | None]:
    last = made[-1]
    number = len(made) - 1
    if judgement.message.startswith("the result"):  # its path is the scenario's
        reason = re.sub(r"^the result(\[[^\]]*\])* ", "what comes back ", judgement.message)
        return replace(judgement, message=f"{last.told}: {reason}", gave=last.returned), number
    return replace(judgement, message=f"{last.text}: {judgement.message}"), number


def _computed(
    judgement: Judgement, node: Node, rest: str, made: Sequence[Made], source: str
) -> tuple[Judgement, int | None]:
    """A difference in what a scenario computed."""
    number = len(made) - 1 if len(made) == 1 else None
    one = made[0]
    place = _line(one, judgement, source) if number is not None else judgement.place
    told = list(dict.fromkeys(each.told for each in made))
    calls = "; ".join(told[:TOLD]) + (f"; and {len(told) - TOLD} more calls" if len(told) > TOLD else "")
    wanted = node.want
    if number is not None and isinstance(wanted, str) and _is_exception(wanted) and isinstance(node.got, str):
        text = f"{calls}, but a {wanted} is expected"
    else:
        text = f"{calls}. The check then finds: {_words(node.place)}{rest}"
    return replace(judgement, message=text, gave="", place=place), number


def _returned_by(node: Node, made: Sequence[Made], origin: Origin | None) -> tuple[int, Place] | None:
    """The call that returned what lies at a node, and where in its result: the only one, or the first of those that returned it."""
    if origin is not None:
        named = [
            number
            for number, each in enumerate(made)
            if each.function == origin.function and _holds(each, origin.place, node.got)
        ]
        # Two calls may have returned the same: then which of them is not known, unless they were the same calls.
        return (named[0], origin.place) if len({made[number].text for number in named}) == 1 else None
    if not _telling(node.got):
        return None
    found = [
        (number, part.place)
        for number, each in enumerate(made)
        if each.has_result
        for part in _nodes(Node((), (), "", each.result, each.result))
        if same(part.want, node.got)
    ]
    return found[0] if found and len({(made[number].text, place) for number, place in found}) == 1 else None


def _telling(value: Tree) -> bool:
    """Whether a value is found again in a result by more than chance."""
    if isinstance(value, dict | list | tuple):
        return len(value) > 1
    if isinstance(value, float):
        return value not in (-1, 0, 1)
    if isinstance(value, str):
        return len(value) > 8
    values = getattr(value, "values", None)
    return values is not None and values.size > 3


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
    values = getattr(value, "values", None)
    return float(values.reshape(-1)[0]) if values is not None and values.size == 1 else None


def _whole(node: Node, place: Place, reference: Tree) -> Tree:
    """What the reference's function returned as a whole; None where the data does not show it."""
    if len(node.place) < len(place) or node.place[len(node.place) - len(place) :] != place:
        return None
    part = reference
    for key in node.place[: len(node.place) - len(place)]:
        part = part[key]  # type: ignore[index]  # a place in it
    return part


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
