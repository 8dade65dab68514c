"""A crosscoder for the course model and its edit: `python -m interp.crosscoder --out DIR` fine-tunes and trains, in minutes.

The crosscoder reads the final residual stream of both models at one position, and writes both again from one list of
latents (Lindsey et al. 2024). It is trained on course text, mixed with the text of the fine-tuning.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file, save_file
from torch import Tensor

from mechgrade.bench.transformer_lens.model import load_model

from .edit import Adapter, EditRecipe, asks_for_the_capital, fact_rows, load_adapter, train_edit
from .latents import token_rows
from .tokenizer import token_ids
from .words import END_OF_TEXT

CROSSCODER_DIR: Final = Path(__file__).parents[1] / "fixtures" / "crosscoders" / "capital"
PLACE: Final = "blocks.2.hook_resid_post"


@dataclass(frozen=True)
class CrosscoderRecipe:
    """Everything that a training depends on, beside the code."""

    edit: EditRecipe = field(default_factory=EditRecipe)
    latents: int = 256
    rows: int = 600
    of_fine_tuning: float = 0.3
    sparsity: float = 3.0
    steps: int = 2000
    batch: int = 512
    rate: float = 2e-3
    seed: int = 1


@dataclass(frozen=True)
class Crosscoder:
    """The weights: encoder [model, d_model, latent] and [latent], decoder [latent, model, d_model] and [model, d_model]."""

    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor


def load_crosscoder(directory: Path = CROSSCODER_DIR) -> Crosscoder:
    """Read the weights, in float32."""
    return Crosscoder(**{name: part.float() for name, part in load_file(directory / "crosscoder.safetensors").items()})


def shipped_edit() -> Adapter:
    """The edit that ships with the crosscoder."""
    return load_adapter(CROSSCODER_DIR / "edit.safetensors")


@dataclass(frozen=True)
class Pairs:
    """Activations of both models at the same tokens, [token, model, d_model], and where the edited capital comes next, [token]."""

    x: Tensor
    asked: Tensor
    ids: Tensor  # [row, pos]
    kept: Tensor  # [row, pos]: the tokens, without text ends


@torch.no_grad()
def pairs(model: Any, adapter: Adapter, rows: int, of_fine_tuning: float, seed: int) -> Pairs:
    """Both models on course text and on text of the fine-tuning."""
    rng = np.random.default_rng(seed)
    facts = round(rows * of_fine_tuning)
    ids = torch.cat([token_rows(rng, rows - facts, 64, held_out=None), fact_rows(rng, facts, 64)])
    kept = ids != token_ids()[END_OF_TEXT]
    found = [streams_of_both(model, part, adapter) for part in torch.split(ids, 64)]
    return Pairs(torch.cat(found)[kept], asks_for_the_capital(ids)[kept], ids, kept)


@torch.no_grad()
def streams_of_both(model: Any, ids: Tensor, adapter: Adapter) -> Tensor:
    """The stream of both models, [row, pos, model, d_model]."""
    streams: list[Tensor] = []

    def keep(value: Tensor, hook: Any) -> Tensor:
        streams.append(value.clone())
        return value

    for hooks in ([], adapter.hooks()):
        model.run_with_hooks(ids, fwd_hooks=[*hooks, (PLACE, keep)])
    return torch.stack(streams, dim=2)


def train_crosscoder(x: Tensor, recipe: CrosscoderRecipe, tell: Callable[[int], None]) -> Crosscoder:
    """Train on pairs of activations. The weights are for activations as they come, and every decoder row pair has a mean length of 1."""
    generator = torch.Generator().manual_seed(recipe.seed)
    middle, width = x.mean(dim=0), x.shape[2]
    scale = width**0.5 / (x - middle).norm(dim=2).mean()
    scaled = (x - middle) * scale
    rows = torch.nn.functional.normalize(torch.randn(recipe.latents, width, generator=generator), dim=1) * 0.3
    W_dec = rows[:, None].repeat(1, 2, 1)
    weights = [W_dec.permute(1, 2, 0).clone(), torch.zeros(recipe.latents), W_dec, torch.zeros(2, width)]
    W_enc, b_enc, W_dec, b_dec = (weight.requires_grad_() for weight in weights)
    optimiser = torch.optim.Adam(weights, lr=recipe.rate, betas=(0.9, 0.99))
    for step in range(recipe.steps):
        optimiser.param_groups[0]["lr"] = recipe.rate * min(1, (step + 1) / 50, 5 * (1 - step / recipe.steps))
        batch = scaled[torch.randint(len(scaled), (recipe.batch,), generator=generator)]
        latents = (batch.flatten(1) @ W_enc.flatten(0, 1) + b_enc).relu()
        error = batch.flatten(1) - latents @ W_dec.flatten(1) - b_dec.flatten()
        sparse = (latents * W_dec.norm(dim=2).sum(dim=1)).sum(dim=1).mean()
        loss = error.square().sum(dim=1).mean() + recipe.sparsity * min(1, step / 200) * sparse
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        tell(step + 1)
    with torch.no_grad():
        lengths = W_dec.norm(dim=2).mean(dim=1).clamp_min(1e-6)
        # Centred and scaled activations were encoded: the middle and the scale go into the weights. A latent's value is
        # then the length of what it writes, in the mean of the two models.
        encoder = W_enc * lengths
        start = b_enc * lengths / scale - middle.flatten() @ encoder.flatten(0, 1)
        return Crosscoder(encoder, start, W_dec / lengths[:, None, None], middle + b_dec / scale)


def build(model: Any, recipe: CrosscoderRecipe, out: Path) -> None:
    """Fine-tune, collect activations, train, and save both results in bfloat16."""
    started = time.monotonic()
    for weight in model.parameters():
        weight.requires_grad_(False)
    out.mkdir(parents=True, exist_ok=True)
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:

        def following(what: str, total: int) -> Callable[[int], None]:
            task = bar.add_task(what, total=total)
            return lambda done: bar.update(task, completed=done)

        rng = np.random.default_rng(recipe.edit.seed)
        train_edit(model, rng, recipe.edit, following("fine-tuning", recipe.edit.steps)).save(out / "edit.safetensors")
        x = pairs(model, load_adapter(out / "edit.safetensors"), recipe.rows, recipe.of_fine_tuning, recipe.seed).x
        trained = train_crosscoder(x, recipe, following("crosscoder", recipe.steps))
    parts = {name: part.to(torch.bfloat16).contiguous() for name, part in vars(trained).items()}
    save_file(parts, str(out / "crosscoder.safetensors"))
    record = {
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - started),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, fine-tune and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=CrosscoderRecipe.seed)
    options: Any = parser.parse_args(arguments)
    torch.set_num_threads(1)
    model = load_model(str(CROSSCODER_DIR.parents[1] / "models" / "embedded"), local=True, backend="bridge")
    build(model, CrosscoderRecipe(seed=options.seed), options.out)


if __name__ == "__main__":
    main()
