"""Right and wrong ways to load an autoencoder and to place it."""

from pathlib import Path

import torch
from sae_lens import SAE

from mechgrade.authoring.variants import accepted, misconception


def loaded(place, device, dtype):
    """The SAE as it comes, with the error that the exercise asks for: a misconception is wrong in one thing only."""
    try:
        if Path(place).is_dir():
            return SAE.load_from_disk(place, device=device, dtype=dtype)
        release, _, identity = place.partition("/")
        return SAE.from_pretrained(release, identity, device=device, dtype=dtype)
    except Exception as error:
        raise ValueError(f"no SAE at {place}") from error


def checked(sae, model):
    """The hook point, with the two refusals."""
    name = sae.cfg.metadata.hook_name
    if name not in model.hook_dict:
        raise ValueError(f"the model has no hook point {name}")
    return name


def refuse_width(sae, x):
    """Raise the error about widths."""
    if x.shape[-1] != sae.cfg.d_in:
        raise ValueError(f"widths differ: {sae.cfg.d_in} and {x.shape[-1]}")


def seen(sae, name, x):
    """The four results."""
    latents = sae.encode(x)
    return {"hook_name": name, "activations": x, "latents": latents, "reconstruction": sae.decode(latents)}


@accepted
def cast_afterwards(place, device="cpu", dtype="float32"):
    """Loaded as it was saved, moved and cast afterwards; parameters frozen one by one."""
    folder = Path(place)
    try:
        if folder.exists():
            sae = SAE.load_from_disk(folder)
        else:
            parts = place.split("/")
            sae = SAE.from_pretrained(release=parts[0], sae_id="/".join(parts[1:]), device=device, dtype=dtype)
    except (ValueError, OSError, KeyError, RuntimeError) as error:
        raise ValueError(f"could not load an SAE from {place}: {type(error).__name__}") from error
    sae = sae.to(device=device, dtype=getattr(torch, dtype))
    for parameter in sae.parameters():
        parameter.requires_grad = False
    sae.train(False)
    return sae


@accepted(replaces="place_sae")
def by_a_hook(sae, model, tokens):
    """A hook of one's own that keeps what passes, instead of a cache."""
    name, kept = checked(sae, model), []

    def keep(value, hook):
        kept.append(value.detach().clone())

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(name, keep)], return_type=None)
        refuse_width(sae, kept[0])
        return seen(sae, name, kept[0])


@accepted(replaces="place_sae")
def by_rows(sae, model, tokens):
    """One text after the other, from a full cache."""
    name, rows = checked(sae, model), []
    with torch.inference_mode():
        for row in tokens:
            _, cache = model.run_with_cache(row[None])
            rows.append(cache[name][0])
        x = torch.stack(rows)
        refuse_width(sae, x)
        return seen(sae, name, x)


@misconception(
    "You split the place at the last `/`. An id may contain slashes itself: the release is what stands before the first one."
)
def splits_at_the_last_slash(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, dtype).eval().requires_grad_(False)
    try:
        release, _, identity = place.rpartition("/")
        return SAE.from_pretrained(release, identity, device=device, dtype=dtype).eval().requires_grad_(False)
    except Exception as error:
        raise ValueError(f"no SAE at {place}") from error


@misconception(
    "You hand release and id over the wrong way round: `SAE.from_pretrained` takes the release first, then the id."
)
def swaps_release_and_id(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, dtype).eval().requires_grad_(False)
    try:
        release, _, identity = place.partition("/")
        return SAE.from_pretrained(identity, release, device=device, dtype=dtype).eval().requires_grad_(False)
    except Exception as error:
        raise ValueError(f"no SAE at {place}") from error


@misconception(
    "The parameters of your SAE still want gradients, so every pass keeps its graph in memory. Freeze them: "
    "`requires_grad_(False)`."
)
def not_frozen(place, device="cpu", dtype="float32"):
    return loaded(place, device, dtype).eval()


@misconception("Your SAE is still in training mode. Call `eval()` on what you have loaded.")
def in_training_mode(place, device="cpu", dtype="float32"):
    return loaded(place, device, dtype).requires_grad_(False).train()


@misconception(
    "You pass SAELens's own error on. It does not tell the place that was asked for, and its kind differs from case to case. "
    "Catch it, and raise a `ValueError` that names the place."
)
def passes_errors_on(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        sae = SAE.load_from_disk(place, device=device, dtype=dtype)
    else:
        release, _, identity = place.partition("/")
        sae = SAE.from_pretrained(release, identity, device=device, dtype=dtype)
    return sae.eval().requires_grad_(False)


@misconception(
    "Where nothing can be loaded you return `None`, and the error comes much later and somewhere else. Raise a `ValueError` "
    "that names the place."
)
def none_for_an_error(place, device="cpu", dtype="float32"):
    try:
        return loaded(place, device, dtype).eval().requires_grad_(False)
    except ValueError:
        return None


@misconception(
    "You do not ask for the type that `dtype` names, and get the one in which the SAE was saved. It then fails on a model of "
    "another type."
)
def ignores_dtype(place, device="cpu", dtype="float32"):
    return loaded(place, device, "float32").eval().requires_grad_(False)


@misconception(
    "You take the activations of a layer of your own choice. The SAE says where it belongs: `sae.cfg.metadata.hook_name`.",
    replaces="place_sae",
)
def layer_from_memory(sae, model, tokens):
    checked(sae, model)
    name = f"blocks.{model.cfg.n_layers // 2}.hook_resid_pre"
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name])


@misconception(
    "You take the layer from the SAE's hook point and the rest from habit: `hook_resid_pre`. Use the whole name as it is.",
    replaces="place_sae",
)
def always_resid_pre(sae, model, tokens):
    name = checked(sae, model)
    place = ".".join([*name.split(".")[:2], "hook_resid_pre"])
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=place)
        refuse_width(sae, cache[place])
        return seen(sae, name, cache[place])


@misconception(
    "You do not check whether the model has the SAE's hook point, so there is a `KeyError` about a cache. Look the name up in "
    "`model.hook_dict` first, and raise a `ValueError` that names it.",
    replaces="place_sae",
)
def no_check_of_the_hook(sae, model, tokens):
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name])


@misconception(
    "You do not compare the widths, so a matrix product fails with shapes that tell the reader nothing. Raise a `ValueError` "
    "that names both widths.",
    replaces="place_sae",
)
def no_check_of_the_width(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        return seen(sae, name, cache[name])


@misconception(
    "Your `reconstruction` is what the SAE gets wrong, activation minus reconstruction. Return what the decoder gives.",
    replaces="place_sae",
)
def error_for_reconstruction(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        found = seen(sae, name, cache[name])
    found["reconstruction"] = found["activations"] - found["reconstruction"]
    return found
