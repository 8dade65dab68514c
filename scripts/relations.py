"""Find relations in real failures: every recorded misconception as if nobody knew it. All sentences are printed, to be read.

python scripts/relations.py [--lab LAB] [--exercise NAME] [--known]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from mechgrade.grading import recordings
from mechgrade.grading.compare import compare
from mechgrade.grading.relations import Pair, Sources, relate

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


def main() -> None:
    """Print what is found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab")
    parser.add_argument("--exercise")
    chosen = parser.parse_args()
    counts: Counter[str] = Counter()
    seconds = 0.0
    for path in sorted((ROOT / "fixtures" / "recorded").glob("*/*/*.json")):
        lab, exercise = path.parent.name, path.stem
        if chosen.lab not in (None, lab) or chosen.exercise not in (None, exercise):
            continue
        recording = recordings.read(path)
        sources = Sources(
            (ROOT / "graders" / lab / f"test_{exercise}.py").read_text(encoding="utf-8"),
            (ROOT / "exercises" / lab / f"{exercise}.py").read_text(encoding="utf-8"),
        )
        for name, told in recording.sentences.items():
            pairs = pairs_of(recording, name)
            counts["misconceptions"] += 1
            if pairs is None:
                counts["raised or crashed"] += 1
                continue
            start = time.perf_counter()
            sentence = relate(pairs, sources)
            seconds += time.perf_counter() - start
            if sentence is not None:
                counts["related"] += 1
                failed = sum(not pair.passed for pair in pairs)
                print(f"{lab}/{exercise} {name} ({failed} of {len(pairs)} failed)\n   {sentence}\n   ({told})")
    print(dict(counts), f"{seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
