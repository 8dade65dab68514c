"""What one run of learner code may see and use."""

from __future__ import annotations

import os
import site
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

Level = Literal["full", "process"]

#: Directories that the sandbox makes itself; a policy cannot show the machine's own.
_OWN = (Path("/proc"), Path("/dev"))


@dataclass(frozen=True)
class Policy:
    """The limits of one run, in one object.

    What each level promises:

    ``full``
        The process sees ``readable``, a private ``/tmp``, ``/dev`` with the harmless devices and a ``/proc`` with
        itself alone. It has no network, no other process to see, signal or trace, no capability and no way to gain one;
        its memory, time, tasks and disk are bounded, and all that it started dies with it. Any step that cannot
        be done raises `SandboxError`.

    ``process``
        A process of its own with limits, a session of its own, no descriptor beyond ``keep_fds`` and no new privileges.
        Where the machine offers them, Landlock and seccomp are applied too: then files outside ``readable`` and outside
        its own temporary directory stay closed, there are no sockets and no child processes. The numbers and owners of
        other processes stay visible in ``/proc``, and its temporary directory has no size limit beyond that of a file.
        Root forks it as a user of no account, unless what it must read is closed to others: `cannot_leave_root` says.
        Without Landlock (macOS, old kernels) it may read and write whatever its user may: keep secrets out of reach, and
        do not be root there. Pages in its temporary directory are the disk's.
    """

    level: Level
    #: Paths visible read-only. Symbolic links on the way are reproduced; what does not exist is passed over.
    readable: tuple[Path, ...]
    #: Private memory on top of what the fork inherits.
    memory_mb: int = 2048
    #: CPU seconds of the process; at the limit the kernel sends SIGKILL, which nothing can catch.
    cpu_seconds: int = 60
    #: Tasks at once, threads included. Counted at level ``full`` only: elsewhere the kernel counts the whole user.
    processes: int = 64
    open_files: int = 256
    #: The largest file that may be written.
    file_mb: int = 64
    #: The size of /tmp as a whole. Its pages are memory that ``memory_mb`` does not count.
    tmp_mb: int = 256
    #: Descriptors that stay open beyond 0, 1 and 2.
    keep_fds: tuple[int, ...] = ()
    #: May the code start processes? Each would have ``memory_mb`` of its own, so memory is bounded only without.
    children: bool = False
    #: Device nodes beyond the harmless ones, such as /dev/nvidia0. CUDA needs memfd_create and reserves far more
    #: address space than it uses, so with any device here shared memory is not bounded.
    devices: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        for path in (*self.readable, *self.devices):
            if not path.is_absolute():
                raise ValueError(f"{path} is not absolute")
            if ".." in path.parts:
                raise ValueError(f"{path} contains '..'")
        for path in self.readable:
            if path == Path("/"):
                raise ValueError("readable cannot hold '/': list the directories that the code needs")
            if any(path.is_relative_to(own) for own in _OWN):
                raise ValueError(f"{path} cannot be readable: the sandbox has its own {path.parts[1]}")


@lru_cache(maxsize=1)
def interpreter_paths() -> tuple[Path, ...]:
    """What this interpreter needs to import its libraries: prefix, virtual environment, shared libraries.

    Not all of ``sys.path``: an editable install puts the project's root there, solutions included. But its folders of installed
    packages count: a ``.pth`` file may name those of another environment.
    """
    wanted = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):  # noqa: PTH112
        wanted.append(site.getusersitepackages())
    wanted += [path for path in sys.path if path.rpartition("/")[2] in ("site-packages", "dist-packages")]
    wanted += [
        "/lib",
        "/lib32",
        "/lib64",
        "/usr/lib",
        "/usr/lib32",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/share/zoneinfo",
    ]
    wanted += ["/etc/ld.so.cache", "/etc/localtime"]
    # PyTorch's cpuinfo and glibc's sysconf look up the processors there.
    wanted += ["/sys/devices/system/cpu"]
    return tuple(dict.fromkeys(Path(path) for path in wanted if Path(path).exists()))
