"""What Python itself prints about code that is not the learner's: warnings at a line of a grader or of this engine."""

from __future__ import annotations

import re

_ENGINE = r"/\S*/mechgrade/\S+\.py"
_TRACEMALLOC = re.compile(r"^RuntimeWarning: Enable tracemalloc .*\n?", re.MULTILINE)
_AT_THE_END = re.compile(r"^sys:1: RuntimeWarning: coroutine '.*' was never awaited\n?", re.MULTILINE)


def without_remarks(output: str, grader: str) -> str:
    """What a program printed, without warnings at lines that its author never saw.

    Args:
        output: what was printed.
        grader: the path of the grader's file.
    """
    if "Warning: " not in output:
        return output
    warned = rf"^(?:{re.escape(grader)}|{_ENGINE}):\d+: \w*Warning: .*\n?(?:^  \S.*\n?)?"
    output = re.sub(warned, "", output, flags=re.MULTILINE)
    return _AT_THE_END.sub("", _TRACEMALLOC.sub("", output))
