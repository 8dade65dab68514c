"""Who is fooled by what: the same cheats against pytest, nbgrader, otter-grader and mechgrade.

``python tests/peers/run.py [--otter PATH/TO/otter] [--write]`` grades each file of ``cheats/`` with each, and prints a table. A grader is
fooled when it gives any point: no cheat does the exercise. The assignment is the same everywhere, `find_heads`, with three checks; pytest's,
nbgrader's and otter's run in the learner's own process, as theirs do. nbgrader is in the extra ``instructor``; otter-grader has a
virtual environment of its own, because its pins and ours differ: ``python -m venv otter; otter/bin/pip install otter-grader ipykernel``.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

HERE = Path(__file__).parent
CHEATS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((HERE / "cheats").glob("*.py"))}

BEGIN, END = "<!-- peers:begin -->", "<!-- peers:end -->"

REFERENCE = """
def find_heads(scores, threshold):
    found = [(l, h) for l, row in enumerate(scores) for h, score in enumerate(row) if score > threshold]
    return sorted(found, key=lambda place: (-scores[place[0]][place[1]], place))
"""
CHECKS = {
    "order": ("[[0.5, 0.75], [0.25, 1.0]]", "0.375", "[(1, 1), (0, 1), (0, 0)]"),
    "ties": ("[[0.5, 0.75], [0.75, 0.25]]", "0.5", "[(0, 1), (1, 0)]"),
    "negative": ("[[-0.5, -2.0], [-0.25, -3.0]]", "-1.0", "[(1, 0), (0, 0)]"),
}


def check(name: str) -> str:
    """One check, as people write them."""
    scores, threshold, expected = CHECKS[name]
    return f"expected = {expected}\nassert find_heads({scores}, {threshold}) == expected"


@contextmanager
def folder(name: str) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="mechgrade-peers-")) / name
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def run(command: list[str], where: Path, seconds: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
    # As in an activated environment: nbgrader calls alembic by name.
    environment.setdefault("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return subprocess.run(
        command,
        cwd=where,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, **environment},
    )


def notebook(*cells: Any) -> Any:
    made = new_notebook(cells=list(cells))
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


# --- plain pytest ----------------------------------------------------------------------------------------------------------


def with_pytest(cheats: dict[str, str]) -> dict[str, bool]:
    """Fooled when it exits with 0, which is what a CI job looks at."""
    tests = "from reference import find_heads as reference\nfrom submission import find_heads\n\nassert reference\n"
    for name in CHECKS:
        tests += f"\n\ndef test_{name}():\n    " + check(name).replace("\n", "\n    ") + "\n"
    fooled = {}
    for cheat, source in cheats.items():
        with folder("pytest") as place:
            (place / "reference.py").write_text(REFERENCE)
            (place / "submission.py").write_text(source)
            (place / "test_heads.py").write_text(tests)
            done = run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:mechgrade"], place, 120
            )
            fooled[cheat] = done.returncode == 0
    return fooled


# --- nbgrader --------------------------------------------------------------------------------------------------------------


def _graded(name: str, source: str, **metadata: Any) -> Any:
    cell = new_code_cell(source)
    cell.metadata.nbgrader = {"schema_version": 3, "grade_id": name, "locked": False, "task": False, **metadata}
    return cell


def with_nbgrader(cheats: dict[str, str]) -> dict[str, bool]:
    """Fooled when the gradebook has points, a quarter of a minute after the grading."""
    from nbgrader.api import Gradebook, MissingEntry

    def filled(source: str) -> Any:
        answer = _graded("answer", source, grade=False, solution=True)
        tests = [_graded(name, check(name), grade=True, solution=False, points=1) for name in CHECKS]
        for cell in tests:
            cell.metadata.nbgrader["locked"] = True
        return notebook(answer, *tests)

    with folder("nbgrader") as place:
        (place / "source/ps1").mkdir(parents=True)
        nbformat.write(filled(f"### BEGIN SOLUTION{REFERENCE}### END SOLUTION"), place / "source/ps1/heads.ipynb")
        for cheat, source in cheats.items():
            (place / f"submitted/{cheat}/ps1").mkdir(parents=True)
            nbformat.write(filled(source), place / f"submitted/{cheat}/ps1/heads.ipynb")
        program = [str(Path(sys.executable).with_name("nbgrader"))]
        made = run([*program, "generate_assignment", "ps1", "--create"], place)
        assert made.returncode == 0, made.stderr
        run([*program, "autograde", "ps1", "--ExecutePreprocessor.timeout=60"], place, 1800)
        time.sleep(15)
        fooled = {}
        with Gradebook(f"sqlite:///{place}/gradebook.db") as book:
            for cheat in cheats:
                try:
                    fooled[cheat] = book.find_submission("ps1", cheat).score > 0
                except MissingEntry:
                    fooled[cheat] = False
        return fooled


# --- otter-grader ----------------------------------------------------------------------------------------------------------


def with_otter(cheats: dict[str, str], otter: str) -> dict[str, bool]:
    """Fooled when its results have points."""
    fooled = {}
    with folder("otter") as place:
        (place / "tests").mkdir()
        for name, (scores, threshold, expected) in CHECKS.items():
            code = f">>> expected = {expected}\n>>> find_heads({scores}, {threshold}) == expected\nTrue"
            case = {"code": code, "hidden": False, "locked": False}
            suites = [{"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}]
            (place / f"tests/{name}.py").write_text(
                f"OK_FORMAT = True\n\ntest = { ({'name': name, 'points': 1, 'suites': suites})!r}\n"
            )
        made = run([otter, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"], place)
        assert (place / "autograder.zip").exists(), made.stdout + made.stderr
        for cheat, source in cheats.items():
            work = place / cheat
            work.mkdir()
            cells = [
                new_code_cell(source),
                *(new_code_cell(f'import otter\notter.Notebook().check("{name}")') for name in CHECKS),
            ]
            nbformat.write(notebook(*cells), work / "heads.ipynb")
            # Its kernel is the one of its own environment.
            path = f"{Path(otter).parent}:{os.environ['PATH']}"
            run([otter, "run", "-a", "../autograder.zip", "-o", ".", "heads.ipynb"], work, 300, PATH=path)
            results = work / "results.json"
            tests = json.loads(results.read_text())["tests"] if results.exists() else []
            fooled[cheat] = any(test.get("score", 0) > 0 for test in tests)
    return fooled


# --- mechgrade -------------------------------------------------------------------------------------------------------------


def with_mechgrade(cheats: dict[str, str]) -> dict[str, bool]:
    """Fooled when it gives points, on its own exercise of that name."""
    sys.path.insert(0, str(HERE.parent))
    from support import ROOT, grade_folder

    from mechgrade import sandbox
    from mechgrade.course import load_course
    from mechgrade.grading.worker import Worker

    course = load_course(ROOT)
    worker = Worker(course.limits.start_seconds)
    fooled = {}
    try:
        for cheat, source in cheats.items():
            with folder("submission") as place:
                (place / "lab3").mkdir()
                (place / "lab3/find_heads.py").write_text(source)
                exercise = course.exercise("find_heads")
                result = grade_folder(course, worker, place, [exercise], isolation=sandbox.probe().level)
                fooled[cheat] = result.score > 0
    finally:
        worker.close()
    return fooled


def table(columns: dict[str, dict[str, bool]]) -> str:
    """Who is fooled by what, as Markdown."""
    lines = ["| cheat | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for cheat, source in CHEATS.items():
        idea = re.sub(r"\s+", " ", ast.get_docstring(ast.parse(source)) or "")
        cells = " | ".join("**fooled**" if column[cheat] else "·" for column in columns.values())
        lines.append(f"| `{cheat}`: {idea} | {cells} |")
    totals = " | ".join(f"{sum(column.values())} of {len(column)}" for column in columns.values())
    lines.append(f"| fooled by | {totals} |")
    return "\n".join(lines)


def versions(otter: str | None) -> str:
    """What was compared, on which day."""
    found = [f"{name} {version(name)}" for name in ("pytest", "nbgrader", "mechgrade")]
    if otter:
        words = run([str(Path(otter).with_name("python")), "-c", _OTTERS_VERSION], HERE).stdout.strip()
        found.insert(2, f"otter-grader {words}")
    return f"{datetime.now(tz=UTC):%Y-%m-%d}: {', '.join(found)}; Python {platform.python_version()}."


_OTTERS_VERSION = "from importlib.metadata import version; print(version('otter-grader'))"


def write(text: str) -> None:
    """Put a text between the marks of docs/peers.md."""
    page = HERE.parents[1] / "docs" / "peers.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Who is fooled by what.")
    parser.add_argument("--otter", help="otter-grader's command, in an environment of its own")
    parser.add_argument("--write", action="store_true", help="also put the table into docs/peers.md")
    options = parser.parse_args()
    # It writes into the whole gradebook, others' grades too, so it has a course of its own.
    late = {name: source for name, source in CHEATS.items() if name == "late_child"}
    others = {name: source for name, source in CHEATS.items() if name not in late}
    columns = {"pytest": with_pytest(CHEATS), "nbgrader autograde": with_nbgrader(others) | with_nbgrader(late)}
    if options.otter:
        columns["otter run"] = with_otter(CHEATS, str(Path(options.otter).absolute()))
    columns["mechgrade"] = with_mechgrade(CHEATS)
    # None of it says anything if the reference itself fails: then a grader is not fooled, but broken.
    honest = {"reference": REFERENCE}
    assert with_pytest(honest)["reference"] and with_nbgrader(honest)["reference"]
    assert not options.otter or with_otter(honest, str(Path(options.otter).absolute()))["reference"]
    print(table(columns))
    if options.write:
        write(f"{table(columns)}\n\n{versions(options.otter)}")


if __name__ == "__main__":
    main()
