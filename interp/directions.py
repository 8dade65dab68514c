"""Texts for directions and probes: two sets that go on differently, and names that come once or come again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .circuits import answer_ids, padded_ids
from .prompts import ioi_prompts
from .words import NAMES

_WAY = " to the "


def name_or_the(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Texts that a name follows, as after "Mark gave a bottle to", and texts that "the" follows, as after "Julia went to"."""
    prompts = [prompt.clean for prompt in ioi_prompts(3 * count, seed, held_out="pair") if _WAY in prompt.clean]
    return prompts[:count], [text[: text.index(_WAY)] + " to" for text in prompts[:count]]


@torch.no_grad()
def probabilities(model: Any, texts: list[str], run: Callable[[Tensor], Tensor]) -> tuple[float, float]:
    """The mean probabilities that a name, and that "the", follows the texts, when `run` gives the logits."""
    ids, ends = padded_ids(model, texts)
    after = run(ids)[torch.arange(len(texts)), ends].softmax(-1)
    names = [ids for name in NAMES if len(ids := model.to_tokens(" " + name, prepend_bos=False)[0]) == 1]
    of_names = after[:, torch.stack(names)[:, 0]].sum(-1)
    return float(of_names.mean()), float(after[:, model.to_single_token(" the")].mean())


@dataclass(frozen=True)
class Names:
    """The names in some prompts: where each stands, whether it came before in its text, and which token it is."""

    model: Any
    ids: Tensor  # [prompt, pos]
    rows: Tensor  # [name]
    positions: Tensor  # [name]
    returning: Tensor  # [name], 0 or 1

    @torch.no_grad()
    def at(self, hook_name: str) -> tuple[Tensor, Tensor, Tensor]:
        """The names' activations [name, d], whether each came before [name], and its token [name]."""
        _, cache = self.model.run_with_cache(self.ids, names_filter=hook_name)
        return cache[hook_name][self.rows, self.positions], self.returning, self.ids[self.rows, self.positions]


def returning_names(model: Any, count: int, seed: int) -> Names:
    """The three names of each of `count` prompts about a gift: both names first, then the giver's again."""
    prompts = ioi_prompts(count, seed)
    ids, _ = padded_ids(model, [prompt.clean for prompt in prompts])
    # One more than the prompt's own positions: the text end stands in front.
    places = torch.tensor([[p.io_position, p.s1_position, p.s2_position] for p in prompts]) + 1
    rows = torch.arange(count)[:, None].expand_as(places)
    came_before = torch.tensor([0, 0, 1]).expand_as(places)
    return Names(model, ids, rows.flatten(), places.flatten(), came_before.flatten())


def control_classes(n_words: int, seed: int, n_classes: int = 2) -> Tensor:
    """A class for each word, drawn by lot: the labels of a control task."""
    return torch.randint(n_classes, (n_words,), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def answer_without(model: Any, hook_name: str, direction: Tensor, count: int = 48) -> tuple[float, float]:
    """The mean logit difference of the names on held-out prompts: the whole model, and with a direction projected out."""
    prompts = ioi_prompts(count, 11, held_out="pair")
    ids, ends = padded_ids(model, [prompt.clean for prompt in prompts])
    right, wrong = answer_ids(model, prompts)
    rows, unit = torch.arange(count), direction / direction.norm()

    def remove(value: Tensor, hook: Any) -> Tensor:
        left: Tensor = value - (value @ unit)[..., None] * unit
        return left

    def difference(logits: Tensor) -> float:
        return float((logits[rows, ends, right] - logits[rows, ends, wrong]).mean())

    return difference(model(ids)), difference(model.run_with_hooks(ids, fwd_hooks=[(hook_name, remove)]))
