"""Small models of other families than the course's, with the course's tokenizer: what a grader assumes of GPT-2's form breaks on them.

Each is made from its family's own configuration in transformers, in seconds. Weights are random, but large enough that every
part counts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from support import ROOT

LAYERS, HEADS, WIDTH, N_CTX = 3, 4, 64, 128


def _gpt2(**sizes: Any) -> Any:
    from transformers import GPT2Config

    return GPT2Config(n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=N_CTX, n_ctx=N_CTX, **sizes)


def _neox(**sizes: Any) -> Any:
    from transformers import GPTNeoXConfig

    return GPTNeoXConfig(rotary_pct=0.25, use_parallel_residual=True, **_usual(), **sizes)


def _llama(**sizes: Any) -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(num_key_value_heads=2, **_usual(), **sizes)


def _qwen2(**sizes: Any) -> Any:
    from transformers import Qwen2Config

    return Qwen2Config(num_key_value_heads=2, **_usual(), **sizes)


def _qwen3(**sizes: Any) -> Any:
    from transformers import Qwen3Config

    return Qwen3Config(num_key_value_heads=2, head_dim=WIDTH // HEADS, **_usual(), **sizes)


def _gemma2(**sizes: Any) -> Any:
    from transformers import Gemma2Config

    how = {"head_dim": WIDTH // HEADS, "query_pre_attn_scalar": WIDTH // HEADS, "sliding_window": N_CTX}
    return Gemma2Config(num_key_value_heads=2, **how, **_usual(), **sizes)


def _usual() -> dict[str, int]:
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 96,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "max_position_embeddings": N_CTX,
    }


#: By the family's usual name; what is particular about each is told by the bench (``facts``).
FAMILIES: dict[str, Callable[..., Any]] = {
    "GPT-2": _gpt2,
    "GPT-NeoX": _neox,
    "Llama": _llama,
    "Qwen2": _qwen2,
    "Qwen3": _qwen3,
    "Gemma 2": _gemma2,
}


def profile_of(family: str) -> str:
    """The name of a family's profile and folder. TransformerLens takes a folder for something else where its name holds ``llama``."""
    return "family_" + {"Llama": "l"}.get(family, family).lower().replace(" ", "").replace("-", "").replace(".", "")


def save_model(family: str, folder: Path) -> None:
    """Write a small random model of a family as its Hugging Face directory."""
    import torch
    from transformers import AutoModelForCausalLM

    ours = json.loads((ROOT / "fixtures/models/embedded/config.json").read_text())
    ids = {name: ours[name] for name in ("vocab_size", "bos_token_id", "eos_token_id")}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(FAMILIES[family](initializer_range=0.1, **ids))
        for parameter in model.parameters():  # biases and gains of their own, which an untrained model does not have
            parameter.data += 0.05 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(ROOT / "fixtures/models/embedded" / name, folder / name)


def course_with(root: Path, models: dict[str, Path]) -> Path:
    """A copy of the course with a profile for each of some models, by name: those of this module count as untrained."""
    root.mkdir(parents=True, exist_ok=True)
    for part in ("solutions", "graders", "exercises", "interp"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "fixtures").mkdir()
    for part in ("models", "saes"):
        (root / "fixtures" / part).mkdir()
        (root / "fixtures" / part / "embedded").symlink_to(ROOT / "fixtures" / part / "embedded")
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    for name, folder in models.items():
        shutil.copytree(folder, root / "fixtures/models" / name)
        document["models"][name] = {"path": f"fixtures/models/{name}", "trained": not name.startswith("family_")}
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return root


def course_with_families(root: Path, families: list[str]) -> Path:
    """A copy of the course with a profile for each of some families."""
    made = {profile_of(family): root.parent / f"{root.name}-models" / profile_of(family) for family in families}
    for family, folder in zip(families, made.values(), strict=True):
        save_model(family, folder)
    return course_with(root, made)
