"""Train a sparse autoencoder with sae-lens's own trainer, measure it on held-out text, and save it with its card.

What is measured is what was saved and loaded again: of some kinds sae-lens saves another form than it trains.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sae_lens
import torch
from sae_lens.config import SAETrainerConfig
from sae_lens.saes.sae import SAEMetadata
from sae_lens.training.sae_trainer import SAETrainer
from torch import Tensor

from interp.latents import Fit, activations, fit_on, shuffled_batches
from interp.make_sae.kinds import KINDS
from interp.make_sae.texts import Texts, texts_for

if TYPE_CHECKING:
    from mechgrade.bench.transformer_lens.bench import Bench

#: Opens a step of the work, by its name and how long it is if that is known; gives what is told of progress.
Stage = Callable[[str, int | None], Callable[[int], None]]

#: Bytes that the logits of one measurement may take.
_LOGITS = 400_000_000
#: Batches from which sae-lens estimates how long activations are, before it trains.
ESTIMATE = 20


@dataclass(frozen=True)
class Recipe:
    """Everything that a training depends on, beside the code and the text."""

    kind: str
    hook: str
    latents: int
    active: int
    penalty: float
    tokens: int
    seed: int
    passes: int = 2
    rate: float = 2e-3

    @property
    def batch(self) -> int:
        """Activations in a batch: few where there is little text, so that there are some hundred steps."""
        return min(max(self.tokens * self.passes // 400, 64), 512)

    @property
    def steps(self) -> int:
        """Batches that are trained on."""
        return self.tokens * self.passes // self.batch


def make(bench: Bench, recipe: Recipe, text: str, model: str, out: Path, stage: Stage) -> dict[str, str]:
    """Make an autoencoder in a folder: the folder is there as a whole at the end, or not at all.

    Args:
        bench: with the model.
        text: see :func:`interp.make_sae.texts.texts_for`.
        model: its name, for people.
        out: a folder that is empty or not there.

    Returns:
        what was measured, in words; the card in the folder has it, too.

    Raises:
        TextError: there is no such text, or too little of it.
        OSError: the disk is full, or the folder cannot be written.
    """
    length = min(128, bench.n_ctx)
    texts = texts_for(bench, text, recipe.tokens, length, recipe.seed, stage("text", None))
    tell, parts = stage("activations", len(texts.train)), []
    for rows in torch.split(texts.train, 64):
        parts.append(activations(bench.model, recipe.hook, rows, bench.bos))
        tell(len(rows))
    pool = torch.cat(parts)
    trained = fit_sae(recipe, pool, model, length, stage("training", recipe.steps + ESTIMATE))
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        trained.save_inference_model(temporary)
        saved = sae_lens.SAE.load_from_disk(str(temporary), device=str(pool.device)).eval()
        tell = stage("measuring", 1)
        at_once = max(min(64, _LOGITS // (4 * length * bench.d_vocab)), 1)
        fit = fit_on(bench.model, saved, recipe.hook, texts.held_out, bench.bos, at_once)
        tell(1)
        measured = _measured(fit)
        card = card_of(measured, recipe, model, texts, type(saved).__name__)
        (temporary / "README.md").write_text(card, encoding="utf-8")
        (temporary / "training.json").write_text(json.dumps(_record(recipe, texts), indent=2) + "\n", encoding="utf-8")
        temporary.replace(out)  # an empty folder may stand there
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return measured


def fit_sae(recipe: Recipe, pool: Tensor, model: str, length: int, tell: Callable[[int], None]) -> Any:
    """Train on a pool of activations [token, width].

    Args:
        model: the model's name, for the autoencoder's own metadata.
        length: tokens of a text, for the metadata.
        tell: told of each step.
    """
    kind, steps = KINDS[recipe.kind], recipe.steps
    made, config = (getattr(sae_lens, name) for name in kind.classes)
    device = str(pool.device)
    torch.manual_seed(recipe.seed)
    metadata = SAEMetadata(model_name=model, hook_name=recipe.hook, context_size=length, prepend_bos=True)
    settings = kind.settings(recipe.latents, recipe.active, recipe.penalty, steps)
    sae = made(
        config(
            d_in=pool.shape[1],
            d_sae=recipe.latents,
            device=device,
            normalize_activations="expected_average_only_in",
            metadata=metadata,
            **settings,
        )
    )
    trainer = SAETrainer(
        cfg=SAETrainerConfig(
            total_training_samples=steps * recipe.batch,
            train_batch_size_samples=recipe.batch,
            device=device,
            lr=recipe.rate,
            lr_end=recipe.rate / 40,
            lr_scheduler_name="cosineannealing",
            lr_warm_up_steps=steps // 20,
            dead_feature_window=min(50, max(steps // 4, 1)),
            n_batches_for_norm_estimate=ESTIMATE,
        ),
        sae=sae,
        data_provider=_told(shuffled_batches(pool, recipe.batch, recipe.seed), tell),
    )
    # Its own bar would stand beside the course's.
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return trainer.fit()


def _told(batches: Iterator[Tensor], tell: Callable[[int], None]) -> Iterator[Tensor]:
    for batch in batches:
        tell(1)
        yield batch


def _measured(fit: Fit) -> dict[str, str]:
    recovered = f"{fit.loss_recovered:.1%}" if fit.ablated_loss != fit.loss else "none: zeroing costs nothing"
    return {
        "explained variance": f"{fit.explained_variance:.3f}",
        "L0: latents active on a token": f"{fit.l0:.1f}",
        f"latents that never fire on {fit.tokens:,} tokens": f"{fit.dead:.1%}",
        "loss of the model": f"{fit.loss:.3f}",
        "… with the SAE's output in the activation's place": f"{fit.spliced_loss:.3f}",
        "… with zeros in the activation's place": f"{fit.ablated_loss:.3f}",
        "share of the loss recovered": recovered,
    }


def card_of(measured: dict[str, str], recipe: Recipe, model: str, texts: Texts, saved_as: str) -> str:
    """README.md: what was measured, and how the autoencoder came about."""
    kind = KINDS[recipe.kind]
    without = {"kind", "hook", "penalty" if kind.counts else "active"}
    how = ", ".join(f"{name} {value}" for name, value in asdict(recipe).items() if name not in without)
    rows = "\n".join(f"| {name} | {value} |" for name, value in measured.items())
    return f"""# A sparse autoencoder for {model}

{recipe.kind}: {kind.says}. sae-lens loads it as `{saved_as}`. It belongs at `{recipe.hook}` of {model}.

| measured on held-out text | value |
|---|---|
{rows}

**How it was trained.** {how[0].upper()}{how[1:]}. Text: {texts.source}. Start tokens and ends of texts are left out.
"""


def _record(recipe: Recipe, texts: Texts) -> dict[str, Any]:
    versions = {name: version(name) for name in ("torch", "transformer-lens", "sae-lens")}
    return {
        "recipe": asdict(recipe),
        "text": texts.source,
        "versions": {"python": platform.python_version()} | versions,
    }
