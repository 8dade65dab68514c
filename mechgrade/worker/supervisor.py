"""Between the grader and the learner's process: start it shut in, wait for it, report its end, kill it on request.

The supervisor is a fork of the zygote that never runs learner code. It stays outside the learner's pid namespace, so the
learner's process can neither see nor signal it, and what it reports (exit status, memory, processor time) is the kernel's
word, not the learner's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import numpy as np
import torch

from mechgrade import devices, wire
from mechgrade.bench import Bench, ModelError
from mechgrade.bench.carry import carry
from mechgrade.spec import Job
from mechgrade.worker import sandbox
from mechgrade.worker.runner import Runner, load_grader

#: Where the learner's process finds its data socket.
DATA_FD = 3
#: And where it says, before it runs a line of the learner's, that it is shut in.
SEALED_FD = 4


def policy_of(job: Job, device: str) -> sandbox.Policy:
    """The sandbox that a job asks for, with what reaches the device."""
    limits = job.limits
    package = Path(__file__).parents[1]
    return sandbox.Policy(
        level="full" if job.isolation == "full" else "process",
        readable=(*sandbox.interpreter_paths(), package, *map(Path, job.readable)),
        memory_mb=limits.memory_mb,
        cpu_seconds=limits.cpu_seconds,
        processes=limits.processes,
        open_files=limits.open_files,
        file_mb=limits.file_mb,
        tmp_mb=limits.tmp_mb,
        keep_fds=(DATA_FD, SEALED_FD),
        devices=devices.nodes(device),
    )


def supervise(connection: socket.socket, bench: Bench, job: Job, device: str) -> None:
    """Run one job on a device; the bench is on the processor still.

    The connection brings one byte with two descriptors: the data socket and the output pipe. It takes ``{"ready": True}``
    or ``{"failed": why}``, and at the end ``{"status", "max_rss_kb", "cpu_seconds"}``. A byte from the grader, or its end
    of file, kills the learner's process.
    """
    _, (data, output), _, _ = socket.recv_fds(connection, 1, 2)
    try:
        # Read here, outside the sandbox: the learner's process need not see the graders' folder.
        grader = load_grader(Path(job.grader))
    except Exception as error:
        where = f"{Path(job.grader).name} cannot be imported in the worker"
        wire.send(connection, {"failed": f"{where}: {type(error).__name__}: {error}", "grader": True})
        return
    policy = policy_of(job, device)
    try:
        try:
            sandbox.enter_outer(policy)
            listen, say = os.pipe()
            child = os.fork()
        except (sandbox.SandboxError, OSError) as error:
            wire.send(connection, {"failed": str(error)})
            return
        if child == 0:
            _learner(job, grader, bench, device, policy, (data, output, say))
        for descriptor in (data, output, say):
            os.close(descriptor)
        with os.fdopen(listen, "rb") as words:
            failure = words.read()
        if failure == _SEALED:
            wire.send(connection, {"ready": True})
            _watch(connection, child)
        else:  # not the learner's doing: none of its code has run
            os.waitpid(child, 0)
            why = failure.decode(errors="replace") or "the learner's process ended while it was being shut in"
            wire.send(connection, {"failed": why})
    finally:
        sandbox.clean_up()


def _watch(connection: socket.socket, child: int) -> None:
    pidfd = os.pidfd_open(child)
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.register(connection, select.POLLIN)
    while pidfd not in dict(poll.poll()):
        # Either the word to kill, or the grader is gone.
        poll.unregister(connection)
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    report: wire.Tree = {
        "status": status,
        "max_rss_kb": usage.ru_maxrss,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
    }
    with contextlib.suppress(OSError):  # the grader may be gone; nobody is left to tell
        wire.send(connection, report)


def _learner(
    job: Job,
    grader: ModuleType,
    bench: Bench,
    device: str,
    policy: sandbox.Policy,
    descriptors: tuple[int, int, int],
) -> NoReturn:
    """The learner's process: shut in, then serving scenarios on the data socket."""
    code = 1
    try:
        _descriptors(*descriptors)
        try:
            sandbox.seal(policy)
            if not devices.is_cpu(device):
                carry(bench, device)
        except (sandbox.SandboxError, OSError, ModelError) as error:
            os.write(SEALED_FD, str(error).encode())
            raise
        os.write(SEALED_FD, _SEALED)
        os.close(SEALED_FD)
        torch.set_num_threads(job.threads)
        torch.manual_seed(0)
        np.random.seed(0)  # learners may use the old interface
        random.seed(0)
        _serve(socket.socket(fileno=DATA_FD), Runner(job.source, job.filename, grader, bench))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


_SEALED = b"sealed"


def _descriptors(data: int, output: int, say: int) -> None:
    # Through high numbers, so that no dup2 overwrites a descriptor that is still to be moved.
    high_data, high_output, high_say = (
        fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (data, output, say)
    )
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(high_output, 1)
    os.dup2(high_output, 2)
    os.dup2(high_data, DATA_FD)
    os.dup2(high_say, SEALED_FD)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _serve(channel: socket.socket, runner: Runner) -> None:
    while True:
        try:
            request = wire.receive(channel)
        except EOFError:
            return
        assert isinstance(request, dict)
        report = runner.run(str(request["scenario"]), request["inputs"])  # type: ignore[arg-type]  # the grader wrote it
        try:
            wire.send(channel, report)
        except wire.WireError as error:
            wire.send(channel, {"kind": "unusable", "message": f"the result could not be sent: {error}"})
