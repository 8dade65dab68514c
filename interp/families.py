"""Families of models beside the course's own: what a small model of each looks like, and the name under which the Hub has a large one.

Each configuration is the family's own, from transformers. What is small are its sizes: so a grader meets what is particular
about a family (rotary positions, grouped heads, softcaps), and a model can be trained in minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .tokenizer import vocabulary_size


@dataclass(frozen=True)
class Sizes:
    """The sizes of a small model. `groups` are the heads of keys and values, in families that have fewer of these."""

    layers: int = 3
    heads: int = 4
    groups: int = 2
    width: int = 128
    inner: int = 256
    context: int = 128
    vocabulary: int = vocabulary_size()


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        name: as people say it.
        hub: a model of its form on the Hub, which a small one stands in for. Of those whose names hold `llama` or `gemma`,
            `HookedTransformer` takes the sizes from the name, not from the configuration: it cannot load a small one.
        configuration: what `transformers` makes a small model of, from its sizes and further settings.
    """

    name: str
    hub: str
    configuration: Callable[..., Any]


def _gpt2(sizes: Sizes, **more: Any) -> Any:
    from transformers import GPT2Config

    # Its MLPs are four times as wide as the stream: HookedTransformer knows no other.
    shape = {"n_embd": sizes.width, "n_layer": sizes.layers, "n_head": sizes.heads}
    # transformers reads n_positions, TransformerLens n_ctx.
    places = {"n_positions": sizes.context, "n_ctx": sizes.context, "vocab_size": sizes.vocabulary}
    dropout = dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0)
    return GPT2Config(**shape, **places, **dropout, **_ends(sizes), **more)


def _neox(sizes: Sizes, **more: Any) -> Any:
    from transformers import GPTNeoXConfig

    return GPTNeoXConfig(rotary_pct=0.25, use_parallel_residual=True, **_usual(sizes), **more)


def _llama(sizes: Sizes, **more: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(num_key_value_heads=sizes.groups, **_usual(sizes), **more)


def _qwen2(sizes: Sizes, **more: Any) -> Any:
    from transformers import Qwen2Config

    return Qwen2Config(num_key_value_heads=sizes.groups, **_usual(sizes), **more)


def _qwen3(sizes: Sizes, **more: Any) -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(num_key_value_heads=sizes.groups, head_dim=sizes.width // sizes.heads, **_usual(sizes), **more)


def _gemma2(sizes: Sizes, **more: Any) -> Any:
    from transformers import Gemma2Config

    head = sizes.width // sizes.heads
    how = {"head_dim": head, "query_pre_attn_scalar": head, "sliding_window": sizes.context}
    return Gemma2Config(num_key_value_heads=sizes.groups, **how, **_usual(sizes), **more)


def _usual(sizes: Sizes) -> dict[str, int]:
    return {
        "hidden_size": sizes.width,
        "intermediate_size": sizes.inner,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "max_position_embeddings": sizes.context,
        "vocab_size": sizes.vocabulary,
        **_ends(sizes),
    }


def _ends(sizes: Sizes) -> dict[str, int]:
    """The course's tokenizer opens and ends a text with its last token."""
    return dict.fromkeys(("bos_token_id", "eos_token_id"), sizes.vocabulary - 1)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("GPT-2", "distilgpt2", _gpt2),
        Family("GPT-NeoX", "EleutherAI/pythia-14m", _neox),
        Family("Llama", "01-ai/Yi-6B", _llama),
        Family("Qwen2", "Qwen/Qwen2-0.5B", _qwen2),
        Family("Qwen3", "Qwen/Qwen3-0.6B", _qwen3),
        Family("Gemma 2", "google/gemma-2-2b", _gemma2),
    )
}
