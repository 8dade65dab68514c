"""The audit's table."""

from __future__ import annotations

from rich.table import Table

from mechgrade.authoring.audit import Audit, ExerciseAudit

HEADINGS = ("exercise", "reference", "stub", "accepted", "rejected", "named", "mutants")


def rows(audit: Audit) -> list[tuple[str, ...]]:
    """A row an exercise: what passed of what should, what was rejected and named, and which mutants were noticed.

    Named are those of the misconceptions whose wrong values tell them from others.
    """
    return [_row(entry) for entry in audit.entries]


def _row(entry: ExerciseAudit) -> tuple[str, ...]:
    wrong = entry.misconceptions
    judged = entry.killed + len(entry.survivors)
    return (
        str(entry.exercise),
        entry.reference.replace("_", " "),
        entry.stub.replace("_", " "),
        *(
            ("-", "-", "-")
            if entry.unjudged
            else (
                f"{sum(each['verdict'] == 'passed' for each in entry.accepted)}/{len(entry.accepted)}",
                f"{sum(each['rejected'] for each in wrong)}/{len(wrong)}",
                f"{sum(each['named'] for each in wrong)}/{sum(each['nameable'] for each in wrong)}",
            )
        ),
        f"{entry.killed}/{judged}" if judged else "-",
    )


def audit_table(audit: Audit) -> Table:
    """The rows for a terminal."""
    table = Table(*HEADINGS, box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
    for row in rows(audit):
        table.add_row(*row)
    return table


def confusion(audit: Audit) -> str:
    """How many misconceptions can be named, and how many would be told another's sentence if their own were not known."""
    totals = audit.totals()
    return (
        f"of {totals['misconceptions']} misconceptions, {totals['misconceptions_nameable']} are told apart by what is wrong; "
        f"{totals['misconceptions_confused']} would be told another's sentence if their own were not known"
    )
