"""The engine is for any course: it names no lab, exercise or model of this one, and no concept of its subject."""

from __future__ import annotations

import re
from pathlib import Path

from support import ROOT

from mechgrade.course import load_course

ENGINE = ROOT / "mechgrade"

#: The one bench that knows this course's libraries, and what can be downloaded for it.
KNOWS = ("bench/transformer_lens", "hub")

#: The list of benches has to name each; SciPy's or matplotlib's interpolation is none of this course's package.
ALLOWED = {("providers.py", "TransformerLens"), ("pictures.py", "interp")}

#: Words of the subject. ``transformer_lens`` may be named as the bench that course.yaml can choose.
CONCEPTS = (
    *(
        "induction",
        "ioi",
        "sae",
        "saes",
        "autoencoder",
        "autoencoders",
        "logit",
        "logits",
        "attention",
        "residual",
        "patching",
    ),
    *(
        "transformer",
        "transformers",
        "transformerlens",
        "sae_lens",
        "interpretability",
        "circuit",
        "circuits",
        "hook point",
    ),
    *(
        "gpt",
        "gpt2",
        "gpt-2",
        "pythia",
        "bridge",
        "hooked",
        "latent",
        "latents",
        "neuron",
        "tokenizer",
        "prompt",
        "prompts",
    ),
)


def engine_files() -> list[Path]:
    files = [path for path in ENGINE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [path for path in files if not path.relative_to(ENGINE).as_posix().startswith(KNOWS)]


def found(words: set[str]) -> list[str]:
    pattern = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, words)))})(?![\w-])", re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in engine_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in pattern.finditer(line)
        if (path.name, match.group()) not in ALLOWED
    ]


def test_no_lab_exercise_or_model_of_this_course_is_named() -> None:
    course = load_course(ROOT)
    assert found({*course.labs, *(each.name for each in course.exercises()), *course.models}) == []


def test_no_concept_of_this_course_is_named() -> None:
    assert found(set(CONCEPTS)) == []


def test_it_imports_nothing_of_this_course() -> None:
    assert found({*(Path(module).stem for module in load_course(ROOT).modules)}) == []
