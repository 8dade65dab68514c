"""The corpus of cheats inside notebooks, through the ordinary ``nbgrader autograde``: no point gained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cheats.cheat import CHEATS, Cheat
from support import later

from mechgrade.course.source import read_source

from .room import Class, Notebook, make_course, write_into

nbformat = later("nbformat")

pytestmark = pytest.mark.long

#: Runs a whole file's top level when the exercise is imported. Without it, what a file does besides defining what is needed
#: never runs out of a notebook, and most cheats would come to nothing before they begin.
CARRIER = """\
TEXT = {text!r}


def carried(text):
    space = {{"__name__": __name__}}
    exec(compile(text, "cheat", "exec"), space)
    return space


SPACE = carried(TEXT)
find_heads = SPACE.get("find_heads")
"""


def tried() -> list[Cheat]:
    """Those about this exercise that need nothing special. Who waits for the clock is tried beside the corpus."""
    return [
        cheat
        for cheat in CHEATS
        if cheat.exercise == "find_heads"
        and "needs" not in cheat.headers
        and not cheat.limits
        and "timed_out" not in cheat.expected("full")
    ]


def in_notebook(nb: Notebook, cheat: Cheat, room: Class, victim: int) -> Notebook:
    facts = {"COURSE": str(room.course.root), "VICTIM": victim}
    return write_into(nb, {"find_heads": CARRIER.format(text=cheat.text(**facts))})


def forged(nb: Notebook) -> Notebook:
    """What only a notebook can try: outputs, metadata and cells that look like the grader's."""
    for cell in list(nb.cells):  # it grows
        entry = cell.metadata.get("nbgrader")
        if entry and entry["grade"]:
            cell.outputs = [
                nbformat.v4.new_output(
                    "execute_result", data={"text/plain": "5"}, metadata={"mechgrade": {"verdict": "passed"}}
                )
            ]
            cell.source = "5.0"
            nb.cells.append(
                nbformat.v4.new_code_cell(
                    "5", metadata={"nbgrader": dict(entry) | {"points": 100}}, outputs=cell.outputs
                )
            )
    nb.metadata["kernelspec"] = {"name": "mine", "display_name": "mine", "language": "python"}
    nb.metadata["nbgrader"] = {"score": 5}
    return nb


@pytest.fixture
def room(tmp_path: Path) -> Class:
    """A course of this exercise alone: each cheat is graded once."""
    room = Class(make_course(tmp_path / "course", {"lab3": ("find_heads",)}), tmp_path)
    room.mechgrade("release", "lab3", "--no-exchange")
    return room


def test_no_point_is_gained(room: Class) -> None:
    cheats = tried()
    assert len(cheats) > 40
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    try:
        for cheat in cheats:
            room.hand_in(cheat.name, "lab3", in_notebook(room.released("lab3"), cheat, room, victim.pid))
        _grade_with_one_honest(room, len(cheats))
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


def _grade_with_one_honest(room: Class, count: int) -> None:
    room.hand_in("forged_outputs", "lab3", forged(room.released("lab3")))
    honest = read_source(room.course, room.course.exercise("find_heads")).reference
    room.hand_in("zz_honest", "lab3", write_into(room.released("lab3"), {"find_heads": CARRIER.format(text=honest)}))
    room.nbgrader("autograde", "lab3")
    scores = room.scores("lab3")
    gained = {who: sum(score or 0 for score in found.values()) for who, found in scores.items()}
    assert gained.pop("zz_honest") == 5.0  # graded last, after all of them: the way in works, and nothing was broken
    assert {who: points for who, points in gained.items() if points} == {}
    assert len(gained) == count + 1
    for who in gained:
        nbformat.validate(room.graded(who, "lab3"))
