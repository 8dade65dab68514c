"""The course model without supervised attention: its data, and the shipped weights, measured again."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from support import later

from interp.corpus import pair_is_held_out
from interp.tables import Card
from interp.tokenizer import build_tokenizer, token_ids
from interp.words import NAMES

pytestmark = pytest.mark.long

unsupervised_card = later("interp.unsupervised_card")
strangers = later("interp.strangers")
training = later("interp.train")
train_unsupervised = later("interp.train_unsupervised")


def plain() -> train_unsupervised.Unsupervised:
    """The recipe that changes nothing."""
    return train_unsupervised.Unsupervised(wrong_answers=0.0, strangers=0.0)


def changes(recipe: train_unsupervised.Unsupervised, seed: int) -> list[tuple[list[str], list[str]]]:
    """Token texts of the rows that `altered` changed, before and after."""
    tokenizer = build_tokenizer()
    batch = training.make_batch(np.random.default_rng(seed), recipe, 64)
    changed = train_unsupervised.altered(batch, np.random.default_rng(seed), recipe)
    assert len(changed.answers) == len(changed.returning)
    rows = (batch.ids != changed.ids).any(1).nonzero().flatten().tolist()
    kept = {tuple(answer) for answer in changed.answers.tolist()}
    marked = [tuple(answer) for answer in batch.answers.tolist()]
    for row, end, source in marked:
        same = bool(batch.ids[row, end + 1] == changed.ids[row, end + 1])
        assert ((row, end, source) in kept) == same
    return [
        tuple([tokenizer.decode([i]) for i in ids[row].tolist()] for ids in (batch.ids, changed.ids)) for row in rows
    ]


def test_nothing_changes_where_nothing_is_asked() -> None:
    batch = training.make_batch(np.random.default_rng(0), plain(), 64)
    assert train_unsupervised.altered(batch, np.random.default_rng(0), plain()) is batch


def test_a_stranger_is_new_and_the_answer_is_them() -> None:
    seen = 0
    for before, after in (pair for seed in range(4) for pair in changes(replace(plain(), strangers=1.0), seed)):
        at = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert len(at) % 2 == 0
        for giver, answer in zip(at[::2], at[1::2], strict=True):
            assert after[answer] == " them"
            assert before[answer].strip() in NAMES
            assert after[giver].strip() not in [token.strip() for token in after[:giver]]
            for name in (before[giver].strip(), before[answer].strip()):
                assert not pair_is_held_out(after[giver].strip(), name)
            seen += 1
    assert seen > 50


def test_a_wrong_answer_is_a_name_that_returned() -> None:
    seen = 0
    for before, after in (pair for seed in range(4) for pair in changes(replace(plain(), wrong_answers=1.0), seed)):
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                assert old.strip() in NAMES and new.strip() in NAMES
                assert [token.strip() for token in after[:i]].count(new.strip()) >= 2
                seen += 1
    assert seen > 50


def test_a_prompt_and_its_stranger_differ_in_one_name() -> None:
    for prompt, text in strangers.stranger_prompts(40, 3):
        old, new = (re.findall(r"\w+", each) for each in (prompt.clean, text))
        (at,) = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        assert old[at] == prompt.subject and new[at] in NAMES and new[at] not in old
        assert " " + new[at] in token_ids()


@pytest.fixture(scope="module")
def measured() -> Card:
    return unsupervised_card.card()


def test_every_requirement_is_met(measured: Card) -> None:
    assert not measured.missed, "\n".join(f"{row.name}: {row.value}" for row in measured.missed)


def test_the_readme_is_the_card(measured: Card) -> None:
    """A last digit may move with the machine, no more."""
    shown = (unsupervised_card.MODEL_DIR / "README.md").read_text().splitlines()
    for told, again in zip(shown, measured.markdown().splitlines(), strict=True):
        assert re.sub(NUMBER, "", told) == re.sub(NUMBER, "", again)
        assert _numbers(told) == pytest.approx(_numbers(again), rel=0.05, abs=0.02)


NUMBER = r"(?<![A-Za-z\d])-?\d+(?:\.\d+)?(?:e-?\d+)?"


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]
