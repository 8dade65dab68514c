"""Train a small model of each family, on the course's corpus: `python -m interp.train_family --out outputs/families`.

The models are those of `transformers`, from each family's own configuration (`families`), and so is their directory. Data
and optimisers are those of `train_unsupervised`. Heads that repeat what came before are slow to emerge: so three heads are shown
in the first steps where to look (the token before, and the token after an earlier occurrence), as in `train`. Where all other
heads look, and what any head writes, the model finds by itself.
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
from .train import attention_loss, curriculum_factor, rate_factor
from .train_unsupervised import Unsupervised, batches

MEASURES = "measures.json"

#: The matrices that write to the residual stream, as the families name them.
WRITING = tuple(f"{name}.weight" for name in ("o_proj", "down_proj", "c_proj", "attention.dense", "dense_4h_to_h"))


@dataclass(frozen=True)
class Recipe:
    """What a run depends on, beside the code."""

    seed: int = 0
    steps: int = 600
    batch: int = 16
    #: Up to which share of the steps heads are shown where to look: in full, and fading.
    shown: float = 0.25
    fading: float = 0.4


@dataclass(frozen=True)
class Measures:
    """What a model has learnt.

    Attributes:
        loss: in nats a token, on sentences of the corpus that were drawn anew.
        capitals: right answers of the 48 prompts for a capital, as a share. Training tells all of them.
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
    return model.float()


@torch.no_grad()
def prepare(model: Any, seed: int) -> None:
    """Scale fresh weights so that heads find a job in few steps: as in `TinyGPT2`, embeddings are loud and what layers write is quiet.

    Where positions are rotary, all embeddings share a direction besides. A head that looks at the token before needs one: it must
    ask the same whatever the token is, and most of these families have no bias in their queries and keys.
    """
    scaled = model.config.model_type.startswith("gemma")  # it multiplies embeddings by the root of its width
    loud = 0.2 / (model.config.hidden_size**0.5 if scaled else 1)
    learned = [parameter for name, parameter in model.named_parameters() if name.endswith("wpe.weight")]
    for name, parameter in model.named_parameters():
        inside = any(part.isdigit() for part in name.split("."))
        if parameter.dim() == 2 and inside:
            parameter.mul_((0.015 if name.endswith(WRITING) else 0.08) / parameter.std())
        elif parameter.dim() == 2:
            parameter.mul_(loud / parameter.std())
            if not learned:
                parameter.add_(loud * torch.randn(parameter.shape[1], generator=torch.Generator().manual_seed(seed)))
    for parameter in learned:  # waves tell neighbours apart from the start, as rotary positions do
        place = torch.arange(len(parameter), dtype=torch.float32)[:, None]
        rates = torch.logspace(torch.tensor(2.5).log10(), -2.0, parameter.shape[1] // 2)
        parameter.copy_(0.1 * torch.cat([(place * rates).sin(), (place * rates).cos()], dim=1))


def train(model: Any, recipe: Recipe, title: str) -> None:
    """Train a model on the course's corpus, in place."""
    data = Unsupervised(
        seed=recipe.seed,
        steps=recipe.steps,
        batch=recipe.batch,
        fade_from=round(recipe.shown * recipe.steps),
        off_from=round(recipe.fading * recipe.steps),
        previous_weight=0.3,
        induction_weight=0.3,
        wrong_answers=0.0,
        strangers=0.0,
        long_rows=0.25,
    )
    muon, adam = _optimisers(model, data)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    model.train()
    with Progress(*columns, TextColumn("{task.fields[loss]}")) as bar:
        task = bar.add_task(title, total=recipe.steps, loss="")
        source = batches(np.random.default_rng(recipe.seed), data)
        for step, batch in zip(range(recipe.steps), source, strict=False):
            guided = curriculum_factor(step, data)
            found = model(input_ids=batch.ids, output_attentions=guided > 0)
            each, weights = token_losses(found.logits, batch.ids), batch.weights[:, 1:]
            loss = total = (each * weights).sum() / weights.sum()
            if guided > 0:
                total = loss + guided * attention_loss(data, batch, [(p + 1e-9).log() for p in found.attentions])
            torch.autograd.backward(total)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            factor = rate_factor(step, data)
            muon.step(factor)
            adam.param_groups[0]["lr"] = data.adam_rate * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
            if step % 20 == 0 or step == recipe.steps - 1:
                bar.update(task, completed=step + 1, loss=f"loss {loss.item():.2f}")
    model.eval()


def token_losses(logits: Tensor, ids: Tensor) -> Tensor:
    """The loss of each predicted token, [batch, pos - 1]."""
    flat = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    return flat.view(len(ids), -1)


def _optimisers(model: Any, recipe: Unsupervised) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for the matrices of the layers, AdamW for embeddings, biases and norms."""
    inside = [
        p for name, p in model.named_parameters() if p.dim() == 2 and any(part.isdigit() for part in name.split("."))
    ]
    chosen = {id(p) for p in inside}
    rest = [p for p in model.parameters() if id(p) not in chosen]
    adam = torch.optim.AdamW(rest, lr=recipe.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    return Muon(inside, recipe.muon_rate, recipe.muon_decay), adam


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


def folder_of(family: str, out: Path) -> Path:
    """Where a family's trained model lies under `out`."""
    return out / family.lower().replace(" ", "-")


def made(family: str, out: Path, recipe: Recipe | None = None, sizes: Sizes | None = None) -> Path:
    """The directory of a family's trained model under `out`: trained first where it is not there."""
    recipe, sizes = recipe or Recipe(), sizes or Sizes()
    folder = folder_of(family, out)
    asked = {"recipe": asdict(recipe), "sizes": asdict(sizes)}
    kept = folder / MEASURES
    if kept.is_file() and {**json.loads(kept.read_text()), **asked} == json.loads(kept.read_text()):
        return folder
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        started = time.process_time()
        # A head copies a token sooner where reading and writing tokens are one matrix.
        model = fresh(FAMILIES[family], sizes, recipe.seed, tie_word_embeddings=True)
        prepare(model, recipe.seed)
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
    parser.add_argument(
        "--only", nargs="*", default=list(FAMILIES), choices=list(FAMILIES), metavar="FAMILY", help=", ".join(FAMILIES)
    )
    parser.add_argument("--out", type=Path, default=Path("outputs/families"))
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    asked = parser.parse_args(None if arguments is None else list(arguments))
    for family in asked.only:
        folder = made(family, asked.out, Recipe(seed=asked.seed, steps=asked.steps))
        print(f"{family}: {measures_of(folder)}")


if __name__ == "__main__":
    main()
