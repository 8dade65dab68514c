"""pytest is shared with the world: nothing of the world's changes a grade, and nothing of ours reaches the world's pytest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, command, one_exercise

#: Each of these stopped all grading once, or would change which checks there are.
HOSTILE_INI = """
[pytest]
addopts = --no-such-option -n 2
python_functions = nothing_*
python_files = nothing_*.py
required_plugins = no-such-plugin
filterwarnings = error
usefixtures = no_such_fixture
"""
HOSTILE_CONFTEST = "raise RuntimeError('a conftest of a folder above was read')\n"
ENVIRONMENT = {"PYTEST_ADDOPTS": "-ra -q -n 2 --lf", "PYTEST_PLUGINS": "nonexistent", "PY_COLORS": "1"}


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with one exercise, recorded, in a folder that is a project of its own with a pytest of its own."""
    root = tmp_path / "outer" / "course"
    root.mkdir(parents=True)
    one_exercise(root)
    shutil.copy(ROOT / "graders" / "conftest.py", root / "graders")
    for suffix in (".json", ".safetensors"):
        recording = Path("fixtures/recorded/embedded/lab3/find_heads").with_suffix(suffix)
        (root / recording).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / recording, root / recording)
    return root


def run(module: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this Python's, away from the tests' own pytest."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [*command(module), *arguments], cwd=cwd, env=own | environment, capture_output=True, text=True, check=False
    )


def grade(course: Path, **environment: str) -> str:
    """What `mechgrade grade solutions` says in a course."""
    done = run("mechgrade.doors.cli", "grade", "solutions", "--no-server", cwd=course, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_of_the_environment_or_of_the_folders_above_changes_a_grade(course: Path) -> None:
    for folder in (course, course.parent):
        (folder / "pytest.ini").write_text(HOSTILE_INI)
        (folder / "tox.ini").write_text(HOSTILE_INI)
        (folder / "conftest.py").write_text(HOSTILE_CONFTEST)
    assert "5 / 5" in grade(course, **ENVIRONMENT)


def test_a_courses_own_conftest_beside_the_graders_may_have_fixtures(course: Path) -> None:
    (course / "graders" / "conftest.py").write_text(
        'import pytest\n\npytest_plugins = ["mechgrade.doors.plain_pytest"]\n\n'
        "@pytest.fixture\ndef threshold():\n    return 0.5\n"
    )
    grader = course / "graders" / "lab3" / "test_find_heads.py"
    text = grader.read_text()
    assert "def test_none_and_all(compare):" in text
    grader.write_text(text.replace("def test_none_and_all(compare):", "def test_none_and_all(compare, threshold):"))
    assert "5 / 5" in grade(course)


def test_plain_pytest_grades_too_and_says_the_mistake(course: Path) -> None:
    solved = run("pytest", "graders/lab3", "--mechgrade-submission", "solutions", cwd=course)
    assert solved.returncode == 0 and "lab3/find_heads: passed, 5 / 5" in solved.stdout, solved.stdout + solved.stderr
    (course / "exercises" / "lab3").mkdir(parents=True)
    wrong = course / "exercises" / "lab3" / "find_heads.py"
    wrong.write_text("def find_heads(scores, threshold):\n    return scores.no_such_thing\n")
    failed = run("pytest", "graders/lab3/test_find_heads.py", cwd=course)
    assert failed.returncode == 1
    assert "lab3/find_heads: raised, 0 / 5" in failed.stdout
    assert "AttributeError" in failed.stdout and "def compare" not in failed.stdout
    unknown = run("pytest", "graders/lab3", "--mechgrade-model", "no-such-model", cwd=course)
    assert unknown.returncode == 4 and "there is no model 'no-such-model'" in unknown.stderr


def test_other_projects_keep_their_own_options_and_fixtures(tmp_path: Path) -> None:
    """They use the names that the checks of a course use, and nothing of ours is even imported."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n"
        "def pytest_addoption(parser):\n"
        "    for name in ('--device', '--model', '--backend', '--isolation', '--submission'):\n"
        "        parser.addoption(name, default='theirs')\n\n"
        "@pytest.fixture\ndef run(request):\n    return request.config.getoption('--device')\n\n"
        "@pytest.fixture\ndef compare():\n    return 'their comparison'\n"
    )
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\n"
        "def test_theirs(run, compare):\n"
        "    assert (run, compare) == ('tpu', 'their comparison')\n"
        "    assert not [name for name in sys.modules if name.startswith('mechgrade')]\n"
    )
    theirs = [sys.executable, "-m", "pytest", "-q", "--device", "tpu"]
    done = subprocess.run(theirs, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
