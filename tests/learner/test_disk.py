"""A disk that is full, or that nobody may write to, and no home folder: a sentence says so, the grade stands, and no code is blamed.

The full disk is a real one, a small tmpfs in a mount namespace of its own; the forbidden folder is one without permission to write.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from support import ROOT

from learner.conftest import COMMAND

#: Makes the course on a disk of 4 MB at $1, fills the disk up, and runs the rest there. `$KIND`: full, or ro.
_SCRIPT = """
set -eu
disk=$1; shift
mount -t tmpfs -o size=4m none "$disk"
cp -r "$ROOT/exercises" "$ROOT/course.yaml" "$disk"
for part in graders interp fixtures docs solutions; do ln -s "$ROOT/$part" "$disk/$part"; done
cp -r "$MINE/." "$disk/exercises"
if [ "$KIND" = ro ]; then mount -o remount,ro "$disk"; else dd if=/dev/zero of="$disk/filler" bs=1k 2>/dev/null || true; fi
cd "$disk"
exec "$@"
"""
_NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
#: Without what lets root write anywhere.
_POWERLESS = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]

PLOT = """from mechgrade.bench import plots

plots.bars([1.0, 2.0], x=["a", "b"], xlabel="x", ylabel="y", title="mine", save="attention_patterns/mine")
print("the end")
"""
#: As a learner who uses matplotlib alone.
OWN_PLOT = """from pathlib import Path

place = Path("outputs/mine.png")
place.parent.mkdir(parents=True, exist_ok=True)
place.write_bytes(b"x" * 100_000)
"""


class Disk:
    """A course on such a disk. ``mine``: files of the learner's, by their names in exercises/."""

    def __init__(self, folder: Path, kind: str, mine: dict[str, str]) -> None:
        self.root = folder / "disk"
        self.root.mkdir(parents=True)
        self._mine = folder / "mine"
        for name, text in mine.items():
            path = self._mine / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._mine.mkdir(exist_ok=True)
        # No HOME, and nowhere else to go: temporary files and the page's address are for the same disk.
        self.environment = {
            **{"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": "200", "MECHGRADE_SERVER": "0"},
            **{"TMPDIR": str(self.root), "XDG_RUNTIME_DIR": str(self.root)},
            **{"ROOT": str(ROOT), "KIND": kind, "MINE": str(self._mine)},
        }

    def command(self, *words: str) -> list[str]:
        """What runs a command there."""
        return [*_NAMESPACE, "bash", "-c", _SCRIPT, "disk", str(self.root), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        return subprocess.run(self.command(*words), env=self.environment, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    """These tests mount a disk."""
    tried = subprocess.run([*_NAMESPACE, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(
            f"this machine offers no mount namespace, so no disk can be made to be full: {tried.stderr.strip()}"
        )


@pytest.mark.parametrize(("kind", "words"), [("full", "No space left on device"), ("ro", "Read-only file system")])
def test_a_plot_that_cannot_be_written_is_the_disks_fault(tmp_path, kind, words):
    mine = {"lab1/heads_attending_to.py": PLOT, "lab1/logit_lens.py": OWN_PLOT}
    disk = Disk(tmp_path, kind, mine)
    done = disk.run(COMMAND, "try", "heads_attending_to")
    told = done.stdout + done.stderr
    assert "Traceback" not in told and "ended with an error" not in told, told
    assert f"not saved: {disk.root}/outputs/attention_patterns/mine.png ({words})" in done.stdout
    assert "Your code is not at fault" in told and "the end" in told and done.returncode == 3
    assert "saved outputs" not in told and "your progress cannot be kept" in done.stderr
    done = disk.run(COMMAND, "try", "logit_lens")
    told = done.stdout + done.stderr
    assert "Traceback" not in told and f"{words}" in told and "Your code is not at fault" in told, told
    assert done.returncode == 3


def test_the_map_needs_no_disk(tmp_path):
    done = Disk(tmp_path, "ro", {}).run(COMMAND, "map", "--lab", "lab1")
    assert done.returncode == 0 and "0/9 passed" in done.stdout and "Traceback" not in done.stderr


def test_outputs_that_nobody_may_write_to(tmp_path):
    root = tmp_path / "course"
    (root / "outputs").mkdir(parents=True)
    shutil.copytree(ROOT / "exercises", root / "exercises")
    shutil.copy(ROOT / "course.yaml", root)
    for part in ("graders", "interp", "fixtures", "solutions"):
        (root / part).symlink_to(ROOT / part)
    (root / "exercises/lab1/heads_attending_to.py").write_text(PLOT)
    (root / "exercises/lab1/logit_lens.py").write_text(OWN_PLOT)
    (root / "outputs").chmod(0o555)
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "MECHGRADE_SERVER": "0"}
    for name in ("heads_attending_to", "logit_lens"):
        done = subprocess.run(
            [*_POWERLESS, COMMAND, "try", name],
            **{"cwd": root, "env": environment, "capture_output": True, "text": True, "timeout": 600},
        )
        told = done.stdout + done.stderr
        assert "Permission denied" in told and "Your code is not at fault" in told and "Traceback" not in told, told
        assert done.returncode == 3
    assert list((root / "outputs").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["full", "ro"])
def test_the_grade_stands(tmp_path, kind):
    right = (ROOT / "solutions/lab3/repeated_tokens.py").read_text()
    disk = Disk(tmp_path, kind, {"lab3/repeated_tokens.py": right})
    done = disk.run(COMMAND, "grade", "repeated_tokens", "--html", "outputs/report.html", "--json", "result.json")
    assert "passed" in done.stdout and "1 of 1 exercises passed" in done.stdout, done.stdout + done.stderr
    for name in ("outputs/report.html", "result.json"):
        assert f"{name} could not be written" in done.stderr
    assert "The grade above stands." in done.stderr and "your progress cannot be kept" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr and done.returncode == 3
    wrong = right.replace("return ", "return 0 if True else ", 1)
    done = Disk(tmp_path / "again", kind, {"lab3/repeated_tokens.py": wrong}).run(COMMAND, "grade", "repeated_tokens")
    assert "0 of 1 exercises passed" in done.stdout and "could not be graded" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr and done.returncode == 0


@pytest.mark.slow
def test_the_quickstart_goes_on_to_its_end(tmp_path):
    done = Disk(tmp_path, "full", {}).run(sys.executable, "exercises/quickstart.py")
    assert done.returncode == 0, done.stderr
    assert "not saved: " in done.stdout and "No space left on device" in done.stdout
    assert "of its attention to" in done.stdout.partition("not saved: ")[2]  # which comes after the plot


@pytest.mark.slow
def test_the_page_is_served_all_the_same(tmp_path):
    disk = Disk(tmp_path, "full", {})
    command = disk.command(COMMAND, "learn", "--no-browser", "--no-server")
    with subprocess.Popen(command, env=disk.environment, stdout=subprocess.PIPE, text=True) as learn:
        try:
            assert learn.stdout is not None
            address = learn.stdout.readline().split()[-1]
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
        finally:
            learn.terminate()
