"""Concepts of the course's sentences, told for the tokens of any model: another tokenizer cuts words into pieces. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence

from .prompts import concepts_at


def concepts_of_pieces(words: Sequence[str], pieces: Sequence[str]) -> list[set[str]]:
    """The concepts that each piece of a sentence belongs to: those of the word that its last character is in.

    Args:
        words: the sentence as :func:`interp.prompts.mixed_prompts` gives it, with leading spaces.
        pieces: the same text, cut by a model's tokenizer.

    Raises:
        ValueError: the two are not the same text.
    """
    if "".join(words) != "".join(pieces):
        raise ValueError(f"the pieces spell {''.join(pieces)!r}, the words {''.join(words)!r}")
    owners = [concepts for word, concepts in zip(words, concepts_at(words), strict=True) for _ in word]
    found, end = [], 0
    for piece in pieces:
        end += len(piece)
        found.append(owners[end - 1])
    return found
