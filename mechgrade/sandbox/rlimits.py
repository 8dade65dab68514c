"""Limits of one process: getrlimit(2).

Private writable memory is bounded by RLIMIT_DATA, tightly. What it does not count (stack-like mappings, and shared ones where there is no
seccomp to deny them) is bounded by RLIMIT_AS, loosely, because threads reserve address space that they never use.
"""

from __future__ import annotations

import os
import sys

from .policy import Policy
from .procfs import OwnProc

if sys.platform != "win32":
    import resource

_MB = 1 << 20
_STACK = 8 * _MB
# An allocator arena reserves 64 MB of address space and a stack 8 MB, for about one thread a processor.
_RESERVED_PER_THREAD = 72 * _MB
_RESERVED = 1024 * _MB


def apply(policy: Policy, own: OwnProc | None, *, tasks: int | None) -> None:
    """Set every limit, soft and hard alike, so that the process can only lower them.

    ``tasks`` is for RLIMIT_NPROC, or None where the kernel would count what is not the learner's.
    """
    limits = {
        # Equal limits mean SIGKILL at once. SIGXCPU would be lost on pid 1 of a namespace.
        resource.RLIMIT_CPU: policy.cpu_seconds,
        resource.RLIMIT_NOFILE: policy.open_files,
        resource.RLIMIT_FSIZE: policy.file_mb * _MB,
        resource.RLIMIT_CORE: 0,
        # Deep recursion meets the end of the stack and kills this process alone.
        resource.RLIMIT_STACK: _STACK,
    }
    if sys.platform == "linux" and own is not None:
        memory = policy.memory_mb * _MB
        limits[resource.RLIMIT_DATA] = own.size_kb("VmData") * 1024 + memory
        limits[resource.RLIMIT_MSGQUEUE] = 0
        limits[resource.RLIMIT_NICE] = 0
        limits[resource.RLIMIT_RTPRIO] = 0
        if not policy.devices:  # CUDA reserves as much address space as all the memory of machine and device
            slack = _RESERVED + _RESERVED_PER_THREAD * (os.cpu_count() or 1)
            limits[resource.RLIMIT_AS] = own.size_kb("VmSize") * 1024 + memory + slack
        if tasks is not None:
            limits[resource.RLIMIT_NPROC] = tasks
    for name, value in limits.items():
        _, hard = resource.getrlimit(name)
        # An ordinary user cannot raise a hard limit.
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
