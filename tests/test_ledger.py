"""README's table says what the last audit found, of the graders as they are now, and what it found is good enough."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from support import ROOT, one_exercise

from mechgrade.authoring import ledger
from mechgrade.authoring.audit import Audit, ExerciseAudit
from mechgrade.course import Course, load_course

#: The way whose findings the table shows lab by lab: back end and threads.
USUAL = ("bridge", 1)

REMEDY = "run `mechgrade audit --changed --write`"


def test_readme_shows_what_the_ledger_says(course: Course) -> None:
    text = (ROOT / "README.md").read_text().partition(ledger.BEGIN)[2].partition(ledger.END)[0]
    assert text.strip() == ledger.table(course, ledger.read(course)), REMEDY


def test_every_exercise_was_audited_as_it_is(course: Course) -> None:
    """A grader, a reference or a variant that changed since makes the table a claim about something else."""
    changed = ledger.outdated(course, ledger.read(course), *USUAL, what="own")
    assert [str(each) for each in changed] == [], REMEDY


def test_what_the_audits_found_is_good_enough(course: Course) -> None:
    for entries in ledger.read(course).values():
        right = [each for entry in entries.values() for each in entry["accepted"]]
        wrong = [each for entry in entries.values() for each in entry["misconceptions"]]
        mutants = [entry["mutants"] for entry in entries.values() if entry["mutants"]]
        assert {entry["reference"] for entry in entries.values()} == {"passed"}
        assert {entry["stub"] for entry in entries.values()} == {"not_started"}
        assert {each["verdict"] for each in right} == {"passed"}
        assert all(each["rejected"] for each in wrong)
        nameable = [each for each in wrong if each.get("nameable", True)]
        assert all(each["named"] for each in nameable) and len(nameable) >= 0.75 * len(wrong)
        assert not any(each.get("confused") for each in wrong)
        killed, survived = (sum(each[what] for each in mutants) for what in ("killed", "survived"))
        assert killed >= 0.98 * (killed + survived)


def test_a_changed_grader_is_outdated_and_an_audit_replaces_only_its_own(tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    (root / "fixtures" / "recorded").symlink_to(ROOT / "fixtures" / "recorded")
    shutil.copy(ROOT / "graders/conftest.py", root / "graders")
    (root / "docs").mkdir()
    shutil.copy(ROOT / "docs/audit.json", root / "docs")
    (root / "README.md").write_text(f"before\n{ledger.BEGIN}\nold\n{ledger.END}\nafter\n")
    course = load_course(root)
    find_heads = course.exercise("find_heads")
    known = ledger.read(course)
    (now,) = ledger.fingerprints(course, [find_heads]).values()
    for entries in known.values():
        entries[str(find_heads)] |= now  # whether the project's own ledger is up to date is the test above
    ledger.save(course, known)
    assert ledger.outdated(course, ledger.read(course), *USUAL) == []
    grader = course.grader_path(find_heads)
    grader.write_text(grader.read_text() + "\nCHANGED = True\n")
    assert ledger.outdated(course, ledger.read(course), *USUAL) == [find_heads]

    found = ExerciseAudit(find_heads, reference="wrong", stub="not_started", mutated=False)
    assert [path.name for path in ledger.keep(course, Audit([found]), "hooked", 2)] == ["audit.json", "README.md"]
    assert ledger.outdated(course, ledger.read(course), *USUAL) == [find_heads], "another back end was audited"
    readme = (root / "README.md").read_text()
    assert readme.startswith("before\n") and readme.endswith("after\n")
    assert "| all, hooked, 2 threads | 1 | 0 of 1 | 1 of 1 |" in readme
    ledger.keep(course, Audit([found]), *USUAL)
    assert ledger.outdated(course, ledger.read(course), *USUAL) == []
    assert len(json.loads((root / "docs/audit.json").read_text())["audits"]) == 2
