"""Interventions on sets of heads, on prompts with two names: from the other run, from a mean, and what is written then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from .circuits import Head, answer_ids, padded_ids
from .prompts import ioi_prompts

Kind = Literal["clean", "corrupted", "mean"]


@dataclass(frozen=True)
class Written:
    """What components write towards the answer at the last position, before the final LayerNorm divides by its scale."""

    names: list[str]  # one for each head, then one for each MLP
    towards: Tensor  # [component, prompt]
    scale: Tensor  # [prompt]


class NameRuns:
    """Clean and corrupted runs of a model on the held-out prompts of its card, and runs with heads replaced.

    Attributes:
        heads: all heads, as (layer, head).
    """

    def __init__(self, model: Any, count: int = 64, seed: int = 11) -> None:
        self.model = model
        self.heads: list[Head] = [(la, he) for la in range(model.cfg.n_layers) for he in range(model.cfg.n_heads)]
        prompts = ioi_prompts(count, seed, held_out="pair")
        self._clean, self._ends = padded_ids(model, [p.clean for p in prompts])
        self._corrupted, _ = padded_ids(model, [p.corrupted for p in prompts])
        self._right, self._wrong = answer_ids(model, prompts)
        self._rows = torch.arange(count)
        self._z: dict[Kind, dict[int, Tensor]] = {"clean": self._heads_of(self._clean)}
        self._z["corrupted"] = self._heads_of(self._corrupted)
        # The mean over both kinds of prompts of one template: there a position means the same.
        templates = torch.tensor([p.template for p in prompts])
        both = {la: torch.stack([self._z["clean"][la], self._z["corrupted"][la]]) for la in self._z["clean"]}
        self._z["mean"] = {
            la: torch.stack([z[:, templates == t].mean((0, 1)) for t in templates.tolist()]) for la, z in both.items()
        }

    def denoised(self, heads: Iterable[Head]) -> float:
        """The logit difference of the corrupted run, with these heads' outputs from the clean run."""
        return self._difference(self._run(self._corrupted, heads, "clean"))

    def noised(self, heads: Iterable[Head]) -> float:
        """The logit difference of the clean run, with these heads' outputs from the corrupted run."""
        return self._difference(self._run(self._clean, heads, "corrupted"))

    def only(self, heads: Iterable[Head]) -> float:
        """The logit difference of the clean run, with all *other* heads' outputs replaced by their means."""
        kept = set(heads)
        return self._difference(self._run(self._clean, [head for head in self.heads if head not in kept], "mean"))

    def written(self, removed: Iterable[Head] = ()) -> Written:
        """What every head and MLP writes towards the answer in the clean run, with some heads replaced by their means."""
        _, cache = self._cached(removed)
        direction = (self.model.W_U[:, self._right] - self.model.W_U[:, self._wrong]).T
        at = (self._rows, self._ends)
        of_heads = [
            torch.einsum("bd,dm,bm->b", cache[_z(la)][at][:, he], self.model.W_O[la, he], direction)
            for la, he in self.heads
        ]
        layers = range(self.model.cfg.n_layers)
        of_mlps = [(cache[f"blocks.{la}.hook_mlp_out"][at] * direction).sum(-1) for la in layers]
        names = [f"L{la}H{he}" for la, he in self.heads] + [f"MLP {la}" for la in layers]
        return Written(names, torch.stack(of_heads + of_mlps), cache["ln_final.hook_scale"][at].flatten())

    @torch.no_grad()
    def _heads_of(self, ids: Tensor) -> dict[int, Tensor]:
        _, cache = self.model.run_with_cache(ids, names_filter=lambda name: name.endswith("hook_z"))
        return {la: cache[_z(la)] for la in range(self.model.cfg.n_layers)}

    def _hooks(self, heads: Iterable[Head], kind: Kind) -> list[tuple[str, Any]]:
        hooks = []
        for layer, z in self._z[kind].items():
            chosen = [he for la, he in heads if la == layer]

            def replace(value: Tensor, hook: Any, chosen: list[int] = chosen, z: Tensor = z) -> Tensor:
                value = value.clone()
                value[:, :, chosen] = z[:, :, chosen]
                return value

            if chosen:
                hooks.append((_z(layer), replace))
        return hooks

    @torch.no_grad()
    def _run(self, ids: Tensor, heads: Iterable[Head], kind: Kind) -> Tensor:
        logits: Tensor = self.model.run_with_hooks(ids, fwd_hooks=self._hooks(list(heads), kind))
        return logits

    @torch.no_grad()
    def _cached(self, removed: Iterable[Head]) -> tuple[Tensor, Any]:
        with self.model.hooks(fwd_hooks=self._hooks(list(removed), "mean")):
            logits, cache = self.model.run_with_cache(self._clean)
        return logits, cache

    def _difference(self, logits: Tensor) -> float:
        at = (self._rows, self._ends)
        return float((logits[(*at, self._right)] - logits[(*at, self._wrong)]).mean())


def _z(layer: int) -> str:
    return f"blocks.{layer}.attn.hook_z"
