"""Road: the two kinds of place have a function each, picked from a table; the result grows from the hook's own
dictionary."""

from pathlib import Path
from typing import Any

import torch
from sae_lens import SAE
from torch import Tensor


def _from_disk(place: str, **kinds: str) -> Any:
    return SAE.load_from_disk(Path(place), **kinds)


def _published(place: str, **kinds: str) -> Any:
    release, slash, sae_id = place.partition("/")
    if not slash:
        raise LookupError("there is no such folder, and no slash after a release")
    return SAE.from_pretrained(release=release, sae_id=sae_id, **kinds)


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    loader = {True: _from_disk, False: _published}[Path(place).is_dir()]
    try:
        sae = loader(place, device=device, dtype=dtype)
    except Exception as error:
        raise ValueError(f"{place} cannot be loaded") from error
    for module in sae.modules():
        module.eval()
    for weight in sae.parameters():
        weight.requires_grad_(False)
    return sae


def place_sae(sae: Any, model: Any, tokens: Tensor) -> dict[str, str | Tensor]:
    where = sae.cfg.metadata.hook_name
    try:
        model.hook_dict[where]
    except KeyError as error:
        raise ValueError(f"{where} is not a hook point of this model") from error
    found: dict[str, Any] = {"hook_name": where}

    def look(value: Tensor, hook: Any) -> Tensor:
        found["activations"] = value.clone()
        return value

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(where, look)])
        widths = found["activations"].shape[2], sae.cfg.d_in
        if widths[0] != widths[1]:
            raise ValueError(f"at {where}: {widths[0]} dimensions, the SAE has {widths[1]}")
        found["latents"] = sae.encode(found["activations"])
        found["reconstruction"] = sae.decode(found["latents"])
    return found
