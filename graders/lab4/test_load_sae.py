"""Grader of `load_sae`. Its autoencoders are made on the spot, with random weights, in SAELens's own format."""

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
        "training": sae.training,
        "wants_gradients": [name for name, parameter in parameters.items() if parameter.requires_grad],
        "hook_name": sae.cfg.metadata.hook_name,
        "lengths": sae.W_dec.norm(dim=1).float(),
        "reconstruction": sae.decode(sae.encode(x)).float(),
    }


def from_a_folder(exercise, bench, *, d_in, d_sae, dtype, seed):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        random_sae(bench, d_in=d_in, d_sae=d_sae, hook_name="blocks.1.hook_mlp_out", seed=seed).save_model(folder)
        return facts_about(exercise.load_sae(folder, str(bench.device), dtype))


def from_a_release(exercise, bench, *, place, seed):
    """There is no network here: SAELens's own download is replaced by one that notes what it is asked for."""
    from sae_lens import SAE

    asked = []

    def stand_in(release, sae_id, device="cpu", dtype="float32", **_):
        asked.append({"release": release, "id": sae_id, "dtype": str(dtype), "device": str(device).split(":")[0]})
        return random_sae(bench, d_in=6, d_sae=10, hook_name="blocks.0.hook_resid_pre", seed=seed)

    original = SAE.__dict__["from_pretrained"]
    SAE.from_pretrained = staticmethod(stand_in)
    try:
        sae = exercise.load_sae(place, str(bench.device), bench.spec.dtype)
    finally:
        SAE.from_pretrained = original
    known = [entry | {"dtype": entry["dtype"] == bench.spec.dtype} for entry in asked]
    kept = facts_about(sae)
    kept.pop("dtype", None)
    return {"asked_for": known, "sae": kept}


def from_nowhere(exercise, bench, *, place):
    try:
        found = exercise.load_sae(place, str(bench.device), bench.spec.dtype)
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__, "names_the_place": place in str(error)}
    return {"raised": "nothing", "returned": type(found).__name__}


def in_place(exercise, bench, *, hook, last_layer, d_sae, seed):
    layer = bench.n_layers - 1 if last_layer else 0
    sae = random_sae(bench, d_in=bench.d_model, d_sae=d_sae, hook_name=f"blocks.{layer}.{hook}", seed=seed)
    return exercise.place_sae(sae.eval(), bench.model, bench.repeated_tokens(3, 5, seed))


def in_a_wrong_place(exercise, bench, *, layer, extra):
    """At a layer that need not exist, for activations that are wider than the model's."""
    name = f"blocks.{layer}.hook_resid_pre"
    sae = random_sae(bench, d_in=bench.d_model + extra, d_sae=9, hook_name=name, seed=0)
    try:
        exercise.place_sae(sae, bench.model, bench.repeated_tokens(2, 3, 0))
    except NotImplementedError:
        raise
    except Exception as error:
        widths = [str(bench.d_model), str(bench.d_model + extra)]
        told = all(width in str(error) for width in widths) if extra else name in str(error)
        return {"raised": type(error).__name__, "says_what_is_wrong": told}
    return {"raised": "nothing"}


def course_sae_in_place(exercise, bench):
    found = exercise.place_sae(
        bench.sae, bench.model, bench.tokens(["The capital of France is", "abc def ghi abc def"])
    )
    return {name: found[name] for name in ("hook_name", "activations")} | {"reconstruction": found["reconstruction"]}


@pytest.mark.points(3)
def test_folder(compare, seed):
    """An SAE in a folder, in both types: its weights, frozen and in eval mode."""
    for d_in, d_sae, dtype in [(5, 8, "float32"), (7, 4, "float64")]:
        compare(from_a_folder, d_in=d_in, d_sae=d_sae, dtype=dtype, seed=seed)


@pytest.mark.points(2)
def test_release(compare, seed):
    """A published SAE by release and id, also where the id contains slashes."""
    for place in ("some-release/blocks.8.hook_resid_pre", "other-release/layer_3/width_16k/average_l0_20"):
        found = compare(from_a_release, place=place, seed=seed)
        assert len(found["asked_for"]) == 1, "SAELens should be asked once"


@pytest.mark.points(1)
def test_wrong_release(compare):
    """No such folder, release or id: a ValueError that names the place."""
    for place in (
        "no-such-release/blocks.0.hook_resid_pre",
        "gpt2-small-res-jb/blocks.99.hook_resid_pre",
        "no/such/folder",
    ):
        compare(from_nowhere, place=place)


@pytest.mark.points(2)
def test_place(compare, seed):
    """The activations at the SAE's own hook point, their latents and reconstruction, in several places of the model."""
    for hook, last_layer, d_sae in [
        ("hook_resid_post", True, 11),
        ("hook_mlp_out", False, 7),
        ("hook_resid_pre", True, 5),
    ]:
        found = compare(in_place, hook=hook, last_layer=last_layer, d_sae=d_sae, seed=seed)
        assert np.all(found["latents"] >= 0), "no latent of a ReLU autoencoder is negative"
    compare(course_sae_in_place)


@pytest.mark.points(2)
def test_wrong_place(compare):
    """A hook point that the model lacks, or activations of another width: a ValueError that says so."""
    compare(in_a_wrong_place, layer=999, extra=0)
    compare(in_a_wrong_place, layer=0, extra=3)
