"""What a learner waits for before anything is graded: the first grade, the second, a hint, the help.

Run: ``python tests/benchmarks/bench_startup.py [ROUNDS]``. Goals: the second grade of one exercise in at most 1 s, ``--help`` and
``hint`` in at most 0.3 s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import side_by_side
from support import ROOT

from mechgrade.grading.warm.worker import ask

GRADE = ("grade", "solutions", "--exercise", "repeated_tokens")


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as private:
        # Neither the learner's own worker nor the learner's progress is touched.
        os.environ.update(XDG_RUNTIME_DIR=private, MECHGRADE_HOME=private, COLUMNS="100")

        def call(*arguments: str, server: str = "1") -> None:
            command = [sys.executable, "-m", "mechgrade.doors.cli", *arguments]
            environment = {**os.environ, "MECHGRADE_SERVER": server}
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

        try:
            call(*GRADE)  # leaves the worker that the second finds
            side_by_side(
                "startup: from the shell's prompt to its return",
                {
                    "python -c pass": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
                    "mechgrade --help": lambda: call("--help"),
                    "mechgrade hint": lambda: call("hint", "find_heads", "1"),
                    "first grade of one exercise": lambda: call(*GRADE, server="0"),
                    "second grade of one exercise": lambda: call(*GRADE),
                },
                rounds=rounds,
                cpu=True,
            )
        finally:
            ask(ROOT, {"ask": "stop"})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
