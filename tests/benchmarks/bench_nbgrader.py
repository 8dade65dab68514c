"""`nbgrader autograde` with the project's configuration against its default, on the same class, in turns.

The default executes each notebook in a Jupyter kernel: every cell runs, the checks in it included, unsandboxed, beside the answers of
nobody but also beside the gradebook. Here the text is taken out and graded in one warm worker. Both give a right submission full marks.

    .venv/bin/python tests/benchmarks/bench_nbgrader.py [LEARNERS]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, side_by_side
from classroom.room import Class, make_course, write_into

from mechgrade.course.source import read_source

#: nbgrader's own lists, given over those of the configuration. The kernel is told where the course is, for the checks.
DEFAULT = (
    "c = get_config()\n"
    "from pathlib import Path\n"
    "c.CourseDirectory.course_id = 'mechgrade'\n"
    "c.CourseDirectory.root = str(Path(__file__).parent / 'gradebook')\n"
    "c.Execute.timeout = 300\n"
)


def main() -> None:
    learners = given(__doc__, learners=2).learners
    home = Path(tempfile.mkdtemp(prefix="mechgrade-bench-"))
    try:
        room = Class(make_course(home / "course"), home)
        room.mechgrade("release", "lab3", "--no-exchange")
        work = {
            name: read_source(room.course, exercise).reference
            for name, exercise in room.course.labs["lab3"].exercises.items()
        }
        for place in range(learners):
            room.hand_in(f"learner{place}", "lab3", write_into(room.released("lab3"), work))
        most = sum(exercise.points for exercise in room.course.exercises("lab3"))
        ours = (room.course.root / "nbgrader_config.py").read_text()
        path = room.course.root / "nbgrader_config.py"

        def autograde(config: str) -> None:
            path.write_text(config)
            room.nbgrader("autograde", "lab3", "--force", MECHGRADE_COURSE=str(room.course.root))
            scores = room.scores("lab3")
            assert len(scores) == learners
            assert all(sum(score or 0 for score in each.values()) == most for each in scores.values()), scores

        side_by_side(
            f"nbgrader autograde: {learners} learners, {len(work)} exercises each",
            {"sandbox": lambda: autograde(ours), "default": lambda: autograde(DEFAULT)},
            rounds=3,
            note="whole commands, with starting Python and nbgrader; right submissions",
        )
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
