"""What learners get: an archive without answers that grades itself, offline, with what is in it alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest
from support import ROOT, later

from mechgrade.authoring.archive import archive
from mechgrade.authoring.leaks import PublishError, Secrets, stop_leaks
from mechgrade.course import Course
from mechgrade.course.source import read_source

pytestmark = pytest.mark.long

nbformat = later("nbformat")


@pytest.fixture(scope="module")
def secrets(course: Course) -> Secrets:
    return Secrets(course)


@pytest.fixture(scope="module")
def unpacked(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    path = archive(course, folder / "course.zip")
    with ZipFile(path) as file:
        file.extractall(folder)
    return folder / "course"


def test_a_leak_is_noticed_wherever_it_is(course: Course, secrets: Secrets, tmp_path: Path) -> None:
    exercise = course.exercise("induction_scores")
    source = read_source(course, exercise)
    answer = source.reference.partition("### BEGIN SOLUTION\n")[2].partition("    ### END")[0]
    assert len(answer.splitlines()) >= 2
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(answer)])
    texts = {
        "a.ipynb": nbformat.writes(nb),
        "exercises/lab3/a.py": answer.splitlines()[-1] + "\n",
        "mechgrade/a.py": f"def f():\n{answer}",
        "fixtures/a.json": json.dumps({"deep": [{"in": answer}]}),
        "docs/a.md": f"```python\n{answer}```\n",
    }
    for name, text in texts.items():
        assert list(secrets.in_text(text, name)), name
    assert not list(secrets.in_text(source.stub, "exercises/lab3/a.py"))
    assert list(secrets.in_text("### BEGIN SOLUTION", "a.ipynb"))
    with ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("x.py", f"def f():\n{answer}")
    assert list(secrets.leaks(tmp_path / "a.zip", "a.zip"))
    with pytest.raises(PublishError, match=r"holds \d+ lines that learners must not have"):
        stop_leaks(list(secrets.in_text(texts["mechgrade/a.py"], "mechgrade/a.py")), "the archive")


def test_the_archive_has_no_answers(unpacked: Path, secrets: Secrets) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert not [name for name in names if "solutions" in name.split("/") or "variants" in name.split("/")]
    assert {
        "course.yaml",
        "Makefile",
        "exercises/lab3/find_heads.py",
        "notebooks/quickstart.ipynb",
        "notebooks/03-induction-head-analysis.ipynb",
    } <= names
    text = [name for name in names if not name.endswith((".safetensors", ".npz", ".png"))]
    assert [leak for name in text for leak in secrets.leaks(unpacked / name, name)] == []


def test_the_archive_is_the_same_each_time(course: Course, tmp_path: Path) -> None:
    one, other = (
        archive(course, tmp_path / "a/c.zip", notebooks=False),
        archive(course, tmp_path / "b/c.zip", notebooks=False),
    )
    assert one.read_bytes() == other.read_bytes()


def test_the_archive_grades_itself(course: Course, unpacked: Path, tmp_path: Path) -> None:
    """In an environment where the archive's own engine is the only one, with no network."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    (site / "all.pth").write_text(f"{unpacked}\n{sysconfig.get_path('purelib')}\n")
    exercise = course.exercise("find_heads")
    (unpacked / "exercises/lab3/find_heads.py").write_text(read_source(course, exercise).reference)
    names = ["find_heads", "repeated_tokens"]
    for name in names:
        done = subprocess.run(
            [python, "-m", "mechgrade.doors.cli", "grade", "--exercise", name, "--json", tmp_path / f"{name}.json"],
            cwd=unpacked,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    where = subprocess.check_output([python, "-c", "import mechgrade; print(mechgrade.__file__)"], cwd="/", text=True)
    assert where.strip() == str(unpacked / "mechgrade" / "__init__.py")
    found = {name: json.loads((tmp_path / f"{name}.json").read_text())["exercises"][0]["verdict"] for name in names}
    assert found == {"find_heads": "passed", "repeated_tokens": "not_started"}
    assert unpacked != ROOT
