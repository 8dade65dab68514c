"""What gradings of many submissions have in common: recordings, read once, and the reference's live runs, computed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mechgrade.grading import recordings
from mechgrade.grading.recordings import Recording, Run


@dataclass
class Shared:
    """Kept by whoever grades more than one submission; a grading of one has its own.

    Nothing in it comes from a learner, and it is never changed once it is there.

    Attributes:
        references: (lab, exercise) to the key of a run to what the reference gives.
    """

    references: dict[tuple[str, str], dict[str, Run]] = field(default_factory=dict)
    _recordings: dict[Path, Recording] = field(default_factory=dict)

    def recording(self, path: Path) -> Recording:
        """The recording at a path, read when it is first asked for.

        Raises:
            GraderError: it is missing or corrupt.
        """
        if path not in self._recordings:
            self._recordings[path] = recordings.read(path)
        return self._recordings[path]
