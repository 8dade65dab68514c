"""A step that makes something slower is seen; a machine that is a little slower is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

SCRIPT = ROOT / "tests/benchmarks/regress.py"
#: Made up: what is tested is the comparison.
KEPT = {"help": 3.5, "second grade": 10.0, "overhead": 4.0, "two jobs": 0.6, "coordinator": 0.3}


def compared(folder: Path, found: dict[str, float], *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "found.json").write_text(json.dumps(found))
    kept = folder / "kept.json"
    if not more:
        kept.write_text(json.dumps(KEPT))
    command = [sys.executable, str(SCRIPT), "--measured", str(folder / "found.json"), "--kept", str(kept), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", KEPT)
def test_each_number_fails_where_it_is_worse_by_more_than_half(tmp_path: Path, name: str) -> None:
    done = compared(tmp_path, KEPT | {name: 1.6 * KEPT[name]})
    assert done.returncode == 1
    assert done.stderr.startswith(f"slower: {name}: ")
    assert done.stderr.count("slower") == 1


def test_a_slower_machine_and_a_faster_engine_pass(tmp_path: Path) -> None:
    for factor in (1.4, 0.2):
        done = compared(tmp_path, {name: factor * value for name, value in KEPT.items()})
        assert (done.returncode, done.stderr) == (0, "")


def test_what_was_not_measured_is_no_pass(tmp_path: Path) -> None:
    done = compared(tmp_path, {name: value for name, value in KEPT.items() if name != "overhead"})
    assert (done.returncode, done.stderr) == (1, "slower: overhead was not measured\n")


def test_numbers_are_kept_and_printed(tmp_path: Path) -> None:
    done = compared(tmp_path, {"help": 3.0}, "--write", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "kept.json").read_text()) == {"help": 3.0}


def test_the_last_releases_numbers_are_kept() -> None:
    kept = json.loads(SCRIPT.with_name("ratios.json").read_text(encoding="utf-8"))
    assert kept.keys() == KEPT.keys()
    assert all(value > 0 for value in kept.values())
