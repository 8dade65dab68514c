"""One adapter over TransformerLens: a profile of course.yaml becomes a model that scenarios can use.

This file is the only one that knows how TransformerLens loads a model. On 3.x it gives a ``TransformerBridge`` in
compatibility mode or a ``HookedTransformer``, with the same processing (LayerNorm folded, weights centred), so that the
same scenario gives the same numbers on both.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

import torch

from mechgrade.spec import Backend


class ModelError(Exception):
    """A model could not be loaded; the text says why and what to do."""


def load_model(
    name: str, *, local: bool, backend: Backend, device: str = "cpu", dtype: torch.dtype = torch.float32
) -> Any:
    """Load a model for the course.

    Args:
        name: a directory in Hugging Face GPT-2 format when ``local``, else a name that TransformerLens boots.
        local: whether ``name`` is a directory.
        backend: ``bridge`` for ``TransformerBridge`` in compatibility mode, ``hooked`` for ``HookedTransformer``.
        device: a torch device.
        dtype: the parameters' type.

    Returns:
        the model in eval mode, without gradients on its parameters.

    Raises:
        ModelError: nothing there, an unknown name, a corrupt file, no network.
    """
    if local and not (Path(name) / "config.json").is_file():
        raise ModelError(f"no model in {name}: config.json is missing; restore the folder from the course")
    try:
        # The loaders greet on stdout and stderr; whoever loads a model here reads neither.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            model = _bridge(name, device, dtype) if backend == "bridge" else _hooked(name, local, device, dtype)
    except Exception as error:
        raise ModelError(f"the model {name} could not be loaded: {type(error).__name__}: {error}") from error
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def _bridge(name: str, device: str, dtype: torch.dtype) -> Any:
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(name, device=device, dtype=dtype)
    model.enable_compatibility_mode(disable_warnings=True)  # once only: a second call processes the weights twice
    return model


def _hooked(name: str, local: bool, device: str, dtype: torch.dtype) -> Any:
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


def load_sae(place: str, *, device: str, dtype: str) -> Any:
    """Load a sparse autoencoder in sae-lens's format.

    Args:
        place: a directory; or ``release/id`` of a pretrained one.
        device: a torch device.
        dtype: ``float32`` or ``float64``.

    Raises:
        ModelError: nothing there, or it cannot be read.
    """
    from sae_lens import SAE

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if Path(place).is_absolute():
                sae = SAE.load_from_disk(place, device=device)
            else:
                release, _, identity = place.partition("/")
                sae = SAE.from_pretrained(release, identity, device=device)
    except Exception as error:
        raise ModelError(f"the SAE {place} could not be loaded: {type(error).__name__}: {error}") from error
    sae = sae.to(getattr(torch, dtype)).eval()
    for parameter in sae.parameters():
        parameter.requires_grad_(False)
    return sae


def quiet_libraries() -> None:
    """Keep model libraries from the network and from the terminal. Call before they are imported."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
