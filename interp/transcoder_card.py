"""The transcoders' card, measured again from the shipped weights: on held-out text, and on the capitals.

`python -m interp.transcoder_card` prints the card, and `--write` also puts it beside the weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mechgrade.bench.transformer_lens.model import load_model

from .attribution import TRANSCODERS_DIR, Transcoder, load_transcoders, read_hook, write_hook
from .card import ROOT, training_note
from .latents import activations, token_rows
from .tables import Card, Row, Section
from .words import CAPITALS

MODEL_DIR = ROOT / "models" / "unsupervised"

TRIED = (
    "k 12 in batches of 512 for 4000 steps was trained to its end too. It explained a little more of each MLP (0.959, 0.957 and 0.983), and "
    "with all MLPs replaced 97.9 % of the capitals were right. The graphs had more nodes, and a country was spread over more latents. So "
    "k 8 was kept. The numbers of this paragraph come from a run that was not kept. The transcoders saw course text alone, in which about one "
    "sentence in six is a fact, and each was trained by itself, on what its MLP reads in the whole model."
)


def encode(transcoder: Transcoder, read: Tensor) -> Tensor:
    """The latents' activations."""
    pre = torch.nn.functional.linear(read, transcoder.encoder.T, transcoder.encoder_bias)
    return pre * (pre > transcoder.threshold)


def imitate(transcoder: Transcoder, read: Tensor) -> Tensor:
    """What a transcoder writes."""
    return encode(transcoder, read) @ transcoder.decoder + transcoder.decoder_bias


def replaced(
    model: Any, ids: Tensor, layers: Sequence[int], instead: Callable[[int, Tensor, Tensor], Tensor]
) -> Tensor:
    """Logits with some MLPs replaced, apart from text ends: they were in no transcoder's training.

    Args:
        model: the whole model.
        ids: of the texts.
        layers: whose MLPs are replaced.
        instead: from a layer, what its MLP reads and what it writes, to what is written instead.
    """
    kept = (ids == model.tokenizer.eos_token_id)[..., None]
    read: dict[int, Tensor] = {}

    def hooks_of(layer: int) -> list[tuple[str, Callable[..., Any]]]:
        def look(value: Tensor, hook: Any) -> None:
            read[layer] = value

        def write(value: Tensor, hook: Any) -> Tensor:
            return torch.where(kept, value, instead(layer, read[layer], value))

        return [(read_hook(layer), look), (write_hook(layer), write)]

    with torch.no_grad():
        logits: Tensor = model.run_with_hooks(ids, fwd_hooks=[hook for layer in layers for hook in hooks_of(layer)])
    return logits


def _capitals(model: Any, layers: Sequence[int], instead: Callable[[int, Tensor, Tensor], Tensor]) -> float:
    ids = torch.cat([model.to_tokens(f"The capital of {country} is") for country in CAPITALS])
    wanted = torch.tensor([model.to_single_token(f" {capital}") for capital in CAPITALS.values()])
    return (replaced(model, ids, layers, instead)[:, -1].argmax(-1) == wanted).float().mean().item()


def card(directory: Path = TRANSCODERS_DIR, model_dir: Path = MODEL_DIR) -> Card:
    """Measure the transcoders of a directory on the model that they were trained on."""
    model, transcoders = load_model(str(model_dir), local=True, backend="bridge"), load_transcoders(directory)
    ids = token_rows(np.random.default_rng(1_000_003), 128, held_out=True)
    some, everywhere = ids[:48], range(len(transcoders))

    def by_transcoder(layer: int, read: Tensor, wrote: Tensor) -> Tensor:
        return imitate(transcoders[layer], read)

    def by_mean(layer: int, read: Tensor, wrote: Tensor) -> Tensor:
        return wrote.mean((0, 1)).expand_as(wrote)

    def loss(layers: Sequence[int], instead: Callable[[int, Tensor, Tensor], Tensor]) -> float:
        logits = replaced(model, some, layers, instead)
        return float(-logits[:, :-1].log_softmax(-1).gather(2, some[:, 1:, None]).mean())

    whole = loss([], by_mean)
    rows = [Row("latents of each", str(len(transcoders[0].threshold)))]
    for layer, transcoder in enumerate(transcoders):
        read, wrote = (activations(model, hook(layer), ids) for hook in (read_hook, write_hook))
        latents, left = encode(transcoder, read), wrote - imitate(transcoder, read)
        explained = 1 - float(left.pow(2).sum() / (wrote - wrote.mean(0)).pow(2).sum())
        active, dead = (
            float((latents > 0).sum(1).float().mean()),
            float((latents > 0).any(0).logical_not().float().mean()),
        )
        rows += [
            Row(f"MLP {layer}: explained variance on held-out text", f"{explained:.3f}", ">= 0.930", explained >= 0.93),
            Row("… latents active at once", f"{active:.1f}", "<= 16", active <= 16),
            Row(f"… latents that never fire on {len(read):,} held-out tokens", f"{dead:.1%}"),
            Row(
                "… loss on held-out text, with the transcoder in its place, with its mean there",
                f"{whole:.3f}, {loss([layer], by_transcoder):.3f}, {loss([layer], by_mean):.3f}",
            ),
            Row("… capitals with the transcoder in its place", f"{_capitals(model, [layer], by_transcoder):.1%}"),
        ]
    right = _capitals(model, everywhere, by_transcoder)
    rows += [
        Row(
            "all MLPs at once: loss on held-out text with transcoders, with means",
            f"{loss(everywhere, by_transcoder):.3f}, {loss(everywhere, by_mean):.3f}",
        ),
        Row("… capitals with transcoders", f"{right:.1%}", ">= 80.0%", right >= 0.8),
        Row("… capitals with means", f"{_capitals(model, everywhere, by_mean):.1%}"),
    ]
    notes = {"How they were trained": training_note(directory) + " The weights are kept in bfloat16.", "Tried": TRIED}
    title = "Transcoders of the course model without supervised attention"
    return Card((Section("Measured", tuple(rows)),), notes, title)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and with `--write` keep the card. Returns 1 when a requirement is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="also write README.md beside the weights")
    parser.add_argument("--dir", type=Path, default=TRANSCODERS_DIR, help="the transcoders' directory")
    options = parser.parse_args(arguments)
    measured = card(options.dir)
    if options.write:
        (options.dir / "README.md").write_text(measured.markdown())
    print(measured.markdown())
    return 1 if measured.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
