"""What a grade costs over what it cannot avoid.

Cold: ``mechgrade grade`` of one exercise against a Python that imports transformer_lens and loads the model (goal: 1.3 times).
Warm: one grade with a worker that is up, against the bare call of the learner's function in a warm process.

Run: ``python tests/benchmarks/bench_grade.py [ROUNDS]``
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, side_by_side
from support import ROOT, grade_folder

from mechgrade.course import load_course
from mechgrade.grading.worker import Worker

EXERCISE = "induction_scores"

LOAD = """
import transformer_lens
from mechgrade.bench.transformer_lens.bench import Bench
from mechgrade.course import load_course
from mechgrade.bench.specs import bench_spec
from pathlib import Path
Bench(bench_spec(load_course(Path.cwd()))).model
"""


def cold(rounds: int) -> None:
    """A command in a fresh process, each time."""
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

    def call(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)

    side_by_side(
        "cold grade: one exercise in a fresh process",
        {
            "import transformer_lens and load the model": lambda: call("-c", LOAD),
            # Without the server: a worker that it keeps warm would make this a second grade.
            "mechgrade grade": lambda: call(
                "-m", "mechgrade.doors.cli", "grade", "solutions", "--exercise", EXERCISE, "--no-server"
            ),
        },
        rounds=rounds,
    )


def warm(rounds: int) -> None:
    """A grade with a warm worker, and the computing in it."""
    course = load_course(ROOT)
    exercise = course.exercise(EXERCISE)
    worker = Worker()
    source = course.solution_path(exercise).read_text()

    from mechgrade.bench.specs import bench_spec
    from mechgrade.bench.transformer_lens.bench import Bench
    from mechgrade.worker.runner import Runner, load_grader

    runner = Runner(source, "bare", load_grader(course.grader_path(exercise)), Bench(bench_spec(course)))
    runs = [("on_course_model", {"batch": 3, "half": 12, "seed": 0})]
    runs += [("on_random_patterns", {"layers": 2, "batch": 3, "heads": 4, "half": 5, "seed": 0})]

    def bare() -> None:
        for scenario, inputs in runs:
            assert runner.run(scenario, inputs)["kind"] == "returned"

    def graded(isolation: str) -> None:
        result = grade_folder(course, worker, ROOT / "solutions", [exercise], isolation=isolation)
        assert result.score == result.max_score

    try:
        side_by_side(
            "warm grade: one exercise, worker up",
            {
                "two scenarios, bare": bare,
                "grade, isolation process": lambda: graded("process"),
                "grade, isolation full": lambda: graded("full"),
            },
            rounds=rounds,
            unit="ms",
            note="A grade runs all checks of the exercise (pytest, fork, sandbox, comparison); bare is its computing alone.",
        )
    finally:
        worker.close()


if __name__ == "__main__":
    count = given(__doc__, rounds=5).rounds
    cold(count)
    warm(4 * count)
