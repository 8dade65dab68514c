"""A class in which some hand-ins are hostile: the others' grades must be those of a class without them, byte for byte, and take as long.

``python -m cheats.hostile [ORDINARY] [--ordinary-user] [--write]``, in tests/, grades 180 ordinary learners (or ORDINARY) with and without 20 hostile
ones, and prints what each of those got, whether a byte of the others differs, and what time the others took. ``--write`` puts this into
docs/threat-model.md.

How time is counted: a hostile hand-in may use up its own limits, and starting costs every run alike. So from the run with both kinds the
run of the hostile ones alone is subtracted, and what is left is divided by the ordinary ones. Without them, the same: a small class is subtracted from
the class. Processor time of all processes is counted where the machine has control groups, else time by the clock.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from benchmarks.processor import Spent, run
from cohort.ground import command, environment, small_class, small_course
from rich.console import Console
from rich.table import Table
from sandbox.conftest import become_ordinary

from mechgrade.course import Course, load_course

from . import measured
from .cheat import CHEATS

#: The largest ratio of the times of an ordinary hand-in with and without hostile ones.
GOAL = 1.1

#: Who loops for ever has ten seconds here instead of twenty: it is each hostile hand-in's own time, and not what is asked here. A worker has longer
#: to start, so that this can be measured on a busy machine.
LIMITS = {"seconds": 10, "memory_mb": 512, "start_seconds": 1200}

#: The class that is subtracted from one without hostile hand-ins has so many learners.
FEW = 20

Make = Callable[[Course, Path], None]


@dataclass(frozen=True)
class Hostile:
    """A hand-in.

    Attributes:
        kind: what is hostile in it.
        make: writes it into the class's folder, given the path that its learner would have.
        is_answer: whether only its name is odd, and its answer is right: then it deserves the points.
        is_closed: whether it can be read by root alone.
    """

    kind: str
    make: Make
    is_answer: bool = False
    is_closed: bool = False

    def deserves(self, most: float) -> float:
        """The points for it, of so many, when this user grades."""
        return most if self.is_answer and (not self.is_closed or os.geteuid() == 0) else 0


def _answer(course: Course) -> str:
    return course.solution_path(course.exercise("find_heads")).read_text(encoding="utf-8")


def _file(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def _named(name: Callable[[str], bytes]) -> Make:
    """A right answer of a learner with an odd name."""

    def make(course: Course, place: Path) -> None:
        folder = Path(os.fsdecode(os.fsencode(place.parent) + b"/" + name(place.name)))
        _file(folder / "lab3" / "find_heads.py", _answer(course).encode())

    return make


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return body.getvalue()


def _packed(entries: Callable[[Course], dict[str, bytes]]) -> Make:
    def make(course: Course, place: Path) -> None:
        _file(place.with_name(f"{place.name}.zip"), _zip(entries(course)))

    return make


def _corrupt(course: Course, place: Path) -> None:
    body = bytearray(_zip({"lab3/find_heads.py": _answer(course).encode()}, zipfile.ZIP_LZMA))
    start = body.index(b"lab3/find_heads.py") + len("lab3/find_heads.py") + 20
    body[start : start + 8] = b"\xff" * 8
    _file(place.with_name(f"{place.name}.zip"), bytes(body))


def _closed(course: Course, place: Path) -> None:
    _file(place / "lab3" / "find_heads.py", _answer(course).encode())
    (place / "lab3").chmod(0o000)


def _link(course: Course, place: Path) -> None:
    (place / "lab3").mkdir(parents=True)
    (place / "lab3" / "find_heads.py").symlink_to(course.solution_path(course.exercise("find_heads")))


def _pipe(course: Course, place: Path) -> None:
    (place / "lab3").mkdir(parents=True)
    os.mkfifo(place / "lab3" / "find_heads.py")


def _notebook(body: bytes) -> Make:
    return lambda course, place: _file(place / f"{course.lab('lab3').slug}.ipynb", body)


def _text(body: bytes) -> Make:
    return lambda course, place: _file(place / "lab3" / "find_heads.py", body)


def _cheat(name: str) -> Hostile:
    """Code of the corpus."""
    source = next(each.source for each in CHEATS if each.name == name)
    return Hostile(name, _text(source.encode()))


HOSTILE: tuple[Hostile, ...] = (
    Hostile("corrupt_zip", _corrupt),
    _cheat("loop_at_import"),
    Hostile("name_not_utf8", _named(lambda name: f"{name}-".encode() + b"\xff\xfe"), is_answer=True),
    _cheat("memory_bomb"),
    Hostile("name_of_250_bytes", _named(lambda name: name.encode().ljust(250, b"n")), is_answer=True),
    _cheat("fork_bomb"),
    Hostile("closed_folder", _closed, is_answer=True, is_closed=True),
    _cheat("os_exit_zero"),
    Hostile("huge_member", _packed(lambda course: {"lab3/find_heads.py": b"#" * (65 * 2**20)})),
    _cheat("forged_report"),
    Hostile("link_to_the_solution", _link),
    _cheat("output_flood"),
    Hostile("pipe", _pipe),
    _cheat("flood_on_the_wire"),
    Hostile("broken_notebook", _notebook(b'{"cells": [')),
    _cheat("swallow_everything"),
    Hostile("notebook_of_many_values", _notebook(b'{"cells": [' + b"{}," * 2**20 + b"0]}")),
    _cheat("null_pointer"),
    Hostile("text_not_utf8", _text("def find_heads(): é\0".encode("utf-16"))),
    Hostile("zip_of_many_megabytes", _packed(lambda course: {f"{n}.py": bytes(2**20) for n in range(300)})),
)


@dataclass(frozen=True)
class Class:
    """A graded class.

    Attributes:
        ordinary: what is written of each ordinary learner, by file (or line of a table), as bytes.
        points: of each hostile hand-in, by kind.
        verdicts: of each hostile hand-in, by kind.
        spent: what the run took.
    """

    ordinary: dict[str, bytes]
    points: dict[str, str]
    verdicts: dict[str, str]
    spent: Spent

    def processor(self) -> float:
        """Seconds of the processor, or by the clock where those were not counted."""
        return self.spent.seconds if self.spent.processor is None else self.spent.processor


def course_at(root: Path) -> Course:
    """A course of two light exercises, with shorter limits."""
    course = small_course(root)
    document = yaml.safe_load((root / "course.yaml").read_text(encoding="utf-8"))
    document["limits"] |= LIMITS
    (root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_course(course.root)


def grade_class(course: Course, place: Path, ordinary: int, hostile: Sequence[Hostile]) -> Class:
    """Grade so many ordinary learners, with hostile ones between them."""
    folder, out, scratch, private = (place / name for name in ("class", "out", "scratch", "private"))
    for each in (folder, scratch, private):
        each.mkdir(parents=True)
    small_class(course, folder, ordinary)
    for number, each in enumerate(hostile):
        each.make(course, folder / f"learner{number * max(1, ordinary // len(hostile)):03}-{each.kind}")
    spent = run(
        command("grade", folder, "--out", out, "--jobs", "2"),
        course.root,
        environment(TMPDIR=str(scratch), XDG_RUNTIME_DIR=str(private)),
    )
    if left := sorted(path.name for path in scratch.iterdir()):
        raise SystemExit(f"left in the temporary folder: {', '.join(left)}")
    for closed in folder.glob("*-closed_folder/lab3"):
        closed.chmod(0o755)  # so that it can be removed
    return Class(_of_ordinary(out), _points(out, hostile), _verdicts(out, hostile), spent)


def _is_ordinary(name: str) -> bool:
    return name.startswith("learner") and name.removeprefix("learner").isdigit()


def _of_ordinary(out: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in (out / "learners").iterdir() if _is_ordinary(path.stem)}
    lines = {
        f"line of {name.decode()}": line
        for line in (out / "grades.csv").read_bytes().splitlines()
        if _is_ordinary((name := line.partition(b",")[0]).decode(errors="replace"))
    }
    told = json.loads((out / "handed_in.json").read_text(encoding="utf-8"))
    return (
        files
        | lines
        | {f"handed in {each['learner']}": json.dumps(each).encode() for each in told if _is_ordinary(each["learner"])}
    )


def _verdicts(out: Path, hostile: Sequence[Hostile]) -> dict[str, str]:
    """The verdicts on find_heads."""
    trees = [json.loads(path.read_text(encoding="utf-8")) for path in (out / "learners").glob("*.json")]
    return {
        each.kind: next(one["verdict"] for one in tree["exercises"] if one["exercise"] == "find_heads")
        for each in hostile
        for tree in trees
        if f"-{each.kind}" in tree["learner"]
    }


def _points(out: Path, hostile: Sequence[Hostile]) -> dict[str, str]:
    """The points in find_heads of each kind; a link in place of a folder has no row."""
    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text(encoding="utf-8"))))
    kinds = {
        each.kind: [row["lab3/find_heads"] for row in rows if f"-{each.kind}" in row["learner"]] for each in hostile
    }
    if lost := [kind for kind, found in kinds.items() if len(found) != 1]:
        raise SystemExit(f"not one row each: {', '.join(lost)}")
    return {kind: found for kind, (found,) in kinds.items()}


def wrong_points(found: Class, hostile: Sequence[Hostile], most: float) -> list[str]:
    """The hostile hand-ins that have other points than they deserve."""
    deserved = {each.kind: f"{each.deserves(most):g}" for each in hostile}
    return [f"{kind}: {points or 'none'}" for kind, points in found.points.items() if points != deserved[kind]]


def differences(one: Class, two: Class) -> list[str]:
    """What of the ordinary learners is not the same, byte for byte."""
    names = one.ordinary.keys() | two.ordinary.keys()
    return sorted(name for name in names if one.ordinary.get(name) != two.ordinary.get(name))


@dataclass(frozen=True)
class Times:
    """Seconds for one more ordinary hand-in."""

    without: float
    beside: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes beside hostile ones."""
        return self.beside / self.without


@dataclass(frozen=True)
class Found:
    """The four runs.

    Attributes:
        ordinary: how many ordinary learners there are in the first and in the third.
    """

    ordinary: int
    without: Class
    few: Class
    together: Class
    alone: Class

    def times(self, of: Callable[[Class], float]) -> Times:
        """What an ordinary hand-in takes: the difference of two runs, for each learner who is in one of them alone."""
        return Times(
            (of(self.without) - of(self.few)) / (self.ordinary - FEW),
            (of(self.together) - of(self.alone)) / self.ordinary,
        )

    def as_markdown(self) -> str:
        """The table of the page."""
        rows = {"processor": self.times(Class.processor), "by the clock": self.times(lambda each: each.spent.seconds)}
        lines = ["| an ordinary hand-in | without hostile ones | with them | ratio |", "|---|---|---|---|"]
        lines += [f"| {what} | {t.without:.3f} s | {t.beside:.3f} s | {t.ratio:.2f} |" for what, t in rows.items()]
        changed = len(differences(self.without, self.together))
        told = (
            f"{len(self.without.ordinary)} files, lines and entries of {self.ordinary} ordinary learners compared, {changed} differ; "
            f"{len(HOSTILE)} hostile hand-ins; {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} at the end"
        )
        return "\n".join([*lines, "", f"*{told}*"])


def main() -> None:
    """Grade the four classes, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m cheats.hostile", description="A class with hostile hand-ins.")
    parser.add_argument("ordinary", nargs="?", type=int, default=180, metavar="ORDINARY")
    parser.add_argument("--ordinary-user", action="store_true", help="as root: grade as a user without rights")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/threat-model.md")
    options = parser.parse_args()
    if options.ordinary <= FEW:
        parser.error(f"give more than {FEW} ordinary learners")
    if options.ordinary_user:
        become_ordinary()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        place = Path(folder)
        course = course_at(place / "course")
        found = Found(
            options.ordinary,
            without=grade_class(course, place / "without", options.ordinary, ()),
            few=grade_class(course, place / "few", FEW, ()),
            together=grade_class(course, place / "together", options.ordinary, HOSTILE),
            alone=grade_class(course, place / "alone", 0, HOSTILE),
        )
    show(found)
    if options.write:
        measured.put("hostile", found.as_markdown())
    sys.exit("\n".join(problems(found, course.exercise("find_heads").points)) or None)


def show(found: Found) -> None:
    """Print what each hostile hand-in got, and the times."""
    console = Console()
    table = Table("hostile", "verdict on find_heads", "points")
    for kind, points in found.together.points.items():
        table.add_row(kind, found.together.verdicts[kind], points)
    console.print(table)
    for name in ("without", "few", "together", "alone"):
        one: Class = getattr(found, name)
        console.print(f"{name}: {one.processor():.1f} s of the processor, {one.spent.seconds:.1f} s by the clock")
    print(found.as_markdown())


def problems(found: Found, most: float) -> list[str]:
    """What is not as it should be."""
    changed = differences(found.without, found.together)
    unearned = wrong_points(found.together, HOSTILE, most)
    ratio = found.times(Class.processor).ratio
    return (
        [f"differ: {', '.join(changed[:5])}"] * bool(changed)
        + [f"points: {', '.join(unearned)}"] * bool(unearned)
        + [f"an ordinary hand-in takes {ratio:.2f} times as long, more than {GOAL}"] * (ratio > GOAL)
    )


if __name__ == "__main__":
    main()
