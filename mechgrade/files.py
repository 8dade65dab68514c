"""Writing files so that a reader sees the old one or the new one, and never a half."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def write_atomic(path: Path, body: str | bytes, *, durable: bool = False) -> None:
    """Write a file as a whole; its folder is made where it is missing.

    Args:
        path: the file.
        body: bytes, or a text that becomes UTF-8 with its line breaks as they are.
        durable: wait until the disk has it, for what a loss of power must not take.

    Raises:
        OSError: the disk is full, or the folder cannot be written to. The old file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _opened(temporary) as file:
            file.write(body.encode("utf-8", "backslashreplace") if isinstance(body, str) else body)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> BinaryIO:
    # A class's files go by the thousands into a folder that is there.
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
