"""`mechgrade init`, `new-lab` and `new`: every file of a new course, lab or exercise, right in form from the first minute.

The exercise that is written is a small complete one (a mean), because a reference that passes, variants that are told apart
and a grader that rejects are better shown than described. Its author replaces one part after the other.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

import yaml

import mechgrade
from mechgrade.authoring.build import write_if_changed
from mechgrade.authoring.names import hidden_library
from mechgrade.bench.providers import BUILT_IN, provider_for
from mechgrade.course import COURSE_FILE, Course, CourseError, load_course

TEMPLATES = Path(__file__).with_name("templates")

#: What a learner of a new course installs, by its bench.
EXTRAS = {"none": "", "torch": "[torch,plots]", "transformer_lens": "[transformer-lens]"}

#: Files of a new course whose names would mean something in this package too.
_NAMES = {
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "workflow.yml": ".github/workflows/course.yml",
}


def init(root: Path, *, title: str, bench: str, lab: str, exercise: str) -> tuple[Course, list[Path]]:
    """Write a whole course, with one lab and one exercise in it.

    Args:
        root: its directory, which is made where it is not there.
        title: what learners read.
        bench: ``none`` or ``torch``; another is written into course.yaml later, with its models.
        lab: the first lab's name.
        exercise: the first exercise's and its function's name.

    Returns:
        the course, and the files written.

    Raises:
        CourseError: the directory holds something, or a name is none. Nothing is written then.
    """
    if bench not in ("none", "torch"):
        others = ", ".join(name for name in BUILT_IN if name not in ("none", "torch"))
        raise CourseError(
            f"init makes courses on none or torch; write {bench!r} into {COURSE_FILE} afterwards ({others}, or module:Class)"
        )
    _see_name("a lab", lab)
    _see_name("an exercise", exercise)
    _see_importable(exercise)
    if root.exists() and any(root.iterdir()):
        raise CourseError(f"{root} is not empty: name a new directory")
    words = {
        "title": _quoted(title),
        "title_plain": title,
        "bench": bench,
        "lab": lab,
        "lab_title": _quoted(in_words(lab)),
        "slug": slug(f"01-{lab}"),
        "slug_of_course": slug(title),
        "exercise": exercise,
        "exercise_title": _quoted(in_words(exercise)),
        "extra": EXTRAS[bench],
        "version": mechgrade.__version__,
    }
    written = []
    for template in sorted((TEMPLATES / "course").iterdir()):
        name = template.name.removesuffix(".tmpl")
        path = root / _NAMES.get(name, name)
        write_if_changed(path, Template(template.read_text(encoding="utf-8")).substitute(words))
        written.append(path)
    course = load_course(root)
    return course, [*written, *_write_exercise(course, lab, exercise)]


def new_lab(course: Course, lab: str, title: str, exercise: str) -> tuple[Course, list[Path]]:
    """Write a new lab with its first exercise, at the end of the others.

    Returns:
        the course with the lab in it, and the files written.

    Raises:
        CourseError: a name is taken or none, a file is there already. Nothing is written then.
    """
    _see_name("a lab", lab)
    if lab in course.labs:
        raise CourseError(f"there is a lab {lab!r} already; choose another name")
    _see_free(course, exercise)
    number = len(course.labs) + 1
    block = (
        f"{lab}:\n"
        f"  title: {_quoted(title)}\n"
        f"  slug: {slug(f'{number:02}-{title}')}\n"
        f"  minutes: 60\n"
        f"  exercises:\n"
        f"    {exercise}: {{title: {_quoted(in_words(exercise))}, points: 5, minutes: 10}}"
    )
    return _enlarged(course, (), block, lab, exercise)


def scaffold(course: Course, lab: str, name: str, title: str, points: int, minutes: int) -> tuple[Course, list[Path]]:
    """Write course.yaml's line, source, variants and grader of a new exercise.

    Args:
        course: the course to add it to.
        lab: a lab of it.
        name: the exercise's and its function's name.
        title: what learners read.
        points: at least 2, so that both checks are worth something.
        minutes: how long it takes.

    Returns:
        the course with the exercise in it, and the files written.

    Raises:
        CourseError: there is no such lab, the name is taken or none, a file is there already. Nothing is written then.
    """
    course.lab(lab)
    if points < 2:
        raise CourseError(f"found {points} points; the two checks of a new exercise need at least 2")
    _see_free(course, name)
    line = f"{name}: {{title: {_quoted(title)}, points: {points}, minutes: {minutes}}}"
    return _enlarged(course, (lab, "exercises"), line, lab, name)


def _see_name(what: str, name: str) -> None:
    """Stop at a name that course.yaml would refuse, before it is written there: the line of such a mistake would be in no file."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        near = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        near = f"{near}_" if keyword.iskeyword(near) else near
        such = f", such as {near!r}" if near.isidentifier() else ""
        raise CourseError(
            f"{name!r} is no name for {what}: files and Python modules are called so. Take letters without accents, digits and _, "
            f"a letter first, and no word of Python{such}. Nothing was written"
        )


def _see_free(course: Course, exercise: str) -> None:
    _see_name("an exercise", exercise)
    if taken := [each for each in course.exercises() if each.name == exercise]:
        raise CourseError(f"there is an exercise {taken[0]} already; choose another name")
    _see_importable(exercise)


def _see_importable(exercise: str) -> None:
    if why := hidden_library(exercise):
        raise CourseError(why)


def _enlarged(course: Course, place: tuple[str, ...], block: str, lab: str, exercise: str) -> tuple[Course, list[Path]]:
    """The course with a block more in its labs or in a part of them, and with the files of an exercise in it."""
    path = course.root / COURSE_FILE
    before = path.read_text(encoding="utf-8")
    write_if_changed(path, _with_block(before, ("labs", *place), block))
    try:
        larger = load_course(course.root)
    except CourseError as error:
        write_if_changed(path, before)
        raise CourseError(f"nothing was written: {COURSE_FILE} would not be right with it: {error}") from None
    try:
        return larger, [path, *_write_exercise(larger, lab, exercise)]
    except CourseError:
        write_if_changed(path, before)
        raise


def _write_exercise(course: Course, lab: str, name: str) -> list[Path]:
    exercise = course.exercise(name, lab)
    kind = "tensors" if "torch" in provider_for(course, course.lab(lab)).packages else "arrays"
    places = {
        "source": course.solution_path(exercise),
        "variants": course.variants_path(exercise),
        "grader": course.grader_path(exercise),
    }
    if present := [path for path in places.values() if path.exists()]:
        raise CourseError(*(f"{path} is there already; move it away, or choose another name" for path in present))
    words = {"name": name, "title": exercise.title.replace('"', "'"), "lab": lab, "points": exercise.points}
    for part, path in places.items():
        template = Template((TEMPLATES / kind / f"{part}.py.tmpl").read_text(encoding="utf-8"))
        write_if_changed(path, template.substitute(words))
    return list(places.values())


def _with_block(text: str, place: tuple[str, ...], block: str) -> str:
    """course.yaml with a block at the end of one of its mappings; its comments and layout stay."""
    node: Any = yaml.compose(text)
    for key in place:
        node = next(value for name, value in node.value if name.value == key)
    if node.flow_style or not node.value:
        raise CourseError(f"{COURSE_FILE}: {'.'.join(place)} is not written a line each; write it so first")
    last: Any = node.value[-1][1]
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        # A block ends for YAML where the next one begins, comments and all: look for the end of what is in it.
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    lines = text.splitlines()
    after = last.end_mark.line + 1
    indented = [" " * node.start_mark.column + line for line in block.split("\n")]
    between = [""] if len(indented) > 1 else []
    return "\n".join([*lines[:after], *between, *indented, *lines[after:]]) + "\n"


@contextmanager
def all_or_nothing(root: Path) -> Iterator[None]:
    """Where what is done in the context fails, or is broken off, put a course's files back as they were."""
    before = {path: path.read_bytes() for path in _files(root)}
    try:
        yield
    except BaseException:
        for path in _files(root):
            if path not in before:
                path.unlink()
        for path, body in before.items():
            if not path.is_file() or path.read_bytes() != body:
                path.write_bytes(body)
        raise


def _files(root: Path) -> Iterator[Path]:
    """What authors' commands write."""
    yield from filter(Path.is_file, [root / COURSE_FILE])
    for folder in ("exercises", "solutions", "graders", "fixtures/recorded"):
        yield from (each for each in (root / folder).rglob("*") if each.is_file() and "__pycache__" not in each.parts)


def _quoted(text: str) -> str:
    """A text as YAML writes it in one line."""
    return str(yaml.dump(text, width=10_000, allow_unicode=True).splitlines()[0])


def in_words(name: str) -> str:
    """A name as a title: ``row_means`` as Row means, ``week1`` as Week 1."""
    words = re.sub(r"(?<=[a-z])(?=\d)", " ", name.replace("_", " "))
    return words[:1].upper() + words[1:]


def slug(text: str) -> str:
    """A text as a part of file names and addresses."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "course"
