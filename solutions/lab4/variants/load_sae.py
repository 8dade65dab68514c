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
    except Exception as error:
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
    "An SAE from a folder does not have the type that `dtype` names. Hand `dtype` to `SAE.load_from_disk`, or convert the SAE.",
)
def ignores_the_type_in_a_folder(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, "float32").eval().requires_grad_(False)
    return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception(
    "Some parameters of your SAE still want gradients, its biases. Freeze all of them: `requires_grad_(False)` on the SAE.",
)
def freezes_the_weights_only(place, device="cpu", dtype="float32"):
    sae = loaded(place, device, dtype).eval()
    sae.W_enc.requires_grad_(False)
    sae.W_dec.requires_grad_(False)
    return sae


@misconception(
    "Your id ends at the second `/`. The id is all that stands behind the first one, further slashes included.",
)
def second_part_only(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, dtype).eval().requires_grad_(False)
    try:
        return loaded("/".join(place.split("/")[:2]), device, dtype).eval().requires_grad_(False)
    except ValueError as error:
        raise ValueError(f"no SAE at {place}") from error


@misconception(
    "You take a relative path of an existing folder for a release. Ask `Path(place).is_dir()` first, whatever the "
    "path looks like."
)
def absolute_paths_only(place, device="cpu", dtype="float32"):
    try:
        if Path(place).is_absolute():
            return loaded(place, device, dtype).eval().requires_grad_(False)
        release, _, identity = place.partition("/")
        return SAE.from_pretrained(release, identity, device=device, dtype=dtype).eval().requires_grad_(False)
    except Exception as error:
        raise ValueError(f"no SAE at {place}") from error


@misconception(
    "You take every place with a slash inside for a release. A relative path of an existing folder can contain a "
    "slash: ask "
    "`Path(place).is_dir()` first."
)
def slash_means_release(place, device="cpu", dtype="float32"):
    try:
        if "/" not in place or place.startswith("/"):
            return SAE.load_from_disk(place, device=device, dtype=dtype).eval().requires_grad_(False)
        release, _, identity = place.partition("/")
        return SAE.from_pretrained(release, identity, device=device, dtype=dtype).eval().requires_grad_(False)
    except Exception as error:
        raise ValueError(f"no SAE at {place}") from error


@misconception(
    "A published SAE does not come to the device that `device` names. Hand `device` to `SAE.from_pretrained`, or "
    "move the SAE."
)
def ignores_the_device_of_a_release(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, dtype).eval().requires_grad_(False)
    return loaded(place, "cpu", dtype).eval().requires_grad_(False)


@misconception(
    "A published SAE does not have the type that `dtype` names. Hand `dtype` to `SAE.from_pretrained`, or convert "
    "the SAE."
)
def ignores_the_type_of_a_release(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, device, dtype).eval().requires_grad_(False)
    return loaded(place, device, "float32").eval().requires_grad_(False)


@misconception(
    "You raise a `ValueError`, but its text does not contain the place. Write `place` into the text, as it was given."
)
def does_not_name_the_place(place, device="cpu", dtype="float32"):
    try:
        return loaded(place, device, dtype).eval().requires_grad_(False)
    except ValueError as error:
        raise ValueError("no SAE could be loaded") from error


@misconception(
    "A folder that exists, but cannot be loaded, ends in SAELens's own error. Catch it as you do for a release, "
    "and raise a "
    "`ValueError` that names the place."
)
def folder_errors_come_through(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return SAE.load_from_disk(place, device=device, dtype=dtype).eval().requires_grad_(False)
    return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception(
    "A damaged file of weights ends in an error of another kind than the one that is asked for. Catch "
    "`Exception`, and raise "
    "a `ValueError` that names the place."
)
def catches_some_errors(place, device="cpu", dtype="float32"):
    try:
        if Path(place).is_dir():
            sae = SAE.load_from_disk(place, device=device, dtype=dtype)
        else:
            release, _, identity = place.partition("/")
            sae = SAE.from_pretrained(release, identity, device=device, dtype=dtype)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"no SAE at {place}") from error
    return sae.eval().requires_grad_(False)


@misconception(
    "A place without a slash, which is no folder, ends in another error than the one that is asked for. Raise a "
    "`ValueError` that "
    "names the place there too."
)
def needs_a_slash(place, device="cpu", dtype="float32"):
    if not Path(place).is_dir():
        place.split("/", 1)[1]
    return loaded(place, device, dtype).eval().requires_grad_(False)


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
    "Where the model lacks the SAE's hook point there is a `KeyError`, as from looking it up in a cache. Look the name up in "
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
    "Where the widths differ there is a `RuntimeError`, as from a matrix product of shapes that do not fit. Compare the widths "
    "first, and raise a `ValueError` that names both.",
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


@misconception(
    "You accept a hook point whose name is only a part of one that the model has. Look the whole name up: `name in "
    "model.hook_dict`.",
    replaces="place_sae",
)
def part_of_a_name(sae, model, tokens):
    name = sae.cfg.metadata.hook_name
    if not any(name in known for known in model.hook_dict):
        raise ValueError(f"the model has no hook point {name}")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name])


@misconception(
    "Where the activations are wider than `d_in`, you cut them down to what the SAE takes. Its latents mean "
    "nothing then: raise "
    "a `ValueError` that names both widths.",
    replaces="place_sae",
)
def cuts_wide_activations(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        x = cache[name][..., : sae.cfg.d_in]
        refuse_width(sae, x)
        return seen(sae, name, x)


@misconception(
    "You refuse an SAE that fits its hook point, where the activations are not `d_model` wide. Compare with "
    "the width of the "
    "activations at that hook point.",
    replaces="place_sae",
)
def width_of_the_model(sae, model, tokens):
    name = checked(sae, model)
    if model.cfg.d_model != sae.cfg.d_in:
        raise ValueError(f"widths differ: {sae.cfg.d_in} and {model.cfg.d_model}")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        return seen(sae, name, cache[name])


@misconception(
    "Your error does not name the hook point that the model lacks. Write its whole name into the text.",
    replaces="place_sae",
)
def does_not_name_the_hook(sae, model, tokens):
    if sae.cfg.metadata.hook_name not in model.hook_dict:
        raise ValueError("the model has no such hook point")
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name])


@misconception(
    "Your error about the width does not name both numbers: the width that the SAE expects, and that of the "
    "activations.",
    replaces="place_sae",
)
def names_one_width(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        if cache[name].shape[-1] != sae.cfg.d_in:
            raise ValueError(f"the SAE is for activations of {sae.cfg.d_in}")
        return seen(sae, name, cache[name])


@misconception(
    "Your results lack the first position of every text. Return all positions of `tokens`.",
    replaces="place_sae",
)
def without_the_first_position(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name][:, 1:])


@misconception(
    "Your latents and your reconstruction have one axis for all tokens. Keep `batch` and `pos` apart.",
    replaces="place_sae",
)
def flat_tokens(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        found = seen(sae, name, cache[name])
    found["latents"], found["reconstruction"] = found["latents"].flatten(0, 1), found["reconstruction"].flatten(0, 1)
    return found


@misconception(
    "Your reconstruction lacks the decoder's bias. Use `sae.decode`.",
    replaces="place_sae",
)
def without_the_bias(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        found = seen(sae, name, cache[name])
    found["reconstruction"] = found["latents"] @ sae.W_dec
    return found


@misconception(
    "You compute the latents with a ReLU from the weights. Not every SAE is a plain ReLU: use `sae.encode`.",
    replaces="place_sae",
)
def relu_by_hand(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        x = cache[name]
        latents = ((x - sae.b_dec) @ sae.W_enc + sae.b_enc).relu()
        return {"hook_name": name, "activations": x, "latents": latents, "reconstruction": sae.decode(latents)}


@misconception(
    "You ask for a release although a folder of that name exists. Ask `Path(place).is_dir()` first: an existing folder is an SAE on disk."
)
def release_before_folder(place, device="cpu", dtype="float32"):
    try:
        release, _, identity = place.partition("/")
        return SAE.from_pretrained(release, identity, device=device, dtype=dtype).eval().requires_grad_(False)
    except Exception:
        return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception(
    "An SAE from a folder does not come to the device that `device` names. Hand `device` to `SAE.load_from_disk`, or move the SAE."
)
def ignores_the_device_in_a_folder(place, device="cpu", dtype="float32"):
    if Path(place).is_dir():
        return loaded(place, "cpu", dtype).eval().requires_grad_(False)
    return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception("You return a tuple. The SAE alone is asked for: its settings are in `sae.cfg`.")
def with_its_settings(place, device="cpu", dtype="float32"):
    sae = loaded(place, device, dtype).eval().requires_grad_(False)
    return sae, sae.cfg


def in_place_of(sae, model, tokens, name):
    """What comes of an SAE at a hook point, unchecked."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        return seen(sae, name, cache[name])


@misconception(
    "Neither a published SAE nor one from a folder comes to the device that `device` names. Hand `device` on, or move the SAE."
)
def ignores_the_device(place, device="cpu", dtype="float32"):
    return loaded(place, "cpu", dtype).eval().requires_grad_(False)


@misconception(
    "For a place without a slash, which is no folder, the text of your `ValueError` does not contain the place. Does the error come "
    "from unpacking what `split` gives? Raise one of your own."
)
def unpacks_the_split(place, device="cpu", dtype="float32"):
    if not Path(place).is_dir():
        _release, _identity = place.split("/", 1)
    return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception("Your error names only a part of the place. Write `place` into the text whole, as it was given.")
def names_the_release_only(place, device="cpu", dtype="float32"):
    release, _, _ = place.partition("/")
    try:
        return loaded(place, device, dtype).eval().requires_grad_(False)
    except ValueError as error:
        raise ValueError(f"no SAE in {release}") from error


@misconception(
    "Where nothing can be loaded you raise a `FileNotFoundError`. Raise a `ValueError` that names the place."
)
def file_not_found(place, device="cpu", dtype="float32"):
    try:
        return loaded(place, device, dtype).eval().requires_grad_(False)
    except ValueError as error:
        raise FileNotFoundError(f"no SAE at {place}") from error


@misconception(
    "A published SAE still wants gradients and is in training mode, where one from a folder is not. Freeze what you return, "
    "wherever it came from."
)
def freezes_folders_only(place, device="cpu", dtype="float32"):
    sae = loaded(place, device, dtype)
    return sae.eval().requires_grad_(False) if Path(place).is_dir() else sae


@misconception(
    "Where the activations are narrower than `d_in`, there is a `RuntimeError`, though wider ones are refused as they should be. "
    "Refuse every width but `d_in`.",
    replaces="place_sae",
)
def refuses_wide_ones_only(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
    if cache[name].shape[-1] > sae.cfg.d_in:
        raise ValueError(f"widths differ: {sae.cfg.d_in} and {cache[name].shape[-1]}")
    return in_place_of(sae, model, tokens, name)


@misconception(
    "Where the activations are wider than `d_in`, there is a `RuntimeError`, though narrower ones are refused as they should be. "
    "Refuse every width but `d_in`.",
    replaces="place_sae",
)
def refuses_narrow_ones_only(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
    if cache[name].shape[-1] < sae.cfg.d_in:
        raise ValueError(f"widths differ: {sae.cfg.d_in} and {cache[name].shape[-1]}")
    return in_place_of(sae, model, tokens, name)


@misconception(
    "Your checks of hook point and width end in an `AssertionError`. Write `if …: raise ValueError(…)` in place of `assert`.",
    replaces="place_sae",
)
def asserts(sae, model, tokens):
    name = sae.cfg.metadata.hook_name
    assert name in model.hook_dict, f"the model has no hook point {name}"
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
    width = cache[name].shape[-1]
    assert width == sae.cfg.d_in, f"widths differ: {sae.cfg.d_in} and {width}"
    return in_place_of(sae, model, tokens, name)


@misconception(
    "Where the model lacks the hook point you raise a `KeyError`, and where the widths differ a `RuntimeError` comes through. Check "
    "both, and raise a `ValueError`.",
    replaces="place_sae",
)
def no_checks_at_all(sae, model, tokens):
    return in_place_of(sae, model, tokens, sae.cfg.metadata.hook_name)


@misconception(
    "Your `hook_name` is not the whole name of the hook point. Return `sae.cfg.metadata.hook_name` as it is.",
    replaces="place_sae",
)
def last_part_of_the_name(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name]) | {"hook_name": name.split(".")[-1]}


@misconception(
    "You return reconstructions of reconstructions: the latents of `reconstruction` are taken anew. Decode the latents that you return.",
    replaces="place_sae",
)
def encodes_twice(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        found = seen(sae, name, cache[name])
        again = sae.decode(sae.encode(found["reconstruction"]))
    return found | {"reconstruction": again}


@misconception(
    "Your `activations` are the reconstruction. Return what the model computes at the hook point.",
    replaces="place_sae",
)
def reconstruction_for_activations(sae, model, tokens):
    name = checked(sae, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        found = seen(sae, name, cache[name])
    return found | {"activations": found["reconstruction"]}


@misconception(
    "You refuse a place with more than one slash. An id may contain slashes itself: split at the first one only, as `partition` does."
)
def one_slash_only(place, device="cpu", dtype="float32"):
    if not Path(place).is_dir() and place.count("/") != 1:
        raise ValueError(f"no SAE at {place}")
    return loaded(place, device, dtype).eval().requires_grad_(False)


@misconception(
    "You take the activations behind a layer of your own choice, in the middle of the model. The SAE says where it belongs: "
    "`sae.cfg.metadata.hook_name`.",
    replaces="place_sae",
)
def middle_of_the_model(sae, model, tokens):
    checked(sae, model)
    name = f"blocks.{model.cfg.n_layers // 2}.hook_resid_post"
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        refuse_width(sae, cache[name])
        return seen(sae, name, cache[name])
