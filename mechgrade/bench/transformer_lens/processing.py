"""The steps from a checkpoint to the course's model: what decides the numbers, and nothing else.

How a model is found, and what is said where it is not, stands in ``model``. On 3.x TransformerLens gives a ``TransformerBridge`` in compatibility mode or a ``HookedTransformer``,
with the same processing (LayerNorm folded, weights centred), so that the same scenario gives the same numbers on both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def bridge(name: str, device: str, dtype: torch.dtype) -> Any:
    """A ``TransformerBridge`` in compatibility mode."""
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(name, device=device, dtype=dtype)
    model.enable_compatibility_mode(disable_warnings=True)  # once only: a second call processes the weights twice
    return model


def hooked(name: str, local: bool, device: str, dtype: torch.dtype) -> Any:
    """A ``HookedTransformer``; 4.0 has none."""
    from transformer_lens import HookedTransformer

    if not local:
        return HookedTransformer.from_pretrained(name, device=device, dtype=dtype)
    from transformer_lens import HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # from_pretrained refuses names that it does not list, so a directory takes the same steps by hand.
    source = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
    theirs = source.config
    config = HookedTransformerConfig(
        n_layers=theirs.n_layer,
        d_model=theirs.n_embd,
        n_ctx=theirs.n_positions,
        d_head=theirs.n_embd // theirs.n_head,
        n_heads=theirs.n_head,
        d_mlp=theirs.n_inner or 4 * theirs.n_embd,
        d_vocab=theirs.vocab_size,
        act_fn=theirs.activation_function,
        eps=theirs.layer_norm_epsilon,
        use_attn_scale=True,
        normalization_type="LN",
        original_architecture="GPT2LMHeadModel",
        model_name=Path(name).name,
        tokenizer_name=name,
        device=device,
        dtype=dtype,
        default_prepend_bos=True,
    )
    model = HookedTransformer(config, tokenizer=AutoTokenizer.from_pretrained(name), move_to_device=False)
    model.load_and_process_state_dict(
        convert_gpt2_weights(source, config),
        fold_ln=True,
        center_writing_weights=True,
        center_unembed=True,
        fold_value_biases=True,
    )
    return model.to(device)
