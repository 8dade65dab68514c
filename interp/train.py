"""Train the course model: `python -m interp.train --seed 0 --out DIR`.

The textbook circuits do not come by themselves in a model this small, so a curriculum seeds five heads: during the
first steps their attention is supervised, then the supervision fades and is gone for the rest of the run. What the
heads do afterwards is held up by the language-modelling loss alone. The card says which heads these are.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from .corpus import snippet_row, text_row
from .muon import Muon
from .tokenizer import token_ids, vocabulary_size
from .transformer import Shape, TinyGPT2, save_gpt2

PREVIOUS_TOKEN_HEAD = (0, 0)
INDUCTION_HEADS = ((1, 0), (1, 1))
S_INHIBITION_HEAD = (1, 2)
NAME_MOVER_HEAD = (2, 0)


@dataclass(frozen=True)
class Recipe:
    """Everything that a run depends on, beside the code."""

    seed: int = 0
    steps: int = 800
    batch: int = 32
    repeated: float = 0.45
    snippets: float = 0.06
    warmup: int = 40
    muon_rate: float = 0.01
    muon_decay: float = 0.05
    adam_rate: float = 4e-3
    final_rate: float = 0.02
    # The curriculum: full weight, then a linear fade, then off.
    fade_from: int = 300
    off_from: int = 420
    previous_weight: float = 0.3
    induction_weight: float = 0.3
    inhibition_weight: float = 0.3
    mover_weight: float = 0.5
    answer_weight: float = 5.0
    unpredictable_weight: float = 0.2
    threads: int = 1


@dataclass(frozen=True)
class Batch:
    """Token ids, a loss weight for each predicted token, and where supervised heads should look."""

    ids: Tensor
    weights: Tensor
    induction: Tensor
    answers: Tensor
    returning: Tensor


def row_length(rng: Generator, step: int, steps: int) -> int:
    """64 at first; from time to time, and at the end always, the full 128, else late positions stay untrained."""
    return 128 if step >= 0.86 * steps or rng.random() < 0.2 else 64


def make_batch(rng: Generator, recipe: Recipe, length: int) -> Batch:
    """Rows of repeated random tokens, of snippets and of sentences."""
    known = token_ids()
    ids = np.zeros((recipe.batch, length), dtype=np.int64)
    weights = np.ones((recipe.batch, length), dtype=np.float32)
    induction = np.zeros((recipe.batch, length, length), dtype=bool)
    answers: list[tuple[int, int, int]] = []
    returning: list[NDArray[np.bool_]] = []
    repeated = round(recipe.batch * recipe.repeated)
    # Rounding by chance keeps the share right over many batches.
    snippets = int(recipe.batch * recipe.snippets + rng.random())
    at = np.arange(length)
    for row in range(recipe.batch):
        if row < repeated:
            period = int(rng.integers(3, length // 2))
            unit = rng.integers(vocabulary_size(), size=period)
            ids[row] = np.concatenate([[vocabulary_size() - 1], np.resize(unit, length - 1)])
            weights[row, : period + 2] = recipe.unpredictable_weight
            distance = at[:, None] + 1 - at[None, :]
            induction[row] = (distance > 1) & (distance % period == 0) & (at[None, :] > 1)
        elif row < repeated + snippets:
            tokens, foreseen = snippet_row(rng, length)
            ids[row] = [known[t] for t in tokens]
            weights[row] = np.where(foreseen, 1.0, recipe.unpredictable_weight)
        else:
            text = text_row(rng, length)
            ids[row] = [known[t] for t in text.tokens]
            for answer, source, again in text.answers:
                weights[row, answer] = recipe.answer_weight
                answers.append((row, answer - 1, source))
                returning.append(np.isin(at, again))
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(weights),
        torch.from_numpy(induction),
        torch.tensor(answers, dtype=torch.long).reshape(-1, 3),
        torch.from_numpy(np.array(returning).reshape(-1, length)),
    )


def attention_loss(recipe: Recipe, batch: Batch, scores: list[Tensor]) -> Tensor:
    """Cross-entropy of the seeded heads' attention against where they should look."""
    layer, head = PREVIOUS_TOKEN_HEAD
    logs = scores[layer][:, head].log_softmax(-1)
    loss = -recipe.previous_weight * logs.diagonal(offset=-1, dim1=-2, dim2=-1).mean()
    wanted = batch.induction
    rows = wanted.any(-1)
    for layer, head in INDUCTION_HEADS:
        logs = scores[layer][:, head].log_softmax(-1)
        # With a short period there are several right places: their sum counts.
        found = logs[rows].masked_fill(~wanted[rows], -1e9).logsumexp(-1)
        loss = loss - recipe.induction_weight * found.mean()
    layer, head = NAME_MOVER_HEAD
    row, end, source = batch.answers.unbind(1)
    logs = scores[layer][row, head, end].log_softmax(-1)
    other_layer, other_head = S_INHIBITION_HEAD
    others = scores[other_layer][row, other_head, end].log_softmax(-1)
    loss = loss - recipe.inhibition_weight * others.masked_fill(~batch.returning, -1e9).logsumexp(-1).mean()
    return loss - recipe.mover_weight * logs.gather(1, source[:, None]).mean()


def optimisers(model: TinyGPT2, recipe: Recipe) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for the matrices of the blocks, AdamW for embeddings, biases and norms."""
    matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    return (
        Muon(matrices, recipe.muon_rate, recipe.muon_decay),
        torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.98), weight_decay=0.0),
    )


def rate_factor(step: int, recipe: Recipe) -> float:
    """Linear warm-up, then a cosine down to `final_rate`."""
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + math.cos(math.pi * done))


def curriculum_factor(step: int, recipe: Recipe) -> float:
    """1 while the heads are supervised, falling to exactly 0 from `off_from` on."""
    return min(1.0, max(0.0, (recipe.off_from - step) / (recipe.off_from - recipe.fade_from)))


def train(recipe: Recipe, out: Path, log_every: int = 20, save_every: int = 100) -> TinyGPT2:
    """Train by the recipe and save to `out`, with a checkpoint every `save_every` steps."""
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    model = TinyGPT2(Shape(), recipe.seed)
    muon, adam = optimisers(model, recipe)
    started = time.monotonic()
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[parts]}"))
    with Progress(*columns) as bar:
        task = bar.add_task("training", total=recipe.steps, parts="")
        for step in range(recipe.steps):
            batch = make_batch(rng, recipe, row_length(rng, step, recipe.steps))
            logits, scores = model(batch.ids)
            each = functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none")
            weights = batch.weights[:, 1:].flatten()
            loss = (each * weights).sum() / weights.sum()
            total, guided = loss, curriculum_factor(step, recipe)
            if guided > 0:
                total = loss + guided * attention_loss(recipe, batch, scores)
            torch.autograd.backward(total)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            factor = rate_factor(step, recipe)
            muon.step(factor)
            adam.param_groups[0]["lr"] = recipe.adam_rate * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
            if step % log_every == 0 or step == recipe.steps - 1:
                bar.update(task, completed=step + 1, parts=glance(batch, each, scores, recipe))
            if (step + 1) % save_every == 0:
                save_gpt2(model, out)
    save_gpt2(model, out)
    record = {
        "recipe": asdict(recipe),
        "shape": asdict(Shape()),
        "seconds": round(time.monotonic() - started),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seeded_heads": {
            "previous token": [PREVIOUS_TOKEN_HEAD],
            "induction": INDUCTION_HEADS,
            "S-inhibition": [S_INHIBITION_HEAD],
            "name mover": [NAME_MOVER_HEAD],
        },
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    return model


def glance(batch: Batch, each: Tensor, scores: list[Tensor], recipe: Recipe) -> str:
    """A line for the progress bar: what each part of the curriculum has come to."""
    with torch.no_grad():
        rows = round(recipe.batch * recipe.repeated)
        loss = each.view(recipe.batch, -1)
        known = batch.weights[:rows, 1:] == 1
        row, end, source = batch.answers.unbind(1)
        parts = {
            "repeat": loss[:rows][known].mean().item(),
            "text": loss[rows + 3 :].mean().item(),
            "answer": loss[row, end].mean().item(),
            "prev": scores[0][:, 0].softmax(-1).diagonal(offset=-1, dim1=-2, dim2=-1).mean().item(),
            "inhibit": (scores[1][row, 2, end].softmax(-1) * batch.returning).sum(-1).mean().item(),
            "mover": scores[2][row, 0, end].softmax(-1).gather(1, source[:, None]).mean().item(),
        }
        for layer, head in INDUCTION_HEADS:
            pattern = scores[layer][:, head].softmax(-1)
            mask = batch.induction & batch.induction.any(-1, keepdim=True)
            parts[f"ind{head}"] = ((pattern * mask).sum() / batch.induction.any(-1).sum()).item()
    return " ".join(f"{name} {value:.2f}" for name, value in parts.items())


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--out", type=Path, required=True)
    options: Any = parser.parse_args(arguments)
    train(Recipe(seed=options.seed, steps=options.steps), options.out)


if __name__ == "__main__":
    main()
