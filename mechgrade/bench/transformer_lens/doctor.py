"""What `mechgrade doctor` asks of TransformerLens: what a model costs, and whether it answers. See :class:`mechgrade.bench.finding.Doctor`.

The cost comes from the model's shape alone: weights, and a full cache of its activations.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.bench.finding import Finding, Situation
from mechgrade.bench.transformer_lens.facts import lacks
from mechgrade.bench.transformer_lens.tokens import cutter
from mechgrade.course import ModelProfile

#: The batch whose full cache is held against the memory: ten prompts of fifty tokens.
BATCH, POS = 10, 50

FIX = "cache by name: run_with_cache(tokens, names_filter=lambda name: 'pattern' in name), or take a smaller model"


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


def _files(situation: Situation) -> Iterator[Finding]:
    """What a model's files lack that labs can do without: a tokenizer, an autoencoder."""
    model, course = situation.model, situation.course
    if model.path is not None and cutter(course.root / model.path) is None:
        yield Finding(
            "tokenizer",
            "warning",
            f"no tokenizer can be read in {model.path} (tokenizer.json): exercises that need words of one token are left out",
            "save the model's tokenizer into that folder: tokenizer.save_pretrained(FOLDER)",
        )
    if "sae" in situation.uses and "sae" not in model.parts:
        yield Finding(
            "SAE",
            "note",
            f"{model.name} has no SAE in course.yaml: the exercises and checks that work with one are left out, all others are graded",
            course.remedies.get("sae", "").replace("{model}", model.name),
        )


def about_version(package: str, major: int) -> str:
    """See :class:`mechgrade.bench.finding.Doctor`."""
    if package != "transformer-lens":
        return ""
    lacks = "2.x has no TransformerBridge" if major < 3 else "from 4.0 on HookedTransformer is gone"
    return f"; {lacks}, on which labs and graders depend"


def examine(situation: Situation) -> Iterator[Finding]:
    """See :class:`mechgrade.bench.finding.Doctor`."""
    yield from _files(situation)
    shape = shape_of(situation.model, situation.course.root)
    if shape is None or situation.free is None:
        return
    cache, name = shape.full_cache(BATCH, POS), situation.model.name
    if shape.weights() + cache <= situation.free * 0.8:
        yield Finding("full cache", "good", f"{BATCH} prompts of {POS} tokens on {name} take {_size(cache)}")
        return
    yield Finding(
        "full cache",
        "warning",
        f"a full cache of {BATCH} prompts of {POS} tokens on {name} takes {_size(cache)} beside "
        f"{_size(shape.weights())} of weights; {_size(situation.free)} {situation.where} are free",
        FIX,
        "too_much_kept",
    )
    found = [
        f"{path.relative_to(situation.course.root)}:{call}" for path in situation.files for call in whole_caches(path)
    ]
    if found:
        yield Finding(
            "full cache in your files",
            "warning",
            "every activation is kept: "
            + ", ".join(found[:5])
            + (f" and {len(found) - 5} more" if len(found) > 5 else ""),
            "give names_filter, or move what you need to the CPU in a hook",
            "too_much_kept",
        )


def whole_caches(path: Path) -> list[str]:
    """Where a file caches every activation: ``run_with_cache`` without a ``names_filter``. Each as line and call."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return []
    return [
        f"{node.lineno} {ast.unparse(node.func)}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "run_with_cache"
        and "names_filter" not in {keyword.arg for keyword in node.keywords}
    ]


def try_out(bench: Any, name: str, uses: Sequence[str], questions: Mapping[str, str]) -> Iterator[Finding]:
    """Run the model on the course's prompt, with everything cached. See :class:`mechgrade.bench.finding.Doctor`."""
    import torch

    config, prompt, answer = bench.model.cfg, questions.get("prompt", ""), questions.get("answer")
    with torch.no_grad():
        logits, cache = bench.model.run_with_cache(bench.tokens(prompt))
    given = bench.model.tokenizer.decode(int(logits[0, -1].argmax()))
    said = f"{config.n_layers} layers, {config.n_heads} heads each, {len(cache)} activations in a full cache"
    if answer is None:
        yield Finding(f"model {name}", "good", said)
    elif given == answer:
        yield Finding(f"model {name}", "good", f"{said}; '{prompt}' gives '{answer}'")
    else:
        fix = "a damaged model, or one that was trained on other texts: look at --model, or say `trained: false` in course.yaml"
        yield Finding(f"model {name}", "warning", f"{said}; '{prompt}' gives {given!r}, not '{answer}'", fix)
    if "sae" not in uses:
        return
    if bench.spec.part("sae") is None:
        return  # `examine` has told it
    why = lacks(bench.spec, {"sae": None}).get("sae")
    if why:
        yield Finding("SAE", "note", f"the exercises and checks that work with an SAE are left out: {why}")
    elif int(bench.sae.cfg.d_in) == int(config.d_model):
        yield Finding("SAE", "good", f"{bench.sae.cfg.d_sae} latents, of the model's width")
    else:
        not_of_it = "the SAE is not of this model's width"
        yield Finding("SAE", "problem", not_of_it, "correct the model's part `sae` in course.yaml")


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
