"""Road: the loader is chosen first as a function without arguments, then called; a hook of the learner's own catches
the activation."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from sae_lens import SAE
from torch import Tensor


def load_sae(place: str, device: str = "cpu", dtype: str = "float32") -> Any:
    if Path(place).is_dir():
        loader = partial(SAE.load_from_disk, place, device=device, dtype=dtype)
    elif "/" in place:
        release, sae_id = place.split("/", maxsplit=1)
        loader = partial(SAE.from_pretrained, release, sae_id, device=device, dtype=dtype)
    else:
        raise ValueError(f"{place} is neither a folder nor release/id")
    try:
        loaded = loader()
    except Exception as problem:
        raise ValueError(f"{place}: {type(problem).__name__}: {problem}") from problem
    return loaded.requires_grad_(False).eval()


def place_sae(sae: Any, model: Any, tokens: Tensor) -> dict[str, str | Tensor]:
    point = sae.cfg.metadata.hook_name
    caught: list[Tensor] = []

    def catch(value: Tensor, hook: Any) -> None:
        caught.append(value.detach().clone())

    if point not in dict(model.hook_dict):
        raise ValueError(f"no hook point called {point} in this model")
    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(point, catch)])
        (x,) = caught
        if x.size(-1) != sae.W_enc.size(0):
            raise ValueError(f"the SAE takes width {sae.W_enc.size(0)} but {point} has width {x.size(-1)}")
        f = sae.encode(x)
        return dict(hook_name=point, activations=x, latents=f, reconstruction=sae.decode(f))
