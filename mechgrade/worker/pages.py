"""Huge pages for what all forks share: a fork copies page tables, and its end walks them, entry by entry.

Most of a worker's own memory is what the libraries made when they were imported: hundreds of megabytes that a learner's process reads, and
of which it writes to little. In pages of 2 MB they take a five-hundredth of the entries; where a fork writes to one, the kernel splits that one.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from mechgrade.sandbox import libc

# <asm-generic/mman-common.h>, since Linux 6.1. Unlike MADV_HUGEPAGE it acts at once, on memory that is there already.
_MADV_COLLAPSE = 25
_HUGE = 2 << 20


def gather() -> int:
    """Gather this process's own memory into huge pages, as far as the kernel will.

    Returns:
        how many huge pages it made; zero where there are none, or another size is the rule.
    """
    if sys.platform != "linux":
        return 0
    made = 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *rest = line.split()
        name = rest[3] if len(rest) > 3 else ""
        if rights != "rw-p" or name not in ("", "[heap]"):
            continue
        start, end = (int(edge, 16) for edge in span.split("-"))
        # One by one: a range with a page that was never used, and so cannot be moved, would fail as a whole.
        for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            with contextlib.suppress(OSError):
                libc.madvise(address, _HUGE, _MADV_COLLAPSE)
                made += 1
    return made
