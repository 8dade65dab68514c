"""The files that people read, made from the store: each learner's JSON and page, ``grades.csv``, the summary.

What belongs to results is the same, byte for byte, however they came about; what a run took is in ``times.json`` and on the
summary's page alone. Each file is replaced as a whole.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mechgrade.cohort import entry
from mechgrade.cohort.store import Store, StoreError
from mechgrade.cohort.summary import Counting, Summary, Times
from mechgrade.course import Course, Exercise
from mechgrade.files import write_atomic
from mechgrade.grading.options import Options
from mechgrade.grading.verdicts import Check, ExerciseResult, Result

Page = Callable[[Course, str, Result], str]
SummaryPage = Callable[[Summary, dict[str, Times]], str]


def write(
    course: Course, exercises: list[Exercise], options: Options, store: Store, page: Page, summary_page: SummaryPage
) -> Summary:
    """Write all files, and remove those of learners who are no longer there.

    Args:
        page: makes a learner's HTML.
        summary_page: makes the summary's.

    Raises:
        StoreError: the disk is full, or the folder cannot be written to.
    """
    out = store.folder
    setting = {
        "model": options.model,
        "backend": options.backend,
        "device": options.device,
        "isolation": options.isolation,
    }
    setting["inputs"] = "public and hidden" if options.hidden is not None else "public"
    counting = Counting(course, exercises, setting)
    grades = io.StringIO()
    table = csv.writer(grades)  # its defaults are RFC 4180's: CRLF, quotes doubled
    table.writerow(["learner", "score", "max_score", "ungraded", *(f"{each.lab}/{each.name}" for each in exercises)])
    kept = set()
    try:
        for name, keys in store.roster():
            result = Result(options.model, options.backend, options.device, options.isolation)
            result.exercises = [_result(store, key, exercise) for key, exercise in zip(keys, exercises, strict=True)]
            counting.add(result.exercises, [store.times(key) for key in keys])
            table.writerow(_row(name, result))
            kept |= {f"{name}.json", f"{name}.html"}
            write_atomic(out / "learners" / f"{name}.json", _json(_tree(name, result)))
            write_atomic(out / "learners" / f"{name}.html", page(course, name, result))
        summary, times = counting.finish()
        write_atomic(out / "grades.csv", grades.getvalue())
        write_atomic(out / "summary.json", _json(summary.as_tree()))
        write_atomic(out / "times.json", _json({name: asdict(one) for name, one in times.items()}))
        write_atomic(out / "summary.html", summary_page(summary, times))
        for path in (out / "learners").iterdir():
            if path.name not in kept and path.suffix in (".json", ".html"):
                path.unlink()
    except OSError as error:
        raise StoreError(
            f"{error.filename or out} cannot be written: {error.strerror}; the results are kept: "
            "make room and run the same command again"
        ) from None
    return summary


def _result(store: Store, key: str, exercise: Exercise) -> ExerciseResult:
    body = store.body(key)
    if body is not None:
        return entry.load(body)
    # The one of equal submissions that was graded for all has met a fault under another learner's name.
    result = ExerciseResult(exercise.lab, exercise.name, exercise.points)
    result.checks.append(Check("grading", "infrastructure_error", 0, exercise.points, message="it was not graded"))
    return result


def _row(name: str, result: Result) -> list[Any]:
    faults = {(each.lab, each.exercise) for each in result.faults}
    # What could not be graded has no score, and neither has the whole: an empty cell is no zero.
    points = ["" if (each.lab, each.exercise) in faults else f"{each.points:g}" for each in result.exercises]
    return [name, "" if faults else f"{result.score:g}", f"{result.max_score:g}", len(faults), *points]


def _tree(name: str, result: Result) -> dict[str, Any]:
    tree = result.as_tree()
    for exercise in tree["exercises"]:
        del exercise["seconds"]
    return {"learner": name, **tree}


def _json(tree: Any) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
