"""What several tests need besides fixtures."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from mechgrade.course import Course, Exercise
from mechgrade.grading.grader import Grader, Settings
from mechgrade.grading.run import grade
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import find_submission

ROOT = Path(__file__).parents[1]


def grade_folder(course: Course, worker: Worker, folder: Path, exercises: list[Exercise], **settings: object) -> Result:
    """Grade a submission with a worker that is already warm."""
    chosen = {"isolation": "process", **settings}
    grader = Grader(course, Settings(find_submission(course, folder), **chosen), worker)  # type: ignore[arg-type]
    return grade(grader, exercises)


def one_exercise(root: Path, lab: str = "lab3", name: str = "find_heads") -> Path:
    """Make a course with a single exercise of the project's own, which a test may spoil; nothing is built or recorded."""
    document = yaml.safe_load((ROOT / "course.yaml").read_text())
    chosen = document["labs"][lab]
    chosen["exercises"] = {name: chosen["exercises"][name]}
    document["labs"], document["pages"] = {lab: chosen}, []
    (root / "course.yaml").write_text(yaml.safe_dump(document))
    for part in (f"solutions/{lab}/{name}.py", f"solutions/{lab}/variants/{name}.py", f"graders/{lab}/test_{name}.py"):
        (root / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, root / part)
    (root / "fixtures").mkdir()
    for part in ("models", "saes"):
        (root / "fixtures" / part).symlink_to(ROOT / "fixtures" / part)
    return root
