"""The seeded corpus of the course model: sentences with marks, rows of tokens, held-out splits.

Torch-free. A sentence is a tuple of token texts, so everything here can be read, counted and tested without a
tokenizer. What is held out is decided by a hash of the words alone: no list to keep, and no seed can leak it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
from numpy.random import Generator

from .words import (
    ANIMALS,
    CAPITALS,
    COLOURS,
    DAYS,
    END_OF_TEXT,
    FOODS,
    JOBS,
    MONTHS,
    NAMES,
    NONSENSE,
    NUMBERS,
    OBJECTS,
    PLACES,
    PUNCTUATION,
    WEATHER,
    vocabulary,
)

Split = Literal["train", "held_out"]

# {A} and {B} are the two names in the order in which they appear; {S} is the one that returns.
IOI_TEMPLATES: Final[tuple[str, ...]] = (
    "{A} and {B} went to the {place}. {S} gave a {object} to",
    "When {A} and {B} went to the {place}, {S} gave a {object} to",
    "After {A} and {B} walked to the {place}, {S} handed a {object} to",
    "While {A} and {B} were at the {place}, {S} offered the {object} to",
    "Then {A} and {B} had lunch at the {place}. {S} sent a {object} to",
    "Yesterday {A} and {B} met in the {place}. Later {S} showed the {object} to",
    "Friends {A} and {B} found a {object} near the {place}. {S} gave it to",
    "{A} and {B} talked in the {place}, and then {S} brought a {object} to",
)
SHORT_TEMPLATES: Final[tuple[str, ...]] = (
    "{A} and {B} talked. {S} waved to",
    "{A} met {B}. {S} gave the {object} to",
    "{A} and {B} had dinner, and {S} sent a {object} to",
    "{A} saw {B} at the {place}. {S} gave a {object} to",
)
# The name that returns stands first and the answer comes last: "the first name" and "the name not repeated
# next to it" both fail here, so the model has to look for the name that does not return.
LAST_TEMPLATES: Final[tuple[str, ...]] = (
    "{S} went to the {place}. {S} met {IO} there and gave a {object} to",
    "{S} was at the {place}. Later {S} saw {IO} and handed the {object} to",
    "When {S} was in the {place}, {S} called {IO} and then sent a {object} to",
    "{S} had a {object}. At the {place} {S} talked with {IO} and gave it to",
)
THREE_TEMPLATES: Final[tuple[str, ...]] = (
    "{A}, {B} and {C} went to the {place}. {S} and {T} gave a {object} to",
    "When {A}, {B} and {C} met at the {place}, {S} and {T} sent the {object} to",
    "After {A}, {B} and {C} had lunch, {S} and {T} handed a {object} to",
)
DISTRACTORS: Final[tuple[str, ...]] = (
    "{D} was at the {place}.",
    "{D} likes {food}.",
    "On {day} {D} went to the {place}.",
    "{D} has a {colour} {object}.",
    "{D} lives in {capital}.",
)
FACT_TEMPLATES: Final[tuple[str, ...]] = (
    "The capital of {country} is {answer}.",
    "The capital of {country} is {answer}.",
    "The capital of {country} is {answer}.",
    "The capital city of {country} is {answer}.",
    "{answer} is the capital of {country}.",
    "{D} lives in {answer}, the capital of {country}.",
    "{D} visited {answer} in {country}.",
)
NAME_TEMPLATES: Final[tuple[str, ...]] = (
    "{D} likes {food}.",
    "{D} went to the {place} on {day}.",
    "{D} has a {colour} {object}.",
    "{D} is a {job} in {capital}.",
    "{D} visited {country} in {month}.",
    "{D} bought {food} at the {place}.",
    "On {day} {D} saw a {animal}.",
    "{A} and {B} ate {food} at the {place}.",
    "{A} met {B} in the {place} on {day}.",
)
FILLER_TEMPLATES: Final[tuple[str, ...]] = (
    "The {colour} {animal} sat near the {place}.",
    "A {animal} ran behind the {colour} {animal2}.",
    "My {animal} eats {food} every {day}.",
    "The {job} bought {food} and {food2} at the {place}.",
    "The weather was {weather} in {capital} on {day}.",
    "It was {weather} in {month}, and the {animal} slept under the tree.",
    "In {month} the {job} sold {number} {colour} {object}.",
    "There were {number} people at the {place} on {day}.",
    "The old {job} has {number} children and a {animal}.",
    "Every {day} the {animal} drank water near the river.",
    "The {object} was {colour} and the {object2} was {colour2}.",
    "{country} was {weather} in {month}.",
)

SHARES: Final[dict[str, float]] = {
    "ioi": 0.24,
    "distracted": 0.18,
    "last": 0.12,
    "three": 0.06,
    "short": 0.08,
    "fact": 0.18,
    "name": 0.05,
    "filler": 0.09,
}

_TOKEN = re.compile(r" ?[A-Za-z]+|[^\sA-Za-z]")


@dataclass(frozen=True)
class Sentence:
    """A sentence as token texts. `answer` and `source` are set where a name is to be worked out from the text.

    `answer` is the index of the answering token, `source` the index at which the same name stood before, and
    `returning` the indices at which other names stand for the second time (S2).
    """

    tokens: tuple[str, ...]
    answer: int | None = None
    source: int | None = None
    returning: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as plain text."""
        return "".join(self.tokens)


def split_tokens(text: str) -> tuple[str, ...]:
    """Token texts of a corpus text; agrees with the tokenizer on every word of the vocabulary."""
    return tuple(_TOKEN.findall(text))


def _held_out(*words: str) -> bool:
    # One in six, whatever the seed. crc32 rather than hash(): the latter changes with every process.
    return zlib.crc32("/".join(words).encode()) % 6 == 0


def pair_is_held_out(first: str, second: str) -> bool:
    """Whether these two names never meet in a training sentence (the order does not matter)."""
    return _held_out("pair", *sorted((first, second)))


def combination_is_held_out(template: int, place: str, thing: str) -> bool:
    """Whether this main IOI template with this place and object is kept out of training."""
    return _held_out("combination", str(template), place, thing)


def sentence_is_held_out(text: str) -> bool:
    """Whether the SAE is never trained on this sentence (the model itself may have been)."""
    return _held_out("sentence", text)


@cache
def held_out_pairs() -> tuple[tuple[str, str], ...]:
    """All unordered held-out name pairs."""
    return tuple((a, b) for i, a in enumerate(NAMES) for b in NAMES[i + 1 :] if pair_is_held_out(a, b))


@cache
def held_out_combinations() -> tuple[tuple[int, str, str], ...]:
    """All held-out (template, place, object) triples."""
    return tuple(
        (t, place, thing)
        for t in range(len(IOI_TEMPLATES))
        for place in PLACES
        for thing in OBJECTS
        if combination_is_held_out(t, place, thing)
    )


def pick(rng: Generator, words: Sequence[str]) -> str:
    """One word, drawn evenly."""
    return words[int(rng.integers(len(words)))]


def train_names(rng: Generator, count: int) -> list[str]:
    """Different names of which no two are a held-out pair."""
    while True:
        names = [NAMES[int(i)] for i in rng.choice(len(NAMES), size=count, replace=False)]
        if not any(pair_is_held_out(a, b) for i, a in enumerate(names) for b in names[i + 1 :]):
            return names


def fill(template: str, rng: Generator, **given: str) -> str:
    """Fill a template's slots, drawing what is not given. Words of one kind in one sentence differ."""
    animals = rng.choice(len(ANIMALS), size=2, replace=False)
    foods = rng.choice(len(FOODS), size=2, replace=False)
    things = rng.choice(len(OBJECTS), size=2, replace=False)
    colours = rng.choice(len(COLOURS), size=2, replace=False)
    slots = {
        "place": pick(rng, PLACES),
        "object": OBJECTS[int(things[0])],
        "object2": OBJECTS[int(things[1])],
        "animal": ANIMALS[int(animals[0])],
        "animal2": ANIMALS[int(animals[1])],
        "food": FOODS[int(foods[0])],
        "food2": FOODS[int(foods[1])],
        "colour": COLOURS[int(colours[0])],
        "colour2": COLOURS[int(colours[1])],
        "day": pick(rng, DAYS),
        "month": pick(rng, MONTHS),
        "number": pick(rng, NUMBERS),
        "job": pick(rng, JOBS),
        "weather": pick(rng, WEATHER),
        "country": pick(rng, tuple(CAPITALS)),
        "capital": pick(rng, tuple(CAPITALS.values())),
    }
    return template.format(**(slots | given))


def _answered(text: str, name: str) -> Sentence:
    tokens = split_tokens(text)
    words = [token.strip() for token in tokens]
    returning = tuple(i for i, word in enumerate(words) if word in NAMES and word in words[:i])
    return Sentence((*tokens, " " + name, "."), answer=len(tokens), source=words.index(name), returning=returning)


def _ioi(rng: Generator, distracted: bool) -> Sentence:
    first, second, other = train_names(rng, 3)
    while True:
        template = int(rng.integers(len(IOI_TEMPLATES)))
        place, thing = pick(rng, PLACES), pick(rng, OBJECTS)
        if not combination_is_held_out(template, place, thing):
            break
    subject, answer = (first, second) if rng.random() < 0.5 else (second, first)
    text = fill(IOI_TEMPLATES[template], rng, A=first, B=second, S=subject, place=place, object=thing)
    if distracted:
        text = fill(pick(rng, DISTRACTORS), rng, D=other) + " " + text
    return _answered(text, answer)


def _last(rng: Generator) -> Sentence:
    subject, answer = train_names(rng, 2)
    return _answered(fill(pick(rng, LAST_TEMPLATES), rng, S=subject, IO=answer), answer)


def _three(rng: Generator) -> Sentence:
    names = train_names(rng, 3)
    order = rng.permutation(3)
    subject, second, answer = (names[int(i)] for i in order)
    text = fill(pick(rng, THREE_TEMPLATES), rng, A=names[0], B=names[1], C=names[2], S=subject, T=second)
    return _answered(text, answer)


def _short(rng: Generator) -> Sentence:
    first, second = train_names(rng, 2)
    subject, answer = (first, second) if rng.random() < 0.5 else (second, first)
    return _answered(fill(pick(rng, SHORT_TEMPLATES), rng, A=first, B=second, S=subject), answer)


def _fact(rng: Generator) -> Sentence:
    country = pick(rng, tuple(CAPITALS))
    given = {"country": country, "answer": CAPITALS[country], "D": pick(rng, NAMES)}
    return Sentence(split_tokens(fill(pick(rng, FACT_TEMPLATES), rng, **given)))


def _named(rng: Generator) -> Sentence:
    first, second = train_names(rng, 2)
    return Sentence(split_tokens(fill(pick(rng, NAME_TEMPLATES), rng, A=first, B=second, D=first)))


def _filler(rng: Generator) -> Sentence:
    return Sentence(split_tokens(fill(pick(rng, FILLER_TEMPLATES), rng)))


_MAKERS: Final[dict[str, Callable[[Generator], Sentence]]] = {
    "ioi": lambda rng: _ioi(rng, distracted=False),
    "distracted": lambda rng: _ioi(rng, distracted=True),
    "last": _last,
    "three": _three,
    "short": _short,
    "fact": _fact,
    "name": _named,
    "filler": _filler,
}


def sentence(rng: Generator, kind: str | None = None) -> Sentence:
    """One training sentence, of the given kind or drawn by the shares."""
    if kind is None:
        kinds = tuple(SHARES)
        weights = np.array([SHARES[k] for k in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    return _MAKERS[kind](rng)


@dataclass(frozen=True)
class TextRow:
    """A row of token texts, with the positions (answer, source, returning names) of sentences that ask for a name."""

    tokens: tuple[str, ...]
    answers: tuple[tuple[int, int, tuple[int, ...]], ...] = ()


def text_row(
    rng: Generator,
    length: int,
    shares: dict[str, float] | None = None,
    bos: float = 0.85,
    skip: Callable[[str], bool] = lambda text: False,
) -> TextRow:
    """Sentences up to `length` tokens, a text end after each with probability 0.6, without those to `skip`.

    Some rows do not start with `<|endoftext|>`, so that a prompt works with and without it.
    """
    kinds = tuple(shares or SHARES)
    weights = np.array(list((shares or SHARES).values()))
    tokens: list[str] = [END_OF_TEXT] if rng.random() < bos else []
    answers: list[tuple[int, int, tuple[int, ...]]] = []
    while len(tokens) < length:
        part = sentence(rng, kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))])
        if skip(part.text):
            continue
        start = len(tokens)
        opens = start == 0 or tokens[-1] == END_OF_TEXT
        first = part.tokens[0] if opens else " " + part.tokens[0]
        tokens += (first, *part.tokens[1:])
        if part.answer is not None and part.source is not None and start + part.answer < length:
            returning = tuple(start + i for i in part.returning)
            answers.append((start + part.answer, start + part.source, returning))
        if rng.random() < 0.6:
            tokens.append(END_OF_TEXT)
    return TextRow(tuple(tokens[:length]), tuple(answers))


@cache
def _snippet_words() -> tuple[str, ...]:
    # Only words with both forms: the first word of a snippet has no space, its return has one.
    words = set(vocabulary())
    return tuple(w for w in vocabulary() if w[0] != " " and " " + w in words and w not in PUNCTUATION)


def snippet_row(rng: Generator, length: int) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """A row of short word lists, each said twice ("abc def ghi abc def ghi"), and what of it can be foreseen."""
    tokens: list[str] = []
    foreseen: list[bool] = []
    while len(tokens) < length:
        pool = NONSENSE if rng.random() < 0.5 else _snippet_words()
        count = int(rng.integers(2, 8))
        words = [pool[int(i)] for i in rng.choice(len(pool), size=count, replace=False)]
        again = int(rng.integers(2, count + 1))
        tokens += (END_OF_TEXT, words[0], *(" " + w for w in words[1:]), *(" " + w for w in words[:again]))
        foreseen += (False,) * (count + 2) + (True,) * (again - 1)
    return tuple(tokens[:length]), tuple(foreseen[:length])
