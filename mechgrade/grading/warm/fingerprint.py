"""What tells that a warm worker is still the right one."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from mechgrade.course import Course
from mechgrade.grading.dependencies import held_by_worker
from mechgrade.grading.look import Look
from mechgrade.grading.worker import INHERITED


def fingerprint(course: Course, level: str) -> str:
    """What a worker holds in memory, as a hash: its side of the engine, the course's models, the libraries, the environment.

    Args:
        level: the isolation level that the machine offers; a worker finds that out once.

    Raises:
        CourseError: a file of these cannot be read.
    """
    with Look(course.root) as look:
        held = held_by_worker(course, look)
        held |= {str(path): look.data(path) for path in _downloads() if look.exists(path)}
    # Not sys.executable: python and python3 of one environment are the same.
    machine: list[object] = [str(course.root.resolve()), sys.prefix, sys.version, os.geteuid(), level]
    machine += [os.environ.get(name) for name in INHERITED]
    # Installing or removing a package changes the time of the directory that they are in.
    machine.append(Path(sysconfig.get_path("purelib")).stat().st_mtime_ns)
    return hashlib.sha256(json.dumps([held, machine], sort_keys=True).encode()).hexdigest()


def _downloads() -> Iterator[Path]:
    """The files that say which revision of a downloaded model is the current one."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    yield from Path(os.environ.get("HF_HUB_CACHE", home / "hub")).glob("models--*/refs/*")
