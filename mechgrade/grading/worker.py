"""The grader's handle on the worker: start the worker, open a process for a learner's file, run scenarios in it.

All that decides a verdict is observed here: the clock is the grader's, death comes from the kernel by way of the
worker, and a result is only as good as its bytes.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mechgrade.grading.errors import GraderError, InfrastructureError, WorkerGone, WorkerSlow
from mechgrade.grading.remarks import without_remarks
from mechgrade.grading.stuck import stuck
from mechgrade.protocol import wire
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Kind, Outcome, outcome_of, plain
from mechgrade.protocol.printed import Printed

#: What a worker inherits from the environment: where model files were downloaded to, and which GPUs there are.
INHERITED = ("HF_HOME", "HF_HUB_CACHE", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")

#: Reads of 64 KiB before the clock is looked at again: code that prints without end must not keep the grader reading.
_DRAINED_AT_ONCE = 32

#: How long a process may take from closing its connection to its end, in seconds, before it counts as alive.
_GRACE = 0.5


class Worker:
    """A worker process with libraries and models loaded, which forks for every job.

    Args:
        start_seconds: how long importing the libraries and loading a model may take.
    """

    def __init__(self, start_seconds: float = 120.0) -> None:
        self.start_seconds = start_seconds
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        #: benches that cannot be loaded, and why: it takes seconds to find out, and is true for every exercise
        self._unloadable: dict[BenchSpec, str] = {}

    def start(self, spec: BenchSpec | None = None) -> None:
        """Start the process, and load a bench in the background. Called again, it does nothing.

        Args:
            spec: the bench that will be asked for first, if that is known.
        """
        self._begin()
        if spec is not None and self._control is not None:
            with contextlib.suppress(OSError):  # it is gone, and whoever opens a process will be told
                self._control.send(wire.encode({"bench": spec.as_tree()}))

    def _begin(self) -> None:
        """Start the process unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._process = subprocess.Popen(
            # -I: neither the current directory nor PYTHON* variables reach the worker.
            [sys.executable, "-I", "-m", "mechgrade.worker", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=_environment(),
            pass_fds=[theirs.fileno()],
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self._control = ours

    def open(self, spec: BenchSpec, job: Job) -> Process:
        """A fresh process for one learner's file.

        Raises:
            InfrastructureError: the worker, the model or the sandbox failed.
            GraderError: the grader's file cannot be imported.
        """
        if spec in self._unloadable:
            raise InfrastructureError(self._unloadable[spec])
        self.start()
        assert self._control is not None
        ours, theirs = socket.socketpair()
        data, their_data = socket.socketpair()
        read, write = os.pipe()
        process = Process(ours, data, read, job)
        try:
            request = wire.encode({"bench": spec.as_tree(), "level": job.isolation})
            socket.send_fds(self._control, [request], [theirs.fileno()])
            theirs.close()
            with contextlib.suppress(ConnectionError):  # it has given up before it read the job, and says why
                wire.send(ours, job.as_tree())
                socket.send_fds(ours, [b"x"], [their_data.fileno(), write])
            ours.settimeout(self.start_seconds)
            answer = wire.receive(ours)
            ours.settimeout(None)
        except TimeoutError:
            process.close()
            self.close()
            raise WorkerSlow(
                f"the worker was not ready after {self.start_seconds:g} s (limits.start_seconds in course.yaml)"
            ) from None
        except (EOFError, OSError, wire.WireError) as error:
            process.close()
            raise WorkerGone(f"the worker could not start: {self._last_words() or error}") from None
        finally:
            for end in (theirs, their_data):
                end.close()
            os.close(write)
        if isinstance(answer, dict) and answer.get("ready") is True:
            return process
        process.close()
        why = str(answer.get("failed")) if isinstance(answer, dict) else "no answer"
        if isinstance(answer, dict) and answer.get("bench"):
            self._unloadable[spec] = why
        if isinstance(answer, dict) and answer.get("grader"):
            raise GraderError(why)
        raise InfrastructureError(why)

    def lend(self) -> Lent:
        """The worker as a fork of this process uses it. To be called there, and after this process has opened something."""
        assert self._control is not None
        return Lent(self._control, self.start_seconds)

    def _last_words(self) -> str:
        if self._process is None or self._log is None:
            return ""
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            return ""
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace").strip()

    def close(self) -> None:
        """End the worker, and with it the processes that it forked."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGKILL)
                self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None


class Lent(Worker):
    """A worker that another process has started, and ends. Several may use it at once."""

    def __init__(self, control: socket.socket, start_seconds: float) -> None:
        super().__init__(start_seconds)
        self._control = control

    def _begin(self) -> None:
        if self._control is None:
            raise WorkerGone("the worker has ended")


def _environment() -> dict[str, str]:
    """All that the worker sees of the environment: nothing of the learner's or the instructor's."""
    fixed = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        # Threads that wait for one another sleep: on a busy machine those that spin take many times the processor time of the work.
        "OMP_WAIT_POLICY": "PASSIVE",
        "MPLBACKEND": "agg",
        "WANDB_MODE": "disabled",
    }
    # Where model files were downloaded to, and which GPUs there are: the worker needs both, and neither is a secret.
    # The worker itself has no home, so the default place is spelled out.
    fixed["HF_HOME"] = str(Path.home() / ".cache" / "huggingface")
    return fixed | {name: os.environ[name] for name in INHERITED if name in os.environ}


class Process:
    """A learner's process, from the grader's side. See :class:`mechgrade.grading.sessions.Session`."""

    def __init__(self, connection: socket.socket, data: socket.socket, output: int, job: Job) -> None:
        self._connection = connection
        self._data = data
        self._output = output
        self._limits = job.limits
        self._filename, self._source, self._grader = job.filename, job.source, job.grader
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
        self._printed = Printed(job.limits.output_kb * 1024)
        os.set_blocking(output, False)
        data.setblocking(False)

    def run(self, scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
        """Run one scenario; the process can serve no more after any outcome that it did not report itself."""
        started = time.monotonic()
        deadline = started + self._limits.seconds
        request = wire.frame(wire.encode({"scenario": scenario, "inputs": dict(inputs), "traced": traced}))
        try:
            # A process that does not read must not hold up the grader.
            self._data.settimeout(self._limits.seconds)
            self._data.sendall(request)
            self._data.setblocking(False)
        except TimeoutError:
            return self._timed_out()
        except OSError:
            return self._ended(time.monotonic() - started)
        buffer = bytearray()
        with selectors.PollSelector() as selector:  # epoll makes a descriptor of its own for each run
            selector.register(self._data, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    return self._timed_out()
                for key, _ in selector.select(left):
                    if key.fileobj is self._data:
                        try:
                            part = self._data.recv(2**20)
                        except ConnectionError:
                            part = b""
                        if not part:
                            return self._ended(time.monotonic() - started)
                        buffer += part
                    elif not self._drain():
                        selector.unregister(self._output)
                try:
                    message = self._message(buffer)
                    if message is not None:
                        self._drain()
                        seconds = time.monotonic() - started
                        return outcome_of(wire.decode(message), self.printed()).timed(seconds)
                except wire.WireError as error:
                    self._kill()
                    return Outcome("crashed", message=f"your code sent no readable result: {error}")

    def _message(self, buffer: bytearray) -> bytes | None:
        if len(buffer) < wire.FRAME_HEADER.size:
            return None
        (length,) = wire.FRAME_HEADER.unpack(buffer[: wire.FRAME_HEADER.size])
        if length > self._limits.result_mb * 2**20 + 2**20:
            raise wire.WireError(f"a result of more than {self._limits.result_mb} MiB")
        if len(buffer) - wire.FRAME_HEADER.size > length:
            raise wire.WireError("more than one result")
        return bytes(buffer[wire.FRAME_HEADER.size :]) if len(buffer) - wire.FRAME_HEADER.size == length else None

    def _drain(self) -> bool:
        """Take what was printed; False at the end of file."""
        for _ in range(_DRAINED_AT_ONCE):
            try:
                part = os.read(self._output, 2**16)
            except BlockingIOError:
                return True
            if not part:
                return False
            self._printed.add(self._decoder.decode(part))
        return True

    def printed(self) -> str:
        """What the code printed so far, its beginning and its end within the limit."""
        return plain(without_remarks(self._printed.text, self._grader))

    def _timed_out(self) -> Outcome:
        self._drain()
        self._kill()
        found = stuck(self.printed(), self._filename, self._source)
        return Outcome(
            "timed_out",
            message=f"no answer after {self._limits.seconds:g} s{found}",
            trace=(found.place,) if found.place else (),
            seconds=self._limits.seconds,
            output=found.output,
        )

    def _ended(self, seconds: float) -> Outcome:
        """The process ended without a report: say how, by the kernel's word."""
        self._drain()
        alive = self._is_alive()
        report = self._kill()
        output = self.printed()
        if report is None:
            return Outcome(
                "infrastructure",
                message="the worker is gone; was it killed, or is the machine out of memory?",
                output=output,
            )
        if alive:
            message = "your code closed the worker's own connection"
            return Outcome("crashed", message=message, seconds=seconds, output=output)
        kind, message = self._death(int(report["status"]), float(report["cpu_seconds"]), int(report["max_rss_kb"]))
        return Outcome(kind, message=message, seconds=seconds, output=output)

    def _is_alive(self) -> bool:
        """Whether the worker has still nothing to report, a moment after the connection closed."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection, selectors.EVENT_READ)
            return not selector.select(_GRACE)

    def _death(self, status: int, cpu: float, max_rss_kb: int) -> tuple[Kind, str]:
        """What a process died of that nobody killed."""
        limits = self._limits
        if not os.WIFSIGNALED(status):
            code = os.waitstatus_to_exitcode(status)
            return "crashed", f"the process ended itself (exit code {code}) before it returned a result"
        number = os.WTERMSIG(status)
        # The kernel enforces the limit by ticks of its clock, and reports the time more exactly.
        if number in (signal.SIGXCPU, signal.SIGKILL) and cpu >= limits.cpu_seconds - max(
            0.25, 0.05 * limits.cpu_seconds
        ):
            return "timed_out", f"used more than {limits.cpu_seconds} s of processor time"
        if number in (signal.SIGKILL, signal.SIGABRT) and max_rss_kb >= limits.memory_mb * 1024 * 0.9:
            return "out_of_memory", f"the process was killed at {max_rss_kb / 1024:.0f} MiB of memory"
        name = signal.Signals(number).name
        return "crashed", f"the process died of {name}" + _SIGNALS.get(number, "")

    def _kill(self) -> dict[str | int, Any] | None:
        """Kill the process and take the worker's report of its end."""
        try:
            self._connection.settimeout(10)
            with contextlib.suppress(OSError):  # it may have reported already, and closed
                self._connection.sendall(b"k")
            report = wire.receive(self._connection)
            return report if isinstance(report, dict) else None
        except (EOFError, OSError, wire.WireError):
            return None
        finally:
            self.close()

    def interrupt(self) -> None:
        """End the process from another thread; a run that waits for it returns as if it had crashed."""
        with contextlib.suppress(OSError):  # it has ended already
            self._connection.send(b"k", socket.MSG_DONTWAIT)

    def close(self) -> None:
        """End the process: the worker kills it when its connection closes."""
        self._connection.close()
        self._data.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1


_SIGNALS: dict[int, str] = {
    signal.SIGSEGV: ": deep recursion or memory that is not its own",
    signal.SIGBUS: ": memory that is not there",
    signal.SIGSYS: ": a system call that is not allowed",
    signal.SIGKILL: ": it killed itself, or the machine ran out of memory",
    signal.SIGABRT: ": a library gave up",
}
