"""A folder that no other user can enter: for sockets, and for what is kept from one command to the next.

Every command may begin here, so it imports ``os`` and no more: ``pathlib`` and ``tempfile`` take longer to import than Python to start.
"""

from __future__ import annotations

import os
import stat

#: Bytes that the address of a Unix socket can have on every system (sockaddr_un).
_LONGEST = 100


class NoPlaceError(Exception):
    """There is no folder that only this user can enter; the text says why."""


def private_folder(name: str) -> str:
    """The path of a folder of this user's own; it is made where it is missing.

    Args:
        name: one part of a path; another name, another folder.

    Raises:
        NoPlaceError: somebody else owns it, or may write to it.
    """
    bases = (os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR"))
    base = next((each for each in bases if each and os.path.isdir(each)), "/tmp")
    above = os.path.join(base, f"mechgrade-{os.geteuid()}")
    place = os.path.join(above, name)
    try:
        for path in (above, place):
            try:
                os.mkdir(path, 0o700)
            except FileExistsError:
                pass
            # Not followed: in a shared /tmp anyone may have put a link, or a directory of their own, under this name.
            found = os.lstat(path)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise NoPlaceError(f"{path} is not a directory of this user's alone")
    except OSError as error:
        raise NoPlaceError(f"{error.filename}: {error.strerror}") from None
    if len(os.fsencode(os.path.join(place, "socket"))) > _LONGEST:
        raise NoPlaceError(f"{place} is too long a path for a socket; set XDG_RUNTIME_DIR to a shorter one")
    return place
