"""The course map in the terminal: labs and exercises with progress, points and minutes, and what is next."""

from __future__ import annotations

from rich.text import Text

from mechgrade.course import Course
from mechgrade.progress.outlook import LabOutlook, Outlook, Row, duration
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import LOOKS, TerminalReport, look
from mechgrade.submissions.words import BRINGS_BACK

#: Cells of a lab's bar.
BAR = 16


def show_map(course: Course, found: Outlook, screen: Screen) -> None:
    """Print the map; of a single lab that is passed, what it has taught too."""
    (_in_words if screen.plain else _in_signs)(course, found, screen)
    if len(found.labs) == 1 and found.next is None:
        TerminalReport(course, screen).learned([found.labs[0].lab])


def status(row: Row) -> str:
    """Where an exercise stands, in words."""
    entry = row.entry
    if row.standing == "new":
        return "not started"
    if row.standing == "left out":
        return LOOKS["not_applicable"][1]
    words = look(entry.verdict, entry.points)[1] if entry.verdict else "hint read"  # type: ignore[arg-type]  # checked when it was read
    return f"{words}, changed" if row.changed else words


def _next(course: Course, found: Outlook) -> str:
    if found.next is None:
        without = any(row.standing == "left out" for lab in found.labs for row in lab.rows)
        return f"All exercises here{' that your model can serve' if without else ''} are passed."
    path = course.stub_path(found.next)
    gone = "" if path.is_file() else f". It is not there: {BRINGS_BACK}"
    return f"Next: {path.relative_to(course.root)} ({found.next.minutes} min){gone}"


def _merged(lab: LabOutlook) -> list[str]:
    """What became of exercises that were passed and are no longer there."""
    return [
        f"You passed {old} before. It is part of {now.name} now, and its points are counted there"
        for old, now in lab.merged
    ]


def _questions(course: Course, lab: LabOutlook) -> str:
    """Where to answer what a person grades."""
    asked = list(lab.lab.questions.values())
    path = course.answers_path(lab.lab).relative_to(course.root)
    many = f"{len(asked)} question{'s' * (len(asked) != 1)}"
    return f"{many}, {sum(each.points for each in asked)} points given by a person: {path}"


# --- with signs ----------------------------------------------------------------------------------------------------------


def _in_signs(course: Course, found: Outlook, screen: Screen) -> None:
    print_ = screen.console.print
    print_(Text(course.title, style="bold"))
    width = max(len(row.exercise.name) for lab in found.labs for row in lab.rows)
    for lab in found.labs:
        print_()
        print_(Text(f"{lab.lab.name}  {lab.lab.title}", style="bold"))
        print_(Text(f"  {_bar(lab)}  {_summary(lab)}", style="dim"))
        for row in lab.rows:
            print_(_line(row, width))
        for sentence in _merged(lab):
            print_(Text(f"  ↪ {sentence}", style="dim"))
        if lab.lab.questions:
            print_(Text(f"  ✎ {_questions(course, lab)}", style="dim"))
    print_()
    print_(Text("  " + _total(found)))
    print_(Text("  " + _next(course, found)))


def _bar(lab: LabOutlook) -> str:
    full = round(BAR * lab.passed / len(lab.rows))
    return "█" * full + "░" * (BAR - full)


def _summary(lab: LabOutlook) -> str:
    text = (
        f"{lab.passed}/{len(lab.rows)} passed · {lab.points:g}/{lab.maximum} points · {duration(lab.minutes_left)} left"
    )
    return text + _worked(lab, " · ")


def _worked(lab: LabOutlook, before: str) -> str:
    """The time that was measured; nothing where there is none to speak of."""
    return f"{before}{duration(lab.minutes_worked)} worked" if lab.minutes_worked >= 1 else ""


def _line(row: Row, width: int) -> Text:
    sign, _, colour = LOOKS[row.verdict]  # type: ignore[index]  # progress keeps verdicts as text
    points = f"{row.entry.points:g}/{row.exercise.points}" if row.standing != "left out" else ""
    line = Text.assemble(
        (f"  {sign} ", colour), f"{row.exercise.name:<{width}}  ", (f"{status(row):<24}", colour), f"{points:>6}"
    )
    line.append(f"  {row.exercise.minutes:>3} min", style="dim")
    if row.entry.attempts > 1:
        line.append(f"  {row.entry.attempts} tries", style="dim")
    return line


def _total(found: Outlook) -> str:
    passed, count = sum(lab.passed for lab in found.labs), sum(len(lab.rows) for lab in found.labs)
    points, there = sum(lab.points for lab in found.labs), sum(lab.maximum for lab in found.labs)
    left = sum(lab.minutes_left for lab in found.labs)
    ahead = f"; about {duration(left)} left" if left else ""
    return f"{passed} of {count} exercises passed, {points:g} of {there} points{ahead}"


# --- in words ------------------------------------------------------------------------------------------------------------


def _in_words(course: Course, found: Outlook, screen: Screen) -> None:
    screen.say(f"{course.title}.")
    for lab in found.labs:
        screen.say()
        screen.say(f"{lab.lab.name}: {lab.lab.title}.")
        screen.say(
            f"{lab.passed} of {len(lab.rows)} exercises passed, {lab.points:g} of {lab.maximum} points, "
            f"{duration(lab.minutes_left)} left{_worked(lab, ', ')}."
        )
        for row in lab.rows:
            if row.standing == "left out":
                screen.say(f"{row.exercise.name}: {status(row)}, {row.entry.left_out}.")
                continue
            tries = f", {row.entry.attempts} tries" if row.entry.attempts > 1 else ""
            screen.say(
                f"{row.exercise.name}: {status(row)}, {row.entry.points:g} of {row.exercise.points} points, "
                f"about {row.exercise.minutes} minutes{tries}."
            )
        for sentence in _merged(lab):
            screen.say(f"{sentence}.")
        if lab.lab.questions:
            screen.say(f"{_questions(course, lab)}.")
    screen.say()
    screen.say(_total(found) + ".")
    screen.say(_next(course, found))
