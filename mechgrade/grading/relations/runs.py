"""Which functions gave what they should, and how it stands with runs that ended in an error.

A function is right as far as something of it was compared. An error that is asked for is no value: that a function raises it says nothing
of what the function returns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mechgrade.grading.relations.alone import HERE, PARTS, Part, counts, says_an_end
from mechgrade.grading.relations.claims import joined
from mechgrade.protocol.outcome import Outcome

#: How the learner's side says it.
_CHANGED = re.compile(r"`(\w+)` changed its argument `\w+` in place")


@dataclass(frozen=True)
class Ran:
    """A run that returned.

    Attributes:
        functions: the functions that its scenario calls; none where that is not known.
        passed: whether it counts as right.
        parts: the parts of its data.
        check: the name of the check that it was made for.
    """

    functions: Collection[str]
    passed: bool
    parts: Sequence[Part]
    check: str = ""

    def right(self) -> set[str]:
        """The functions of which something was compared here and is right. What only says how calls ended is no value of theirs."""
        values = [each for each in self.parts if each.right and counts(each)]
        found = {each.origin.function for each in values if each.origin is not None}
        # Beside how calls ended, nobody knows which of several functions a value was computed from.
        if len(values) > len([each for each in values if each.origin]) and (
            len(self.functions) == 1 or not any(map(says_an_end, self.parts))
        ):
            found |= set(self.functions)
        return found


@dataclass(frozen=True)
class Ended:
    """A run that did not return.

    Attributes:
        functions: the functions that its scenario calls; none where that is not known.
        outcome: how it ended.
        check: the name of the check that it was made for.
    """

    functions: Collection[str]
    outcome: Outcome
    check: str = ""

    def at(self) -> set[str]:
        """The function in which it ended, as the scenario called it; all that it calls where that is not known."""
        changed = _CHANGED.match(self.outcome.message)
        name = changed[1] if changed else self.outcome.trace[0].function if self.outcome.trace else ""
        return {name} if name in self.functions else set(self.functions)


def only_function(runs: Sequence[Ran]) -> str | None:
    """Which function alone is wrong, where others are right."""
    wrong = {name for each in runs if not each.passed for name in each.functions}
    if len(wrong) != 1 or not all(each.functions for each in runs):
        return None
    right = {name for each in runs if each.passed for name in each.right()} - wrong
    return f"{HERE} only `{wrong.pop()}` is wrong: {_as_they_should(right)}." if right else None


def ended(ends: Sequence[Ended], runs: Sequence[Ran], related: str | None) -> str | None:
    """What ended runs that should have returned, and how it stands with those that did, as a sentence.

    Args:
        ends: the runs that did not return.
        runs: those that did.
        related: what relates the data of these to the reference's; None where nothing does.
    """
    outcomes = [each.outcome for each in ends]
    what = _raised(outcomes) or _written(outcomes)
    if what is None or (related is None and not all(part.right for each in runs for part in each.parts)):
        return None
    if related is not None:
        text = related.removeprefix(f"{HERE} ")
        return f"{what} Where your code returned, {text[0].lower()}{text[1:]}"
    if all(each.at() and each.at() <= _right([run for run in runs if run.check == each.check]) for each in ends):
        return f"{what} {HERE} all that was compared is right."
    # Of a function that never gave a value nothing is known; where the others are right, that is where to look.
    others = _right(runs) - {name for each in ends for name in each.at()} if all(each.at() for each in ends) else None
    return f"{what} {HERE} {_as_they_should(others)}." if others else None


def _right(runs: Sequence[Ran]) -> set[str]:
    return {name for each in runs for name in each.right()}


def _as_they_should(names: Collection[str]) -> str:
    they = "they" if len(names) > 1 else "it"
    return f"{joined([f'`{name}`' for name in sorted(names)])} gave what {they} should"


def _raised(ends: Sequence[Outcome]) -> str | None:
    """The lines that errors come from."""
    if any(each.kind != "raised" or not each.trace for each in ends):
        return None
    lines = sorted({each.trace[-1].line for each in ends})
    errors = sorted({each.error for each in ends})
    where = "Your code raises"
    if len(lines) <= PARTS:
        where = f"Line{'s' * (len(lines) > 1)} {joined(list(map(str, lines)))} raise{'s' * (len(lines) == 1)}"
    what = f"`{errors[0]}`, which is not expected" if len(errors) == 1 else "errors that are not expected"
    return f"{where} {what}."


def _written(ends: Sequence[Outcome]) -> str | None:
    """The arguments that are written into, as who ran the code noticed it."""
    found = dict.fromkeys(each.message.partition(";")[0] for each in ends)
    if any(each.kind != "unusable" for each in ends) or not all(_CHANGED.fullmatch(each) for each in found):
        return None
    return "; ".join(found) + "."
