"""Grader of `load_sae`. Its autoencoders are made on the spot, with random weights, in SAELens's own format."""

import contextlib

import numpy as np
import pytest


def random_sae(bench, *, d_in, d_sae, hook_name, seed):
    """A ReLU autoencoder of SAELens's."""
    from sae_lens import StandardSAE, StandardSAEConfig
    from sae_lens.saes.sae import SAEMetadata

    metadata = SAEMetadata(hook_name=hook_name, model_name="any")
    sae = StandardSAE(StandardSAEConfig(d_in=d_in, d_sae=d_sae, dtype=bench.spec.dtype, metadata=metadata))
    weights = {
        "W_enc": bench.normal(d_in, d_sae, seed=seed) / d_in**0.5,
        "b_enc": bench.normal(d_sae, seed=seed + 1),
        "W_dec": bench.normal(d_sae, d_in, seed=seed + 2) / d_in**0.5,
        "b_dec": bench.normal(d_in, seed=seed + 3),
    }
    sae.load_state_dict(weights)
    return sae.to(bench.device)


def facts_about(sae):
    """What a loaded SAE is, and what it does to a fixed activation."""
    import torch

    if not isinstance(sae, torch.nn.Module):
        return {"type": type(sae).__name__}
    parameters = dict(sae.named_parameters())
    x = torch.linspace(-1, 1, sae.cfg.d_in).to(parameters["W_dec"])
    return {
        "type": type(sae).__name__,
        "dtype": str(sae.W_dec.dtype),
        "mode": "training mode" if sae.training else "eval mode",
        "wants_gradients": ", ".join(name for name, parameter in parameters.items() if parameter.requires_grad)
        or "none",
        "hook_name": sae.cfg.metadata.hook_name,
        "lengths": sae.W_dec.norm(dim=1).float(),
        "reconstruction": sae.decode(sae.encode(x)).float(),
    }


@contextlib.contextmanager
def releases_of_any_name(bench, seed):
    """Whatever release SAELens is asked for, it gets an SAE with weights of its own: a folder must not be taken for a release."""
    from sae_lens import SAE

    def stand_in(*_arguments, **_keywords):
        return random_sae(bench, d_in=5, d_sae=7, hook_name="blocks.0.hook_resid_pre", seed=seed + 9)

    original = SAE.__dict__["from_pretrained"]
    SAE.from_pretrained = staticmethod(stand_in)
    try:
        yield
    finally:
        SAE.from_pretrained = original


def from_a_folder(exercise, bench, *, d_in, d_sae, dtype, seed):
    import tempfile

    with tempfile.TemporaryDirectory() as folder, releases_of_any_name(bench, seed):
        random_sae(bench, d_in=d_in, d_sae=d_sae, hook_name="blocks.1.hook_mlp_out", seed=seed).save_model(folder)
        return facts_about(exercise.load_sae(folder, str(bench.device), dtype))


def on_the_device_from_a_folder(exercise, bench, *, seed):
    """Whether the device is passed on, shown by PyTorch's device "meta", on which SAELens itself cannot read a file."""
    import tempfile

    from sae_lens import SAE

    original = SAE.__dict__["load_from_disk"]

    def stand_in(path, device="cpu", dtype=None, **_):
        return original.__func__(SAE, path, device="cpu", dtype=dtype).to(device=device)

    with tempfile.TemporaryDirectory() as folder:
        random_sae(bench, d_in=4, d_sae=6, hook_name="blocks.1.hook_mlp_out", seed=seed).save_model(folder)
        SAE.load_from_disk = staticmethod(stand_in)
        try:
            sae = exercise.load_sae(folder, "meta", "float32")
        finally:
            SAE.load_from_disk = original
    return {"device": device_of(sae)}


def device_of(sae):
    """Where the weights are, in words."""
    import torch

    if not isinstance(sae, torch.nn.Module):
        return type(sae).__name__
    return f"the weights are on {sae.W_dec.device.type}"


def from_a_relative_folder(exercise, bench, *, folder, seed):
    """A folder below the working directory: it exists, so its name is no release, with or without a slash in it."""
    import os
    import tempfile
    from pathlib import Path

    here = Path.cwd()
    with tempfile.TemporaryDirectory() as parent, releases_of_any_name(bench, seed):
        random_sae(bench, d_in=4, d_sae=6, hook_name="blocks.1.hook_mlp_out", seed=seed).save_model(
            f"{parent}/{folder}"
        )
        os.chdir(parent)
        try:
            return facts_about(exercise.load_sae(folder, str(bench.device), "float32"))
        finally:
            os.chdir(here)


def from_a_release(exercise, bench, *, place, dtype, on_meta, seed):
    """There is no network here: SAELens's own download is replaced by one that notes what it is asked for.

    On a CPU alone, PyTorch's device "meta", which has no data, shows whether the device is passed on.
    """
    import torch
    from sae_lens import SAE

    asked = []

    def stand_in(release, sae_id, device="cpu", dtype="float32", **_):
        asked.append(f"release {release!r}, id {sae_id!r}")
        sae = random_sae(bench, d_in=6, d_sae=10, hook_name="blocks.0.hook_resid_pre", seed=seed)
        return sae.to(device=device, dtype=getattr(torch, str(dtype).removeprefix("torch.")))

    device = "meta" if on_meta else str(bench.device)
    original = SAE.__dict__["from_pretrained"]
    SAE.from_pretrained = staticmethod(stand_in)
    try:
        sae = exercise.load_sae(place, device, dtype)
    except ValueError:
        if asked:
            raise
        return "a ValueError, and SAELens is never asked"
    finally:
        SAE.from_pretrained = original
    if on_meta:
        return {"asked_for": asked, "device": device_of(sae)}
    return {"asked_for": asked, "sae": facts_about(sae)}


def kind_of(error):
    """The class of an error, in words where it is another than the one that is asked for."""
    return "ValueError" if isinstance(error, ValueError) else f"{type(error).__name__} and no ValueError"


def outcome_of(exercise, bench, place):
    try:
        found = exercise.load_sae(place, str(bench.device), bench.spec.dtype)
    except NotImplementedError:
        raise
    except Exception as error:
        text = "contains the place" if place in str(error) else "lacks the place"
        return {"raised": kind_of(error), "its_text": text}
    return {"raised": "nothing at all", "returned": type(found).__name__}


def from_nowhere(exercise, bench, *, places):
    """Places that do not exist; and folders without an SAE, with cut off settings, with cut off weights."""
    import tempfile
    from pathlib import Path

    outcomes = {place: outcome_of(exercise, bench, place) for place in places}
    for damage in ("nothing in the folder", "cfg.json", "sae_weights.safetensors"):
        with tempfile.TemporaryDirectory() as folder:
            if damage.startswith("nothing"):
                outcomes[damage] = outcome_of(exercise, bench, folder)
            else:
                random_sae(bench, d_in=4, d_sae=6, hook_name="blocks.0.hook_resid_pre", seed=0).save_model(folder)
                broken = Path(folder, damage)
                broken.write_bytes(broken.read_bytes()[:20])
                outcomes[f"{damage} is cut off"] = outcome_of(exercise, bench, folder)
    return outcomes


def in_place(exercise, bench, *, hook, last_layer, d_sae, seed):
    layer = bench.n_layers - 1 if last_layer else 0
    d_in = bench.model.cfg.d_mlp if hook == "mlp.hook_post" else bench.d_model
    sae = random_sae(bench, d_in=d_in, d_sae=d_sae, hook_name=f"blocks.{layer}.{hook}", seed=seed)
    try:
        return exercise.place_sae(sae.eval(), bench.model, bench.repeated_tokens(3, 5, seed))
    except ValueError:
        return "a ValueError, although the SAE fits its hook point"


def in_wrong_places(exercise, bench, *, places):
    """At hook points that need not exist, for activations that are wider or narrower than the model's."""
    outcomes = {}
    for name, extra in places:
        sae = random_sae(bench, d_in=bench.d_model + extra, d_sae=9, hook_name=name, seed=0)
        widths = [str(bench.d_model), str(bench.d_model + extra)]
        try:
            found = exercise.place_sae(sae, bench.model, bench.repeated_tokens(2, 3, 0))
            outcome = {"raised": "nothing at all", "returned": type(found).__name__}
        except NotImplementedError:
            raise
        except Exception as error:
            lacks = [part for part in (widths if extra else [name]) if part not in str(error)]
            what = f"lacks {' and '.join(lacks)}" if lacks else "says what is wrong"
            outcome = {"raised": kind_of(error), "its_text": what}
        outcomes[f"{name}, {extra} wider" if extra else name] = outcome
    return outcomes


def course_sae_in_place(exercise, bench):
    found = exercise.place_sae(
        bench.sae, bench.model, bench.tokens(["The capital of France is", "abc def ghi abc def"])
    )
    return {name: found[name] for name in ("hook_name", "activations")} | {"reconstruction": found["reconstruction"]}


@pytest.mark.points(3)
def test_folder(compare, seed):
    """An SAE in a folder, in both types, by any path, also where a release has its name: its weights, frozen and in eval mode."""
    for d_in, d_sae, dtype in [(5, 8, "float32"), (7, 4, "float64")]:
        compare(from_a_folder, d_in=d_in, d_sae=d_sae, dtype=dtype, seed=seed)
    for folder in ("sae", "saes/layer_1"):
        compare(from_a_relative_folder, folder=folder, seed=seed)
    compare(on_the_device_from_a_folder, seed=seed)


@pytest.mark.points(2)
def test_release(compare, seed):
    """A published SAE by release and id, also where the id contains slashes, with the device and type that are asked for."""
    for place, dtype, on_meta in [
        ("some-release/blocks.8.hook_resid_pre", "float32", False),
        ("other-release/layer_3/width_16k/average_l0_20", "float64", False),
        ("some-release/blocks.8.hook_resid_pre", "float32", True),
    ]:
        found = compare(from_a_release, place=place, dtype=dtype, on_meta=on_meta, seed=seed)
        assert len(found["asked_for"]) == 1, "SAELens should be asked once"


@pytest.mark.points(1)
def test_wrong_release(compare):
    """No such folder, release or id, or a folder that cannot be read: a ValueError that names the place."""
    places = [
        "no-such-release/blocks.0.hook_resid_pre",
        "gpt2-small-res-jb/blocks.99.hook_resid_pre",
        "no/such/folder",
        "no-such-place",
    ]
    compare(from_nowhere, places=places)


@pytest.mark.points(2)
@pytest.mark.needs("sae")
def test_place(compare, seed):
    """The activations at the SAE's own hook point, their latents and reconstruction, in several places of the model."""
    for hook, last_layer, d_sae in [
        ("hook_resid_post", True, 11),
        ("hook_mlp_out", False, 7),
        ("hook_resid_pre", True, 5),
        ("mlp.hook_post", False, 6),
    ]:
        found = compare(in_place, hook=hook, last_layer=last_layer, d_sae=d_sae, seed=seed)
        assert np.all(found["latents"] >= 0), "no latent of a ReLU autoencoder is negative"
    compare(course_sae_in_place)


@pytest.mark.points(2)
def test_wrong_place(compare):
    """A hook point that the model lacks, or activations of another width: a ValueError that says so."""
    here = "blocks.0.hook_resid_pre"
    missing = ["blocks.999.hook_resid_pre", "hook_resid_pre", "blocks.0.hook_resid"]
    compare(in_wrong_places, places=[*([name, 0] for name in missing), [here, 3], [here, -3], [here, 1]])
