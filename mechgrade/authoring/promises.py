"""What an exercise's text binds a learner to, and the wrong programs that show that a grader holds them to it.

A promise is a passage of the stub, with a name: "heads with a score strictly above it are listed". A sentence of the text that no
misconception breaks is one that no check may look at, and a learner who breaks it passes. So the file beside the variants,
``solutions/<lab>/variants/<name>.yaml``, names for each promise the misconceptions that break this promise and no other::

    promises:
      strict:
        says: heads with a score strictly above it are listed
        broken_by: [threshold_included]
    describes:
      - one score for each head

``describes`` holds the passages that bind nobody: they tell what the function is given, or why. Every sentence of Args, Returns and
Raises, and every item of a list in the text before the code, is one or the other. That keeps the file true when the text changes.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mechgrade.course import Course, Exercise
from mechgrade.course.source import Function, read_source, read_text, shown_path
from mechgrade.course.syntax import tree_of
from mechgrade.course.variants import programs
from mechgrade.course.yamlfile import Document, Place, did_you_mean, explain, read

#: The sections of a docstring that say what is asked. Other sections (Source, Shapes, Note) explain.
BINDING = ("Args", "Returns", "Yields", "Raises")

#: So many letters of a passage are shown in a message.
SHOWN = 70


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Passages = Annotated[
    list[str],
    BeforeValidator(_listed),
    Field(min_length=1, description="a passage of the exercise's text, or a list of passages"),
]


class Promise(BaseModel):
    """One promise.

    Attributes:
        says: passages of the stub, as they stand there; line ends, blanks and comment marks do not count.
        broken_by: the misconceptions that break this promise and no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: Passages
    broken_by: list[str] = Field(min_length=1, description="a list of misconceptions' names, at least one")


class Promises(BaseModel):
    """The promises of an exercise by their names, and the passages that promise nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    promises: dict[str, Promise] = Field(min_length=1)
    describes: list[str] = Field(default_factory=list, description="a list of passages of the exercise's text")


@dataclass(frozen=True)
class Passage:
    """A sentence of a text: where it begins and ends in the text, and what it says."""

    begin: int
    end: int
    text: str


def read_promises(course: Course, exercise: Exercise) -> tuple[Promises | None, list[str]]:
    """The promises of an exercise, or None where they are not listed or cannot be read; and what is wrong with the file."""
    found, document = _read(course, exercise)
    shown = shown_path(course, course.promises_path(exercise))
    return found, [f"{shown}:{mistake}" for mistake in sorted(document.mistakes)]


def _read(course: Course, exercise: Exercise) -> tuple[Promises | None, Document]:
    """The promises, and the file with its lines and mistakes; an empty one where there is no file."""
    path = course.promises_path(exercise)
    if not path.is_file():
        return None, Document()
    document = read(read_text(path, shown_path(course, path)))
    if not document.mistakes:
        try:
            return Promises.model_validate(document.data), document
        except ValidationError as error:
            explain(error, document, Promises.model_json_schema())
    return None, document


def broken_promises(course: Course, exercise: Exercise) -> Iterator[str]:
    """What is wrong with an exercise's list of promises, a sentence each; nothing where it has no list."""
    found, document = _read(course, exercise)
    shown = shown_path(course, course.promises_path(exercise))
    yield from (f"{shown}:{mistake}" for mistake in sorted(document.mistakes))
    if found is None:
        return
    stub = read_source(course, exercise).stub
    text = plain(stub)
    said: list[tuple[Place, str]] = [
        (("promises", name, "says", number), passage)
        for name, promise in found.promises.items()
        for number, passage in enumerate(promise.says)
    ]
    said += [(("describes", number), passage) for number, passage in enumerate(found.describes)]
    for place, passage in said:
        if _squeezed(passage) not in text:
            yield (
                f"{shown}:{document.line(place)}: {_short(passage)!r} does not stand in the exercise's text; copy the "
                "passage as it stands there"
            )
    spans = [span for _, passage in said for span in _spans(text, _squeezed(passage))]
    for sentence in sentences(stub):
        if not any(begin < sentence.end and sentence.begin < end for begin, end in spans):
            yield (
                f"{shown}:1: nothing is said of {_short(sentence.text)!r}; name the promise with a program that breaks "
                "it, or put the passage under `describes`"
            )
    yield from _programs(course, exercise, found, document, shown)


def _programs(course: Course, exercise: Exercise, found: Promises, document: Document, shown: str) -> Iterator[str]:
    known = [program.name for program in programs(course, exercise) if program.kind == "misconception"]
    used: dict[str, list[int]] = {}  # the lines in which each is named
    for promise, content in found.promises.items():
        for number, name in enumerate(content.broken_by):
            used.setdefault(name, []).append(document.line(("promises", promise, "broken_by", number)))
    for name, lines in used.items():
        if name not in known:
            yield f"{shown}:{lines[0]}: there is no misconception {name!r}{did_you_mean(name, known)}; correct the name"
        elif len(lines) > 1:
            yield (
                f"{shown}:{lines[1]}: {name} breaks {len(lines)} promises; keep it where it breaks that promise and no other"
            )
    for name in known:
        if name not in used:
            yield f"{shown}:{document.line(('promises',))}: no promise is broken by the misconception {name}; say which, or list the promise"


def kept(found: Promises, rejected: Mapping[str, bool]) -> dict[str, bool]:
    """For each promise whether every program that breaks it was rejected, by the audit's findings for each misconception."""
    return {
        name: all(rejected.get(program, False) for program in promise.broken_by)
        for name, promise in found.promises.items()
    }


# --- the text ------------------------------------------------------------------------------------------------------------


def plain(stub: str) -> str:
    """A stub without comment marks, and with one blank for each run of blanks and line ends."""
    return _squeezed("\n".join(re.sub(r"^\s*# ?", "", line) for line in stub.splitlines()))


def sentences(stub: str) -> list[Passage]:
    """The sentences of a stub that have to be listed, with their places in the plain text."""
    text = plain(stub)
    wanted = dict.fromkeys((*_of_docstrings(stub), *_of_lists(stub)))  # two functions may share an argument
    return [Passage(*span, sentence) for sentence in wanted for span in _spans(text, sentence)[:1]]


def _of_docstrings(stub: str) -> Iterator[str]:
    for node in ast.walk(tree_of(stub)):
        if not isinstance(node, Function | ast.ClassDef):
            continue
        document = ast.get_docstring(node, clean=False)
        for entry in _entries(inspect.cleandoc(document)) if document else ():
            yield from _split(entry)


def _entries(document: str) -> Iterator[str]:
    """The entries of the binding sections of a docstring in Google's style."""
    for section in re.finditer(r"^(\w+):\n((?:[ \t]+.*\n?|\n)+)", document, re.MULTILINE):
        if section[1] not in BINDING:
            continue
        lines = inspect.cleandoc("\n" + section[2]).splitlines()
        entry: list[str] = []
        for line in lines:
            if line[:1].strip() and section[1] in ("Args", "Raises") and entry:
                yield "\n".join(entry)
                entry = []
            entry.append(line)
        yield "\n".join(entry)


def _of_lists(stub: str) -> Iterator[str]:
    """The items of the lists in the comments before the first function."""
    items: list[str] = []
    for line in stub.splitlines():
        if re.match(r"(async\s+)?(def|class)\s", line):
            break
        if re.match(r"# [-*] ", line):
            items.append(re.sub(r"^# [-*] ", "", line))
        elif items and items[-1] and re.match(r"#   \S", line):
            items[-1] += " " + line[1:].strip()
        elif items:
            items.append("")  # the next line is no more of it
    for item in items:
        yield from _split(item)


def _split(text: str) -> Sequence[str]:
    """A text's sentences. A full stop inside a number, a name or an address ends none."""
    return [part for part in re.split(r"(?<=[.!?])\s+(?=[A-Z`$*])", _squeezed(text)) if re.search(r"\w", part)]


def _spans(text: str, passage: str) -> list[tuple[int, int]]:
    return [(found.start(), found.end()) for found in re.finditer(re.escape(passage), text)] if passage else []


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    text = _squeezed(text)
    return text if len(text) <= SHOWN else text[:SHOWN].rstrip() + "…"
