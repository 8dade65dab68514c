"""`make mutation` on a project of one line: what is killed, what survives, and a list that must stay true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

CODE = """
from __future__ import annotations
def larger(a: int | None, b: int) -> bool:
    return a > b
"""
TESTS = """
from mechgrade.thing import larger
def test_larger():
    assert larger(2, 1) and not larger(1, 2)
"""
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
import mutation
mutation.ROOT, mutation.FILES = Path(sys.argv.pop(1)), ("mechgrade/thing.py", "mechgrade/gone.py")
sys.exit(mutation.main())
"""
SURVIVOR = "return a > b => return a >= b"
KILLED = "return a > b => return a < b"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in [
        ("mechgrade/__init__.py", ""),
        ("mechgrade/thing.py", CODE),
        ("tests/core/test_thing.py", TESTS),
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    listed(tmp_path)
    return tmp_path


def listed(project: Path, *changes: str) -> None:
    """Write the list of equivalent mutants."""
    entry = "- {{file: mechgrade/thing.py, function: larger, change: '{}', reason: none}}\n"
    (project / "tests/core/equivalent_mutants.yaml").write_text("".join(entry.format(change) for change in changes))


def mutation(project: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-c", RUN, str(ROOT / "scripts"), str(project), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_no_test_notices_is_shown_and_fails(project: Path) -> None:
    code, text = mutation(project)
    assert code == 1 and "survived  mech" in text, text
    assert f"survived  mechgrade/thing.py:4 in larger  ReplaceComparisonOperator_Gt_GtE\n    {SURVIVOR}\n" in text
    assert "mechgrade/gone.py is not there" in text
    assert "annotations" not in text and "|" not in text  # annotations never run


def test_the_list_holds_what_means_the_same_and_nothing_else(project: Path) -> None:
    listed(project, SURVIVOR, KILLED)
    code, text = mutation(project, "--at-least", "0")
    assert (
        "survived  mech" not in text
        and code == 1
        and "but a test fails with it  mechgrade/thing.py:4 in larger" in text
    ), text
    listed(project, SURVIVOR, "return a > b => return a is b")
    code, text = mutation(project)
    assert code == 1 and "has no mutant in larger: return a > b => return a is b" in text, text


def test_without_mutants_the_tests_must_pass(project: Path) -> None:
    (project / "tests/core/test_more.py").write_text(TESTS.replace("not larger", "larger"))
    code, text = mutation(project)
    assert code == 1 and "The tests in tests/core fail without any mutant." in text, text
