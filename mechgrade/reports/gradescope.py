"""A result as Gradescope's ``results.json``, by its documented fields.

https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
"""

from __future__ import annotations

from typing import Any

from mechgrade.course import Course
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result
from mechgrade.protocol.printed import shortened
from mechgrade.reports.terminal import LOOKS, PRINTED_LINES

#: What a check says that failed on hidden inputs alone (mechgrade.grading.plugin).
_HIDDEN = "on hidden inputs"


def results(course: Course, result: Result) -> dict[str, Any]:
    """The tree of results.json.

    A fault of the machine or a grader gives no score: Gradescope shows the submission as one whose autograder failed, and
    an instructor runs it again.
    """
    tests = [
        _test(course, entry, check, f"{place}.{number}")
        for place, entry in enumerate(result.exercises, 1)
        for number, check in enumerate(entry.checks, 1)
    ]
    tree: dict[str, Any] = {
        "output": f"Graded on {result.model}, isolation {result.isolation}.",
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "execution_time": round(sum(entry.seconds for entry in result.exercises)),
        "tests": tests,
        "extra_data": {"mechgrade": result.as_tree()},
    }
    if result.faults:
        names = ", ".join(f"{entry.lab}/{entry.exercise}" for entry in result.faults)
        tree["output"] = (
            f"{names} could not be graded, and that is not your code's fault. Your instructor will run it again."
        )
    else:
        tree["score"] = result.score
    return tree


def _test(course: Course, entry: ExerciseResult, check: Check, number: str) -> dict[str, Any]:
    exercise = course.exercise(entry.exercise, entry.lab)
    lines = [LOOKS[check.verdict][1], check.sentence, check.message]
    if check.place is not None and check.place.text:
        lines.append(f"look at: {check.place.text}")
    if check.output.strip():
        lines.append(f"your code printed:\n{shortened(check.output, PRINTED_LINES)}")
    if check.verdict not in ("passed", "not_applicable", *FAULTS):
        lines.append(f"a hint: mechgrade hint {entry.exercise}")
    return {
        "number": number,
        "name": f"{exercise.title}: {check.asks or check.name}",
        "score": check.points,
        "max_score": check.max_points,
        **(
            {} if check.verdict == "not_applicable" else {"status": "passed" if check.verdict == "passed" else "failed"}
        ),
        "output": "\n".join(line for line in lines if line),
        # That a hidden check failed is told with the grades, so that it cannot be used to find out what is in it.
        "visibility": "after_published" if check.message.startswith(_HIDDEN) else "visible",
        "tags": [entry.lab, entry.exercise, check.verdict],
    }
