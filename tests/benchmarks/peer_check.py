"""What a course without mechgrade would put into a test cell: the same scenarios and data, in the learner's own process.

Imported by the notebooks of bench_peers, so that the peers compute just what mechgrade computes.
"""

from __future__ import annotations

import os
import re
import sys
import types
from functools import cache
from pathlib import Path
from typing import Any

import torch

torch.set_num_threads(1)


@cache
def _bench() -> Any:
    from mechgrade.bench.specs import bench_spec
    from mechgrade.bench.transformer_lens.bench import Bench
    from mechgrade.bench.transformer_lens.model import quiet_libraries
    from mechgrade.course import load_course

    quiet_libraries()
    course = load_course(Path(os.environ["MECHGRADE_ROOT"]))
    sys.path.insert(0, str(course.root))  # graders import the course's own package
    return course, Bench(bench_spec(course))


_CALL = re.compile(r"(?:\w+\()?(\w+)\((.*?)\)\)?$", re.DOTALL)


def inputs_of(call: str) -> tuple[str, dict[str, object]]:
    """The scenario and inputs of a run's key; ``facts(scenario(…))`` counts as its scenario."""
    match = _CALL.match(call)
    assert match, call
    null, true, false = None, True, False  # the values in a key are JSON
    return match[1], eval(f"dict({match[2]})", {"null": null, "true": true, "false": false})


def check(lab: str, name: str, names: dict[str, Any]) -> None:
    """Fail unless every recorded run of an exercise gives what was recorded.

    Args:
        names: the notebook's globals, with the learner's functions.
    """
    from mechgrade.grading import recordings
    from mechgrade.grading.compare import compare
    from mechgrade.worker.exercise import Exercise
    from mechgrade.worker.outgoing import to_tree
    from mechgrade.worker.runner import load_grader

    course, bench = _bench()
    exercise = course.exercise(name, lab)
    grader = load_grader(course.grader_path(exercise))
    module = types.ModuleType(name)
    module.__dict__.update(names)
    recording = recordings.read(recordings.path_of(course.root, "embedded", lab, name))
    for call, run in recording.runs.items():
        if "(" in call.partition("(")[2]:
            continue  # facts about a result, which need the check's own function
        scenario, inputs = inputs_of(call)
        data = to_tree(getattr(grader, scenario)(Exercise(module), bench, **inputs), str(bench.device))
        found = compare(run.reference, data, run.noise)
        assert found.difference is None, f"{call}: {found.difference}"
