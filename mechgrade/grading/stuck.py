"""Where a learner's code was when its time ran out: as the process itself printed it shortly before, see the worker's runner."""

from __future__ import annotations

import re

from mechgrade.protocol.outcome import Place

_HEAD = re.compile(r"^Timeout \([\d:.]+\)!\n", re.MULTILINE)


def stuck(output: str, filename: str, source: str) -> tuple[Place | None, str]:
    """The innermost line of the learner's file, and the output without what the process printed about itself.

    Args:
        output: what was printed, with its end.
        filename: the learner's file, as tracebacks name it.
        source: its text.
    """
    heads = list(_HEAD.finditer(output))
    if not heads:
        return None, output
    dump, before = output[heads[-1].end() :], output[: heads[-1].start()]
    frame = re.search(rf'^  File "{re.escape(filename)}", line (\d+) in (\S+)$', dump, re.MULTILINE)
    if frame is None:
        return None, before
    number, lines = int(frame[1]), source.splitlines()
    text = lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""
    function = "" if frame[2] == "<module>" else frame[2]
    return Place(number, function, text), before
