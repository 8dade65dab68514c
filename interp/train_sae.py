"""Train the course SAE with sae-lens: `python -m interp.train_sae --model DIR --out DIR`."""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from sae_lens.config import LoggingConfig, SAETrainerConfig
from sae_lens.saes.sae import SAEMetadata
from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.training.sae_trainer import SAETrainer
from torch import Tensor

from mechgrade.bench.transformer_lens.model import load_model

from .latents import activations, shuffled_batches, token_rows


@dataclass(frozen=True)
class SAERecipe:
    """Everything that a run depends on, beside the code."""

    seed: int = 0
    hook_name: str = "blocks.1.hook_resid_post"
    latents: int = 512
    k: int = 14
    rows: int = 1600
    samples: int = 400_000
    batch: int = 512
    rate: float = 2e-3
    final_rate: float = 5e-5
    # The library's default of 1 left next to no latent silent, but also fewer clean ones (measured with k = 12).
    aux: float = 0.03
    # A latent that is silent for this many steps takes part in the auxiliary loss.
    dead_window: int = 50
    threads: int = 1


def fit_sae(recipe: SAERecipe, pool: Tensor) -> TopKTrainingSAE:
    """Train a TopK SAE on a pool of activations [token, width]."""
    torch.manual_seed(recipe.seed)
    sae = TopKTrainingSAE(
        TopKTrainingSAEConfig(
            d_in=pool.shape[1],
            d_sae=recipe.latents,
            k=recipe.k,
            aux_loss_coefficient=recipe.aux,
            normalize_activations="expected_average_only_in",
            metadata=SAEMetadata(
                model_name="mechgrade-embedded",
                hook_name=recipe.hook_name,
                context_size=128,
                prepend_bos=True,
            ),
        )
    )
    steps = recipe.samples // recipe.batch
    trainer = SAETrainer(
        cfg=SAETrainerConfig(
            total_training_samples=recipe.samples,
            train_batch_size_samples=recipe.batch,
            lr=recipe.rate,
            lr_end=recipe.final_rate,
            lr_scheduler_name="cosineannealing",
            lr_warm_up_steps=steps // 20,
            dead_feature_window=recipe.dead_window,
            n_batches_for_norm_estimate=20,
            logger=LoggingConfig(log_to_wandb=False),
        ),
        sae=sae,
        data_provider=shuffled_batches(pool, recipe.batch, recipe.seed),
    )
    trained = trainer.fit()
    assert isinstance(trained, TopKTrainingSAE)
    return trained


def train_sae(recipe: SAERecipe, model_dir: Path, out: Path) -> None:
    """Collect the processed model's activations on course text, train on them, save in sae-lens's format."""
    torch.set_num_threads(recipe.threads)
    started = time.monotonic()
    model = load_model(str(model_dir), local=True, backend="bridge")
    rows = token_rows(np.random.default_rng(recipe.seed), recipe.rows)
    trained = fit_sae(recipe, activations(model, recipe.hook_name, rows))
    out.mkdir(parents=True, exist_ok=True)
    trained.save_inference_model(out)
    record = {
        "recipe": asdict(recipe),
        "seconds": round(time.monotonic() - started),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("torch", "transformer-lens", "sae-lens")},
    }
    (out / "training.json").write_text(json.dumps(record, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    for name, kind in (
        ("seed", int),
        ("hook-name", str),
        ("latents", int),
        ("k", int),
        ("samples", int),
        ("rate", float),
    ):
        parser.add_argument(f"--{name}", type=kind)
    options = vars(parser.parse_args(arguments))
    model_dir, out = options.pop("model"), options.pop("out")
    train_sae(SAERecipe(**{name: value for name, value in options.items() if value is not None}), model_dir, out)


if __name__ == "__main__":
    main()
