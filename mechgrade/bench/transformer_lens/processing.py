"""The steps from a checkpoint to the course's model: what decides the numbers, and nothing else.

How a model is found, and what is said where it is not, stands in ``model``. On 3.x TransformerLens gives a ``TransformerBridge`` in compatibility mode or a ``HookedTransformer``,
with the same processing (LayerNorm folded, weights centred), so that the same scenario gives the same numbers on both.
"""

from __future__ import annotations

from typing import Any

import torch

from mechgrade.bench.provider import BenchError


def bridge(name: str, device: str, dtype: torch.dtype) -> Any:
    """A ``TransformerBridge`` in compatibility mode."""
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(name, device=device, dtype=dtype)
    if not hasattr(model, "blocks") or not all(hasattr(block, "attn") for block in model.blocks):
        raise BenchError(
            "it has layers without attention heads, or an encoder, and the course needs a decoder with attention heads"
        )
    model.enable_compatibility_mode(disable_warnings=True)  # once only: a second call processes the weights twice
    model.cfg.default_prepend_bos = True  # for some families it is False here and True in a HookedTransformer
    _add_biases(model)
    return model


def _add_biases(model: Any) -> None:
    """Give attention layers without biases some that are zero, as a HookedTransformer has them: ``model.b_Q`` fails without."""
    for block in model.blocks:
        for part in block.attn.modules():
            if isinstance(part, torch.nn.Linear) and part.bias is None:
                part.bias = torch.nn.Parameter(part.weight.new_zeros(part.out_features))


def hooked(name: str, local: bool, device: str, dtype: torch.dtype) -> Any:
    """A ``HookedTransformer``; 4.0 has none. Of families that are only in directories here it knows some."""
    from transformer_lens import HookedTransformer

    if not local:
        # For some families, such as Qwen, the library would begin a text without BOS.
        return HookedTransformer.from_pretrained(name, device=device, dtype=dtype, default_prepend_bos=True)
    from transformer_lens.loading_from_pretrained import get_pretrained_model_config, get_pretrained_state_dict
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # from_pretrained refuses names that it does not list, so a directory takes the same steps by hand.
    source = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
    config = get_pretrained_model_config(name, fold_ln=True, device=device, dtype=dtype, default_prepend_bos=True)
    # For some families the library has a number of its own, which is too long for small models.
    config.n_ctx = min(config.n_ctx, getattr(source.config, "max_position_embeddings", config.n_ctx))
    model = HookedTransformer(config, tokenizer=AutoTokenizer.from_pretrained(name), move_to_device=False)
    model.load_and_process_state_dict(
        get_pretrained_state_dict(name, config, source, dtype=dtype),
        fold_ln=True,
        center_writing_weights=True,
        center_unembed=True,
        fold_value_biases=True,
    )
    return model.to(device)
