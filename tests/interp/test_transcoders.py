"""The transcoders: their training, their frozen runs, and the shipped weights, measured again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import later

from interp.tables import Card

pytestmark = pytest.mark.long

torch = later("torch")
safetensors = later("safetensors.torch")
sae_lens = later("sae_lens")
attribution = later("interp.attribution")
training = later("interp.train_transcoder")
transcoder_card = later("interp.transcoder_card")
model_of = later("mechgrade.bench.transformer_lens.model")

NUMBER = r"(?<![A-Za-z\d])-?\d+(?:\.\d+)?(?:e-?\d+)?"


def an_mlp(tokens: int) -> Any:
    """What an MLP of four sparse units reads and writes, side by side."""
    generator = torch.Generator().manual_seed(1)
    read = torch.randn(tokens, 8, generator=generator)
    units = (read @ torch.randn(8, 4, generator=generator) - 2).relu()
    return torch.cat([read, units @ torch.randn(4, 6, generator=generator) + 0.5], dim=1)


def test_training_finds_an_mlp_that_is_sparse() -> None:
    pool = an_mlp(4000)
    recipe = training.TranscoderRecipe(latents=16, k=2, steps=400, batch=256, rate=1e-2)
    first, again = (training.fit_transcoder(recipe, pool, 8) for _ in range(2))
    assert all((first[name] == again[name]).all() for name in first)
    read, wrote = pool[:, :8], pool[:, 8:]
    transcoder = attribution.Transcoder(*(first[name] for name in ("W_enc", "b_enc", "threshold", "W_dec", "b_dec")))
    left = wrote - transcoder_card.imitate(transcoder, read)
    assert left.pow(2).sum() < 0.1 * (wrote - wrote.mean(0)).pow(2).sum()
    assert (transcoder_card.encode(transcoder, read) > 0).sum(1).float().mean() < 3
    assert transcoder.decoder.norm(dim=1) == pytest.approx(1, abs=1e-4)


def test_sae_lens_reads_what_is_saved(tmp_path: Path) -> None:
    parameters = training.fit_transcoder(training.TranscoderRecipe(latents=16, k=2, steps=20, batch=64), an_mlp(500), 8)
    made = training.as_transcoder(parameters, {"hook_name": "blocks.0.ln2.hook_normalized"})
    made.save_model(tmp_path / "mlp-0")
    (read,) = attribution.load_transcoders(tmp_path)
    x = an_mlp(50)[:, :8]
    assert (sae_lens.SAE.load_from_disk(str(tmp_path / "mlp-0")).encode(x) == transcoder_card.encode(read, x)).all()


@pytest.fixture(scope="module")
def run() -> Any:
    model = model_of.load_model(str(transcoder_card.MODEL_DIR), local=True, backend="bridge")
    return attribution.CapitalRun(model, attribution.load_transcoders(), "Italy")


def test_a_frozen_run_is_the_run(run: Any) -> None:
    """With what the MLPs wrote, the frozen layers give the answer of the whole model."""
    stream = run.start
    for layer, read, wrote in zip(run.layers, run.reads, run.writes, strict=True):
        stream = stream + layer.attend(stream)
        assert torch.allclose(layer.norm(stream), read, atol=1e-4)
        stream = stream + wrote
    assert run.answer(stream) == pytest.approx(float(run.difference(run.logits())), abs=1e-3)


def test_frozen_layers_are_linear_up_to_a_bias(run: Any) -> None:
    other = torch.randn(run.start.shape, generator=torch.Generator().manual_seed(0))
    for part in (run.layers[1].attend, run.layers[1].norm, run.answer):
        middle = (part(run.start) + part(other)) / 2
        assert torch.allclose(part((run.start + other) / 2), middle, atol=1e-4)


def test_changes_reach_one_latent(run: Any) -> None:
    active = transcoder_card.encode(run.layers[0].transcoder, run.reads[0])
    position, number = (int(each) for each in active.gt(0).nonzero()[-1])
    whole = run.logits()
    assert torch.allclose(run.logits([(0, position, number, 1.0)]), whole, atol=1e-5)
    assert not torch.allclose(run.logits([(0, position, number, -1.0)]), whole, atol=1e-3)
    silent = int((active[position] == 0).nonzero()[0])
    assert torch.allclose(run.logits([(0, position, silent, -1.0)]), whole, atol=1e-5)
    assert not torch.allclose(run.attention(1, [(0, position, number, -1.0)]), run.attention(1), atol=1e-3)


def test_a_node_is_named_in_words(run: Any) -> None:
    assert run.name(("latent", 0, 4, 88)) == "latent 88 of MLP 0 at Italy"
    assert run.name(("error", 2, 5, -1)) == "error of MLP 2 at is"
    assert run.name(("embedding", -1, 1, -1)) == "embedding at The"
    assert run.name(("answer", -1, -1, -1)) == "answer"


@pytest.fixture(scope="module")
def measured() -> Card:
    return transcoder_card.card()


def test_every_requirement_is_met(measured: Card) -> None:
    assert not measured.missed, "\n".join(f"{row.name}: {row.value}" for row in measured.missed)


def test_the_readme_is_the_card(measured: Card) -> None:
    """A last digit may move with the machine, no more."""
    shown = (attribution.TRANSCODERS_DIR / "README.md").read_text().splitlines()
    for told, again in zip(shown, measured.markdown().splitlines(), strict=True):
        assert re.sub(NUMBER, "", told) == re.sub(NUMBER, "", again)
        assert _numbers(told) == pytest.approx(_numbers(again), rel=0.05, abs=0.02)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def test_what_ships_is_half_precision_and_small() -> None:
    folders = sorted(attribution.TRANSCODERS_DIR.glob("mlp-*"))
    assert [folder.name for folder in folders] == ["mlp-0", "mlp-1", "mlp-2"]
    for layer, folder in enumerate(folders):
        weights = safetensors.load_file(folder / training.WEIGHTS)
        assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
        assert json.loads((folder / "cfg.json").read_text())["metadata"]["hook_name"] == attribution.read_hook(layer)
    total = sum(path.stat().st_size for path in attribution.TRANSCODERS_DIR.rglob("*") if path.is_file())
    assert total < 1.5 * 2**20
