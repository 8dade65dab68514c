"""The report in the terminal: a line an exercise, and under a failure what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from mechgrade.course import Course, Lab
from mechgrade.course.hints import guide
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result, Verdict
from mechgrade.protocol.printed import shortened
from mechgrade.reports.screen import Screen
from mechgrade.reports.summary import summary_of

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
    "not_applicable": ("–", "left out", "dim"),
    "grader_error": ("⚠", "grader error", "magenta"),
    "infrastructure_error": ("⚠", "machine error", "magenta"),
}


def look(verdict: Verdict, points: float) -> tuple[str, str, str]:
    """Sign, words and colour of an exercise. One of which a function is still a stub, but has points, was started."""
    return ("·", "not finished", "dim") if verdict == "not_started" and points else LOOKS[verdict]


#: How many lines of what learner code printed are shown.
PRINTED_LINES = 9


class TerminalReport:
    """Prints a result as it comes in.

    Args:
        course: for titles, hints and the texts after passing.
        screen: where to print, and whether in plain words.
        found: whether to print the "what you found" paragraph of exercises that pass.
        hints_seen: how many of an exercise's hints the learner has read already, by ``lab/name``.
        absent: labs of which nothing was handed in. That was told once, and is not repeated for every exercise.
    """

    def __init__(
        self,
        course: Course,
        screen: Screen | Console,
        found: bool = False,
        hints_seen: Callable[[str], int] | None = None,
        absent: Collection[str] = (),
    ) -> None:
        self.course = course
        self.screen = screen if isinstance(screen, Screen) else Screen(screen)
        self.console = self.screen.console
        self.found = found
        self._hints_seen = hints_seen or (lambda name: 0)
        self._width = max((len(e.name) for e in course.exercises()), default=10)
        self._lab = ""
        self._absent = absent

    def exercise(self, entry: ExerciseResult) -> None:
        """One exercise's line, and under it what a learner needs to go on."""
        if entry.lab in self._absent and entry.verdict == "missing":
            return
        if entry.lab != self._lab:
            self._lab = entry.lab
            self.console.print(Text(f"\n{entry.lab}  {self.course.lab(entry.lab).title}", style="bold"))
        sign, words, colour = look(entry.verdict, entry.points)
        if entry.verdict == "not_applicable":
            self._left_out(entry)
            return
        if self.screen.plain:
            self.screen.say(f"{entry.exercise}: {words}, {entry.points:g} of {entry.max_points:g} points.")
        else:
            line = Text.assemble(
                ("  " + sign, colour),
                f" {entry.exercise:<{self._width}}  ",
                (f"{words:<16}", colour),
                f"{entry.points:>4g} / {entry.max_points:g}",
            )
            self.console.print(line)
        for sentence in entry.stubs:
            self._line("still to write", sentence)
        for sentence in entry.waiting:
            self._line("passed", sentence)
        for sentence in entry.remarks:
            self._line("note", sentence)
        for sentence in entry.elsewhere or ():
            self._line("would fail on a GPU", sentence, style="yellow")
        for why, checks in entry.left_out.items():
            self._line("left out", f"{', '.join(check.name for check in checks)}: {why}")
        failure = entry.first_failure
        if failure is not None and entry.verdict not in (
            "not_started",
            *FAULTS,
        ):  # faults are told at the end, once each
            self._failure(entry, failure)
        elif entry.verdict == "passed" and self.found:
            text = guide(self.course, self.course.exercise(entry.exercise, entry.lab)).found
            if text:
                self._prose(text)

    def _left_out(self, entry: ExerciseResult) -> None:
        sign, words, colour = LOOKS[entry.verdict]
        if self.screen.plain:
            self.screen.say(f"{entry.exercise}: {words}, in neither the score nor the maximum.")
        else:
            self.console.print(
                Text.assemble(("  " + sign, colour), f" {entry.exercise:<{self._width}}  ", (words, colour))
            )
        self._line("", entry.message)

    def _failure(self, entry: ExerciseResult, check: Check) -> None:
        """What was asked, what your code gave, the mistake if it is a known one, your line, where to get a hint."""
        if entry.verdict == "missing" and not check.output:
            self._line("", check.message)
            return
        self._line("asked", check.asks)
        self._line("your code gave", check.gave)
        self._line("", check.message)
        self._line("a known mistake" if check.misconception else "what is known", check.sentence, style="bold")
        if check.place is not None:
            place = check.place
            where = line_of(entry.file, place.line) + (f" in {place.function}" if place.function else "")
            self._line("look at", where + (f"  {place.text}" if place.text else ""))
        if check.output.strip():
            self._line("your code printed", "\n" + textwrap.indent(shortened(check.output, PRINTED_LINES), "  "))
        others = [c.name for c in entry.checks if c.verdict not in ("passed", "not_applicable") and c is not check]
        self._line("also not passed", ", ".join(others))
        self._line("a hint", self._hint(entry))

    def _hint(self, entry: ExerciseResult) -> str:
        exercise = self.course.exercise(entry.exercise, entry.lab)
        seen, there = self._hints_seen(str(exercise)), len(guide(self.course, exercise).hints)
        if seen and seen >= there:
            return f"you have read all {there}; mechgrade debug {entry.exercise} stops in your code"
        return f"mechgrade hint {entry.exercise}" + (f" --more ({seen} of {there} read)" if seen else "")

    def _line(self, label: str, text: str, style: str = "") -> None:
        if not text:
            return
        if self.screen.plain:
            self.screen.say(f"{label}: {text}" if label else text)
            return
        line = Text.assemble((f"{label}: ", "dim"), (text, style)) if label else Text(text, style)
        self.console.print(Padding(line, (0, 0, 0, 6)))

    def _prose(self, text: str) -> None:
        from mechgrade.reports.words import say_prose, show_prose  # slow to import, and most reports have none

        self.console.print()
        if self.screen.plain:
            say_prose(text, self.screen)
        else:
            show_prose(text, self.screen, 6)

    def learned(self, labs: Collection[Lab]) -> None:
        """What labs have taught of which all exercises are passed now."""
        for lab in labs:
            if summary := summary_of(self.course, lab):
                self.console.print()
                self.console.print(Text(f"  You have passed all of {lab.name}, {lab.title}.", style="bold"))
                self._prose(summary)

    def total(self, result: Result) -> None:
        """The closing lines: the score, what is next, how it was graded."""
        passed = sum(entry.verdict == "passed" for entry in result.exercises)
        self.console.print()
        self.console.print(
            Text.assemble(
                ("  Score ", "bold"),
                (f"{result.score:g} / {result.max_score:g}", "bold"),
                f"   {passed} of {len(result.applicable)} exercises passed",
            )
        )
        without = [entry.exercise for entry in result.exercises if entry.verdict == "not_applicable"]
        if without:
            self._closing(f"Left out on {result.model}, and in neither number: {', '.join(without)}")
        following = next((entry for entry in result.applicable if entry.verdict != "passed"), None)
        if following is not None and not result.faults:
            self._closing(f"Next   {short(following.file)}")
        self._closing(result.how, "dim")
        for sentence in result.isolation_missing:
            self._closing(sentence if "as root" in sentence else f"No isolation full: {sentence}", "dim")
        faults: dict[str, list[str]] = {}
        for entry in result.faults:
            faults.setdefault(entry.message, []).append(entry.exercise)
        for message, names in faults.items():
            who = ", ".join(names) if len(names) < len(result.exercises) or len(names) == 1 else "Nothing"
            self._closing(
                f"{who} could {'not ' * (who != 'Nothing')}be graded, and that is not your code's fault: {message}",
                "magenta",
            )

    def _closing(self, text: str, style: str = "") -> None:
        self.console.print(Text("  " + text, style), soft_wrap=self.screen.plain)


def line_of(file: str, line: int) -> str:
    """A line of a learner's file. What was taken out of a notebook has lines that nobody can open: then the file alone."""
    return short(file) if file.endswith(".ipynb") else f"{short(file)}:{line}"


def short(path: str) -> str:
    """A path from the current directory where that is shorter: what an editor or a click can open."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
