"""Find relations in real failures, and print all sentences, to be read: none may be false, none silly.

By default, in every recorded misconception as if nobody knew it, with what an author says of that misconception. With --strangers, in
the strangers' wrong programs that no misconception explains, which are graded for it.

python scripts/relations.py [--lab LAB] [--exercise NAME] [--strangers]
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading import recordings
from mechgrade.grading.compare import compare
from mechgrade.grading.relations import Pair, Sources, relate
from mechgrade.grading.worker import Worker

ROOT = Path(__file__).parents[1]


def inputs_of(key: str) -> tuple[str, dict[str, Any]]:
    """A call's scenario and inputs, read back from its key. Facts about a scenario's data are no scenario's data."""
    name, rest = key.split("(", 1)
    if not re.match(r"\w+=|\)", rest):
        return f"{name}()", inputs_of(rest[:-1])[1]
    inputs: dict[str, Any] = {}
    while rest != ")":
        label, rest = rest.removeprefix(", ").split("=", 1)
        inputs[label], end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:]
    return name, inputs


def pairs_of(recording: recordings.Recording, name: str) -> list[Pair] | None:
    """The runs of a misconception; None where one of them returned nothing."""
    found = []
    for key, run in recording.runs.items():
        tree = run.misconceptions.get(name)
        if not isinstance(tree, dict):  # it was not run there
            continue
        if tree["kind"] != "returned":
            return None
        passed = compare(run.reference, tree["data"], run.noise).same
        found.append(Pair(run.reference, tree["data"], run.noise, passed, *inputs_of(key)))
    return found


def of_misconceptions(lab: str, exercise: str, counts: Counter[str]) -> Iterator[tuple[str, str, str]]:
    """The misconceptions of an exercise with a relation: name, what is said, what the author says."""
    grader, stub = ROOT / "graders" / lab / f"test_{exercise}.py", ROOT / "exercises" / lab / f"{exercise}.py"
    sources = Sources(grader.read_text(encoding="utf-8"), stub.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "fixtures" / "recorded").glob(f"*/{lab}/{exercise}.json")):
        recording = recordings.read(path)
        for name, told in recording.sentences.items():
            counts["misconceptions"] += 1
            pairs = pairs_of(recording, name)
            sentence = relate(pairs, sources) if pairs is not None else None
            if sentence is not None:
                yield f"{lab}/{exercise}/{name}", sentence, told


def of_strangers(course: Course, exercises: list[Exercise], counts: Counter[str]) -> Iterator[tuple[str, str, str]]:
    """The strangers' wrong programs with a relation: name, what is said, what the stranger says."""
    sys.path.insert(0, str(ROOT / "tests"))
    from strangers import corpus

    paths = {each.name: each.path for exercise in exercises for each in corpus.programs(exercise)}
    worker = Worker(course.limits.start_seconds)
    try:
        for graded in corpus.grade(course, [each for each in exercises if corpus.programs(each)], worker):
            if not graded.right and graded.verdict != "passed":
                counts["strangers' programs, rejected"] += 1
                counts["named"] += graded.misconception is not None
                if graded.misconception is None and graded.sentence:
                    told = ast.get_docstring(ast.parse(paths[graded.name].read_text(encoding="utf-8"))) or ""
                    yield graded.name, graded.sentence, " ".join(told.split())
    finally:
        worker.close()


def main() -> None:
    """Print what is found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", help="only this lab")
    parser.add_argument("--exercise", help="only this exercise")
    parser.add_argument("--strangers", action="store_true", help="in the strangers' programs, which takes minutes")
    chosen = parser.parse_args()
    course = load_course(ROOT)
    exercises = course.exercises(chosen.lab, chosen.exercise)
    counts: Counter[str] = Counter()
    start = time.process_time()
    if chosen.strangers:
        found = of_strangers(course, exercises, counts)
    else:
        found = (each for one in exercises for each in of_misconceptions(one.lab, one.name, counts))
    for name, sentence, told in found:
        counts["related"] += 1
        print(f"{name}\n    {sentence}\n    ({told})")
    print(", ".join(f"{label}: {count}" for label, count in counts.items()))
    print(f"{time.process_time() - start:.1f} s of this process")


if __name__ == "__main__":
    main()
