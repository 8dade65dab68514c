"""Looks through what goes to learners for what must not: solutions, wrong programs, and the marks of hidden parts.

A rubric must be nowhere. Solutions are looked for by lines: a solution that was copied has its lines somewhere, in a notebook, in a file, or in a
recording's JSON. Lines that
learners have anyway, in a stub, say nothing. In graders and engine it takes two in a row, because there `for layer in
range(layers):` is nobody's answer. And four lines of a solution in a row are an answer wherever they stand, also where a stub or a demonstration
of another exercise has each of them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from mechgrade.course import Course, Exercise
from mechgrade.course.rubrics import rubrics
from mechgrade.course.source import BEGIN, END, read_source
from mechgrade.course.syntax import statements_in, tree_of
from mechgrade.course.variants import programs

#: Marks by which nbgrader and mechgrade know hidden parts. In Python files of the engine they are spoken of; not in notebooks.
MARKS = (BEGIN, END, "BEGIN HIDDEN TESTS", "END HIDDEN TESTS", "BEGIN MARK SCHEME", "END MARK SCHEME")

#: Shorter lines (``return scores``) are anybody's.
_LEAST = 24

#: So many lines of a solution in a row are an answer, in whatever file; of a shorter solution, all of it.
RUN = 4

#: A shorter run is anybody's, in letters without blanks.
_LEAST_RUN = 60

#: Lines that begin like this are not yet an answer.
_HEADS = ("#", "import ", "from ", "raise ", "for ", "while ", "with ", "def ", "class ", "@")

#: What is compared is the code: blanks and comments are no disguise.
_BLANKS = re.compile(r"\s+")


class PublishError(Exception):
    """Nothing was published; the text says why and what to do."""


@dataclass(frozen=True)
class Leak:
    """A line that must not be there."""

    path: str
    what: str
    line: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.line.strip()[:100]}"


class Secrets:
    """The lines of a course's solutions, accepted variants and misconceptions that no stub and no page for learners has."""

    def __init__(self, course: Course) -> None:
        self.lines: dict[str, str] = {}
        self._exercises: dict[str, set[str]] = {}
        #: by the run's first line, the runs that begin with it, and whose solution each is of
        self._runs: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        public: set[str] = set()
        for exercise in course.exercises():
            source = read_source(course, exercise)
            for run in _runs(source.text):
                self._runs.setdefault(run[0], []).append((run, f"{len(run)} lines of the solution of {exercise}"))
            public |= {_squeezed(line) for line in source.stub.splitlines()}
            met: set[str] = set()  # most lines of a program are the reference's
            for what, text in _texts(course, exercise):
                new = dict.fromkeys(line for line in _code(text) if line not in met)
                met |= new.keys()
                for line in map(_squeezed, new):
                    self.lines.setdefault(line, what)
                    self._exercises.setdefault(line, set()).add(str(exercise))
        for page in (source for source, _ in course.page_paths() if source.is_file()):
            public |= {_squeezed(line) for line in page.read_text(encoding="utf-8").splitlines()}
        for line in public:
            self.lines.pop(line, None)
        #: lines of rubrics, which stand in no text for learners, whatever the text is; longer than what anybody may say by chance
        self._rubrics = {
            _squeezed(line): f"the rubric of {question}"
            for lab in course.labs.values()
            for question, lines in rubrics(course, lab).items()
            for line in lines
            if len(_squeezed(line)) >= _LEAST
        }

    def leaks(self, path: Path, shown: str) -> Iterator[Leak]:
        """What leaks from a file, or from the files in a zip."""
        if path.suffix in (".zip", ".whl"):
            with ZipFile(path) as archive:
                for name in archive.namelist():
                    yield from self.in_text(archive.read(name).decode("utf-8", "replace"), f"{shown}:{name}")
            return
        yield from self.in_text(path.read_bytes().decode("utf-8", "replace"), shown)

    def _goes_on(self, lines: list[str]) -> bool:
        """Whether the first line and one of the next two are of the same exercise's answers."""
        first = self._exercises[lines[0]]
        return any(first & self._exercises.get(line, set()) for line in lines[1:] if line in self.lines)

    def in_text(self, text: str, shown: str) -> Iterator[Leak]:
        """What leaks from a text."""
        is_notebook = shown.endswith(".ipynb")
        lines = [line for line in text.splitlines() if line.strip()]
        if is_notebook or shown.endswith(".json"):
            lines += _strings(text)
        alone = is_notebook or "exercises/" in shown
        squeezed = [_squeezed(line) for line in lines]
        for place, line in enumerate(lines):
            what = self.lines.get(squeezed[place])
            if what is not None and (alone or self._goes_on(squeezed[place : place + 3])):
                yield Leak(shown, what, line)
            elif is_notebook and any(mark in line for mark in MARKS):
                yield Leak(shown, "a mark of a hidden part", line)
        code = [(line, _squeezed(line.partition("#")[0])) for line in lines if _squeezed(line.partition("#")[0])]
        if self._rubrics:
            # A rubric may be wrapped anew, or be a part of a line.
            whole = "".join(squeezed)
            for rubric, what in self._rubrics.items():
                if rubric in whole:
                    yield Leak(shown, what, rubric)
        bare = [each for _, each in code]
        for place, (line, first) in enumerate(code):
            for run, what in self._runs.get(first, ()):
                if tuple(bare[place : place + len(run)]) == run:
                    yield Leak(shown, what, line)
                    break


def leaks(course: Course, folder: Path) -> list[Leak]:
    """Everything in a folder that must not go to learners."""
    secrets = Secrets(course)
    return [
        leak
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for leak in secrets.leaks(path, path.relative_to(folder).as_posix())
    ]


def _texts(course: Course, exercise: Exercise) -> Iterator[tuple[str, str]]:
    for program in programs(course, exercise):
        if program.kind == "stub":
            continue
        what = "the solution" if program.kind == "reference" else f"{program.kind} {program.name}"
        yield f"{what} of {exercise}", program.source


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Every run of lines of a source's solutions that would be an answer elsewhere."""
    lines = text.splitlines()
    for part in _solutions(lines):
        bare = [_squeezed(line.partition("#")[0]) for line in part]
        bare = [line for line in bare if line]
        size = min(RUN, len(bare))
        for place in range(len(bare) - size + 1 if size > 1 else 0):
            run = tuple(bare[place : place + size])
            if sum(map(len, run)) >= _LEAST_RUN:
                yield run


def _solutions(lines: list[str]) -> Iterator[list[str]]:
    """The lines between each pair of markers."""
    begin: int | None = None
    for place, line in enumerate(lines):
        if line.strip() == BEGIN:
            begin = place + 1
        elif line.strip() == END and begin is not None:
            yield lines[begin:place]
            begin = None


def _code(text: str) -> Iterable[str]:
    """The lines of a program's functions that are code: no docstring, no comment."""
    tree = tree_of(text)
    prose: set[int] = set()
    for node in statements_in(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if number not in prose and len(bare) >= _LEAST and not bare.startswith(_HEADS):
            yield line


def _squeezed(line: str) -> str:
    return _BLANKS.sub("", line)


def _strings(text: str) -> list[str]:
    """The lines of all strings in a JSON document: there a line break is written as two characters."""
    try:
        tree = json.loads(text)
    except ValueError:
        return []
    found: list[str] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            found += node.splitlines()
        elif isinstance(node, list):
            stack += reversed(node)  # in the order of the document: a notebook keeps a cell as a list of lines
        elif isinstance(node, dict):
            stack += reversed([*node.keys(), *node.values()])
    return found


def stop_leaks(found: list[Leak], where: str) -> None:
    """Raise PublishError if anything was found."""
    if found:
        lines = "\n".join(f"  {leak}" for leak in found[:10])
        raise PublishError(f"{where} holds {len(found)} lines that learners must not have:\n{lines}")
