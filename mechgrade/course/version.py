"""What a version of a course consists of, kept beside it, so that a later version can tell a learner's work from the course's own.

A git checkout knows this by itself. In the learners' archive it is a zip, :data:`BASE`, of digests of all files and of the stubs.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: The zip's name, and in it the file of digests.
BASE, MANIFEST = ".course.zip", "manifest.json"


@dataclass(frozen=True)
class Base:
    """The version that is here.

    Attributes:
        digests: of its files, by name.
        texts: the files themselves that learners work in.
        is_whole: whether these are all of its files, and not the stubs alone.
    """

    digests: Mapping[str, str]
    texts: Mapping[str, bytes]
    is_whole: bool

    def knows(self, name: str) -> bool:
        """Whether it is known what this version holds at a name, be it nothing."""
        return self.is_whole or name in self.digests


def digest(content: bytes) -> str:
    """What tells one content from another. Line ends do not: a checkout may turn them into its system's."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def base_of(files: Mapping[str, bytes]) -> bytes:
    """The :data:`BASE` of a version that consists of these files. The same bytes for the same contents."""
    digests = {name: digest(text) for name, text in sorted(files.items())}
    inside = {MANIFEST: json.dumps(digests, indent=0).encode()}
    inside |= {
        name: files[name] for name in sorted(files) if name.startswith("exercises/") and name.endswith((".py", ".md"))
    }
    inside |= {name: files[name] for name in ("CHANGELOG.md",) if name in files}
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in inside.items():
            opened.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return body.getvalue()


def read_base(root: Path) -> Base:
    """The version that lies in a course's directory. Where nothing says which, its stubs as they were generated."""
    try:
        with zipfile.ZipFile(root / BASE) as opened:
            digests = json.loads(opened.read(MANIFEST))
            texts = {name: opened.read(name) for name in opened.namelist() if name != MANIFEST}
        return Base(dict(digests), texts, is_whole=True)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError):
        return Base(_generated(root), {}, is_whole=False)


def _generated(root: Path) -> dict[str, str]:
    try:
        document = json.loads((root / "exercises" / ".generated.json").read_bytes())
        return {f"exercises/{name}": str(value) for name, value in document["sha256"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
