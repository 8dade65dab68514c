"""`mechgrade sae train`: what it makes can be loaded and is what its card says; each mistake ends in a sentence and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from support import ROOT, later

from interp.make_sae.kinds import KINDS

pytestmark = pytest.mark.long

torch = later("torch")
sae_lens = later("sae_lens")
command = later("interp.make_sae.__main__")
making = later("interp.make_sae.making")
texts_of = later("interp.make_sae.texts")
opening = later("mechgrade.bench")

TEXT = (
    "Mary and John went to the store. John gave a bottle to Mary. The capital of France is Paris. My cat likes bread. "
)


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def pool() -> Any:
    """Sums of three out of twelve directions, off the origin."""
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(12, 16, generator=generator)
    chosen = torch.rand(2_000, 12, generator=generator).topk(3).indices
    strengths = torch.zeros(2_000, 12).scatter(1, chosen, 1 + torch.rand(2_000, 3, generator=generator))
    return strengths @ directions + 0.5


#: What sae-lens saves each kind as.
SAVED = {
    "standard": "StandardSAE",
    "topk": "TopKSAE",
    "batchtopk": "JumpReLUSAE",
    "jumprelu": "JumpReLUSAE",
    "gated": "GatedSAE",
    "matryoshka": "JumpReLUSAE",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_learns_and_is_the_same_for_the_same_seed(kind: str, tmp_path: Path) -> None:
    x = pool()
    recipe = making.Recipe(kind, "blocks.0.hook_resid_post", 32, 3, 1.0, 20_000, 0)
    first, again = (making.fit_sae(recipe, x, "a model", 128, lambda _: None) for _ in range(2))
    assert all((value == again.state_dict()[name]).all() for name, value in first.state_dict().items())
    first.save_inference_model(tmp_path)
    loaded = sae_lens.SAE.load_from_disk(str(tmp_path))
    assert (type(loaded).__name__, loaded.cfg.metadata.hook_name) == (SAVED[kind], recipe.hook)
    left = x - loaded(x)
    assert left.pow(2).sum() < 0.5 * (x - x.mean(0)).pow(2).sum()


def test_steps_are_many_also_where_there_is_little_text() -> None:
    for tokens in (2_000, 20_000, 200_000, 2_000_000):
        recipe = making.Recipe("topk", "", 32, 3, 1.0, tokens, 0)
        assert recipe.steps >= 60 and recipe.steps * recipe.batch <= tokens * recipe.passes


def test_the_command_makes_one_and_says_how_to_grade_with_it(
    at_home: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    out.mkdir()  # an empty folder may be there
    asked = [
        "train",
        "--model",
        "unsupervised",
        "--kind",
        "batchtopk",
        "--layer",
        "0",
        "--width",
        "64",
        "--active",
        "6",
    ]
    assert command.main([*asked, "--tokens", "2000", "--text", "model", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "cfg.json",
        "sae_weights.safetensors",
        "README.md",
        "training.json",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    loaded = sae_lens.SAE.load_from_disk(str(out))
    assert (loaded.cfg.d_sae, loaded.cfg.metadata.hook_name) == (64, "blocks.0.hook_resid_post")
    card, said = (out / "README.md").read_text(), capsys.readouterr()
    assert "text that the model itself wrote, drawn from its predictions" in card
    for name in (
        "explained variance",
        "L0: latents active on a token",
        "latents that never fire",
        "share of the loss recovered",
    ):
        assert name in card and name in said.out
    recipe = json.loads((out / "training.json").read_text())["recipe"]
    assert (recipe["kind"], recipe["latents"], recipe["active"], recipe["seed"]) == ("batchtopk", 64, 6, 0)
    assert "move the folder into the course" in said.out
    assert all(step in said.err for step in ("text", "activations", "training", "measuring"))


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        (
            "unsupervised",
            {"unsupervised": {"path": "fixtures/models/unsupervised", "parts": {"sae": "checkpoints/saes/x"}}},
        ),
        ("hub:some/model-1", {"some-model-1": {"hub": "some/model-1", "parts": {"sae": "checkpoints/saes/x"}}}),
    ],
)
def test_the_lines_for_course_yaml_are_a_profile(model: str, profile: dict[str, Any], at_home: None) -> None:
    course = command.load_course(ROOT)
    said = command.what_is_next(course, course.model(model), ROOT / "checkpoints/saes/x")
    lines = [line for line in said.splitlines() if line.startswith("  ") and "mechgrade" not in line]
    assert yaml.safe_load("\n".join(lines)) == profile
    (name,) = profile
    assert f"mechgrade grade --lab lab4 --model {name}" in said


MISTAKES: dict[str, tuple[list[str], str]] = {
    "kind": (
        ["--kind", "batchtopp"],
        "there is no kind 'batchtopp' (did you mean 'batchtopk'?); there are standard, topk",
    ),
    "model": (["--model", "unsupervisd"], "did you mean 'unsupervised'"),
    "width": (["--width", "4"], "--width 4: it takes 16 at least"),
    "active": (["--active", "0"], "--active 0: it takes 1 at least"),
    "tokens": (["--tokens", "10"], "--tokens 10: it takes 2000 at least"),
    "penalty of topk": (
        ["--penalty", "1"],
        "topk is told how many latents are active: take --active in place of --penalty",
    ),
    "active of gated": (["--kind", "gated", "--active", "3"], "gated pays for its active latents: take --penalty"),
    "penalty": (["--kind", "gated", "--penalty", "nan"], "--penalty nan: it takes a number from 0 on"),
    "layer": (["--layer", "7"], "there is no layer 7: the model has layers 0 to 2"),
    "hook": (["--hook", "blocks.1.hook_resid_pots"], "did you mean 'blocks.1.hook_resid_post'"),
    "hook of no layer": (["--hook", "hook_embed"], "the model has no hook point 'hook_embed' in a layer"),
    "hook of heads": (["--hook", "blocks.1.attn.hook_z"], "each head has activations of its own"),
    "too many active": (["--width", "20", "--active", "21"], "--active 21: there are only 20 latents"),
    "text": (["--text", "no-such-file.txt"], "--text no-such-file.txt: no text could be read there"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_a_sentence_and_leaves_nothing(
    mistake: str, at_home: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, words = MISTAKES[mistake]
    model = [] if "--model" in asked else ["--model", "embedded"]
    assert command.main(["train", *model, *asked, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_or_none_is_left_alone(
    at_home: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    for place, words in (("full", "is not empty"), ("full/mine.txt", "is no folder")):
        assert command.main(["train", "--out", str(tmp_path / place)]) == 2
        assert words in capsys.readouterr().err
    assert (tmp_path / "full/mine.txt").read_text() == "mine"


def test_too_small_a_disk_is_told_before_the_work(
    at_home: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_200_000))
    assert command.main(["train", "--model", "embedded", "--out", str(tmp_path / "out")]) == 3
    assert "the SAE takes 1 MB, and 1 MB are free" in capsys.readouterr().err


def test_a_disk_that_is_full_at_the_end_leaves_nothing(
    at_home: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "card_of", full)
    asked = ["train", "--model", "embedded", "--width", "32", "--tokens", "2000", "--out", str(tmp_path / "out")]
    assert command.main(asked) == 3
    assert "No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    asked = ["-m", "mechgrade.doors.cli", "sae", "train", "--model", "embedded", "--tokens", "4000000"]
    with subprocess.Popen(
        [sys.executable, *asked, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "topk" in running.stderr.readline()  # said when the model is loaded and the work begins
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=120)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    assert "stopped; nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_a_text_file_is_cut_and_its_end_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT * 60)
    bench = opening.open_bench("embedded")
    texts = texts_of.texts_for(bench, str(tmp_path / "text.txt"), 100_000, 32, 0, lambda _: None)
    assert (texts.train[:, 0] == bench.bos).all() and (texts.held_out[:, 0] == bench.bos).all()
    words = bench.model.to_string(torch.cat([texts.train, texts.held_out])[:, 1:].flatten())
    assert (TEXT * 60).startswith(words[: len(TEXT) * 20])
    (tmp_path / "short.txt").write_text("Mary")
    with pytest.raises(texts_of.TextError, match="1 tokens are too few"):
        texts_of.texts_for(bench, str(tmp_path / "short.txt"), 100_000, 32, 0, lambda _: None)


def test_what_a_model_writes_is_drawn_from_the_seed_and_held_out_text_is_other_text() -> None:
    bench = opening.open_bench("embedded")
    bench.n_layers  # noqa: B018  loads the model, which draws numbers
    state = torch.get_rng_state()
    first, again, other = (texts_of.texts_for(bench, "model", 600, 16, seed, lambda _: None) for seed in (0, 0, 1))
    assert (torch.get_rng_state() == state).all()
    assert (first.train == again.train).all() and (first.train != other.train).any()
    assert not {tuple(row) for row in first.train.tolist()} & {tuple(row) for row in first.held_out.tolist()}


def test_help_teaches_and_a_course_without_models_has_no_such_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["train", "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    said = " ".join(said.split())
    assert all(kind in said for kind in KINDS) and "explained variance" in said and "example:" in said
    example = next(path.parent for path in sorted((ROOT / "examples").rglob("course.yaml")))
    done = subprocess.run(
        [sys.executable, "-m", "mechgrade.doors.cli", "sae"], cwd=example, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "sae" in done.stderr


def test_the_courses_text_is_taken_where_the_model_has_its_tokens() -> None:
    bench = opening.open_bench("unsupervised")
    texts = texts_of.texts_for(bench, "", 600, 32, 0, lambda _: None)
    assert texts.source.startswith("the course's text")
    known = texts_of.token_ids()
    other = SimpleNamespace(model=SimpleNamespace(tokenizer=lambda words, **_: {"input_ids": [[0] for _ in words]}))
    assert not texts_of.has_course_tokenizer(other)
    assert texts_of.has_course_tokenizer(
        SimpleNamespace(
            model=SimpleNamespace(tokenizer=lambda words, **_: {"input_ids": [[known[word]] for word in words]})
        )
    )
    with pytest.raises(texts_of.TextError, match="take `--text model` or a file"):
        texts_of.texts_for(other, "course", 600, 32, 0, lambda _: None)
