"""Where a checkout's warm worker is found, and what tells that it is still the right one.

Standard library only: the server that keeps the worker imports this file, and is to stay small.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

#: What a worker inherits from the environment: where model files were downloaded to, and which GPUs there are.
INHERITED = ("HF_HOME", "HF_HUB_CACHE", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")

#: Bytes that the address of a Unix socket can have on every system (sockaddr_un).
_LONGEST = 100


class NoPlaceError(Exception):
    """There is no directory for the server's socket that only this user can enter; the text says why."""


def directory(root: Path) -> Path:
    """The private directory of a checkout: its own for each user, nobody else's to enter.

    Raises:
        NoPlaceError: somebody else owns it, or may write to it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base is None or not Path(base).is_dir():
        base = tempfile.gettempdir()
    above = Path(base, f"mechgrade-{os.geteuid()}")
    place = above / hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    try:
        for path in (above, place):
            path.mkdir(mode=0o700, exist_ok=True)
            # Not followed: in a shared /tmp anyone may have put a link, or a directory of their own, under this name.
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise NoPlaceError(f"{path} is not a directory of this user's alone")
    except OSError as error:
        raise NoPlaceError(f"{error.filename}: {error.strerror}") from None
    if len(os.fsencode(place / "socket")) > _LONGEST:
        raise NoPlaceError(f"{place} is too long a path for a socket; set XDG_RUNTIME_DIR to a shorter one")
    return place


def fingerprint(root: Path, level: str) -> str:
    """What a worker holds in memory, as a hash: the engine, the course's models, the libraries, the environment.

    Files count by size and times, because reading them would take longer than a grade. Graders are no part of it: they are
    read after the fork, each time.

    Args:
        root: the course.
        level: the isolation level that the machine offers; a worker finds that out once.
    """
    seen = hashlib.sha256()
    # Not sys.executable: python and python3 of one environment are the same.
    for thing in (root.resolve(), sys.prefix, sys.version, os.geteuid(), level):
        seen.update(f"{thing}\0".encode())
    for name in INHERITED:
        seen.update(f"{name}={os.environ.get(name)}\0".encode())
    # Installing or removing a package changes the time of the directory that they are in.
    seen.update(str(Path(sysconfig.get_path("purelib")).stat().st_mtime_ns).encode())
    seen.update(_stamp(sorted(Path(__file__).parents[2].rglob("*.py"))))
    seen.update(_stamp([root / "course.yaml"]))
    for part in ("models", "saes"):
        seen.update(_stamp(sorted((root / "fixtures" / part).rglob("*"))))
    seen.update(_stamp(sorted(_downloads())))
    return seen.hexdigest()


def _downloads() -> Iterator[Path]:
    """The files that say which revision of a downloaded model is the current one."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    yield from Path(os.environ.get("HF_HUB_CACHE", home / "hub")).glob("models--*/refs/*")


def _stamp(paths: Iterable[Path]) -> bytes:
    lines = []
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        # A directory's own time changes with every file made beside those that count.
        if not stat.S_ISDIR(found.st_mode):
            lines.append(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}\n")
    return "".join(lines).encode()
