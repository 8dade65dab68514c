"""Reads a file that a stranger made: whole, within bounds, and never by a link out of the submission."""

from __future__ import annotations

import codecs
import errno
import io
import json
import math
import os
import re
import stat
import tokenize
from pathlib import Path

#: A learner's file is text that a person wrote; more than this is something else.
MAX_SOURCE = 2**20

#: A notebook, an archive's entry: the same bound wherever a file lies. A notebook that people wrote has some megabytes of plots.
MAX_FILE = 64 * 2**20

#: What to do with a notebook that is larger.
CLEAR = "clear its outputs, save it, and hand it in again"

#: Encodings that a coding line may name. Python has others, with which a small file takes long, or is no text.
_TABLES = re.compile(r"iso8859-\d+|cp\d+|koi8-\w|mac-\w+|gb\w+|big5\w*|euc_\w+|shift_jis\w*|iso2022_\w+")

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
            size = os.fstat(file.fileno()).st_size
            # Python takes memory for as much as is asked for, so the second is asked for only where the file has grown.
            body = file.read(min(size, most) + 1)
            body += file.read(most + 1 - len(body)) if len(body) > size else b""
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
        raise SubmissionError(f"{shown(path.name)} {too_large(size, most)}; {advice}")
    return body


def too_large(size: int, most: int) -> str:
    """That a file is too large, in words that go on its name. What the size is may be unknown, and then it is not told."""
    return f"is larger than {most // 2**20} MiB" + (
        f" (it has {math.ceil(size / 2**20 * 10) / 10} MiB)" if size > most else ""
    )


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

    It is UTF-8, or the encoding that a byte order mark (UTF-16) or Python's coding line (``# -*- coding: latin-1 -*-``) names.

    Raises:
        FileNotFoundError: it is not there.
        SubmissionError: it leads out of the folder, is no file, is too large, or its encoding is not known.
    """
    body = read_bytes(path, folder, MAX_SOURCE, "keep only the exercise in it")
    try:
        return plain(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        other = _in_other_encoding(body)
        if other is not None:
            return plain(other)
        if body.startswith(b"PK\x03\x04"):
            raise SubmissionError(
                f"{shown(path.name)} is a zip or an office document and no text; save the code in it as plain text, or rename the zip to .zip"
            ) from None
        raise SubmissionError(
            f"{shown(path.name)} is not UTF-8 text (byte {error.start}); save it again with that encoding"
        ) from None


def _in_other_encoding(body: bytes) -> str | None:
    """A text in the encoding that it names itself; None where it names none."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # editors on Windows call it "Unicode"
        coding = "utf-16"
    else:
        try:
            coding, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
            coding = codecs.lookup(coding).name
        except (SyntaxError, LookupError, ValueError):
            return None
        if not _TABLES.fullmatch(coding):
            return None
    try:
        return body.decode(coding)
    except UnicodeDecodeError:
        return None


def read_code(path: Path, folder: Path) -> str:
    """A learner's Python file as text. Another kind of file under a Python file's name is told by its kind.

    Raises:
        FileNotFoundError: it is not there.
        SubmissionError: it cannot be read, see :func:`read_text`, or is a notebook, rich text or a web page.
    """
    text = read_text(path, folder)
    begins = text[:500].lstrip().lower()
    name, stem = shown(path.name), shown(path.name.partition(".")[0])
    if begins.startswith("{") and is_notebook(text):
        raise SubmissionError(f"{name} is a notebook and no Python file; rename it to {stem}.ipynb")
    if begins.startswith("{\\rtf"):
        raise SubmissionError(f"{name} is rich text (RTF) and no Python file; save it again as plain text")
    if is_web_page(text):
        raise SubmissionError(
            f"{name} is a web page and no Python file; download the file itself, or copy the code out"
        )
    return text


def is_web_page(text: str) -> bool:
    """Whether a text is a page of HTML, as one gets from "save as" on a page that shows a file."""
    return text[:500].lstrip().lower().startswith(("<!doctype html", "<html"))


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook's JSON."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(tree, dict) and ("nbformat" in tree or isinstance(tree.get("cells"), list))


def plain(text: str) -> str:
    """A text with the line breaks that Python makes of all kinds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown(name: Path | str) -> str:
    """A file's name as a message can show it: a stranger chose it, and it may hold anything."""
    text = str(name)
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
