"""Road: the library is used through its module, the folder is looked for with resolve, the cache gets a function as
its filter."""

from pathlib import Path
from typing import Any

import sae_lens
import torch
from torch import Tensor


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    folder = Path(place).resolve()
    kinds = {"device": device, "dtype": dtype}
    try:
        if folder.exists() and folder.is_dir():
            sae = sae_lens.SAE.load_from_disk(str(folder), **kinds)
        else:
            cut = place.index("/")
            sae = sae_lens.SAE.from_pretrained(place[:cut], place[cut + 1 :], **kinds)
    except Exception as reason:
        message = f"no SAE could be loaded from {place} ({reason})"
        raise ValueError(message) from reason
    sae.train(False)
    for _, weight in sae.named_parameters():
        weight.requires_grad = False
    return sae


def place_sae(sae: Any, model: Any, tokens: Tensor) -> dict[str, str | Tensor]:
    name = sae.cfg.metadata.hook_name
    _, cache = model.run_with_cache(tokens, names_filter=lambda candidate: candidate == name)
    try:
        activations = cache[name].detach()
    except KeyError:
        raise ValueError(f"this model has no {name}") from None
    found, expected = activations.shape[-1], sae.cfg.d_in
    if found != expected:
        raise ValueError(f"width {found} at {name}, but the SAE has width {expected}")
    with torch.no_grad():
        latents = sae.encode(activations)
        return {
            "hook_name": name,
            "activations": activations,
            "latents": latents,
            "reconstruction": sae.decode(latents),
        }
