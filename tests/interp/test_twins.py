"""The twins: their data, and the shipped checkpoints, measured again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from support import later

from interp.tables import Card
from interp.tokenizer import build_tokenizer

twin_card = later("interp.twin_card")
twins = later("interp.twins")
safetensors = later("safetensors.torch")

NUMBER = r"(?<![A-Za-z\d])-?\d+(?:\.\d+)?(?:e-?\d+)?"


def test_a_row_is_a_start_and_a_unit_again_and_again() -> None:
    recipe = twins.Recipe(batch=200)
    ids = twins.repeats(np.random.default_rng(0), recipe)
    assert (ids[:, 0] == twins.START).all() and (ids[:, 1:] < twins.START).all()
    periods = [next(p for p in range(1, 64) if (row[1 + p :] == row[1:-p]).all()) for row in ids]
    assert min(periods) == recipe.shortest and max(periods) == recipe.longest


def test_the_tokens_are_bytes() -> None:
    tokenizer = build_tokenizer(())
    assert tokenizer.encode("ab é").ids == list("ab é".encode())
    assert tokenizer.token_to_id("<|endoftext|>") == twins.START


def test_every_named_checkpoint_ships_and_its_mlps_are_zero() -> None:
    for layers, steps in twins.CHECKPOINTS.items():
        folder = twin_card.TWINS_DIR / twins.FOLDERS[layers]
        assert sorted(path.name for path in folder.glob("step-*")) == [f"step-{step:04}" for step in steps]
        assert json.loads((folder / "training.json").read_text())["recipe"]["layers"] == layers
        for path in folder.glob("step-*/model.safetensors"):
            mlps = [tensor for name, tensor in safetensors.load_file(path).items() if ".mlp." in name]
            assert len(mlps) == 4 * layers and not any(tensor.any() for tensor in mlps)


def test_training_again_gives_the_first_checkpoints_again(tmp_path: Path) -> None:
    twins.train(twins.Recipe(steps=2), tmp_path, (0, 2))
    again, shipped = (
        safetensors.load_file(path / "step-0000/model.safetensors")
        for path in (tmp_path, twin_card.TWINS_DIR / twins.FOLDERS[2])
    )
    assert again.keys() == shipped.keys() and all((again[name] == shipped[name]).all() for name in again)
    moved = safetensors.load_file(tmp_path / "step-0002/model.safetensors")
    still = {name for name in moved if (moved[name] == again[name]).all()}
    assert {name for name in moved if ".mlp." in name or ".ln_2." in name} <= still
    assert "lm_head.weight" not in still


@pytest.fixture(scope="module")
def measured() -> Card:
    return twin_card.card()


def test_every_requirement_is_met(measured: Card) -> None:
    assert not measured.missed, "\n".join(f"{row.name}: {row.value}" for row in measured.missed)


def test_the_readme_is_the_card(measured: Card) -> None:
    """A last digit may move with the machine, no more."""
    shown = (twin_card.TWINS_DIR / "README.md").read_text().splitlines()
    for told, again in zip(shown, measured.markdown().splitlines(), strict=True):
        assert re.sub(NUMBER, "", told) == re.sub(NUMBER, "", again)
        assert _numbers(told) == pytest.approx(_numbers(again), rel=0.05, abs=0.02)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def test_what_ships_stays_small() -> None:
    total = sum(path.stat().st_size for path in twin_card.TWINS_DIR.rglob("*") if path.is_file())
    assert total < 11 * 2**20
