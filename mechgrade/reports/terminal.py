"""The report in the terminal: a line an exercise, and under a failure what to do next."""

from __future__ import annotations

import textwrap
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from mechgrade.course import Course
from mechgrade.grading.hints import guide
from mechgrade.grading.verdicts import Check, ExerciseResult, Result, Verdict

#: Sign, words and colour of each verdict. The sign and the words say it all; the colour only helps.
LOOKS: dict[Verdict, tuple[str, str, str]] = {
    "passed": ("✓", "passed", "green"),
    "wrong": ("✗", "not right yet", "red"),
    "not_started": ("·", "not started", "dim"),
    "missing": ("?", "missing", "yellow"),
    "raised": ("!", "raised an error", "red"),
    "timed_out": ("⧗", "took too long", "red"),
    "out_of_memory": ("▲", "out of memory", "red"),
    "crashed": ("✗", "crashed", "red"),
    "grader_error": ("⚠", "grader error", "magenta"),
    "infrastructure_error": ("⚠", "machine error", "magenta"),
}


class TerminalReport:
    """Prints a result as it comes in.

    Args:
        course: for titles, hints and the texts after passing.
        console: where to print.
        found: whether to print the "what you found" paragraph of exercises that pass.
    """

    def __init__(self, course: Course, console: Console, found: bool = False) -> None:
        self.course = course
        self.console = console
        self.found = found
        self._width = max((len(e.name) for e in course.exercises()), default=10)
        self._lab = ""

    def exercise(self, entry: ExerciseResult) -> None:
        """One exercise's line, and under it what a learner needs to go on."""
        if entry.lab != self._lab:
            self._lab = entry.lab
            self.console.print(Text(f"\n{entry.lab}  {self.course.lab(entry.lab).title}", style="bold"))
        sign, words, colour = LOOKS[entry.verdict]
        line = Text.assemble(
            ("  " + sign, colour),
            f" {entry.exercise:<{self._width}}  ",
            (f"{words:<16}", colour),
            f"{entry.points:>4g} / {entry.max_points:g}",
        )
        self.console.print(line)
        failure = entry.first_failure
        if failure is not None and entry.verdict != "not_started":
            self._failure(entry, failure)
        elif entry.verdict == "passed" and self.found:
            text = guide(self.course, self.course.exercise(entry.exercise, entry.lab)).found
            if text:
                self.console.print(Padding(Markdown(text), (1, 4, 0, 6)))

    def _failure(self, entry: ExerciseResult, check: Check) -> None:
        if entry.verdict == "missing" and not check.output:
            self._indented(escape(check.message))
            return
        if check.asks:
            self._indented(f"[dim]asked:[/dim] {escape(check.asks)}")
        if check.sentence:
            self._indented(f"[bold]{escape(check.sentence)}[/bold]")
        self._indented(escape(check.message))
        if check.place is not None:
            place = check.place
            where = f"{_short(entry.file)}:{place.line}" + (f" in {place.function}" if place.function else "")
            self._indented(f"[dim]look at:[/dim] {escape(where)}" + (f"  {escape(place.text)}" if place.text else ""))
        if check.output.strip():
            tail = "\n".join(check.output.strip().splitlines()[-5:])[-600:]
            self._indented("[dim]your code printed:[/dim]\n" + escape(textwrap.indent(tail, "  ")))
        others = [c.name for c in entry.checks if c.verdict not in ("passed",) and c is not check]
        if others:
            self._indented(f"[dim]also not passed:[/dim] {escape(', '.join(others))}")
        if entry.verdict not in ("grader_error", "infrastructure_error"):
            self._indented(f"[dim]a hint:[/dim] mechgrade hint {entry.exercise}")

    def _indented(self, markup: str) -> None:
        self.console.print(Padding(Text.from_markup(markup), (0, 0, 0, 6)))

    def total(self, result: Result) -> None:
        """The closing lines: the score, what is next, how it was graded."""
        passed = sum(entry.verdict == "passed" for entry in result.exercises)
        self.console.print()
        self.console.print(
            Text.assemble(
                ("  Score ", "bold"),
                (f"{result.score:g} / {result.max_score:g}", "bold"),
                f"   {passed} of {len(result.exercises)} exercises passed",
            )
        )
        following = next((entry for entry in result.exercises if entry.verdict != "passed"), None)
        if following is not None and not result.faults:
            self.console.print(f"  Next   {escape(_short(following.file))}", highlight=False)
        self.console.print(
            f"  Graded on {result.model} ({result.backend}, {result.device}), isolation {result.isolation}",
            style="dim",
            highlight=False,
        )
        for entry in result.faults:
            self.console.print(
                f"  {entry.exercise} could not be graded, and that is not your code's fault: {escape(entry.message)}",
                style="magenta",
                highlight=False,
            )


def _short(path: str) -> str:
    """A path from the current directory where that is shorter: what an editor or a click can open."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
