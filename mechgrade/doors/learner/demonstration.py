"""`mechgrade try`: run an exercise's own file, which plots the learner's result, and say what it saved.

It is the learner's own code on the learner's own machine, as ``python exercises/LAB/NAME.py`` would run it.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

#: What the system says of a disk that is full or that nobody may write to, and of a folder that this user may not.
_FULL, _FORBIDDEN = (errno.ENOSPC, errno.EDQUOT, errno.EROFS), (errno.EACCES, errno.EPERM)
#: What the plots of :mod:`mechgrade.bench.plots` print.
_SAVED, _NOT_SAVED = "saved ", "not saved: "


@dataclass
class Demonstration:
    """How a demonstration went: its exit code, the files it saved, how many it could not, and the last lines of its error."""

    code: int
    saved: list[Path] = field(default_factory=list)
    unsaved: int = 0
    error: str = ""

    @property
    def not_started(self) -> bool:
        """Whether it ended because a function is not written yet."""
        last = self.error.strip().rsplit("\n", 1)[-1]
        return self.code != 0 and last.startswith("NotImplementedError")

    @property
    def unwritten(self) -> str:
        """The function at which it ended so, as the traceback names it last."""
        names = re.findall(r'^  File ".*", line \d+, in (\w+)$', self.error, re.MULTILINE)
        return names[-1] if names and self.not_started else ""

    @property
    def refused(self) -> str:
        """What the disk has refused, where that is how it ended: where plots go is the course's choice, and no fault of the code."""
        last = self.error.strip().rsplit("\n", 1)[-1]
        found = re.fullmatch(r"(?:OSError|PermissionError): \[Errno (\d+)\] (.+)", last)
        if found is None or not self.code:
            return ""
        number = int(found[1])
        if number not in _FULL and not (number in _FORBIDDEN and "outputs" in found[2]):
            return ""
        return f"{found[2]}. Your code is not at fault: make room on the disk, or see to the permissions of outputs/."


def demonstrate(
    path: Path,
    root: Path,
    environment: dict[str, str],
    say: Callable[[str], None],
    begun: Callable[[subprocess.Popen[str]], None] = lambda _: None,
) -> Demonstration:
    """Run an exercise's file.

    Args:
        path: the file.
        root: the course's directory, in which it runs.
        environment: ``MODEL``, ``BACKEND``, ``DEVICE``, where they are not the default.
        say: takes each line that it prints.
        begun: takes the process, for whoever may want to end it.
    """
    done = Demonstration(0)
    process = subprocess.Popen(
        [sys.executable, "-u", str(path)],
        cwd=root,
        env={**os.environ, "MPLBACKEND": "Agg", "TQDM_DISABLE": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    begun(process)
    assert process.stdout is not None
    lines: list[str] = []
    with process:
        for line in process.stdout:
            line = line.rstrip("\n")
            if line.startswith("Traceback (most recent call last)") or lines:
                lines.append(line)  # to be shown at the end, or to say that nothing is written yet
            elif line.startswith(_SAVED):
                done.saved.append(Path(line.removeprefix(_SAVED)))
            else:
                done.unsaved += line.startswith(_NOT_SAVED)
                say(line)
    done.code = process.returncode
    done.error = "\n".join(lines) if done.code else ""
    return done
