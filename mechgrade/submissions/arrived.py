"""The files of a hand-in, as they arrived: in folders, in archives, in archives inside archives. What is no work is named, with the reason."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mechgrade.course import ANSWERS_FILE, Course, Lab
from mechgrade.submissions.archive import ONE, ArchiveError, Refused, is_archive, is_sealed, unpack_within
from mechgrade.submissions.names import Match, copy_of, name_of
from mechgrade.submissions.reading import shown

#: Folders that are no learner's: what computers and package managers leave lying about. Hidden files and folders are none, too.
IGNORED = frozenset(["__MACOSX", "__pycache__", "venv", "site-packages", "node_modules"])

#: How many files of a hand-in are looked at, and how deep archives may lie in archives.
MAX_FILES, MAX_DEPTH = 10_000, 4

#: How many entries of an archive that were left out are named.
MAX_NAMED = 5

#: Files whose times differ by less than this are equally new: a zip keeps even seconds.
TICK = 2.0

#: What people paste code into.
_DOCUMENTS = (".doc", ".docx", ".odt", ".rtf", ".pdf", ".pages", ".html", ".htm")
_AS_TEXT = "; if your code is in it, save the code as plain text, with the ending .py"


@dataclass(frozen=True)
class Part:
    """A folder, an archive or a file that belongs to a hand-in, and what a platform's name says of its time.

    Attributes:
        path: where it lies.
        attempt: when it was handed in, a number that grows with time; 0 where nobody knows.
        number: of the file at the platform, which is higher for a later file; 0 where nobody knows.
    """

    path: Path
    attempt: int = 0
    number: int = 0


@dataclass(frozen=True)
class File:
    """A file that may be work.

    Attributes:
        shown: its path in the hand-in; an archive counts as a folder.
        path: where it lies.
        root: the folder that no link may lead out of.
        modified: when it was last changed, in seconds; 0 where nobody knows.
        attempt: of the part of the hand-in that it lies in.
        number: of that part.
    """

    shown: Path
    path: Path
    root: Path
    modified: float = 0.0
    attempt: int = 0
    number: int = 0


@dataclass(frozen=True)
class Ignored:
    """A file that was not used.

    Attributes:
        path: in the hand-in.
        why: the reason, in words that go on "report.pdf: …".
    """

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{shown(self.path)}: {self.why}"


@dataclass
class Arrived:
    """What arrived.

    Attributes:
        files: Python files, notebooks, texts and Markdown.
        ignored: all others.
        notes: what the learner should know.
    """

    files: list[File] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@contextmanager
def arrived(course: Course, *parts: Path | Part) -> Iterator[Arrived]:
    """Look through a hand-in; archives are unpacked for as long as the context is open.

    Args:
        course: for the names of its labs: a link in the place of a lab's folder is told to its learner.
        parts: folders and files that make up the hand-in. What lies in a folder is told by its path in the folder.
    """
    with ExitStack() as scratch:
        yield _Search(course, scratch).look([each if isinstance(each, Part) else Part(each) for each in parts])


class _Search:
    def __init__(self, course: Course, scratch: ExitStack) -> None:
        self._course, self._scratch = course, scratch
        self._unpacked: Path | None = None
        self._found = Arrived()
        self._budget = replace(ONE)
        self._part = Part(Path())
        self._seen = self._archives = 0

    def look(self, parts: Sequence[Part]) -> Arrived:
        for self._part in parts:
            path = self._part.path
            try:
                if path.is_dir():
                    self._folder(path, Path(), 0)
                else:
                    self._file(self._at(Path(path.name), path, path.parent), 0)
            except PermissionError as error:
                self._ignore(Path(path.name), f"it cannot be read ({error.strerror})")
        return self._found

    def _at(self, told: Path, path: Path, root: Path) -> File:
        return File(told, path, root, _modified(path), self._part.attempt, self._part.number)

    def _folder(self, root: Path, inside: Path, depth: int) -> None:
        """Walk a folder. Links are not followed.

        A link to a folder of a lab is taken for a folder with all its files, so that whoever reads them can say what is wrong.
        """

        def closed(error: OSError) -> None:
            path = Path(os.fsdecode(error.filename or root))
            self._ignore(inside / path.relative_to(root), f"the folder cannot be read ({error.strerror})")

        for at, folders, names in os.walk(root, onerror=closed):
            here = Path(at).relative_to(root)
            folders[:] = sorted(name for name in folders if not is_ignored(name))
            for name in folders:
                if (Path(at) / name).is_symlink():
                    self._link(root, here / name, inside)
            for name in sorted(names):
                self._seen += 1
                if self._seen > MAX_FILES:
                    note = f"there are more than {MAX_FILES} files, and not all were looked at; hand in only the lab's"
                    if note not in self._found.notes:
                        self._found.notes.append(note)
                    return
                if not is_ignored(name):
                    path = Path(at) / name
                    try:
                        self._file(self._at(inside / here / name, path, root), depth)
                    except PermissionError as error:
                        self._ignore(inside / here / name, f"it cannot be read ({error.strerror})")

    def _link(self, root: Path, path: Path, inside: Path) -> None:
        lab = self._course.labs.get(path.name)
        if lab is None:
            self._ignore(inside / path, "it is a link to a folder; put the folder itself there")
        else:
            names = [f"{exercise}.py" for exercise in lab.exercises] + [ANSWERS_FILE] * bool(lab.questions)
            self._found.files += [self._at(inside / path / name, root / path / name, root) for name in names]

    def _file(self, file: File, depth: int) -> None:
        name = file.path.name
        if is_archive(name):
            self._archive(file, depth)
        elif is_sealed(name):
            self._ignore(file.shown, "archives of this kind are not read; pack the files as a .zip")
        elif name_of(name).kind == "other":
            self._ignore(file.shown, no_work(name))
        else:
            self._found.files.append(file)

    def _archive(self, file: File, depth: int) -> None:
        if file.path.is_symlink() or not file.path.is_file():
            self._ignore(file.shown, "it is a link or no file; put the archive itself there")
            return
        if depth >= MAX_DEPTH:
            self._ignore(file.shown, f"archives are looked for in archives {MAX_DEPTH} deep; pack the files once")
            return
        self._archives += 1
        if self._unpacked is None:  # most hand-ins hold no archive
            self._unpacked = Path(self._scratch.enter_context(tempfile.TemporaryDirectory(prefix="mechgrade-")))
        folder = self._unpacked / str(self._archives)
        refused = Refused(ONE)
        try:
            unpack_within(file.path, folder, self._budget, refused)
        except ArchiveError as error:
            self._ignore(file.shown, f"the {_kind(file.path)} was not unpacked: {error}")
            return
        left_out = [(file.shown, why) for why in refused.nobodys.values()]
        left_out += [(file.shown / path.relative_to(folder), why) for path, why in refused.why.items()]
        for path, why in left_out[:MAX_NAMED]:
            self._ignore(path, f"{why}; it was left out of the {_kind(file.path)}")
        if len(left_out) > MAX_NAMED:
            self._ignore(file.shown, f"{len(left_out) - MAX_NAMED} more of its entries were left out, too")
        self._folder(folder, file.shown, depth + 1)

    def _ignore(self, path: Path, why: str) -> None:
        self._found.ignored.append(Ignored(path, why))


def no_work(name: str) -> str:
    """Why a file of this name is no work; of a document, which may hold some, what to do too."""
    is_document = name.lower().endswith(_DOCUMENTS)
    return "it is no Python file and no notebook" + (_AS_TEXT if is_document else "")


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work."""
    return name.startswith(".") or name in IGNORED


def newest_first(files: Iterable[File]) -> list[File]:
    """Files of any name, the newest first. See :func:`_age`."""
    return sorted(files, key=lambda file: (-file.attempt, *_age(file), -copy_of(file.path.name), file.shown))


def in_order(lab: Lab, found: Iterable[tuple[File, Match]]) -> list[File]:
    """Files of a name, in the order in which they count: those of a later attempt before those of an earlier one."""

    def order(each: tuple[File, Match]) -> tuple[object, ...]:
        file, like = each
        depth = len(file.shown.parts)
        if like.likeness == 0:
            place = (file.shown.parent.name != lab.name, depth)
            return (-file.attempt, 0, *place, *_age(file), -copy_of(file.shown.parts[0]), file.shown)
        return (-file.attempt, like.likeness, *_age(file), -like.number, depth, file.shown)

    return [file for file, _ in sorted(found, key=order)]


def _age(file: File) -> tuple[int, float]:
    """How old a file is: a platform's number tells it better than the time of its last change, which may be that of a download."""
    return -file.number, -(file.modified // TICK)


def _modified(path: Path) -> float:
    try:
        found = path.lstat()
    except OSError:
        return 0.0
    return found.st_mtime if stat.S_ISREG(found.st_mode) else 0.0


def _kind(path: Path) -> str:
    return "zip" if path.name.lower().endswith(".zip") else "tar"
