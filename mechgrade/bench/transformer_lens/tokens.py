"""How a model of the course cuts a text, for the axes of pictures; read from its tokenizer's file, without the model."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

#: The axes along which a text runs, by the names that annotations give them.
AXES = ("pos", "query", "key")


@lru_cache(maxsize=64)
def tokens_of(folder: str, text: str) -> tuple[str, ...]:
    """The tokens of a text, with the one that opens every input; none where the file cannot be read."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    except Exception:  # what tokenizers raises has no class of its own; a picture without labels is a picture
        return ()
    return ("BOS", *(str(token).replace("Ġ", " ") for token in tokenizer.encode(text, add_special_tokens=False).tokens))
