"""The doctor's findings in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from mechgrade.bench.finding import MISTAKES, Finding, Status
from mechgrade.reports.screen import Screen

LOOKS: dict[Status, tuple[str, str, str]] = {
    "good": ("✓", "good", "green"),
    "note": ("·", "note", "dim"),
    "warning": ("!", "warning", "yellow"),
    "problem": ("✗", "problem", "red"),
}


def show_finding(finding: Finding, screen: Screen) -> None:
    """One line, and under what is not good what to do."""
    sign, word, colour = LOOKS[finding.status]
    mistake = f"A common setup mistake; it leads to: {MISTAKES[finding.mistake]}." if finding.mistake else ""
    if screen.plain:
        screen.say(f"{word}: {finding.name}: {finding.text}")
        for text in filter(None, [mistake, finding.fix and f"do: {finding.fix}"]):
            screen.say(text)
        return
    head = Text.assemble((f"{sign} {finding.name}: ", colour), finding.text)
    screen.console.print(Padding(head, (0, 0, 0, 2)))
    if mistake:
        screen.console.print(Padding(Text(mistake), (0, 0, 0, 4)))
    if finding.fix:
        screen.console.print(Padding(Text.assemble(("do: ", "bold"), finding.fix), (0, 0, 0, 4)))


def show_summary(findings: Sequence[Finding], screen: Screen) -> None:
    """Whether to begin."""
    problems = sum(each.status == "problem" for each in findings)
    warnings = sum(each.status == "warning" for each in findings)
    screen.say()
    if problems:
        screen.say(f"{problems} to solve first" + (f", {warnings} to keep in mind" if warnings else ""))
    else:
        screen.say("Ready." + (f" {warnings} to keep in mind." if warnings else ""))
