"""The learners' archive: all that grades and nothing that answers. It grades itself, offline, on recorded public fixtures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import mechgrade
from mechgrade.authoring.build import build, stub_text
from mechgrade.authoring.graders import ungradable
from mechgrade.authoring.leaks import PublishError, Secrets, stop_leaks
from mechgrade.authoring.unlisted import unlisted
from mechgrade.course import COURSE_FILE, Course, Exercise
from mechgrade.course.source import read_source, shown_path
from mechgrade.course.version import BASE, base_of
from mechgrade.files import write_atomic
from mechgrade.grading import recordings
from mechgrade.protocol.job import HUB
from mechgrade.submissions.written import answers_text

#: What it holds of the course's directory.
FILES = (
    *("course.yaml", "course.schema.json", "Makefile", "README.md", "CHANGELOG.md", "LICENSE"),
    *("requirements.txt", "pyproject.toml", "constraints.txt"),
    *("scripts/prepare_venv.py", "scripts/install.py"),  # what the Makefile of a course beside its engine sets up with
)
FOLDERS = ("exercises", "graders", "fixtures", "mechgrade", "docs")
_SKIPPED = ("__pycache__", "outputs", ".ipynb_checkpoints")

#: Pages that show answers: what an audit tried, and an hour in which the first exercise gets solved.
_ANSWERS = ("docs/audit.json", "docs/first-hour.md")

#: Files that hold no text.
BINARY = (".safetensors", ".npz", ".png")


def archive(course: Course, path: Path, *, notebooks: bool = True) -> Path:
    """Write the learners' archive: a course that grades itself offline, on recorded public fixtures.

    The stubs in it are generated afresh, whatever the instructor has tried in exercises/. What course.yaml does not list is not in it.

    Raises:
        BuildError: a source is not right.
        PublishError: something in it must not be there. No archive is written then.
    """
    inside = contents(course, notebooks=notebooks)
    inside |= {BASE: base_of(inside)}  # what `mechgrade update` tells a learner's work by
    return write_zip(path, {f"{path.stem}/{name}": body for name, body in inside.items()})


def write_zip(path: Path, contents: dict[str, bytes], programs: tuple[str, ...] = ()) -> Path:
    """Write a zip as a whole, the same bytes for the same contents. `programs` are the names that may be executed."""
    body = io.BytesIO()
    with ZipFile(body, "w", ZIP_DEFLATED) as file:
        for name, text in sorted(contents.items()):
            entry = ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.external_attr = (0o755 if name in programs else 0o644) << 16
            file.writestr(entry, text, ZIP_DEFLATED)
    write_atomic(path, body.getvalue())
    return path


def contents(course: Course, *, notebooks: bool = True) -> dict[str, bytes]:
    """The files of the learners' archive, looked through.

    Raises:
        BuildError: a source is not right.
        PublishError: something in it must not be there.
    """
    secrets = Secrets(course)
    inside = dict(_contents(course, notebooks))
    found = [
        leak
        for name, body in inside.items()
        if not name.endswith(BINARY)
        for leak in secrets.in_text(body.decode("utf-8", "replace"), name)
    ]
    stop_leaks(found, "the archive")
    return inside


def _contents(course: Course, notebooks: bool) -> Iterator[tuple[str, bytes]]:
    from mechgrade.submissions.cells import fresh_notebook, plain_notebook

    for name in FILES:
        if (course.root / name).is_file():
            yield name, (course.root / name).read_bytes()
    stubs = {
        course.stub_path(exercise): stub_text(course, exercise, read_source(course, exercise))
        for exercise in course.exercises()
    }
    fresh = stubs | {course.answers_path(lab): answers_text(lab) for lab in course.labs.values() if lab.questions}
    others = set(unlisted(course))  # an exercise that is kept back for the exam, with what its reference gives
    models = [place for each in course.models.values() for place in (each.source, *each.parts.values())]
    local = [course.root / place for place in models if place and not place.startswith(HUB)]
    for folder in [*(course.root / each for each in FOLDERS), *course.module_paths(), *course.data_paths(), *local]:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            name = path.relative_to(course.root).as_posix()
            skipped = set(_SKIPPED) & set(path.parts) or path.suffix == ".pyc" or name in _ANSWERS
            if path.is_file() and not skipped and path not in fresh and path not in others:
                yield name, path.read_bytes()
    for path, text in fresh.items():
        yield path.relative_to(course.root).as_posix(), text.encode()
    if notebooks:
        quickstart = course.root / "exercises" / "quickstart.py"
        if quickstart.is_file():
            yield "notebooks/quickstart.ipynb", plain_notebook(quickstart.read_text("utf-8"), "quickstart").encode()
        texts = {path.relative_to(course.root / "exercises").as_posix(): text for path, text in stubs.items()}
        for lab in course.labs.values():
            body = fresh_notebook(course, lab, lambda exercise: texts[f"{exercise.lab}/{exercise.name}.py"])
            yield f"notebooks/{lab.slug}.ipynb", body.encode()


def check_installable(course: Course) -> None:
    """Raise PublishError unless who gets the archive can install what grades it."""
    root = course.root
    if not (root / "requirements.txt").is_file() and not (
        (root / "pyproject.toml").is_file() and (root / "mechgrade").is_dir()
    ):
        raise PublishError(
            f"nobody could install what grades this course: write a requirements.txt beside {COURSE_FILE}, "
            f"such as mechgrade=={mechgrade.__version__}"
        )


def check_gradable(course: Course, exercises: Iterable[Exercise]) -> None:
    """Raise PublishError where learners could not be graded: a grader does not parse, points do not add up, nothing is recorded."""
    chosen = list(exercises)
    problems = ungradable(course, chosen)
    for exercise in chosen:
        path = recordings.path_of(course.root, course.default_model, exercise.lab, exercise.name)
        if not path.is_file():
            problems.append(f"{shown_path(course, path)}:1: missing, so nobody could be graded; run `mechgrade record`")
    if problems:
        raise PublishError("\n".join(problems))


def check_built(course: Course) -> None:
    """Raise PublishError unless hints and stubs are what the sources say: the archive takes the hints from disk."""
    hints = [line for line in build(course, check=True) if "hints.yaml" in line]
    if hints:
        raise PublishError("\n".join(hints))
