"""Sparse autoencoders of every kind that sae-lens has, small, for the course model: what a grader assumes of one kind breaks on another.

Those of :data:`KINDS` are trained for some steps by the course's own command. Those of :data:`OTHERS` have random weights, and are such as
a stranger's profile may name: of rarer kinds, with the bridge's names, or unfit for the model.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml
from families import course_with
from support import ROOT

#: The course model's width and its MLP's.
WIDTH, MLP = 192, 768
HOOK = "blocks.1.hook_resid_post"


def _kinds() -> list[str]:
    from interp.make_sae.kinds import KINDS

    return list(KINDS)


KINDS = _kinds()


def _made(kind: str, hook: str = HOOK, **settings: Any) -> Any:
    """An autoencoder of sae-lens's class with random weights and directions of unequal length."""
    import sae_lens
    import torch
    from sae_lens.saes.sae import SAEMetadata

    out = settings.pop("hook_name_out", None)
    metadata = SAEMetadata(
        model_name="course", hook_name=hook, prepend_bos=True, **({"hook_name_out": out} if out else {})
    )
    config = {"d_in": WIDTH, "d_sae": 96, "metadata": metadata} | settings
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sae = getattr(sae_lens, kind)(getattr(sae_lens, f"{kind}Config")(**config))
        for parameter in sae.parameters():
            parameter.data += 0.05 * torch.randn(parameter.shape)
        if "b_dec" in dict(sae.named_parameters()):
            sae.W_dec.data *= 0.5 + torch.rand(sae.W_dec.shape[0], 1)
    return sae


#: Profiles by name: sae-lens's class and its settings.
OTHERS: dict[str, dict[str, Any]] = {
    "random": {"kind": "StandardSAE"},
    "rescaled_topk": {"kind": "TopKSAE", "k": 8, "rescale_acts_by_decoder_norm": True},
    "abstopk": {"kind": "AbsTopKSAE", "k": 8},
    "matching_pursuit": {"kind": "MatchingPursuitSAE"},
    "bridge_stream": {"kind": "StandardSAE", "hook": "blocks.1.hook_out"},
    "bridge_mlp": {"kind": "JumpReLUSAE", "hook": "blocks.1.mlp.hook_out"},
    "attention": {"kind": "StandardSAE", "hook": "blocks.1.hook_attn_out"},
    "mlp_neurons": {"kind": "StandardSAE", "hook": "blocks.1.mlp.hook_post", "d_in": MLP},
    "layer_norm": {"kind": "StandardSAE", "normalize_activations": "layer_norm"},
    "constant_norm": {"kind": "StandardSAE", "normalize_activations": "constant_norm_rescale"},
    "transcoder": {
        "kind": "Transcoder",
        "hook": "blocks.1.ln2.hook_normalized",
        "hook_name_out": "blocks.1.hook_mlp_out",
        "d_out": WIDTH,
        "apply_b_dec_to_input": False,
    },
    "skip_transcoder": {
        "kind": "JumpReLUSkipTranscoder",
        "hook": "blocks.1.ln2.hook_normalized",
        "hook_name_out": "blocks.1.hook_mlp_out",
        "d_out": WIDTH,
        "apply_b_dec_to_input": False,
    },
    "heads": {"kind": "StandardSAE", "hook": "blocks.1.attn.hook_z", "reshape_activations": "hook_z"},
    "other_layer": {"kind": "StandardSAE", "hook": "blocks.9.hook_resid_post"},
    "other_hook": {"kind": "StandardSAE", "hook": "blocks.1.hook_nothing"},
    "other_width": {"kind": "StandardSAE", "d_in": WIDTH + 3},
}


def save_other(name: str, folder: Path) -> None:
    """Write one of :data:`OTHERS`."""
    settings = dict(OTHERS[name])
    _made(settings.pop("kind"), settings.pop("hook", HOOK), **settings).save_model(folder)


def save_trained(kind: str, folder: Path) -> None:
    """Write one of :data:`KINDS`, trained for some steps on random activations: it has the form of a trained one, and knows nothing."""
    import torch

    from interp.make_sae.making import Recipe, fit_sae

    pool = torch.randn(600, WIDTH, generator=torch.Generator().manual_seed(0))
    fit_sae(Recipe(kind, HOOK, 64, 6, 1.0, 2_000, 0), pool, "course", 128, lambda _: None).save_inference_model(folder)


def train(kind: str, folder: Path, tokens: int = 6_000) -> None:
    """Write one of :data:`KINDS`, trained on the course model for some steps, by what the command runs."""
    from mechgrade.bench import open_bench

    from interp.make_sae.making import Recipe, make

    recipe = Recipe(kind, HOOK, 128, 12, 2.0, tokens, 0)
    make(open_bench("embedded"), recipe, "course", "embedded", folder, lambda *_: lambda _: None)


def course_with_saes(root: Path, folders: dict[str, Path]) -> Path:
    """A copy of the course with a profile of the course model for each of some autoencoders, by name."""
    course_with(root, {})
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    for name, folder in folders.items():
        place = f"fixtures/saes/{name}"
        shutil.copytree(folder, root / place)
        document["models"][name] = {"path": "fixtures/models/embedded", "parts": {"sae": place}}
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return root
