"""``python -m mechgrade.doors.command_host``: the host of the commands of ``mechgrade``; see the package ``host``."""

from __future__ import annotations

import gc
import importlib
import signal
import sys
from collections.abc import Callable

from mechgrade.doors.host.child import become, finish
from mechgrade.doors.host.circumstances import circumstances, status
from mechgrade.doors.host.imported import Imported, ImportedError
from mechgrade.doors.host.server import Host

#: What commands import on their way. What is left out they import themselves; none of it is the course's, which may change.
MODULES = (
    "encodings.unicode_escape",
    "encodings.utf_8_sig",
    "mechgrade.bench.providers",
    "mechgrade.course.devices",
    "mechgrade.course.hints",
    "mechgrade.doors.cli",
    "mechgrade.doors.doctor.machine",
    "mechgrade.doors.host.leave",
    "mechgrade.doors.plain_pytest",
    "mechgrade.doors.workers",
    "mechgrade.grading.grade",
    "mechgrade.grading.parallel",
    "mechgrade.grading.plugin",
    "mechgrade.grading.warm.worker",
    "mechgrade.progress.current",
    "mechgrade.progress.outlook",
    "mechgrade.reports.course_map",
    "mechgrade.reports.reading",
    "mechgrade.reports.terminal",
    "mechgrade.submissions.find",
    "pydantic.type_adapter",
    "rich.columns",
    "rich.panel",
    "rich.traceback",
    "typer.rich_utils",
)


def bring() -> None:
    """Import all that commands need, and put the commands together."""
    for name in MODULES:
        importlib.import_module(name)
    import _pytest.config

    from mechgrade.bench.providers import BUILT_IN, module_of
    from mechgrade.doors.cli import command

    for bench in BUILT_IN:
        importlib.import_module(module_of(bench))
    for plugin in _pytest.config.default_plugins:
        importlib.import_module(f"_pytest.{plugin}")
    command()


def main(address: str, lock: int, idle: float) -> Callable[[], None] | None:
    """Be a host; in a fork, the command to run."""
    # For a fork, in whose terminal Ctrl-C may come before it has begun: it waits, and is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    here = circumstances(status())
    try:
        imported = Imported(bring)
    except ImportedError:
        return None  # commands go on to import for themselves
    host = Host(imported, here, address, lock, idle)
    gc.collect()
    gc.freeze()  # what lives now is shared by all forks: the collector must not touch, and so copy, its pages
    brought = host.run()
    if brought is None:
        return None
    from mechgrade.doors.cli import main as command

    return become(brought, command)


if __name__ == "__main__":
    run = main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    if run is not None:
        finish(run)
