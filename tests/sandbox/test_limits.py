"""How much learner code can use, and that nothing of it survives."""

from __future__ import annotations

import mmap
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Box

pytestmark = pytest.mark.long


def test_memory(box: Box) -> None:
    """A list that grows for ever ends in MemoryError, and not with the machine's other processes killed."""
    outcome = box.run(lambda: len(bytearray(400 << 20)), memory_mb=300)
    assert outcome.raised == "MemoryError", outcome
    assert box.value(lambda: len(bytearray(200 << 20)), memory_mb=300) == 200 << 20


def test_memory_taken_bit_by_bit(box: Box) -> None:
    def body() -> None:
        hoard = []
        while True:
            hoard.append(bytearray(8 << 20))

    assert box.run(body, memory_mb=200).raised == "MemoryError"


def test_shared_memory_is_memory_too(box: Box) -> None:
    """Shared mappings escape the limit on private ones."""

    def body() -> None:
        hoard = []
        while True:
            hoard.append(mmap.mmap(-1, 256 << 20))

    outcome = box.run(body, memory_mb=200)
    assert outcome.raised in ("OSError", "MemoryError"), outcome


def test_no_shared_memory_is_out_of_count(box: Box) -> None:
    """One process shares it with nobody, so that none is allowed is no loss; what private memory there is still counts."""

    def body() -> dict[str, str]:
        def tried(make: Callable[[], object]) -> str:
            try:
                make()
            except OSError as error:
                return os.strerror(error.errno or 0)
            return "mapped"

        def of_zero() -> None:
            with Path("/dev/zero").open("r+b") as file:
                mmap.mmap(file.fileno(), 1 << 20)

        return {
            "shared": tried(lambda: mmap.mmap(-1, 1 << 20)),
            "private": tried(lambda: mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)),
            "zero": tried(of_zero),
        }

    found = box.value(body)
    assert (found["shared"], found["private"]) == ("Cannot allocate memory", "mapped")
    assert found["zero"] in ("No such file or directory", "Permission denied")


def test_cpu_time(box: Box) -> None:
    """An endless loop ends, whatever signals it catches."""

    def body() -> None:
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            pass

    outcome = box.run(body, cpu_seconds=1)
    assert outcome.signal == "SIGKILL" and 0.5 < outcome.cpu < 2.5, outcome


def test_open_files(box: Box) -> None:
    def body() -> int:
        hoard = []
        try:
            while True:
                hoard.append(os.dup(0))
        except OSError as error:
            assert error.errno == 24, error
        return len(hoard)

    assert 50 <= box.value(body, open_files=64) <= 64


def test_deep_recursion_ends_this_process_alone(box: Box) -> None:
    """Recursion through C code meets the end of the stack."""

    def body() -> Any:
        sys.setrecursionlimit(10**9)

        class Deep:
            def __repr__(self) -> str:
                return repr([self])

        return repr(Deep())

    assert box.run(body).signal == "SIGSEGV"


def test_no_processes_by_default(box: Box) -> None:
    """Each would have all the memory again; at level process one could also leave its session and stay."""
    outcome = box.run(os.fork)
    assert outcome.raised == "PermissionError", outcome


def test_killing_ends_it(box: Box) -> None:
    """The parent keeps time: it kills, whatever the code does."""
    started = time.monotonic()
    outcome = box.run(lambda: time.sleep(60), kill_after=0.3)
    assert outcome.signal == "SIGKILL"
    assert time.monotonic() - started < 10


def ends(box: Box, body: Callable[[], Any], **options: Any) -> bool:
    """Does everything end that ``body`` starts? All of it holds the same pipe open."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    outcome = box.run(body, keep_fds=(writer,), children=True, **options)
    assert outcome.failed is None, outcome
    os.close(writer)
    ended = bool(select.select([reader], [], [], 10)[0]) and os.read(reader, 1) == b""
    os.close(reader)
    return ended


def fork_bomb() -> None:
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.05)


def test_a_fork_bomb_is_bounded_and_ends(full: Box) -> None:
    """Bounded while it lives, and dead when its first process is."""
    assert ends(full, fork_bomb, processes=20, kill_after=1.0)


def test_processes_are_counted(full: Box) -> None:
    def body() -> int:
        started = 0
        try:
            while started < 1000:
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
                started += 1
        except OSError as error:
            assert error.errno == 11, error
        return started

    assert full.value(body, children=True, processes=20) == 19


def daemonise() -> None:
    """Leave session, parent and process group, as a daemon does."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            time.sleep(60)
        os._exit(0)
    time.sleep(0.2)


def test_daemons_end_with_the_run(box: Box) -> None:
    """A process left behind would see the next learner's run, and eat the machine."""
    assert ends(box, daemonise)


def test_the_run_ends_with_its_parent(box: Box, ground: Path) -> None:
    """A grader that is killed leaves nothing running."""
    reader, writer = os.pipe()

    def body() -> None:
        time.sleep(60)

    parent = os.getpid()
    runner = os.fork()
    if runner == 0:
        os.close(reader)
        first: list[int] = []

        def before() -> None:
            tempfile.tempdir = str(ground)  # nobody is left to remove what level process makes there
            first.append(os.getpid())
            if os.fork() == 0:  # somebody kills the parent a second later
                os.close(writer)
                time.sleep(1.0)
                os.kill(first[0], signal.SIGKILL)
                os._exit(0)

        try:
            box.run(body, keep_fds=(writer,), before=before)
        finally:
            os._exit(0)
    assert os.getpid() == parent
    os.close(writer)
    ended = bool(select.select([reader], [], [], 15)[0]) and os.read(reader, 1) == b""
    os.close(reader)
    os.waitpid(runner, 0)
    assert ended


def test_memory_is_not_kept_from_the_parent(box: Box) -> None:
    """The limits are the learner's alone: the parent goes on to the next."""
    for _ in range(3):
        assert box.run(lambda: bytearray(1 << 30), memory_mb=100).raised == "MemoryError"


def test_a_device_brings_what_cuda_needs(full: Box) -> None:
    """CUDA fails without memfd_create and with a limit on address space, in ways that nvidia-smi does not show."""

    def body() -> list[object]:
        os.close(os.memfd_create("cuda"))
        return [resource.getrlimit(resource.RLIMIT_AS)[0], Path("/dev/kmsg").exists(), Path("/dev/tty").exists()]

    assert full.value(body, devices=(Path("/dev/kmsg"),)) == [resource.RLIM_INFINITY, True, False]
