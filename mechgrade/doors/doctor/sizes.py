"""What a model costs, from its shape alone: weights, and a full cache of its activations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import ModelProfile


@dataclass(frozen=True)
class Shape:
    """A transformer's sizes."""

    n_layers: int
    n_heads: int
    d_model: int
    d_mlp: int
    d_vocab: int
    n_ctx: int

    def weights(self) -> int:
        """Bytes of its parameters in float32, the unembedding counted apart as TransformerLens holds it."""
        layer = 4 * self.d_model**2 + 2 * self.d_model * self.d_mlp + 9 * self.d_model + self.d_mlp
        return 4 * (self.n_layers * layer + 2 * self.d_vocab * self.d_model + self.n_ctx * self.d_model)

    def full_cache(self, batch: int, pos: int) -> int:
        """Bytes of every activation that ``run_with_cache`` keeps for a batch, in float32.

        Per token and layer: fifteen vectors of the model's width (residual stream in three places, queries, keys, values, z,
        outputs, normalised inputs), two of the MLP's; per pair of tokens and head the scores and the pattern.
        """
        vectors = self.n_layers * (15 * self.d_model + 2 * self.d_mlp) + 4 * self.d_model
        pairs = self.n_layers * 2 * self.n_heads
        return 4 * batch * (pos * vectors + pos * pos * pairs)


#: GPT-2's published sizes (Radford et al. 2019; the Hub's config.json), by TransformerLens's names.
GPT2 = {
    "gpt2-small": Shape(12, 12, 768, 3072, 50257, 1024),
    "gpt2-medium": Shape(24, 16, 1024, 4096, 50257, 1024),
    "gpt2-large": Shape(36, 20, 1280, 5120, 50257, 1024),
    "gpt2-xl": Shape(48, 25, 1600, 6400, 50257, 1024),
}


def shape_of(profile: ModelProfile, root: Path) -> Shape | None:
    """A profile's shape: from its config.json, or for GPT-2's sizes as published; None for any other."""
    if profile.path is None:
        name = str(profile.hub).rsplit("/", 1)[-1]
        return GPT2.get("gpt2-small" if name == "gpt2" else name)
    try:
        config = json.loads((root / profile.path / "config.json").read_text(encoding="utf-8"))
        width = int(config["n_embd"])
        return Shape(
            int(config["n_layer"]),
            int(config["n_head"]),
            width,
            int(config.get("n_inner") or 4 * width),
            int(config["vocab_size"]),
            int(config["n_positions"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
