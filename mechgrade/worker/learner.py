"""The learner's process: what the fork of the fork server does, from the job that it is handed to the last scenario.

Until it is shut in, it is the course's: it reads the job and the grader's file and closes itself in. From then on what it says is the
learner's word. That it is shut in, or why not, it says on a pipe to the fork server, which is closed before a line of the learner's runs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import numpy.random  # noqa: F401  NumPy imports it at its first use, which no fork should pay for

from mechgrade import sandbox
from mechgrade.bench import files
from mechgrade.bench.provider import Bench, BenchError
from mechgrade.course import devices
from mechgrade.course.modules import share
from mechgrade.protocol import wire
from mechgrade.protocol.job import Job, job_of
from mechgrade.worker import intact, loaded, tracer
from mechgrade.worker.runner import Runner, load_grader

#: Where the process finds its data socket.
DATA_FD = 3
#: And where it says, before it runs a line of the learner's, that it is shut in.
SEALED_FD = 4
#: The share of a run's time after which the process prints where it is.
NEARLY = 0.95


def policy_of(job: Job, device: str) -> sandbox.Policy:
    """The sandbox that a job asks for, with what reaches the device."""
    limits = job.limits
    package = Path(__file__).parents[1]
    return sandbox.Policy(
        level="full" if job.isolation == "full" else "process",
        readable=(*sandbox.interpreter_paths(), package, *map(Path, (*job.readable, *job.modules, *job.data))),
        memory_mb=limits.memory_mb,
        cpu_seconds=limits.cpu_seconds,
        processes=limits.processes,
        open_files=limits.open_files,
        file_mb=limits.file_mb,
        tmp_mb=limits.tmp_mb,
        keep_fds=(DATA_FD, SEALED_FD),
        devices=devices.nodes(device),
    )


def live(connection: socket.socket, sealed: int, bench: Bench, device: str) -> NoReturn:
    """Serve one job, then end; the bench is on the processor still.

    The connection brings the job, and one byte with two descriptors: the data socket and the output pipe. ``sealed`` is the pipe to
    the fork server; it takes ``{"ready": True}`` or ``{"failed": why}``.
    """
    code = 1
    try:
        job = job_of(wire.receive(connection))
        _, (data, output), _, _ = socket.recv_fds(connection, 1, 2)
        runner = _shut_in(job, bench, device, (data, output, sealed))
        if runner is not None:
            _serve(socket.socket(fileno=DATA_FD), runner)
            code = 0
    except EOFError:
        pass  # the grader's side is gone before it sent a job
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _shut_in(job: Job, bench: Bench, device: str, descriptors: tuple[int, int, int]) -> Runner | None:
    """The learner's module, loaded once the sandbox is closed; None where it is not, and the fork server knows why."""
    try:
        share(map(Path, job.modules))
        files.show(map(Path, job.data))
        # Read here, outside the sandbox: from inside, the graders' folder is not to be seen.
        grader = load_grader(Path(job.grader))
    except Exception as error:
        where = f"{Path(job.grader).name} cannot be imported in the worker"
        os.write(descriptors[2], wire.encode({"failed": f"{where}: {type(error).__name__}: {error}", "grader": True}))
        return None
    _descriptors(*descriptors)
    try:
        sandbox.seal(policy_of(job, device))
        if not devices.is_cpu(device):
            bench.move(device)
    except (sandbox.SandboxError, OSError, BenchError) as error:
        os.write(SEALED_FD, wire.encode({"failed": str(error)}))
        return None
    os.write(SEALED_FD, wire.encode({"ready": True}))
    os.close(SEALED_FD)
    intact.hear_of_code()
    loaded.start(job.threads, device)
    # Sealed, the process is in its own folder.
    return Runner(job.source, job.filename, grader, bench, NEARLY * job.limits.seconds, Path.cwd(), job.portable)


def _descriptors(data: int, output: int, sealed: int) -> None:
    # Through high numbers, so that no dup2 overwrites a descriptor that is still to be moved.
    high_data, high_output, high_sealed = (
        fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (data, output, sealed)
    )
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(high_output, 1)
    os.dup2(high_output, 2)
    os.dup2(high_data, DATA_FD)
    os.dup2(high_sealed, SEALED_FD)
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
        scenario, inputs = str(request["scenario"]), request["inputs"]
        if request.get("traced"):
            loaded.seed(str(runner.bench.device))  # what was drawn in the run that is made once more, is drawn again
            report = tracer.trace(runner, scenario, inputs)  # type: ignore[arg-type]  # the grader wrote it
        else:
            report = runner.run(scenario, inputs)  # type: ignore[arg-type]  # the same
        try:
            wire.send(channel, report)
        except wire.WireError as error:
            wire.send(channel, {"kind": "unusable", "message": f"the result could not be sent: {error}"})
