"""What the system says of itself: memory, disk, and NVIDIA's cards, without importing torch."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIB = 2**30


@dataclass(frozen=True)
class Card:
    """A graphics card, as ``nvidia-smi`` reports it; sizes in bytes."""

    name: str
    total: int
    free: int


@dataclass(frozen=True)
class Holder:
    """A process that holds memory of a card."""

    pid: int
    name: str
    used: int


def available_memory() -> int | None:
    """Bytes of main memory that a new process may use; None where the system does not say.

    The smaller of what the machine has free and what the control group leaves.
    """
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    except OSError:
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        most = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if most != "max":
            found.append(max(int(most) - int(Path("/sys/fs/cgroup/memory.current").read_text()), 0))
    except (OSError, ValueError):
        pass
    return min(found, default=None)


def free_disk(path: Path) -> int:
    """Bytes free on the disk of a path."""
    return shutil.disk_usage(path).free


def cards() -> list[Card]:
    """NVIDIA's cards that the driver shows; empty where there is no driver."""
    found = []
    for line in _ask("--query-gpu=name,memory.total,memory.free"):
        name, total, free = (part.strip() for part in line.rsplit(",", 2))
        # An integrated GPU shares the machine's memory, and reports [N/A].
        found.append(Card(name, _mebibytes(total), _mebibytes(free)))
    return found


def holders() -> list[Holder]:
    """The processes that hold memory of the cards."""
    found = []
    for line in _ask("--query-compute-apps=pid,process_name,used_memory"):
        pid, name, used = (part.strip() for part in line.split(",", 2))
        if pid.isdigit():
            found.append(Holder(int(pid), Path(name).name, _mebibytes(used)))
    return found


def _mebibytes(text: str) -> int:
    return int(text) * 2**20 if text.isdigit() else 0


def _ask(query: str) -> list[str]:
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line for line in done.stdout.splitlines() if line.count(",") >= 2]


def system() -> str:
    """The machine in a few words."""
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} cores"


def gigabytes(count: float) -> str:
    """Bytes as people say them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
