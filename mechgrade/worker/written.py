"""The files that a learner's code left in the process's temporary folder, which nobody sees again."""

from __future__ import annotations

import os
from pathlib import Path

#: Files that are told, and files and folders that are looked at: code may write any number.
_TOLD, _LOOKED_AT = 3, 500


def written(folder: Path, source: str) -> list[str]:
    """Files in a folder, by their path in it, that a learner's file names; those that only a library knows of are left out.

    Args:
        folder: the temporary folder, which was empty before the learner's code ran.
        source: the text of the learner's file.
    """
    found: list[str] = []
    looked_at = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            stem = name.rpartition(".")[0] or name  # NumPy and others add the suffix themselves
            if name in source or f'"{stem}"' in source or f"'{stem}'" in source:
                found.append(os.path.relpath(os.path.join(place, name), folder))  # noqa: PTH118  os.walk's
        looked_at += len(files) + len(folders)
        if len(found) >= _TOLD or looked_at > _LOOKED_AT:
            break
    return found[:_TOLD]
