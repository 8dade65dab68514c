"""A command's wall time and processor time, those of all processes that it starts included.

Processor time is counted by a control group of the command's own: it is (almost) the same on a busy machine. Where there are none to be had
(no root, no cgroups) it is None, and wall time has to do.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_V1, _V2 = Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")


class Group:
    """A control group that counts, or nothing where there is none."""

    def __init__(self) -> None:
        self.path: Path | None = None
        for parent in (_V1, _V2):
            path = parent / f"mechgrade-bench-{os.getpid()}-{time.time_ns()}"
            if (parent / "cgroup.procs").exists():
                try:
                    path.mkdir()
                except OSError:
                    continue
                self.path = path
                return

    def enter(self) -> None:
        """Move this process in: to be called in a child before its program starts."""
        if self.path is not None:
            (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def seconds(self) -> float | None:
        """Processor seconds so far."""
        if self.path is None:
            return None
        if (self.path / "cpuacct.usage").exists():
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        return int((self.path / "cpu.stat").read_text().split()[1]) / 1e6

    def system_seconds(self) -> float | None:
        """Those of them that the kernel spent for the processes."""
        if self.path is None:
            return None
        if (self.path / "cpuacct.stat").exists():
            return int((self.path / "cpuacct.stat").read_text().split()[3]) / os.sysconf("SC_CLK_TCK")
        return int((self.path / "cpu.stat").read_text().split()[5]) / 1e6

    def close(self) -> None:
        """Remove the group, once all its processes have ended."""
        if self.path is None:
            return
        deadline = time.monotonic() + 30
        while (self.path / "cgroup.procs").read_text().strip() and time.monotonic() < deadline:
            time.sleep(0.1)
        with contextlib.suppress(OSError):  # something has outlived its command; the group goes with the machine
            self.path.rmdir()


@dataclass
class Spent:
    """What a command took.

    Attributes:
        seconds: of wall time.
        processor: of processor time, by all its processes; None where that could not be counted.
        memory: of the command's own process while it ran, in MiB, ten samples a second.
        own: processor time of the command's own process, until the last sample.
    """

    seconds: float
    processor: float | None
    memory: list[float] = field(default_factory=list)
    own: float = 0.0


def run(arguments: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> Spent:
    """Run a command to its end; it must succeed."""
    group = Group()
    memory: list[float] = []
    times: list[float] = [0.0]
    try:
        with tempfile.TemporaryFile("w+") as log:
            begun = time.perf_counter()
            process = subprocess.Popen(
                list(map(str, arguments)), cwd=cwd, env=env, stdout=log, stderr=log, preexec_fn=group.enter
            )

            def watch() -> None:
                try:
                    own = psutil.Process(process.pid)
                    while process.returncode is None and own.status() != psutil.STATUS_ZOMBIE:
                        memory.append(own.memory_info().rss / 2**20)
                        times.append(own.cpu_times().user + own.cpu_times().system)
                        time.sleep(0.1)
                except psutil.Error:
                    pass

            watcher = threading.Thread(target=watch)
            watcher.start()
            code = process.wait()
            seconds = time.perf_counter() - begun
            watcher.join()
            log.seek(0)
            assert code == 0, f"{arguments}: exit code {code}\n{log.read()[-3000:]}"
        return Spent(seconds, group.seconds(), memory, times[-1])
    finally:
        group.close()
