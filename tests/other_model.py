"""A second course model of another shape, with random weights: what a grader assumes about the embedded one breaks here.

Other numbers of layers, heads, positions, tokens and latents, another width, the end of text under another id.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml
from support import ROOT

LAYERS, HEADS, D_HEAD, N_CTX = 4, 5, 16, 96


def save_model(folder: Path) -> None:
    """Write a random model in the form of a Hugging Face GPT-2, with the embedded tokenizer's words under other ids."""
    import torch
    from tokenizers import AddedToken, Tokenizer
    from transformers import GPT2Config, GPT2LMHeadModel

    shutil.copytree(ROOT / "fixtures/models/embedded", folder, ignore=shutil.ignore_patterns("*.safetensors", "*.md"))
    document = json.loads((folder / "tokenizer.json").read_text())
    words = sorted(document["model"]["vocab"], key=document["model"]["vocab"].__getitem__)
    words[256:256] = [f"other{number}" for number in range(40)]
    document["model"]["vocab"] = {word: place for place, word in enumerate(words)}
    end = document["added_tokens"].pop()["content"]
    (folder / "tokenizer.json").write_text(json.dumps(document))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken(end, special=True, normalized=False)])
    tokenizer.save(str(folder / "tokenizer.json"))
    bos = tokenizer.token_to_id(end)
    config = GPT2Config(
        vocab_size=bos + 1,
        n_layer=LAYERS,
        n_head=HEADS,
        n_embd=HEADS * D_HEAD,
        n_inner=150,
        n_positions=N_CTX,
        bos_token_id=bos,
        eos_token_id=bos,
        initializer_range=0.1,
    )
    torch.manual_seed(0)
    model = GPT2LMHeadModel(config)
    for parameter in model.parameters():  # biases and gains of their own, which an untrained GPT-2 does not have
        parameter.data += 0.05 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    saved = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(saved | {"n_ctx": N_CTX}))


def save_sae(folder: Path) -> None:
    """Write a random top-k autoencoder for it."""
    import torch
    from sae_lens import TopKSAE, TopKSAEConfig
    from sae_lens.saes.sae import SAEMetadata

    torch.manual_seed(1)
    metadata = SAEMetadata(
        model_name="other", hook_name="blocks.2.hook_resid_post", context_size=N_CTX, prepend_bos=True
    )
    sae = TopKSAE(TopKSAEConfig(d_in=HEADS * D_HEAD, d_sae=200, k=9, device="cpu", metadata=metadata))
    for parameter in sae.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
    sae.save_model(folder)


def course_with_other_model(root: Path) -> Path:
    """A copy of the course (links where nothing is written) with a profile ``other``."""
    root.mkdir(exist_ok=True)
    for part in ("solutions", "graders", "exercises", "interp"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("models", "saes"):
        (root / "fixtures" / part).mkdir(parents=True)
        (root / "fixtures" / part / "embedded").symlink_to(ROOT / "fixtures" / part / "embedded")
    save_model(root / "fixtures/models/other")
    save_sae(root / "fixtures/saes/other")
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    document["models"]["other"] = {
        "path": "fixtures/models/other",
        "parts": {"sae": "fixtures/saes/other"},
        "trained": False,
    }
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return root
