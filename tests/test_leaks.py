"""What learners get holds no solution: also where every line of it is public by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ROOT

from mechgrade.authoring.leaks import Secrets
from mechgrade.course import Course

SOURCE = "solutions/lab3/find_heads.py"
REMARK = "# a remark\n\n"


@pytest.fixture(scope="module")
def secrets(course: Course) -> Secrets:
    return Secrets(course)


@pytest.fixture(scope="module")
def solution() -> list[str]:
    """The lines between the markers."""
    inside = (ROOT / SOURCE).read_text().partition("### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0]
    lines = inside.splitlines(keepends=True)
    assert len(lines) == 4
    return lines


def runs(secrets: Secrets, text: str, name: str = "docs/page.md") -> list[str]:
    return [leak.what for leak in secrets.in_text(text, name) if "lines of the solution" in leak.what]


def test_no_run_of_four_lines_of_any_solution_stands_in_a_learners_file(course: Course, secrets: Secrets) -> None:
    files = [path for path in (ROOT / "exercises").rglob("*.py")] + [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert len(files) > 50
    for path in files:
        assert runs(secrets, path.read_text(), path.relative_to(ROOT).as_posix()) == []


@pytest.mark.parametrize("name", ["exercises/lab4/steer.py", "docs/page.md", "graders/lab4/test_steer.py"])
def test_four_lines_are_found_wherever_they_stand(secrets: Secrets, solution: list[str], name: str) -> None:
    for line in solution:  # as if each were public: a stub of another exercise has it
        secrets.lines.pop("".join(line.split()), None)
    disguised = REMARK.join(f"  {line.rstrip()}  # so\n" for line in solution)
    for text in ("".join(solution), disguised):
        assert runs(secrets, text, name) == ["4 lines of the solution of lab3/find_heads"]
    assert runs(secrets, "".join(solution[:3]), name) == []
    assert runs(secrets, "".join([*solution[:2], "x = 1\n", *solution[2:]]), name) == []


def test_they_are_found_in_a_notebook(secrets: Secrets, solution: list[str], tmp_path: Path) -> None:
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("".join(solution))])
    assert runs(secrets, nbformat.writes(notebook), "lab3.ipynb") == ["4 lines of the solution of lab3/find_heads"]
