"""Workers that start in a moment, for tests that are not about how a worker starts: to import its libraries takes seconds each time.

``python -I tests/ready.py serve SOCKET`` has imported them, and forks a worker for whoever asks. ``python tests/ready.py SOCKET
MODULE ARGUMENT...`` is ``python -m MODULE ARGUMENT...`` that asks there; what it does is the engine's own code but for that. A worker
that needs another environment than the rest is started as ever.

This file is run by its path in other directories, also of copies: it imports nothing of the tests.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

WORKER = ["-I", "-m", "mechgrade.worker"]
MEMBER = ["-I", "-m", "mechgrade.cohort.member"]
HERE = Path(__file__).resolve()
MODEL = HERE.parents[1] / "fixtures/models/embedded"


# --- who forks ---------------------------------------------------------------------------------------------------------


def serve(address: str) -> None:
    """Fork workers until whoever started this has ended."""
    begun = _compared(dict(os.environ))
    _import()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address + ".new")
        listener.listen()
        Path(address + ".new").rename(address)  # whoever finds it is answered
        while True:
            # Standard input is a pipe that nobody writes to: it ends with the tests.
            if sys.stdin in select.select([listener, sys.stdin], [], [])[0]:
                break
            asker, _ = listener.accept()
            with asker:
                asked, descriptors, _, _ = socket.recv_fds(asker, 65536, 2)
                if _compared(json.loads(asked)) != begun:
                    asker.send(b"0")
                else:
                    child = os.fork()
                    if child == 0:
                        listener.close()
                        asker.close()
                        _become_worker(*descriptors)
                    asker.send(str(child).encode())
            for descriptor in descriptors:
                os.close(descriptor)
    shutil.rmtree(Path(address).parent)


def _compared(environment: dict[str, str]) -> dict[str, str]:
    """What must be equal. Where downloads lie matters to nobody who comes here: the model that ships is none."""
    return {name: value for name, value in environment.items() if name != "HF_HOME"}


def _import() -> None:
    """All that a worker with a model imports; the model itself each loads anew."""
    from mechgrade.bench.providers import provider_of
    from mechgrade.protocol.job import BenchSpec
    from mechgrade.worker import fork_server, intact, learner  # noqa: F401

    provider = provider_of("transformer_lens")
    provider.prepare()
    for name in ("matplotlib.pyplot", "matplotlib.backends.backend_agg", "torch._dynamo", "sae_lens"):
        importlib.import_module(name)
    bench = provider.make(BenchSpec("transformer_lens", str(MODEL), backend="bridge"))
    bench.load()
    bench.warm_up()


def _become_worker(control: int, log: int) -> NoReturn:
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for place, source in enumerate((null, log, log)):
            os.dup2(source, place)
        os.close(null)
        os.close(log)

        from mechgrade.worker.fork_server import serve as serve_jobs

        serve_jobs(control)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


# --- who asks ----------------------------------------------------------------------------------------------------------


class Forked:
    """A worker that is no child of this process, by what the engine asks of a ``subprocess.Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._pidfd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Whether it has ended; how, only its parent is told."""
        if self.returncode is None and select.select([self._pidfd], [], [], 0)[0]:
            self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None and not select.select([self._pidfd], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        self.returncode = 0
        return 0

    def send_signal(self, number: int) -> None:
        """Signal it."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._pidfd)


def patched(address: str) -> SimpleNamespace:
    """The module ``subprocess`` for the parts of the engine that start workers, and processes which start workers."""

    def start(command: list[str], **settings: Any) -> Any:
        if command[1:4] == MEMBER:
            command = [command[0], "-I", str(HERE), address, MEMBER[-1], *command[4:]]
        if command[1:4] == WORKER:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
                asking.connect(address)
                descriptors = [int(command[4]), settings["stdout"].fileno()]
                socket.send_fds(asking, [json.dumps(settings["env"]).encode()], descriptors)
                if pid := int(asking.recv(64)):
                    return Forked(pid)
        return subprocess.Popen(command, **settings)

    return SimpleNamespace(**{**vars(subprocess), "Popen": start})


def main(address: str, module: str, *arguments: str) -> None:
    """Run a module, and let it ask for its workers here."""
    if not sys.flags.isolated:
        sys.path[0] = str(Path.cwd())  # as for python -m
    importlib.import_module("mechgrade.grading.worker").subprocess = patched(address)  # type: ignore[attr-defined]
    if "cohort" in arguments:
        importlib.import_module("mechgrade.cohort.pool").subprocess = patched(address)  # type: ignore[attr-defined]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        main(*sys.argv[1:])
