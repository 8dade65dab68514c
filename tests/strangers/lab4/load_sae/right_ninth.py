from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from sae_lens import SAE
from torch import Tensor


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    """Load a sparse autoencoder from a folder or by the name of its release."""
    release, slash, number = place.partition("/")
    folder = Path(place)
    if not folder.is_dir() and not slash:
        raise ValueError(f"{place} is no folder, and no 'release/id' either")
    try:
        if folder.is_dir():
            sae = SAE.load_from_disk(folder, device=device, dtype=dtype)
        else:
            sae = SAE.from_pretrained(release, number, device=device, dtype=dtype)
    except Exception as problem:
        raise ValueError(f"no autoencoder can be loaded from {place}: {problem}") from problem
    sae.train(False)
    for parameter in sae.parameters():
        parameter.requires_grad = False
    return sae


def place_sae(sae: Any, model: Any, tokens: Int[Tensor, "batch pos"]) -> dict[str, str | Float[Tensor, "batch pos _"]]:
    """Run a model and look at its activations through an SAE, where that belongs."""
    name = sae.cfg.metadata.hook_name
    if name not in model.hook_dict:
        raise ValueError(f"the model has no hook point {name}")
    with torch.no_grad():
        activations = model.run_with_cache(tokens, names_filter=name)[1][name]
        width = activations.shape[-1]
        if width != sae.cfg.d_in:
            raise ValueError(f"{name} is {width} wide, the autoencoder expects {sae.cfg.d_in}")
        latents = sae.encode(activations)
        reconstruction = sae.decode(latents)
    return {
        "hook_name": name,
        "activations": activations,
        "latents": latents,
        "reconstruction": reconstruction,
    }
