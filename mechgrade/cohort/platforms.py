"""The names under which learning platforms pack a class: whose a file is, and under which name a grade goes back.

- Moodle: ``Ada Lovelace_12345_assignsubmission_file_/row_means.py``, or the same in one file name.
- Canvas: ``lovelaceada_1000_90000_row_means.py`` (learner, the learner's number, the file's number); ``LATE`` may follow the name.
- Blackboard: ``Lab 3_alovelace_attempt_2026-01-31-10-00-00_row_means.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Platform = Literal["moodle", "canvas", "blackboard"]

_FORMS: dict[Platform, re.Pattern[str]] = {
    "moodle": re.compile(r"(?P<person>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?"),
    "blackboard": re.compile(
        r"(?P<work>.+)_(?P<id>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<about>\.txt))"
    ),
    "canvas": re.compile(r"(?P<person>[^\W_]+?)(?:_(?i:late))?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)"),
}


@dataclass(frozen=True)
class Packed:
    """A name as a platform makes it.

    Attributes:
        person: the learner's name, as far as the platform tells it.
        id: the learner's at the platform.
        stem: what a file for this learner must begin with, when it is uploaded there.
        rest: the file's own name; empty for a learner's folder.
    """

    platform: Platform
    person: str
    id: str
    stem: str
    rest: str

    @property
    def learner(self) -> str:
        """A name of the learner's own in a class: two learners may be called alike."""
        return self.id if self.platform == "blackboard" else f"{self.person}_{self.id}"


def packed(name: str) -> Packed | None:
    """What a file's or folder's name says, if a platform made it."""
    for platform, form in _FORMS.items():
        found = form.fullmatch(name)
        if found is not None:
            parts = found.groupdict()
            rest = parts.get("rest") or ""
            stem = name[: len(name) - len(rest)] if rest else name
            return Packed(platform, parts.get("person") or parts["id"], parts["id"], stem, rest)
    return None
