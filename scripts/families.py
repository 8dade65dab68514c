"""Grade the references on models of other families, and say what passes and what is left out: `python scripts/families.py --write`.

Makes a small model of each family (tests/families.py), grades the whole course on each with both of the bench's ways to compute, and
writes the table into docs/models.md. ``--also NAME=FOLDER`` takes a trained model of your own besides. It takes a few minutes for each model.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from families import FAMILIES, course_with, profile_of, save_model
from support import ROOT

from mechgrade.bench.transformer_lens.facts import facts_at
from mechgrade.course import load_course
from mechgrade.course.course import Course
from mechgrade.files import write_atomic
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import FAULTS, ExerciseResult, Result
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

PAGE = ROOT / "docs/models.md"
BEGIN, END = "<!-- families: scripts/families.py writes this -->", "<!-- end of families -->"
BACKENDS = ("bridge", "hooked")


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(FAMILIES), metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=FOLDER", help="a trained model of your own"
    )
    parser.add_argument("--exercise", action="append", default=[], help="only these exercises")
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="only this way to compute")
    parser.add_argument("--keep", type=Path, help="keep each result in this folder, and take those that are there")
    parser.add_argument("--no-run", action="store_true", help="make the table of what is kept")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    also = dict(each.split("=", 1) for each in asked.also)
    with tempfile.TemporaryDirectory(prefix="families-") as scratch:
        models = {}
        for family in asked.only:
            models[profile_of(family)] = Path(scratch) / "models" / profile_of(family)
            save_model(family, models[profile_of(family)])
        models |= {name: Path(folder) for name, folder in also.items()}
        course = load_course(course_with(Path(scratch) / "course", models))
        shown = dict(zip(models, [*asked.only, *also], strict=True))
        table = list(lines(course, shown, asked.backend or BACKENDS, asked.exercise, asked.keep, asked.no_run))
    text = "\n".join(table)
    print(text)
    if asked.write:
        page = PAGE.read_text(encoding="utf-8")
        body = re.escape(BEGIN) + ".*?" + re.escape(END)
        write_atomic(PAGE, re.sub(body, lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL))


def lines(
    course: Course,
    models: dict[str, str],
    backends: Sequence[str],
    names: Sequence[str],
    keep: Path | None,
    no_run: bool,
) -> Iterator[str]:
    """The table of models, and under it what was left out and why."""
    yield "| model | what it is | computed by | passed | in part | left out | not passed | points |"
    yield "|---|---|---|---|---|---|---|---|"
    reasons: dict[str, dict[str, list[str]]] = {}
    for model, shown in models.items():
        facts = facts_at(course.place_of(course.model(model).source))
        for backend in backends:
            if no_run and not (keep and _file(keep, model, backend).is_file()):
                continue
            found = results(course, model, backend, names, keep)
            start = f"| {shown} | {facts.words if facts else ''} | {backend} |"
            if isinstance(found, str):
                yield f"{start} cannot load it | | | | |"
                continue
            part = [each for each in found if each["verdict"] == "passed" and each["left"]]
            whole = [each for each in found if each["verdict"] == "passed" and not each["left"]]
            without = [each for each in found if each["verdict"] == "not_applicable"]
            failed = [each for each in found if each not in (*part, *whole, *without)]
            for each in found:
                for why, checks in each["left"].items():
                    what = each["exercise"] + (f" ({', '.join(checks)})" if each in part else "")
                    told = re.sub(r"\. `mechgrade .*", "", why)  # what can be done is said above the table
                    for one in told.replace(model, "it").split("; "):
                        where = reasons.setdefault(one, {}).setdefault(shown, [])
                        where += [what] * (what not in where)
            for each in failed:
                print(f"{shown}, {backend}: {each['exercise']} {each['verdict']}: {each['message']}", file=sys.stderr)
            points = f"{sum(e['points'] for e in found):g} of {sum(e['max_points'] for e in found):g}"
            yield f"{start} {len(whole)} | {len(part)} | {len(without)} | {len(failed)} | {points} |"
    yield ""
    yield "Left out: the whole exercise, or only the checks in brackets:"
    yield ""
    for why, by_model in reasons.items():
        same: dict[str, list[str]] = {}
        for shown, what in by_model.items():
            same.setdefault(", ".join(what), []).append(shown)
        yield f"- **{why}.**"
        yield from (f"  - {', '.join(who)}: {what}" for what, who in same.items())


def results(
    course: Course, model: str, backend: str, names: Sequence[str], keep: Path | None
) -> list[dict[str, Any]] | str:
    """Each exercise's verdict for its reference; or why the model cannot be loaded."""
    kept = _file(keep, model, backend) if keep else None
    if kept is not None and kept.is_file():
        return json.loads(kept.read_text())
    worker = Worker(course.limits_of(model).start_seconds)
    try:
        found = _graded(course, worker, model, backend, names)
    finally:
        worker.close()
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(kept, json.dumps(found, indent=1))
    return found


def _file(keep: Path, model: str, backend: str) -> Path:
    return keep / f"{model}-{backend}.json"


def _graded(
    course: Course, worker: Worker, model: str, backend: str, names: Sequence[str]
) -> list[dict[str, Any]] | str:
    exercises = [course.exercise(name) for name in names] or course.exercises()
    options = resolve(course, model=model, backend=backend, isolation="process")
    submission = find_submission(course, course.root / "solutions")
    try:
        result: Result = grade(course, submission, exercises, options, worker, on_result=_say)
    except InfrastructureError as error:
        return str(error)
    if all(entry.verdict == "infrastructure_error" for entry in result.applicable[:5]):
        return result.exercises[0].message
    return [_tree(entry) for entry in result.exercises]


def _say(entry: ExerciseResult) -> None:
    mark = "!" if entry.verdict in FAULTS or entry.verdict not in ("passed", "not_applicable") else "."
    print(mark, end="", file=sys.stderr, flush=True)


def _tree(entry: ExerciseResult) -> dict[str, Any]:
    left: dict[str, list[str]] = {}
    for check in entry.checks:
        if check.verdict == "not_applicable":
            left.setdefault(check.message, []).append(check.name)
    return {
        "exercise": entry.exercise,
        "verdict": entry.verdict,
        "points": entry.points,
        "max_points": entry.max_points,
        "message": "; ".join(
            f"{c.name}: {c.message}" for c in entry.checks if c.verdict not in ("passed", "not_applicable")
        ),
        "left": left,
    }


if __name__ == "__main__":
    main()
