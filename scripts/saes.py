"""Grade Lab 4's references on autoencoders of every kind, and say what passes and what is left out: `python scripts/saes.py --write`.

Trains a small autoencoder of each kind (tests/saes.py) by `mechgrade sae train`'s own code, makes the rarer kinds with random weights, grades
the exercises that work with the profile's autoencoder, and writes the table into docs/models.md. It takes about half a minute for each.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from saes import KINDS, OTHERS, course_with_saes, save_other, train
from support import ROOT, grade_folder

from mechgrade.course import Course, load_course
from mechgrade.files import write_atomic
from mechgrade.grading.worker import Worker

PAGE = ROOT / "docs/models.md"
BEGIN, END = "<!-- saes: scripts/saes.py writes this -->", "<!-- end of saes -->"


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="*", default=[*KINDS, *OTHERS], metavar="NAME", help=", ".join([*KINDS, *OTHERS])
    )
    parser.add_argument("--keep", type=Path, help="keep each result in this folder, and take those that are there")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="saes-") as scratch:
        keep = asked.keep or Path(scratch) / "results"
        keep.mkdir(parents=True, exist_ok=True)
        wanted = [name for name in asked.only if not (keep / f"{name}.json").is_file()]
        folders = {name: Path(scratch) / "made" / name for name in wanted}
        for name, folder in folders.items():
            train(name, folder) if name in KINDS else save_other(name, folder)
        course = load_course(course_with_saes(Path(scratch) / "course", folders))
        for name in wanted:
            write_atomic(keep / f"{name}.json", json.dumps(graded(course, name), indent=1))
            print(name, file=sys.stderr, flush=True)
        text = "\n".join(lines({name: json.loads((keep / f"{name}.json").read_text()) for name in asked.only}))
    print(text)
    if asked.write:
        page = PAGE.read_text(encoding="utf-8")
        body = re.escape(BEGIN) + ".*?" + re.escape(END)
        write_atomic(PAGE, re.sub(body, lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL))


def asking(course: Course) -> list[str]:
    """The exercises of which a check works with the model's autoencoder, read from the graders."""
    found = []
    for exercise in course.exercises():
        tree = ast.parse(course.grader_path(exercise).read_text(encoding="utf-8"))
        marks = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.needs"
        ]
        if any(isinstance(arg, ast.Constant) and arg.value == "sae" for mark in marks for arg in mark.args):
            found.append(exercise.name)
    return found


def graded(course: Course, name: str) -> dict[str, dict[str, list[str]]]:
    """Of each exercise the checks by what became of them: a verdict, or why a check was left out."""
    worker = Worker(course.limits_of(name).start_seconds)
    try:
        exercises = [course.exercise(each) for each in asking(course)]
        result = grade_folder(course, worker, course.root / "solutions", exercises, model=name)
    finally:
        worker.close()
    found: dict[str, dict[str, list[str]]] = {}
    for entry in result.exercises:
        of = found.setdefault(entry.exercise, {})
        if not entry.checks:
            of.setdefault(f"{entry.verdict}: {entry.message}", [])
        for check in entry.checks:
            key = check.verdict
            if key == "not_applicable":
                key = f"left out: {check.message.split('. `')[0].rstrip('.').replace(f'the SAE {name}', 'this one')}"
            elif key != "passed":
                key = f"{key}: {check.message}"
            of.setdefault(key, []).append(check.name)
    return found


def lines(results: dict[str, dict[str, dict[str, list[str]]]]) -> Iterator[str]:
    """The table, and under it why checks were left out."""
    exercises = list(next(iter(results.values())))
    yield f"| autoencoder | passed, of {len(exercises)} exercises | in part | not passed | left out |"
    yield "|---|---|---|---|---|"
    for name, found in results.items():
        whole = [each for each, of in found.items() if set(of) == {"passed"}]
        part = [each for each, of in found.items() if "passed" in of and any(key.startswith("left out") for key in of)]
        failed = {each: key for each, of in found.items() for key in of if not key.startswith(("passed", "left out"))}
        reasons = {key.removeprefix("left out: ") for of in found.values() for key in of if key.startswith("left out")}
        checks = [
            f"{each} ({', '.join(names)})"
            for each, of in found.items()
            for key, names in of.items()
            if key.startswith("left out")
        ]
        why = f"{'; '.join(sorted(reasons))}: {', '.join(checks)}" if checks else ""
        if failed and len(failed) == len(exercises) and len(set(failed.values())) == 1:
            why = next(iter(failed.values()))
        for each, key in failed.items():
            print(f"{name}: {each}: {key}", file=sys.stderr)
        yield f"| {name} | {len(whole)} | {len(part)} | {len(failed)} | {why.replace('|', '/')} |"


if __name__ == "__main__":
    main()
