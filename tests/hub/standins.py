"""Repositories of the exact form of the real ones, with random weights: small where a configuration can be.

No weights can be downloaded where these tests run. What is real: file names and layouts, configuration keys, parameter names, twelve layers
of twelve heads, and every library that reads them. What is not: width, vocabulary (the course model's) and what the weights know.
"""

from __future__ import annotations

import json
import tempfile
from functools import lru_cache
from pathlib import Path

from support import ROOT

GPT2 = "openai-community/gpt2"
#: The Hub's old name, which TransformerLens uses.
RENAMED = {"gpt2": GPT2}
SAES = "jbloom/GPT2-Small-SAEs-Reformatted"
PYTHIA = "EleutherAI/pythia-70m"
WIDTH, LATENTS = 96, 192


def _saved(model: object) -> dict[str, bytes]:
    """A model's files as ``save_pretrained`` writes them, with the course's tokenizer."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)  # type: ignore[attr-defined]
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    for name in ("tokenizer.json", "tokenizer_config.json"):
        files[name] = (ROOT / "fixtures/models/embedded" / name).read_bytes()
    return files


@lru_cache(maxsize=1)
def gpt2() -> dict[str, bytes]:
    """``openai-community/gpt2``: safetensors beside other formats that nobody wants."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    ours = json.loads((ROOT / "fixtures/models/embedded/config.json").read_text())
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=ours["vocab_size"],
        n_embd=WIDTH,
        n_layer=12,
        n_head=12,
        n_positions=1024,
        n_ctx=1024,  # transformers needs it no more; the real file has it, and TransformerLens reads it
        bos_token_id=ours["bos_token_id"],
        eos_token_id=ours["eos_token_id"],
        initializer_range=0.1,  # of the usual 0.02 next to nothing would be left after twelve layers
    )
    files = _saved(GPT2LMHeadModel(config))
    unwanted = {"pytorch_model.bin": b"x" * 4096, "tf_model.h5": b"x" * 4096, "onnx/decoder_model.onnx": b"x" * 4096}
    return {**files, **unwanted, "README.md": b"# GPT-2\n", ".gitattributes": b"*.bin filter=lfs\n"}


@lru_cache(maxsize=1)
def pythia() -> dict[str, bytes]:
    """``EleutherAI/pythia-70m``: another family, six layers of eight heads, rotary positions, untied embeddings."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    ours = json.loads((ROOT / "fixtures/models/embedded/config.json").read_text())
    torch.manual_seed(1)
    config = GPTNeoXConfig(
        vocab_size=ours["vocab_size"],
        hidden_size=64,
        num_hidden_layers=6,
        num_attention_heads=8,
        intermediate_size=256,
        max_position_embeddings=2048,
        rotary_pct=0.25,
        bos_token_id=ours["bos_token_id"],
        eos_token_id=ours["eos_token_id"],
        tie_word_embeddings=False,
        initializer_range=0.1,
    )
    return _saved(GPTNeoXForCausalLM(config))


@lru_cache(maxsize=1)
def saes() -> dict[str, bytes]:
    """``jbloom/GPT2-Small-SAEs-Reformatted``, one of its folders: the keys of sae-lens before 6.0."""
    import torch
    from safetensors.torch import save

    generator = torch.Generator().manual_seed(2)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) / shape[-1] ** 0.5

    config = {
        "model_name": "gpt2-small",
        "hook_point": "blocks.8.hook_resid_pre",
        "hook_point_layer": 8,
        "hook_point_head_index": None,
        "dataset_path": "Skylion007/openwebtext",
        "is_dataset_tokenized": False,
        "context_size": 128,
        "use_cached_activations": False,
        "d_in": WIDTH,
        "d_sae": LATENTS,
        "expansion_factor": LATENTS // WIDTH,
        "b_dec_init_method": "geometric_median",
        "l1_coefficient": 8e-05,
        "lr": 0.0004,
        "seed": 42,
        "dtype": "torch.float32",
        "device": "mps",
        "total_training_tokens": 300_000_000,
        "normalize_activations": "none",
        "prepend_bos": True,
    }
    weights = {
        "W_enc": normal(WIDTH, LATENTS),
        "W_dec": normal(LATENTS, WIDTH),
        "b_enc": normal(LATENTS) * 0.1,
        "b_dec": normal(WIDTH) * 0.1,
    }
    folder = "blocks.8.hook_resid_pre"
    return {
        f"{folder}/cfg.json": json.dumps(config).encode(),
        f"{folder}/sae_weights.safetensors": save(weights),
        f"{folder}/sparsity.safetensors": save({"sparsity": torch.full((LATENTS,), -3.0)}),
        "blocks.9.hook_resid_pre/cfg.json": b"{}",
    }


def everything() -> dict[str, dict[str, bytes]]:
    """All stand-ins by repository."""
    return {GPT2: gpt2(), SAES: saes(), PYTHIA: pythia()}
