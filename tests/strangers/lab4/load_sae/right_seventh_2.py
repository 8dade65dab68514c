# RIGHT: loader chosen first and called once, freezing parameter by parameter; run_with_cache
import inspect
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from sae_lens import SAE
from torch import Tensor


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
    names_release, _, names_id = str(place).partition("/")
    if Path(place).exists() and Path(place).is_dir():
        loader, where = SAE.load_from_disk, [Path(place)]
    elif names_release != "" and names_id != "":
        loader, where = SAE.from_pretrained, [names_release, names_id]
    else:
        raise ValueError(f"'{place}' is no folder, and not of the form release/id")
    wanted = {"float32": torch.float32, "float64": torch.float64}[dtype]
    known = inspect.signature(loader).parameters
    options = {"device": device} | ({"dtype": dtype} if "dtype" in known else {})
    try:
        loaded = loader(*where, **options)
        loaded = loaded[0] if isinstance(loaded, tuple) else loaded
        loaded.to(dtype=wanted)
    except Exception as problem:
        raise ValueError(f"{place}: {type(problem).__name__}: {problem}") from problem
    for parameter in loaded.parameters():
        parameter.requires_grad = False
    return loaded.eval()


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
    where = str(sae.cfg.metadata.hook_name)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=where)
        if where not in list(cache.keys()):
            raise ValueError(f"no hook point {where} in this model")
        found = {"hook_name": where, "activations": cache[where]}
        width, wanted = found["activations"].shape[-1], sae.cfg.d_in
        if width != wanted:
            raise ValueError(f"{where}: the model is {width} wide, the SAE {wanted}")
        found["latents"] = sae.encode(found["activations"])
        found["reconstruction"] = sae.decode(found["latents"])
    return found
