"""The way from the wheel: built, installed in a fresh environment outside the repository, and used there for two courses.

``python tests/classroom/wheel.py`` walks it and writes docs/from-the-wheel.md, the transcript.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

import numpy

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import ROOT, later

from mechgrade.course import Course, load_course
from mechgrade.course.source import read_source
from mechgrade.course.variants import programs

nbformat = later("nbformat")

#: Where this environment's libraries are. The fresh one sees them, but for the engine.
LIBRARIES = Path(numpy.__file__).parents[1]
PAGE = ROOT / "docs/from-the-wheel.md"
EXAMPLE = ROOT / "examples/small-models"
CLASS = 20


@dataclass
class Step:
    """A command, and what it said."""

    command: str
    said: str
    seconds: float


@dataclass
class Shell:
    """A person at a terminal, in an environment that has the engine from its wheel alone."""

    home: Path
    steps: list[Step | str] = field(default_factory=list)

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.home / "env/bin/python"

    def environment(self) -> dict[str, str]:
        """What a fresh login has, and the environment's commands. Those of the libraries come after them."""
        path = [self.python.parent, LIBRARIES.parents[2] / "bin", "/usr/bin", "/bin"]
        return {
            "PATH": os.pathsep.join(map(str, path)),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "COLUMNS": "110",
            "MECHGRADE_SERVER": "0",
            "OMP_NUM_THREADS": "1",
            "JUPYTER_DATA_DIR": str(self.home / "jupyter"),
        }

    def install(self) -> None:
        """Build the wheel from a copy of the sources, and install it without anything else."""
        source = self.home / "source"
        source.mkdir(parents=True)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copyfile(ROOT / name, source / name)
        shutil.copytree(ROOT / "mechgrade", source / "mechgrade", ignore=shutil.ignore_patterns("__pycache__"))
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", self.home, source], check=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.home / "env"], check=True)
        packages = next((self.home / "env/lib").glob("python*/site-packages"))
        (packages / "libraries.pth").write_text(f"{LIBRARIES}\n")
        command = [*pip, "--python", self.python, "install", "--no-deps", "--no-index", "--force-reinstall", self.wheel]
        subprocess.run(command, check=True)
        where = self.run("python -c 'import mechgrade; print(mechgrade.__file__)'", self.home, note=False)
        assert where.startswith(str(packages)), where
        shutil.rmtree(source)

    @property
    def wheel(self) -> Path:
        """The wheel that was built."""
        (found,) = self.home.glob("mechgrade-*.whl")
        return found

    def run(self, command: str, cwd: Path, code: int = 0, note: bool = True) -> str:
        """Run a command line; what it said.

        Args:
            code: the exit code that it must end with.
            note: whether it belongs into the transcript.
        """
        started = time.perf_counter()
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=cwd,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{command} in {cwd} ended with {done.returncode}:\n{said}"
        assert "Traceback" not in said, said
        if note:
            self.steps.append(Step(command, said, time.perf_counter() - started))
        return said


def author_a_course(shell: Shell) -> Course:
    """`init`, `new-lab`, `new`, `record`, `audit`: a course of one's own."""
    shell.steps.append("## A course of one's own")
    shell.run("mechgrade init lines --title 'Numbers in lines'", shell.home)
    root = shell.home / "lines"
    shell.run("mechgrade new week1 second_means", root)
    shell.run("mechgrade new-lab week2 third_means --title 'More lines'", root)
    shell.run("mechgrade record", root)
    assert "week2/third_means" in shell.run("mechgrade audit", root)
    return load_course(root)


def take_the_example(shell: Shell) -> Course:
    """The example course, recorded and audited where only the wheel is."""
    shell.steps.append("## The example course, `examples/small-models`")
    root = shell.home / "small-models"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".mechgrade", "dist", "outputs"))
    shell.run("mechgrade build --check", root)
    shell.run("mechgrade record --check", root)
    shell.run("mechgrade record", root)
    assert "training/train_classifier" in shell.run("mechgrade audit", root)
    return load_course(root)


TUTORIAL = ROOT / "docs/tutorial.md"


def blocks_of(page: str) -> list[tuple[str, str]]:
    """The blocks of a page in order: ("bash", commands), or (a path, the file's text)."""
    found = re.findall(r"([^\n]*)\n\n```(bash|python)\n(.*?)```", page, re.DOTALL)
    return [("bash" if kind == "bash" else before.strip("`"), body) for before, kind, body in found]


@dataclass(frozen=True)
class Followed:
    """What following the tutorial took."""

    commands: int
    lines: dict[str, int]
    seconds: float
    said: list[str]

    @property
    def table(self) -> str:
        """In a table."""
        rows = [
            "| what this page took | |",
            "|---|---|",
            f"| commands | {self.commands} |",
            *(f"| lines written in the {name} | {count} |" for name, count in self.lines.items()),
            f"| seconds that the commands ran, on two processors that were busy | {self.seconds:.0f} |",
        ]
        return "\n".join(rows)


def follow_the_tutorial(shell: Shell) -> Followed:
    """Each block of docs/tutorial.md in order, in one login shell. `pip` finds the wheel where it finds packages otherwise."""
    folder = shell.home / "tutorial"
    folder.mkdir()
    commands, seconds, said, written = 0, 0.0, [], {}
    root, before = folder, ""
    environment = shell.environment() | {
        # pip asks this folder in the place of the index; the libraries are there already.
        **{"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shell.home), "PIP_NO_DEPS": "1"},
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin",
    }
    names = {"solutions/week1/row_shares.py": "source", "solutions/week1/variants/row_shares.py": "variants"}
    for kind, body in blocks_of(TUTORIAL.read_text()):
        if kind != "bash":
            assert (root / kind).is_file(), f"{kind}: `mechgrade new` wrote it"
            (root / kind).write_text(body)
            if not kind.startswith("exercises"):
                written[names.get(kind, "grader")] = sum(bool(line.strip()) for line in body.splitlines())
            continue
        started = time.perf_counter()
        done = subprocess.run(
            ["bash", "-euc", before + body], cwd=root, env=environment, capture_output=True, text=True, timeout=1800
        )
        seconds += time.perf_counter() - started
        said.append(done.stdout + done.stderr)
        assert done.returncode == 0, said[-1]
        commands += len(body.splitlines())
        for packages in (folder / ".venv/lib").glob("python*/site-packages"):
            (packages / "libraries.pth").write_text(f"{LIBRARIES}\n")
        if "cd tables" in body:  # each block is a shell of its own: the next ones begin where this one ended
            root, before = folder / "tables", f"source {folder}/.venv/bin/activate\n"
    return Followed(commands, written, seconds, said)


def use(shell: Shell, course: Course, lab: str) -> None:
    """Every door, for one lab of a course."""
    root, whole = course.root, sum(each.points for each in course.labs.values())
    points = course.labs[lab].points
    assert f"Score {whole} / {whole}" in shell.run("mechgrade grade solutions --html outputs/report.html", root)
    assert (root / "outputs/report.html").stat().st_size > 10_000
    assert "not started" in shell.run(f"mechgrade grade --lab {lab}", root)
    assert "package" in shell.run(f"mechgrade doctor {lab}", root)
    _archive(shell, course, lab)
    _gradescope(shell, course, lab)
    _cohort(shell, course, lab)
    _watch(shell, course, lab)
    assert f"{points}" in _nbgrader(shell, course, lab)


def _work(course: Course, lab: str, folder: Path, wrong: bool = False) -> None:
    """A learner's files: the references, or one misconception and the references."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, exercise in enumerate(course.exercises(lab)):
        text = read_source(course, exercise).reference
        if wrong and place == 0:
            text = next(each.source for each in programs(course, exercise) if each.kind == "misconception")
        (folder / f"{exercise.name}.py").write_text(text)


def _archive(shell: Shell, course: Course, lab: str) -> None:
    said = shell.run("mechgrade dist", course.root)
    path = course.root / said.split()[1]
    with ZipFile(path) as file:
        file.extractall(shell.home / "learner")
    (root,) = [each for each in (shell.home / "learner").iterdir() if each.name == path.stem]
    assert not (root / "solutions").exists()
    _work(course, lab, root / "exercises" / lab)
    points = course.labs[lab].points
    assert f"Score {points} / {points}" in shell.run(f"mechgrade grade --lab {lab}", root)


def _gradescope(shell: Shell, course: Course, lab: str) -> None:
    """`run_autograder` in the folders that Gradescope makes, with this environment in place of what setup.sh installs."""
    shell.run(f"mechgrade export gradescope {lab}", course.root)
    place = shell.home / f"autograder-{course.root.name}"
    with ZipFile(course.root / f"dist/gradescope-{lab}.zip") as file:
        file.extractall(place / "source")
    _work(course, lab, place / "submission")
    command = f"AUTOGRADER={place} MECHGRADE_PYTHON={shell.python} bash {place}/source/run_autograder"
    shell.run(command, place, note=False)
    tree = json.loads((place / "results/results.json").read_text())
    assert sum(each["score"] for each in tree["tests"]) == course.labs[lab].points, tree


def _cohort(shell: Shell, course: Course, lab: str) -> None:
    folder = shell.home / f"class-{course.root.name}"
    for number in range(CLASS):
        _work(course, lab, folder / f"learner{number:02}" / lab, wrong=number % 4 == 3)
    shell.run(f"mechgrade cohort grade ../{folder.name} --lab {lab} --jobs 1 --out outputs/{lab}", course.root)
    with (course.root / f"outputs/{lab}/grades.csv").open() as file:
        rows = list(csv.DictReader(file))
    most = max(float(row["score"]) for row in rows)
    assert len(rows) == CLASS and sum(float(row["score"]) == most for row in rows) == 15, rows
    assert most == course.labs[lab].points


def _watch(shell: Shell, course: Course, lab: str) -> None:
    """`mechgrade watch`, until it has graded one save."""
    exercise = course.exercises(lab)[0]
    stub = course.stub_path(exercise).read_text()
    watch = subprocess.Popen(
        [shell.python, "-m", "mechgrade.doors.cli", "watch", "--plain", "--lab", lab],
        cwd=course.root,
        env=shell.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert watch.stdout is not None
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(iter(watch.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        until = time.monotonic() + 300
        while not said and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(1)
        course.stub_path(exercise).write_text(read_source(course, exercise).reference)
        while not any("passed" in line for line in said) and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        watch.terminate()
        watch.wait(60)
        reader.join(10)
        course.stub_path(exercise).write_text(stub)
    text = "".join(said)
    assert exercise.name in text and "passed" in text, text
    shell.steps.append(Step(f"mechgrade watch --plain --lab {lab}    # and {exercise.name}.py saved once", text, 0))


def _nbgrader(shell: Shell, course: Course, lab: str) -> str:
    """Released, handed in by one learner, graded and exported by nbgrader's own commands; the grades."""
    root, slug = course.root, course.labs[lab].slug
    configuration = (root / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").unlink()
    assert "nbgrader_config.py" in shell.run(f"mechgrade release {lab} --no-exchange", root, code=1)
    (root / "nbgrader_config.py").write_text(configuration)
    assert "no gradebook" in shell.run("mechgrade export gradebook --to grades.csv", root, code=2)
    shell.run(f"mechgrade release {lab} --no-exchange", root)
    notebook = nbformat.read(root / f"gradebook/release/{lab}/{slug}.ipynb", as_version=4)
    for exercise in course.exercises(lab):
        cells = [
            cell
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
            and cell.metadata["mechgrade"]["exercise"].rpartition("/")[2] == exercise.name
        ]
        cells[0].source = read_source(course, exercise).reference
        for cell in cells[1:]:
            cell.source = ""
    handed_in = root / f"gradebook/submitted/ada/{lab}"
    handed_in.mkdir(parents=True)
    nbformat.write(notebook, handed_in / f"{slug}.ipynb")
    shell.run(f"python -m nbgrader autograde {lab}", root, note=False)
    shell.run("mechgrade export gradebook --to grades.csv", root)
    grades = (root / "grades.csv").read_text()
    assert f"ada,,,,{course.labs[lab].points}" in grades, grades
    return grades


def transcript(shell: Shell) -> str:
    """The page: each command with what it said, without what differs from machine to machine."""
    parts = [
        "# From the wheel",
        "",
        "What a stranger sees: the wheel is installed outside the repository, and two courses are made, graded and handed out there. "
        "`tests/classroom/test_wheel.py` walks this way at each run of `.ci/run`, and `python tests/classroom/wheel.py` writes this page.",
        "",
    ]
    for step in shell.steps:
        if isinstance(step, str):
            parts += [step, ""]
            continue
        said = re.sub(r"\x1b\[[0-9;]*m", "", step.said).replace(str(shell.home), "~")
        said = re.sub(r".*[━╸╺].*\n", "", said.replace("\r", "\n"))
        lines = [line.rstrip() for line in said.splitlines() if line.strip()]
        if len(lines) > 24:
            lines = [*lines[:16], f"[{len(lines) - 22} lines more]", *lines[-6:]]
        parts += ["```console", f"$ {step.command}", *lines, "```", ""]
    return "\n".join(parts)


def walk(home: Path) -> Shell:
    """Both courses, all the way."""
    shell = Shell(home)
    shell.install()
    use(shell, author_a_course(shell), "week1")
    use(shell, take_the_example(shell), "arrays")
    return shell


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        shell = walk(Path(folder) / "stranger")
        PAGE.write_text(transcript(shell))
        text = TUTORIAL.read_text()
        begin, end = "<!-- tutorial:begin -->\n", "<!-- tutorial:end -->"
        table = follow_the_tutorial(shell).table
        TUTORIAL.write_text(text.partition(begin)[0] + begin + table + "\n" + end + text.partition(end)[2])
    print(f"wrote {PAGE.relative_to(ROOT)} and the table of {TUTORIAL.relative_to(ROOT)}")
