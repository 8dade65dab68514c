"""What lies in a course's folders and belongs to no exercise of ``course.yaml``: a draft, or an exercise that is kept back.

Learners never get it. It may be an exercise that is wanted for the exam, with its grader and its recorded results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mechgrade.course import Course
from mechgrade.course.source import shown_path
from mechgrade.grading import recordings

_SKIPPED = ("__pycache__", "outputs", ".ipynb_checkpoints")

#: A recording is two files beside each other.
_RECORDED = (".json", ".safetensors")


def unlisted(course: Course) -> list[Path]:
    """The files of exercises, labs and recordings that ``course.yaml`` does not list. Helpers that graders share are none."""
    listed = [course.root / name for name in (*course.modules, *course.data)]
    found = [*_work(course), *_graders(course), *_recordings(course)]
    return [path for path in found if not any(path.is_relative_to(each) for each in listed)]


def left_out(course: Course) -> list[str]:
    """The unlisted files that learners would get, a line each, and the pages for learners that still name their exercises."""
    files = [path for path in unlisted(course) if not path.is_relative_to(course.root / "solutions")]
    lines = [f"not listed in course.yaml, and so not for learners: {shown_path(course, path)}" for path in files]
    here = {each.name for each in course.exercises()} | {old for lab in course.labs.values() for old in lab.merged}
    names = {path.stem.removeprefix("test_") for path in files if path.suffix in (".py", *_RECORDED)} - here
    pages = [course.root / "README.md", *sorted((course.root / "docs").rglob("*.md"))]
    for page in filter(Path.is_file, pages):
        text = page.read_text(encoding="utf-8", errors="replace")
        words = set(re.findall(r"\w+", text))
        # A name in one word, such as `mean`, stands in any text: it is the exercise's where it is written as code.
        lines += [
            f"{shown_path(course, page)} still names {name}"
            for name in sorted(names & words)
            if "_" in name or f"`{name}`" in text
        ]
    return lines


def _work(course: Course) -> Iterator[Path]:
    """Of what is below exercises/ and solutions/, what no exercise, page or question has there."""
    known = {course.stub_path(exercise) for exercise in course.exercises()}
    known |= {course.solution_path(exercise) for exercise in course.exercises()}
    known |= {course.variants_path(exercise) for exercise in course.exercises()}
    known |= {course.promises_path(exercise) for exercise in course.exercises()}
    known |= {path for pair in course.page_paths() for path in pair}
    known |= {course.equivalents_path(lab) for lab in course.labs.values()}
    asking = [lab for lab in course.labs.values() if lab.questions]
    known |= {path for lab in asking for path in (course.answers_path(lab), course.rubrics_path(lab))}
    for folder in ("exercises", "solutions"):
        yield from (path for path in _files(course.root / folder) if path not in known)


def _graders(course: Course) -> Iterator[Path]:
    """Graders of no exercise, and all that lies in the folder of a lab that is not there."""
    known = {course.grader_path(exercise) for exercise in course.exercises()}
    root = course.root / "graders"
    for path in _files(root):
        lab, *rest = path.relative_to(root).parts
        is_gone = bool(rest) and lab not in course.labs and any((root / lab).glob("test_*.py"))
        if is_gone or (path.match("test_*.py") and path not in known):
            yield path


def _recordings(course: Course) -> Iterator[Path]:
    """What was recorded of no exercise, on any model."""
    root = course.root / "fixtures" / "recorded"
    for model in sorted(each for each in root.iterdir() if each.is_dir()) if root.is_dir() else []:
        known = {recordings.path_of(course.root, model.name, each.lab, each.name) for each in course.exercises()}
        yield from (
            path for path in _files(model) if path.suffix in _RECORDED and path.with_suffix(".json") not in known
        )


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order, without the hidden ones and what running leaves behind."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path
