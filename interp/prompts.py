"""Prompts for the course model: what labs and the card ask it. Torch-free and seeded.

All positions count tokens from the start of the text. With `<|endoftext|>` prepended, as TransformerLens does by
default, add one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .corpus import (
    FILLER_TEMPLATES,
    IOI_TEMPLATES,
    LAST_TEMPLATES,
    NAME_TEMPLATES,
    combination_is_held_out,
    fill,
    held_out_combinations,
    held_out_pairs,
    pick,
    sentence_is_held_out,
    split_tokens,
    train_names,
)
from .words import CAPITALS, CONCEPTS, NAMES, NONSENSE, OBJECTS, PLACES

Held = Literal["train", "pair", "combination", "both"]
Order = Literal["ABBA", "BABA"]
Judging = Literal["choose", "held_out", "unseen"]

CAPITAL_PROMPT: Final = "The capital of {country} is"

# To choose a latent by: every concept in several surroundings, so that the word counts and not its place.
PROBE_TEMPLATES: Final[tuple[str, ...]] = (
    "The {job} and {D} bought {number} {object} in {country}.",
    "{country} has many {animal} and {weather} people in {month}.",
    "{D} ate {food} with a {job} in {capital} on {day}.",
    "The {place} in {capital} was {colour} and {weather}.",
    "My {colour} {animal} likes {food} and the {object} on {day}.",
    "In {month} {D} took the {object} from {country} to the {place}.",
    "At the {place} {number} {animal} ate the {food} of {D}.",
    "{capital} is {weather} in {month} and {country} is {weather} again.",
    "One {job} put the {colour} {object} near the {place} on {day}.",
    "There are {number} {job} and {number} {animal} in {capital}.",
)
# Sentences of no training template and of no probe: they judge a latent that was chosen on training sentences.
UNSEEN_TEMPLATES: Final[tuple[str, ...]] = (
    "{D} and the {job} saw a {animal} near the {place} in {country}.",
    "The {colour} {object} of {D} was under the {animal} on {day}.",
    "In {capital} the {place} sold {food} and {number} {object} in {month}.",
    "A {job} from {country} gave {food} to the {animal} every {day}.",
    "At the {place} {A} talked with {B}, and {S} showed {food} to",
    "{A} and {B} have a {object}, and in {month} {S} gave the {object} to",
    "{D} lived in {capital} and liked the {colour} {animal}.",
    "On {day} the {weather} {place} had {number} {animal} and {food}.",
)


CHOOSING_TEMPLATES: Final = (
    *NAME_TEMPLATES,
    *FILLER_TEMPLATES,
    *PROBE_TEMPLATES,
    *IOI_TEMPLATES,
    *LAST_TEMPLATES,
)


# The groups of words that the corpus is built from, and two more: one of verbs, one that only the context tells.
WORD_CONCEPTS: Final[dict[str, tuple[str, ...]]] = CONCEPTS | {
    "giving": ("gave", "handed", "offered", "sent", "showed", "brought"),
}
LABELLED_CONCEPTS: Final[tuple[str, ...]] = (*WORD_CONCEPTS, "returning name")


@dataclass(frozen=True)
class IOIPrompt:
    """One indirect-object prompt and its corrupted twin, which differ only in the second subject (S2).

    The clean prompt is answered by `io`, the corrupted one by `subject`. Both have the same length.
    """

    clean: str
    corrupted: str
    io: str
    subject: str
    template: int
    order: Order
    io_position: int
    s1_position: int
    s2_position: int
    end_position: int

    @property
    def answer(self) -> str:
        """The token that continues the clean prompt, with its space."""
        return " " + self.io

    @property
    def wrong(self) -> str:
        """The token that continues the corrupted prompt, with its space."""
        return " " + self.subject


@dataclass(frozen=True)
class CapitalPrompt:
    """A question for a capital."""

    text: str
    answer: str
    country: str
    country_position: int


@dataclass(frozen=True)
class LabelledPrompt:
    """A sentence with a mark on every token that belongs to the concept."""

    text: str
    tokens: tuple[str, ...]
    labels: tuple[bool, ...]


def ioi_prompt(template: int, order: Order, io: str, subject: str, place: str, thing: str) -> IOIPrompt:
    """One IOI prompt from its parts. ABBA names the indirect object first, BABA the subject."""
    first, second = (io, subject) if order == "ABBA" else (subject, io)
    parts = {"A": first, "B": second, "place": place, "object": thing}
    clean = IOI_TEMPLATES[template].format(**parts, S=subject)
    tokens = split_tokens(clean)
    at = {name: [i for i, token in enumerate(tokens) if token.strip() == name] for name in (io, subject)}
    return IOIPrompt(
        clean=clean,
        corrupted=IOI_TEMPLATES[template].format(**parts, S=io),
        io=io,
        subject=subject,
        template=template,
        order=order,
        io_position=at[io][0],
        s1_position=at[subject][0],
        s2_position=at[subject][1],
        end_position=len(tokens) - 1,
    )


def ioi_prompts(
    count: int,
    seed: int,
    *,
    held_out: Held = "train",
    template: int | None = None,
    order: Order | None = None,
) -> list[IOIPrompt]:
    """IOI prompts from the training split, or with what training never showed.

    `pair`: name pairs that never met; `combination`: (template, place, object) never seen; `both` at once.
    With `template` given all prompts have the same length and the same positions up to `order`; without it lengths
    differ, and they come in the eight templates evenly. Without `order` ABBA and BABA alternate.
    """
    rng = np.random.default_rng(seed)
    prompts: list[IOIPrompt] = []
    for i in range(count):
        chosen = i % len(IOI_TEMPLATES) if template is None else template
        names: Sequence[str] = pick_pair(rng) if held_out in ("pair", "both") else train_names(rng, 2)
        place, thing = _place_and_object(rng, chosen, held_out in ("combination", "both"))
        flip = bool(rng.integers(2))
        turn: Order = order or ("ABBA" if (i // len(IOI_TEMPLATES) + i) % 2 == 0 else "BABA")
        prompts.append(ioi_prompt(chosen, turn, names[flip], names[not flip], place, thing))
    return prompts


def pick_pair(rng: Generator) -> tuple[str, str]:
    """One held-out name pair."""
    pairs = held_out_pairs()
    return pairs[int(rng.integers(len(pairs)))]


def _place_and_object(rng: Generator, template: int, unseen: bool) -> tuple[str, str]:
    if unseen:
        choices = [(place, thing) for t, place, thing in held_out_combinations() if t == template]
        return choices[int(rng.integers(len(choices)))]
    while True:
        place, thing = pick(rng, PLACES), pick(rng, OBJECTS)
        if not combination_is_held_out(template, place, thing):
            return place, thing


def capital_prompts(template: str = CAPITAL_PROMPT) -> list[CapitalPrompt]:
    """One prompt for each of the 48 countries. All have the same length, so any two can be patched."""
    prompts = []
    for country, capital in CAPITALS.items():
        text = template.format(country=country)
        position = [token.strip() for token in split_tokens(text)].index(country)
        prompts.append(CapitalPrompt(text, " " + capital, country, position))
    return prompts


def repeated_ids(batch: int, half: int, seed: int, *, vocabulary_size: int, bos: int) -> NDArray[np.int64]:
    """`[batch, 1 + 2 * half]`: the text end, then `half` random tokens, then the same again."""
    unit = np.random.default_rng(seed).integers(vocabulary_size, size=(batch, half))
    return np.concatenate([np.full((batch, 1), bos), unit, unit], axis=1)


def snippet_prompts(count: int, seed: int, length: int = 3) -> list[tuple[str, str]]:
    """Made-up words and the first one again, with what should follow: `("abc def ghi abc", " def")`."""
    rng = np.random.default_rng(seed)
    prompts = []
    for _ in range(count):
        words = [NONSENSE[int(i)] for i in rng.choice(len(NONSENSE), size=length, replace=False)]
        prompts.append((" ".join([*words, words[0]]), " " + words[1]))
    return prompts


def concept_prompts(concept: str, count: int, seed: int, *, held_out: bool = False) -> list[LabelledPrompt]:
    """Sentences in which the concept appears; with `held_out`, sentences that the SAE was not trained on."""
    part: Judging = "held_out" if held_out else "choose"
    prompts: list[LabelledPrompt] = []
    # Drawn in lots: only the sentences with the concept are kept.
    for lot in range(1000):
        for tokens in mixed_prompts(count, seed * 1000 + lot, part):
            labels = tuple(concept in of for of in concepts_at(tokens))
            if any(labels):
                prompts.append(LabelledPrompt("".join(tokens), tokens, labels))
        if len(prompts) >= count:
            break
    return prompts[:count]


def mixed_prompts(count: int, seed: int, part: Judging = "choose") -> list[tuple[str, ...]]:
    """Sentences over all concepts as token texts, to find what a latent stands for and to judge what was found.

    `held_out`: sentences of the same templates that no SAE training and no choosing saw; `unseen`: other templates.
    """
    rng = np.random.default_rng(seed)
    templates = UNSEEN_TEMPLATES if part == "unseen" else CHOOSING_TEMPLATES
    sentences: list[tuple[str, ...]] = []
    while len(sentences) < count:
        first, second = train_names(rng, 2)
        text = fill(pick(rng, templates), rng, A=first, B=second, D=first, S=second, IO=first)
        if part == "unseen" or sentence_is_held_out(text) == (part == "held_out"):
            sentences.append(split_tokens(text))
    return sentences


def concepts_at(tokens: Sequence[str]) -> list[set[str]]:
    """The concepts that each token of a sentence belongs to, by its word or by its place in the sentence."""
    words = [token.strip() for token in tokens]
    found = [{concept for concept, members in WORD_CONCEPTS.items() if word in members} for word in words]
    for i, word in enumerate(words):
        if word in NAMES and word in words[:i]:
            found[i].add("returning name")
    return found


__all__ = [
    "CAPITAL_PROMPT",
    "NAMES",
    "CapitalPrompt",
    "IOIPrompt",
    "LabelledPrompt",
    "capital_prompts",
    "concept_prompts",
    "concepts_at",
    "ioi_prompt",
    "ioi_prompts",
    "mixed_prompts",
    "repeated_ids",
    "snippet_prompts",
]
