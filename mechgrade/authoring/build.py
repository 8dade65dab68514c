"""`mechgrade build`: learners' stubs and the hints, generated from the sources.

All or nothing: one problem in any source, and nothing is written. A file that is already right is not touched. A stub that
somebody has worked in is never overwritten: `exercises/.generated.json` keeps the hash of every stub that was generated,
and only a file with that hash counts as generated.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from mechgrade.authoring.graders import ungradable
from mechgrade.authoring.schema import schema_path, schema_text
from mechgrade.authoring.unlisted import unlisted
from mechgrade.course import Course, CourseError, Exercise, Lab
from mechgrade.course.rubrics import rubrics
from mechgrade.course.source import BuildError, Source, read_source, read_text, shown_path, without_remarks
from mechgrade.course.variants import variant_programs
from mechgrade.files import write_atomic
from mechgrade.submissions.written import answers_text

RECORD = ".generated.json"
REMEDY = "run `mechgrade build`"


def build(course: Course, check: bool = False, force: bool = False) -> list[str]:
    """Write what is stale, and return the paths written. Raises BuildError on any problem, before writing.

    With `check`, write nothing and return one line for every problem, stale file and stray file: none means all is well.
    Then variants and graders are read too: nothing is built from them, but a course with a broken one is not well.
    With `force`, overwrite stubs that have changes of their own.
    """
    problems, sources = _read_all(course)
    if check:
        return problems + _beside(course, sources) + _stale(course, sources) + _strays(course)
    if problems:
        raise BuildError(*problems)
    wanted, record = _wanted(course, sources)
    if not force and (edited := [path for path in wanted if _edited(course, path, wanted[path])]):
        raise BuildError(*(_refusal(course, path) for path in edited))
    written = [shown_path(course, path) for path in wanted if write_if_changed(path, wanted[path])]
    # The record comes last: stopped before it, the next build finds right stubs and an old record, and writes the record.
    path = _record_path(course)
    return [*written, shown_path(course, path)] if write_if_changed(path, record) else written


def write_if_changed(path: Path, text: str) -> bool:
    """Write a text atomically, and only if the file has another one. True if it was written."""
    if _present(path) == text.encode():
        return False
    write_atomic(path, text)
    return True


def stub_text(course: Course, exercise: Exercise, source: Source) -> str:
    """A learner's file as build writes it."""
    origin = shown_path(course, course.solution_path(exercise))
    return f"# Generated from {origin} by mechgrade build. This copy is yours: write your code in it.\n{source.stub}"


def _page_text(course: Course, path: Path) -> str:
    """A page as build writes it: it has nothing to fill in, and goes to learners as it is, without its authors' remarks."""
    shown = shown_path(course, path)
    return f"# Generated from {shown} by mechgrade build.\n{without_remarks(read_text(path, shown))}"


def hints_text(lab: Lab, sources: dict[str, Source]) -> str:
    """A lab's hints file as build writes it. `sources` are the lab's, by name of exercise."""
    contents = {name: {"hints": list(source.hints), "found": source.found} for name, source in sources.items()}
    head = f"# Generated from solutions/{lab.name}/*.py by mechgrade build. Edit the hint and found cells there.\n"
    return head + yaml.dump(contents, Dumper=_BlockDumper, allow_unicode=True, sort_keys=False, width=10_000)


class _BlockDumper(yaml.SafeDumper):
    """Texts as literal blocks, as an author wrote them: a diff of the hints reads like the hints."""

    def represent_text(self, text: str) -> yaml.Node:
        """A text as a literal block. Blanks at the ends of lines would make PyYAML fall back to quotes."""
        lines = "\n".join(line.rstrip() for line in text.split("\n"))
        return self.represent_scalar("tag:yaml.org,2002:str", lines, style="|")

    def represent_key(self, data: Any) -> yaml.Node:  # PyYAML's hook for keys, which stay plain
        """A key, plain."""
        return self.represent_scalar("tag:yaml.org,2002:str", str(data))

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        """A mapping with plain keys."""
        pairs = [(self.represent_key(key), self.represent_data(value)) for key, value in mapping.items()]
        return yaml.MappingNode(tag, pairs, flow_style=False)


_BlockDumper.add_representer(str, _BlockDumper.represent_text)


def _with_questions(course: Course) -> list[Lab]:
    return [lab for lab in course.labs.values() if lab.questions]


def _read_all(course: Course) -> tuple[list[str], dict[Exercise, Source]]:
    problems: list[str] = []
    sources: dict[Exercise, Source] = {}
    for exercise in course.exercises():
        try:
            sources[exercise] = read_source(course, exercise)
        except BuildError as error:
            problems += error.problems
    # A learner's copy of the course has no rubrics, and an author's has the sources that a learner's lacks.
    for lab in _with_questions(course):
        if not course.rubrics_path(lab).is_file():
            shown = shown_path(course, course.rubrics_path(lab))
            problems.append(f"{shown}:1: missing; write what the grader of {', '.join(lab.questions)} looks for")
            continue
        try:
            rubrics(course, lab)
        except CourseError as error:
            problems.append(str(error))
    return problems, sources


def _beside(course: Course, sources: dict[Exercise, Source]) -> list[str]:
    """What is wrong with the files that stand beside the sources."""
    problems: list[str] = []
    for exercise, source in sources.items():
        path = course.variants_path(exercise)
        if path.is_file():
            shown = shown_path(course, path)
            try:
                variant_programs(source.reference, read_text(path, shown), exercise.name, shown)
            except BuildError as error:
                problems += error.problems
    return problems + ungradable(course, [each for each in sources if course.grader_path(each).is_file()])


def _wanted(course: Course, sources: dict[Exercise, Source]) -> tuple[dict[Path, str], str]:
    """Every generated file's text, and the record's."""
    stubs = {course.stub_path(exercise): stub_text(course, exercise, source) for exercise, source in sources.items()}
    for written, page in course.page_paths():
        stubs[page] = _page_text(course, written)
    for lab in _with_questions(course):
        stubs[course.answers_path(lab)] = answers_text(lab)
    base = _record_path(course).parent
    hashes = {path.relative_to(base).as_posix(): _hash(text.encode()) for path, text in stubs.items()}
    record = {"about": "Hashes of the stubs as generated: mechgrade build overwrites no other file.", "sha256": hashes}
    files = dict(stubs)
    if (place := schema_path(course)) is not None:
        files[place] = schema_text()
    for lab in course.labs.values():
        files[course.hints_path(lab)] = hints_text(
            lab, {ex.name: src for ex, src in sources.items() if ex.lab == lab.name}
        )
    return files, json.dumps(record, indent=2) + "\n"


def _stale(course: Course, sources: dict[Exercise, Source]) -> list[str]:
    """What build would write. A lab with a broken source has no right hints file to compare with."""
    wanted, record = _wanted(course, sources)
    broken = {exercise.lab for exercise in course.exercises() if exercise not in sources}
    skipped = {course.hints_path(lab) for lab in broken}
    lines = []
    for path, text in wanted.items():
        present = _present(path)
        if path in skipped or present == text.encode():
            continue
        if present is not None and _edited(course, path, text):
            lines.append(_refusal(course, path))
        else:
            lines.append(f"{shown_path(course, path)}:1: {'missing' if present is None else 'stale'}; {REMEDY}")
    path = _record_path(course)
    if not broken and _present(path) != record.encode():
        lines.append(f"{shown_path(course, path)}:1: {'stale' if path.exists() else 'missing'}; {REMEDY}")
    return lines


def _strays(course: Course) -> list[str]:
    """Files that course.yaml does not know: a forgotten draft in solutions/ would be one in every learner's hands."""
    return [
        f"{shown_path(course, path)}:1: course.yaml does not know it; add its exercise there, or move the file away"
        for path in unlisted(course)
    ]


def _edited(course: Course, path: Path, wanted: str) -> bool:
    """Whether a stub holds somebody's work: there, not what build would write, and not what it wrote before."""
    present = _present(path)
    if present is None or present == wanted.encode() or not path.is_relative_to(_record_path(course).parent):
        return False
    # A checkout that turns line ends into CRLF has done no work in the file.
    return _hash(present.replace(b"\r\n", b"\n")) != _recorded(course).get(
        path.relative_to(_record_path(course).parent).as_posix()
    )


def is_untouched(course: Course, path: Path) -> bool:
    """Whether a stub is there as build wrote it: nobody has worked in it."""
    return _present(path) is not None and not _edited(course, path, "")


def _refusal(course: Course, path: Path) -> str:
    return (
        f"{shown_path(course, path)}:1: has changes that mechgrade build did not make; move the file away, "
        "or run `mechgrade build --force` to overwrite it"
    )


def _recorded(course: Course) -> dict[str, str]:
    """The hashes of the stubs as last generated. A record that cannot be read protects every stub."""
    try:
        hashes = json.loads(_record_path(course).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return hashes if isinstance(hashes, dict) else {}


def _record_path(course: Course) -> Path:
    return course.root / "exercises" / RECORD


def _present(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
