"""What code printed, within a limit: its beginning, its end, and how much is left out between them."""

from __future__ import annotations

import re
from collections import deque

#: What stands for what is left out. It is read again where a text that was kept is shown shorter.
_LEFT_OUT = re.compile(r"^… ([\d,]+) (lines?|characters?) left out …$")
#: Room for that line.
_ROOM = 64


class Printed:
    """Takes what is printed as it comes, and keeps the beginning and the end of it.

    Args:
        most: how many characters are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = max(most - _ROOM, 0)
        self._head = ""
        self._tail: deque[str] = deque()
        self._kept = 0
        self._lines = self._characters = 0

    def add(self, part: str) -> None:
        """Take some more, with lines that end in newlines."""
        room = self._most // 2 - len(self._head)
        if room > 0:
            self._head += part[:room]
            part = part[room:]
        if part:
            self._tail.append(part)
            self._kept += len(part)
        # Whole parts, and a few too many of them are kept: this runs while code prints without end.
        while self._tail and self._kept - len(self._tail[0]) > self._most:
            gone = self._tail.popleft()
            self._kept -= len(gone)
            self._lines += gone.count("\n")
            self._characters += len(gone)

    @property
    def text(self) -> str:
        """The beginning and the end. Lines stay whole, unless one is longer than a quarter of what is kept."""
        head, tail = self._head, "".join(self._tail)
        excess = len(head) + len(tail) - self._most
        if not self._characters and excess <= 0:
            return head + tail
        middle, tail = tail[: max(excess, 0)], tail[max(excess, 0) :]
        end = head.rfind("\n") + 1
        if end > len(head) // 2:
            head, middle = head[:end], head[end:] + middle
        begin = tail.find("\n") + 1
        if 0 < begin < len(tail) // 2:
            middle, tail = middle + tail[:begin], tail[begin:]
        lines = self._lines + middle.count("\n")
        said = left_out(lines, self._characters + len(middle))
        if head and not head.endswith("\n"):
            head += "\n"
        return f"{head}{said}\n{tail}"


def left_out(lines: int, characters: int = 0) -> str:
    """The line that says so: by lines, or by characters where not one line ends in what is left out."""
    number, what = (lines, "line") if lines else (characters, "character")
    return f"… {number:,} {what}{'s' * (number != 1)} left out …"


def shortened(text: str, lines: int, width: int = 200) -> str:
    """The first third and the last two thirds of some lines, and how many are left out between them; long lines are cut inside.

    Args:
        text: what was printed, as :class:`Printed` keeps it.
        lines: how many lines to show.
        width: how many characters of a line.
    """
    every = text.strip("\n").split("\n")
    before = lines // 3
    shown, gone = every, list[str]()
    if len(every) > lines:
        gone = every[before : len(every) - (lines - before)]
        shown = [*every[:before], "", *every[len(every) - (lines - before) :]]
    shown = [line if len(line) <= width else f"{line[: width * 3 // 4]} … {line[-width // 4 :]}" for line in shown]
    if gone:
        found = [match for match in map(_LEFT_OUT.match, gone) if match and match[2].startswith("line")]
        known = sum(int(match[1].replace(",", "")) for match in found)
        shown[before] = left_out(len(gone) - len(found) + known)
    return "\n".join(shown)
