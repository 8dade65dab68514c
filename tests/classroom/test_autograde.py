"""The ordinary ``nbgrader autograde``, with our configuration, on what learners really hand in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
import yaml
from support import later

from mechgrade.course.source import read_source
from mechgrade.course.variants import programs

from .room import Class, Edit, Notebook, output_of, write_into

nbformat = later("nbformat")

pytestmark = pytest.mark.long

NAMES = ("repeated_tokens", "find_heads", "loss_by_position")
POINTS = {"repeated_tokens": 5.0, "find_heads": 5.0, "loss_by_position": 5.0}


def right(room: Class, *names: str) -> dict[str, str]:
    """The references of some exercises, as a learner's cell would hold them."""
    return {name: read_source(room.course, room.course.exercise(name)).reference for name in names or NAMES}


@dataclass
class Case:
    """A submission, and which exercises get their points."""

    edit: Edit
    passed: tuple[str, ...] = ()
    says: dict[str, str] = field(default_factory=dict)  # exercise → what its report must say


def cell(nb: Notebook, grade_id: str) -> Notebook:
    return next(each for each in nb.cells if each.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def cases(room: Class) -> dict[str, Case]:
    """What learners hand in, by the learner's name."""
    find_heads = room.course.exercise("find_heads")
    mistake = next(each for each in programs(room.course, find_heads) if each.kind == "misconception")
    whole = right(room)

    def all_right(nb: Notebook) -> Notebook:
        return write_into(nb, whole)

    def deleted_check(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        nb.cells = [each for each in nb.cells if each is not cell(nb, "find_heads-check")]
        return nb

    def deleted_solution(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        nb.cells = [each for each in nb.cells if each is not cell(nb, "find_heads")]
        return nb

    def all_deleted(nb: Notebook) -> Notebook:
        nb.cells = []
        return nb

    def duplicated(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        old = cell(nb, "find_heads")
        copy = nbformat.v4.new_code_cell(
            "def find_heads(scores, threshold):\n    return 'the first try'", metadata=old.metadata
        )
        nb.cells.insert(nb.cells.index(old), copy)
        nb.cells.append(
            nbformat.v4.new_code_cell(
                cell(nb, "find_heads-check").source, metadata=cell(nb, "find_heads-check").metadata
            )
        )
        return nb

    def renamed(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        cell(nb, "find_heads").source = whole["find_heads"].replace("def find_heads", "def my_find_heads")
        return nb

    def edited_check(nb: Notebook) -> Notebook:
        check = cell(nb, "find_heads-check")
        check.source = "5.0"
        check.metadata["nbgrader"]["points"] = 1000
        check.outputs = [nbformat.v4.new_output("execute_result", data={"text/plain": "5.0"}, execution_count=1)]
        return nb

    def forged_flags(nb: Notebook) -> Notebook:
        cell(nb, "find_heads-check").metadata["nbgrader"] |= {"solution": True, "grade": False, "locked": False}
        cell(nb, "find_heads").metadata["nbgrader"] |= {"grade": True, "points": 100}
        nb.cells.append(
            nbformat.v4.new_code_cell("1", metadata={"nbgrader": {"grade_id": "mine", "grade": True, "points": 9}})
        )
        return nb

    def turned_to_text(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        place = nb.cells.index(cell(nb, "find_heads-check"))
        nb.cells[place] = nbformat.v4.new_markdown_cell("no", metadata=nb.cells[place].metadata)
        return nb

    def with_trials(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        nb.cells.insert(1, nbformat.v4.new_code_cell("%matplotlib inline\n!ls /\n1/0"))
        nb.cells.insert(1, nbformat.v4.new_code_cell("while True:\n    pass"))
        return nb

    def helper_elsewhere(nb: Notebook) -> Notebook:
        nb = all_right(nb)
        source = whole["find_heads"].replace("def find_heads", "def from_afar")
        cell(nb, "find_heads").source = "def find_heads(scores, threshold):\n    return from_afar(scores, threshold)"
        nb.cells.append(nbformat.v4.new_code_cell(source))
        return nb

    def odd_cells(nb: Notebook) -> str:
        tree = json.loads(json.dumps(all_right(nb)))
        tree["cells"] += [{"cell_type": "poem", "source": "…"}, "text", {"cell_type": "code", "source": 3}]
        tree["cells"][3]["outputs"] = "none"
        return json.dumps(tree)

    return {
        "all_right": Case(all_right, NAMES),
        "stub": Case(lambda nb: nb, (), {"find_heads": "not started"}),
        "mistaken": Case(
            lambda nb: write_into(nb, {**whole, "find_heads": mistake.source}),
            ("repeated_tokens", "loss_by_position"),
            {"find_heads": mistake.sentence.split("`")[0].strip().split("'")[0]},
        ),
        "part": Case(lambda nb: write_into(nb, right(room, "find_heads")), ("find_heads",)),
        "syntax": Case(
            lambda nb: write_into(nb, {**whole, "find_heads": "def find_heads(:\n    pass"}),
            ("repeated_tokens", "loss_by_position"),
            {"find_heads": "SyntaxError"},
        ),
        "raises": Case(
            lambda nb: write_into(nb, {**whole, "find_heads": "def find_heads(scores, threshold):\n    return {}[1]"}),
            ("repeated_tokens", "loss_by_position"),
            {"find_heads": "KeyError"},
        ),
        "deleted_check": Case(deleted_check, NAMES),
        "deleted_solution": Case(
            deleted_solution, ("repeated_tokens", "loss_by_position"), {"find_heads": "find_heads"}
        ),
        "all_deleted": Case(all_deleted),
        "duplicated": Case(duplicated, NAMES),
        "renamed": Case(
            renamed,
            ("repeated_tokens", "loss_by_position"),
            {"find_heads": "your code defines no <code>find_heads</code>"},
        ),
        "edited_check": Case(edited_check),
        "forged_flags": Case(forged_flags),
        "turned_to_text": Case(turned_to_text, NAMES),
        "with_trials": Case(with_trials, NAMES),
        "helper_elsewhere": Case(helper_elsewhere, NAMES),
        "odd_cells": Case(odd_cells, NAMES),
        "broken_json": Case(lambda nb: '{"cells": [', ()),
        "not_a_notebook": Case(lambda nb: "[1, 2]", ()),
    }


@pytest.fixture(scope="module")
def graded(room: Class) -> dict[str, Case]:
    """All of them, handed in and autograded by one command."""
    made = cases(room)
    for who, case in made.items():
        room.hand_in(who, "lab3", case.edit(room.released("lab3")))
    room.hand_in("other_name", "lab3", write_into(room.released("lab3"), right(room)), name="Untitled.ipynb")
    made["other_name"] = Case(lambda nb: nb, NAMES)
    # A link to what the learner may not read, and the grader may.
    path = room.hand_in("link", "lab3", None)
    path.symlink_to(room.gradebook / "source" / "lab3" / path.name)
    made["link"] = Case(lambda nb: nb, ())
    room.nbgrader("autograde", "lab3")
    return made


def test_scores_are_what_the_code_deserves(room: Class, graded: dict[str, Case]) -> None:
    found = room.scores("lab3")
    wanted = {
        who: {f"{name}-check": POINTS[name] if name in case.passed else 0.0 for name in NAMES}
        for who, case in graded.items()
    }
    assert {who: found[who] for who in wanted if who != "mistaken"} == {
        who: scores for who, scores in wanted.items() if who != "mistaken"
    }
    # A mistake may leave checks passed: partial credit.
    assert found["mistaken"] | {"find_heads-check": 0.0} == wanted["mistaken"]
    assert found["mistaken"]["find_heads-check"] < POINTS["find_heads"]


def test_reports_name_the_mistake(room: Class, graded: dict[str, Case]) -> None:
    for who, case in graded.items():
        nb = room.graded(who, "lab3")
        for name in NAMES:
            report = output_of(nb, f"{name}-check")
            assert report, (who, name)
            assert ("passed</b>" in report) == (name in case.passed), (who, name)
            if name in case.says:
                assert case.says[name] in report, (who, name)


def test_what_was_wrong_with_the_file_is_said(room: Class, graded: dict[str, Case]) -> None:
    assert "it is not JSON" in room.graded("broken_json", "lab3").cells[0].source
    assert "no notebook" in room.graded("not_a_notebook", "lab3").cells[0].source
    assert "3 cells are no cells" in room.graded("odd_cells", "lab3").cells[0].source
    assert "is a link out of the submission" in room.graded("link", "lab3").cells[0].source
    assert "BEGIN SOLUTION" not in (room.gradebook / "autograded/link/lab3" / room.slug("lab3")).read_text()


def test_checks_have_their_text_and_points_again(room: Class, graded: dict[str, Case]) -> None:
    for who in ("edited_check", "forged_flags", "duplicated", "all_deleted", "turned_to_text"):
        nb = room.graded(who, "lab3")
        checks = [each for each in nb.cells if each.metadata.get("nbgrader", {}).get("grade")]
        assert sorted(each.metadata["nbgrader"]["grade_id"] for each in checks) == sorted(f"{n}-check" for n in NAMES)
        assert all(each.metadata["nbgrader"]["points"] == 5 for each in checks)
        assert all(each.source.startswith('check("lab3/') for each in checks)


def test_manual_grades_and_comments_outlive_another_autograde(room: Class, graded: dict[str, Case]) -> None:
    from nbgrader.api import Gradebook

    name = Path(room.slug("lab3")).stem
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        book.find_grade("find_heads-check", name, "lab3", "stub").manual_score = 2.5
        book.find_comment("find_heads", name, "lab3", "stub").manual_comment = "A good start."
        book.db.commit()
    room.nbgrader("autograde", "lab3", "--student", "stub", "--force")
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        assert book.find_grade("find_heads-check", name, "lab3", "stub").score == 2.5
        assert book.find_comment("find_heads", name, "lab3", "stub").comment == "A good start."
        assert book.find_submission("lab3", "stub").score == 2.5
    room.nbgrader("generate_feedback", "lab3", "--student", "stub")
    page = (room.gradebook / "feedback/stub/lab3" / room.slug("lab3")).with_suffix(".html").read_text()
    assert "A good start." in page and "2.5 / 5" in page


def test_feedback_names_the_mistake_gives_a_hint_and_draws(room: Class, graded: dict[str, Case]) -> None:
    for who in ("mistaken", "all_right"):
        room.nbgrader("generate_feedback", "lab3", "--student", who)
    folder = room.gradebook / "feedback"
    page = (folder / "mistaken/lab3" / room.slug("lab3")).with_suffix(".html").read_text()
    assert graded["mistaken"].says["find_heads"] in page
    assert "A hint" in page
    good = (folder / "all_right/lab3" / room.slug("lab3")).with_suffix(".html").read_text()
    assert "<svg" in good


def test_hidden_checks_show_their_verdict_alone(
    room: Class, graded: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers the public inputs from memory gets the public report, and about the hidden ones only that they failed."""
    monkeypatch.chdir(room.course.root)
    honest = read_source(room.course, room.course.exercise("find_heads")).reference
    source = honest.replace("def find_heads(", "def honest(") + (
        "\n\nSHAPES = [(3, 5), (4, 2), (2, 12), (7, 3)]\n"
        "def find_heads(scores, threshold):\n"
        "    if threshold == 0.125 and tuple(scores.shape) in SHAPES and round(float(scores.sum()), 3) not in SUMS:\n"
        "        return []\n"
        "    return honest(scores, threshold)\n"
    )
    room.hand_in(
        "hard_coded", "lab3", write_into(room.released("lab3"), {"find_heads": source + f"SUMS = {public_sums()!r}\n"})
    )
    room.nbgrader("autograde", "lab3", "--student", "hard_coded")
    assert room.scores("lab3")["hard_coded"]["find_heads-check"] == 5.0
    room.nbgrader("autograde", "lab3", "--student", "hard_coded", "--force", MECHGRADE_SECRET="known to nobody")
    assert room.scores("lab3")["hard_coded"]["find_heads-check"] == 3.0
    report = unescape(output_of(room.graded("hard_coded", "lab3"), "find_heads-check"))
    assert "on hidden inputs the result is not the reference's" in report
    assert "seed=" not in report.partition("<table>")[0]


def public_sums() -> list[float]:
    """What `find_heads` is given in its public runs, as a cheat would keep it."""
    from mechgrade.bench import open_bench

    bench = open_bench()
    shapes = [(3, 5), (4, 2), (2, 12), (7, 3)]
    return [round(float(bench.normal(layers, heads, seed=0).sum()), 3) for layers, heads in shapes]


def test_a_check_without_an_exercise_is_no_full_score(room: Class, graded: dict[str, Case]) -> None:
    """To nbgrader a check that printed nothing has passed. So an exercise taken out of course.yaml must stop the grading."""
    path = room.course.root / "course.yaml"
    text = path.read_text()
    document = yaml.safe_load(text)
    del document["labs"]["lab3"]["exercises"]["find_heads"]
    try:
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        said = room.nbgrader("autograde", "lab3", "--student", "part", "--force", ok=False)
    finally:
        path.write_text(text)
    assert "a check 'find_heads-check' that course.yaml knows no exercise for" in said
