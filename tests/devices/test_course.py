"""The course on a device that is not the CPU, at isolation full, with the recordings that a CPU made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ROOT

from mechgrade.course import Course, load_course
from mechgrade.course.source import read_source

pytestmark = pytest.mark.slow

COURSE = load_course(ROOT)
#: safetensors loads to devices that it knows by name, and "standin" is none of them: the stand-in's limit, not the course's.
LEFT_OUT = "load_sae"
#: Mistakes of the CPU alone: on a device they are none, or others. Each begins a sentence of the audit's.
OTHERWISE = (
    # `.cpu()` of a tensor on a device is a copy, so no view of the large activation is kept, and not the model's own tensor.
    "lab1/selective_cache: misconception view_kept is passed",
    "lab1/selective_cache: misconception hooks_keep_what_they_get is passed",
    # The model's own tensor stays on the device as well, where the result must be on the CPU: a second difference, which the recording
    # does not have. So the mistake is rejected, and not named.
    "lab1/selective_cache: misconception copied_only_when_sliced is named nothing",
    # Each run shows a tensor on the CPU there. In the recording the one run shows it that asks for the device "meta".
    "lab3/repeated_tokens: misconception device_ignored is named nothing",
    # The gradient of the last layer's translator is rounding alone, and Adam makes whole steps of it: what it has learnt differs from
    # the recording's in the second digit where a device adds in another order.
    "lab5/tuned_lens: misconception averaged_over_layers is named nothing",
)

Grade = Callable[..., list[dict[str, Any]]]
Command = Callable[..., subprocess.CompletedProcess[str]]


def test_every_reference_passes(graded: Grade) -> None:
    exercises = graded(ROOT / "solutions")
    assert len(exercises) == len(COURSE.exercises())
    assert [each["exercise"] for each in exercises if each["verdict"] != "passed"] == [LEFT_OUT]


@pytest.mark.parametrize("lab", COURSE.labs)
def test_other_right_programs_pass_and_wrong_ones_are_named_as_on_the_cpu(
    command: Command, lab: str, tmp_path: Path
) -> None:
    to = tmp_path / "audit.json"
    done = command("audit", "--no-mutants", "--device", "standin", "--lab", lab, "--json", str(to))
    assert to.is_file(), done.stdout + done.stderr
    problems = json.loads(to.read_text())["problems"]
    assert [each for each in problems if LEFT_OUT not in each and not each.startswith(OTHERWISE)] == []


def test_a_second_device(graded: Grade) -> None:
    """`standin` alone would be the first: code that names no number must not end there."""
    exercises = graded(ROOT / "solutions", "--exercise", "repeated_tokens", device="standin:1")
    assert [each["verdict"] for each in exercises] == ["passed"]


def changed(course: Course, name: str, old: str, new: str, folder: Path) -> Path:
    """A hand-in with a right answer but for one change."""
    exercise = course.exercise(name)
    text = read_source(course, exercise).reference
    assert text.count(old) == 1, f"{name} has no {old!r} any more"
    place = folder / exercise.lab
    place.mkdir(parents=True)
    (place / f"{name}.py").write_text(text.replace(old, new))
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "qk_previous_token",
            "dtype=torch.bool, device=W_pos.device",
            "dtype=torch.bool",
            "`torch.ones(pos, pos, dtype=torch.bool)` makes a tensor on the CPU. If that is the one, say where to make it",
        ),
        ("repeated_tokens", ".to(device)", "", "'cpu'"),
        ("sae_decode", "def sae_decode", "import numpy\n\n\ndef sae_decode", None),
    ],
)
def test_other_device_mistakes_are_told(
    graded: Grade, course: Course, tmp_path: Path, name: str, old: str, new: str, told: str | None
) -> None:
    (result,) = graded(changed(course, name, old, new, tmp_path / "hand-in"), "--exercise", name)
    messages = " ".join(check["message"] for check in result["checks"])
    if told is None:  # the change is no mistake: the test does not find what is not there
        assert result["verdict"] == "passed", messages
    else:
        assert result["verdict"] != "passed" and told in " ".join(messages.split()), messages
