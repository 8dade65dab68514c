"""Every solution runs from top to bottom as a script, as a learner runs a finished exercise, and leaves a plot or a table in outputs/.

All run in one process after another's imports: the imports of torch and TransformerLens would take most of the time otherwise.
"""

from __future__ import annotations

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
    print(f"== {path}", flush=True)
    child = os.fork()
    if child == 0:
        try:
            runpy.run_path(path, run_name="__main__")
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print(f"FAILED {path}", flush=True)
        failed = 1
sys.exit(failed)
"""


@pytest.mark.slow
@pytest.mark.parametrize("lab", COURSE.labs)
def test_every_solution_runs_as_a_script_and_leaves_what_it_shows(lab: str, tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text((ROOT / "course.yaml").read_text())
    for part in ("fixtures", "solutions", "interp"):
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
    said = done.stdout.split("== ")[1:]
    assert len(said) == len(paths)
    for each in said:
        saved = [Path(line.removeprefix("saved ")) for line in each.splitlines() if line.startswith("saved ")]
        assert saved, f"it shows nothing of the learner's own result: {each}"
        for path in saved:
            assert path.is_relative_to(tmp_path / "outputs") and path.stat().st_size > 500, path
