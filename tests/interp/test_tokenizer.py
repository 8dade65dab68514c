"""The tokenizer: any text comes back, words are single tokens, transformers reads what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import later

from interp import corpus, words
from interp.tokenizer import build_tokenizer, save_tokenizer, token_ids, vocabulary_size

transformers = later("transformers")

TOKENIZER = build_tokenizer()


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    ids = TOKENIZER.encode(text).ids
    assert TOKENIZER.decode(ids, skip_special_tokens=False) == text


@given(st.lists(st.sampled_from(words.vocabulary()), max_size=20))
def test_text_of_known_words_comes_back(tokens: list[str]) -> None:
    text = "".join(tokens)
    assert TOKENIZER.decode(TOKENIZER.encode(text).ids) == text


@pytest.mark.parametrize("name", words.NAMES)
def test_names_are_single_tokens_with_and_without_space(name: str) -> None:
    assert len(TOKENIZER.encode(name).ids) == len(TOKENIZER.encode(" " + name).ids) == 1


def test_ids_agree_with_the_tokenizer_on_the_corpus() -> None:
    known = token_ids()
    rng = np.random.default_rng(0)
    for _ in range(50):
        for tokens in (corpus.text_row(rng, 96).tokens, corpus.snippet_row(rng, 96)[0]):
            assert TOKENIZER.encode("".join(tokens)).ids == [known[token] for token in tokens]


def test_ids_are_a_whole_range() -> None:
    assert TOKENIZER.get_vocab_size() == vocabulary_size()
    assert set(TOKENIZER.get_vocab().values()) == set(range(vocabulary_size()))
    assert TOKENIZER.token_to_id(words.END_OF_TEXT) == vocabulary_size() - 1


def test_transformers_reads_it_back(tmp_path: Path) -> None:
    save_tokenizer(tmp_path, 128)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    text = "The capital of France is Paris. Unknown wörds too 🙂"
    assert tokenizer(text)["input_ids"] == TOKENIZER.encode(text).ids
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.tokenize(" Paris") == ["ĠParis"]
    assert tokenizer.bos_token == tokenizer.eos_token == words.END_OF_TEXT
