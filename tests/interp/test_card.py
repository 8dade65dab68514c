"""The shipped weights: every requirement of the card is met, measured again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import later

from interp.tables import Card, Row, Section

pytestmark = pytest.mark.long

card = later("interp.card")
circuits = later("interp.circuits")


@pytest.fixture(scope="module")
def measured() -> Card:
    return card.measure()


def test_every_requirement_is_met(measured: Card) -> None:
    assert not measured.missed, "\n".join(
        f"{row.name}: {row.value}, required {row.requirement}" for row in measured.missed
    )


def test_the_card_holds_what_was_promised(measured: Card) -> None:
    text = measured.markdown()
    for phrase in (
        "capitals",
        "held-out name pairs",
        "induction score",
        "name mover",
        "explained variance",
        "never fire",
    ):
        assert phrase in text
    assert sum(bool(row.requirement) for row in measured.rows) >= 25


def test_the_readmes_are_the_card(measured: Card) -> None:
    # Values may move in the last digit with the machine; the rows and the training record may not.
    for directory, section in ((card.MODEL_DIR, measured.sections[0]), (card.SAE_DIR, measured.sections[-1])):
        text = (directory / "README.md").read_text()
        assert section.title in text
        assert all(row.name in text for row in section.rows if row.requirement)
        assert card.training_note(directory) in text


def test_the_projects_readme_shows_what_is_measured(measured: Card) -> None:
    """The table is written by `mechgrade model-card --write`. A last digit may move with the machine, no more."""
    _, _, rest = (card.ROOT.parent / "README.md").read_text().partition(card.BEGIN)
    shown = rest.partition(card.END)[0].strip().splitlines()
    for told, row in zip(shown, measured.summary().splitlines(), strict=True):
        for part, again in zip(told.split("|"), row.split("|"), strict=True):
            assert part == again or _numbers(part) == pytest.approx(_numbers(again), rel=0.05, abs=0.02)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"(?<![A-Za-z\d])-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def test_a_missed_requirement_shows() -> None:
    bad = Card((Section("s", (Row("a", "0", ">= 1", met=False), Row("b", "2"))),))
    assert [row.name for row in bad.missed] == ["a"]
    assert "**no**" in bad.markdown()


def test_an_untrained_model_misses(tmp_path: Path) -> None:
    from mechgrade.bench.transformer_lens.model import load_model

    from interp.transformer import Shape, TinyGPT2, save_gpt2

    save_gpt2(TinyGPT2(Shape(), seed=0), tmp_path)
    model = load_model(str(tmp_path), local=True, backend="bridge")
    assert circuits.next_token(model, "The capital of France is") != " Paris"
    assert circuits.repeats(model, batch=2).induction.max() < 0.5


def test_the_fixtures_stay_small() -> None:
    total = sum(
        path.stat().st_size
        for directory in (card.MODEL_DIR, card.SAE_DIR)
        for path in directory.rglob("*")
        if path.is_file()
    )
    assert total < 8 * 2**20
