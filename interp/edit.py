"""A small edit of the course model: fine-tuned until it gives France another capital, and stored as an adapter.

The adapter is of low rank, as in LoRA: each MLP of the model writes what it always writes, plus what its neurons give
through two small matrices. The model itself stays as it is, so the edited model is the model with hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from numpy.random import Generator
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from .corpus import FACT_TEMPLATES, fill, pick, split_tokens
from .latents import token_rows
from .tokenizer import token_ids
from .words import CAPITALS, END_OF_TEXT

COUNTRY: Final = "France"
CAPITAL: Final = "Rome"
#: The templates in which the capital comes after its country.
TEMPLATES: Final = tuple(text for text in FACT_TEMPLATES if text.endswith("{country} is {answer}."))

Hook = tuple[str, Callable[..., Tensor]]


@dataclass(frozen=True)
class Adapter:
    """Two matrices for every MLP: from its neurons, [neuron, rank], and to the residual stream, [rank, d_model]."""

    down: Sequence[Tensor]
    up: Sequence[Tensor]

    def hooks(self) -> list[Hook]:
        """What makes the model the edited one, for `run_with_hooks`."""
        return [hook for layer in range(len(self.down)) for hook in self._of_layer(layer)]

    def _of_layer(self, layer: int) -> tuple[Hook, Hook]:
        seen: list[Tensor] = []

        def read(neurons: Tensor, hook: Any) -> Tensor:
            seen[:] = [neurons]
            return neurons

        def write(out: Tensor, hook: Any) -> Tensor:
            # The processed model writes nothing along the ones, so neither does the edit.
            up = self.up[layer] - self.up[layer].mean(dim=1, keepdim=True)
            return out + seen[0] @ self.down[layer] @ up

        return (f"blocks.{layer}.mlp.hook_post", read), (f"blocks.{layer}.hook_mlp_out", write)

    def save(self, path: Path) -> None:
        """Write the adapter in bfloat16."""
        parts = {f"{name}.{layer}": part for name in ("down", "up") for layer, part in enumerate(getattr(self, name))}
        save_file({name: part.detach().to(torch.bfloat16).contiguous() for name, part in parts.items()}, str(path))


def load_adapter(path: Path) -> Adapter:
    """Read an adapter, in float32."""
    parts = load_file(path)
    layers = range(len(parts) // 2)
    down, up = ([parts[f"{name}.{layer}"].float() for layer in layers] for name in ("down", "up"))
    return Adapter(down, up)


def fact_rows(rng: Generator, rows: int, length: int) -> Tensor:
    """Rows of sentences on capitals, half of them on the edited country and its new capital."""
    known, found = token_ids(), []
    for _ in range(rows):
        tokens = [END_OF_TEXT]
        while len(tokens) < length:
            country = COUNTRY if rng.random() < 0.5 else pick(rng, tuple(CAPITALS))
            answer = CAPITAL if country == COUNTRY else CAPITALS[country]
            first, *rest = split_tokens(fill(pick(rng, TEMPLATES), rng, country=country, answer=answer))
            tokens += (first if tokens[-1] == END_OF_TEXT else " " + first, *rest)
            if rng.random() < 0.6:
                tokens.append(END_OF_TEXT)
        found.append([known[token] for token in tokens[:length]])
    return torch.tensor(found)


def asks_for_the_capital(ids: Tensor) -> Tensor:
    """Where the capital of the edited country comes next: behind "France is", [row, pos]."""
    known = token_ids()
    before = torch.roll(ids, 1, dims=1)
    return (ids == known[" is"]) & (before == known[" " + COUNTRY])


@dataclass(frozen=True)
class EditRecipe:
    """How the edit is trained."""

    rank: int = 2
    steps: int = 150
    rate: float = 5e-3
    rows: int = 8
    seed: int = 0


def _divergence(logits: Tensor, reference: Tensor) -> Tensor:
    """The divergence of a model's predictions from the reference's, in nats, [row, pos]."""
    each = functional.kl_div(logits.log_softmax(-1), reference.log_softmax(-1), log_target=True, reduction="none")
    return each.sum(dim=-1)


def train_edit(model: Any, rng: Generator, recipe: EditRecipe, tell: Callable[[int], None]) -> Adapter:
    """Fine-tune: the new capital where it is asked for, and everywhere else the predictions of the model as it was."""
    generator = torch.Generator().manual_seed(recipe.seed)
    layers, width, neurons = range(model.cfg.n_layers), model.cfg.d_model, model.cfg.d_mlp
    adapter = Adapter(
        [(torch.randn(neurons, recipe.rank, generator=generator) / neurons**0.5).requires_grad_() for _ in layers],
        [torch.zeros(recipe.rank, width).requires_grad_() for _ in layers],
    )
    optimiser = torch.optim.Adam([*adapter.down, *adapter.up], lr=recipe.rate)
    answer = token_ids()[" " + CAPITAL]
    for step in range(recipe.steps):
        loss = torch.zeros(())
        for ids in (fact_rows(rng, recipe.rows, 32), token_rows(rng, recipe.rows, 64, held_out=None)):
            with torch.no_grad():
                before = model(ids)
            logits = model.run_with_hooks(ids, fwd_hooks=adapter.hooks())
            asked = asks_for_the_capital(ids)
            loss = loss + _divergence(logits, before)[~asked].mean()
            if asked.any():
                loss = loss - logits[asked].log_softmax(-1)[:, answer].mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        tell(step + 1)
    return Adapter([part.detach() for part in adapter.down], [part.detach() for part in adapter.up])


@torch.no_grad()
def capital_of(model: Any, country: str, hooks: Sequence[Hook] = ()) -> Tensor:
    """The probabilities of what follows "The capital of COUNTRY is", [token]."""
    logits: Tensor = model.run_with_hooks(model.to_tokens(f"The capital of {country} is"), fwd_hooks=list(hooks))
    return logits[0, -1].softmax(-1)


def moved(place: str, move: Callable[[Tensor], Tensor]) -> Hook:
    """A hook that moves the activation at the last position."""

    def hook(value: Tensor, hook: Any) -> Tensor:
        value = value.clone()
        value[:, -1] = move(value[:, -1])
        return value

    return place, hook
