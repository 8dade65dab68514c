"""Commands of a course's own: `mechgrade NAME` runs the module that course.yaml names, and the help lists it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run
from .stranger import make_course

MORE = "modules: [fitting]\ncommands: {hello: fitting.hello, broken: fitting.nowhere, grade: fitting.hello}\n"

HELLO = '''"""Say hello.

More about it.
"""

import sys

from fitting.names import NAME

if __name__ == "__main__":
    print("hello", NAME, *sys.argv[1:])
    raise SystemExit(7)
'''


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"fitting/__init__.py": "", "fitting/names.py": "NAME = 'world'\n", "fitting/hello.py": HELLO}
    return make_course(tmp_path_factory.mktemp("commands") / "course", MORE, files)


def test_it_takes_what_follows_its_name_and_gives_its_exit_code(bare: Run, course: Path) -> None:
    done = bare(course, "hello", "--loud", "hello", "-x")
    assert (done.returncode, done.stdout) == (7, "hello world --loud hello -x\n"), done.stderr
    assert bare(course / "solutions", "hello").stdout == "hello world\n"


def test_the_help_lists_it_and_none_of_the_engines_is_replaced(bare: Run, course: Path) -> None:
    said = bare(course, "--help").stdout
    assert "Say hello." in said and "More about it" not in said
    assert sum(line.startswith("│ grade ") for line in said.splitlines()) == 1
    assert "Grade" in bare(course, "grade", "--help").stdout


def test_outside_its_course_it_is_no_command(bare: Run, tmp_path: Path) -> None:
    done = bare(tmp_path, "hello")
    assert (done.returncode, "No such command 'hello'" in done.stderr) == (2, True), done.stderr
    assert "Of this course" not in bare(tmp_path, "--help").stdout


def test_a_module_that_is_not_there_is_told(bare: Run, course: Path) -> None:
    done = bare(course, "broken")
    assert done.returncode == 2 and "fitting.nowhere" in done.stderr and "Traceback" not in done.stderr, done.stderr
