"""What learner code can reach beyond its files: network, other processes, privileges, descriptors, the environment."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mechgrade import sandbox
from mechgrade.sandbox import seccomp

from .conftest import Box, names_in


def refused(action: Callable[[], object]) -> str:
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"


@contextmanager
def listener(family: int, address: Any) -> Iterator[socket.socket]:
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(address)
        server.listen()
        yield server


def test_no_network(box: Box) -> None:
    """Otherwise code could fetch answers, or send away what it saw."""
    with listener(socket.AF_INET, ("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def body() -> list[str]:
            return [
                refused(lambda: socket.create_connection(("127.0.0.1", port), timeout=2)),
                refused(lambda: socket.getaddrinfo("example.org", 80)),
                refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
                refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
                refused(lambda: socket.socketpair(socket.AF_INET)),
            ]

        assert "done" not in box.value(body)


def test_the_machines_sockets_are_unreachable(box: Box, ground: Path) -> None:
    """A container engine's or a desktop's socket is a way out. A datagram pair would reach one by name, so there is none."""
    abstract = f"\0mechgrade-{os.getpid()}"
    path = str(ground / "socket")
    with listener(socket.AF_UNIX, abstract), listener(socket.AF_UNIX, path):

        def body() -> list[str]:
            def connect(address: str) -> None:
                socket.socket(socket.AF_UNIX).connect(address)

            return [
                refused(lambda: connect(abstract)),
                refused(lambda: connect(path)),
                refused(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)),
                refused(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)),
            ]

        assert "done" not in box.value(body)


def test_pairs_of_streams_work(box: Box) -> None:
    """Both asyncio and multiprocessing begin with one."""

    def body() -> str:
        left, right = socket.socketpair()
        left.sendall(b"hello")
        return right.recv(5).decode()

    assert box.value(body) == "hello"


def test_other_processes_can_be_neither_signalled_nor_traced(box: Box) -> None:
    """Code that stops the grader, or reads its memory, reads the expected values."""
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:

        def body() -> list[str]:
            results = []
            for pid in (victim.pid, os.getppid() or victim.pid):
                results.append(refused(lambda pid=pid: os.kill(pid, signal.SIGTERM)))  # type: ignore[misc]
                for name in ("mem", "environ", "maps", "fd/0"):
                    results.append(refused(Path(f"/proc/{pid}/{name}").read_bytes))
                ctypes.set_errno(0)
                libc = ctypes.CDLL(None, use_errno=True)
                results.append("done" if libc.ptrace(16, pid, 0, 0) == 0 else "refused")
            return results

        assert "done" not in box.value(body)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


def test_proc_shows_only_this_process(full: Box) -> None:
    """Command lines and names of other processes tell about other submissions."""
    assert full.value(lambda: [name for name in names_in("/proc") if name.isdigit()]) == ["1"]
    assert full.value(lambda: [os.getpid(), os.getppid()]) == [1, 0]


def test_the_learner_is_nobody(full: Box) -> None:
    """With a uid and no capability, in every set, nothing that root owns can be changed."""

    def body() -> dict[str, str]:
        lines = Path("/proc/self/status").read_text().splitlines()
        status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return {
            "uid": str(os.getuid()),
            **{name: status[name] for name in status if name.startswith("Cap") or name in ("NoNewPrivs", "Seccomp")},
        }

    nothing = "0" * 16
    assert full.value(body) == {
        "uid": "1000",
        **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), nothing),
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }


def test_root_keeps_no_capability_at_level_process(process: Box) -> None:
    """A course graded by root in a container must not run learner code with root's power."""

    def body() -> bool:
        return "CapEff:\t0000000000000000" in Path("/proc/self/status").read_text() or "CapEff" in refused(dict)

    assert process.value(body)


def test_root_is_no_root_at_level_process(process: Box) -> None:
    """Files that only root may read or write are out of reach, with or without Landlock."""
    closed = sandbox.cannot_leave_root(process.policy().readable) if process.user == "root" else ""

    def body() -> tuple[int, int, int]:
        (Path.cwd() / "written").write_text("its own directory is its own")
        return os.getuid(), os.getgid(), len(os.getgroups())

    user, group, groups = process.value(body)
    if not closed:
        assert 0 not in (user, group) and (process.user != "root" or groups == 0)
    else:
        assert "as root" in closed and user == 0


def test_who_cannot_leave_root_is_told_why(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert sandbox.cannot_leave_root((tmp_path,)) == ""
        return
    inside = tmp_path / "closed" / "inside"
    inside.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    for each in (tmp_path, *tmp_path.parents):
        if each != Path("/"):
            each.chmod(each.stat().st_mode | 0o001)
    assert "closed is closed to other users" in sandbox.cannot_leave_root((inside,))
    (tmp_path / "closed").chmod(0o755)
    assert sandbox.cannot_leave_root((inside,)) == ""


FORBIDDEN = [
    "ptrace",
    "process_vm_readv",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "unshare",
    "setns",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "kexec_load",
    "init_module",
    "finit_module",
    "io_uring_setup",
    "open_by_handle_at",
    "socket",
    "connect",
    "swapon",
    "reboot",
    "setuid",
    "setresuid",
    "setgroups",
    "capset",
    "shmget",
    "memfd_create",
    "memfd_secret",
    "pidfd_getfd",
    "mount_setattr",
    "open_tree",
    "fsopen",
]


def test_forbidden_system_calls(box: Box) -> None:
    """Each is a way out of a sandbox that somebody has taken, or a way to memory that no limit counts."""
    numbers = {name: seccomp.number(name) for name in FORBIDDEN}
    assert all(number >= 0 for number in numbers.values()), numbers

    def body() -> dict[str, int]:
        libc = ctypes.CDLL(None, use_errno=True)
        answers = {}
        for name, number in numbers.items():
            ctypes.set_errno(0)
            result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6)
            answers[name] = ctypes.get_errno() if result == -1 else 0
        return answers

    assert box.value(body) == dict.fromkeys(FORBIDDEN, 1)


def test_forbidden_arguments(box: Box) -> None:
    """Namespaces by clone, and taking back the promise to die with the parent, by any number that the kernel reads so."""
    clone, clone3, prctl, prlimit = (seccomp.number(name) for name in ("clone", "clone3", "prctl", "prlimit64"))

    def body() -> list[int]:
        libc = ctypes.CDLL(None, use_errno=True)

        def code(number: int, *arguments: int) -> int:
            padded = [ctypes.c_long(a) for a in (*arguments, *[0] * (6 - len(arguments)))]
            return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *padded) == -1 else 0

        return [
            code(clone, 0x10000000 | signal.SIGCHLD),
            code(clone, 0x20000000 | 0x10000),
            code(clone3),
            code(prctl, 1, 0),
            code(prctl, 1 | 1 << 40, 0),
            code(prctl, 4, 1),
            code(prlimit, 1),
        ]

    assert box.value(body) == [1, 1, 38, 1, 1, 1, 1]


def test_only_the_given_descriptors_are_open(box: Box, ground: Path) -> None:
    """A file that the worker holds open, a fixture or another learner's pipe, would be readable through its number."""
    secret = ground / "secret"
    secret.write_text("answer")
    held = [secret.open() for _ in range(20)]
    far = os.dup2(held[0].fileno(), 300)

    def body() -> list[int]:
        def is_open(descriptor: int) -> bool:
            try:
                os.fstat(descriptor)
            except OSError:
                return False
            return True

        return [descriptor for descriptor in range(1024) if is_open(descriptor)]

    inside = box.value(body)
    os.close(far)
    for file in held:
        file.close()
    assert inside[:3] == [0, 1, 2] and len(inside) == 4, inside


def test_the_environment_is_empty(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and paths of the instructor's live in variables."""
    monkeypatch.setenv("COURSE_SECRET", "answer")
    inside = box.value(lambda: dict(os.environ))
    assert set(inside) == {"HOME", "TMPDIR", "USER", "LOGNAME", "LANG", "PATH"}
    libc_sees = box.value(lambda: (ctypes.CDLL(None).getenv(b"COURSE_SECRET"), len(os.environ)))
    assert libc_sees == [0, 6]


def test_output_goes_where_it_should(box: Box) -> None:
    """Descriptors 1 and 2 stay: what learners print is shown to them."""

    def body() -> None:
        os.write(1, b"out ")
        os.write(2, b"err")

    assert box.run(body).output == "out err"


def test_threads_work(box: Box) -> None:
    """PyTorch computes in threads: the filter must tell them from processes."""

    def body() -> list[int]:
        seen: list[int] = []
        threads = [threading.Thread(target=seen.append, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(seen)

    assert box.value(body) == [0, 1, 2, 3]
