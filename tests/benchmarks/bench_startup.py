"""What a learner waits for before anything is graded: the first grade, the second, a hint, the help.

Run: ``python tests/benchmarks/bench_startup.py [ROUNDS]``. The lines "alone" import for themselves; of the second grades, "alone"
finds the worker warm. Goals: by the command host, the second grade of one exercise in at most 0.3 s, ``--help`` and ``hint`` in at
most 0.1 s and three times what Python takes to start.

The processor time is that of the command, of the host and of its forks. The worker's is not in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, side_by_side
from support import ROOT

from mechgrade.doors.host.leave import ask_host
from mechgrade.grading.warm.worker import ask

GRADE = ("grade", "solutions", "--exercise", "repeated_tokens")
HINT = ("hint", "find_heads", "1")
TICKS = os.sysconf("SC_CLK_TCK")


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as private:
        # Neither the learner's own worker nor the learner's progress is touched.
        os.environ.update(XDG_RUNTIME_DIR=private, MECHGRADE_HOME=private, COLUMNS="100")

        def call(*arguments: str, server: str = "1", module: str = "mechgrade") -> None:
            command = [sys.executable, "-m", module, *arguments]
            environment = {**os.environ, "MECHGRADE_SERVER": server}
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

        def alone(*arguments: str, server: str = "1") -> None:
            call(*arguments, server=server, module="mechgrade.doors.cli")

        try:
            call(*GRADE)  # leaves the worker and the host that the second finds
            host = _the_host()
            side_by_side(
                "startup: from the shell's prompt to its return",
                {
                    "python -c pass": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
                    "mechgrade --help": lambda: call("--help"),
                    "mechgrade --help, alone": lambda: alone("--help"),
                    "mechgrade hint": lambda: call(*HINT),
                    "mechgrade hint, alone": lambda: alone(*HINT),
                    "second grade of one exercise": lambda: call(*GRADE),
                    "second grade of one exercise, alone": lambda: alone(*GRADE),
                    "first grade of one exercise": lambda: alone(*GRADE, server="0"),
                },
                rounds=rounds,
                cpu=True,
                elsewhere=lambda: _spent_by(host),
            )
            found = ask_host("status")
            assert found is not None and found["commands"] == 3 * (rounds + 1), "not all of them came to the host"
        finally:
            ask(ROOT, {"ask": "stop"})
            ask_host("stop")


def _the_host() -> int:
    for _ in range(600):
        if (found := ask_host("status")) is not None:
            return int(found["process"])
        time.sleep(0.1)
    raise SystemExit("no host came; has a file of the engine just changed? Then run this again")


def _spent_by(process: int) -> float:
    """Processor time of a process and of those that it waited for."""
    numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]
    return sum(map(int, numbers)) / TICKS


if __name__ == "__main__":
    main(given(__doc__, rounds=5).rounds)
