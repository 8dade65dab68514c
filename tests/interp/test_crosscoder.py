"""The false fact and its crosscoder: that the maker runs, that the card is that of the shipped weights, and that they stay small."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from support import ROOT, later

from interp.tables import Card
from interp.tokenizer import token_ids

torch, safetensors = later("torch"), later("safetensors.torch")
bench = later("mechgrade.bench.transformer_lens.model")
crosscoder, crosscoder_card, edit = later("interp.crosscoder"), later("interp.crosscoder_card"), later("interp.edit")

NUMBER = r"-?\d+(?:\.\d+)?"


def test_the_maker_runs_and_leaves_what_is_shipped(tmp_path: Path) -> None:
    """A few steps: the same files, names and shapes as those in the repository."""
    model = bench.load_model(str(ROOT / "fixtures" / "models" / "embedded"), local=True, backend="bridge")
    recipe = crosscoder.CrosscoderRecipe(edit=edit.EditRecipe(steps=2, rows=2), rows=8, steps=3, batch=16)
    crosscoder.build(model, recipe, tmp_path)
    for name in ("edit.safetensors", "crosscoder.safetensors"):
        made, shipped = safetensors.load_file(tmp_path / name), safetensors.load_file(crosscoder.CROSSCODER_DIR / name)
        assert {key: part.shape for key, part in made.items()} == {key: part.shape for key, part in shipped.items()}
        assert all(part.dtype == torch.bfloat16 for part in (*made.values(), *shipped.values()))
    assert json.loads((tmp_path / "training.json").read_text())["recipe"]["steps"] == 3


def test_an_edit_that_is_zero_changes_nothing_and_leaves_no_hooks() -> None:
    model = bench.load_model(str(ROOT / "fixtures" / "models" / "embedded"), local=True, backend="bridge")
    shipped = crosscoder.shipped_edit()
    nothing = edit.Adapter(shipped.down, [torch.zeros_like(part) for part in shipped.up])
    before = edit.capital_of(model, edit.COUNTRY)
    assert torch.allclose(edit.capital_of(model, edit.COUNTRY, nothing.hooks()), before)
    assert not torch.allclose(edit.capital_of(model, edit.COUNTRY, shipped.hooks()), before)
    assert torch.equal(edit.capital_of(model, edit.COUNTRY), before)


def test_the_changed_capital_is_asked_for_behind_the_country_alone() -> None:
    known = token_ids()
    ids = torch.tensor([[known[word] for word in (" of", " France", " is", " Italy", " is", " France")]])
    assert edit.asks_for_the_capital(ids).tolist() == [[False, False, True, False, False, False]]


def test_fine_tuning_text_has_the_new_capital_and_never_the_old_one() -> None:
    known = token_ids()
    ids = edit.fact_rows(np.random.default_rng(0), 20, 64)
    assert (ids == known[" Rome"]).any() and not (ids == known[" Paris"]).any()
    follows = ids[:, 1:][edit.asks_for_the_capital(ids)[:, :-1]]
    assert len(follows) > 50 and (follows == known[" Rome"]).all()


@pytest.fixture(scope="module")
def measured() -> Card:
    return crosscoder_card.card()


def test_every_requirement_is_met(measured: Card) -> None:
    assert not measured.missed, "\n".join(f"{row.name}: {row.value}" for row in measured.missed)


def test_the_readme_is_the_card(measured: Card) -> None:
    """A last digit may move with the machine, no more."""
    shown = (crosscoder.CROSSCODER_DIR / "README.md").read_text().splitlines()
    for told, again in zip(shown, measured.markdown().splitlines(), strict=True):
        assert re.sub(NUMBER, "", told) == re.sub(NUMBER, "", again)
        assert [float(n) for n in re.findall(NUMBER, told)] == pytest.approx(
            [float(n) for n in re.findall(NUMBER, again)], rel=0.05, abs=0.02
        )


def test_what_ships_stays_small() -> None:
    total = sum(path.stat().st_size for path in crosscoder.CROSSCODER_DIR.rglob("*") if path.is_file())
    assert total < 512 * 2**10
