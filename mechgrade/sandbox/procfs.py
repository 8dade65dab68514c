"""The running process in /proc, wherever that is mounted just now: proc_pid_status(5), proc_pid_oom_score_adj(5)."""

from __future__ import annotations

import os
from types import TracebackType


class OwnProc:
    """An open directory: it stays this process's when /proc is mounted anew, and when the process changes its user."""

    def __init__(self) -> None:
        #: This process's pid in the namespace that /proc shows.
        self.pid = int(os.readlink("/proc/self"))  # noqa: PTH115  no path
        self._directory = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> OwnProc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._directory)

    def write(self, name: str, text: str) -> None:
        """Replace one file's content in one write, as the kernel demands."""
        descriptor = os.open(name, os.O_WRONLY, dir_fd=self._directory)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def status(self) -> dict[str, str]:
        """The lines of status, by name."""
        descriptor = os.open("status", os.O_RDONLY, dir_fd=self._directory)
        try:
            lines = os.read(descriptor, 1 << 16).decode().splitlines()
        finally:
            os.close(descriptor)
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def size_kb(self, field: str) -> int:
        """A size such as VmData: the private writable memory that RLIMIT_DATA counts."""
        return int(self.status()[field].split()[0])

    def has(self, *capabilities: int) -> bool:
        """Are these capabilities effective?"""
        effective = int(self.status()["CapEff"], 16)
        return all(effective >> capability & 1 for capability in capabilities)
