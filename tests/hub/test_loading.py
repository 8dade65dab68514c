"""The real loaders on files that came through the ordinary cache, without a network; and what they say when the files are not right.

Importing the libraries takes most of the time, so each process does all that one machine would do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub import standins

pytestmark = pytest.mark.long

#: Boots models and autoencoders as the worker does; each ends as an entry of a JSON object, or as the sentence that it failed with.
LOAD = """
import json, sys
from pathlib import Path
from mechgrade.bench import BenchError
from mechgrade.bench.transformer_lens.model import load_model, load_sae, quiet_libraries
quiet_libraries()
import torch
found = {}

def attempt(name, function, *arguments):
    try:
        found[name] = function(*arguments)
    except BenchError as error:
        found[name] = str(error)

def model(name, backend):
    model = load_model(name, local=False, backend=backend)
    logits, cache = model.run_with_cache(torch.arange(8)[None])
    return [type(model).__name__, model.cfg.n_layers, model.cfg.n_heads, len(cache), float(logits.log_softmax(-1)[0, -1, 3])]

def sae():
    sae = load_sae("gpt2-small-res-jb/blocks.8.hook_resid_pre", device="cpu", dtype="float32")
    return [type(sae).__name__, sae.cfg.d_in, sae.cfg.d_sae, sae.cfg.metadata.hook_name, float(sae.encode(torch.ones(1, sae.cfg.d_in)).sum())]
"""


def load(python, steps: str) -> dict[str, object]:
    done = python(LOAD + steps + "\nprint(json.dumps(found))")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_models_of_two_families_and_an_sae_load_without_a_network_on_both_back_ends(mechgrade, python):
    for name in ("gpt2-small", "pythia-70m"):
        assert mechgrade("models", "pull", name).returncode == 0
    steps = [
        f"attempt('{name} {backend}', model, '{name}', '{backend}')"
        for name in ("gpt2", "EleutherAI/pythia-70m")
        for backend in ("bridge", "hooked")
    ]
    found = load(python, "\n".join([*steps, "attempt('sae', sae)"]))
    for name, layers, heads in (("gpt2", 12, 12), ("EleutherAI/pythia-70m", 6, 8)):
        bridge, hooked = found[f"{name} bridge"], found[f"{name} hooked"]
        assert bridge[:3] == ["TransformerBridge", layers, heads]
        assert hooked[:3] == ["HookedTransformer", layers, heads]
        assert bridge[4] == pytest.approx(hooked[4], abs=1e-4)
    kind, d_in, d_sae, hook, total = found["sae"]
    assert (kind, d_in, d_sae, hook) == ("StandardSAE", standins.WIDTH, standins.LATENTS, "blocks.8.hook_resid_pre")
    assert total > 0


def test_files_that_are_missing_or_damaged_are_told_with_the_command_that_helps(mechgrade, python, tmp_path):
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    snapshots = Path(tmp_path, "hf/hub/models--gpt2/snapshots")
    steps = f"""
(folder,) = Path({str(snapshots)!r}).iterdir()

def damaged(name, body):
    path = (folder / name).resolve()
    whole = path.read_bytes()
    path.write_bytes(body(whole))
    try:
        return model("gpt2", "bridge")
    finally:
        path.write_bytes(whole)

attempt("absent", model, "gpt2-medium", "bridge")
attempt("absent, hooked", model, "gpt2-medium", "hooked")
attempt("unknown", model, "no-such-model", "hooked")
attempt("weights", damaged, "model.safetensors", lambda whole: b"x" * 500)
attempt("config", damaged, "config.json", lambda whole: whole[:50])
link = folder / "model.safetensors"
target = link.readlink()
link.unlink()
attempt("half", model, "gpt2", "bridge")
link.symlink_to(target)
attempt("whole again", model, "gpt2", "bridge")
(sae_folder,) = Path({str(snapshots)!r}.replace("gpt2", "jbloom--GPT2-Small-SAEs-Reformatted")).iterdir()
(sae_folder / "blocks.8.hook_resid_pre/sae_weights.safetensors").unlink()
attempt("sae", sae)
"""
    found = load(python, steps)
    absent = (
        "its files are not on this machine, or not all of them, and loading uses no network: run `mechgrade models pull"
    )
    for name in ("absent", "absent, hooked"):
        assert f"{absent} gpt2-medium`" in found[name]
    assert f"{absent} gpt2`" in found["half"]
    assert f"{absent} gpt2-small-res-jb/blocks.8.hook_resid_pre`" in found["sae"]
    assert "TransformerLens boots no model of that name: `mechgrade models list --all`" in found["unknown"]
    for name, part in (("weights", "a file of weights is corrupt"), ("config", "a configuration file is corrupt")):
        assert part in found[name]
        assert "run `mechgrade models pull gpt2 --again`, which fetches it anew" in found[name]
    assert found["whole again"][:3] == ["TransformerBridge", 12, 12]
    # And the commands that were named do help.
    listed = " ".join(mechgrade("models", "list", online=False).stdout.split())
    assert "without the SAE gpt2-small-res-jb/blocks.8.hook_resid_pre: mechgrade models pull gpt2-small" in listed
    assert mechgrade("models", "pull", "gpt2-small-res-jb/blocks.8.hook_resid_pre").returncode == 0
    assert mechgrade("models", "pull", "gpt2", "--again").returncode == 0


@pytest.mark.slow
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


def test_the_stand_in_has_the_configuration_keys_of_the_real_one():
    """Those that TransformerLens and the course read; the real file is https://huggingface.co/openai-community/gpt2/raw/main/config.json."""
    config = json.loads(standins.gpt2()["config.json"])
    real = {"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "layer_norm_epsilon": 1e-05}
    real |= {"model_type": "gpt2", "n_ctx": 1024, "n_head": 12, "n_layer": 12, "n_positions": 1024}
    assert real.items() <= config.items()
