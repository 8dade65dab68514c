"""Reads a file that a stranger made: whole, within bounds, and never by a link out of the submission."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

#: A learner's file is text that a person wrote; more than this is something else.
MAX_SOURCE = 2**20

_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW
# Not blocking, for a pipe that nobody writes to.
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW


class SubmissionError(Exception):
    """There is no text for an exercise; the error's own text says why, and what to do, in the learner's words."""


def read_bytes(path: Path, folder: Path, most: int, advice: str) -> bytes:
    """A file of a folder.

    Args:
        path: the file, below the folder.
        folder: links may lead anywhere inside it. The grader may read what a learner may not: a link from a submission to a
            solution would be graded as the learner's.
        most: how many bytes there may be.
        advice: what to do when there are more.

    Raises:
        FileNotFoundError: it is not there.
        SubmissionError: it leads out of the folder, is no file, is too large or cannot be read.
    """
    try:
        with os.fdopen(_opened(path, folder), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SubmissionError(f"{shown(path.name)} is no file of text")
            body = file.read(most + 1)
    except FileNotFoundError:
        raise
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # RuntimeError: links that lead round in a circle; ValueError: \0
        raise SubmissionError(
            f"{shown(path.name)} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if len(body) > most:
        raise SubmissionError(f"{shown(path.name)} is larger than {most // 2**20} MiB; {advice}")
    return body


def _opened(path: Path, folder: Path) -> int:
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
    if parts and ".." not in parts:
        try:
            return _open(folder, parts)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
    # There is a link on the way.
    root = folder.resolve()
    real = path.resolve(strict=True)
    if not real.is_relative_to(root):
        raise SubmissionError(f"{shown(path.name)} is a link out of the submission; put the file itself there")
    return _open(root, real.relative_to(root).parts)


def _open(root: Path, parts: tuple[str, ...]) -> int:
    """Open a file folder by folder without links: what was resolved a moment ago may be a link by now."""
    *folders, name = parts
    at = os.open(root, _FOLDER)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(name, _FILE, dir_fd=at)
    finally:
        os.close(at)


def read_text(path: Path, folder: Path) -> str:
    """A learner's file as text, with a line break as Python has it. A byte order mark is no part of it.

    Raises:
        FileNotFoundError: it is not there.
        SubmissionError: it leads out of the folder, is no file, is too large, or is not UTF-8.
    """
    body = read_bytes(path, folder, MAX_SOURCE, "keep only the exercise in it")
    try:
        return plain(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"{shown(path.name)} is not UTF-8 text (byte {error.start}); save it again with that encoding"
        ) from None


def plain(text: str) -> str:
    """A text with the line breaks that Python makes of all kinds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(name: Path | str) -> str:
    """A file's name as a message can show it: a stranger chose it, and it may hold anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(name))
