"""Measurements of a sparse autoencoder on the course model's activations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .corpus import sentence_is_held_out, text_row
from .prompts import LABELLED_CONCEPTS, Judging, concepts_at, mixed_prompts
from .tokenizer import token_ids
from .words import END_OF_TEXT

JUDGING: tuple[Judging, ...] = ("held_out", "unseen")

# More plain sentences than in the model's own training, so that every concept is seen often.
SHARES = {
    "ioi": 0.1,
    "distracted": 0.1,
    "last": 0.05,
    "three": 0.03,
    "short": 0.05,
    "fact": 0.17,
    "name": 0.25,
    "filler": 0.25,
}


def token_rows(
    rng: np.random.Generator,
    rows: int,
    length: int = 128,
    *,
    held_out: bool | None = False,
    without: Collection[str] = (),
) -> Tensor:
    """Rows of course text as token ids.

    Args:
        held_out: none of the sentences held out from SAE training, or only such; None for all.
        without: no sentence has one of these words.
    """
    known = token_ids()

    def skip(text: str) -> bool:
        unwanted = held_out is not None and sentence_is_held_out(text) != held_out
        return unwanted or any(word in text for word in without)

    texts = (text_row(rng, length, SHARES, bos=1.0, skip=skip).tokens for _ in range(rows))
    return torch.tensor([[known[token] for token in tokens] for tokens in texts])


def activations(model: Any, hook_name: str, ids: Tensor, end: int | None = None) -> Tensor:
    """Activations [token, width] at a hook, without those of the text ends.

    Args:
        end: the token that opens and closes texts; the tokenizer's end of text where it is left out.
    """
    kept: list[Tensor] = []
    end = model.tokenizer.eos_token_id if end is None else end
    # "blocks.1.hook_resid_post" needs no layer after 1.
    enough = int(hook_name.split(".")[1]) + 1
    with torch.no_grad():
        for part in torch.split(ids, 64):
            _, cache = model.run_with_cache(part, names_filter=hook_name, stop_at_layer=enough)
            kept.append(cache[hook_name][part != end])
    return torch.cat(kept).clone()


def shuffled_batches(pool: Tensor, batch: int, seed: int) -> Iterator[Tensor]:
    """Endless batches from a pool of activations, shuffled anew for every pass."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(pool), generator=generator)
        for start in range(0, len(pool) - batch + 1, batch):
            yield pool[order[start : start + batch]]


@dataclass(frozen=True)
class Fit:
    """How well an SAE rebuilds held-out activations."""

    explained_variance: float
    l0: float
    dead: float
    tokens: int
    loss: float
    spliced_loss: float
    ablated_loss: float

    @property
    def loss_recovered(self) -> float:
        """1 when splicing the SAE in costs nothing, 0 when it costs as much as zeroing the activation."""
        return (self.ablated_loss - self.spliced_loss) / (self.ablated_loss - self.loss)


def fit(model: Any, sae: Any, hook_name: str, rows: int = 256, seed: int = 1_000_003) -> Fit:
    """How well an SAE does on the course's held-out text."""
    ids = token_rows(np.random.default_rng(seed), rows, held_out=True)
    return fit_on(model, sae, hook_name, ids, model.tokenizer.eos_token_id)


def fit_on(model: Any, sae: Any, hook_name: str, ids: Tensor, end: int, rows: int = 64) -> Fit:
    """Explained variance over all dimensions together, L0, and the share of latents that never fire, on some texts.

    Args:
        ids: texts as rows of tokens.
        end: the token that opens and closes them.
        rows: of how many of them the losses are measured.
    """
    x = activations(model, hook_name, ids, end)
    with torch.no_grad():
        latents = sae.encode(x)
        residual = x - sae.decode(latents)
    variance = (x - x.mean(0)).pow(2).sum()

    def loss(change: str) -> float:
        some = ids[:rows]

        def splice(value: Tensor, hook: Any) -> Tensor:
            new = sae.decode(sae.encode(value)) if change == "sae" else torch.zeros_like(value)
            # The SAE was not trained on text ends: they stay as they are.
            return torch.where((some == end)[..., None], value, new)

        hooks = [] if change == "none" else [(hook_name, splice)]
        with torch.no_grad():
            logits = model.run_with_hooks(some, fwd_hooks=hooks)
        return float(-logits[:, :-1].log_softmax(-1).gather(2, some[:, 1:, None]).mean())

    return Fit(
        explained_variance=1 - (residual.pow(2).sum() / variance).item(),
        l0=(latents > 0).float().sum(-1).mean().item(),
        dead=((latents > 0).sum(0) == 0).float().mean().item(),
        tokens=len(x),
        loss=loss("none"),
        spliced_loss=loss("sae"),
        ablated_loss=loss("zero"),
    )


@dataclass(frozen=True)
class ConceptLatent:
    """The latent that stands best for a concept: chosen on some sentences, judged on others.

    `reading`: "here" when the latent fires on a word of the concept, "next" when it fires on the word before one.
    `held_out_f1` is on sentences of the same templates that neither SAE training nor the choosing saw, `unseen_f1`
    on templates that nothing ever saw.
    """

    concept: str
    reading: str
    latent: int
    threshold: float
    chosen_f1: float
    held_out_f1: float
    unseen_f1: float


def concept_latents(model: Any, sae: Any, hook_name: str, count: int = 500, seed: int = 5) -> list[ConceptLatent]:
    """For every concept and reading the latent and threshold of the best F1 on one set of sentences, and its F1 on two others."""
    chosen, labels = _labelled_latents(model, sae, hook_name, mixed_prompts(count, seed))
    judged = {part: _labelled_latents(model, sae, hook_name, mixed_prompts(count, seed + 1, part)) for part in JUDGING}
    peaks = chosen.max(0).values
    truth = torch.stack(list(labels.values()))
    shares = np.arange(0.0, 0.8, 0.05).tolist()
    scores = torch.stack([_f1(chosen > share * peaks, truth) for share in shares])
    found: list[ConceptLatent] = []
    for row, (concept, reading) in enumerate(labels):
        share, latent = divmod(int(scores[:, row].argmax()), scores.shape[-1])
        threshold = shares[share] * peaks[latent].item()
        held_out, unseen = (
            _f1(latents[:, [latent]] > threshold, marks[concept, reading][None]).item()
            for latents, marks in judged.values()
        )
        f1 = scores[share, row, latent].item()
        found.append(ConceptLatent(concept, reading, latent, threshold, f1, held_out, unseen))
    return found


def _labelled_latents(
    model: Any, sae: Any, hook_name: str, sentences: Sequence[tuple[str, ...]]
) -> tuple[Tensor, dict[tuple[str, str], Tensor]]:
    known = token_ids()
    end = known[END_OF_TEXT]
    rows = [torch.tensor([end, *(known[t] for t in tokens)]) for tokens in sentences]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=end)
    with torch.no_grad():
        latents = sae.encode(activations(model, hook_name, ids))
    marked = [concepts_at(tokens) for tokens in sentences]
    here = [concepts for sentence in marked for concepts in sentence]
    # Nothing follows a sentence's last token, so nothing can be expected there.
    after = [concepts for sentence in marked for concepts in (*sentence[1:], set[str]())]
    labels = {(c, "here"): torch.tensor([c in of for of in here]) for c in LABELLED_CONCEPTS}
    labels |= {(c, "next"): torch.tensor([c in of for of in after]) for c in LABELLED_CONCEPTS}
    return latents, labels


def _f1(fires: Tensor, labels: Tensor) -> Tensor:
    """F1 [label, latent] of what fires [token, latent] against labels [label, token]."""
    both = labels.float() @ fires.float()
    return 2 * both / (fires.sum(0)[None, :] + labels.sum(1)[:, None]).clamp_min(1)
