# WRONG: does not compare the widths, so the matrix product fails with a RuntimeError; promised: ValueError when 'its activations there are not d_in wide; the text names the hook point, or both widths'
from pathlib import Path

import torch
from sae_lens import SAE


def load_sae(place, device="cpu", dtype="float32"):
    try:
        if Path(place).is_dir():
            sae = SAE.load_from_disk(place, device=device, dtype=dtype)
        else:
            release, _, name = place.partition("/")
            sae = SAE.from_pretrained(release, name, device=device)
        sae = sae.to(device=device, dtype=getattr(torch, dtype))
    except Exception as reason:
        raise ValueError(f"no autoencoder can be loaded from {place!r}: {reason}") from reason
    for parameter in sae.parameters():
        parameter.requires_grad = False
    sae.train(False)
    return sae


def place_sae(sae, model, tokens):
    name = sae.cfg.metadata.hook_name
    if name not in model.hook_dict:
        raise ValueError(f"the model has no hook point {name!r}")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        activations = cache[name]
        latents = sae.encode(activations)
        reconstruction = sae.decode(latents)
    return {"hook_name": name, "activations": activations, "latents": latents, "reconstruction": reconstruction}
