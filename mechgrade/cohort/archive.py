"""Unpack a zip that a stranger made: plain files only, inside one folder, within bounds.

Only what can be a learner's work is taken out (``.py``, ``.ipynb``, and zips inside, one level deep). Sizes are counted while they are
inflated: what an archive says of itself may be a lie.
"""

from __future__ import annotations

import errno
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: What is taken out; the rest is passed over.
SUFFIXES = (".py", ".ipynb", ".zip")


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


def unpack(archive: Path, folder: Path, bounds: Bounds | None = None) -> None:
    """Unpack an archive into a folder that is made for it.

    Raises:
        ArchiveError: it is no zip, is damaged or encrypted, holds a link or a path that leads out, or is past the bounds.
            What came out until then stays in the folder, for the caller to remove.
        OSError: the disk is full.
    """
    left = bounds or Bounds()
    budget = Bounds(left.files, left.file_bytes, left.total_bytes)
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            # The directory is read into memory as a whole, so the file's own size has bounded it already.
            entries = opened.infolist()
            if len(entries) > budget.files:
                raise ArchiveError(f"it holds {len(entries):,} entries; at most {budget.files:,} are unpacked")
            for entry in entries:
                _take(opened, entry, folder, budget)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ArchiveError(f"it holds names that cannot be made here ({error.strerror})") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise ArchiveError(f"it is no readable zip ({error}); pack it again") from None
    except RuntimeError as error:  # what zipfile raises for encryption
        raise ArchiveError(f"it is encrypted or of a kind that cannot be read ({error}); pack it without") from None


def _take(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, budget: Bounds) -> None:
    # A backslash is a separator for those who packed on Windows with old tools, and part of a name for nobody.
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    if not parts or parts[0].startswith("/") or ".." in parts or ":" in parts[0] or "\0" in entry.filename:
        raise ArchiveError(f"its entry {entry.filename!r} leads out of the archive")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"its entry {entry.filename!r} is a link or a special file; put the file itself there")
    path = folder.joinpath(*parts)
    # macOS adds a shadow of every file.
    if entry.is_dir() or path.suffix not in SUFFIXES or parts[0] == "__MACOSX" or parts[-1].startswith("._"):
        return
    if path.exists():
        raise ArchiveError(f"it holds {entry.filename!r} twice")
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with opened.open(entry) as source, path.open("xb") as target:
        while part := source.read(2**16):
            size += len(part)
            budget.total_bytes -= len(part)
            if size > budget.file_bytes or budget.total_bytes < 0:
                raise ArchiveError(f"its entry {entry.filename!r} is larger than is unpacked")
            target.write(part)
