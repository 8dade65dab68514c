"""The course on models of other families: what cannot be asked of them is left out by name, all else passes, and nothing ends in a grader's error."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from families import FAMILIES, HEADS, SHAPES, course_with, course_with_families, profile_of, pull, save_model
from support import ROOT, grade_folder, later
from tokenizers import normalizers

from mechgrade.bench.provider import BenchError
from mechgrade.bench.transformer_lens.facts import NEEDS, facts_at, facts_of, lacks, unfit, why_not
from mechgrade.bench.transformer_lens.tokens import cut_as_written, cutter
from mechgrade.course import Course, load_course
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import BenchSpec

pytestmark = pytest.mark.long

model_of = later("mechgrade.bench.transformer_lens.model")

LLAMA = profile_of("Llama")

#: Some exercises on the model itself: attention, the stream, patching one head, weights, and one that needs an autoencoder.
SOME = ("decompose_residual", "patch_heads", "path_patch", "ov_copying", "selective_cache", "latent_logits")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course with a small model of Llama's form: heads that share keys and values, rotary positions, RMSNorm, no biases."""
    return load_course(course_with_families(tmp_path_factory.mktemp("families") / "course", ["Llama"]))


def graded(course: Course, worker: Worker, model: str, names: tuple[str, ...] = (), **settings: Any) -> Result:
    exercises = [course.exercise(name) for name in names] or course.exercises()
    return grade_folder(course, worker, course.root / "solutions", exercises, model=model, **settings)


def of(result: Result) -> dict[str, dict[str, str]]:
    """Each exercise's checks that did not pass, with their verdicts."""
    return {
        entry.exercise: {check.name: check.verdict for check in entry.checks if check.verdict != "passed"}
        for entry in result.exercises
    }


def of_pulled(folder: Path, name: str, *more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Grade the references on a model that was pulled into ``folder / "hf"``; how the command ended, and its result."""
    command = ["grade", "solutions", "--model", f"hub:{name}", "--json", str(folder / "result.json"), *more]
    environment = {**os.environ, "HF_HOME": str(folder / "hf"), "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "mechgrade.doors.cli", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, json.loads((folder / "result.json").read_text())


def test_a_model_with_grouped_heads_is_graded_and_what_it_lacks_is_left_out(llama: Course, worker: Worker) -> None:
    result = graded(llama, worker, LLAMA, SOME)
    gone = "not_applicable"
    assert of(result) == {
        "decompose_residual": {},
        "patch_heads": {},
        "path_patch": dict.fromkeys(("to_heads", "nothing_changes", "clear_errors"), gone),
        "ov_copying": {},
        "selective_cache": {"budget_on_course_model": gone},
        "latent_logits": {"course_sae": gone},
    }
    assert result.score == result.max_score < sum(llama.exercise(name).points for name in SOME)
    messages = {check.message for entry in result.exercises for check in entry.checks if check.verdict == gone}
    assert f"it needs keys and values for each head, and in this model {HEADS} heads share 2" in messages
    lacking = "it needs a sparse autoencoder, and this model has none in course.yaml"
    assert f"{lacking}. `mechgrade sae train --model {LLAMA}` makes one." in messages


def test_a_wrong_answer_on_it_is_still_wrong(llama: Course, worker: Worker, tmp_path: Path) -> None:
    """The map of keys has a column for each head that shares them, and no more."""
    text = llama.solution_path(llama.exercise("patch_heads")).read_text()
    right = 'clean_cache[f"blocks.0.attn.hook_{activation}"].shape[1 if activation == "pattern" else 2]'
    assert right in text
    (tmp_path / "lab2").mkdir()
    for wrong, verdict in (("model.cfg.n_heads", "raised"), ("2", "wrong")):
        (tmp_path / "lab2/patch_heads.py").write_text(text.replace(right, wrong))
        result = grade_folder(llama, worker, tmp_path, [llama.exercise("patch_heads")], model=LLAMA)
        assert result.exercises[0].verdict == verdict


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_course_on_a_family(family: str, tmp_path: Path, worker: Worker) -> None:
    course = load_course(course_with_families(tmp_path / "course", [family]))
    result = graded(course, worker, profile_of(family))
    verdicts = {entry.exercise: (entry.verdict, entry.message) for entry in result.exercises}
    assert {name: each for name, each in verdicts.items() if each[0] not in ("passed", "not_applicable")} == {}
    assert result.score == result.max_score > 300


@pytest.mark.slow
def test_the_whole_course_on_a_model_that_was_trained_and_pulled_from_a_hub(tmp_path: Path) -> None:
    """Training leaves other weights than chance, and other heads than the course's models have: some steps are enough to see."""
    from interp.train_family import Recipe, made, measures_of

    folder = made("Qwen3", tmp_path / "trained", Recipe(steps=40, batch=8))
    assert measures_of(folder).loss < 5.5 < 6.9  # ln 992, of a model that knows nothing, is 6.9
    name = FAMILIES["Qwen3"].hub
    pull(tmp_path / "hf", {name: folder}, ROOT)
    done, result = of_pulled(tmp_path, name)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = {entry["exercise"]: (entry["verdict"], entry["message"]) for entry in result["exercises"]}
    assert {name: each for name, each in verdicts.items() if each[0] not in ("passed", "not_applicable")} == {}
    assert verdicts["find_circuit"][0] == "passed"  # it is for trained models alone
    assert result["score"] == result["max_score"] > 400


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_the_whole_course_on_a_shape(shape: str, tmp_path: Path, worker: Worker) -> None:
    """One layer, twelve, a short context, few tokens, no BOS, half precision: each passes or is left out, and nothing fails."""
    SHAPES[shape](tmp_path / profile_of(shape))
    course = load_course(course_with(tmp_path / "course", {profile_of(shape): tmp_path / profile_of(shape)}))
    result = graded(course, worker, profile_of(shape))
    verdicts = {entry.exercise: (entry.verdict, entry.message) for entry in result.exercises}
    assert {name: each for name, each in verdicts.items() if each[0] not in ("passed", "not_applicable")} == {}
    assert result.score == result.max_score > 300


def test_a_second_back_end_is_no_condition(llama: Course, worker: Worker, tmp_path: Path) -> None:
    """Where the other back end cannot load a model, the references run without it; that it cannot is told when it is asked for."""
    course = load_course(course_with_families(tmp_path / "course", ["Gemma 2"]))
    result = graded(course, worker, profile_of("Gemma 2"), ("induction_scores",))
    assert [(entry.verdict, entry.message) for entry in result.exercises] == [("passed", "")]
    hooked = graded(course, worker, profile_of("Gemma 2"), ("induction_scores",), backend="hooked")
    (entry,) = hooked.exercises
    assert entry.verdict == "infrastructure_error" and "could not be loaded" in entry.message


# --- how a model cuts words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["bridge", "hooked"])
def test_a_model_of_qwen2s_form_with_words_of_its_own_is_graded(backend: str, tmp_path: Path) -> None:
    """The class that transformers has for Qwen2 cuts these words into bytes; tokenizer.json, which says what can be asked, does not.

    And HookedTransformer begins no text of this family with BOS by itself.
    """
    save_model("Qwen2", tmp_path / "model")
    name = FAMILIES["Qwen2"].hub
    pull(tmp_path / "hf", {name: tmp_path / "model"}, ROOT)
    asked = [
        word for name in ("make_ioi_pair", "heads_attending_to", "predict_repeat") for word in ("--exercise", name)
    ]
    done, result = of_pulled(tmp_path, name, *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = [check for entry in result["exercises"] for check in entry["checks"]]
    assert {check["verdict"] for check in checks} == {"passed"}, [check["message"] for check in checks]


@pytest.mark.parametrize("backend", ["bridge", "hooked"])
@pytest.mark.parametrize("family", ["GPT-2", "Qwen2"])
def test_a_loaded_model_cuts_words_as_its_file_says(family: str, backend: str, tmp_path: Path) -> None:
    """GPT-2's class is taken where the tokenizer's configuration names it, Qwen2's by the model's family."""
    text = " Mary gave John 12 apples. ﬁ"
    save_model(family, tmp_path / "model")
    if family == "GPT-2":
        settings = tmp_path / "model/tokenizer_config.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"tokenizer_class": "GPT2Tokenizer"}))
    model = model_of.load_model(str(tmp_path / "model"), local=True, backend=backend)
    bos, *rest = model.to_tokens(text)[0].tolist()
    written = cutter(tmp_path / "model")
    assert (bos, rest) == (model.tokenizer.bos_token_id, written.encode(text, add_special_tokens=False).ids)
    assert model.to_string(rest) == text
    assert model.to_single_token(" Mary") == written.token_to_id("ĠMary")


def test_a_class_that_cuts_as_the_file_says_stays_as_it_is(tmp_path: Path) -> None:
    """A class knows more of its family than the file; where it cuts the same, nothing is put in its place."""
    from transformers import AutoTokenizer

    save_model("Llama", tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.backend_tokenizer.normalizer = normalizers.Sequence([])  # it changes no text, and can be seen
    cut_as_written(tokenizer, tmp_path)
    assert tokenizer.backend_tokenizer.normalizer is not None


def test_words_of_a_model_without_a_tokenizers_file(tmp_path: Path) -> None:
    """GPT-2's two files are read as well; where neither form is there, what needs single words is left out by name."""
    save_model("GPT-2", tmp_path / "model")
    (tmp_path / "model/tokenizer.json").unlink()
    spec = BenchSpec("transformer_lens", str(tmp_path / "model"))
    why = "it needs words that are one token each, and without tokenizer.json this cannot be told of this model"
    assert lacks(spec, {"single_tokens": [" Mary"]}) == {"single_tokens": why}
    shutil.copytree(tmp_path / "model", tmp_path / "older")
    (tmp_path / "older/vocab.json").write_text(json.dumps({"Ġ": 0, "M": 1, "a": 2, "Ma": 3, "ĠMa": 4}))
    (tmp_path / "older/merges.txt").write_text("#version: 0.2\nM a\nĠ Ma\n")
    older = BenchSpec("transformer_lens", str(tmp_path / "older"))
    assert lacks(older, {"single_tokens": [" Ma"]}) == {}
    cut = "it needs words that are one token each, and this model cuts ' Maa'"
    assert lacks(older, {"single_tokens": [" Ma", " Maa"]}) == {"single_tokens": cut}


# --- what is told of a model from its configuration -----------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_the_configuration_tells_what_the_loaded_model_is(family: str, tmp_path: Path) -> None:
    save_model(family, tmp_path / "model")
    facts = facts_at(str(tmp_path / "model"))
    model = model_of.load_model(str(tmp_path / "model"), local=True, backend="bridge")
    assert facts is not None
    cfg = model.cfg
    assert (facts.positions == "learned") == (str(cfg.positional_embedding_type) == "standard")
    assert (facts.norm == "RMSNorm") == str(cfg.normalization_type).startswith("RMS")
    assert facts.layers == cfg.n_layers
    assert (facts.heads, facts.kv_heads) == (cfg.n_heads, getattr(cfg, "n_key_value_heads", None) or cfg.n_heads)
    assert facts.parallel == bool(getattr(cfg, "parallel_attn_mlp", False))
    assert facts.gated == bool(getattr(cfg, "gated_mlp", False))
    assert facts.normed_outputs == hasattr(model.blocks[0], "ln1_post")
    # What scenarios ask of weights is there in every family.
    for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "W_E", "W_U", "b_U"):
        assert getattr(model, name).shape[-1] > 0


#: As the Hub has them, without what matters nowhere: published configurations name less than transformers writes today.
PUBLISHED = {
    "gpt2": ({"model_type": "gpt2", "n_head": 12, "n_embd": 768, "n_positions": 1024}, "learned", 12, False),
    "pythia": ({"model_type": "gpt_neox", "num_attention_heads": 8, "rotary_pct": 0.25}, "rotary", 8, True),
    "llama 1": ({"model_type": "llama", "num_attention_heads": 32, "rms_norm_eps": 1e-6}, "rotary", 32, False),
    "llama 3": (
        {"model_type": "llama", "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-5},
        "rotary",
        8,
        False,
    ),
    "bloom": ({"model_type": "bloom", "n_head": 16}, "ALiBi", 16, False),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configurations(name: str) -> None:
    config, positions, kv_heads, parallel = PUBLISHED[name]
    facts = facts_of(config)
    assert (facts.positions, facts.kv_heads, facts.parallel) == (positions, kv_heads, parallel)
    assert (facts.norm, facts.gated) == (("RMSNorm", True) if "llama" in name else ("LayerNorm", False))


#: Configurations of models that can serve no exercise, what is said of each, and what their positions are.
UNFIT = {
    "BERT": (
        {"model_type": "bert", "architectures": ["BertForMaskedLM"], "is_decoder": False},
        "BertForMaskedLM reads a text both ways",
        "learned",
    ),
    "T5": (
        {"model_type": "t5", "is_encoder_decoder": True, "relative_attention_num_buckets": 32},
        "t5 has an encoder and a decoder",
        "relative",
    ),
    "Mamba": ({"model_type": "mamba", "architectures": ["MambaForCausalLM"]}, "layers without attention heads", "no"),
    "a hybrid": (
        {"model_type": "of_tomorrow", "layer_types": ["linear_attention", "full_attention"], "rope_parameters": {}},
        "layers without attention heads",
        "rotary",
    ),
    "a classifier": (
        {"model_type": "llama", "architectures": ["LlamaForSequenceClassification"], "rms_norm_eps": 1e-6},
        "labels texts",
        "rotary",
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_model_that_can_serve_no_exercise_is_refused_by_name(name: str, tmp_path: Path, course: Course) -> None:
    config, why, positions = UNFIT[name]
    assert facts_of(config).positions == positions
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert why in why_not(str(tmp_path)) and tmp_path.name in why_not(str(tmp_path))


def test_models_that_the_course_was_graded_on_are_not_refused() -> None:
    for config, *_ in PUBLISHED.values():
        assert unfit(config) == ""
    assert unfit({"model_type": "bert", "architectures": ["BertLMHeadModel"], "is_decoder": True}) == ""
    assert unfit({"model_type": "gpt_oss", "layer_types": ["sliding_attention", "full_attention"]}) == ""
    assert why_not(str(ROOT / "fixtures/models/embedded")) == ""


def test_a_kind_of_positions_that_is_not_known_is_not_called_rotary(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "of_tomorrow", "num_hidden_layers": 2}))
    why = lacks(BenchSpec("transformer_lens", str(tmp_path)), {"learned_positions": None})["learned_positions"]
    assert "of_tomorrow" in why and "rotary" not in why


def test_a_damaged_configuration_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{\n"model_type": "gp')
    assert f"{tmp_path}/config.json is damaged: it is no JSON at line 2" in why_not(str(tmp_path))
    (tmp_path / "config.json").write_text("[]")
    assert "it is no JSON object" in why_not(str(tmp_path))


def test_a_context_that_is_too_short_leaves_a_check_out(tmp_path: Path) -> None:
    for config in ({"n_positions": 16}, {"max_position_embeddings": 16}):
        folder = tmp_path / next(iter(config))
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"} | config))
        spec = BenchSpec("transformer_lens", str(folder))
        assert lacks(spec, {"context": 16}) == {}
        assert lacks(spec, {"context": 17}) == {"context": "it needs a context of 17 tokens, and this model has 16"}


def test_every_check_on_repeated_tokens_says_which_context_it_needs(course: Course) -> None:
    """A check whose call names a `half` and whose scenario asks the bench for repeated tokens: 1 + 2 * half of them."""
    for exercise in course.exercises("lab3"):
        tree = ast.parse(course.grader_path(exercise).read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        long = {name for name, each in functions.items() if "bench.repeated_tokens" in ast.unparse(each)}
        for name, each in functions.items():
            calls = [
                node for node in ast.walk(each) if isinstance(node, ast.Call) and ast.unparse(node.func) == "compare"
            ]
            if name.startswith("test_") and any(ast.unparse(call.args[0]) in long for call in calls):
                assert "context=" in "".join(map(ast.unparse, each.decorator_list)), f"{exercise}: {name}"


def test_weights_that_are_not_finite_and_a_tokenizer_that_is_too_large_are_told_as_the_models_fault(
    tmp_path: Path,
) -> None:
    from safetensors.torch import load_file, save_file

    for name in ("whole", "nan", "few"):
        save_model("GPT-2", tmp_path / name)
    weights = load_file(tmp_path / "nan/model.safetensors")
    broken = next(each for each in weights if each.endswith("h.1.mlp.c_fc.weight"))
    weights[broken][0, 0] = float("nan")
    save_file(weights, tmp_path / "nan/model.safetensors", {"format": "pt"})
    config = json.loads((tmp_path / "few/config.json").read_text())
    rows = load_file(tmp_path / "few/model.safetensors")
    few = 500
    save_file(
        {name: each[:few].clone() if each.shape[0] == config["vocab_size"] else each for name, each in rows.items()},
        tmp_path / "few/model.safetensors",
        {"format": "pt"},
    )
    (tmp_path / "few/config.json").write_text(
        json.dumps(config | {"vocab_size": few, "bos_token_id": 0, "eos_token_id": 0})
    )
    load = model_of.load_model
    assert load(str(tmp_path / "whole"), local=True, backend="bridge") is not None
    with pytest.raises(BenchError, match=rf"not finite .*{broken} in model.safetensors"):
        load(str(tmp_path / "nan"), local=True, backend="bridge")
    with pytest.raises(BenchError, match=r"its tokenizer has \d+ tokens, and its config.json says vocab_size 500"):
        load(str(tmp_path / "few"), local=True, backend="bridge")


def test_the_course_model_lacks_nothing_that_its_graders_ask(course: Course) -> None:
    profile = course.model()
    spec = BenchSpec("transformer_lens", course.place_of(profile.source), (("sae", "somewhere"),))
    needs: dict[str, Any] = dict.fromkeys(NEEDS) | {"single_tokens": [" Mary", " the"], "layers": 3, "context": 41}
    assert lacks(spec, needs) == {}
    assert lacks(spec, {"layers": 4}) == {"layers": "it needs 4 layers, and this model has 3"}
    assert lacks(spec, {"single_tokens": [" Mary", " Marysville"]}) == {
        "single_tokens": "it needs words that are one token each, and this model cuts ' Marysville'"
    }


def test_what_cannot_be_read_is_left_to_whoever_loads_it(tmp_path: Path) -> None:
    """A missing or damaged configuration is the loader's to tell, with what to do."""
    (tmp_path / "config.json").write_text("{")
    for place in (str(tmp_path), str(tmp_path / "nowhere"), "hub:nobody/nothing", ""):
        needs: dict[str, Any] = dict.fromkeys(name for name in NEEDS if name != "sae")
        needs |= {"single_tokens": [" a"], "layers": 100, "context": 10_000}
        assert lacks(BenchSpec("transformer_lens", place), needs) == {}


def test_every_need_of_a_grader_is_known(course: Course) -> None:
    """Read from the graders' text: a check with a need that nobody knows would end in an error on every model."""
    asked = set()
    for exercise in course.exercises():
        for node in ast.walk(ast.parse(course.grader_path(exercise).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.needs":
                asked |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
                asked |= {keyword.arg for keyword in node.keywords}
    assert asked and asked <= {*NEEDS, "trained"}
