"""The zygote: libraries and models loaded once, a fork for every exercise.

It never reads a learner's code. For each job it is handed one end of a connection and the name of a bench; it makes sure
that the bench is loaded, forks, and the fork (see ``supervisor``) reads the job from the connection. It ends when the
grader's side closes the control socket.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import traceback
from typing import TYPE_CHECKING, NoReturn

from mechgrade import wire
from mechgrade.spec import BenchSpec, job_of

if TYPE_CHECKING:
    from mechgrade.bench import Bench

#: The longest request on the control socket, in bytes.
MAX_REQUEST = 65536


def serve(control_fd: int) -> None:
    """Serve jobs from the control socket until it closes.

    A request is one packet: a tree ``{"bench": BenchSpec as a tree}``, with the connection's descriptor beside it. On the
    connection follow the job, for the fork alone, and the answer of the ``supervisor``; or here ``{"failed": why}``.
    """
    # Ctrl-C in the learner's terminal is the grader's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=control_fd)

    import torch

    # Before any operation: a pool of threads does not survive a fork. Children choose their own number.
    torch.set_num_threads(1)
    import matplotlib.backends.backend_agg
    import matplotlib.pyplot  # noqa: F401  exercises draw; a fork should not pay for the import

    from mechgrade.bench.model import quiet_libraries

    quiet_libraries()
    benches: dict[BenchSpec, Bench] = {}
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
        except ConnectionError:
            return
        _reap()
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            try:
                request = wire.decode(message)
                assert isinstance(request, dict)
                spec = BenchSpec(**request["bench"])  # type: ignore[arg-type]  # the grader wrote it
                if spec not in benches:
                    benches[spec] = _load(spec)
                    # What lives now is shared by all forks: the collector must not touch (and so copy) its pages.
                    gc.collect()
                    gc.freeze()
            except Exception as error:
                with contextlib.suppress(OSError):  # the grader's side gave up waiting; nothing is left to tell it
                    wire.send(connection, {"failed": _words(error)})
                continue
            if os.fork() == 0:
                control.close()
                _supervise(connection, benches[spec], spec.device)


def _reap() -> None:
    """Bury supervisors that have ended. Nobody waits for them: their connection tells when they are gone."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _supervise(connection: socket.socket, bench: Bench, device: str) -> NoReturn:
    from mechgrade.worker import supervisor

    code = 1
    try:
        supervisor.supervise(connection, bench, job_of(wire.receive(connection)), device)
        code = 0
    except EOFError:
        pass  # the grader's side is gone before it sent a job
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _load(spec: BenchSpec) -> Bench:
    import torch

    from mechgrade.bench import Bench
    from mechgrade.spec import Job
    from mechgrade.worker import sandbox, supervisor

    # On the processor, whatever was asked for: CUDA does not survive a fork. Each fork carries its own copy over.
    bench = Bench(spec.on(device="cpu"))
    # What libraries work out at the first use, they work out here, so that no fork pays for it: runs with a cache and with a
    # hook (TransformerLens then resolves its hooks' aliases), the tokenizer. Likewise the sandbox's preparations.
    with torch.no_grad():
        tokens = bench.tokens("a b")
        _, cache = bench.model.run_with_cache(tokens)
        bench.model.run_with_hooks(tokens, fwd_hooks=[(next(iter(cache)), lambda activation, hook: None)])
        if spec.sae is not None:
            bench.sae(torch.zeros(1, bench.d_model, device=bench.device, dtype=bench.dtype))
            # SAELens's table of published autoencoders: it takes a second to read, and is kept.
            from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

            get_pretrained_saes_directory()
    bench.tidy()  # from here on it knows a weight that was written to
    for level in ("full", "process"):
        with contextlib.suppress(
            sandbox.SandboxError
        ):  # a level that this machine lacks is refused when it is asked for
            sandbox.prepare(supervisor.policy_of(Job("", "", "", level), spec.device))
    return bench


def _words(error: Exception) -> str:
    from mechgrade.bench import ModelError

    return str(error) if isinstance(error, ModelError) else f"{type(error).__name__}: {error}"
