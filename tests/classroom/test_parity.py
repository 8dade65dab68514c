"""One grader, four fronts: files, the check in a notebook, nbgrader's autograde and the cohort give the same verdicts and points."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path

import pytest
from support import grade_folder

from mechgrade.course.source import read_source
from mechgrade.course.variants import programs
from mechgrade.doors.notebook.kernel import grade_cells
from mechgrade.grading.verdicts import VERDICTS, Result
from mechgrade.grading.worker import Worker
from mechgrade.sandbox import probe

from .room import EXERCISES, Class, write_into

pytestmark = pytest.mark.long

LAB = "lab3"
NAMES = EXERCISES[LAB]

#: Broken in ways that a file and a cell share.
BROKEN = {
    "syntax": "def {name}(:\n    return 1\n",
    "nothing": "def {name}(*args, **kwargs):\n    pass\n",
    "raises": "def {name}(*args, **kwargs):\n    raise RuntimeError('no')\n",
    "another_name": "def my_{name}(*args, **kwargs):\n    return 1\n",
    "exits": "import os\n\n\ndef {name}(*args, **kwargs):\n    os._exit(0)\n",
}

Found = dict[tuple[str, str], tuple[str, float]]


def handed_in(room: Class, every: int) -> dict[str, dict[str, tuple[str, str]]]:
    """Learner → exercise → kind of program and its text. Each program once, of misconceptions one of so many; a learner has one of each exercise."""
    columns = []
    for name in NAMES:
        exercise = room.course.exercise(name)
        known = programs(room.course, exercise)
        wrong = [program for program in known if program.kind == "misconception"]
        chosen = [program for program in known if program not in wrong] + wrong[::every]
        column = [(name, program.kind, program.source) for program in chosen]
        column += [(name, kind, text.format(name=name)) for kind, text in BROKEN.items()]
        columns.append(column)
    rows = zip_longest(*columns)
    return {
        f"learner{place}": {name: (kind, text) for name, kind, text in (cell for cell in row if cell)}
        for place, row in enumerate(rows)
    }


def by_result(who: str, result: Result) -> Found:
    return {(who, entry.exercise): (entry.verdict, entry.points) for entry in result.exercises}


def by_tree(who: str, entries: list[dict[str, object]]) -> Found:
    return {(who, str(each["exercise"])): (str(each["verdict"]), float(str(each["points"]))) for each in entries}


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_every_front_gives_the_same(room: Class, worker: Worker, tmp_path: Path, every: int) -> None:
    class_ = handed_in(room, every)
    exercises = list(room.course.labs[LAB].exercises.values())
    stubs = {exercise.name: read_source(room.course, exercise).stub for exercise in exercises}
    expected: Found = {}
    checked: Found = {}
    for who, work in class_.items():
        texts = {name: work[name][1] if name in work else stubs[name] for name in NAMES}
        # 1. make grade's path: the files, as a learner has them.
        folder = tmp_path / "files" / who / LAB
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(text)
        expected |= by_result(who, grade_folder(room.course, worker, folder.parent, exercises, isolation=probe().level))
        # 2. The check in a notebook: what a kernel has run.
        nb = write_into(room.released(LAB), {name: work[name][1] for name in work})
        cells = [cell.source for cell in nb.cells if cell.cell_type == "code"]
        for exercise in exercises:
            checked |= by_result(who, grade_cells(room.course, exercise, cells, worker))
        room.hand_in(who, LAB, nb)
    # 3. nbgrader's own command.
    room.nbgrader("autograde", LAB)
    autograded: Found = {}
    for who in class_:
        for cell in room.graded(who, LAB).cells:
            for output in cell.get("outputs", []):
                if "mechgrade" in output.get("metadata", {}):
                    autograded |= by_tree(who, [output.metadata["mechgrade"]])
    booked = {
        (who, name.removesuffix("-check")): score
        for who, scores in room.scores(LAB).items()
        for name, score in scores.items()
    }
    # 4. The cohort, on the collected notebooks, and its way into the gradebook.
    room.mechgrade("gradebook", "extract", LAB, "--to", str(tmp_path / "class"))
    room.mechgrade("cohort", "grade", str(tmp_path / "class"), "--lab", LAB, "--out", str(tmp_path / "out"))
    cohort: Found = {}
    for who in class_:
        cohort |= by_tree(who, json.loads((tmp_path / "out/learners" / f"{who}.json").read_text())["exercises"])
    _forget(room)
    room.mechgrade("gradebook", "fill", LAB, "--from", str(tmp_path / "out"))
    filled = {
        (who, name.removesuffix("-check")): score
        for who, scores in room.scores(LAB).items()
        for name, score in scores.items()
    }

    tried = [kind for work in class_.values() for kind, _ in work.values()]
    assert len(tried) >= 40
    assert set(tried) == {"reference", "stub", "accepted", "misconception", *BROKEN}
    verdicts = {verdict for verdict, _ in expected.values()}
    assert verdicts >= {"passed", "wrong", "not_started", "missing", "raised", "crashed"} and verdicts <= set(VERDICTS)
    assert checked == expected
    assert autograded == expected
    assert cohort == expected
    assert booked == filled == {key: points for key, (_, points) in expected.items()}


def _forget(room: Class) -> None:
    """Take the automatic scores out of the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        for submission in book.assignment_submissions(LAB):
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = None
        book.db.commit()
