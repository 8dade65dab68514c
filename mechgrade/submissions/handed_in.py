"""What a learner hands in as a folder: files in any folder of it, the lab's notebook, or both.

**An exercise's file** is the one of its name. In a folder named like the lab it comes before others, and further up before
further down. Files in the folder of another lab are that lab's, and so is a notebook of another lab's name.

**The lab's notebook** is the one named like the lab (``03-induction-head-analysis.ipynb``). Where none is, it is the one in which
most exercises of the lab are begun; of equals, the one that holds most of its checks and stubs, then the first by its path.

**A file counts more than the notebook,** exercise by exercise. Only where nothing was written in the file yet, or the file cannot be
read, the next one that has an answer counts: people hand in the course's whole folder, stubs and all.
"""

from __future__ import annotations

import os
from pathlib import Path

from mechgrade.course import Course, Exercise, Lab
from mechgrade.submissions.assemble import Code, interface
from mechgrade.submissions.notebook import Answers, Texts, cells_of, read_tree, texts_of
from mechgrade.submissions.reading import SubmissionError, read_text, shown
from mechgrade.submissions.submission import Submission

#: Names that are no learner's: what computers leave lying about. Hidden files and folders are none, too.
IGNORED = frozenset(["__MACOSX", "__pycache__"])

#: What is looked at of a hand-in at most: files, and among them those of one name or notebooks.
MAX_FILES, MAX_EQUALS = 10_000, 20


def read_upload(course: Course, lab: Lab, folder: Path) -> Submission:
    """A lab's exercises in a folder that was handed in. See above for what counts.

    Where each text came from is told by paths below the folder.
    """
    notes: list[str] = []
    files = _files(course, lab, folder, notes)
    texts: Texts = {}
    origins: dict[tuple[str, str], Path] = {}
    notebook = pick_notebook(course, lab, folder, files, notes)
    cells = _notebook_texts(course, lab, folder, notebook, notes) if notebook is not None else {}
    before_cells: list[str] = []
    for exercise in lab.exercises.values():
        key = (lab.name, exercise.name)
        paths = _paths_of(lab, exercise, files)
        found = [(path, _text(exercise, folder, path)) for path in paths]
        if notebook is not None:
            found.append((notebook, cells[key]))
        if not found:
            texts[key] = _no_file(exercise)
            continue
        answers = [each for each in found if _is_answer(course, exercise, each[1])] if len(found) > 1 else []
        origins[key], texts[key] = (answers or found)[0]
        if origins[key] == notebook:
            notes += [f"{shown(paths[0])} holds no answer; the cells of {shown(notebook)} were graded"] if paths else []
            continue
        if len(paths) > 1:
            notes.append(f"{exercise.name}.py is there {len(paths)} times; {shown(origins[key])} was graded")
        if answers and answers[-1][0] == notebook:
            before_cells.append(f"{exercise.name}.py")
    if notebook is not None and before_cells:
        notes.append(
            f"files count more than {shown(notebook)}: its cells for {', '.join(before_cells)} were not graded"
        )
    return Submission(folder, tuple(lab.exercises.values()), texts, origins, notes)


def pick_notebook(
    course: Course, lab: Lab, folder: Path, files: list[Path] | None = None, notes: list[str] | None = None
) -> Path | None:
    """The lab's notebook among the files of a folder, by its path below it. None where there is no notebook.

    Args:
        course: the course.
        lab: which lab's.
        folder: what was handed in.
        files: the paths of its files, if they are known.
        notes: takes what a learner should know.
    """
    notes = [] if notes is None else notes
    files = _files(course, lab, folder, notes) if files is None else files
    found = sorted((path for path in files if path.suffix == ".ipynb"), key=_by_path)
    named = [path for path in found if path.stem == lab.slug]
    if not found:
        return None
    if named or len(found) == 1:
        chosen = (named or found)[0]
    else:
        chosen = max(found[:MAX_EQUALS], key=lambda path: _answered(course, lab, folder, path))
    if len(found) > 1:
        others = [shown(path) for path in found if path != chosen]
        names = ", ".join([*others[:5], *(["others"] if len(others) > 5 else [])])
        notes.append(f"there are {len(found)} notebooks; {shown(chosen)} was graded, and not {names}")
    return chosen


def _answered(course: Course, lab: Lab, folder: Path, path: Path) -> tuple[int, int]:
    try:
        cells, _ = cells_of(read_tree(folder / path, folder), shown(path))
    except SubmissionError:
        return (-1, -1)
    return Answers(course, lab, cells).answered()


def _notebook_texts(course: Course, lab: Lab, folder: Path, path: Path, notes: list[str]) -> Texts:
    try:
        cells, found = cells_of(read_tree(folder / path, folder), shown(path))
    except SubmissionError as error:
        notes.append(str(error))
        return {(lab.name, name): error for name in lab.exercises}
    notes += found
    return texts_of(course, lab, cells, shown(path))


def _files(course: Course, lab: Lab, folder: Path, notes: list[str]) -> list[Path]:
    """The files of a folder that may be this lab's, by their paths below it. Links are not followed.

    A link to a folder of the lab is taken for a folder with all its files, so that whoever reads them can say what is wrong.
    """
    foreign = {name for other in course.labs.values() if other != lab for name in (other.name, other.slug)}
    found: list[Path] = []
    seen = 0
    for at, folders, names in os.walk(folder):
        here = Path(at).relative_to(folder)
        folders[:] = sorted(name for name in folders if not _is_ignored(name) and name not in foreign)
        for name in folders:
            if name == lab.name and (Path(at) / name).is_symlink():
                found += [here / name / f"{exercise}.py" for exercise in lab.exercises]
        for name in sorted(names):
            seen += 1
            if seen > MAX_FILES:
                notes.append(
                    f"there are more than {MAX_FILES} files, and not all were looked at; hand in only the lab's"
                )
                return found
            path = here / name
            is_ours = path.suffix == ".py" or (path.suffix == ".ipynb" and path.stem not in foreign)
            if is_ours and not _is_ignored(name):
                found.append(path)
    return found


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in IGNORED


def _paths_of(lab: Lab, exercise: Exercise, files: list[Path]) -> list[Path]:
    found = [path for path in files if path.name == f"{exercise.name}.py"]
    return sorted(found, key=lambda path: (path.parent.name != lab.name, *_by_path(path)))[:MAX_EQUALS]


def _by_path(path: Path) -> tuple[int, Path]:
    return len(path.parts), path


def _text(exercise: Exercise, folder: Path, path: Path) -> str | SubmissionError:
    try:
        return read_text(folder / path, folder)
    except FileNotFoundError:
        return _no_file(exercise)
    except SubmissionError as error:
        return error


def _no_file(exercise: Exercise) -> SubmissionError:
    return SubmissionError(f"there is no file {exercise}.py in the submission")


def _is_answer(course: Course, exercise: Exercise, text: str | SubmissionError) -> bool:
    """Whether a text defines what the grader calls, and not only as the stub does."""
    return isinstance(text, str) and Code([text]).written(interface(course, exercise)) > 0
