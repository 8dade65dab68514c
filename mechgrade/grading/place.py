"""The private directory of a checkout, where its warm worker is found, and what is kept from one command to the next."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mechgrade.private import NoPlaceError, private_folder

__all__ = ["NoPlaceError", "directory"]


def directory(root: Path) -> Path:
    """The private directory of a checkout: its own for each user, nobody else's to enter.

    Raises:
        NoPlaceError: somebody else owns it, or may write to it.
    """
    return Path(private_folder(hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]))
