"""The files that a learner's code left in the process's temporary folder, which nobody sees again."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

#: Files that are told, and files and folders that are looked at: code may write any number.
_TOLD, _LOOKED_AT = 3, 500


def written(folder: Path, source: str, given: Collection[str] = ()) -> list[str]:
    """Files in a folder, by their path in it, that a learner's file names; those that only a library knows of are left out.

    Args:
        folder: the temporary folder.
        source: the text of the learner's file.
        given: what was in the folder before the learner's code ran: a course or an environment that lies in /tmp is shown there.
    """
    found: list[str] = []
    looked_at = 0
    for place, folders, files in os.walk(folder):
        top = Path(place) == folder
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not (top and name in given))
        for name in sorted(files):
            if top and name in given:
                continue
            stem = name.rpartition(".")[0] or name  # NumPy and others add the suffix themselves
            if name in source or f'"{stem}"' in source or f"'{stem}'" in source:
                found.append(os.path.relpath(os.path.join(place, name), folder))  # noqa: PTH118  os.walk's
        looked_at += len(files) + len(folders)
        if len(found) >= _TOLD or looked_at > _LOOKED_AT:
            break
    return found[:_TOLD]
