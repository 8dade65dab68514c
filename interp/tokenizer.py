"""The course model's tokenizer, in GPT-2's format: 256 bytes, whole words, `<|endoftext|>`.

There are no merges. With `ignore_merges` the byte-level BPE looks a whole pre-token up in the vocabulary first and
falls back to single bytes, so any text round-trips and there is no unknown token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from .words import END_OF_TEXT, vocabulary


def _byte_symbols() -> dict[int, str]:
    # GPT-2's map from bytes to printable characters: printable ones stand for themselves.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = {b: chr(b) for b in plain}
    for b in range(256):
        if b not in symbols:
            symbols[b] = chr(256 + len(symbols) - len(plain))
    return symbols


@cache
def token_ids() -> dict[str, int]:
    """Token text to id for whole words, single ASCII characters and the end of a text."""
    ids = {chr(b): b for b in range(128)}
    ids |= {word: 256 + i for i, word in enumerate(vocabulary())}
    ids[END_OF_TEXT] = len(vocabulary()) + 256
    return ids


def vocabulary_size() -> int:
    """Number of tokens, the text end included."""
    return len(vocabulary()) + 257


def build_tokenizer(words: Sequence[str] | None = None) -> Tokenizer:
    """The tokenizer as a `tokenizers.Tokenizer`, with the course's words unless others are given."""
    symbols = _byte_symbols()
    # Byte b has id b, so that an id below 256 can be read by eye.
    vocab = {symbols[b]: b for b in range(256)}
    for i, word in enumerate(vocabulary() if words is None else words):
        vocab["".join(symbols[b] for b in word.encode())] = 256 + i
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END_OF_TEXT, special=True, normalized=False)])
    return tokenizer


def save_tokenizer(directory: Path, n_ctx: int, words: Sequence[str] | None = None) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json` into a model directory."""
    build_tokenizer(words).save(str(directory / "tokenizer.json"))
    config = {
        # GPT2Tokenizer would drop `ignore_merges` without a word and every prompt would fall into bytes.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "model_max_length": n_ctx,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
