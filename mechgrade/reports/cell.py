"""An exercise's result as the output of a notebook's cell: what a check shows, and what nbgrader's feedback shows."""

from __future__ import annotations

import io
import re
from html import escape

from rich.console import Console

from mechgrade.course import Course
from mechgrade.course.hints import guide
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result
from mechgrade.protocol.printed import shortened
from mechgrade.reports.html import pictures_of
from mechgrade.reports.prose import render, render_code, render_inline
from mechgrade.reports.terminal import LOOKS, PRINTED_LINES, TerminalReport, look

#: Colours with contrast enough on white and on black; the sign and the words say the same.
_COLOURS = {"green": "#1a7f37", "red": "#cf222e", "yellow": "#9a6700", "magenta": "#8250df", "dim": "#6e7781"}


def text(course: Course, entry: ExerciseResult) -> str:
    """The report as in the terminal, for front ends that show no HTML."""
    # In a kernel rich would show what it prints, and leave the file empty.
    console = Console(file=io.StringIO(), width=100, color_system=None, highlight=False, force_jupyter=False)
    report = TerminalReport(course, console, found=True)
    report.exercise(entry)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().strip("\n")


def html(course: Course, entry: ExerciseResult, result: Result, *, first_hint: bool = False) -> str:
    """The report as HTML. Everything in it that a learner wrote is escaped.

    Args:
        course: for titles, hints and the paragraph after passing.
        entry: the exercise.
        result: what it is a part of, for how it was graded.
        first_hint: show the gentlest hint under a failure, for a reader who cannot ask for it.
    """
    sign, words, colour = look(entry.verdict, entry.points)
    exercise = course.exercise(entry.exercise, entry.lab)
    parts = [
        f'<p><b style="color:{_COLOURS[colour]}">{sign} {escape(words)}</b> &nbsp; {escape(exercise.title)} &nbsp; '
        + (f"<b>{entry.points:g} / {entry.max_points:g}</b></p>" if entry.verdict != "not_applicable" else "</p>")
    ]
    if entry.verdict == "not_applicable":
        parts.append(f"<p>It counts neither for the score nor for the maximum: {render_code(entry.message)}.</p>")
    for why, checks in entry.left_out.items():
        asked = escape(" ".join(check.asks or check.name for check in checks))
        parts.append(f"<p><i>left out:</i> {asked} The reason: {render_code(why)}.</p>")
    failure = entry.first_failure
    help_ = guide(course, exercise)
    parts += [f"<p><i>still to write:</i> {render_code(in_cells(sentence))}</p>" for sentence in entry.stubs]
    if failure is not None and entry.verdict != "not_started":
        parts += _failure(failure)
        if not first_hint and "NameError" in failure.message and "is not defined" in failure.message:
            parts.append("<p>If another cell defines this name, run that cell first.</p>")
    parts.append(_checks(entry))
    parts += [f"<p><i>passed:</i> {render_code(sentence)}</p>" for sentence in entry.waiting]
    parts += [f"<p><i>note:</i> {render_code(sentence)}</p>" for sentence in entry.remarks]
    parts += [f"<p><i>would fail on a GPU:</i> {render_code(sentence)}</p>" for sentence in entry.elsewhere or ()]
    shown = failure or next((check for check in entry.checks if check.views), None)
    if shown is not None:
        parts.append(pictures_of(course, exercise, shown))
    if failure is not None and entry.verdict not in FAULTS and help_.hints:
        if first_hint:
            parts.append(f"<p><b>A hint</b></p>{render(help_.hints[0])}")
        else:
            parts.append(f"<p>A hint: <code>hint({escape(repr(str(exercise)))})</code></p>")
    if entry.verdict == "passed" and help_.found:
        parts.append(str(render(help_.found)))
    parts.append(f'<p style="color:{_COLOURS["dim"]}"><small>{escape(result.how)}</small></p>')
    return f'<div class="mechgrade">{"".join(parts)}</div>'


def in_cells(message: str) -> str:
    """A message without numbers of lines: they are of the text that was made of the cells, which a learner never sees."""
    message = re.sub(r" \((?:\w+\.py, )?line \d+\)", "", message)
    message = re.sub(r", called from line \d+", "", message)
    message = re.sub(r"\bline \d+ (stands in no function)", r"that line \1", message)
    message = re.sub(r"(?:^|(?<=[.:] ))(l|L)ine \d+ (still|holds|gives|sets|imports)", _a_line, message)
    return re.sub(r"\bin line \d+", "in the line below", message)


def _a_line(found: re.Match[str]) -> str:
    return f"{'A' if found[1] == 'L' else 'a'} line {found[2]}"


def _failure(check: Check) -> list[str]:
    parts = []
    if check.asks:
        parts.append(f"<p><i>asked:</i> {escape(check.asks)}</p>")
    if check.sentence:
        parts.append(f"<p><b>{render_inline(check.sentence)}</b></p>")
    if check.gave:
        parts.append(f"<p><i>your code gave</i> {escape(check.gave)}</p>")
    parts.append(f"<p>{render_code(in_cells(check.message))}</p>")
    if check.place is not None and (check.place.text or check.place.function):
        where = f" in <code>{escape(check.place.function)}</code>" if check.place.function else ""
        line = f": <code>{escape(check.place.text)}</code>" if check.place.text else ""
        parts.append(f"<p><i>look</i>{where}{line}</p>")
    if check.output.strip():
        printed = shortened(check.output, PRINTED_LINES)
        parts.append(f"<p><i>your code printed:</i></p><pre>{escape(printed)}</pre>")
    return parts


def _checks(entry: ExerciseResult) -> str:
    rows = "".join(
        f'<tr><td style="white-space:nowrap;padding-right:1em;color:{_COLOURS[LOOKS[check.verdict][2]]}">{LOOKS[check.verdict][0]} '
        f"{escape(LOOKS[check.verdict][1])}</td>"
        f'<td style="text-align:left;padding-right:1em">{escape(check.asks or check.name)}</td>'
        f'<td style="white-space:nowrap">{check.points:g} / {check.max_points:g}</td></tr>'
        for check in entry.checks
        if check.verdict != "not_applicable"
    )
    return f"<table>{rows}</table>"
