"""What the tests share: the course, one warm worker, and a way to grade a text as if a learner had written it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from ready import patched
from support import IMPORTED, ROOT, grade_folder, ready

from mechgrade.course import Course, load_course
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker

# Before torch is imported, here or in a command: its threads would only wait for processors that other tests use.
os.environ["OMP_NUM_THREADS"] = "1"

# Whoever runs the tests tries the same examples, so that a change is judged by what it changes. New ones, for a search by hand:
# make test PYTEST_ARGS=--hypothesis-profile=random
settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("fixed")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note what to collect the tests has imported: see test_collection.py."""
    session.config.stash[IMPORTED] = {"torch", "nbgrader", "nbformat"} & sys.modules.keys()


@pytest.fixture(scope="session", autouse=True)
def progress_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the progress, or into the private directory, of whoever works in this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MECHGRADE_HOME", str(tmp_path_factory.mktemp("progress")))
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        # And no command leaves a worker behind, unless the test is about that.
        patch.setenv("MECHGRADE_SERVER", "0")
        yield


@pytest.fixture(scope="session")
def course() -> Course:
    """The project's own course."""
    return load_course(ROOT)


@pytest.fixture(scope="session")
def worker(course: Course) -> Iterator[Worker]:
    """One worker for the whole session, as a cohort would have."""
    worker = Worker(course.limits.start_seconds)
    yield worker
    worker.close()


@pytest.fixture
def ready_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What starts a worker in this process has one in a moment; see ``ready.py``."""
    monkeypatch.setattr("mechgrade.grading.worker.subprocess", patched(ready()))


GradeText = Callable[..., ExerciseResult]


@pytest.fixture
def grade_text(course: Course, worker: Worker, tmp_path: Path) -> GradeText:
    """``grade_text("find_heads", source, isolation="full", backend="hooked")`` → that exercise's result."""

    def call(name: str, source: str | bytes, *, in_course: Course | None = None, **settings: object) -> ExerciseResult:
        used = in_course or course
        exercise = used.exercise(name)
        folder = tmp_path / "submission" / exercise.lab
        folder.mkdir(parents=True, exist_ok=True)
        body = source if isinstance(source, bytes) else source.encode()
        (folder / f"{name}.py").write_bytes(body)
        return grade_folder(used, worker, folder.parent, [exercise], **settings).exercises[0]

    return call


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Headless Chromium. Where there is none the tests fail: a skip would say that the page was looked at."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "the report's tests need Chromium: install the package chromium"
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu", *quiet])
        yield browser
        browser.close()
