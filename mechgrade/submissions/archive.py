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
from contextlib import suppress
from dataclasses import dataclass, field, replace
from os import utime
from pathlib import Path, PurePosixPath
from typing import IO, cast

from mechgrade.submissions.names import name_of

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


@dataclass
class Bounds:
    """How much may come out of an archive and of those inside it, together.

    Attributes:
        files: number of entries, those that are passed over included.
        file_bytes: of one file, inflated.
        total_bytes: of all, inflated.
    """

    files: int = 200_000
    file_bytes: int = 64 * 2**20
    total_bytes: int = 4 * 2**30


#: For the archive of one learner.
ONE = Bounds(files=10_000, file_bytes=16 * 2**20, total_bytes=64 * 2**20)


class ArchiveError(Exception):
    """An archive that is not unpacked; the text says why."""


@dataclass
class Refused:
    """The entries of a class's archive that were not unpacked: each is one learner's, and the others go on.

    Attributes:
        bounds: how much may come out for one learner.
        why: the reason, by the entry's path.
        nobodys: names of entries that lead to no place in the folder.
    """

    bounds: Bounds
    why: dict[Path, str] = field(default_factory=dict)
    nobodys: list[str] = field(default_factory=list)
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
        refused: for a class's zip, takes the entries that cannot be unpacked, which end the unpacking otherwise.

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
            _untar(archive, folder, budget)
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
            raise ArchiveError(f"it holds {len(entries):,} entries; at most {budget.files:,} are unpacked")
        budget.files -= len(entries)
        # A zip of a folder has one name at its top.
        depth = 1 + (len({entry.filename.partition("/")[0] for entry in entries}) == 1)
        for entry in entries:
            if refused is None:
                _take(opened, entry, _place(folder, entry.filename), [budget])
                continue
            try:
                path = _place(folder, entry.filename)
            except ArchiveError:
                refused.nobodys.append(entry.filename)
                continue
            try:
                _take(opened, entry, path, [budget, refused.budget(folder, path, depth)])
            except (ArchiveError, OSError, RuntimeError, *_DAMAGED) as error:
                if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise
                refused.why[path] = (
                    str(error) if isinstance(error, ArchiveError) else f"it cannot be unpacked ({error})"
                )
                if budget.total_bytes < 0:
                    raise ArchiveError("it is larger than is unpacked") from None
                with suppress(OSError):  # its learner has a row all the same
                    path.parent.mkdir(parents=True, exist_ok=True)


def _take(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budgets: list[Bounds]) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"its entry {entry.filename!r} is a link or a special file; put the file itself there")
    if not _wanted(path, entry.filename, entry.is_dir()):
        return
    with opened.open(entry) as source:
        _write(source, path, entry.filename, budgets)
    # A date before 1980, or the 31st of a short month: then the file is as new as its unpacking.
    with suppress(ValueError, OverflowError, OSError):
        when = time.mktime((*entry.date_time, 0, 0, -1))
        utime(path, (when, when))


def _untar(archive: Path, folder: Path, budget: Bounds) -> None:
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
                    raise ArchiveError(f"it is larger than {budget.total_bytes // 2**20} MiB unpacked")
                plain.write(part)
        plain.seek(0)
        with tarfile.open(fileobj=plain, mode="r:") as opened:
            for entry in opened:
                budget.files -= 1
                if budget.files < 0:
                    raise ArchiveError("it holds more entries than are unpacked")
                path = _place(folder, entry.name)
                if not entry.isreg() and not entry.isdir():
                    raise ArchiveError(
                        f"its entry {entry.name!r} is a link or a special file; put the file itself there"
                    )
                if not _wanted(path, entry.name, entry.isdir()):
                    continue
                inside = opened.extractfile(entry)
                assert inside is not None  # it is a regular file
                with inside:
                    _write(inside, path, entry.name, [budget])
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


def _write(source: IO[bytes], path: Path, name: str, budgets: list[Bounds]) -> None:
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
                    if size > budget.file_bytes or budget.total_bytes < 0:
                        raise ArchiveError(f"its entry {name!r} is larger than is unpacked")
                target.write(part)
    except BaseException:
        path.unlink(missing_ok=True)  # no half of a file
        raise
