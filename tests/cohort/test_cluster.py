"""Grading over Dask: a real scheduler and real workers, as processes of their own."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mechgrade.course import Course

from .ground import assert_same, cohort, command, environment

pytestmark = pytest.mark.long

Graded = tuple[Path, Path]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Scheduler:
    """A scheduler with workers, one thread each.

    Args:
        host: where the scheduler listens.
        inside: what to put before a worker's command, for each worker: nothing, or a way into another network.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", inside: tuple[tuple[str, ...], ...] = ((), ())) -> None:
        self.folder = folder
        self.inside = inside
        port = free_port()
        self.address = f"tcp://{host}:{port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", host, "--port", str(port), "--no-dashboard", "--no-show")
        self.workers = [self.worker(place) for place in range(len(inside))]

    def _start(self, what: str, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(
                [*before, sys.executable, "-m", "distributed.cli.dask_" + what, *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(),
            )
        self.processes.append(process)
        return process

    def worker(self, place: int) -> subprocess.Popen[bytes]:
        """Start a worker. Without a nanny: who is killed stays away."""
        options = [
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
            "--memory-limit",
            "0",
            "--name",
            f"{place}-{time.time_ns()}",
        ]
        return self._start("worker", self.address, *options, before=self.inside[place])

    def log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.folder.glob("*.log")))

    def close(self) -> list[psutil.Process]:
        """End everything; what is still there after a while."""
        seen = []
        for process in self.processes:
            if process.poll() is None:
                seen += psutil.Process(process.pid).children(recursive=True)
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        return list(psutil.wait_procs(seen, timeout=60)[1])


@contextmanager
def scheduler(folder: Path, *arguments: object, **options: object) -> Iterator[Scheduler]:
    made = Scheduler(folder, *arguments, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        left = made.close()
    assert not left, f"processes that outlive the cluster: {left}"


def test_the_same_results(small: Course, graded: Graded, tmp_path: Path) -> None:
    """Two workers give byte for byte what one process here gives; a second run has nothing to do."""
    folder, undisturbed = graded
    with scheduler(tmp_path) as cluster:
        grade = ["grade", folder, "--out", tmp_path / "out", "--scheduler", cluster.address]
        done = cohort(small, *grade)
        assert done.returncode == 0, done.stdout + done.stderr + cluster.log()
        assert_same(tmp_path / "out", undisturbed)
        assert "12 of 12 learners had been graded before" in cohort(small, *grade).stdout


@pytest.mark.slow
def test_a_worker_is_lost(small: Course, graded: Graded, tmp_path: Path) -> None:
    """Its submissions are graded by another; a worker that comes later takes part; nothing comes twice."""
    folder, undisturbed = graded
    chance = random.Random(3)
    with scheduler(tmp_path) as cluster:
        grade = command("grade", folder, "--out", tmp_path / "out", "--scheduler", cluster.address)
        with (tmp_path / "cohort.log").open("wb") as log:
            running = subprocess.Popen(grade, cwd=small.root, env=environment(), stdout=log, stderr=log)
        for place in (0, 1):
            # Until it is at work: it has a process that grades.
            deadline = time.monotonic() + 120
            while not psutil.Process(cluster.workers[place].pid).children() and running.poll() is None:
                assert time.monotonic() < deadline, cluster.log()
                time.sleep(0.2)
            time.sleep(chance.uniform(0, 3))
            cluster.workers[place].kill()
            cluster.workers[place].wait()
            cluster.workers[place] = cluster.worker(place)
        assert running.wait(400) == 0, cluster.log()
    assert_same(tmp_path / "out", undisturbed)


def test_another_course_there(small: Course, graded: Graded, tmp_path: Path) -> None:
    """A worker whose copy of a grader is older must not grade: its results would be kept as the new one's."""
    # The member reads the course when its first task comes; the coordinator has read it before.
    from mechgrade.cohort.cluster import close_members, grade_there
    from mechgrade.cohort.keys import bases
    from mechgrade.grading.options import Options

    options = Options("embedded", "bridge", "cpu", "process")
    found = list(bases(small, small.exercises(), options).values())
    exercises = [(exercise.lab, exercise.name) for exercise in small.exercises()]
    setup = {
        "root": str(small.root),
        "options": options.as_tree(),
        "exercises": exercises,
        "bases": [*found[:-1], "another"],
    }
    try:
        (message,) = grade_there(setup, [("lab3", "find_heads", "x = 1\n", "")], [])
    finally:
        close_members()
    assert b"failed" in message
    assert b"not those that this run began with" in message


def test_no_scheduler(small: Course, graded: Graded, tmp_path: Path) -> None:
    """A wrong address is the user's mistake, told in a sentence."""
    address = f"tcp://127.0.0.1:{free_port()}"
    done = cohort(small, "grade", graded[0], "--out", tmp_path / "out", "--scheduler", address)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"no Dask scheduler answers at {address}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def networks() -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
    """Two network namespaces behind a bridge: the host's address there, and the way into each."""

    def ip(*arguments: str) -> bool:
        return subprocess.run(["ip", *arguments], capture_output=True, check=False).returncode == 0

    if os.geteuid() != 0 or not ip("link", "add", "mgbridge", "type", "bridge"):
        pytest.skip(
            "network namespaces with a bridge are not to be had here (no root, no ip, or no bridge in the kernel)"
        )
    try:
        assert ip("addr", "add", "10.213.0.1/24", "dev", "mgbridge")
        assert ip("link", "set", "mgbridge", "up")
        for place in (0, 1):
            assert ip("netns", "add", f"mechgrade{place}")
            assert ip(
                "link", "add", f"mgveth{place}", "type", "veth", "peer", "name", "eth0", "netns", f"mechgrade{place}"
            )
            assert ip("link", "set", f"mgveth{place}", "master", "mgbridge", "up")
            inside = ["-n", f"mechgrade{place}"]
            assert ip(*inside, "addr", "add", f"10.213.0.{place + 2}/24", "dev", "eth0")
            assert ip(*inside, "link", "set", "eth0", "up")
            assert ip(*inside, "link", "set", "lo", "up")
        yield "10.213.0.1", tuple(("ip", "netns", "exec", f"mechgrade{place}") for place in (0, 1))
    finally:
        for place in (0, 1):
            ip("netns", "del", f"mechgrade{place}")
            ip("link", "del", f"mgveth{place}")
        ip("link", "del", "mgbridge")


@pytest.mark.slow
def test_other_machines(
    small: Course, graded: Graded, tmp_path: Path, networks: tuple[str, tuple[tuple[str, ...], ...]]
) -> None:
    """Workers in networks of their own reach the scheduler by its address alone, and give the same results."""
    folder, undisturbed = graded
    host, inside = networks
    with scheduler(tmp_path, host, inside) as cluster:
        done = cohort(small, "grade", folder, "--out", tmp_path / "out", "--scheduler", cluster.address)
        assert done.returncode == 0, done.stdout + done.stderr + cluster.log()
    assert_same(tmp_path / "out", undisturbed)
