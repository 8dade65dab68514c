"""Train a transcoder for every MLP of a model: `python -m interp.train_transcoder --model DIR --out DIR`.

A transcoder reads what the MLP reads, the stream behind its LayerNorm, and imitates what the MLP writes by a few active latents. sae-lens 6 loads
transcoders and does not train them. So the loop is here. It is BatchTopK (Bussmann et al. 2024, https://arxiv.org/abs/2412.06410): the latents of a
batch share their budget. At the end the smallest activation that the budget let through, averaged over the last tenth of the steps, becomes the
threshold of a JumpReLU, so that a token's latents depend on no other token.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sae_lens import JumpReLUTranscoder, JumpReLUTranscoderConfig
from sae_lens.saes.sae import SAEMetadata
from torch import Tensor, nn

from mechgrade.bench.transformer_lens.model import load_model

from .attribution import read_hook, write_hook
from .half import store_in_half
from .latents import activations, shuffled_batches, token_rows

#: The weights' file in sae-lens's format.
WEIGHTS = "sae_weights.safetensors"


@dataclass(frozen=True)
class TranscoderRecipe:
    """Everything that a run depends on, beside the code."""

    seed: int = 0
    latents: int = 512
    k: int = 8
    rows: int = 1600
    steps: int = 3000
    batch: int = 1024
    rate: float = 2e-3
    # A latent that is silent for this many steps helps to explain what the others leave over.
    dead_window: int = 50
    aux: float = 0.03
    aux_k: int = 32
    threads: int = 1


def fit_transcoder(recipe: TranscoderRecipe, pool: Tensor, width: int, progress: str = "") -> dict[str, Tensor]:
    """Train on a pool of inputs and outputs side by side, [token, input and output].

    Args:
        recipe: of the run.
        pool: what the MLP reads, and behind it what it writes, for each token.
        width: of the part that it reads.
        progress: a name to report under now and then; without one, nothing is printed.

    Returns:
        The parameters of a JumpReLU transcoder, by sae-lens's names. All decoder rows have length 1.
    """
    generator = torch.Generator().manual_seed(recipe.seed)
    middle = pool[:, width:].mean(0)
    # Outputs of a mean square of 1, whatever the MLP's are.
    unit = (pool[:, width:] - middle).pow(2).mean().sqrt()
    decoder = torch.randn(recipe.latents, len(middle), generator=generator)
    decoder = nn.Parameter(decoder / decoder.norm(dim=1, keepdim=True))
    encoder = nn.Parameter(torch.randn(width, recipe.latents, generator=generator) / width**0.5)
    bias, shift = nn.Parameter(torch.zeros(recipe.latents)), nn.Parameter(torch.zeros(len(middle)))
    parameters = [encoder, bias, decoder, shift]
    adam = torch.optim.Adam(parameters, lr=recipe.rate)
    # The scheduler wants more than one step of warming up.
    warm_up = max(0.05, 2 / recipe.steps)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, recipe.rate, total_steps=recipe.steps, pct_start=warm_up)
    silent = torch.zeros(recipe.latents, dtype=torch.int64)
    batches = shuffled_batches(pool, recipe.batch, recipe.seed)
    smallest: list[Tensor] = []
    for step in range(recipe.steps):
        both = next(batches)
        wanted = (both[:, width:] - middle) / unit
        pre = both[:, :width] @ encoder + bias
        sizes = pre.relu() * decoder.norm(dim=1)
        edge = sizes.flatten().topk(recipe.k * len(both)).values[-1]
        latents = torch.where(sizes >= edge, pre.relu(), 0)
        left = wanted - latents @ decoder - shift
        loss = left.pow(2).mean()
        silent = torch.where((latents > 0).any(0), 0, silent + 1)
        dead = silent > recipe.dead_window
        if dead.any():
            chosen = torch.where(dead, pre, -torch.inf).topk(min(recipe.aux_k, int(dead.sum())), dim=1)
            helpers = torch.zeros_like(pre).scatter(1, chosen.indices, chosen.values.relu())
            loss = loss + recipe.aux * (left.detach() - helpers @ decoder).pow(2).mean()
        adam.zero_grad()
        torch.autograd.backward(loss)
        adam.step()
        schedule.step()
        if step >= recipe.steps * 0.9:
            smallest.append(edge.detach())
        if progress and step % 500 == 0:
            print(
                f"{progress}, step {step}: {left.pow(2).mean():.3f} of the variance left, {int(dead.sum())} silent",
                flush=True,
            )
    with torch.no_grad():
        norms = decoder.norm(dim=1)
        # A latent's activation is how long a step it adds to what the MLP writes.
        scale = norms * unit
        return {
            "W_enc": encoder * scale,
            "b_enc": bias * scale,
            "W_dec": decoder / norms[:, None],
            "b_dec": shift * unit + middle,
            "threshold": torch.stack(smallest).mean() * unit * torch.ones(recipe.latents),
        }


def as_transcoder(parameters: dict[str, Tensor], metadata: dict[str, Any]) -> JumpReLUTranscoder:
    """A transcoder of sae-lens with these parameters."""
    width, count = parameters["W_enc"].shape
    config = JumpReLUTranscoderConfig(
        d_in=width,
        d_sae=count,
        d_out=parameters["W_dec"].shape[1],
        apply_b_dec_to_input=False,
        metadata=SAEMetadata(**metadata),
    )
    transcoder = JumpReLUTranscoder(config)
    transcoder.load_state_dict(parameters)
    return transcoder.eval()


def _pools(model: Any, recipe: TranscoderRecipe) -> Iterator[Tensor]:
    """For each layer, what its MLP reads and writes on course text."""
    rows = token_rows(np.random.default_rng(recipe.seed), recipe.rows)
    for layer in range(model.cfg.n_layers):
        yield torch.cat([activations(model, hook(layer), rows) for hook in (read_hook, write_hook)], dim=1)


def train_transcoders(recipe: TranscoderRecipe, model_dir: Path, out: Path) -> None:
    """Train one for each MLP, and save them in sae-lens's format, `mlp-0` and so on, with their weights in bfloat16."""
    torch.set_num_threads(recipe.threads)
    started, on_processor = time.monotonic(), time.process_time()
    model = load_model(str(model_dir), local=True, backend="bridge")
    for layer, pool in enumerate(_pools(model, recipe)):
        parameters = fit_transcoder(recipe, pool, model.cfg.d_model, progress=f"MLP {layer}")
        metadata = {"model_name": f"mechgrade-{model_dir.name}", "context_size": 128, "prepend_bos": True}
        metadata |= {"hook_name": read_hook(layer), "hook_name_out": write_hook(layer)}
        folder = out / f"mlp-{layer}"
        as_transcoder(parameters, metadata).save_model(folder)
        store_in_half(folder / WEIGHTS)
    record = {
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - started),
        "cpu_seconds": round(time.process_time() - on_processor),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "transformer-lens", "sae-lens")},
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="directory of the model")
    parser.add_argument("--out", type=Path, required=True, help="directory that gets mlp-0, mlp-1, …")
    for name, value in asdict(TranscoderRecipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), help=f"by default {value}")
    options = vars(parser.parse_args(arguments))
    model_dir, out = options.pop("model"), options.pop("out")
    train_transcoders(
        TranscoderRecipe(**{name: value for name, value in options.items() if value is not None}), model_dir, out
    )


if __name__ == "__main__":
    main()
