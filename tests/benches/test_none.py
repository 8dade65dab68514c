"""A course on NumPy alone, where neither torch nor TransformerLens is installed: recorded, audited, graded, tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mechgrade import sandbox

from .conftest import Run
from .stranger import SOURCE, make_course, write


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("lines") / "course")


def said(done: object) -> str:
    return f"{done.stdout}\n{done.stderr}"  # type: ignore[attr-defined]


def test_there_is_no_torch_there(bare: Run, course: Path) -> None:
    for module in ("torch", "transformer_lens", "sae_lens", "transformers", "matplotlib", "jaxtyping"):
        assert "No module named" in bare(course, "-c", f"import {module}", python=True).stderr


def test_it_is_built_recorded_and_audited(bare: Run, course: Path) -> None:
    done = bare(course, "build")
    assert done.returncode == 0, said(done)
    done = bare(course, "record")
    assert "recorded 1 exercises on none" in done.stdout, said(done)
    assert sorted(path.name for path in (course / "fixtures/recorded/none/week1").iterdir()) == [
        "slope.json",
        "slope.safetensors",
    ]
    done = bare(course, "audit")
    assert done.returncode == 0, said(done)


LEVELS = [
    "process",
    pytest.param("full", marks=pytest.mark.skipif(sandbox.probe().level != "full", reason="no isolation full here")),
]


@pytest.mark.parametrize("level", LEVELS)
def test_it_grades_right_wrong_and_hidden(bare: Run, course: Path, tmp_path: Path, level: str) -> None:
    out = tmp_path / "result.json"
    done = bare(
        course, "grade", "solutions", "--isolation", level, "--hidden", "secret", "--portable", "--json", str(out)
    )
    assert done.returncode == 0, said(done)
    assert "Score 5 / 5" in done.stdout and f"Graded with isolation {level}" in done.stdout
    assert json.loads(out.read_text())["model"] == "none"
    assert json.loads(out.read_text())["exercises"][0]["fails_on_gpu"] == []  # there is no device to fail on
    wrong = SOURCE.replace("/ (x * x)", "/ (y * y)")
    write(tmp_path, {"mine/week1/slope.py": wrong})
    done = bare(course, "grade", str(tmp_path / "mine"), "--isolation", level)
    assert "You divide by the sum of the squares of y" in done.stdout, said(done)
    done = bare(course, "grade", "exercises", "--isolation", level)
    assert "not started" in done.stdout, said(done)


def test_what_a_learner_calls_works_too(bare: Run, course: Path) -> None:
    write(course, {"exercises/week1/slope.py": SOURCE})
    done = bare(course, "try", "slope")
    assert (done.returncode, "slope 0." in done.stdout) == (0, True), said(done)
    assert bare(course, "debug", "slope").stdout.startswith("every check passes"), said(done)
    done = bare(course, "doctor", "week1")
    assert done.returncode == 0 and "bench: loaded" in done.stdout, said(done)
    assert "torch" not in done.stdout
    done = bare(course, "exercises/week1/slope.py", python=True)
    assert (done.returncode, done.stdout[:8]) == (0, "slope 0."), said(done)


def test_what_only_another_bench_has_is_refused_in_words(bare: Run, course: Path) -> None:
    assert "this course's bench has one way to compute" in said(bare(course, "grade", "--backend", "hooked"))
    assert "there is no model 'gpt2': this course has none" in said(bare(course, "grade", "--model", "gpt2"))
    assert bare(course, "models", "list").stdout.startswith("this course has no models")
