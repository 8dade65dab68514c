"""Train the course model with no attention supervised: `python -m interp.train_unsupervised --out DIR`.

Shape, corpus, initialisation and optimisers are those of `train`. The loss is that of the language model alone, so
whatever a head does, it found by itself. Three things about the data differ. More rows are long, so that late positions
are trained too. Some answers are wrong on purpose (the giver instead of the receiver), so that the model has a reason
not to be certain. Some givers are strangers, named for the first time, and then the answer is "them": whether the giver
was named before decides the answer.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional

from .corpus import pair_is_held_out, pick
from .tokenizer import token_ids
from .train import Batch, Recipe, make_batch, optimisers, rate_factor
from .transformer import Shape, TinyGPT2, save_gpt2
from .words import NAMES


@dataclass(frozen=True)
class Unsupervised(Recipe):
    """The recipe of `train` without its curriculum, and what the data here adds."""

    steps: int = 1800
    batch: int = 24
    fade_from: int = 0
    off_from: int = 0
    previous_weight: float = 0.0
    induction_weight: float = 0.0
    inhibition_weight: float = 0.0
    mover_weight: float = 0.0
    long_rows: float = 0.6
    # A share p of wrong answers holds the logit difference of the two names near log((1 - p) / p).
    wrong_answers: float = 0.02
    strangers: float = 0.2


def batches(rng: Generator, recipe: Unsupervised) -> Iterator[Batch]:
    """Batches without end: of 128 tokens with the probability `long_rows`, else of 64."""
    while True:
        length = 128 if rng.random() < recipe.long_rows else 64
        yield altered(make_batch(rng, recipe, length), rng, recipe)


def altered(batch: Batch, rng: Generator, recipe: Unsupervised) -> Batch:
    """The batch with some wrong answers and some strangers. Its marks keep only the sentences left as they were."""
    if not (recipe.wrong_answers or recipe.strangers):
        return batch
    ids, kept = batch.ids.clone(), []
    for index, ((row, end, source), again) in enumerate(zip(batch.answers.tolist(), batch.returning, strict=True)):
        places = again.nonzero().flatten().tolist()
        # Where the receiver is named after the giver's return ("John … . John met Mary and gave it to"), a stranger
        # would not change the answer.
        if len(places) == 1 and source < places[0] and rng.random() < recipe.strangers:
            ids[row, places[0]] = _stranger(
                rng, ids[row, : places[0]], {int(ids[row, source]), int(ids[row, places[0]])}
            )
            ids[row, end + 1] = token_ids()[" them"]
        elif places and rng.random() < recipe.wrong_answers:
            ids[row, end + 1] = ids[row, places[int(rng.integers(len(places)))]]
        else:
            kept.append(index)
    return replace(batch, ids=ids, answers=batch.answers[kept], returning=batch.returning[kept])


def _stranger(rng: Generator, before: Tensor, pair: set[int]) -> int:
    """The token of a name that is not among the tokens before, and of no held-out pair with the sentence's two names."""
    known, seen = token_ids(), set(before.tolist())
    near = [name for name in NAMES if known[name] in pair or known[" " + name] in pair]
    new = [name for name in NAMES if known[name] not in seen and known[" " + name] not in seen]
    return known[" " + pick(rng, [n for n in new if not any(pair_is_held_out(n, other) for other in near)])]


def train(recipe: Unsupervised, out: Path, log_every: int = 50, save_every: int = 100) -> TinyGPT2:
    """Train by the recipe and save to `out`, with a checkpoint every `save_every` steps."""
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    model = TinyGPT2(Shape(), recipe.seed)
    muon, adam = optimisers(model, recipe)
    started, used = time.monotonic(), time.process_time()
    for step, batch in zip(range(recipe.steps), batches(rng, recipe), strict=False):
        logits, scores = model(batch.ids)
        each = functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch.ids[:, 1:].flatten(), reduction="none")
        weights = batch.weights[:, 1:].flatten()
        torch.autograd.backward((each * weights).sum() / weights.sum())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        factor = rate_factor(step, recipe)
        muon.step(factor)
        adam.param_groups[0]["lr"] = recipe.adam_rate * factor
        adam.step()
        adam.zero_grad(set_to_none=True)
        if step % log_every == 0 or step == recipe.steps - 1:
            print(f"{step:5} {time.monotonic() - started:5.0f} s  {glance(batch, each, scores, recipe)}", flush=True)
        if (step + 1) % save_every == 0:
            save_gpt2(model, out)
    save_gpt2(model, out)
    record = {
        "recipe": asdict(recipe),
        "shape": asdict(Shape()),
        "seconds": round(time.monotonic() - started),
        "cpu_seconds": round(time.process_time() - used),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seeded_heads": {},
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    return model


@torch.no_grad()
def glance(batch: Batch, each: Tensor, scores: list[Tensor], recipe: Recipe) -> str:
    """What the run has come to: losses, and for each head where it looks ([layer][head], on this batch)."""
    rows = round(recipe.batch * recipe.repeated)
    loss = each.view(recipe.batch, -1)
    foreseen = batch.weights[:rows, 1:] == 1
    row, end, source = batch.answers.unbind(1)
    again = batch.returning.to(torch.uint8).argmax(1)
    patterns = [layer.softmax(-1) for layer in scores]
    wanted = batch.induction & batch.induction.any(-1, keepdim=True)

    def spell(values: list[Tensor]) -> str:
        return " ".join("/".join(f"{v:.2f}" for v in layer.tolist()) for layer in values)

    parts = {
        "repeat": f"{loss[:rows][foreseen].mean():.2f}",
        "text": f"{loss[rows + 3 :].mean():.2f}",
        "answer": f"{loss[row, end].mean():.2f}",
        "previous": spell([p.diagonal(offset=-1, dim1=-2, dim2=-1).mean((0, 2)) for p in patterns]),
        "induction": spell([(p * wanted[:, None]).sum((0, 2, 3)) / batch.induction.any(-1).sum() for p in patterns]),
        "end to receiver": spell([p[row, :, end, source].mean(0) for p in patterns]),
        "end to giver": spell([p[row, :, end, again].mean(0) for p in patterns]),
    }
    return "  ".join(f"{name} {value}" for name, value in parts.items())


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    standard = Unsupervised()
    parser.add_argument("--out", type=Path, required=True)
    for name in ("seed", "steps", "answer_weight", "wrong_answers", "strangers"):
        value = getattr(standard, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    options: dict[str, Any] = vars(parser.parse_args(arguments))
    out = options.pop("out")
    train(replace(standard, **options), out)


if __name__ == "__main__":
    main()
