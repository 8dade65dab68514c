"""Grade the references on models of other families, and say what passes and what is left out: `python scripts/families.py --write`.

Trains a small model of each family (interp/train_family.py; those in outputs/families are taken as they are), offers each on a
loopback Hub under a name of the family, pulls it from there as a learner does, and grades the whole course on it, with both ways to
compute. Models of odd shapes with random weights follow (tests/families.py). ``--also NAME=FOLDER`` takes a trained model of your own
besides. A row of the table takes some minutes: with ``--keep FOLDER`` each is kept, so that a run goes on where the last one ended.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from families import SHAPES, course_with, profile_of, pull
from support import ROOT

from mechgrade.bench.transformer_lens.facts import facts_at
from mechgrade.course import Exercise, load_course
from mechgrade.course.course import Course
from mechgrade.files import write_atomic
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import ExerciseResult, Result
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

from interp.families import FAMILIES

if TYPE_CHECKING:
    from interp.train_family import Measures

PAGE = ROOT / "docs/models.md"
BEGIN, END = "<!-- families: scripts/families.py writes this -->", "<!-- end of families -->"
BACKENDS = ("bridge", "hooked")


@dataclass(frozen=True)
class Row:
    """A model of the table: what people call it, its profile, its folder, and what it has learnt where it was trained here."""

    shown: str
    profile: str
    folder: Path
    learnt: Measures | None = None


def main() -> None:
    """See the module's text."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="families-") as name:
        scratch = Path(name)
        # Before any library reads it: this process and its workers find models where they are pulled to, and nowhere else.
        os.environ |= {"HF_HOME": str(scratch / "hf"), "HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
        rows = list(models(asked, scratch))
        local = {row.profile: row.folder for row in rows if not row.profile.startswith("hub:")}
        course = load_course(course_with(scratch / "course", local))
        pull(scratch / "hf", {r.profile.removeprefix("hub:"): r.folder for r in rows if r.profile not in local}, ROOT)
        text = "\n".join([*learnt(rows), *lines(course, rows, asked)])
    print(text)
    if asked.write:
        page = PAGE.read_text(encoding="utf-8")
        body = re.escape(BEGIN) + ".*?" + re.escape(END)
        write_atomic(PAGE, re.sub(body, lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [*FAMILIES, *SHAPES]
    parser.add_argument("--only", nargs="*", default=known, choices=known, metavar="MODEL", help=", ".join(known))
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=FOLDER", help="a trained model of your own"
    )
    parser.add_argument("--trained", type=Path, default=ROOT / "outputs/families", help="where trained models are")
    parser.add_argument("--exercise", action="append", default=[], help="only these exercises")
    parser.add_argument("--backend", action="append", choices=BACKENDS, help="only this way to compute")
    parser.add_argument("--keep", type=Path, help="keep each result in this folder, and take those that are there")
    parser.add_argument("--no-run", action="store_true", help="make the table of what is kept")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def models(asked: argparse.Namespace, scratch: Path) -> Iterator[Row]:
    """The models of the table, in its order; those that are not there are trained or made."""
    from interp.train_family import MEASURES, folder_of, made, measures_of

    for name in asked.only:
        if name in FAMILIES and (not asked.no_run or (folder_of(name, asked.trained) / MEASURES).is_file()):
            folder = folder_of(name, asked.trained) if asked.no_run else made(name, asked.trained)
            yield Row(name, f"hub:{FAMILIES[name].hub}", folder, measures_of(folder))
    for each in asked.also:
        name, _, folder = each.partition("=")
        yield Row(name, name, Path(folder))
    for name in asked.only:
        if name in SHAPES:
            profile = profile_of(name)
            SHAPES[name](scratch / "models" / profile)
            yield Row(name, profile, scratch / "models" / profile)


def learnt(rows: Sequence[Row]) -> Iterator[str]:
    """The table of what the trained models have learnt; nothing where there are none."""
    if not any(row.learnt for row in rows):
        return
    yield "| model | under the name | loss | capitals right | indirect objects right | best induction score | steps | processor s |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        if row.learnt is not None:
            had = row.learnt
            name = row.profile.removeprefix("hub:")
            shares = f"{had.loss:.2f} | {had.capitals:.0%} | {had.objects:.0%} | {had.induction:.2f}"
            yield f"| {row.shown} | `{name}` | {shares} | {had.steps:,} | {had.seconds} |"
    yield ""


def lines(course: Course, rows: Sequence[Row], asked: argparse.Namespace) -> Iterator[str]:
    """The table of what each model's grading gave, and under it what was left out and why."""
    yield "| model | what it is | computed by | passed | in part | left out | not passed | points |"
    yield "|---|---|---|---|---|---|---|---|"
    reasons: dict[str, dict[str, list[str]]] = {}
    known: dict[str, dict[str, Any]] = {}
    for row in rows:
        facts = facts_at(str(row.folder))
        for backend in asked.backend or BACKENDS:
            if asked.no_run and not (asked.keep and _file(asked.keep, row.profile, backend).is_file()):
                continue
            started = time.monotonic()
            found = results(course, row.profile, backend, asked.exercise, asked.keep, known)
            print(f" {row.shown}, {backend}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            start = f"| {row.shown} | {facts.words if facts else ''} | {backend} |"
            if isinstance(found, str):
                print(f"{row.shown}, {backend}: {found}", file=sys.stderr)
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
                    for one in told.replace(row.profile, "it").split("; "):
                        where = reasons.setdefault(one, {}).setdefault(row.shown, [])
                        where += [what] * (what not in where)
            for each in failed:
                print(
                    f"{row.shown}, {backend}: {each['exercise']} {each['verdict']}: {each['message']}", file=sys.stderr
                )
            points = f"{sum(e['points'] for e in found):g} of {sum(e['max_points'] for e in found):g}"
            yield f"{start} {len(whole)} | {len(part)} | {len(without)} | {len(failed)} | {points} |"
    yield ""
    yield "What was left out, an exercise as a whole or the checks in brackets:"
    yield ""
    for why, by_model in reasons.items():
        same: dict[str, list[str]] = {}
        for shown, what in by_model.items():
            same.setdefault(", ".join(what), []).append(shown)
        yield f"- **{why}.**"
        yield from (f"  - {', '.join(who)}: {what}" for what, who in same.items())


def results(
    course: Course, model: str, backend: str, names: Sequence[str], keep: Path | None, known: dict[str, dict[str, Any]]
) -> list[dict[str, Any]] | str:
    """Each exercise's verdict for its reference; or why the model cannot be loaded.

    ``known`` has the verdicts of exercises that no model decides, because their lab's bench has none: they are graded once.
    """
    kept = _file(keep, model, backend) if keep else None
    exercises = [course.exercise(name) for name in names] or course.exercises()
    if kept is not None and kept.is_file():
        found = json.loads(kept.read_text())
    else:
        worker = Worker(course.limits_of(model).start_seconds)
        try:
            found = _graded(course, worker, model, backend, [each for each in exercises if each.name not in known])
        finally:
            worker.close()
        if isinstance(found, list):
            entries = known | {entry["exercise"]: entry for entry in found}
            found = [entries[each.name] for each in exercises]
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, json.dumps(found, indent=1))
    if isinstance(found, list):
        alone = {each.name for each in exercises if course.lab(each.lab).bench not in (None, course.bench)}
        known |= {entry["exercise"]: entry for entry in found if entry["exercise"] in alone}
    return found  # type: ignore[no-any-return]  # from JSON as it was written


def _file(keep: Path, model: str, backend: str) -> Path:
    return keep / f"{re.sub('[^A-Za-z0-9._-]+', '-', model)}-{backend}.json"


def _graded(
    course: Course, worker: Worker, model: str, backend: str, exercises: Sequence[Exercise]
) -> list[dict[str, Any]] | str:
    options = resolve(course, model=model, backend=backend, isolation="process")
    submission = find_submission(course, course.root / "solutions")
    try:
        result: Result = grade(course, submission, list(exercises), options, worker, on_result=_say)
    except InfrastructureError as error:
        return str(error)
    if all(entry.verdict == "infrastructure_error" for entry in result.applicable[:5]):
        return result.applicable[0].message
    return [_tree(entry) for entry in result.exercises]


def _say(entry: ExerciseResult) -> None:
    print("." if entry.verdict in ("passed", "not_applicable") else "!", end="", file=sys.stderr, flush=True)


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
