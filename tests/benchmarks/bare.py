"""The learners' own computing and nothing else: ``python tests/benchmarks/bare.py COURSE FOLDER LEARNERS``, run by bench_cohort.

One warm process runs each submission's scenarios on all recorded inputs: no sandbox, no comparison. Prints JSON: seconds a submission, by the
clock and of the processor, and those inside learners' functions.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import torch

from mechgrade.bench import Bench
from mechgrade.course import Course, load_course
from mechgrade.grading import recorded
from mechgrade.spec import bench_spec
from mechgrade.worker.runner import Runner, load_grader

_CALL = re.compile(r"(?:\w+\()?(\w+)\((.*?)\)\)?$", re.DOTALL)


def inputs_of(call: str) -> tuple[str, dict[str, object]]:
    """The scenario and inputs of a run's key; ``facts(scenario(…))`` counts as its scenario."""
    match = _CALL.match(call)
    assert match, call
    null, true, false = None, True, False  # the values in a key are JSON
    return match[1], eval(f"dict({match[2]})", {"null": null, "true": true, "false": false})


def main(root: Path, folder: Path, learners: int) -> None:
    course: Course = load_course(root)
    torch.set_num_threads(1)
    bench = Bench(bench_spec(course))
    bench.model  # noqa: B018  loads it
    seconds = functions = processor = 0.0
    count = 0
    for learner in sorted(folder.iterdir())[:learners]:
        count += 1
        for exercise in course.exercises():
            path = learner / exercise.lab / f"{exercise.name}.py"
            if not path.exists():
                continue
            grader = load_grader(course.grader_path(exercise))
            source = path.read_text(encoding="utf-8")
            recording = recorded.read(recorded.path_of(root, "embedded", exercise.lab, exercise.name))
            calls = [inputs_of(call) for call in recording.runs]
            started, used = time.perf_counter(), time.process_time()
            runner = Runner(source, "bare.py", grader, bench)
            for scenario, inputs in calls:
                report = runner.run(scenario, inputs)
                functions += float(report.get("learner_seconds", 0.0))  # type: ignore[arg-type]
                if report["kind"] == "not_started":
                    break
            seconds += time.perf_counter() - started
            processor += time.process_time() - used
    print(
        json.dumps(
            {
                "learners": count,
                "seconds": seconds / count,
                "processor": processor / count,
                "functions": functions / count,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
