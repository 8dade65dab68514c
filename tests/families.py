"""Small models of other families and shapes than the course's: what a grader assumes of the course's models breaks on them.

Those here have random weights, large enough that every part counts, and are made in seconds. Trained ones of the same families come
from `interp.train_family`; :func:`pull` offers them under the names that the Hub has for these families.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import yaml
from support import ROOT

from interp.families import FAMILIES, Sizes

LAYERS, HEADS, WIDTH, N_CTX = 3, 4, 64, 128
SMALL = Sizes(layers=LAYERS, heads=HEADS, width=WIDTH, inner=96, context=N_CTX)


def profile_of(family: str) -> str:
    """The name of a family's profile and folder. TransformerLens takes a folder for something else where its name holds ``llama``."""
    return "family_" + re.sub("[^a-z0-9]", "", {"Llama": "l"}.get(family, family).lower())


def save_model(family: str, folder: Path, sizes: Sizes = SMALL, words: int | None = None) -> None:
    """Write a small random model of a family as its Hugging Face directory; its tokenizer may know fewer words than the course's."""
    import torch

    from interp.tokenizer import save_tokenizer
    from interp.train_family import fresh
    from interp.words import vocabulary

    model = fresh(FAMILIES[family], sizes, seed=0, initializer_range=0.1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for parameter in model.parameters():  # biases and gains of their own, which an untrained model does not have
            parameter.data += 0.05 * torch.randn(parameter.shape)
    model.save_pretrained(folder)
    save_tokenizer(folder, sizes.context, None if words is None else vocabulary()[:words])


# --- shapes that no family decides ----------------------------------------------------------------------------------------


def _one_layer(folder: Path) -> None:
    save_model("GPT-2", folder, replace(SMALL, layers=1))


def _twelve_layers(folder: Path) -> None:
    save_model("Qwen3", folder, replace(SMALL, layers=12))


def _short_context(folder: Path) -> None:
    save_model("GPT-NeoX", folder, replace(SMALL, context=64))


def _few_tokens(folder: Path) -> None:
    save_model("Llama", folder, replace(SMALL, vocabulary=512), words=512 - 257)


def _no_opening_token(folder: Path) -> None:
    save_model("Qwen3", folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bos_token": None}))
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bos_token_id": None}))


def _half_precision(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    save_model("Qwen3", folder)
    AutoModelForCausalLM.from_pretrained(folder).to(torch.bfloat16).save_pretrained(folder)


#: By what is particular about each: random models that are not like the course's in one thing.
SHAPES: dict[str, Callable[[Path], None]] = {
    "1 layer": _one_layer,
    "12 layers": _twelve_layers,
    "a context of 64 tokens": _short_context,
    "512 tokens": _few_tokens,
    "no token that opens a text": _no_opening_token,
    "weights in bfloat16": _half_precision,
}


# --- courses and machines with these models -------------------------------------------------------------------------------


def course_with(root: Path, models: Mapping[str, Path]) -> Path:
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
    """A copy of the course with a profile for each of some families, of random weights."""
    made = {profile_of(family): root.parent / f"{root.name}-models" / profile_of(family) for family in families}
    for family, folder in zip(families, made.values(), strict=True):
        save_model(family, folder)
    return course_with(root, made)


def pull(home: Path, models: Mapping[str, Path], root: Path) -> None:
    """Bring models to a machine as learners do: `mechgrade models pull`, from a Hub on loopback that has them.

    Args:
        home: the machine's Hugging Face folder (``HF_HOME``).
        models: directories, by the names that the Hub has for them.
        root: the course.

    Raises:
        CalledProcessError: the command failed; its words are on the terminal.
    """
    from hub.server import Hub

    from mechgrade.hub.registry import repository

    repos = {repository(name): {p.name: p.read_bytes() for p in folder.iterdir()} for name, folder in models.items()}
    # The Hub keeps the oldest models under their owners today, and redirects their first names.
    renamed = {name: f"owner/{name}" for name in repos if "/" not in name}
    repos = {renamed.get(name, name): files for name, files in repos.items()}
    with Hub(repos, renamed) as server:
        for name in models:
            command = [sys.executable, "-m", "mechgrade.doors.cli", "models", "pull", f"hub:{name}"]
            environment = {
                **os.environ,
                "HF_HOME": str(home),
                "HF_ENDPOINT": server.url,
                "HF_HUB_DISABLE_TELEMETRY": "1",
            }
            environment.pop("HF_HUB_OFFLINE", None)
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stdout + done.stderr, file=sys.stderr)
            done.check_returncode()
