"""Unpack an archive that a stranger made: plain files only, inside one folder, within bounds.

Zips and tars are read, and tars that gzip, bzip2 or xz made smaller. Only what can be a learner's work is taken out: Python files,
notebooks, texts, and archives inside. Of other files the name alone comes out, so that it can be told that they were there. Sizes
are counted while they are inflated: what an archive says of itself may be a lie.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import stat
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from os import utime
from pathlib import Path, PurePosixPath
from typing import IO, cast

from mechgrade.submissions.names import name_of
from mechgrade.submissions.reading import CLEAR, MAX_FILE, too_large

#: Archives that are read, by the end of their names in lower case.
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz")

#: Archives that nothing here reads: the person who sent one is told.
SEALED = (
    ".rar",
    ".7z",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".lz",
    ".lzma",
    ".z",
    ".ace",
    ".arj",
    ".cab",
    ".sit",
    ".sitx",
    ".zipx",
    ".dmg",
    ".iso",
)

#: How deep an entry may lie. Who removes what was unpacked must not be led deeper than programs go.
MAX_DEPTH = 50

#: What Python's readers of archives raise for a file that is none.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
)

_ONLY_THE_LAB = "pack it again with the lab's files alone"


@dataclass
class Bounds:
    """How much may come out of an archive and of those inside it, together.

    Attributes:
        files: number of entries, those that are passed over included.
        file_bytes: of one file, inflated.
        total_bytes: of all, inflated; it grows less with what comes out.
        most_bytes: what ``total_bytes`` was at first.
    """

    files: int = 200_000
    file_bytes: int = MAX_FILE
    total_bytes: int = 4 * 2**30
    most_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.most_bytes = self.total_bytes


#: For the archive of one learner.
ONE = Bounds(files=10_000, total_bytes=256 * 2**20)


class ArchiveError(Exception):
    """An archive that is not unpacked; the text says why."""


class TooLargeError(ArchiveError):
    """More would come out of an archive, all in all, than may."""


@dataclass
class Refused:
    """The entries of an archive that were not unpacked. The others are: in a class's archive they are other learners'.

    Attributes:
        bounds: how much may come out for one learner.
        why: the reason, by the entry's path.
        nobodys: entries that lead to no place in the folder, with the reason, by their names.
    """

    bounds: Bounds
    why: dict[Path, str] = field(default_factory=dict)
    nobodys: dict[str, str] = field(default_factory=dict)
    _left: dict[str, Bounds] = field(default_factory=dict)

    def budget(self, folder: Path, path: Path, depth: int) -> Bounds:
        """What is left of a learner's bounds, by the entry's topmost folders."""
        owner = "/".join(path.relative_to(folder).parts[:depth])
        return self._left.setdefault(owner, replace(self.bounds))


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked."""
    return name.lower().endswith(ARCHIVES)


def is_sealed(name: str) -> bool:
    """Whether a file of this name is an archive that nothing here reads."""
    return name.lower().endswith(SEALED) and not is_archive(name)


def unpack(archive: Path, folder: Path, bounds: Bounds | None = None, refused: Refused | None = None) -> None:
    """Unpack an archive into a folder that is made for it.

    Args:
        archive: the archive.
        folder: is made.
        bounds: how much may come out.
        refused: takes the entries that cannot be unpacked, which end the unpacking otherwise.

    Raises:
        ArchiveError: it is no archive, is damaged or encrypted, holds a link or a path that leads out, or is past the bounds.
            What came out until then stays in the folder, for the caller to remove.
        OSError: the disk is full.
    """
    unpack_within(archive, folder, replace(bounds or Bounds()), refused)


def unpack_within(archive: Path, folder: Path, budget: Bounds, refused: Refused | None = None) -> None:
    """Like :func:`unpack`; what comes out is taken off the budget, so that archives can share one."""
    folder.mkdir(parents=True)
    kind = "zip" if archive.name.lower().endswith(".zip") else "tar"
    try:
        if kind == "zip":
            _unzip(archive, folder, budget, refused)
        else:
            _untar(archive, folder, budget, refused)
    except gzip.BadGzipFile as error:  # an OSError by birth
        raise ArchiveError(f"it is no readable {kind} ({error}); pack it again") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        if error.errno is None:  # what bz2 says of damaged data
            raise ArchiveError(f"it is no readable {kind} ({error}); pack it again") from None
        raise ArchiveError(f"it holds names that cannot be made here ({error.strerror})") from None
    except _DAMAGED as error:
        raise ArchiveError(f"it is no readable {kind} ({error}); pack it again") from None
    except RuntimeError as error:  # what zipfile raises for encryption
        raise ArchiveError(f"it is encrypted or of a kind that cannot be read ({error}); pack it without") from None


def _unzip(archive: Path, folder: Path, budget: Bounds, refused: Refused | None) -> None:
    with zipfile.ZipFile(archive) as opened:
        # The directory is read into memory as a whole, so the file's own size has bounded it already.
        entries = opened.infolist()
        if len(entries) > budget.files:
            raise TooLargeError(
                f"it holds {len(entries):,} entries; at most {budget.files:,} are unpacked; {_ONLY_THE_LAB}"
            )
        budget.files -= len(entries)
        # A zip of a folder has one name at its top.
        depth = 1 + (len({entry.filename.partition("/")[0] for entry in entries}) == 1)
        for entry in entries:

            def take(path: Path, budgets: list[Bounds], entry: zipfile.ZipInfo = entry) -> None:
                _take(opened, entry, path, budgets)

            _one(folder, entry.filename, budget, refused, depth, take)


def _one(
    folder: Path,
    name: str,
    budget: Bounds,
    refused: Refused | None,
    depth: int,
    take: Callable[[Path, list[Bounds]], None],
) -> None:
    """Take one entry out. Where it may be refused alone, the reason is kept, and the others go on.

    Args:
        folder: takes the files.
        name: of the entry.
        budget: of the whole archive.
        refused: takes the reason; None where a single entry ends it all.
        depth: how many folders at an entry's top tell whose it is; 0 where that is not known.
        take: takes it out, to a path and within budgets.
    """
    if refused is None:
        take(_place(folder, name), [budget])
        return
    try:
        path = _place(folder, name)
    except ArchiveError as error:
        refused.nobodys[name] = str(error)
        return
    try:
        take(path, [budget, *([refused.budget(folder, path, depth)] if depth else [])])
    except (ArchiveError, OSError, RuntimeError, *_DAMAGED) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        refused.why[path] = str(error) if isinstance(error, ArchiveError) else f"it cannot be unpacked ({error})"
        if budget.total_bytes < 0:
            raise TooLargeError(
                f"it is larger than {budget.most_bytes // 2**20} MiB unpacked, from its entry {name!r} on; {_ONLY_THE_LAB}"
            ) from None
        with suppress(OSError):  # its learner has a row all the same
            path.parent.mkdir(parents=True, exist_ok=True)


def _take(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budgets: list[Bounds]) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"its entry {entry.filename!r} is a link or a special file; put the file itself there")
    if not _wanted(path, entry.filename, entry.is_dir()):
        return
    with opened.open(entry) as source:
        _write(source, path, entry.filename, entry.file_size, budgets)
    # A date before 1980, or the 31st of a short month: then the file is as new as its unpacking.
    with suppress(ValueError, OverflowError, OSError):
        when = time.mktime((*entry.date_time, 0, 0, -1))
        utime(path, (when, when))


def _untar(archive: Path, folder: Path, budget: Bounds, refused: Refused | None) -> None:
    """A tar's headers may claim gigabytes, which Python's reader takes into memory. So it reads from a plain file of a bounded size."""
    with archive.open("rb") as file:
        head = file.read(6)
    packing = {b"\x1f\x8b": "gz", b"BZ": "bz2", b"\xfd7": "xz"}.get(head[:2])
    with tempfile.TemporaryFile() as plain:
        with _inflated(archive, packing) as source:
            size = 0
            while part := source.read(2**16):
                size += len(part)
                if size > budget.total_bytes:
                    raise TooLargeError(
                        f"it is larger than {budget.total_bytes // 2**20} MiB unpacked; {_ONLY_THE_LAB}"
                    )
                plain.write(part)
        plain.seek(0)
        with tarfile.open(fileobj=plain, mode="r:") as opened:
            for entry in opened:
                budget.files -= 1
                if budget.files < 0:
                    raise TooLargeError(f"it holds more entries than are unpacked; {_ONLY_THE_LAB}")

                def take(path: Path, budgets: list[Bounds], entry: tarfile.TarInfo = entry) -> None:
                    _take_of_tar(opened, entry, path, budgets)

                _one(folder, entry.name, budget, refused, 0, take)


def _take_of_tar(opened: tarfile.TarFile, entry: tarfile.TarInfo, path: Path, budgets: list[Bounds]) -> None:
    if not entry.isreg() and not entry.isdir():
        raise ArchiveError(f"its entry {entry.name!r} is a link or a special file; put the file itself there")
    if not _wanted(path, entry.name, entry.isdir()):
        return
    inside = opened.extractfile(entry)
    assert inside is not None  # it is a regular file
    with inside:
        _write(inside, path, entry.name, entry.size, budgets)
    with suppress(ValueError, OverflowError, OSError):
        utime(path, (entry.mtime, entry.mtime))


def _inflated(archive: Path, packing: str | None) -> IO[bytes]:
    if packing == "gz":
        return cast("IO[bytes]", gzip.GzipFile(archive))
    if packing == "bz2":
        return bz2.BZ2File(archive)
    return lzma.LZMAFile(archive) if packing == "xz" else archive.open("rb")


def _place(folder: Path, name: str) -> Path:
    # A backslash is a separator for those who packed on Windows with old tools, and part of a name for nobody.
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if parts == () and name.strip("./") == "":
        return folder  # "./", with which tars begin
    if len(parts) > MAX_DEPTH:
        raise ArchiveError(f"its entry {name[:100]!r} lies more than {MAX_DEPTH} folders deep")
    if not parts or parts[0].startswith("/") or ".." in parts or ":" in parts[0] or "\0" in name:
        raise ArchiveError(f"its entry {name!r} leads out of the archive")
    return folder.joinpath(*parts)


def _wanted(path: Path, name: str, is_folder: bool) -> bool:
    """Whether an entry's body is taken out. Of folders and other files the name is made here."""
    # macOS adds a shadow of every file.
    if "__MACOSX" in path.parts or path.name.startswith("._"):
        return False
    if is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return False
    if is_archive(path.name) or name_of(path.name).kind != "other":
        return True
    if path.exists():
        raise ArchiveError(f"it holds {name!r} twice")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return False


def _write(source: IO[bytes], path: Path, name: str, told: int, budgets: list[Bounds]) -> None:
    """Write an entry to a file.

    Args:
        source: the entry.
        path: of the file.
        name: of the entry.
        told: its size as the archive has it, which is told and not believed.
        budgets: those it counts for.
    """
    if path.exists():
        raise ArchiveError(f"it holds {name!r} twice")
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    try:
        with path.open("xb") as target:
            while part := source.read(2**16):
                size += len(part)
                for budget in budgets:
                    budget.total_bytes -= len(part)
                    if size > budget.file_bytes:
                        advice = CLEAR if name_of(path.name).kind == "notebook" else _ONLY_THE_LAB
                        raise ArchiveError(f"its entry {name!r} {too_large(told, budget.file_bytes)}; {advice}")
                    if budget.total_bytes < 0:
                        raise ArchiveError(
                            f"with its entry {name!r} there are more than {budget.most_bytes // 2**20} MiB in all; {_ONLY_THE_LAB}"
                        )
                target.write(part)
    except BaseException:
        path.unlink(missing_ok=True)  # no half of a file
        raise
