"""Measure what a published fact speaks of, on a bench. Each function is named by the facts' data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from mechgrade.bench.transformer_lens.bench import Bench

Heads = list[list[int]]

#: Prompts after Wang et al. 2022: the example sentence of section 3, and a template of appendix E. First the indirect object, then the subject.
_NAMES = (("Mary", "John"), ("Tom", "James"), ("Dan", "Sid"), ("Martin", "Amy"))
_TEMPLATES = (
    "When {io} and {s} went to the store, {s} gave a drink to",
    "Then, {io} and {s} had a long argument, and afterwards {s} said to",
)

#: Plain sentences of four kinds, for an autoencoder's statistics.
_TEXTS = (
    "The city council met on Tuesday to discuss the new budget, which includes more money for schools and public transport.",
    "Researchers at the university have found that the protein folds in two steps, the second of which is reversible.",
    "He looked out of the window for a long time before he answered, and when he did, his voice was very quiet.",
    "To install the package, download the archive, unpack it into a directory of its own and run the script inside.",
)


class CannotMeasureError(ValueError):
    """The model lacks what a fact speaks of; the text says what."""


def size(bench: Bench, *, field: str) -> int:
    """A number of the configuration."""
    return int(getattr(bench.model.cfg, field))


def cached(bench: Bench) -> int:
    """How many activations a full cache holds."""
    with torch.no_grad():
        _, cache = bench.model.run_with_cache(bench.integers(0, bench.d_vocab, (1, 4), 0))
    return len(cache)


def rank(bench: Bench, *, prompt: str, answer: str) -> int:
    """The place of a token among the next ones, most likely first; 0 is the first."""
    logits = bench.run(bench.tokens(prompt))[0, -1]
    return int((logits > logits[_token(bench, answer)]).sum())


def induction_heads(bench: Bench, *, batch: int, half: int, above: float) -> Heads:
    """The heads whose attention from a repeated token to the one after its first occurrence is above a bound, on average."""
    patterns = bench.patterns(bench.repeated_tokens(batch, half, 0))
    scores = patterns.diagonal(1 - half, dim1=-2, dim2=-1).mean((1, 3))
    return [list(map(int, pair)) for pair in (scores > above).nonzero()]


def ioi_logit_difference(bench: Bench) -> float:
    """The mean of logit(indirect object) - logit(subject) over eight prompts, in nats."""
    differences = []
    for prompt, io, s in _ioi(bench):
        logits = bench.run(bench.tokens(prompt))[0, -1]
        differences.append(float(logits[io] - logits[s]))
    return sum(differences) / len(differences)


def name_movers(bench: Bench, *, count: int) -> Heads:
    """The heads with the largest direct effect on that difference, largest first."""
    total: Tensor | None = None
    for prompt, io, s in _ioi(bench):
        effect = _direct_effects(bench, prompt, io, s)
        total = effect if total is None else total + effect
    assert total is not None
    order = total.flatten().topk(min(count, total.numel())).indices
    return [[int(place) // bench.n_heads, int(place) % bench.n_heads] for place in order]


def _direct_effects(bench: Bench, prompt: str, io: int, s: int) -> Float[Tensor, "layer head"]:
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(bench.n_layers)]
    cache = bench.cache(bench.tokens(prompt), [*names, "ln_final.hook_scale"])
    direction = (bench.model.W_U[:, io] - bench.model.W_U[:, s]) / cache["ln_final.hook_scale"][0, -1]
    rows = [
        torch.einsum("hd,hdm,m->h", cache[name][0, -1], bench.model.W_O[layer], direction)
        for layer, name in enumerate(names)
    ]
    return torch.stack(rows)


def sae_l0(bench: Bench) -> float:
    """How many latents fire at a position, on average, without the first one."""
    latents, _, _ = _through_sae(bench)
    return float((latents > 0).sum(-1).double().mean())


def sae_explained_variance(bench: Bench) -> float:
    """1 - residual variance / variance, over positions without the first one."""
    _, activations, rebuilt = _through_sae(bench)
    residual = (activations - rebuilt).pow(2).sum(-1).mean()
    return float(1 - residual / (activations - activations.mean(0)).pow(2).sum(-1).mean())


def _through_sae(bench: Bench) -> tuple[Tensor, Tensor, Tensor]:
    name = bench.sae.cfg.metadata.hook_name
    with torch.no_grad():
        parts = [bench.cache(bench.tokens(text), [name])[name][0, 1:] for text in _TEXTS]
        activations = torch.cat(parts)
        latents = bench.sae.encode(activations)
        return latents, activations, bench.sae.decode(latents)


def _ioi(bench: Bench) -> list[tuple[str, int, int]]:
    return [
        (template.format(io=io, s=s), _token(bench, f" {io}"), _token(bench, f" {s}"))
        for template in _TEMPLATES
        for io, s in _NAMES
    ]


def _token(bench: Bench, text: str) -> int:
    ids = bench.model.tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise CannotMeasureError(f"{text!r} is {len(ids)} tokens in this model's vocabulary, and has to be one")
    return int(ids[0])


MEASURES: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        size,
        cached,
        rank,
        induction_heads,
        ioi_logit_difference,
        name_movers,
        sae_l0,
        sae_explained_variance,
    )
}
