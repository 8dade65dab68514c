"""What a sparse autoencoder is, told from its cfg.json, and whether a model can use it: without its weights, and without torch.

sae-lens loads a dozen kinds. Most rebuild the activation that they read by ``f @ W_dec + b_dec``. Of the others each is refused in a sentence
before anything is run: a transcoder rebuilds nothing, and one that rescales activations has directions of another length in each of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.bench.transformer_lens import files
from mechgrade.protocol.job import HUB

#: Kinds that look at more than one token, that have no pre-activations, that sae-lens writes in mid-training, and that read one
#: thing and rebuild another.
_TEMPORAL = frozenset(["temporal"])
_SEARCHING = frozenset(["matching_pursuit"])
_UNFINISHED = frozenset(["batchtopk", "matryoshka_batchtopk"])
_TRANSCODER = re.compile("transcoder")
#: Ways to rescale an activation before it is encoded, which the decoder has to undo.
_RESCALING = frozenset(["layer_norm", "constant_norm_rescale"])

#: The hook points of a layer that the bridge has under a name of its own, and the names of HookedTransformer for them.
_OLDER = {
    "hook_in": "hook_resid_pre",
    "hook_out": "hook_resid_post",
    "attn.hook_out": "hook_attn_out",
    "mlp.hook_out": "hook_mlp_out",
    "mlp.in.hook_out": "mlp.hook_pre",
    "mlp.out.hook_in": "mlp.hook_post",
}
#: How wide the activations at a layer's hook points are; at others nothing is said.
_WIDTHS = dict.fromkeys(
    ("hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out", "ln1.hook_normalized"),
    "d_model",
) | {"ln2.hook_normalized": "d_model", "mlp.hook_pre": "d_mlp", "mlp.hook_post": "d_mlp"}


@dataclass(frozen=True)
class Sae:
    """An autoencoder's kind.

    Attributes:
        name: for people.
        kind: as sae-lens names its architecture.
        d_in: the width of the activations that it reads.
        hook: the hook point at which it reads; empty where it does not say so.
        writes: the hook point whose activations it imitates, if that is another.
        rescaling: how it rescales activations; ``none`` where it does not.
        of_heads: whether it reads heads, all side by side or one alone.
        unversioned: whether its metadata stand where sae-lens 6 puts them, without the version by which sae-lens knows that.
    """

    name: str
    kind: str
    d_in: int
    hook: str
    writes: str
    rescaling: str
    of_heads: bool
    unversioned: bool = False


@dataclass(frozen=True)
class Sizes:
    """A model's sizes that decide whether an autoencoder fits; ``d_mlp`` is 0 where it is not known."""

    n_layers: int
    d_model: int
    d_mlp: int


def sae_of(config: Mapping[str, Any], name: str) -> Sae:
    """An autoencoder's kind from its cfg.json, as sae-lens writes it now or wrote it before version 6.

    Raises:
        ValueError, TypeError, AttributeError: the configuration is not of this form.
    """
    inner = config.get("metadata") or {}
    more = {**config, **inner}
    hook = str(more.get("hook_name") or more.get("hook_point") or "")
    head = more.get("hook_head_index", more.get("hook_point_head_index"))
    return Sae(
        name=name,
        kind=str(config.get("architecture") or "standard"),
        d_in=int(config["d_in"]),
        hook=hook,
        writes=str(more.get("hook_name_out") or ""),
        rescaling=str(config.get("normalize_activations") or "none"),
        of_heads=config.get("reshape_activations") == "hook_z" or hook.endswith("hook_z") or head is not None,
        unversioned="hook_name" in inner and "hook_name" not in config and not inner.get("sae_lens_version"),
    )


def at(place: str) -> Sae | None:
    """The kind of the autoencoder in a directory or under ``hub:release/id``; None where no configuration in sae-lens's form can be read."""
    try:
        folder = _folder(place)
        name = place.removeprefix(HUB) if place.startswith(HUB) else Path(place).name
        return sae_of(json.loads((folder / "cfg.json").read_text(encoding="utf-8")), f"the SAE {name}")
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def _folder(place: str) -> Path:
    if not place.startswith(HUB):
        return Path(place)
    from mechgrade.course import CourseError, ModelProfile
    from mechgrade.hub.files import needs, snapshot

    try:
        (need,) = needs(ModelProfile.model_construct(name=place, parts={"sae": place}))
    except CourseError as error:
        raise ValueError(str(error)) from error
    found = snapshot(need)
    if found is None:
        raise ValueError(f"{place} is not on this machine")
    return found / need.folder


def sizes_of(config: Mapping[str, Any]) -> Sizes:
    """A model's sizes, from its config.json.

    Raises:
        ValueError: it does not tell them.
    """
    layers = config.get("num_hidden_layers") or config.get("n_layer") or config.get("num_layers")
    width = config.get("hidden_size") or config.get("n_embd") or config.get("d_model")
    if not layers or not width:
        raise ValueError("a configuration without sizes")
    return Sizes(int(layers), int(width), int(config.get("intermediate_size") or config.get("n_inner") or 4 * width))


def older_name(hook: str) -> str:
    """The name that HookedTransformer has for a hook point of the bridge; any other name as it is."""
    found = re.fullmatch(r"(blocks\.\d+\.)(.+)", hook)
    return found[1] + _OLDER.get(found[2], found[2]) if found else hook


# --- whether it fits ---------------------------------------------------------------------------------------------------


def misfit(sae: Sae, sizes: Sizes | None) -> str:
    """Why an autoencoder cannot be used on a model at all, in words; empty where it can, as far as both are known."""
    if _TRANSCODER.search(sae.kind):
        what = (
            f"from {sae.hook} it imitates {sae.writes}"
            if sae.hook and sae.writes
            else "it imitates a part of the model"
        )
        return f"it needs an autoencoder, which rebuilds what it reads, and {sae.name} is a transcoder: {what}"
    if sae.kind in _TEMPORAL:
        return f"it needs an autoencoder that reads one token at a time, and {sae.name} also reads the tokens before"
    if sae.kind in _SEARCHING:
        return (
            f"it needs an autoencoder with an encoder of one step, and {sae.name} searches for its latents one by one "
            "(matching pursuit)"
        )
    if sae.kind in _UNFINISHED:
        return (
            f"it needs a finished autoencoder, and {sae.name} was saved in the middle of its training: save it with "
            "`save_inference_model`"
        )
    if sae.of_heads:
        return f"it needs an autoencoder of whole activations, and {sae.name} reads heads ({sae.hook})"
    if re.search(r"attn\.hook_(pattern|attn_scores|scores)$", sae.hook):
        return f"it needs an autoencoder of whole activations, and {sae.name} reads attention between positions ({sae.hook})"
    if sae.unversioned:
        return (
            f"it needs an autoencoder that says where it belongs, and the metadata in the cfg.json of {sae.name} lack sae_lens_version: "
            'sae-lens then takes the file for an older form, and finds no hook_name. Write "sae_lens_version": "6.0.0" there'
        )
    if not sae.hook:
        return f"it needs an autoencoder that says where it belongs, and {sae.name} names no hook point (hook_name)"
    layer = re.match(r"blocks\.(\d+)\.(.+)", older_name(sae.hook))
    if sizes and layer and int(layer[1]) >= sizes.n_layers:
        return (
            f"it needs an autoencoder of this model, and {sae.name} belongs at {sae.hook}; the model's last layer is "
            f"{sizes.n_layers - 1}"
        )
    width = getattr(sizes, _WIDTHS[layer[2]]) if sizes and layer and layer[2] in _WIDTHS else 0
    if not width or sae.d_in == width:
        return ""
    return (
        f"it needs an autoencoder of this model, and {sae.name} is for activations of {sae.d_in} numbers; "
        f"at {sae.hook} the model has {width}"
    )


def rescales(sae: Sae) -> str:
    """Why the latents of an autoencoder do not add up to its reconstruction as ``f @ W_dec + b_dec``; empty where they do."""
    if sae.rescaling not in _RESCALING:
        return ""
    return f"it needs an autoencoder that decodes as f @ W_dec + b_dec, and {sae.name} rescales each activation ({sae.rescaling})"


def elsewhere(sae: Sae, sizes: Sizes | None) -> str:
    """Why an autoencoder's directions are none of the residual stream's; empty where they are."""
    if sizes is None or sae.d_in == sizes.d_model:
        return ""
    return f"it needs directions in the residual stream, which has {sizes.d_model} dimensions, and those of {sae.name} have {sae.d_in}"


# --- whether its files are whole ----------------------------------------------------------------------------------------

#: The file of weights.
WEIGHTS = "sae_weights.safetensors"
#: The weights that every kind has, by the sizes of their axes.
_SHAPES = {"W_enc": ("d_in", "d_sae"), "W_dec": ("d_sae", "d_in"), "b_dec": ("d_in",)}


def broken(folder: Path, kinds: Collection[str]) -> str:
    """What is wrong with an autoencoder's folder in sae-lens's format, in words; empty where nothing is, as far as can be told unloaded.

    Args:
        folder: with cfg.json and the weights.
        kinds: the architectures that sae-lens knows.
    """
    path = folder / "cfg.json"
    if not path.is_file():
        return f"there is no {path}"
    wrong = files.wrong_json(path)
    if wrong:
        return wrong
    config = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in ("d_in", "d_sae", "dtype") if name not in config]
    if missing:
        return f"{path} lacks {' and '.join(missing)}"
    sizes = {name: config[name] for name in ("d_in", "d_sae")}
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            return f"{path} says {name} {size!r}, which is no size"
    kind = config.get("architecture", "standard")
    if kind not in kinds:
        return f"{path} says architecture {kind!r}, which sae-lens does not know; it knows {', '.join(sorted(kinds))}"
    if isinstance(config.get("k"), int | float) and config["k"] > sizes["d_sae"]:
        return f"{path} says k {config['k']}, and there are only {sizes['d_sae']} latents (d_sae)"
    weights = folder / WEIGHTS
    if not weights.is_file():
        return f"there is no {weights}"
    try:
        found = files.shapes(weights)
    except (OSError, ValueError) as error:
        return str(error)
    if (
        _TRANSCODER.search(kind) or kind in _TEMPORAL | _SEARCHING | _UNFINISHED
    ):  # of other shapes; refused by their kind
        return ""
    for name, axes in _SHAPES.items():
        wanted = tuple(sizes[axis] for axis in axes)
        if name not in found:
            return f"{weights} has no {name}"
        if found[name] != wanted:
            return f"{weights} has a {name} of shape {list(found[name])}; by cfg.json it is {list(wanted)}"
    return ""
