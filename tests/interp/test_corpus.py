"""The corpus: splits that do not leak, prompts that line up, words that the tokenizer knows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from interp import corpus, prompts, words
from interp.tokenizer import token_ids


def sentences(count: int = 3000) -> list[corpus.Sentence]:
    rng = np.random.default_rng(123)
    return [corpus.sentence(rng) for _ in range(count)]


def test_lists_have_the_promised_sizes() -> None:
    assert len(set(words.NAMES)) == 48
    assert len(words.CAPITALS) == len(set(words.CAPITALS.values())) == 48
    assert len(set(words.PLACES)) == len(set(words.OBJECTS)) == 16
    assert len(corpus.IOI_TEMPLATES) == 8


def test_the_vocabulary_is_frozen() -> None:
    # The shipped weights know words by their ids: if this fails, the weights are worthless.
    import zlib

    listing = "\n".join(words.vocabulary())
    assert (len(words.vocabulary()), zlib.crc32(listing.encode())) == (735, 3683944955)


def test_every_training_token_is_one_token() -> None:
    known = token_ids()
    for sentence in sentences():
        for token in (*sentence.tokens, " " + sentence.tokens[0]):
            assert token in known


def test_held_out_pairs_never_meet_in_training() -> None:
    for sentence in sentences():
        names = {token.strip() for token in sentence.tokens} & set(words.NAMES)
        for pair in combinations(sorted(names), 2):
            assert not corpus.pair_is_held_out(*pair), sentence.text


def test_held_out_combinations_never_appear_in_training() -> None:
    seen = 0
    rng = np.random.default_rng(5)
    for sentence in (corpus.sentence(rng, "ioi") for _ in range(1000)):
        here = {token.strip() for token in sentence.tokens}
        (place,), (thing,) = here & set(words.PLACES), here & set(words.OBJECTS)
        names = [token.strip() for token in sentence.tokens if token.strip() in words.NAMES]
        for index, template in enumerate(corpus.IOI_TEMPLATES):
            for subject in names[:2]:
                text = template.format(A=names[0], B=names[1], S=subject, place=place, object=thing)
                if sentence.text.startswith(text):
                    seen += 1
                    assert not corpus.combination_is_held_out(index, place, thing)
    assert seen == 1000


def test_about_one_in_six_is_held_out() -> None:
    pairs = len(words.NAMES) * (len(words.NAMES) - 1) / 2
    assert 0.13 < len(corpus.held_out_pairs()) / pairs < 0.20
    assert 0.13 < len(corpus.held_out_combinations()) / (8 * 16 * 16) < 0.20


@pytest.mark.parametrize("kind", ["ioi", "distracted", "last", "three", "short"])
def test_answers_point_at_the_name_that_did_not_return(kind: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        sentence = corpus.sentence(rng, kind)
        assert sentence.answer is not None and sentence.source is not None
        name = sentence.tokens[sentence.answer].strip()
        before = [token.strip() for token in sentence.tokens[: sentence.answer]]
        assert before.count(name) == 1 and before[sentence.source] == name
        assert sentence.returning
        assert all(before.count(before[i]) == 2 for i in sentence.returning)


def test_rows_keep_their_marks_in_place() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        row = corpus.text_row(rng, 128)
        assert len(row.tokens) == 128
        for answer, source, returning in row.answers:
            assert row.tokens[answer].strip() == row.tokens[source].strip()
            assert all(source < answer and i < answer for i in returning)


def test_snippets_can_be_foreseen_where_marked() -> None:
    rng = np.random.default_rng(3)
    tokens, foreseen = corpus.snippet_row(rng, 128)
    for i in np.flatnonzero(foreseen):
        start = max(j for j in range(i) if tokens[j] == words.END_OF_TEXT)
        assert tokens[i].strip() in [token.strip() for token in tokens[start + 1 : i]]


@pytest.mark.parametrize("held_out", ["train", "pair", "combination", "both"])
def test_ioi_prompts_come_from_their_split(held_out: prompts.Held) -> None:
    for prompt in prompts.ioi_prompts(64, 0, held_out=held_out):
        assert corpus.pair_is_held_out(prompt.io, prompt.subject) == (held_out in ("pair", "both"))


@pytest.mark.parametrize("order", ["ABBA", "BABA"])
@pytest.mark.parametrize("template", range(8))
def test_ioi_prompts_line_up(template: int, order: prompts.Order) -> None:
    batch = prompts.ioi_prompts(20, 1, template=template, order=order)
    positions = {(p.io_position, p.s1_position, p.s2_position, p.end_position) for p in batch}
    assert len(positions) == 1
    for prompt in batch:
        clean, corrupted = corpus.split_tokens(prompt.clean), corpus.split_tokens(prompt.corrupted)
        assert len(clean) == len(corrupted) == prompt.end_position + 1
        assert [i for i in range(len(clean)) if clean[i] != corrupted[i]] == [prompt.s2_position]
        assert clean[prompt.io_position].strip() == prompt.io == prompt.answer.strip()
        assert clean[prompt.s1_position].strip() == clean[prompt.s2_position].strip() == prompt.subject
        assert corrupted[prompt.s2_position].strip() == prompt.io
        assert (prompt.io_position < prompt.s1_position) == (order == "ABBA")


def test_orders_and_templates_are_balanced() -> None:
    batch = prompts.ioi_prompts(64, 0)
    assert {(p.template, p.order) for p in batch} == {(t, o) for t in range(8) for o in ("ABBA", "BABA")}


def test_the_same_seed_gives_the_same_prompts() -> None:
    assert prompts.ioi_prompts(16, 3) == prompts.ioi_prompts(16, 3) != prompts.ioi_prompts(16, 4)
    assert prompts.concept_prompts("animal", 5, 3) == prompts.concept_prompts("animal", 5, 3)
    assert corpus.text_row(np.random.default_rng(0), 64) == corpus.text_row(np.random.default_rng(0), 64)


def test_capital_prompts_have_one_length() -> None:
    batch = prompts.capital_prompts()
    assert len(batch) == 48
    assert {len(corpus.split_tokens(p.text)) for p in batch} == {5}
    assert {p.country_position for p in batch} == {3}
    assert batch[0].answer == " Paris"


def test_repeated_ids() -> None:
    ids = prompts.repeated_ids(4, 10, 0, vocabulary_size=100, bos=99)
    assert ids.shape == (4, 21)
    assert (ids[:, 0] == 99).all() and (ids[:, 1:11] == ids[:, 11:]).all()
    assert not (ids[0] == ids[1]).all()


@pytest.mark.parametrize("concept", list(words.CONCEPTS))
@pytest.mark.parametrize("held_out", [False, True])
def test_concept_prompts_are_labelled(concept: str, held_out: bool) -> None:
    for prompt in prompts.concept_prompts(concept, 20, 0, held_out=held_out):
        assert len(prompt.tokens) == len(prompt.labels) and any(prompt.labels)
        for token, label in zip(prompt.tokens, prompt.labels, strict=True):
            assert label == (token.strip() in words.CONCEPTS[concept])


@pytest.mark.parametrize("part", ["choose", "held_out", "unseen"])
def test_the_parts_for_judging_latents_are_disjoint(part: prompts.Judging) -> None:
    texts = ["".join(tokens) for tokens in prompts.mixed_prompts(200, 0, part)]
    if part != "unseen":
        assert all(corpus.sentence_is_held_out(text) == (part == "held_out") for text in texts)
    known = token_ids()
    assert all(token in known for text in texts for token in corpus.split_tokens(text))


def test_unseen_templates_are_used_nowhere_else() -> None:
    elsewhere = {*prompts.CHOOSING_TEMPLATES, *corpus.FACT_TEMPLATES, *corpus.DISTRACTORS}
    assert not set(prompts.UNSEEN_TEMPLATES) & elsewhere


def test_rows_without_held_out_sentences() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        row = corpus.text_row(rng, 128, skip=corpus.sentence_is_held_out)
        # The last sentence may be cut off, and a sentence inside a text opens with a space: whole texts only.
        for text in "".join(row.tokens).split(words.END_OF_TEXT)[1:-1]:
            assert not text or text.count(".") != 1 or not corpus.sentence_is_held_out(text)
