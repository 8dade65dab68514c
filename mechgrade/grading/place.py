"""The private directory of a checkout, where its warm worker is found, and what is kept from one command to the next."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

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
    if not base or not Path(base).is_dir():
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
