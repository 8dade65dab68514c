"""A small GPT-2 to train, with its attention in reach, and the way out to the Hugging Face format.

Hugging Face's own module would do, but training needs q, k and v as separate matrices (Muon orthogonalises each) and
the attention of single heads (the curriculum supervises them). Both are plain here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from .half import save_in_half
from .tokenizer import save_tokenizer, vocabulary_size


@dataclass(frozen=True)
class Shape:
    """The sizes of the course model, unless others are given."""

    layers: int = 3
    heads: int = 3
    width: int = 192
    context: int = 128
    vocabulary: int = vocabulary_size()
    inner: int | None = None  # neurons of each MLP; None for four times the width
    tied: bool = True  # the unembedding is the embedding


class Block(nn.Module):
    """One GPT-2 block, pre-norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.ln_1 = nn.LayerNorm(shape.width)
        self.q = nn.Linear(shape.width, shape.width)
        self.k = nn.Linear(shape.width, shape.width)
        self.v = nn.Linear(shape.width, shape.width)
        self.o = nn.Linear(shape.width, shape.width)
        self.ln_2 = nn.LayerNorm(shape.width)
        inner = shape.inner or 4 * shape.width
        self.up = nn.Linear(shape.width, inner)
        self.down = nn.Linear(inner, shape.width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The block's output and its attention logits [batch, head, query, key], masked."""
        batch, length, width = x.shape
        normed = self.ln_1(x)
        q, k, v = (
            part(normed).view(batch, length, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v)
        )
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        x = x + self.o(mixed)
        return x + self.down(functional.gelu(self.up(self.ln_2(x)), approximate="tanh")), scores


class TinyGPT2(nn.Module):
    """GPT-2 without dropout."""

    def __init__(self, shape: Shape, seed: int) -> None:
        super().__init__()
        self.shape = shape
        self.wte = nn.Embedding(shape.vocabulary, shape.width)
        self.wpe = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.ln_f = nn.LayerNorm(shape.width)
        self.lm_head = None if shape.tied else nn.Linear(shape.width, shape.vocabulary, bias=False)
        self._initialise(torch.Generator().manual_seed(seed))

    def _initialise(self, generator: torch.Generator) -> None:
        with torch.no_grad():
            self.wte.weight.normal_(0, 0.2, generator=generator)
            position = torch.arange(self.shape.context, dtype=torch.float32)[:, None]
            # 2.5 down to 0.01 rad per token: fast ones tell neighbours apart, slow ones far places.
            rates = torch.logspace(torch.tensor(2.5).log10(), -2.0, self.shape.width // 2)
            waves = torch.cat([(position * rates).sin(), (position * rates).cos()], dim=1)
            self.wpe.weight.copy_(0.1 * waves)
            for name, parameter in self.blocks.named_parameters():
                if parameter.dim() == 2:
                    # Small outputs: with 0.08 the previous-token head swamps the token's own embedding.
                    scale = 0.015 if ".o." in name or ".down." in name else 0.04 if ".v." in name else 0.08
                    parameter.normal_(0, scale, generator=generator)
                elif "ln_" not in name:
                    parameter.zero_()
            if self.lm_head is not None:
                self.lm_head.weight.normal_(0, 0.05, generator=generator)

    def forward(self, ids: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits [batch, pos, token] and every block's masked attention logits."""
        length = ids.shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)
        x = self.wte(ids) + self.wpe.weight[:length]
        attention: list[Tensor] = []
        for block in self.blocks:
            x, scores = block(x, mask)
            attention.append(scores)
        return self.ln_f(x) @ (self.lm_head or self.wte).weight.T, attention


def gpt2_state(model: TinyGPT2) -> dict[str, Tensor]:
    """The weights under Hugging Face's GPT-2 names (its Conv1D keeps matrices as [in, out])."""
    state = {
        "transformer.wte.weight": model.wte.weight,
        "transformer.wpe.weight": model.wpe.weight,
        "transformer.ln_f.weight": model.ln_f.weight,
        "transformer.ln_f.bias": model.ln_f.bias,
    }
    if model.lm_head is not None:
        state["lm_head.weight"] = model.lm_head.weight
    for i, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        at = f"transformer.h.{i}."
        qkv = (block.q, block.k, block.v)
        state[at + "attn.c_attn.weight"] = torch.cat([part.weight.T for part in qkv], dim=1)
        state[at + "attn.c_attn.bias"] = torch.cat([part.bias for part in qkv])
        for theirs, ours in (("attn.c_proj", block.o), ("mlp.c_fc", block.up), ("mlp.c_proj", block.down)):
            state[f"{at}{theirs}.weight"] = ours.weight.T
            state[f"{at}{theirs}.bias"] = ours.bias
        for theirs, norm in (("ln_1", block.ln_1), ("ln_2", block.ln_2)):
            state[f"{at}{theirs}.weight"] = norm.weight
            state[f"{at}{theirs}.bias"] = norm.bias
    return {name: tensor.detach().float().contiguous().clone() for name, tensor in state.items()}


def save_gpt2(model: TinyGPT2, directory: Path, words: Sequence[str] | None = None) -> None:
    """Write a Hugging Face GPT-2 directory: config, weights, tokenizer (of the course's words unless others are given)."""
    directory.mkdir(parents=True, exist_ok=True)
    shape = model.shape
    end = shape.vocabulary - 1
    config = {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": shape.vocabulary,
        "n_layer": shape.layers,
        "n_head": shape.heads,
        "n_embd": shape.width,
        "n_inner": shape.inner,
        # transformers reads n_positions, TransformerLens n_ctx.
        "n_positions": shape.context,
        "n_ctx": shape.context,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "scale_attn_weights": True,
        "tie_word_embeddings": shape.tied,
        "bos_token_id": end,
        "eos_token_id": end,
        "torch_dtype": "float32",
    }
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_in_half(gpt2_state(model), directory / "model.safetensors")
    save_tokenizer(directory, shape.context, words)
