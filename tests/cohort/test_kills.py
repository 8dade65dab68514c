"""SIGKILL, whenever and whomever: nothing is lost, nothing comes twice, the results are the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from mechgrade import sandbox
from mechgrade.cohort.store import Store
from mechgrade.course import Course

from .ground import assert_same, command, environment, small_class

pytestmark = pytest.mark.long

Graded = tuple[Path, Path]

#: Whether a worker goes on as the child of what was started.
FULL = sandbox.probe().level == "full"


class Victims:
    """A run over a class, whose processes are killed by chance until that has happened often enough.

    Killed are the coordinator, the processes that grade, and their workers: what was started, and where level full is offered also the
    fork server, which goes on as its child. Learners' own processes
    are not: that one ended by itself and that it was killed cannot be told apart, and either is a learner's verdict.
    """

    def __init__(self, course: Course, folder: Path, out: Path, seed: int, jobs: int) -> None:
        self.course = course
        self.arguments = command("grade", folder, "--out", out, "--jobs", str(jobs))
        self.chance = random.Random(seed)
        self.killed: dict[str, int] = {}
        self.started = 0
        self.seen: set[psutil.Process] = set()
        self.log = (out.parent / "log").open("w+")

    def start(self) -> subprocess.Popen[str]:
        self.started += 1
        return subprocess.Popen(
            self.arguments, cwd=self.course.root, env=environment(), stdout=self.log, stderr=self.log, text=True
        )

    def run(self, kills: int, pause: tuple[float, float]) -> None:
        """Kill, start again, and let it come to its end."""
        process = self.start()
        while sum(self.killed.values()) < kills:
            time.sleep(self.chance.uniform(*pause))
            if process.poll() is not None:
                # Done before there were kills enough: a run that has nothing left to do can be killed as well.
                process = self.start()
                continue
            self.kill(process)
            if process.poll() is not None:
                process = self.start()
        code = process.wait(400)
        if code == -signal.SIGKILL or self._gave_up():
            code = self.start().wait(400)
        self.log.seek(0)
        assert code == 0, self.log.read()

    def _gave_up(self) -> bool:
        """Whether it ended because all its processes were killed before they had graded anything: who sees that starts it again."""
        self.log.seek(0)
        return "end before they have graded anything" in self.log.read().rpartition("learners, ")[2]

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill one of the processes that there are, each kind being as likely."""
        kinds = self.kinds(process)
        kind = self.chance.choice([name for name, found in kinds.items() if found])
        victim = self.chance.choice(kinds[kind])
        try:
            victim.kill()
        except psutil.NoSuchProcess:
            return
        if kind == "coordinator":
            process.wait(60)
        self.killed[kind] = self.killed.get(kind, 0) + 1

    def kinds(self, process: subprocess.Popen[str]) -> dict[str, list[psutil.Process]]:
        """The run's processes by what they are."""
        coordinator = psutil.Process(process.pid)
        kinds: dict[str, list[psutil.Process]] = {
            "coordinator": [coordinator],
            "member": [],
            "worker": [],
            "fork server": [],
        }
        try:
            kinds["member"] = coordinator.children()
            kinds["worker"] = [child for member in kinds["member"] for child in member.children()]
            if FULL:
                kinds["fork server"] = [child for worker in kinds["worker"] for child in worker.children()]
        except psutil.NoSuchProcess:
            pass
        self.seen.update(one for found in kinds.values() for one in found)
        return kinds

    def left(self) -> list[psutil.Process]:
        """Processes that outlived the run."""
        _, alive = psutil.wait_procs(list(self.seen), timeout=60)
        return list(alive)


def check(victims: Victims, undisturbed: Path, out: Path) -> None:
    assert_same(out, undisturbed)
    assert not victims.left()
    with Store(out) as store:
        rows = store._db.execute("SELECT COUNT(*), COUNT(DISTINCT key) FROM results").fetchone()
        wanted = {key for _, keys in store.roster() for key in keys}
        assert rows == (len(wanted), len(wanted))
        assert store._db.execute("SELECT COUNT(*) FROM faults").fetchone() == (0,)


def test_a_few_kills(small: Course, graded: Graded, tmp_path: Path) -> None:
    """Four kills over a run with two processes."""
    folder, undisturbed = graded
    victims = Victims(small, folder, tmp_path / "out", seed=1, jobs=2)
    victims.run(kills=4, pause=(0.5, 3.0))
    check(victims, undisturbed, tmp_path / "out")


@pytest.mark.slow
def test_thirty_kills(small: Course, tmp_path: Path) -> None:
    """Thirty over a larger class; every kind of process is among them."""
    folder = small_class(small, tmp_path / "class", 40)
    calm = command("grade", folder, "--out", tmp_path / "calm", "--jobs", "2")
    subprocess.run(calm, cwd=small.root, env=environment(), check=True, capture_output=True, timeout=400)
    victims = Victims(small, folder, tmp_path / "out", seed=2, jobs=2)
    victims.run(kills=30, pause=(0.2, 6.0))
    print(f"killed {victims.killed}, started {victims.started} times")
    check(victims, tmp_path / "calm", tmp_path / "out")
    assert set(victims.killed) == {"coordinator", "member", "worker"} | ({"fork server"} if FULL else set())
