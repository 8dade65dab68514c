"""A host of another command, which prints what a process can know of itself.

``probe_host.py ADDRESS LOCK IDLE`` is the host, ``probe_host.py --probe …`` the command, run by the host where there is one, and
``probe_host.py --alone …`` the command without.
"""

from __future__ import annotations

import contextlib
import json
import locale
import os
import random
import shutil
import signal
import sys
import warnings
from pathlib import Path


def probe() -> None:
    """Print all of it, and what comes on standard input."""
    files = {}
    for number in sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):  # the one by which the folder was listed
            if os.get_inheritable(number):
                files[number] = os.fstat(number).st_ino
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    streams = (sys.stdin, sys.stdout, sys.stderr)
    print(
        json.dumps(
            {
                "arguments": sys.argv,
                "started": sys.orig_argv,
                "path": sys.path,
                "folder": str(Path.cwd()),
                "environment": dict(os.environ),
                "in C": os.popen("env | LC_ALL=C sort").read().replace("\nOLDPWD", "\n"),
                "files": files,
                "umask": os.umask(0),
                "signals": {
                    n: status[n] for n in ("SigBlk", "SigIgn", "SigCgt", "Threads", "NoNewPrivs", "Uid", "Gid")
                },
                "handler": str(signal.getsignal(signal.SIGINT)),
                "streams": [[s.encoding, s.errors, s.line_buffering, s.write_through, s.name, s.mode] for s in streams],
                "same": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
                "size": list(shutil.get_terminal_size()),
                "locale": [locale.setlocale(locale.LC_CTYPE), locale.getpreferredencoding(False)],
                "warnings": len(warnings.filters),
                "script": [sys.modules["__main__"].__file__, sys.modules["__main__"].__package__],
                "limits": Path("/proc/self/limits").read_text(),
                "said": sys.stdin.read(),
            }
        )
    )
    print(random.random(), os.getpid(), os.getppid(), file=sys.stderr)
    what = sys.argv[-1]
    if what == "signal":
        os.kill(os.getpid(), signal.SIGTERM)
    sys.exit({"zero": 0, "none": None, "seven": 7, "text": "a sentence"}.get(what, 0))


def main() -> None:
    """Be the host or the command."""
    if sys.argv[1] not in ("--probe", "--alone"):
        from mechgrade.doors.host.child import become, finish
        from mechgrade.doors.host.circumstances import circumstances, status
        from mechgrade.doors.host.imported import Imported
        from mechgrade.doors.host.server import Host

        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        here = circumstances(status())
        brought = Host(Imported(lambda: None), here, sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).run()
        if brought is not None:
            finish(become(brought, probe))
        return
    sys.path[0] = "/another/place"  # as a script in another folder would have it
    if sys.argv[1] == "--probe":
        from mechgrade.doors.host.client import lent

        lent()
        print("nobody lent it", file=sys.stderr)
    probe()


if __name__ == "__main__":
    main()
