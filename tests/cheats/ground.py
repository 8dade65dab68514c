"""Where cheats are tried: a course of its own with secrets planted around it, and a list of what went wrong.

``python -m cheats.ground LEVEL [NAME ...]`` tries them as whoever runs it, and prints what went wrong as JSON.
"""

from __future__ import annotations

import compileall
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import Watching

from mechgrade import sandbox
from mechgrade.course import Course, load_course
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array
from mechgrade.submissions.submission import Submission

from .cheat import CHEATS, Cheat

ROOT = Path(__file__).parents[2]

#: What is graded after a cheat, by the same worker, to see that nothing has stayed: it runs the course model.
NEXT = {"find_heads": "induction_scores", "induction_scores": "find_heads"}

#: After cheats that do not aim at it, it is graded once in so many.
EVERY = 8

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Ground:
    """A copy of the course in which everything is open to everyone: only the sandbox can close it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="cheats-", dir="/var/tmp"))
        for name in ("exercises", "graders", "solutions", "fixtures", "interp"):
            shutil.copytree(ROOT / name, self.root / name)
        # Importing a grader's file for the first time leaves its bytecode, and that is no cheat's doing.
        compileall.compile_dir(self.root / "graders", quiet=1)
        shutil.copy(ROOT / "course.yaml", self.root)
        self.secrets = {
            name: f"canary-{name}-{secrets.token_hex(16)}" for name in ("environment", "argument", "memory")
        }
        self._plant("recorded", "fixtures/recorded/canary.txt")
        self._plant("results", "outputs/results.json")
        self._plant("neighbour", "submissions/other/lab3/find_heads.py")
        self._plant("solution", "solutions/lab3/find_heads.py")
        for path in (self.root, *self.root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        self.course: Course = load_course(self.root)
        self.victim = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(3600)", self.secrets["argument"]]
        )
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._listeners = [self._tcp]
        for address in (str(self.root / "socket"), f"\0mechgrade-{self.port}"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            self._listeners.append(listener)
        # Where the server that lends the worker would listen, with its private directory opened to all.
        self.runtime = self.root / "run" / "mechgrade-0" / "here" / "socket"
        self.runtime.parent.mkdir(parents=True)
        lender = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lender.bind(str(self.runtime))
        lender.listen()
        self._listeners.append(lender)
        # And where commands are taken to be run.
        self.host = self.root / "run" / "mechgrade-0" / "commands-0" / "socket"
        self.host.parent.mkdir()
        host = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        host.bind(str(self.host))
        host.listen()
        self._listeners.append(host)
        for path in (self.host, self.host.parent, self.runtime, *self.runtime.parents[:3]):
            path.chmod(0o777)
        for listener in self._listeners:
            listener.setblocking(False)
        # As a shell would have left it for the grader, and so for whatever the grader starts.
        os.environ["MECHGRADE_SECRET"] = os.environ["HF_TOKEN"] = self.secrets["environment"]
        os.environ["HF_HUB_CACHE"] = str(self.root / "hub")  # tells this ground's worker from others'
        self.worker = Worker(self.course.limits.start_seconds)
        self._workers: set[int] = set()
        self._tried = 0
        self._submission = self.root / "submissions" / "cheat"
        # Whatever is made once is made now, byte code beside the graders for instance.
        assert self._reference("find_heads", "process").verdict == "passed"
        assert self._reference("induction_scores", "process").verdict == "passed"

    def _plant(self, name: str, path: str) -> None:
        self.secrets[name] = f"canary-{name}-{secrets.token_hex(16)}"
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as text:
            text.write(f"\n# {self.secrets[name]}\n")

    def close(self) -> None:
        """End all, and leave nothing."""
        self.worker.close()
        for listener in self._listeners:
            listener.close()
        self.victim.kill()
        self.victim.wait()
        shutil.rmtree(self.root)
        for name in ("MECHGRADE_SECRET", "HF_TOKEN", "HF_HUB_CACHE"):
            os.environ.pop(name, None)

    # --- grading -----------------------------------------------------------------------------------------------------

    def grade(
        self, name: str, source: str, level: str, hidden: str | None = None, **limits: float
    ) -> tuple[ExerciseResult, list[Outcome]]:
        """Grade a file, with what came back from its process."""
        exercise = self.course.exercise(name)
        folder = self._submission / exercise.lab
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        course = self.course.model_copy(update={"limits": self.course.limits.model_copy(update=limits)})
        options = resolve(course, isolation=level, hidden=hidden)
        opener = Watching(self.worker, lambda job: job.source == source)
        try:
            result = grade(course, Submission(self._submission), [exercise], options, opener).exercises[0]
        finally:
            shutil.rmtree(self._submission)
        return result, opener.seen

    def _reference(self, name: str, level: str) -> ExerciseResult:
        source = self.course.solution_path(self.course.exercise(name)).read_text(encoding="utf-8")
        return self.grade(name, source, level)[0]

    # --- what went wrong ---------------------------------------------------------------------------------------------

    def problems(self, cheat: Cheat, level: str) -> list[str]:
        """Try one cheat at one level. An empty list says that it failed in all that it tried."""
        self._tried += 1
        self.processes()  # so that the worker is known, should the cheat end it
        before = self._files()
        facts = {"COURSE": str(self.root), "VICTIM": self.victim.pid, "PORT": self.port}
        facts |= {"RUNTIME": str(self.runtime), "HOST": str(self.host)}
        result, outcomes = self.grade(cheat.exercise, cheat.text(**facts), level, **cheat.limits)
        found = []
        if result.verdict not in cheat.expected(level):
            found.append(f"its verdict is {result.verdict}: {result.message}")
        if result.points:
            found.append(f"it gained {result.points:g} points")
        said = _everything_in(result, outcomes)
        found += [f"it read the secret in {name}" for name, secret in self.secrets.items() if secret.encode() in said]
        found += [line.decode(errors="replace")[:200] for line in set(re.findall(rb"ESCAPED[^'\"]*", said))]
        if any(_CONTROL.search(text) for text in _shown(result, outcomes)):
            found.append("its control characters reach a terminal")
        found += [f"it connected to {listener.getsockname()!r}" for listener in self._listeners if _called(listener)]
        if self.victim.poll() is not None:
            found.append("it ended another process")
        found += [f"a process is left: {words}" for words in _left(self.processes)]
        found += [f"a file is left or changed: {path}" for path in _left(lambda: self._files() ^ before)]
        if not cheat.may_last and self._tried % EVERY:
            return found
        following = self._reference(NEXT.get(cheat.exercise, "find_heads"), level)
        if following.verdict != "passed":
            found.append(f"the next exercise is {following.verdict}: {following.message}")
        return found

    def processes(self) -> set[str]:
        """What lives beside the worker itself: its descendants, and orphans of its kind."""
        assert self.worker._process is not None
        parents, words = {}, {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                # It may end between the two reads: then neither is kept.
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if state != "Z":
                    parents[int(entry.name)], words[int(entry.name)] = int(parent), line
        worker = {self.worker._process.pid}
        if sandbox.probe().level == "full":  # the process that was started stays behind, and the worker is its child
            worker |= {pid for pid, parent in parents.items() if parent in worker}
        self._workers |= worker
        family = set(worker)
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        orphans = {pid for pid, parent in parents.items() if parent == 1 and "mechgrade.worker" in words[pid]}
        # Others' workers are orphans too where a server keeps them warm; ours were started with a variable of their own.
        orphans = {pid for pid in orphans if self._is_ours(pid)}
        return {f"{pid} {words[pid]}" for pid in (family | orphans) - worker}

    def _is_ours(self, pid: int) -> bool:
        try:
            return str(self.root).encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except PermissionError:  # of another user; or of this one, and closed up as our workers are
            with contextlib.suppress(OSError):
                return Path(f"/proc/{pid}").stat().st_uid == os.geteuid()
            return False
        except OSError:
            return False

    def _files(self) -> set[tuple[str, int, int]]:
        """The course, and what a cheat may have left anywhere else."""
        found = set()
        elsewhere = [
            path for folder in ("/tmp", "/var/tmp", "/dev/shm", "/") for path in Path(folder).glob("cheat[-_.]*")
        ]
        elsewhere += [path for folder in sys.path if folder for path in Path(folder).glob("cheat[-_.]*")]
        # Others grade on this machine, and their workers may be killed: only what a worker of ours made is looked at.
        scratch = Path("/tmp").glob("mechgrade-[0-9]*-*")
        elsewhere += [path for path in scratch if int(path.name.split("-")[1]) in self._workers and _is_left(path)]
        for path in [*elsewhere, *self.root.rglob("*")]:
            with contextlib.suppress(FileNotFoundError):
                if self._submission not in (path, *path.parents) and path != self._submission.parent:
                    status = path.lstat()
                    found.add(
                        (str(path), 0 if path.is_dir() else status.st_size, 0 if path.is_dir() else status.st_mtime_ns)
                    )
        return found


def _is_left(scratch: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        mine = os.geteuid() in (0, scratch.stat().st_uid)
        return mine and not Path("/proc", scratch.name.split("-")[1]).exists()
    return False


def _left(look: Any) -> set[Any]:
    """What is still there after a while: a worker cleans up while the grader goes on."""
    deadline = time.monotonic() + 20
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _called(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _everything_in(result: ExerciseResult, outcomes: list[Outcome]) -> bytes:
    arrays = (array.values.tobytes() for outcome in outcomes for array in _arrays(outcome.data))
    return repr((result, outcomes, result.as_tree())).encode(errors="replace") + b"".join(arrays)


def _arrays(tree: Any) -> Iterator[Array]:
    if isinstance(tree, Array):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from _arrays(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _arrays(value)


def _shown(result: ExerciseResult, outcomes: list[Outcome]) -> Iterator[str]:
    """All text that a person may be shown."""
    for check in result.checks:
        yield from (check.message, check.sentence, check.output, check.misconception or "")
        if check.place:
            yield from (check.place.function, check.place.text)
    for outcome in outcomes:
        yield from (outcome.message, outcome.error, outcome.output)
        for place in (*outcome.trace, *outcome.called):
            yield from (place.function, place.text)


def main(level: str, names: list[str]) -> None:
    """Try some cheats, or all, as the user who runs this."""
    ground = Ground()
    try:
        chosen = [cheat for cheat in CHEATS if level in cheat.levels and (cheat.name in names or not names)]
        failures = {
            cheat.name: found
            for cheat in chosen
            if "needs" not in cheat.headers and (found := ground.problems(cheat, level))
        }
    finally:
        ground.close()
    print(json.dumps({"tried": len(chosen), "user": os.geteuid(), "failures": failures}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
