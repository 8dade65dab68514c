"""Train a small model of each family, on the course's corpus: `python -m interp.train_family --out outputs/families`.

The models are those of `transformers`, from each family's own configuration (`families`), and so is their directory. Data
and optimisers are those of `train_unsupervised`: no attention is supervised, so whatever a head does, it found by itself.
A model takes a few minutes on one processor. One that is there already is not trained again. The weights are not part of the
course, because each is made by one command; `measures.json` beside them says what the model has learnt.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn import functional

from mechgrade.bench.transformer_lens.model import load_model

from . import circuits
from .corpus import text_row
from .families import FAMILIES, Family, Sizes
from .muon import Muon
from .prompts import capital_prompts, ioi_prompts
from .tokenizer import save_tokenizer, token_ids
from .train import rate_factor
from .train_unsupervised import Unsupervised, batches

MEASURES = "measures.json"


@dataclass(frozen=True)
class Recipe:
    """What a run depends on, beside the code."""

    seed: int = 0
    steps: int = 1200
    batch: int = 16
    muon_rate: float = 0.02
    adam_rate: float = 4e-3


@dataclass(frozen=True)
class Measures:
    """What a model has learnt, on data that training never showed.

    Attributes:
        loss: in nats a token, on sentences of the corpus.
        capitals: right answers of the 48 prompts for a capital, as a share.
        objects: right indirect objects of 240 prompts with pairs of names that never met in training, as a share.
        induction: the best head's mean attention to the token after an earlier occurrence, on random tokens that come twice.
        seconds: of training.
        steps: of training.
    """

    loss: float
    capitals: float
    objects: float
    induction: float
    seconds: int
    steps: int


def fresh(family: Family, sizes: Sizes, seed: int, **more: Any) -> Any:
    """A model of a family with random weights."""
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(family.configuration(sizes, **more), attn_implementation="eager")
        for name, parameter in model.named_parameters():
            if name.endswith("wpe.weight"):  # waves tell neighbours apart from the start, as rotary positions do
                place = torch.arange(len(parameter), dtype=torch.float32)[:, None]
                rates = torch.logspace(torch.tensor(2.5).log10(), -2.0, parameter.shape[1] // 2)
                parameter.data.copy_(0.1 * torch.cat([(place * rates).sin(), (place * rates).cos()], dim=1))
    return model.float()


def train(model: Any, recipe: Recipe, title: str) -> None:
    """Train a model on the course's corpus, in place."""
    data = Unsupervised(seed=recipe.seed, steps=recipe.steps, batch=recipe.batch, wrong_answers=0.0, strangers=0.0)
    muon, adam = _optimisers(model, recipe)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    model.train()
    with Progress(*columns, TextColumn("{task.fields[loss]}")) as bar:
        task = bar.add_task(title, total=recipe.steps, loss="")
        source = batches(np.random.default_rng(recipe.seed), data)
        for step, batch in zip(range(recipe.steps), source, strict=False):
            each = token_losses(model(input_ids=batch.ids).logits, batch.ids)
            weights = batch.weights[:, 1:]
            loss = (each * weights).sum() / weights.sum()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            factor = rate_factor(step, data)
            muon.step(factor)
            adam.param_groups[0]["lr"] = recipe.adam_rate * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
            if step % 20 == 0 or step == recipe.steps - 1:
                bar.update(task, completed=step + 1, loss=f"loss {loss.item():.2f}")
    model.eval()


def token_losses(logits: Tensor, ids: Tensor) -> Tensor:
    """The loss of each predicted token, [batch, pos - 1]."""
    flat = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    return flat.view(len(ids), -1)


def _optimisers(model: Any, recipe: Recipe) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for the matrices of the layers, AdamW for embeddings, biases and norms."""
    inside = [p for name, p in model.named_parameters() if p.dim() == 2 and any(part.isdigit() for part in name.split("."))]
    chosen = {id(p) for p in inside}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    adam = torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    return Muon(inside, recipe.muon_rate, 0.05), adam


def save(model: Any, folder: Path, sizes: Sizes) -> None:
    """Write a model as its Hugging Face directory, with the course's tokenizer."""
    model.save_pretrained(folder)
    save_tokenizer(folder, sizes.context)


@torch.no_grad()
def measure(folder: Path, steps: int, seconds: float) -> Measures:
    """What the model in a directory has learnt."""
    model = load_model(str(folder), local=True, backend="bridge")
    rng, known = np.random.default_rng(10_000), token_ids()
    ids = torch.tensor([[known[token] for token in text_row(rng, 128, bos=1.0).tokens] for _ in range(32)])
    capitals, objects = capital_prompts(), ioi_prompts(240, 3, held_out="pair")
    return Measures(
        loss=token_losses(model(ids), ids).mean().item(),
        capitals=circuits.accuracy(model, [p.text for p in capitals], [p.answer for p in capitals]),
        objects=circuits.accuracy(model, [p.clean for p in objects], [p.answer for p in objects]),
        induction=circuits.repeats(model, half=60).induction.max().item(),
        seconds=round(seconds),
        steps=steps,
    )


def made(family: str, out: Path, recipe: Recipe | None = None, sizes: Sizes | None = None) -> Path:
    """The directory of a family's trained model under `out`: trained first where it is not there."""
    recipe, sizes = recipe or Recipe(), sizes or Sizes()
    folder = out / family.lower().replace(" ", "-")
    asked = {"recipe": asdict(recipe), "sizes": asdict(sizes)}
    kept = folder / MEASURES
    if kept.is_file() and {**json.loads(kept.read_text()), **asked} == json.loads(kept.read_text()):
        return folder
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        started = time.process_time()
        model = fresh(FAMILIES[family], sizes, recipe.seed)
        train(model, recipe, family)
        seconds = time.process_time() - started
        save(model, folder, sizes)
        found = {**asked, "measures": asdict(measure(folder, recipe.steps, seconds))}
    finally:
        torch.set_num_threads(threads)
    kept.write_text(json.dumps(found, indent=1) + "\n")
    return folder


def measures_of(folder: Path) -> Measures:
    """What was measured when a model was trained."""
    return Measures(**json.loads((folder / MEASURES).read_text())["measures"])


def main(arguments: Iterable[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(FAMILIES), choices=list(FAMILIES), metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--out", type=Path, default=Path("outputs/families"))
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    asked = parser.parse_args(None if arguments is None else list(arguments))
    for family in asked.only:
        folder = made(family, asked.out, Recipe(seed=asked.seed, steps=asked.steps))
        print(f"{family}: {measures_of(folder)}")


if __name__ == "__main__":
    main()
