# WRONG: splits at the last slash ("the part before the *first* `/` is the release")
import inspect
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from sae_lens import SAE
from torch import Tensor


def _call(load, *where, device, dtype):
    """Call a loader of SAELens, with the dtype only if this version knows it."""
    options = {"device": device}
    if "dtype" in inspect.signature(load).parameters:
        options["dtype"] = dtype
    return load(*where, **options)


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    """Load a sparse autoencoder from a folder or by the name of its release.

    Args:
        place: an existing folder, by an absolute or a relative path; otherwise `"release/id"`, where the release is what stands
            before the first `/`.
        device: the torch device of the weights, by its name.
        dtype: the type of the weights, by its name: `"float32"` or `"float64"`.

    Returns:
        The `sae_lens.SAE`, in eval mode, none of its parameters with gradients.

    Raises:
        ValueError: there is no such folder, release or id, or it cannot be loaded; the text contains `place`.

    """
    try:
        if Path(place).is_dir():
            sae = _call(SAE.load_from_disk, place, device=device, dtype=dtype)
        else:
            release, slash, sae_id = place.rpartition("/")
            if not (release and slash and sae_id):
                raise ValueError("neither a folder nor release/id")
            sae = _call(SAE.from_pretrained, release, sae_id, device=device, dtype=dtype)
        if isinstance(sae, tuple):  # old SAELens
            sae = sae[0]
        sae = sae.to(dtype=getattr(torch, dtype)) or sae
    except Exception as error:
        raise ValueError(f"cannot load an SAE from '{place}': {error}") from error
    sae.eval()
    sae.requires_grad_(False)
    return sae


def place_sae(sae: Any, model: Any, tokens: Int[Tensor, "batch pos"]) -> dict[str, str | Float[Tensor, "batch pos _"]]:
    """Run a model and look at its activations through an SAE, where that belongs.

    Args:
        sae: a `sae_lens.SAE`.
        model: a TransformerLens model.
        tokens: shape `[batch, pos]`.

    Returns:
        `"hook_name"`, where the SAE belongs; the `"activations"` there, shape `[batch, pos, d_in]`; their `"latents"`, shape
        `[batch, pos, d_sae]`; and the `"reconstruction"`, shape `[batch, pos, d_in]`.

    Raises:
        ValueError: the model has no such hook point, or its activations there are not `d_in` wide; the text names the hook
            point, or both widths.

    """
    name = sae.cfg.metadata.hook_name
    seen = []

    def keep(value, hook):
        seen.append(value.detach())

    if not isinstance(name, str):
        raise ValueError(f"the SAE names no hook point: {name}")
    with torch.no_grad():
        try:
            model.run_with_hooks(tokens, fwd_hooks=[(name, keep)])
        except (KeyError, AttributeError) as error:
            raise ValueError(f"the model has no hook point {name}") from error
        if not seen:
            raise ValueError(f"the model has no hook point {name}")
        activations = seen[0]
        if activations.shape[-1] != sae.cfg.d_in:
            raise ValueError(f"activations at {name} are {activations.shape[-1]} wide, the SAE wants {sae.cfg.d_in}")
        latents = sae.encode(activations)
        reconstruction = sae.decode(latents)
    return {"hook_name": name, "activations": activations, "latents": latents, "reconstruction": reconstruction}
