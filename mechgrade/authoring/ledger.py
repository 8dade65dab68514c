"""What audits found, kept in docs/audit.json, and the table in README.md that is made of it.

An exercise's entry carries two hashes, so that a table which tells of graders as they were is noticed (see
``mechgrade.grading.dependencies``): ``hash``, of all that the audit's findings depend on, and ``own``, of the exercise's own part of it.
A change of the engine outdates every entry. Whether it changed a finding, CI sees at once, because it audits all programs again;
only the mutants, which take longest, wait for the next `mechgrade audit --changed --write`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from mechgrade.authoring.audit import Audit
from mechgrade.authoring.build import write_if_changed
from mechgrade.authoring.promises import kept, read_promises
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.look import Look

BEGIN, END = "<!-- audit:begin -->", "<!-- audit:end -->"

SCHEMA = 1

Entry = dict[str, Any]
#: (back end, threads) → "lab/exercise" → entry
Ledger = dict[tuple[str, int], dict[str, Entry]]

HEADINGS = (
    *("", "exercises", "reference passes", "stub not started", "accepted pass", "at most"),
    *("misconceptions rejected", "named", "at least", "promises tried", "mutants noticed", "equivalent"),
)


def path_of(course: Course) -> Path:
    """Where the ledger lies."""
    return course.root / "docs" / "audit.json"


def fingerprints(course: Course, exercises: Iterable[Exercise]) -> dict[Exercise, dict[str, str]]:
    """For each exercise ``hash``, of all that the findings of its audit depend on, and ``own``, of its own files among that."""
    with Look(course.root) as look:
        dependencies = Dependencies(course, course.default_model, look)
        found = {exercise: dependencies.audit(exercise) for exercise in exercises}
    return {exercise: {"hash": _hash(parts), "own": _hash(_own(parts))} for exercise, parts in found.items()}


def _own(parts: Mapping[str, str]) -> dict[str, str]:
    mine = ("reference", "variants", "equivalent mutants")
    return {name: value for name, value in parts.items() if name in mine or name.startswith("graders/")}


def _hash(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def read(course: Course) -> Ledger:
    """The ledger; an empty one where there is none yet.

    Raises:
        CourseError: it cannot be read.
    """
    path = path_of(course)
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {
            (audit["backend"], audit["threads"]): {f"{e['lab']}/{e['exercise']}": e for e in audit["exercises"]}
            for audit in document["audits"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} cannot be read ({error}); restore it, or delete it and audit everything") from None


def keep(course: Course, audit: Audit, backend: str, threads: int) -> list[Path]:
    """Put an audit's entries into the ledger, in place of older ones, and renew README's table.

    Raises:
        CourseError: README.md has no place for it, or the ledger cannot be read.
    """
    ledger = read(course)
    entries = ledger.setdefault((backend, threads), {})
    now = fingerprints(course, [entry.exercise for entry in audit.entries])
    for entry, tree in zip(audit.entries, audit.as_tree()["exercises"], strict=True):
        entries[str(entry.exercise)] = {**now[entry.exercise], **tree}
    return save(course, ledger)


def save(course: Course, ledger: Ledger) -> list[Path]:
    """Write the ledger without exercises that are gone, and README's table. The paths that changed."""
    order = [str(exercise) for exercise in course.exercises()]
    audits = [
        {
            "backend": backend,
            "threads": threads,
            "exercises": [ledger[backend, threads][name] for name in order if name in ledger[backend, threads]],
        }
        for backend, threads in sorted(ledger)
    ]
    document = {"generated": "by mechgrade audit --write; do not edit", "schema": SCHEMA, "audits": audits}
    path = path_of(course)
    changed = [path] if write_if_changed(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n") else []
    readme = course.root / "README.md"
    if readme.is_file():
        before, found, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
        if not found or END not in rest:
            raise CourseError(f"{readme} has no {BEGIN} and {END} to put the table between; add them")
        text = f"{before}{BEGIN}\n{table(course, read(course))}\n{END}{rest.partition(END)[2]}"
        changed += [readme] if write_if_changed(readme, text) else []
    return changed


def outdated(
    course: Course, ledger: Ledger, backend: str, threads: int, what: Literal["hash", "own"] = "hash"
) -> list[Exercise]:
    """The exercises that were never audited this way, or of which anything has changed since.

    Args:
        what: ``own`` asks only for changes in the exercise's own files.
    """
    entries = ledger.get((backend, threads), {})
    now = fingerprints(course, course.exercises())
    return [each for each, found in now.items() if entries.get(str(each), {}).get(what) != found[what]]


# --- the table -----------------------------------------------------------------------------------------------------------


def table(course: Course, ledger: Ledger) -> str:
    """README's table: a row a lab, one for all, and one for each other way to run the same."""
    rows = [HEADINGS, tuple("---" for _ in HEADINGS), *_rows(course, ledger)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _rows(course: Course, ledger: Ledger) -> Iterator[tuple[str, ...]]:
    # Lab by lab what was found the usual way; the other ways to run the same are a row each.
    usual = (bench_spec(course).backend, 1)
    main = ledger.get(usual, {})
    for lab in course.labs.values():
        some = [main[str(each)] for each in lab.exercises.values() if str(each) in main]
        if some:
            yield _row(course, f"Lab {lab.name.removeprefix('lab')}", some)
    if main:
        yield _row(course, "all", main.values())
    for (backend, threads), entries in sorted(ledger.items()):
        if (backend, threads) != usual:
            yield _row(
                course,
                f"all, {f'{backend}, ' if backend else ''}{threads} thread{'s' if threads > 1 else ''}",
                entries.values(),
            )


def _row(course: Course, name: str, some: Iterable[Entry]) -> tuple[str, ...]:
    entries = list(some)
    right = [each for entry in entries for each in entry["accepted"]]
    wrong = [each for entry in entries for each in entry["misconceptions"]]
    margins = [each["margin"] for each in right if each["margin"] is not None]
    distances = [each["distance"] for each in wrong if each["distance"] is not None]
    mutants = [entry["mutants"] for entry in entries if entry["mutants"] is not None]
    killed, survived = sum(each["killed"] for each in mutants), sum(each["survived"] for each in mutants)
    return (
        name,
        str(len(entries)),
        _of(entry["reference"] == "passed" for entry in entries),
        _of(entry["stub"] == "not_started" for entry in entries),
        _of(each["verdict"] == "passed" for each in right),
        f"{max(margins):.2f}" if margins else "-",
        _of(each["rejected"] for each in wrong),
        _of(each["named"] for each in wrong if each.get("nameable", True)),
        f"{min(distances):,.0f}" if distances else "-",
        _of(truth for entry in entries for truth in _promises(course, entry)),
        f"{killed} of {killed + survived}" if mutants else "-",
        str(sum(each["equivalent"] for each in mutants)) if mutants else "-",
    )


def _promises(course: Course, entry: Entry) -> Iterable[bool]:
    """For each promise of an exercise's text whether all programs that break it were rejected."""
    found, _problems = read_promises(course, course.exercise(entry["exercise"], entry["lab"]))
    if found is None:
        return []
    return kept(found, {each["name"]: each["rejected"] for each in entry["misconceptions"]}).values()


def _of(truths: Iterable[bool]) -> str:
    """``41 of 41``."""
    known = list(truths)
    return f"{sum(known)} of {len(known)}"
