"""Every solution runs from top to bottom as a script, as a learner runs a finished exercise, and leaves its plots in outputs/.

All run in one process after another's imports: the imports of torch and TransformerLens would take most of the time otherwise.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.course import load_course

COURSE = load_course(ROOT)

RUN = """
import os, runpy, sys, traceback
import torch, transformer_lens, sae_lens, matplotlib
matplotlib.use("agg")
torch.set_num_threads(1)
failed = 0
for path in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            runpy.run_path(path, run_name="__main__")
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print(f"FAILED {path}", flush=True)
        failed = 1
sys.exit(failed)
"""


def plots_of(source: str) -> list[str]:
    """The places under outputs/ that a source names; with a formatted part, a pattern."""
    found = re.findall(r'save=f?"([^"]+)"|save\(?f?"([^"]+)"', source)
    return [re.sub(r"\{[^}]*\}", "*", first or second) for first, second in found]


@pytest.mark.slow
@pytest.mark.parametrize("lab", COURSE.labs)
def test_every_solution_runs_as_a_script_and_leaves_its_plots(lab: str, tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text((ROOT / "course.yaml").read_text())
    for part in ("fixtures", "solutions"):
        (tmp_path / part).symlink_to(ROOT / part)
    paths = [str(COURSE.solution_path(each)) for each in COURSE.exercises(lab)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, *paths],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    left = {path.relative_to(tmp_path / "outputs").as_posix() for path in (tmp_path / "outputs").rglob("*.png")}
    assert left and all((tmp_path / "outputs" / each).stat().st_size > 3000 for each in left)
    for each in COURSE.exercises(lab):
        places = plots_of(COURSE.solution_path(each).read_text())
        assert places, f"{each} shows nothing of the learner's own result"
        for place in places:
            assert list((tmp_path / "outputs").glob(f"{place}.png")), f"{each} left no {place}.png"
