"""A class's summary: as a page of its own, offline, and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from rich.table import Table

from mechgrade.cohort.summary import BINS, ExerciseSummary, LearnerRow, Summary, Times
from mechgrade.grading.verdicts import Verdict, how
from mechgrade.reports.html import environment, part_of_page
from mechgrade.reports.prose import render_inline
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import LOOKS

_IDLE: tuple[Verdict, ...] = ("not_started", "missing")
_LEFT_OUT: tuple[Verdict, ...] = ("not_applicable",)
#: The parts of an exercise's bar, left to right: passed, wrong in one way or another, not begun, not graded, and what a model lacks.
PARTS: tuple[tuple[str, tuple[Verdict, ...]], ...] = (
    ("passed", ("passed",)),
    ("not right yet", ("wrong",)),
    ("raised an error", ("raised",)),
    ("stopped", ("timed_out", "out_of_memory", "crashed")),
    ("not started or missing", _IDLE),
    ("not graded", ("grader_error", "infrastructure_error")),
    ("left out", _LEFT_OUT),
)


def page(summary: Summary, times: dict[str, Times], learners: Sequence[LearnerRow] = ()) -> str:
    """The page: one file that loads nothing. Learners' own pages are linked, and lie beside it."""
    labs: dict[str, list[ExerciseSummary]] = {}
    for exercise in summary.exercises:
        labs.setdefault(exercise.lab, []).append(exercise)
    bins = [
        (f"{_score(summary, place)} to {_score(summary, place + 1)}", count)
        for place, count in enumerate(summary.scores)
    ]
    return (
        environment()
        .get_template("cohort.html.j2")
        .render(
            summary=summary,
            how=how(**{name: value for name, value in summary.setting.items() if name != "inputs"}),
            labs=labs,
            times=times,
            parts=_parts(summary),
            looks=LOOKS,
            in_order=in_order,
            inline=render_inline,
            bins=bins,
            top=max([*summary.scores, 1]),
            worst=hardest(summary),
            learners=learners,
            style=Markup(part_of_page("figures.css") + part_of_page("style.css")),
        )
    )


def _parts(summary: Summary) -> tuple[tuple[str, tuple[Verdict, ...]], ...]:
    """The parts; without the last where the model has all that was asked of it, as most have."""
    lacks = any("not_applicable" in exercise.verdicts for exercise in summary.exercises)
    return PARTS if lacks else PARTS[:-1]


def in_order(verdicts: Mapping[Verdict, int]) -> list[tuple[Verdict, int]]:
    """How many have each verdict, in the order of the bars."""
    order = [verdict for _, part in PARTS for verdict in part]
    return sorted(verdicts.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def _score(summary: Summary, place: int) -> str:
    return f"{summary.max_score * place / BINS:g}"


def hardest(summary: Summary) -> list[ExerciseSummary]:
    """The exercises that the fewest of those who began them have passed, at most five."""

    def begun(exercise: ExerciseSummary) -> int:
        return exercise.learners - sum(exercise.verdicts.get(one, 0) for one in (*_IDLE, *_LEFT_OUT))

    tried = [exercise for exercise in summary.exercises if begun(exercise) > exercise.verdicts.get("passed", 0)]
    return sorted(tried, key=lambda exercise: exercise.verdicts.get("passed", 0) / begun(exercise))[:5]


def show(summary: Summary, screen: Screen) -> None:
    """Print the summary: a line an exercise, then the mistakes that are worth a word in the next lecture."""
    graded = summary.learners - summary.ungraded
    screen.say(f"{summary.title}: {summary.learners} learners, mean score {summary.mean:.1f} of {summary.max_score:g}")
    if summary.ungraded:
        screen.say(
            f"{summary.ungraded} could not be graded whole and have no score; the mean is over the other {graded}"
        )
    if screen.plain:
        for exercise in summary.exercises:
            counts = ", ".join(f"{count} {LOOKS[verdict][1]}" for verdict, count in in_order(exercise.verdicts))
            screen.say(f"{exercise.lab} {exercise.exercise}: {counts}")
    else:
        parts = _parts(summary)
        table = Table("exercise", *(name for name, _ in parts), box=None, pad_edge=False)
        table.columns[0].no_wrap = True
        for exercise in summary.exercises:
            counts_of = [sum(exercise.verdicts.get(verdict, 0) for verdict in part) for _, part in parts]
            table.add_row(f"{exercise.lab}/{exercise.exercise}", *(str(count or "·") for count in counts_of))
        screen.console.print(table)
    mistakes = [(mistake, exercise) for exercise in summary.exercises for mistake in exercise.misconceptions]
    if mistakes:
        screen.say("\nMost frequent misconceptions:")
    for mistake, exercise in sorted(mistakes, key=lambda pair: -pair[0].learners)[:10]:
        screen.say(f"  {mistake.learners} in {exercise.lab}/{exercise.exercise}, {mistake.name}: {mistake.sentence}")
