"""Finding submissions: a learner who packs in another way is graded all the same, and nobody by another's file."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from mechgrade.cohort.learners import find_learners
from mechgrade.course import Course, CourseError

NAME = "lab3/find_heads.py"


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {path.parts[len(folder.parts)]}\n")


def texts(course: Course, path: Path, unpacked: Path) -> dict[str, str | None]:
    exercise = course.exercise("find_heads")
    return {one.name: one.read(course, [exercise])[0].text for one in find_learners(course, path, unpacked)}


@pytest.mark.parametrize(
    "inside",
    [
        NAME,
        f"exercises/{NAME}",
        "find_heads.py",
        f"my-homework/{NAME}",
        f"my-homework/exercises/{NAME}",
        "my-homework/find_heads.py",
        f"03-induction-head-analysis/{NAME}",
        "03-induction-head-analysis/find_heads.py",
    ],
)
@pytest.mark.parametrize("form", ["folders", "zips", "one zip", "one zip with a folder", "nbgrader"])
def test_where_files_lie(course: Course, tmp_path: Path, inside: str, form: str) -> None:
    """Every shape that people hand in, in every form in which a class arrives."""
    folder = tmp_path / "class"
    write(folder, f"ann/{inside}", f"bob/{inside}")
    path = folder
    if form == "zips":
        path = tmp_path / "zips"
        path.mkdir()
        for name in ("ann", "bob"):
            zipped(folder / name, path / f"{name}.zip")
    elif form == "one zip":
        path = zipped(folder, tmp_path / "class.zip")
    elif form == "one zip with a folder":
        (tmp_path / "above").mkdir()
        shutil.move(folder, tmp_path / "above" / "class")
        path = zipped(tmp_path / "above", tmp_path / "class.zip")
    elif form == "nbgrader":
        path = tmp_path / "course"
        path.mkdir()
        shutil.move(folder, path / "submitted")
    assert texts(course, path, tmp_path / "unpacked") == {"ann": "# ann\n", "bob": "# bob\n"}
    assert texts(course, path, tmp_path / "unpacked") == {"ann": "# ann\n", "bob": "# bob\n"}, "a second time"


def test_no_link_leads_to_another(course: Course, tmp_path: Path) -> None:
    """A link to the solution, a neighbour's file or folder is no submission."""
    write(tmp_path / "class", f"ann/{NAME}", "bob/lab3/other.py", "cid/readme.py")
    (tmp_path / "class/bob" / NAME).symlink_to(tmp_path / "class/ann" / NAME)
    (tmp_path / "class/cid/lab3").symlink_to(tmp_path / "class/ann/lab3")
    (tmp_path / "class/dan").symlink_to(tmp_path / "class/ann")
    found = {one.name: one for one in find_learners(course, tmp_path / "class", tmp_path / "unpacked")}
    assert sorted(found) == ["ann", "bob", "cid"]
    for name in ("bob", "cid"):
        (work,) = found[name].read(course, [course.exercise("find_heads")])
        assert work.text is None
        assert "link out of the submission" in work.problem
        assert str(tmp_path) not in work.problem, "where the instructor keeps submissions reaches a learner's feedback"


def test_a_bad_zip_is_one_learners_trouble(course: Course, tmp_path: Path) -> None:
    """It does not stop the class, and its learner is told."""
    write(tmp_path / "class", f"ann/{NAME}")
    (tmp_path / "class/bob.zip").write_bytes(b"no zip")
    found = find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    assert [one.name for one in found] == ["ann", "bob"]
    (work,) = found[1].read(course, [course.exercise("find_heads")])
    assert work.text is None
    assert "no readable zip" in work.problem


def test_a_folder_and_a_zip_are_one_hand_in(course: Course, tmp_path: Path) -> None:
    """Who sent both has one row, and what is in the folder counts when the zip is no zip."""
    write(tmp_path / "class", f"ann/{NAME}")
    (tmp_path / "class/ann.zip").write_bytes(b"")
    (ann,) = find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    assert ann.read(course, [course.exercise("find_heads")])[0].text == "# ann\n"
    assert "no readable zip" in str(ann.hand_in(course, [course.exercise("find_heads")]).ignored[0])


def test_mistakes_of_the_instructor(course: Course, tmp_path: Path) -> None:
    """Each says what was found and what to do."""
    (tmp_path / "empty").mkdir()
    write(tmp_path / "one", NAME)
    (tmp_path / "text.txt").write_text("")
    (tmp_path / "bad.zip").write_text("")
    for name, words in {
        "nowhere": "there is nothing at",
        "empty": "holds no folder and no zip",
        "one": "is one learner's folder",
        "text.txt": "no folder and no .zip",
        "bad.zip": "is not unpacked: it is no readable zip",
    }.items():
        with pytest.raises(CourseError, match=words):
            find_learners(course, tmp_path / name, tmp_path / "unpacked")
