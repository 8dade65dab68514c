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
from mechgrade.submissions.archive import ONE, ArchiveError, is_archive, is_sealed, unpack_within
from mechgrade.submissions.names import Match, name_of
from mechgrade.submissions.reading import shown

#: Folders that are no learner's: what computers and package managers leave lying about. Hidden files and folders are none, too.
IGNORED = frozenset(["__MACOSX", "__pycache__", "venv", "site-packages", "node_modules"])

#: How many files of a hand-in are looked at, and how deep archives may lie in archives.
MAX_FILES, MAX_DEPTH = 10_000, 4

#: Files whose times differ by less than this are equally new: a zip keeps even seconds.
TICK = 2.0


@dataclass(frozen=True)
class File:
    """A file that may be work.

    Attributes:
        shown: its path in the hand-in; an archive counts as a folder.
        path: where it lies.
        root: the folder that no link may lead out of.
        modified: when it was last changed, in seconds; 0 where nobody knows.
    """

    shown: Path
    path: Path
    root: Path
    modified: float = 0.0


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
def arrived(course: Course, *parts: Path) -> Iterator[Arrived]:
    """Look through a hand-in; archives are unpacked for as long as the context is open.

    Args:
        course: for the names of its labs: a link in the place of a lab's folder is told to its learner.
        parts: folders and files that make up the hand-in. What lies in a folder is told by its path in the folder.
    """
    with ExitStack() as scratch:
        yield _Search(course, scratch).look(parts)


class _Search:
    def __init__(self, course: Course, scratch: ExitStack) -> None:
        self._course, self._scratch = course, scratch
        self._unpacked: Path | None = None
        self._found = Arrived()
        self._budget = replace(ONE)
        self._seen = self._archives = 0

    def look(self, parts: Sequence[Path]) -> Arrived:
        for part in parts:
            try:
                if part.is_dir():
                    self._folder(part, Path(), 0)
                else:
                    self._file(File(Path(part.name), part, part.parent, _modified(part)), 0)
            except PermissionError as error:
                self._ignore(Path(part.name), f"it cannot be read ({error.strerror})")
        return self._found

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
                        self._file(File(inside / here / name, path, root, _modified(path)), depth)
                    except PermissionError as error:
                        self._ignore(inside / here / name, f"it cannot be read ({error.strerror})")

    def _link(self, root: Path, path: Path, inside: Path) -> None:
        lab = self._course.labs.get(path.name)
        if lab is None:
            self._ignore(inside / path, "it is a link to a folder; put the folder itself there")
        else:
            names = [f"{exercise}.py" for exercise in lab.exercises] + [ANSWERS_FILE] * bool(lab.questions)
            self._found.files += [File(inside / path / name, root / path / name, root) for name in names]

    def _file(self, file: File, depth: int) -> None:
        name = file.path.name
        if is_archive(name):
            self._archive(file, depth)
        elif is_sealed(name):
            self._ignore(file.shown, "archives of this kind are not read; pack the files as a .zip")
        elif name_of(name).kind == "other":
            self._ignore(file.shown, "it is no Python file and no notebook")
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
        try:
            unpack_within(file.path, folder, self._budget)
        except ArchiveError as error:
            self._ignore(file.shown, f"the {_kind(file.path)} was not unpacked: {error}")
            return
        self._folder(folder, file.shown, depth + 1)

    def _ignore(self, path: Path, why: str) -> None:
        self._found.ignored.append(Ignored(path, why))


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is nobody's work."""
    return name.startswith(".") or name in IGNORED


def newest_first(files: Iterable[File]) -> list[File]:
    """Files by the time of their last change; of equals those further up first, then by path."""
    return sorted(files, key=lambda file: (-file.modified, len(file.shown.parts), file.shown))


def in_order(lab: Lab, found: Iterable[tuple[File, Match]]) -> list[File]:
    """Files of a name, in the order in which they count."""

    def order(each: tuple[File, Match]) -> tuple[object, ...]:
        file, like = each
        depth = len(file.shown.parts)
        if like.likeness == 0:
            return (0, file.shown.parent.name != lab.name, depth, 0.0, file.shown)
        return (like.likeness, -(file.modified // TICK), -like.number, depth, file.shown)

    return [file for file, _ in sorted(found, key=order)]


def _modified(path: Path) -> float:
    try:
        found = path.lstat()
    except OSError:
        return 0.0
    return found.st_mtime if stat.S_ISREG(found.st_mode) else 0.0


def _kind(path: Path) -> str:
    return "zip" if path.name.lower().endswith(".zip") else "tar"
