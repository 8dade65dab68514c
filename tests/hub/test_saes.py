"""Published autoencoders of other forms than the course's own: fetched, loaded without a network, and told where they do not fit."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from support import later

from hub import standins
from mechgrade.course import CourseError
from mechgrade.hub import registry

pytestmark = pytest.mark.long

torch = later("torch")
numpy = later("numpy")
safetensors = later("safetensors.torch")

#: Releases of sae-lens's list: a TopK one that rescales activations, in its own format; and Gemma Scope's JumpReLU ones.
TOPK, TOPK_REPOSITORY = (
    "gpt2-small-resid-post-v5-32k/blocks.0.hook_resid_post",
    "jbloom/GPT2-Small-OAI-v5-32k-resid-post-SAEs",
)
GEMMA, GEMMA_REPOSITORY = "gemma-scope-2b-pt-res/layer_3/width_16k/average_l0_14", "google/gemma-scope-2b-pt-res"
#: Gemma 2 2B's width, which sae-lens knows by the repository's name, and its number of layers.
GEMMA_WIDTH, LATENTS = 2304, 16_384


def topk() -> dict[str, bytes]:
    """A folder of that release, with the keys of its configuration."""
    generator = torch.Generator().manual_seed(3)
    config = {
        "model_name": "gpt2-small",
        "hook_point": "blocks.0.hook_resid_post",
        "hook_point_layer": 0,
        "hook_point_head_index": None,
        "d_in": standins.WIDTH,
        "d_sae": standins.LATENTS,
        "dtype": "torch.float32",
        "device": "cpu",
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 32},
        "normalize_activations": "layer_norm",
        "prepend_bos": False,
        "context_size": 64,
    }
    shapes = {
        "W_enc": (standins.WIDTH, standins.LATENTS),
        "W_dec": (standins.LATENTS, standins.WIDTH),
        "b_enc": (standins.LATENTS,),
        "b_dec": (standins.WIDTH,),
    }
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    folder = "v5_32k_layer_0.pt"  # so it is called there
    return {
        f"{folder}/cfg.json": json.dumps(config).encode(),
        f"{folder}/sae_weights.safetensors": safetensors.save(weights),
    }


def gemma() -> dict[str, bytes]:
    """A folder of Gemma Scope: one file with all weights, and no configuration. They are zeros here, which compress well."""
    file = io.BytesIO()
    numpy.savez_compressed(
        file,
        W_enc=numpy.zeros((GEMMA_WIDTH, LATENTS), "float32"),
        W_dec=numpy.zeros((LATENTS, GEMMA_WIDTH), "float32"),
        b_enc=numpy.zeros(LATENTS, "float32"),
        b_dec=numpy.zeros(GEMMA_WIDTH, "float32"),
        threshold=numpy.ones(LATENTS, "float32"),
    )
    return {
        "layer_3/width_16k/average_l0_14/params.npz": file.getvalue(),
        "layer_3/width_16k/average_l0_99/params.npz": b"x",
    }


ASK = """
import json
from mechgrade.bench.transformer_lens.model import load_sae, quiet_libraries
quiet_libraries()
from mechgrade.bench.transformer_lens.facts import lacks
from mechgrade.bench.transformer_lens.saes import Sizes, misfit, sae_of
from mechgrade.protocol.job import BenchSpec
place = {place!r}
spec = BenchSpec("transformer_lens", "hub:gpt2", (("sae", "hub:" + place),))
before = lacks(spec, dict.fromkeys(["sae", "linear_sae", "stream_sae"]))
sae = load_sae(place, device="cpu", dtype="float32")
about = sae_of(sae.cfg.to_dict(), "it")
print(json.dumps([before, type(sae).__name__, about.hook, about.rescaling, misfit(about, Sizes(12, {width}, 0))]))
"""


def asked(python: Callable[..., Any], place: str) -> list[Any]:
    done = python(ASK.format(place=place, width=standins.WIDTH))
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture
def course(tmp_path: Any) -> Any:
    """A copy of the course with profiles that name both."""
    import yaml
    from families import course_with
    from support import ROOT

    root = course_with(tmp_path / "course", {})
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    for name, place in (("topk", TOPK), ("gemma", GEMMA)):
        document["models"][name] = {"hub": "gpt2", "parts": {"sae": f"hub:{place}"}}
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return root


def test_one_that_rescales_is_fetched_and_told_by_its_configuration(hub, mechgrade, python, course):
    hub.repos[TOPK_REPOSITORY] = topk()
    done = mechgrade("models", "pull", "topk", cwd=course)
    assert done.returncode == 0, done.stdout + done.stderr
    lacking, kind, hook, rescaling, misfit = asked(python, TOPK)
    assert (kind, hook, rescaling, misfit) == ("TopKSAE", "blocks.0.hook_resid_post", "layer_norm", "")
    name = f"the SAE {TOPK}"
    assert lacking == {
        "linear_sae": f"it needs an autoencoder that decodes as f @ W_dec + b_dec, and {name} rescales each activation (layer_norm)"
    }


def test_gemma_scope_is_fetched_and_loaded_and_another_models_width_is_told(hub, mechgrade, python, course):
    hub.repos[GEMMA_REPOSITORY] = gemma()
    done = mechgrade("models", "pull", "gemma", cwd=course)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hub.sent("average_l0_99/params.npz") == 0
    listed = mechgrade("models", "list", online=False, cwd=course).stdout
    assert "yes" in next(line for line in listed.splitlines() if line.strip().startswith("gemma "))
    lacking, kind, hook, rescaling, misfit = asked(python, GEMMA)
    assert lacking == {}  # nothing beside the weights tells it
    assert (kind, hook, rescaling) == ("JumpReLUSAE", "blocks.3.hook_resid_post", "none")
    assert f"is for activations of {GEMMA_WIDTH} numbers; at {hook} the model has {standins.WIDTH}" in misfit


def test_a_form_that_cannot_be_fetched_is_told_with_what_to_do():
    with pytest.raises(
        CourseError, match=r"in a form of its own .connor_rob_hook_z.*save it with `save_model` in a folder"
    ):
        registry.sae("gpt2-small-hook-z-kk/blocks.0.hook_z")
