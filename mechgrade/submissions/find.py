"""The submission at a path that a user named: a folder, an archive, an exercise's file, or a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.submissions.archive import is_archive, is_sealed
from mechgrade.submissions.handed_in import HandIn, read_hand_in
from mechgrade.submissions.names import match, name_of
from mechgrade.submissions.notebook import cells_of, lab_of, read_tree
from mechgrade.submissions.reading import SubmissionError, shown
from mechgrade.submissions.submission import Submission, Texts
from mechgrade.submissions.words import BRINGS_BACK, missing_in_words


def find_submission(
    course: Course, path: Path, lab: str | None = None, exercises: Sequence[Exercise] = (), *, live: bool = False
) -> Submission:
    """The submission at a path that a user named.

    Args:
        course: the course.
        path: a folder, an archive, an exercise's file, or a lab's notebook. See :mod:`mechgrade.submissions.handed_in`.
        lab: the lab, where the path does not tell it.
        exercises: those that are asked for; none is all. For a file, the one that it is for.
        live: a folder is one like `exercises/`, whose files change and are read when they are asked for.

    Raises:
        CourseError: nothing is there, or it does not say which exercises it is for, or not for those that are asked for.
    """
    named, path = path, path.absolute()
    wanted = list(exercises) or course.exercises(lab)
    if path.is_dir():
        is_own = path == (course.root / "exercises").absolute()
        if live or _is_in_shape(path, wanted):
            return Submission(path, gone=BRINGS_BACK if is_own else "")
        if is_own:
            return _of_own(course, path, wanted)
        return _of_hand_in(course, path, wanted)
    if not path.is_file():
        raise CourseError(
            f"there is nothing at {named}; give a folder like exercises/, an archive of it, one exercise's .py, or a notebook"
        )
    if is_archive(path.name):
        return _of_hand_in(course, path, wanted)
    if is_sealed(path.name):
        raise CourseError(f"archives like {named} are not read; unpack it, and give the folder")
    kind = name_of(path.name).kind
    if kind == "notebook":
        return _notebook(course, path, lab, exercises)
    like = match(path.name, [each.name for each in course.exercises(lab)], ".py")
    if kind == "python" or (kind == "text" and like):
        if len(exercises) > 1:
            raise CourseError(f"{named} is the file of one exercise, and {len(exercises)} are named")
        where = lab or (path.parent.name if path.parent.name in course.labs else None)
        one = exercises[0] if exercises else course.exercise(like.name if like else path.stem, where)
        return Submission.from_file(path, one)
    raise CourseError(
        f"{named} is no Python file and no notebook; give a folder like exercises/, one exercise's .py, or a notebook"
    )


def _is_in_shape(folder: Path, wanted: list[Exercise]) -> bool:
    """Whether all files that are wanted lie where they lie in exercises/."""
    return all((folder / each.lab / f"{each.name}.py").is_file() for each in wanted)


def _of_hand_in(course: Course, path: Path, wanted: list[Exercise]) -> Submission:
    labs = [course.labs[name] for name in dict.fromkeys(each.lab for each in wanted)]
    read = read_hand_in(course, labs, path)
    whole = read.submission
    notes = [*whole.notes, *(f"not read: {each}" for each in read.ignored)]
    notes += [f"not found: {line}" for line in _absent(course, read)]
    files = {key: path / origin if path.is_dir() else path for key, origin in whole.files.items()}
    return replace(whole, exercises=tuple(wanted), files=files, notes=notes, absent=tuple(read.absent))


def _of_own(course: Course, path: Path, wanted: list[Exercise]) -> Submission:
    """The learner's own folder, in which files are not in their places: for these the rule for hand-ins says what counts."""
    plain = Submission(path)
    gone = [each for each in wanted if not plain.file(each).is_file()]
    read = read_hand_in(course, [course.labs[name] for name in dict.fromkeys(each.lab for each in gone)], path)
    found = read.submission.texts or {}
    texts: Texts = {}
    files: dict[tuple[str, str], Path] = {}
    notes = []
    for each in wanted:
        key, place = (each.lab, each.name), f"{path.name}/{each}.py"
        origin = read.used.get(key)
        if each not in gone:
            texts[key] = _text(plain, each)
        elif origin is None:
            _, _, why = str(found[key]).partition(" in the submission")
            texts[key] = SubmissionError(f"there is no file {place}{why}; {BRINGS_BACK}")
        else:
            texts[key], files[key] = found[key], path / origin
            if isinstance(found[key], str):
                notes.append(f"{path.name}/{shown(origin)} was graded as {place}, which is not there: move it there")
    return Submission(path, tuple(wanted), texts, files, notes)


def _text(submission: Submission, exercise: Exercise) -> str | SubmissionError:
    try:
        return submission.source(exercise)
    except SubmissionError as error:
        return error


def _absent(course: Course, read: HandIn) -> list[str]:
    return missing_in_words(course, [each for each in read.missing if each.lab in read.absent])


def _notebook(course: Course, path: Path, lab: str | None, exercises: Sequence[Exercise]) -> Submission:
    try:
        tree: Any = read_tree(path.resolve(), path.resolve().parent)
        cells, _ = cells_of(tree, path.name)
    except SubmissionError:
        tree, cells = path, []  # it is said of each exercise
    found = course.lab(lab) if lab is not None else lab_of(course, cells, path.stem)
    if found is None and exercises:
        found = course.lab(exercises[0].lab)
    if found is None:
        raise CourseError(f"{path.name} does not say which lab it is of; name it: --lab {' or '.join(course.labs)}")
    only = [course.exercise(each.name, found.name) for each in exercises] or course.exercises(found.name)
    whole = Submission.from_notebook(course, found, tree, path.name)
    return Submission(path, tuple(only), whole.texts, dict.fromkeys(whole.texts or {}, path), whole.notes)
