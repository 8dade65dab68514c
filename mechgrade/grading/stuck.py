"""Where a learner's code was when its time ran out: as the process itself printed it shortly before, see the worker's runner."""

from __future__ import annotations

import re
from typing import NamedTuple

from mechgrade.protocol.outcome import Place

_HEAD = re.compile(r"^Timeout \([\d:.]+\)!\n", re.MULTILINE)


class Stuck(NamedTuple):
    """Where code was.

    Attributes:
        place: the innermost line of the learner's file.
        output: what was printed, without what the process printed about itself.
        top: the line outside of all functions that was being run: the file was still being imported. None where it was not.
    """

    place: Place | None
    output: str
    top: int | None = None

    def __str__(self) -> str:
        """What to do about it, after words like "no answer after 20 s"."""
        if self.place is None:
            return ": look for a loop that does not end or needless work"
        if self.top is None:
            return f". Your code was in line {self.place.line} then: look for a loop that does not end or needless work"
        called = f", called from line {self.top}" if self.top != self.place.line else ""
        return (
            f". Your code was in line {self.place.line} then{called}, while your file was imported: line {self.top} stands "
            'in no function, so it runs before any check. Take it out, or put it below `if __name__ == "__main__":`'
        )


def stuck(output: str, filename: str, source: str) -> Stuck:
    """Where the learner's code was.

    Args:
        output: what was printed, with its end.
        filename: the learner's file, as tracebacks name it.
        source: its text.
    """
    heads = list(_HEAD.finditer(output))
    if not heads:
        return Stuck(None, output)
    dump, before = output[heads[-1].end() :], output[: heads[-1].start()]
    frames = [*re.finditer(rf'^  File "{re.escape(filename)}", line (\d+) in (\S+)$', dump, re.MULTILINE)]
    if not frames:
        return Stuck(None, before)
    frame, outer = frames[0], frames[-1]
    number, lines = int(frame[1]), source.splitlines()
    text = lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""
    function = "" if frame[2] == "<module>" else frame[2]
    top = int(outer[1]) if outer[2] == "<module>" else None
    return Stuck(Place(number, function, text), before, top)
