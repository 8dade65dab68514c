"""Mutation testing of the verdict core: does a fast test fail for every small change of it?

    python scripts/mutation.py [FILE ...] [--jobs 2] [--at-least 95] [--part 1/3]

Each mutant is one of FILES with one small change: a comparison turned round, a number one larger, a statement left out. The tests in
tests/core run against it in a process of its own, forked from one that has imported all that they need but mechgrade. A mutant
with which they fail, or do not end, is killed. What survives is printed: there a test is missing, or the code says more than it
must. Mutants that mean the same as the original are listed, with the reason, in tests/core/equivalent_mutants.yaml.

Exit code 1: a file's score is below --at-least, or an entry of the list is no longer true.
"""

from __future__ import annotations

import argparse
import ast
import ctypes
import importlib.abc
import importlib.util
import multiprocessing
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from cosmic_ray.plugins import get_operator, operator_names

from mechgrade.authoring.mutants import CORE, DropStatement, Mutant, SwapArguments, mutants

ROOT = Path(__file__).resolve().parents[1]
TESTS = "tests/core"
EQUIVALENT = f"{TESTS}/equivalent_mutants.yaml"
FILES = (
    "mechgrade/protocol/outcome.py",
    "mechgrade/grading/compare.py",
    "mechgrade/grading/diagnose.py",
    "mechgrade/grading/evidence.py",
    "mechgrade/grading/judge.py",
    "mechgrade/grading/verdicts.py",
    "mechgrade/grading/dependencies.py",
)
#: A mutant may loop for ever, and eat all memory.
MEMORY = 8 * 2**30
LEAST_SECONDS = 20.0
#: Files whose tests are elsewhere: they copy a course and touch its files, and would slow down all others.
ELSEWHERE = {"mechgrade/grading/dependencies.py": "tests/dependencies"}
_PR_SET_PDEATHSIG = 1


class End(Enum):
    """How the tests of a mutant ended; only one with which they pass survives."""

    PASSED = "passed"
    FAILED = "failed"
    LATE = "late"  # a mutant that loops, or a machine that is too busy


@dataclass(frozen=True)
class Case:
    """A mutant of one of the files.

    Attributes:
        file: which, relative to the project.
        function: the qualified name of what the change is in; empty at the top level.
        mutant: the change.
        reason: why it means the same as the original, if the list says so.
    """

    file: str
    function: str
    mutant: Mutant
    reason: str = ""

    def __str__(self) -> str:
        inside = f" in {self.function}" if self.function else ""
        return f"{self.file}:{self.mutant.line}{inside}  {self.mutant.operator}\n    {self.mutant.name}"


# --- making them ---------------------------------------------------------------------------------------------------------


def operators() -> Iterator[tuple[str, Any]]:
    """cosmic-ray's, and the project's own.

    Left out are other operators of arithmetic than the likely ones, and ``is`` for ``==``: they raise TypeErrors or change nothing,
    and would say little about the tests. So does an order of texts.
    """
    ordered, same = {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"}, {"Is", "IsNot"}
    for full in sorted(operator_names()):
        name = full.removeprefix("core/")
        kind, *parts = name.split("_")
        if kind == "ReplaceComparisonOperator":
            wanted = set(parts) <= ordered or set(parts) <= same
        else:
            wanted = name in CORE or kind not in (
                "ReplaceBinaryOperator",
                "VariableReplacer",
                "VariableInserter",
                "NoOp",
            )
        if full.startswith("core/") and wanted:
            yield name, get_operator(full)()
    yield "DropStatement", DropStatement()
    yield "SwapArguments", SwapArguments()


def cases(file: str) -> list[Case]:
    """All mutants of a file that do something else than the original."""
    source = (ROOT / file).read_text()
    meaning, owners = _meaning(source), _owners(source)
    listed = {(entry["function"], entry["change"]): entry["reason"] for entry in _listed(file)}
    made = []
    for mutant in mutants(source, range(1, source.count("\n") + 2), operators()):
        if _meaning(mutant.source) != meaning and not _ORDER_OF_TEXT.search(mutant.name.partition(" => ")[2]):
            function = owners.get(mutant.line, "")
            made.append(Case(file, function, mutant, listed.get((function, mutant.name), "")))
    for function, change in listed.keys() - {(case.function, case.mutant.name) for case in made}:
        sys.exit(f"{EQUIVALENT}: {file} has no mutant in {function or 'its top level'}: {change}")
    return made


#: "a" == "b" turned into "a" <= "b".
_ORDER_OF_TEXT = re.compile(r"""[<>]=? *["']""")


def _listed(file: str) -> list[dict[str, str]]:
    entries = yaml.safe_load((ROOT / EQUIVALENT).read_text()) or []
    return [entry for entry in entries if entry["file"] == file]


def _meaning(source: str) -> str:
    """A program without what never runs: annotations, and imports for the type checker."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.test, node.body = ast.Constant(False), [ast.Pass()]
    return ast.dump(tree)


def _owners(source: str) -> dict[int, str]:
    """The function or class that each line is in."""
    owners: dict[int, str] = {}

    def walk(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = name
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{name}.{child.name}".lstrip(".")
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                owners.update(dict.fromkeys(range(first, (child.end_lineno or first) + 1), inner))
            walk(child, inner)

    walk(ast.parse(source), "")
    return owners


# --- running them --------------------------------------------------------------------------------------------------------


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from another text."""

    def __init__(self, file: str, source: str) -> None:
        self._name = file.removesuffix(".py").replace("/", ".")
        self._file, self._source = file, source

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """Only of that module."""
        return importlib.util.spec_from_loader(name, self, origin=self._file) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the text as the module."""
        exec(compile(self._source, self._file, "exec"), module.__dict__)


def warm(copy: Path) -> None:
    """Import what all runs need, in the copy of the project."""
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.chdir(copy)
    sys.path[:0] = [str(copy)]
    for name in [name for name in sys.modules if name.partition(".")[0] == "mechgrade"]:
        del sys.modules[name]
    import hypothesis.extra.numpy
    import jupytext  # noqa: F401  reading a source takes it
    import pytest  # noqa: F401
    import safetensors.numpy  # noqa: F401

    # The same examples for every mutant, and no effort to make a failing one small.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, phases=phases)
    hypothesis.settings.load_profile("mutation")


def tests_of(file: str) -> str:
    """The folder of the tests that a change of a file must make fail."""
    return ELSEWHERE.get(file, TESTS)


def start(tests: str, case: Case | None = None) -> int:
    """Run the tests of a folder in a child, with a mutant or as it is; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        import pytest

        os.setsid()
        if sys.platform == "linux":  # a mutant that never ends must not outlive whoever would kill it
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--confcutdir={tests}"]
        if case is None:
            code = pytest.main([*options, "--tb=short", tests])
            module = sys.modules.get("mechgrade")
            os._exit(code if module and str(module.__file__).startswith(str(Path.cwd())) else 99)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        options.append("--tb=no")
        sys.meta_path.insert(0, Mutated(case.file, case.mutant.source))
        # The file's own tests find most, so they come first.
        own = f"{tests}/test_{Path(case.file).stem}.py"
        code = pytest.main([*options, own]) if Path(own).is_file() else 0
        code = code or pytest.main([*options, f"--ignore={own}", tests])
        os._exit(0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code)
    finally:
        os._exit(98)


def run(todo: Sequence[Case], jobs: int, limits: Mapping[str, float]) -> Iterator[tuple[Case, End]]:
    """Each case, and how its tests ended."""
    waiting, running = [*reversed(todo)], dict[int, tuple[Case, float]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                case = waiting.pop()
                tests = tests_of(case.file)
                running[start(tests, case)] = case, time.monotonic() + limits[tests]
            for child, (case, deadline) in [*running.items()]:
                done, status = os.waitpid(child, os.WNOHANG)
                late = not done and time.monotonic() > deadline
                if late:
                    os.killpg(child, signal.SIGKILL)
                    done, _ = os.waitpid(child, 0)
                if done:
                    del running[child]
                    yield case, End.LATE if late else End.FAILED if status else End.PASSED
            time.sleep(0.01)
    finally:
        for child in running:
            os.killpg(child, signal.SIGKILL)


# --- the report ----------------------------------------------------------------------------------------------------------


def limit_of(tests: str) -> float:
    """How long the tests of a folder may take with a mutant; without one they must pass."""
    _, status = os.waitpid(start(tests), 0)  # writes the tests' bytecode too, which is not timed
    begun = time.monotonic()
    if status == 0:
        _, status = os.waitpid(start(tests), 0)
    if status != 0:
        sys.exit(f"The tests in {tests} fail without any mutant.")
    return max(LEAST_SECONDS, 10 * (time.monotonic() - begun))


def main() -> int:
    """Make the mutants, run the tests against each, and say what survives."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n\n")[0],
        epilog=f"FILES are: {', '.join(FILES)}; by default all but {', '.join(ELSEWHERE)}, which takes an hour.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="which of the core's files; a part of the name will do"
    )
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (default 2)")
    parser.add_argument(
        "--at-least", type=float, default=95, help="the score in per cent that each file must have (default 95)"
    )
    parser.add_argument(
        "--part",
        default="1/1",
        help="1/3: the first of every three mutants; 2/3: the second; for a machine that is busy",
    )
    options = parser.parse_args()
    try:
        part, parts = map(int, options.part.split("/"))
    except ValueError:
        parser.error(f"--part is one like 1/3, not {options.part!r}")
    if not 1 <= part <= parts:
        parser.error(f"there is no part {part} of {parts}")
    named = options.files or [file for file in FILES if file not in ELSEWHERE]
    files = [file for file in FILES if any(part in file for part in named)]
    for file in [file for file in files if not (ROOT / file).is_file()]:
        print(f"{file} is not there, and left out")
        files.remove(file)
    if not files:
        parser.error("no such file")
    started = time.monotonic()
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("fork")) as pool:
        todo = [case for made in pool.map(cases, files) for case in made][part - 1 :: parts]
    print(f"{len(todo)} mutants, made in {time.monotonic() - started:.0f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="mechgrade-mutation-") as folder:
        copy = Path(folder).resolve() / "project"
        leave = shutil.ignore_patterns(".*", "outputs", "__pycache__", "node_modules")
        shutil.copytree(ROOT, copy, ignore=leave, symlinks=True)
        warm(copy)
        limits = {tests: limit_of(tests) for tests in {tests_of(file) for file in files}}
        ends: dict[Case, End] = {}
        for case, end in run(todo, options.jobs, limits):
            ends[case] = end
            if sys.stderr.isatty():
                print(f"\r{len(ends)} of {len(todo)}", end="\r", file=sys.stderr)
            elif len(ends) % 10 == 0:
                print(f"{len(ends)} of {len(todo)}", file=sys.stderr, flush=True)
    return report(files, ends, options.at_least, time.monotonic() - started)


def report(files: Sequence[str], ends: Mapping[Case, End], at_least: float, seconds: float) -> int:
    """Print the survivors and the table; the exit code."""
    good = True
    killed = {case: end is not End.PASSED for case, end in ends.items()}
    order = sorted(killed, key=lambda case: (files.index(case.file), case.mutant.line))
    for case in order:
        if not case.reason and not killed[case]:
            print(f"survived  {case}")
        elif case.reason and killed[case]:
            good = False
            print(f"listed in {EQUIVALENT}, but a test fails with it  {case}")
    print(f"\n{'file':42}{'killed':>8}{'of them late':>14}{'survived':>10}{'equivalent':>12}{'score':>9}")
    rows = [(file, [case for case in order if case.file == file]) for file in files]
    for file, found in [*rows, ("all", order)]:
        real = [case for case in found if not case.reason]
        dead = sum(killed[case] for case in real)
        score = 100 * dead / max(len(real), 1)
        good &= score >= at_least
        late = sum(ends[case] is End.LATE for case in real)
        print(f"{file:42}{dead:8}{late:14}{len(real) - dead:10}{len(found) - len(real):12}{score:8.1f}%")
    print(f"\n{len(order)} mutants in {seconds:.0f} s; at least {at_least:g} % of each file's must be killed")
    print("late: the tests had not ended in ten times their usual time: a mutant that loops, or a machine that is busy")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
