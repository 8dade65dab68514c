"""A small course, a class that has worked on it, and the command that grades it."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import support
import yaml
from support import ROOT

from mechgrade.course import Course, load_course
from mechgrade.course.variants import programs

#: Exercises whose own computing takes no time.
NAMES = ("find_heads", "repeated_tokens")


def small_course(root: Path, names: tuple[str, ...] = NAMES) -> Course:
    """The project's course cut down to a few exercises of lab 3, in a folder whose files a test may change."""
    document = yaml.safe_load((ROOT / "course.yaml").read_text(encoding="utf-8"))
    lab = document["labs"]["lab3"]
    lab["exercises"], lab["merged"] = {name: lab["exercises"][name] for name in names}, {}
    document["labs"] = {"lab3": lab}
    document["models"] = {"embedded": document["models"]["embedded"]}
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    shutil.copytree(ROOT / "interp", root / "interp", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("models", "saes"):
        shutil.copytree(ROOT / "fixtures" / part, root / "fixtures" / part)
    for name in names:
        for path in (
            f"graders/lab3/test_{name}.py",
            f"solutions/lab3/{name}.py",
            f"solutions/lab3/variants/{name}.py",
            f"exercises/lab3/{name}.py",
            f"fixtures/recorded/embedded/lab3/{name}.json",
            f"fixtures/recorded/embedded/lab3/{name}.safetensors",
        ):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
    return load_course(root)


def small_class(
    course: Course, folder: Path, size: int, *, alike: bool = False, lab: str | None = None, kinds: tuple[str, ...] = ()
) -> Path:
    """Learners with right programs, misconceptions and stubs, taken in turn; each file its own unless they are ``alike``.

    With ``kinds``, such as ``reference`` or ``misconception``, the first program of each of these kinds and no other.
    """
    made = {exercise: programs(course, exercise) for exercise in course.exercises(lab)}
    if kinds:
        made = {
            exercise: [next(each for each in found if each.kind == kind) for kind in kinds]
            for exercise, found in made.items()
        }
    for place in range(size):
        for exercise, found in made.items():
            source = found[place % len(found)].source + ("" if alike else f"\n# {place}\n")
            path = folder / f"learner{place:03}" / exercise.lab / f"{exercise.name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
    return folder


def command(*arguments: str | Path) -> list[str]:
    """``mechgrade cohort …`` as an argument list."""
    return [sys.executable, "-m", "mechgrade.doors.cli", "cohort", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """No colours, no secret of the tester's."""
    kept = {name: value for name, value in os.environ.items() if name != "MECHGRADE_SECRET"}
    return kept | {"NO_COLOR": "1", "COLUMNS": "200"} | more


def cohort(course: Course, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``mechgrade cohort …`` in the course's folder."""
    return subprocess.run(
        [*support.command(), "cohort", *map(str, arguments)],
        cwd=course.root,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
        env=environment(**more),
    )


def results(out: Path) -> dict[str, bytes]:
    """All files that say what the results are; the others say how long it took."""
    paths = [out / "grades.csv", out / "summary.json", *sorted((out / "learners").iterdir())]
    return {str(path.relative_to(out)): path.read_bytes() for path in paths}


def assert_same(out: Path, undisturbed: Path) -> None:
    """The results are the same bytes; if not, the lines that differ are shown, and not two files without a line break."""
    found, wanted = results(out), results(undisturbed)
    lines = [
        f"{name}: {line}"
        for name in sorted(found.keys() | wanted.keys())
        for line in difflib.unified_diff(*(each.get(name, b"").decode().splitlines() for each in (wanted, found)), n=0)
    ]
    assert not lines, "\n".join(line[:1000] for line in lines)
    assert found == wanted


def verdicts(out: Path) -> dict[str, list[str]]:
    """Each learner's verdicts."""
    return {
        path.stem: [each["verdict"] for each in json.loads(path.read_text(encoding="utf-8"))["exercises"]]
        for path in sorted((out / "learners").glob("*.json"))
    }
