"""Autoencoders in today's variety: those that fit are graded on, the others are refused in a sentence, beforehand."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from saes import KINDS, OTHERS, course_with_saes, save_other, train
from support import ROOT, grade_folder, later

from mechgrade.bench.provider import BenchError
from mechgrade.bench.transformer_lens.facts import lacks
from mechgrade.bench.transformer_lens.saes import broken, sae_of
from mechgrade.course import load_course
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import BenchSpec

pytestmark = pytest.mark.long

torch = later("torch")
bench_of = later("mechgrade.bench.transformer_lens.bench")
model_of = later("mechgrade.bench.transformer_lens.model")

MODEL = str(ROOT / "fixtures/models/embedded")
NEEDS = ("sae", "linear_sae", "stream_sae")

#: Of those that do not fit everywhere: the need that is not met, and what is said.
REFUSED = {
    "mlp_neurons": ("stream_sae", "has 192 dimensions, and those of the SAE mlp_neurons have 768"),
    "matching_pursuit": ("sae", "the SAE matching_pursuit searches for its latents one by one"),
    "layer_norm": ("linear_sae", "the SAE layer_norm rescales each activation (layer_norm)"),
    "constant_norm": ("linear_sae", "the SAE constant_norm rescales each activation (constant_norm_rescale)"),
    "transcoder": ("sae", "is a transcoder: from blocks.1.ln2.hook_normalized it imitates blocks.1.hook_mlp_out"),
    "skip_transcoder": ("sae", "the SAE skip_transcoder is a transcoder"),
    "heads": ("sae", "the SAE heads reads heads (blocks.1.attn.hook_z)"),
    "other_layer": ("sae", "belongs at blocks.9.hook_resid_post; the model's last layer is 2"),
    "other_width": ("sae", "is for activations of 195 numbers; at blocks.1.hook_resid_post the model has 192"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each of the others."""
    folder = tmp_path_factory.mktemp("others")
    for name in OTHERS:
        save_other(name, folder / name)
    return folder


def spec(folder: Path, backend: str = "bridge") -> BenchSpec:
    return BenchSpec("transformer_lens", MODEL, (("sae", str(folder)),), backend)


@pytest.fixture(scope="module", params=["bridge", "hooked"])
def model(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, model_of.load_model(MODEL, local=True, backend=request.param)


def bench_with(folder: Path, model: tuple[str, Any]) -> Any:
    bench = bench_of.Bench(spec(folder, model[0]))
    bench.__dict__["model"] = model[1]
    return bench


@pytest.mark.parametrize("name", OTHERS)
def test_what_does_not_fit_is_told_from_its_configuration(made: Path, name: str) -> None:
    found = lacks(spec(made / name), dict.fromkeys(NEEDS))
    if name not in REFUSED:
        assert found == {}
        return
    need, words = REFUSED[name]
    assert list(found) == [need]  # one reason is enough
    assert words in found[need]


@pytest.mark.parametrize(
    "name", [name for name in OTHERS if REFUSED.get(name, ("",))[0] != "sae" and name != "other_hook"]
)
def test_what_fits_reads_the_models_activations_on_both_back_ends(
    made: Path, name: str, model: tuple[str, Any]
) -> None:
    bench = bench_with(made / name, model)
    hook = bench.sae.cfg.metadata.hook_name
    assert hook in model[1].hook_dict and not re.search(r"\.hook_(in|out)$", hook)
    x = bench.cache(bench.integers(0, bench.d_vocab, (2, 5), seed=0), [hook])[hook]
    latents = bench.sae.encode(x)
    whole = bench.sae.decode(latents)
    assert whole.shape == x.shape
    plain = latents @ bench.sae.W_dec + bench.sae.b_dec
    assert torch.allclose(whole, plain, atol=1e-4) == ("linear_sae" not in lacks(bench.spec, dict.fromkeys(NEEDS)))


def test_folding_changes_nothing_that_it_computes(made: Path, model: tuple[str, Any]) -> None:
    from sae_lens import SAE

    raw = SAE.load_from_disk(str(made / "rescaled_topk"))
    bench = bench_with(made / "rescaled_topk", model)
    assert (raw.W_dec.norm(dim=1) - 1).abs().max() > 0.1  # it is one that has to be folded
    x = bench.normal(7, bench.d_model, seed=1)
    assert torch.allclose(raw.encode(x), bench.sae.encode(x), atol=1e-4)
    assert torch.allclose(raw(x), bench.sae(x), atol=1e-4)


def test_a_hook_point_that_the_model_lacks_is_told_where_it_is_loaded(made: Path, model: tuple[str, Any]) -> None:
    with pytest.raises(BenchError, match=r"'blocks\.1\.hook_nothing', and this model has no such hook point"):
        bench_with(made / "other_hook", model).sae  # noqa: B018  loads it
    with pytest.raises(BenchError, match="transcoder"):
        bench_with(made / "transcoder", model).sae  # noqa: B018


#: As older versions of sae-lens and other makers wrote them.
OLDER: dict[str, tuple[dict[str, Any], tuple[str, str, bool]]] = {
    "before 6.0": (
        {"hook_point": "blocks.8.hook_resid_pre", "d_in": 768},
        ("standard", "blocks.8.hook_resid_pre", False),
    ),
    "6.0": (
        {"architecture": "gated", "d_in": 8, "metadata": {"hook_name": "blocks.0.hook_mlp_out"}},
        ("gated", "blocks.0.hook_mlp_out", False),
    ),
    "one head": (
        {"architecture": "standard", "d_in": 64, "hook_name": "blocks.0.attn.hook_q", "hook_head_index": 3},
        ("standard", "blocks.0.attn.hook_q", True),
    ),
    "all heads": ({"d_in": 768, "hook_name": "blocks.0.attn.hook_z"}, ("standard", "blocks.0.attn.hook_z", True)),
}


@pytest.mark.parametrize("name", OLDER)
def test_configurations_of_older_versions(name: str) -> None:
    config, expected = OLDER[name]
    found = sae_of(config, "x")
    assert (found.kind, found.hook, found.of_heads) == expected


#: What is done to a whole folder, and what is said of it.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "kind": ({"architecture": "mystery"}, "says architecture 'mystery', which sae-lens does not know"),
    "width": ({"d_in": 5}, "has a W_enc of shape [4, 6]; by cfg.json it is [5, 6]"),
    "k": ({"architecture": "topk", "k": 7}, "says k 7, and there are only 6 latents"),
    "dtype": ({"dtype": None}, "lacks dtype"),
}


def _folder(folder: Path, **changes: Any) -> Path:
    """An SAE of four numbers and six latents, with changes to its cfg.json; None takes a key away."""
    from safetensors.torch import save_file

    folder.mkdir()
    weights = {"W_enc": torch.ones(4, 6), "W_dec": torch.ones(6, 4), "b_enc": torch.zeros(6), "b_dec": torch.zeros(4)}
    save_file(weights, folder / "sae_weights.safetensors")
    whole = {"architecture": "standard", "d_in": 4, "d_sae": 6, "dtype": "float32"} | changes
    (folder / "cfg.json").write_text(json.dumps({name: value for name, value in whole.items() if value is not None}))
    return folder


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_folder_is_told_with_the_place_and_what_is_wrong(name: str, tmp_path: Path) -> None:
    changes, said = BROKEN[name]
    with pytest.raises(BenchError) as told:
        model_of.load_sae(str(_folder(tmp_path / "sae", **changes)), device="cpu", dtype="float32")
    assert said in str(told.value) and str(tmp_path / "sae") in str(told.value)


def test_files_that_are_damaged_or_missing_are_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "sae")
    assert broken(folder, ["standard"]) == ""
    weights, config = folder / "sae_weights.safetensors", folder / "cfg.json"
    whole, said = config.read_text(), weights.read_bytes()
    config.write_text("[]")
    assert broken(folder, ["standard"]) == f"{config} is damaged: it is no JSON object"
    config.write_text(whole[:20])
    assert f"{config} is damaged: it is no JSON at line 1" in broken(folder, ["standard"])
    config.write_text(whole)
    for text in (b"", b"version https://git-lfs", said[:40]):
        weights.write_bytes(text)
        assert broken(folder, ["standard"]) == f"{weights} is damaged: it is no safetensors file"
    weights.unlink()
    assert broken(folder, ["standard"]) == f"there is no {weights}"


def test_weights_that_are_not_finite_are_the_autoencoders_fault(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = _folder(tmp_path / "sae", apply_b_dec_to_input=True, normalize_activations="none")
    weights = load_file(folder / "sae_weights.safetensors")
    weights["W_enc"][0, 0] = float("nan")
    save_file(weights, folder / "sae_weights.safetensors")
    with pytest.raises(BenchError, match=r"weights are not finite .*W_enc"):
        model_of.load_sae(str(folder), device="cpu", dtype="float32")


def test_an_autoencoder_of_attention_patterns_and_one_without_a_version_are_left_out(tmp_path: Path) -> None:
    pattern = {"hook_name": "blocks.0.attn.hook_pattern", "sae_lens_version": "6.0.0"}
    unversioned = {"hook_name": "blocks.0.hook_resid_post"}
    for metadata, said in ((pattern, "reads attention between positions"), (unversioned, "lack sae_lens_version")):
        folder = _folder(tmp_path / said.split()[0], d_in=192, metadata=metadata)
        spec = BenchSpec("transformer_lens", MODEL, (("sae", str(folder)),))
        assert said in lacks(spec, {"sae": None})["sae"]


def test_what_cannot_be_read_is_left_to_whoever_loads_it(tmp_path: Path) -> None:
    for text in ("{", "[]", "{}", '{"d_in": "many"}', '{"d_in": 4, "metadata": 3}'):
        (tmp_path / "cfg.json").write_text(text)
        assert lacks(spec(tmp_path), dict.fromkeys(NEEDS)) == {}
    assert lacks(spec(tmp_path / "nowhere"), dict.fromkeys(NEEDS)) == {}


# --- grading -----------------------------------------------------------------------------------------------------------

#: The exercises of which a check works with the profile's autoencoder.
ASKING = (
    "load_sae",
    "latent_activations",
    "max_activating",
    "latent_logits",
    "sae_metrics",
    "splice_loss",
    "name_latents",
    "steer",
    "attribute_latents",
)


def graded(root: Path, worker: Worker, name: str, exercises: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Of each exercise the checks that did not pass, with their verdicts and what was said."""
    course = load_course(root)
    chosen = [course.exercise(each) for each in exercises]
    result = grade_folder(course, worker, root / "solutions", chosen, model=name)
    return {
        entry.exercise: {
            check.name: f"{check.verdict}: {check.message}" for check in entry.checks if check.verdict != "passed"
        }
        or ({} if entry.verdict == "passed" else {"": f"{entry.verdict}: {entry.message}"})
        for entry in result.exercises
    }


def test_a_kind_without_an_encoder_bias_and_one_that_does_not_fit(tmp_path: Path, worker: Worker, made: Path) -> None:
    train("gated", tmp_path / "gated", tokens=3_000)
    folders = {"gated": tmp_path / "gated", "transcoder": made / "transcoder"}
    root = course_with_saes(tmp_path / "course", folders)
    assert graded(root, worker, "gated", ("steer",)) == {"steer": {}}
    found = graded(root, worker, "transcoder", ("steer", "sae_loss"))
    assert found["sae_loss"] == {}
    assert set(found["steer"]) == {"hooks", "generation"}
    for told in found["steer"].values():
        assert told.startswith("not_applicable: it needs an autoencoder, which rebuilds what it reads")
        assert told.endswith("`mechgrade sae train --model transcoder` makes one.")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_lab_four_on_each_kind(tmp_path: Path, worker: Worker, kind: str) -> None:
    train(kind, tmp_path / kind)
    root = course_with_saes(tmp_path / "course", {kind: tmp_path / kind})
    found = graded(root, worker, kind, ASKING)
    assert found == {name: {} for name in ASKING}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OTHERS if name != "other_hook"])
def test_lab_four_on_strangers_autoencoders(tmp_path: Path, worker: Worker, made: Path, name: str) -> None:
    """Of these all is passed or left out; nothing ends in a grader's error or in a sentence about the learner."""
    root = course_with_saes(tmp_path / "course", {name: made / name})
    found = graded(root, worker, name, ASKING)
    told = [text for checks in found.values() for text in checks.values()]
    assert all(text.startswith("not_applicable: ") for text in told)
    assert bool(told) == (name in REFUSED)


def test_the_page_says_which_checks_run_for_each_kind() -> None:
    """As `python scripts/saes.py --write` writes it, which asks what graders ask."""
    written = runpy.run_path(str(ROOT / "scripts/saes.py"))["table"]()
    page = (ROOT / "docs/models.md").read_text()
    table = page.partition("<!-- saes: scripts/saes.py writes this -->\n")[2].partition("\n<!-- end of saes -->")[0]
    assert table == written
    left_out = {row.split("|")[1].strip() for row in table.splitlines()[2:] if row.split("|")[4].strip()}
    assert left_out == set(REFUSED)


def test_the_exercises_that_work_with_the_models_autoencoder_are_these() -> None:
    """Read from the graders: a new one has to be tried on every kind, too."""
    found = [
        path.stem.removeprefix("test_") for path in (ROOT / "graders").rglob("test_*.py") if '"sae"' in path.read_text()
    ]
    assert sorted(found) == sorted(ASKING)
