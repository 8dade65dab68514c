"""The real loaders on files that came through the ordinary cache, without a network; and what they say when the files are not right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub import standins

#: Boots a model or an autoencoder as the worker does, and prints what it is or why not.
LOAD = """
from mechgrade.bench import ModelError
from mechgrade.bench.model import load_model, load_sae, quiet_libraries
quiet_libraries()
import torch
try:
    {body}
except ModelError as error:
    print("ModelError:", error)
"""
MODEL = """
    model = load_model({name!r}, local=False, backend={backend!r})
    tokens = torch.arange(8)[None]
    logits, cache = model.run_with_cache(tokens)
    print(type(model).__name__, model.cfg.n_layers, model.cfg.n_heads, list(logits.shape), len(cache), float(logits.log_softmax(-1)[0, -1, 3]))
"""
SAE = """
    sae = load_sae("gpt2-small-res-jb/blocks.8.hook_resid_pre", device="cpu", dtype="float32")
    print(type(sae).__name__, sae.cfg.d_in, sae.cfg.d_sae, sae.cfg.metadata.hook_name, float(sae.encode(torch.ones(1, sae.cfg.d_in)).sum()))
"""


def load(python, body: str, **settings) -> str:
    done = python(LOAD.format(body=body.strip()), **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_gpt2_boots_on_both_back_ends_from_the_cache_and_gives_the_same(mechgrade, python):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    found = [load(python, MODEL.format(name="gpt2", backend=backend)).split() for backend in ("bridge", "hooked")]
    assert [each[0] for each in found] == ["TransformerBridge", "HookedTransformer"]
    assert all(each[1:3] == ["12", "12"] for each in found)
    assert float(found[0][-1]) == pytest.approx(float(found[1][-1]), abs=1e-4)


def test_another_family_boots(mechgrade, python):
    assert mechgrade("models", "pull", "pythia-70m").returncode == 0
    for backend in ("bridge", "hooked"):
        assert load(python, MODEL.format(name="EleutherAI/pythia-70m", backend=backend)).split()[1:3] == ["6", "8"]


def test_the_sae_of_gpt2_small_loads_in_its_old_layout(mechgrade, python):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    kind, d_in, d_sae, hook, total = load(python, SAE).split()
    assert (kind, int(d_in), int(d_sae)) == ("StandardSAE", standins.WIDTH, standins.LATENTS)
    assert hook == "blocks.8.hook_resid_pre"
    assert float(total) > 0


def test_the_loaders_own_download_works_too(python):
    """A learner who sets HF_HUB_OFFLINE=0 gets what the libraries give without us: the stand-in is a Hub to them."""
    program = """
from transformers import AutoModelForCausalLM
from transformer_lens import HookedTransformer
from transformer_lens.model_bridge import TransformerBridge
from sae_lens import SAE
print(AutoModelForCausalLM.from_pretrained("openai-community/gpt2").config.n_layer)
print(TransformerBridge.boot_transformers("gpt2").cfg.n_layers, HookedTransformer.from_pretrained("gpt2-small").cfg.n_layers)
print(SAE.from_pretrained("gpt2-small-res-jb", "blocks.8.hook_resid_pre").cfg.d_sae)
"""
    done = python(program, online=True, offline_mode=False)
    assert done.returncode == 0, done.stderr
    assert [word for word in done.stdout.split() if word.isdigit()][-4:] == ["12", "12", "12", str(standins.LATENTS)]


# --- what is wrong with the files ------------------------------------------------------------------------------------


def test_a_model_that_is_not_here_names_the_command_that_fetches_it(python):
    for body, pull in ((MODEL.format(name="gpt2", backend="bridge"), "gpt2"), (SAE, "gpt2-small")):
        said = load(python, body)
        assert (
            f"its files are not on this machine, or not all of them, and loading uses no network: run `mechgrade models pull {pull}"
            in said
        )


def _cached(tmp_path: Path, name: str) -> Path:
    (path,) = [path for path in Path(tmp_path, "hf/hub/models--gpt2").rglob(name) if "snapshots" in path.parts]
    return path


@pytest.mark.parametrize(
    ("name", "part"),
    [("model.safetensors", "a file of weights is corrupt"), ("config.json", "a configuration file is corrupt")],
)
def test_a_file_that_was_damaged_is_told_and_fetched_anew(mechgrade, python, tmp_path, name, part):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    path = _cached(tmp_path, name)
    path.resolve().write_bytes(path.read_bytes()[:500])
    said = load(python, MODEL.format(name="gpt2", backend="bridge"))
    assert part in said
    assert "run `mechgrade models pull gpt2 --again`" in said
    assert mechgrade("models", "pull", "gpt2", "--again").returncode == 0
    assert load(python, MODEL.format(name="gpt2", backend="bridge")).startswith("TransformerBridge 12 12")


def test_half_a_download_counts_as_none(mechgrade, python, tmp_path):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    _cached(tmp_path, "model.safetensors").unlink()
    said = load(python, MODEL.format(name="gpt2", backend="bridge"))
    assert "run `mechgrade models pull gpt2`" in said
    listed = " ".join(mechgrade("models", "list", online=False).stdout.split())
    assert "without the model gpt2-small: mechgrade models pull gpt2-small" in listed


def test_a_model_of_an_unknown_name_is_told(python):
    said = load(python, MODEL.format(name="no-such-model", backend="hooked"))
    assert "TransformerLens boots no model of that name: `mechgrade models list --all` names those that it does" in said


def test_the_stand_in_has_the_configuration_keys_of_the_real_one():
    """Those that TransformerLens and the course read; the real file is https://huggingface.co/openai-community/gpt2/raw/main/config.json."""
    config = json.loads(standins.gpt2()["config.json"])
    real = {"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "layer_norm_epsilon": 1e-05}
    real |= {"model_type": "gpt2", "n_head": 12, "n_layer": 12, "n_positions": 1024}
    assert real.items() <= config.items()
