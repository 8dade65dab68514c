"""Gathering memory into huge pages changes where it lies, and nothing else."""

from __future__ import annotations

import subprocess
import sys

BODY = """
import os
from pathlib import Path
from mechgrade.worker import pages

def huge():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages:")) // 2048

held = [os.urandom(1 << 20) for _ in range(32)]
tables = {number: str(number) for number in range(300_000)}
before, sums, words = huge(), [hash(one) for one in held], hash(tuple(tables.values()))
made = pages.gather()
assert made == 0 or huge() > before, (made, before, huge())
assert sums == [hash(bytes(bytearray(one))) for one in held] and words == hash(tuple(tables.values()))
child = os.fork()
if child == 0:
    tables[0] = "the child's own"
    os._exit(0 if hash(held[0]) == sums[0] else 1)
assert os.waitpid(child, 0)[1] == 0 and tables[0] == "0"
"""


def test_memory_is_as_it_was() -> None:
    """A kernel without the call makes none; one with it must not lose a byte, before a fork or after it."""
    subprocess.run([sys.executable, "-c", BODY], check=True, timeout=100)
