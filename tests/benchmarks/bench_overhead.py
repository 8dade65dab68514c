"""A lab graded by a warm worker, beside its computing alone in a warm process.

Run: ``python tests/benchmarks/bench_overhead.py [ROUNDS] [LAB]``. Goal: at most 1.5 times. Also what could be gained by making inputs
that do not depend on learner code (the bench's model runs) before the fork: the difference between the first two rows.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import side_by_side
from support import ROOT, grade_folder

from mechgrade.course import Exercise, load_course
from mechgrade.grading.grader import Grader, Settings
from mechgrade.grading.outcomes import Outcome
from mechgrade.grading.remote import Zygote
from mechgrade.grading.run import grade
from mechgrade.grading.submission import find_submission
from mechgrade.worker import sandbox

Call = tuple[Exercise, str, dict[str, Any]]


class Listening(Grader):
    """Keeps what was run."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.calls: list[Call] = []

    def outcome(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Outcome:
        self.calls.append((exercise, scenario, inputs))
        return super().outcome(exercise, scenario, inputs)


def main(rounds: int, lab: str) -> None:
    course = load_course(ROOT)
    exercises = course.exercises(lab)
    zygote = Zygote(course.limits.start_seconds)
    listening = Listening(course, Settings(find_submission(course, ROOT / "solutions"), isolation="process"), zygote)
    grade(listening, exercises)

    import torch

    from mechgrade.bench import Bench
    from mechgrade.worker.runner import Runner, load_grader

    torch.set_num_threads(1)
    bench = Bench(listening.spec_for(exercises[0]))

    def bare(anew: bool) -> None:
        runner, current = None, None
        for exercise, scenario, inputs in listening.calls:
            if exercise != current or runner is None:
                source = course.solution_path(exercise).read_text(encoding="utf-8")
                runner, current = Runner(source, "bare", load_grader(course.grader_path(exercise)), bench), exercise
                if anew:
                    bench._cache.clear()
            assert runner.run(scenario, inputs)["kind"] == "returned"

    def graded(level: str) -> None:
        result = grade_folder(course, zygote, ROOT / "solutions", exercises, isolation=level)
        assert result.score == result.max_score

    things = {
        "bare, inputs made once": lambda: bare(False),
        "bare, inputs made anew for each exercise": lambda: bare(True),
        "graded, isolation process": lambda: graded("process"),
    }
    if sandbox.probe().level == "full":
        things["graded, isolation full"] = lambda: graded("full")
    try:
        side_by_side(f"overhead: {lab} with all references", things, rounds=rounds)
    finally:
        zygote.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 5, arguments[1] if len(arguments) > 1 else "lab3")
