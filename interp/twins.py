"""Train the twins: two small models of attention alone, with one layer and with two, that see nothing but repeats.

`python -m interp.twins --out DIR` takes minutes and keeps checkpoints all along. No attention is supervised.
The two-layer twin stays on a plateau, then finds induction within a few hundred steps; the one-layer twin never does.

A checkpoint is a complete Hugging Face GPT-2 directory. GPT-2 has an MLP in every block, so the twins have one of a
single neuron whose weights and biases are exactly zero and are never trained: it adds nothing to the residual stream.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional

from .muon import Muon
from .transformer import Block, Shape, TinyGPT2, save_gpt2

VOCABULARY: Final = 257  # the bytes, and the end of a text, which starts a row too
START: Final = 256
FOLDERS: Final = {2: "two-layers", 1: "one-layer"}
# Dense where something happens with seed 0: induction comes between 150 and 400, and around 1500 one head takes over the
# previous token.
CHECKPOINTS: Final = {
    2: (0, 150, 175, 200, 225, 250, 300, 400, 500, 700, 1000, 1450, 1500, 1550, 2000),
    1: (0, 1000, 2000),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that a run depends on, beside the code."""

    layers: int = 2
    seed: int = 0
    steps: int = 2000
    batch: int = 32
    length: int = 64
    shortest: int = 3
    longest: int = 29
    warmup: int = 50
    muon_rate: float = 0.01
    muon_decay: float = 0.05
    adam_rate: float = 3e-3
    adam_decay: float = 0.01
    threads: int = 1

    @property
    def shape(self) -> Shape:
        """The twin's sizes."""
        # Tied embeddings hold the plateau: no induction within 900 steps.
        return Shape(self.layers, 4, 128, self.length, VOCABULARY, inner=1, tied=False)


def repeats(rng: Generator, recipe: Recipe) -> Tensor:
    """Rows of a start token and random bytes that come again and again, each row with a period of its own."""
    ids = np.full((recipe.batch, recipe.length), START, dtype=np.int64)
    for row in ids:
        unit = rng.integers(START, size=int(rng.integers(recipe.shortest, recipe.longest + 1)))
        row[1:] = np.resize(unit, recipe.length - 1)
    return torch.from_numpy(ids)


def twin(recipe: Recipe) -> TinyGPT2:
    """An untrained twin: the single neuron of each MLP is zero, and nothing will change it."""
    model = TinyGPT2(recipe.shape, recipe.seed)
    for block in model.blocks:
        assert isinstance(block, Block)
        for parameter in (*block.up.parameters(), *block.down.parameters()):
            nn.init.zeros_(parameter)
        for part in (block.ln_2, block.up, block.down):
            part.requires_grad_(False)
    return model


def train(recipe: Recipe, out: Path, checkpoints: Collection[int]) -> None:
    """Train by the recipe, and save a checkpoint to `out/step-NNNN` before each of the steps named."""
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    model = twin(recipe)
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in model.blocks.parameters() if p.requires_grad and p.dim() == 2]
    chosen = {id(p) for p in matrices}
    muon = Muon(matrices, recipe.muon_rate, recipe.muon_decay)
    rest = [p for p in trained if id(p) not in chosen]
    adam = torch.optim.AdamW(rest, recipe.adam_rate, betas=(0.9, 0.98), weight_decay=recipe.adam_decay)
    started, used = time.monotonic(), time.process_time()
    for step in range(recipe.steps + 1):
        if step in checkpoints:
            save(model, out / f"step-{step:04}")
        ids = repeats(rng, recipe)
        logits, _ = model(ids)
        loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        if step % 50 == 0:
            print(f"{recipe.layers} layers  step {step:5}  {time.monotonic() - started:4.0f} s  loss {loss.item():.3f}")
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        factor = min(1.0, (step + 1) / recipe.warmup)
        muon.step(factor)
        adam.param_groups[0]["lr"] = recipe.adam_rate * factor
        adam.step()
        adam.zero_grad(set_to_none=True)
    record = {
        "recipe": asdict(recipe),
        "shape": asdict(recipe.shape),
        "seconds": round(time.monotonic() - started),
        "cpu_seconds": round(time.process_time() - used),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seeded_heads": {},
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def save(model: TinyGPT2, directory: Path) -> None:
    """Write one checkpoint: a GPT-2 directory with weights in bfloat16 and a tokenizer of bytes."""
    save_gpt2(model, directory, words=())


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train both twins."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--every", type=int, help="also keep every so many steps, to watch another seed")
    options: Any = parser.parse_args(arguments)
    for layers, steps in CHECKPOINTS.items():
        recipe = Recipe(layers=layers, seed=options.seed, steps=steps[-1])
        more = range(0, recipe.steps, options.every) if options.every else ()
        train(recipe, options.out / FOLDERS[layers], frozenset((*steps, *more)))


if __name__ == "__main__":
    main()
