"""What several tests need besides fixtures."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from mechgrade.course import Course, Exercise
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.sessions import Opener, Session
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker, _environment
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome
from mechgrade.submissions.find import find_submission

ROOT = Path(__file__).parents[1]

#: Where pytest's configuration keeps which of the large libraries the collection of the tests has imported.
IMPORTED = pytest.StashKey[set[str]]()


class _Later:
    """See :func:`later`."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks for marks, its own and a mock's, at whatever a test module holds
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)

    def __setattr__(self, attribute: str, value: object) -> None:
        setattr(importlib.import_module(self._name), attribute, value)

    def __delattr__(self, attribute: str) -> None:
        delattr(importlib.import_module(self._name), attribute)


def later(name: str) -> Any:
    """A module that is imported when a test first uses it: to collect the tests takes neither torch nor nbgrader, and seconds less."""
    return _Later(name)


@cache
def ready() -> str:
    """The address of what forks workers for this process's tests, started when the first asks for it. See ``ready.py``."""
    address = str(Path(tempfile.mkdtemp(prefix="ready-")) / "socket")
    process = subprocess.Popen(
        [sys.executable, "-I", ROOT / "tests/ready.py", "serve", address],
        stdin=subprocess.PIPE,  # it ends when this process has
        stdout=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
        start_new_session=True,
    )
    while not Path(address).exists():
        assert process.poll() is None, "it says above why it ended"
        time.sleep(0.05)
    _KEPT.append(process)
    return address


_KEPT: list[subprocess.Popen[bytes]] = []


def command(module: str = "mechgrade.doors.cli") -> list[str]:
    """``mechgrade``, or ``python -m MODULE``, with workers that start in a moment: for tests that are not about their start."""
    return [sys.executable, str(ROOT / "tests/ready.py"), ready(), module]


def grade_folder(course: Course, worker: Worker, folder: Path, exercises: list[Exercise], **settings: object) -> Result:
    """Grade a submission with a worker that is already warm."""
    asked = {"isolation": "process", **settings}
    options = resolve(course, **asked)  # type: ignore[arg-type]
    return grade(course, find_submission(course, folder), exercises, options, worker)


class Watching:
    """An opener of another's sessions that keeps what comes back from them.

    Args:
        inner: opens the sessions.
        wanted: whether the outcomes of a job are kept.
    """

    def __init__(self, inner: Opener, wanted: Callable[[Job], bool] = lambda _job: True) -> None:
        self._inner = inner
        self._wanted = wanted
        self.seen: list[Outcome] = []
        self.start, self.close = inner.start, inner.close

    def open(self, spec: BenchSpec, job: Job) -> Session:
        """A session whose outcomes are kept."""
        session = self._inner.open(spec, job)
        if self._wanted(job):
            run = session.run

            def watched(scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
                self.seen.append(run(scenario, inputs, traced=traced))
                return self.seen[-1]

            session.run = watched  # type: ignore[method-assign]
        return session


def one_exercise(root: Path, lab: str = "lab3", name: str = "find_heads") -> Path:
    """Make a course with a single exercise of the project's own, which a test may spoil; nothing is built or recorded."""
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    chosen = document["labs"][lab]
    chosen["exercises"], chosen["merged"] = {name: chosen["exercises"][name]}, {}
    document["labs"], document["pages"] = {lab: chosen}, []
    (root / "course.yaml").write_text(yaml.safe_dump(document))
    variants = f"solutions/{lab}/variants/{name}"
    for part in (f"solutions/{lab}/{name}.py", f"{variants}.py", f"{variants}.yaml", f"graders/{lab}/test_{name}.py"):
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, root / part)
    (root / "interp").symlink_to(ROOT / "interp")
    (root / "fixtures").mkdir()
    for part in ("models", "saes"):
        (root / "fixtures" / part).symlink_to(ROOT / "fixtures" / part)
    return root
