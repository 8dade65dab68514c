"""Finding submissions: a learner who packs in another way is graded all the same, and nobody by another's file."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from mechgrade.cohort.learners import find_class, find_learners, refuse_inside
from mechgrade.cohort.store import Store
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


CANVAS = {"lovelaceada_101_501_find_heads.py": "ada", "smithbob_102_502_find_heads.py": "bob"}


def download(folder: Path, names: dict[str, str] = CANVAS) -> Path:
    for name, text in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {text}\n")
    return folder


@pytest.mark.parametrize(
    "form", ["zip", "zip beside a table", "wrapped zip", "folder", "folder in a folder", "two zips", "zip in a zip"]
)
def test_a_download_inside_the_folder_is_looked_through(course: Course, tmp_path: Path, form: str) -> None:
    """The platform's own zip or folder, put into the folder that is named, is the class and no learner."""
    path = tmp_path / "submissions"
    path.mkdir()
    if form == "folder":
        download(path / "inner")
    elif form == "folder in a folder":
        download(path / "outer/inner")
    elif form == "wrapped zip":
        zipped(download(tmp_path / "c/submissions").parent, path / "submissions.zip")
    elif form == "two zips":
        for place, (name, text) in enumerate(CANVAS.items()):
            more = {name: text, f"extra{place}_20{place}_60{place}_other.py": "more"}
            zipped(download(tmp_path / str(place), more), path / f"{place}.zip")
    else:
        zipped(download(tmp_path / "c"), path / "submissions.zip")
    if form == "zip beside a table":
        (path / "gradebook.csv").write_text("Student,ID\n")
    if form == "zip in a zip":
        path = zipped(path, tmp_path / "all.zip")
    found = {name: text for name, text in texts(course, path, tmp_path / "unpacked").items() if "extra" not in name}
    assert found == {"lovelaceada_101": "# ada\n", "smithbob_102": "# bob\n"}


@pytest.mark.parametrize(
    "names",
    [
        {"ann/find_heads.py": "a", "bob/lab3/find_heads.py": "b"},
        {"class/ann/find_heads.py": "a", "class/bob/find_heads (1).py": "b"},
        {"ann_find_heads.py": "a", "bob_find_heads.py": "b"},
        {"ann/03-induction-head-analysis.ipynb": "a", "bob/03-induction-head-analysis.ipynb": "b"},
        {"ann.zip": "a", "bob.zip": "b"},
    ],
)
def test_a_zip_of_several_learners_is_no_learner(course: Course, tmp_path: Path, names: dict[str, str]) -> None:
    """It cannot be told from one learner's two tries, so the command says what to do for each, and grades nobody."""
    (tmp_path / "class").mkdir()
    zipped(download(tmp_path / "c", names), tmp_path / "class/submissions.zip")
    with pytest.raises(CourseError, match="looks like a whole class's") as said:
        find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    assert "Unpack it" in str(said.value) and "a folder of the learner's name" in str(said.value)
    (tmp_path / "class/ada").mkdir()
    (tmp_path / "class/submissions.zip").rename(tmp_path / "class/ada/hw.zip")
    assert list(texts(course, tmp_path / "class", tmp_path / "unpacked")) == ["ada"]


def test_a_learners_zip_beside_others_is_never_looked_through(course: Course, tmp_path: Path) -> None:
    """Otherwise its entries would pass for other learners' files. The command says what to do, and doing that ends it."""
    (tmp_path / "class").mkdir()
    zipped(download(tmp_path / "c"), tmp_path / "class/eve.zip")
    write(tmp_path / "b", NAME)
    zipped(tmp_path / "b", tmp_path / "class/bob.zip")
    with pytest.raises(CourseError, match=r"eve\.zip looks like a whole class's download.*beside it there is bob\.zip"):
        find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    (tmp_path / "class/eve").mkdir()
    (tmp_path / "class/eve.zip").rename(tmp_path / "class/eve/eve.zip")
    assert list(texts(course, tmp_path / "class", tmp_path / "unpacked")) == ["bob", "eve"]


MOODLE = "{}_assignsubmission_file_/find_heads.py"


@pytest.mark.parametrize("form", ["zips", "folders", "unpacked and a zip"])
def test_a_class_and_a_late_learner_are_one_class(course: Course, tmp_path: Path, form: str) -> None:
    """A second download has one learner alone: somebody was late. Everybody has a row, and nobody two."""
    path = tmp_path / "class"
    path.mkdir()
    downloads = {"all": {"Ada_1": "a", "Bob_2": "b"}, "late": {"Cy_3": "c"}}
    for name, whose in downloads.items():
        names = {MOODLE.format(learner): text for learner, text in whose.items()}
        at = path if form == "unpacked and a zip" and name == "all" else path / name
        download(at if form == "folders" or at == path else tmp_path / name, names)
        if form != "folders" and at != path:
            zipped(tmp_path / name, path / f"{name}.zip")
    assert texts(course, path, tmp_path / "unpacked") == {"Ada_1": "# a\n", "Bob_2": "# b\n", "Cy_3": "# c\n"}


@pytest.mark.parametrize(
    "names",
    [
        CANVAS,
        {MOODLE.format("Ada_1"): "a", MOODLE.format("Bob_2"): "b"},
        {f"{x}/find_heads.py": x for x in ("ann", "bob", "cy")},
    ],
)
def test_a_class_beside_a_learner_is_no_learner(course: Course, tmp_path: Path, names: dict[str, str]) -> None:
    """A late hand-in is put beside the class's zip. Without a refusal the class would be one learner called ``class``."""
    write(tmp_path / "sent", f"kim/{NAME}")
    zipped(download(tmp_path / "c", names), tmp_path / "sent/class.zip")
    with pytest.raises(CourseError, match="looks like a whole class's"):
        find_learners(course, tmp_path / "sent", tmp_path / "unpacked")
    both = zipped(tmp_path / "sent", tmp_path / "both.zip")
    with pytest.raises(CourseError, match=r"^class\.zip looks like a whole class's"):  # no path of ours
        find_learners(course, both, tmp_path / "unpacked")
    with zipfile.ZipFile(tmp_path / "sent/class.zip") as archive:  # what the sentence says to do
        archive.extractall(tmp_path / "sent")
    (tmp_path / "sent/class.zip").unlink()
    assert len(texts(course, tmp_path / "sent", tmp_path / "unpacked")) == len(names) + 1


def test_what_was_assumed_of_a_learner_beside_others_is_said(course: Course, tmp_path: Path) -> None:
    """Two tries in one zip are a learner's, and so is a file that by chance is named as Canvas names files."""
    write(tmp_path / "sent", f"kim/{NAME}")
    zipped(download(tmp_path / "c", {"old/find_heads.py": "a", "new/find_heads.py": "a"}), tmp_path / "sent/ann.zip")
    zipped(download(tmp_path / "d", {"lab_3_1_find_heads.py": "b"}), tmp_path / "sent/bob.zip")
    found = find_class(course, tmp_path / "sent", tmp_path / "unpacked")
    assert [each.name for each in found.learners] == ["ann", "bob", "kim"]
    tries, named = found.assumed
    assert "ann.zip" in tries and "taken for one learner's" in tries
    assert named.startswith("bob.zip was taken for a learner of this name") and "lab_3" in named


def test_one_learners_folder_of_two_tries_is_one_learner(course: Course, tmp_path: Path) -> None:
    """It is graded, and what was assumed is said."""
    write(tmp_path / "class", "ada/old/find_heads.py", "ada/new/find_heads.py")
    found = find_class(course, tmp_path / "class", tmp_path / "unpacked")
    assert [each.name for each in found.learners] == ["ada"]
    assert "taken for one learner's" in found.assumed[0]


def test_results_are_no_learner(course: Course, tmp_path: Path) -> None:
    """A folder of results inside the class's would be a learner with 0 points; beside nbgrader's tree it is in nobody's way."""
    write(tmp_path / "class", f"ann/{NAME}")
    for out in ("class", "class/results", "class/ann/results"):
        with pytest.raises(CourseError, match="give --out a folder beside it"):
            refuse_inside(tmp_path / "class", tmp_path / out)
    refuse_inside(tmp_path / "class", tmp_path / "class-results")
    (tmp_path / "course/submitted").mkdir(parents=True)
    refuse_inside(tmp_path / "course", tmp_path / "course/results")
    with Store(tmp_path / "class/results"):
        (tmp_path / "class/results/learners").mkdir(exist_ok=True)
    found = find_class(course, tmp_path / "class", tmp_path / "unpacked")
    assert [each.name for each in found.learners] == ["ann"]
    assert found.assumed == ["results holds results of `mechgrade cohort grade`, and was left out"]
