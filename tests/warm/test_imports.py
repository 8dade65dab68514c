"""What a command waits for before it answers: `--help` and `hint` are asked many times, torch takes seconds to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import ROOT


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import mechgrade.doors.cli", {"pydantic", "rich", "yaml", "numpy", "pytest", "torch", "watchfiles"}),
        ("import mechgrade.progress.progress, mechgrade.course.hints", {"numpy", "rich", "pytest", "torch"}),
        # What every command begins with.
        (
            "import mechgrade.doors.command, mechgrade.doors.host.client, mechgrade.doors.host.circumstances, "
            "mechgrade.doors.host.talk",
            {
                "pathlib",
                "typing",
                "tempfile",
                "subprocess",
                "contextlib",
                "typer",
                "pydantic",
                "numpy",
                "pytest",
                "torch",
            },
        ),
        (
            "from mechgrade.doors.command_host import bring; bring()",
            {"torch", "transformer_lens", "matplotlib", "interp", "graders"},
        ),
        ("import mechgrade.grading.warm.server", {"pydantic", "typer", "yaml", "numpy", "pytest", "torch"}),
        ("import mechgrade.grading.grade, mechgrade.grading.warm.worker", {"torch", "transformer_lens", "matplotlib"}),
        ("import mechgrade.doors.watch.loop, mechgrade.doors.watch.saves", {"torch", "transformer_lens", "matplotlib"}),
    ],
)
def test_what_is_not_imported(code: str, absent: set[str]) -> None:
    # What an interpreter of this environment has anyway: an editable install may bring some.
    assert absent & (modules_after(code) - modules_after("pass")) == set()


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(done.stdout.split())
