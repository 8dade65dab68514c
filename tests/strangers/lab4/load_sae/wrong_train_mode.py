"""Broken: 'The `sae_lens.SAE`, in eval mode': it is left in the mode in which it comes."""

from pathlib import Path
from typing import Any

import torch
from sae_lens import SAE
from torch import Tensor


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    try:
        if Path(place).is_dir():
            sae = SAE.load_from_disk(place, device=device, dtype=dtype)
        else:
            release, _, name = place.partition("/")
            sae = SAE.from_pretrained(release, name, device=device, dtype=dtype)
    except Exception as error:
        raise ValueError(f"cannot load an SAE from {place!r}: {error}") from error
    for parameter in sae.parameters():
        parameter.requires_grad_(False)
    return sae


def place_sae(sae: Any, model: Any, tokens: Tensor) -> dict[str, str | Tensor]:
    name = sae.cfg.metadata.hook_name
    if name not in model.hook_dict:
        raise ValueError(f"the model has no hook point {name!r}")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        if name not in cache:
            raise ValueError(f"nothing comes by at the hook point {name!r}")
        activations = cache[name]
        if activations.shape[-1] != sae.cfg.d_in:
            raise ValueError(f"{name} is {activations.shape[-1]} wide, the SAE expects {sae.cfg.d_in}")
        latents = sae.encode(activations)
        reconstruction = sae.decode(latents)
    return {"hook_name": name, "activations": activations, "latents": latents, "reconstruction": reconstruction}
