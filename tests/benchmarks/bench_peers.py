"""mechgrade against `nbgrader autograde`, `otter run` and a fresh pytest, on the same lab and the same submissions.

Run: ``python tests/benchmarks/bench_peers.py [--lab lab3 | --light] [--learners 3] [--otter PATH/TO/otter | --no-otter]``. Submissions are right programs,
misconceptions and stubs in turns, the same in all classes. The peers get each learner's file as the cells of a notebook, and for each exercise a test that runs the same
scenarios on the same inputs and compares with the same recorded data, in the learner's own process, as theirs do (``peer_check.py``);
pytest runs mechgrade's own checks with isolation ``inline``, in a fresh process a submission; mechgrade grades at the best isolation there is,
with two processes, start-up included. A whole lab is mostly computing, which nobody can save; ``--light`` takes two exercises that compute for
hundredths of a second, as the small notebooks do that such tools are usually measured with. Otter-grader gets a virtual environment of its own, made here where none is named, which borrows our torch.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import nbformat
from benchmarks.measure import OUT
from benchmarks.processor import Spent, run
from cohort.ground import command, environment, small_class, small_course
from nbformat.v4 import new_code_cell, new_notebook
from rich.console import Console
from rich.table import Table
from support import ROOT

from mechgrade import sandbox
from mechgrade.course import Course, Exercise, load_course

HERE = Path(__file__).parent
#: Submissions in the classes between which "one more" is measured: what is done once, start-up and inputs, is done in the smaller one too.
SETTLED = (12, 60)
OTTER_VENV = OUT / "otter-venv"


def cell_of(source: str) -> str:
    """A learner's file as a cell: without the demonstration at its end, which a notebook would run."""
    tree = ast.parse(source)
    lines = source.splitlines()
    for node in tree.body:
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(line for line in lines if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION"))


def notebook(*cells: Any) -> Any:
    made = new_notebook(cells=list(cells))
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def check_of(exercise: Exercise) -> str:
    return f"import peer_check\npeer_check.check({exercise.lab!r}, {exercise.name!r}, globals())"


def peers_environment(**more: str) -> dict[str, str]:
    return environment(PYTHONPATH=str(HERE), OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", PYTHONWARNINGS="ignore") | (
        more or {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    )


def sources(course: Course, lab: str, learner: Path) -> list[str]:
    """A learner's files as cells; one that does not parse stays as it is."""
    found = []
    for exercise in course.exercises(lab):
        text = (learner / lab / f"{exercise.name}.py").read_text(encoding="utf-8")
        try:
            found.append(cell_of(text))
        except SyntaxError:
            found.append(text)
    return found


def with_nbgrader(course: Course, lab: str, folder: Path, place: Path) -> Spent:
    """`nbgrader autograde` over all submissions; generating the assignment is not counted."""

    def graded(name: str, source: str, **metadata: Any) -> Any:
        cell = new_code_cell(source)
        cell.metadata.nbgrader = {"schema_version": 3, "grade_id": name, "locked": False, "task": False, **metadata}
        return cell

    def filled(cells: list[str]) -> Any:
        made = []
        for exercise, source in zip(course.exercises(lab), cells, strict=True):
            made.append(graded(f"answer-{exercise.name}", source, grade=False, solution=True))
            test = graded(exercise.name, check_of(exercise), grade=True, solution=False, points=exercise.points)
            test.metadata.nbgrader["locked"] = True
            made.append(test)
        return notebook(*made)

    (place / "source/ps1").mkdir(parents=True)
    first = sorted(folder.iterdir())[0]
    marked = [f"### BEGIN SOLUTION\n{source}\n### END SOLUTION" for source in sources(course, lab, first)]
    nbformat.write(filled(marked), place / "source/ps1/lab.ipynb")
    for learner in sorted(folder.iterdir()):
        (place / f"submitted/{learner.name}/ps1").mkdir(parents=True)
        nbformat.write(filled(sources(course, lab, learner)), place / f"submitted/{learner.name}/ps1/lab.ipynb")
    program = Path(sys.executable).with_name("nbgrader")
    run([program, "generate_assignment", "ps1", "--create"], place, peers_environment())
    spent = run([program, "autograde", "ps1", "--ExecutePreprocessor.timeout=600"], place, peers_environment())
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{place}/gradebook.db") as book:
        best = book.find_submission("ps1", first.name)
        assert best.score == best.max_score, "the first learner's programs are right, and nbgrader's tests fail them"
    return spent


def otter_program(named: str | None) -> Path:
    """Otter-grader's command; installed into an environment of its own where none is named."""
    if named:
        return Path(named).absolute()
    program = OTTER_VENV / "bin/otter"
    if not program.exists():
        venv.create(OTTER_VENV, with_pip=True)
        subprocess.run([OTTER_VENV / "bin/pip", "install", "-q", "otter-grader", "ipykernel"], check=True)
        # Last on its path, so that otter's own packages come first: torch is large.
        site = next((OTTER_VENV / "lib").glob("python*")) / "site-packages"
        (site / "borrowed.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT}\n")
    return program


def with_otter(course: Course, lab: str, folder: Path, place: Path, otter: Path) -> Spent:
    """`otter run` of each submission, one after the other."""
    (place / "tests").mkdir(parents=True)
    for exercise in course.exercises(lab):
        code = "".join(f">>> {line}\n" for line in check_of(exercise).splitlines()).rstrip()
        case = {"code": code, "hidden": False, "locked": False}
        suites = [{"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}]
        body = {"name": exercise.name, "points": exercise.points, "suites": suites}
        (place / f"tests/{exercise.name}.py").write_text(f"OK_FORMAT = True\n\ntest = {body!r}\n")
    env = peers_environment(PATH=f"{otter.parent}:{os.environ['PATH']}")
    run([otter, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], place, env)
    total = Spent(0.0, 0.0)
    for number, learner in enumerate(sorted(folder.iterdir())):
        work = place / learner.name
        work.mkdir()
        nbformat.write(notebook(*map(new_code_cell, sources(course, lab, learner))), work / "lab.ipynb")
        add(total, run([otter, "run", "-a", "../autograder.zip", "-o", ".", "lab.ipynb"], work, env))
        if number == 0:
            tests = json.loads((work / "results.json").read_text())["tests"]
            scores = [test.get("score", 0) for test in tests]
            assert sum(scores) == sum(exercise.points for exercise in course.exercises(lab)), (
                f"otter fails right programs: {tests}"
            )
    return total


def with_pytest(course: Course, lab: str, folder: Path) -> Spent:
    """A fresh pytest a submission."""
    total = Spent(0.0, 0.0)
    for learner in sorted(folder.iterdir()):
        script = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]) not in (0, 1))"
        arguments = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "mechgrade.doors.plain_pytest",
            f"graders/{lab}",
        ]
        arguments += ["--mechgrade-submission", str(learner), "--mechgrade-isolation", "inline"]
        add(total, run([sys.executable, "-c", script, *arguments], course.root, peers_environment()))
    return total


def add(total: Spent, one: Spent) -> None:
    total.seconds += one.seconds
    total.processor = None if one.processor is None or total.processor is None else total.processor + one.processor


def main() -> None:
    parser = argparse.ArgumentParser(description="What grading the same submissions costs elsewhere.")
    parser.add_argument("--lab", default="lab3")
    parser.add_argument("--light", action="store_true", help="two light exercises of lab 3 instead of a whole lab")
    parser.add_argument("--learners", type=int, default=3)
    parser.add_argument("--otter", help="otter-grader's command")
    parser.add_argument("--no-otter", action="store_true")
    options = parser.parse_args()
    lab = "lab3" if options.light else options.lab
    console = Console()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="mechgrade-peers-") as temporary:
        here = Path(temporary)
        course = small_course(here / "course") if options.light else load_course(ROOT)
        os.environ["MECHGRADE_ROOT"] = str(course.root)  # for the peers' tests

        def learners(name: str, size: int) -> Path:
            return small_class(course, here / name, size, lab=lab, kinds=("reference", "misconception", "stub"))

        folder = learners("class", options.learners)
        classes = {size: learners(f"class{size}", size) for size in SETTLED}
        arguments = ["--lab", lab, "--jobs", "2"]

        def grade(submissions: Path, out: str) -> Spent:
            return run(command("grade", submissions, "--out", here / out, *arguments), course.root, environment())

        spent = {"mechgrade cohort": grade(folder, "out")}
        # Before and after the others, so that a machine whose speed drifts treats all alike.
        settled = {size: grade(who, f"before{size}") for size, who in classes.items()}
        spent["pytest"] = with_pytest(course, lab, folder)
        spent["nbgrader autograde"] = with_nbgrader(course, lab, folder, here / "nbgrader")
        if not options.no_otter:
            spent["otter run"] = with_otter(course, lab, folder, here / "otter", otter_program(options.otter))
        for size, who in classes.items():
            add(settled[size], grade(who, f"after{size}"))
    count = options.learners
    rows = {
        name: {"seconds": one.seconds / count, "processor": one.processor and one.processor / count}
        for name, one in spent.items()
    }
    (few, first), (many, large) = settled.items()
    rows["mechgrade, one more"] = {
        "seconds": (large.seconds - first.seconds) / (2 * (many - few)),
        "processor": large.processor and first.processor and (large.processor - first.processor) / (2 * (many - few)),
    }
    base = rows["mechgrade, one more"]
    table = Table("a submission", "seconds", "processor seconds", "times mechgrade's, by the clock", "by the processor")
    for name, row in rows.items():
        ratios = [
            f"{row[what] / base[what]:.1f}" if row[what] and base[what] else "" for what in ("seconds", "processor")
        ]
        table.add_row(name, f"{row['seconds']:.2f}", f"{row['processor'] or 0:.2f}", *ratios)
    title = "two light exercises" if options.light else lab
    console.print(
        f"{title}, {count} submissions, isolation {sandbox.probe().level}; load {load:.1f} to {os.getloadavg()[0]:.1f}"
    )
    console.print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    found = {
        "lab": title,
        "learners": count,
        "machine": platform.platform(),
        "isolation": sandbox.probe().level,
        "rows": rows,
    }
    found |= {"load": load, "load_at_end": os.getloadavg()[0]}
    (OUT / f"peers-{title.replace(' ', '-')}.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
