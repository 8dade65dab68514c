"""That the machine is judged rightly, and that nothing is promised that is not kept."""

from __future__ import annotations

import dataclasses
import errno
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mechgrade import sandbox
from mechgrade.sandbox import filesystem, landlock, libc, namespaces, rlimits, seccomp

from .conftest import IS_ROOT, ORDINARY_USER, Box, names_in


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "not here")


def test_the_probe_is_remembered() -> None:
    """It runs in every worker's start, and forks to find out."""
    sandbox.probe.cache_clear()
    assert sandbox.probe() is sandbox.probe()


def test_an_ordinary_user_gets_level_full_too(full: Box) -> None:
    """A learner's own laptop grades as the instructor's server does."""
    assert full.user in ("root", "user")
    assert full.value(lambda: os.getuid()) == 1000


@pytest.mark.parametrize(
    ("module", "name", "word"),
    [
        (libc, "unshare", "namespace"),
        (libc, "mount_setattr", "root directory"),
        (landlock, "version", "Landlock"),
        (seccomp, "is_available", "libseccomp"),
        (os, "pidfd_open", "pidfd"),
    ],
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, module: object, name: str, word: str) -> None:
    """`mechgrade doctor` says what to do, and the level is honest."""
    replacement = fail if name in ("unshare", "mount_setattr", "pidfd_open") else (lambda: 0)
    monkeypatch.setattr(module, name, replacement)
    sandbox.probe.cache_clear()
    offered = sandbox.probe()
    sandbox.probe.cache_clear()
    assert offered.level == "process"
    assert any(word in sentence for sentence in offered.missing), offered.missing


def test_full_is_refused_where_it_is_not_offered(monkeypatch: pytest.MonkeyPatch, process: Box) -> None:
    """Never a weaker level than was asked for."""
    poor = dataclasses.replace(sandbox.probe(), landlock=0, missing=["Landlock is missing."])
    monkeypatch.setattr("mechgrade.sandbox.parent.probe", lambda: poor)
    outcome = process.run(lambda: "ran", level="full")
    assert outcome.value is None
    assert outcome.failed is not None and "Landlock is missing" in outcome.failed


@pytest.mark.parametrize(
    ("module", "name", "step"),
    [
        (namespaces, "separate", "unshare namespaces"),
        (filesystem, "build", "build the file system"),
        (filesystem, "mount_own_proc", "mount a private /proc"),
        (rlimits, "apply", "limit resources"),
        (landlock, "restrict", "apply Landlock"),
        (seccomp, "install", "filter system calls"),
    ],
)
def test_a_step_that_fails_is_named_and_nothing_runs(
    monkeypatch: pytest.MonkeyPatch, full: Box, module: object, name: str, step: str
) -> None:
    """An infrastructure error with its reason, and no learner code."""
    offered = sandbox.probe()  # before the step fails, as in a warm worker
    monkeypatch.setattr(
        "mechgrade.sandbox.parent.probe",
        lambda: dataclasses.replace(offered, privileged=full.user == "root"),
    )
    monkeypatch.setattr(module, name, fail)
    outcome = full.run(lambda: "ran")
    words = outcome.failed or f"{outcome.raised}: {outcome.message}"
    assert outcome.value is None
    assert words.startswith(f"SandboxError: sandbox: cannot {step}: EPERM"), outcome


def test_root_without_user_namespaces_still_gets_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some servers forbid user namespaces: root needs none, and gives each run a user of its own."""
    if not IS_ROOT or sandbox.probe().level != "full":
        pytest.skip("needs root")
    without = dataclasses.replace(sandbox.probe(), namespaces=sandbox.probe().namespaces - {"user"})
    assert without.level == "full"
    monkeypatch.setattr("mechgrade.sandbox.parent.probe", lambda: without)

    def body() -> list[object]:
        lines = Path("/proc/self/status").read_text().splitlines()
        capabilities = {line.split()[1] for line in lines if line.startswith("Cap")}
        return [os.getuid() > ORDINARY_USER, sorted(capabilities)]

    assert Box("full", "root").value(body) == [True, ["0" * 16]]
    forks = Box("full", "root").run(lambda: [os.fork() or os._exit(0) for _ in range(50)], children=True, processes=10)
    assert forks.raised == "BlockingIOError", forks


def test_without_a_proc_of_its_own_there_is_none(monkeypatch: pytest.MonkeyPatch, full: Box) -> None:
    """Some containers mask parts of /proc, and then the kernel lets nobody mount another."""
    without = dataclasses.replace(sandbox.probe(), private_proc=False)
    monkeypatch.setattr("mechgrade.sandbox.parent.probe", lambda: without)
    assert full.value(lambda: names_in("/proc")) == []


def test_elsewhere_than_on_linux(tmp_path: Path) -> None:
    """On macOS the package imports, offers level process and says why."""
    script = (
        "import sys; sys.platform = 'darwin'\n"
        "from mechgrade import sandbox\n"
        "assert sandbox.probe().level == 'process', sandbox.probe()\n"
        "print(*sandbox.probe().missing)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Linux is missing" in done.stdout


def test_seal_without_a_parent_is_refused() -> None:
    """Half a sandbox is none."""
    with pytest.raises(sandbox.SandboxError):
        sandbox.seal(Box("process", "root").policy())


def test_process_where_the_kernel_offers_nothing(monkeypatch: pytest.MonkeyPatch, process: Box) -> None:
    """An old kernel, or macOS: still a process of its own with limits, and nothing of it stays."""
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(seccomp, "is_available", lambda: False)

    def body() -> int:
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
        return len(os.environ)

    reader, writer = os.pipe()  # which the child holds open as long as it lives
    assert process.value(body, keep_fds=(writer,)) == 6
    os.close(writer)
    assert select.select([reader], [], [], 10)[0] and os.read(reader, 1) == b""
    os.close(reader)
    assert process.run(lambda: bytearray(1 << 30), memory_mb=100).raised == "MemoryError"
