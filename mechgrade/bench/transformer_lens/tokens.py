"""How a model cuts a text: read from its tokenizer's files, without the model; and a loaded model made to keep to them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

#: The axes along which a text runs, by the names that annotations give them.
AXES = ("pos", "query", "key")

#: The file that says all of a tokenizer.
TOKENIZER = "tokenizer.json"

#: As many words of a vocabulary are tried to see whether two tokenizers cut alike.
_TRIED = 1000


def cutter(folder: Path) -> Any:
    """The tokenizer of a folder, which cuts texts; None where its files cannot be read.

    Older models have no tokenizer.json. Those with GPT-2's two files are read as well.
    """
    from tokenizers import ByteLevelBPETokenizer, Tokenizer

    whole, vocabulary, merges = (str(folder / name) for name in (TOKENIZER, "vocab.json", "merges.txt"))
    try:
        if (folder / TOKENIZER).exists():
            return Tokenizer.from_file(whole)
        return ByteLevelBPETokenizer.from_file(vocabulary, merges)
    except Exception:  # what tokenizers raises has no class of its own
        return None


@lru_cache(maxsize=64)
def tokens_of(folder: str, text: str) -> tuple[str, ...]:
    """The tokens of a text, with the one that opens every input; none where the files cannot be read."""
    tokenizer = cutter(Path(folder))
    if tokenizer is None:  # a picture without labels is a picture
        return ()
    return ("BOS", *(str(token).replace("Ġ", " ") for token in tokenizer.encode(text, add_special_tokens=False).tokens))


def cut_as_written(tokenizer: Any, folder: Path) -> None:
    """Have the tokenizer of a loaded model cut words as its tokenizer.json says.

    transformers takes for a model the tokenizer's class of its family. A model of a learner may have the family's form and a vocabulary of
    its own, and then this class can cut otherwise than the file: Qwen2's forgets ``ignore_merges`` and cuts whole words into bytes. What
    exercises need was told from the file.

    Args:
        tokenizer: of transformers; changed in place. What it puts before a text stays as it is.
        folder: where the model's files lie.
    """
    written = cutter(folder) if (folder / TOKENIZER).is_file() else None
    if written is None or not getattr(tokenizer, "is_fast", False):
        return
    written.no_truncation()
    written.no_padding()
    ids = sorted(written.get_vocab().values())
    words = [word for number in ids[:: -(-len(ids) // _TRIED)] if (word := written.decode([number]))]
    should = [found.ids for found in written.encode_batch(words, add_special_tokens=False)]
    if tokenizer(words, add_special_tokens=False)["input_ids"] == should:
        return
    loaded = tokenizer.backend_tokenizer
    loaded.model, loaded.normalizer = written.model, written.normalizer
    loaded.pre_tokenizer, loaded.decoder = written.pre_tokenizer, written.decoder
