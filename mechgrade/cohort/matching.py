"""Whose hand-in is whose in a class list.

What a platform writes into the names of hand-ins is compared with its own column of the platform's own table, and with nothing else. A name is
compared however it is written: ``Lovelace, Ada``, ``Ada Lovelace`` and ``lovelaceada`` are one. Where it is not clear who somebody is, nobody is
chosen, and the reason is told: points that are missing are seen, and points that went to another person are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from mechgrade.cohort.arrivals import NOTHING, Arrival
from mechgrade.cohort.roster import Person, Roster, squeezed


@dataclass
class Matches:
    """Who of a class is who in a list.

    Attributes:
        people: by learner, who is found.
        unclear: by learner, why nobody is chosen though somebody could be meant.
        strangers: the learners who are in no row of the list.
        others: the people of the list to whom no hand-in belongs, each with the reason: nothing was handed in, or it is not clear.
        note: what is odd about the whole list.
    """

    people: dict[str, Person] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""

    def lines(self, roster: str) -> list[str]:
        """What a person should know of it, a sentence each; ``roster`` is what the list is called."""
        found = [f"{roster}: {self.note}"] if self.note else []
        found += [f"given to nobody in {roster}: {learner}, because {why}" for learner, why in self.unclear.items()]
        return found + [f"not in {roster}: {learner}" for learner in self.strangers]


def match(roster: Roster | None, arrivals: Iterable[Arrival]) -> Matches:
    """Find each learner in a list; without a list nobody is."""
    found = Matches()
    if roster is None:
        return found
    book = _Book(roster, list(arrivals))
    claims: dict[int, list[str]] = {}
    doubts: dict[int, list[str]] = {}
    for learner in book.arrivals:
        places, why = book.look_up(learner)
        if why:
            found.unclear[learner.learner] = why
        for place in places:
            (doubts if why else claims).setdefault(place, []).append(learner.learner)
    for place, learners in claims.items():
        if len(learners) == 1:
            found.people[learners[0]] = roster.people[place]
            continue
        for each in learners:
            rest = " and ".join(other for other in learners if other != each)
            found.unclear[each] = f"{roster.people[place].shown} may be this learner, and may be {rest}"
    found.strangers = [
        each.learner for each in book.arrivals if each.learner not in found.people and each.learner not in found.unclear
    ]
    for place, person in enumerate(roster.people):
        mine = claims.get(place, [])
        if len(mine) != 1:
            perhaps = [*mine, *doubts.get(place, [])]
            why = f"not clear whose this is: {' or '.join(perhaps)}" if perhaps else NOTHING
            found.others.append((person.shown, why))
    if book.foreign:
        found.note = (
            "no participant's number of this class is in it, so it may be the worksheet of another assignment; "
            "people are looked for by their names"
        )
    return found


class _Book:
    """A list by number, by login and by name."""

    def __init__(self, roster: Roster, arrivals: list[Arrival]) -> None:
        self.roster, self.arrivals = roster, arrivals
        people = roster.people
        self._numbers = _index((place, [_exact(roster.number(person))]) for place, person in enumerate(people))
        self._ids = _index((place, map(_exact, person.ids)) for place, person in enumerate(people))
        self._like_ids = _index((place, map(squeezed, person.ids)) for place, person in enumerate(people))
        self._names = _index(
            (place, [key for name in person.names for key in name_keys(name)]) for place, person in enumerate(people)
        )
        # Moodle numbers its people anew for each assignment.
        ours = [each.id for each in arrivals if each.platform == roster.platform == "moodle"]
        self.foreign = bool(ours) and not any(number in self._numbers for number in ours)

    def look_up(self, learner: Arrival) -> tuple[list[int], str]:
        """The places of those who may be meant, and why it is not clear who is; no reason where it is one, or nobody."""
        named = _distinct(place for key in name_keys(learner.person) for place in self._names.get(key, []))
        own = learner.platform == self.roster.platform
        if learner.platform not in ("moodle", "canvas"):
            login = learner.id or learner.learner
            ids = self._numbers if own and learner.platform else self._ids
            found = ids.get(_exact(login), [])
            if not found and ids is self._ids:
                found = self._like_ids.get(squeezed(login), [])
            return self._one(_distinct([*found, *named]))
        if not own or self.foreign:
            # A number of one's own list says something only beside the name: it may be of any kind.
            same = [place for place in named if learner.id in self.roster.people[place].ids]
            return self._one(same if len(same) == 1 else named)
        numbered = self._numbers.get(learner.id, [])
        if len(numbered) != 1:
            if not numbered and named:
                return named, f"the name is {self._shown(named)}'s, but the number {learner.id} is not in the list"
            return self._one(numbered)
        (place,) = numbered
        if place in named or (not named and self._fits(learner.person, place)):
            return numbered, ""
        whose = f"the name is {self._shown(named)}'s" if named else f"the name is {learner.person}"
        return [place, *named], f"the number {learner.id} is {self._shown(numbered)}'s, but {whose}"

    def _one(self, places: list[int]) -> tuple[list[int], str]:
        if len(places) < 2:
            return places, ""
        return places, f"{len(places)} people of the list may be meant: {self._shown(sorted(places))}"

    def _shown(self, places: list[int]) -> str:
        return " and ".join(dict.fromkeys(self.roster.people[place].shown for place in places))

    def _fits(self, name: str, place: int) -> bool:
        """Whether a name has a word of a person's name, or nothing is known of it: people have second names and short ones.

        Where Moodle hides names, its folders are called after the identifier: ``Participant``.
        """
        person = self.roster.people[place]
        words = [squeezed(word) for each in [*person.names, person.cell("identifier")] for word in _words(each)]
        long_enough = [word for word in words if len(word) > 1 or not word.isascii()]
        return not person.names or any(word in squeezed(name) for word in long_enough)


def _index(pairs: Iterable[tuple[int, Iterable[str]]]) -> dict[str, list[int]]:
    """The places of the people who have each key."""
    found: dict[str, list[int]] = {}
    for place, keys in pairs:
        for key in filter(None, dict.fromkeys(keys)):
            found.setdefault(key, []).append(place)
    return found


def _distinct(places: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(places))


def _exact(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\s,_.]+", name) if squeezed(word)]


def name_keys(name: str) -> list[str]:
    """What names are compared by: a name with its words in order, and without blanks: the last name may be first, as Canvas has it."""
    words = [squeezed(word) for word in _words(name)]
    turned = ["".join([*words[place:], *words[:place]]) for place in range(len(words))]
    return list(dict.fromkeys([" ".join(sorted(words)), *turned]))
