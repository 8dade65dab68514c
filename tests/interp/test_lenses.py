"""Streams for lenses, and contexts of latents: what they leave out, and what they mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support import later

from mechgrade.bench import open_bench

from interp.tokenizer import token_ids
from interp.words import CAPITALS

torch = later("torch")
lenses = later("interp.lenses")
explanations = later("interp.explanations")


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    yield open_bench(lab="lab4")


def test_texts_without_countries_hold_neither_them_nor_their_capitals() -> None:
    asked = [word for country in lenses.ASKED for word in (country, CAPITALS[country])]
    forms = {token_ids()[form] for word in asked for form in (word, " " + word) if form in token_ids()}
    for held_out in (False, True):
        with_them = set(lenses.text_rows(40, 1, (), held_out=held_out).flatten().tolist())
        without = set(lenses.text_rows(40, 1, lenses.ASKED, held_out=held_out).flatten().tolist())
        assert forms & with_them
        assert not forms & without


def test_streams_of_capitals_end_in_the_models_own_answer(bench: Any) -> None:
    streams, answers = lenses.capital_streams(bench.model, ("France", "Spain"))
    assert streams.shape[:2] == (bench.model.cfg.n_layers + 1, 2)
    own = bench.model(bench.model.to_tokens(["The capital of France is", "The capital of Spain is"]))[:, -1]
    assert torch.allclose(bench.model.unembed(bench.model.ln_final(streams[-1:]))[0], own, atol=1e-4)
    assert own.argmax(dim=-1).tolist() == answers.tolist()


def test_decoys_are_other_tokens_and_as_many(bench: Any) -> None:
    found = explanations.contexts(bench.model, bench.sae, (explanations.GIVING,), rows=8)[explanations.GIVING]
    active = found.activations > 0
    assert active.any()
    assert not (found.decoys & active).any()
    assert (found.decoys.sum(dim=1) == active.sum(dim=1)).all()
    assert not active[found.tokens == bench.model.tokenizer.eos_token_id].any()


def test_a_description_fits_its_words_and_no_others() -> None:
    known = token_ids()
    tokens = torch.tensor([[known[" handed"], known[" gave"], known[" the"]]])
    assert explanations.words((" handed", " the"))(tokens).tolist() == [[True, False, True]]
