"""The quickstart runs as it is printed, in README and as a file, on the embedded model and on one of another shape."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.course.source import without_remarks

pytestmark = pytest.mark.long


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A course to run it in, so that its plot is not left in the project's."""
    shutil.copy(ROOT / "course.yaml", tmp_path)
    for part in ("fixtures", "exercises", "interp"):
        (tmp_path / part).symlink_to(ROOT / part)
    return tmp_path


def run(place: Path, *arguments: str, **environment: str) -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(place), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=place, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def check(place: Path, said: str) -> None:
    assert "Loaded a model with 3 layers, 3 heads per layer" in said
    assert re.search(r"Cached \d+ activation tensors", said)
    assert "Top prediction: ' Paris'" in said
    assert re.search(r"L\dH\d: \d+% of its attention to", said)
    assert (place / "outputs/attention_patterns/quickstart.png").stat().st_size > 5000


def test_readme_s_block_runs_as_it_is_printed(place: Path) -> None:
    block = (
        (ROOT / "README.md").read_text().partition("## Quickstart")[2].partition("```python\n")[2].partition("```")[0]
    )
    check(place, run(place, "-c", block))


def test_the_file_runs_as_it_is(place: Path) -> None:
    check(place, run(place, "exercises/quickstart.py"))


def test_learners_get_it_from_its_source() -> None:
    source = (ROOT / "solutions/quickstart.py").read_text()
    assert (ROOT / "exercises/quickstart.py").read_text().partition("\n")[2] == without_remarks(source)
