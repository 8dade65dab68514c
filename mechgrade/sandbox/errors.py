"""One way to fail, and one place that names each step and how long it took."""

from __future__ import annotations

import errno as codes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Milliseconds of each step that this process took, in order. A fork inherits what its parent wrote.
durations: dict[str, float] = {}


class SandboxError(RuntimeError):
    """A step of the sandbox failed: an infrastructure error, never the learner's.

    Nothing is weakened in response. Whoever catches it ends the process and reports what it says.
    """

    def __init__(self, step: str, errno: int | None, detail: str = "") -> None:
        self.step = step
        self.errno = errno
        code = f"{codes.errorcode.get(errno, errno)}: {os.strerror(errno)}" if errno else "failed"
        super().__init__(f"sandbox: cannot {step}: {code}" + (f" ({detail})" if detail else ""))


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name what is being done, as the end of the sentence "cannot …"; any OSError inside becomes a SandboxError."""
    started = time.perf_counter()
    try:
        yield
    except OSError as error:
        raise SandboxError(name, error.errno, str(error.filename or "")) from error
    durations[name] = (time.perf_counter() - started) * 1e3
