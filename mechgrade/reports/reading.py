"""An exercise's text in the terminal: Markdown with its formulas as Unicode, what the functions promise, where to write."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from mechgrade.course import Course, Exercise
from mechgrade.course.lesson import Function, Lesson, read_lesson
from mechgrade.reports.docstring import parts_of
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import short
from mechgrade.reports.words import WIDEST, plain_screen, say_all, show_prose
from mechgrade.submissions.assemble import interface
from mechgrade.submissions.submission import Submission

NO_TEXT = "Your file no longer holds the exercise's text. The stub of the course has it."


def lesson_of(course: Course, exercise: Exercise) -> Lesson:
    """What a learner's file of an exercise gives to read, with those functions that are the exercise's.

    Raises:
        SubmissionError: there is no file, or no text in it.
    """
    lesson = read_lesson(Submission(course.root / "exercises").source(exercise))
    if lesson.functions is None:
        return lesson
    wanted = interface(course, exercise)
    own = tuple(each for each in lesson.functions if each.name in wanted)
    return Lesson(lesson.title, lesson.text, lesson.after, own)


def show_lesson(course: Course, exercise: Exercise, screen: Screen) -> None:
    """Print an exercise's text.

    Raises:
        SubmissionError: there is no file, or no text in it.
    """
    lesson = lesson_of(course, exercise)
    if not screen.plain:
        screen.console.width = min(screen.console.width, WIDEST)
        _show(course, exercise, lesson, screen)
        return
    words = plain_screen()
    _show(course, exercise, lesson, words)
    say_all(words, screen)


def _show(course: Course, exercise: Exercise, lesson: Lesson, screen: Screen) -> None:
    lab = course.lab(exercise.lab)
    console = screen.console
    console.print(Text(lesson.title or exercise.title, style="bold"))
    number = list(lab.exercises).index(exercise.name) + 1
    screen.say(
        f"{lab.name}, {lab.title}: exercise {number} of {len(lab.exercises)}, {exercise.points} points, "
        f"about {exercise.minutes} minutes"
    )
    screen.say()
    show_prose(lesson.text or NO_TEXT, screen)
    for function in lesson.functions or ():
        _function(function, screen)
    if lesson.after:
        screen.say()
        show_prose(lesson.after, screen)
    name = exercise.name
    screen.say(f"\nWrite in    {short(str(course.stub_path(exercise)))}")
    screen.say(f"A hint      mechgrade hint {name}")
    screen.say(f"A verdict   mechgrade grade {name}")
    screen.say(f"Your plots  mechgrade try {name}")


def _function(function: Function, screen: Screen) -> None:
    screen.say()
    screen.console.print(Text(function.signature, style="cyan"), soft_wrap=screen.plain)
    for part in parts_of(function.doc):
        screen.say()
        if part.title:
            screen.console.print(Padding(Text(f"{part.title}:", style="bold"), (0, 0, 0, 4)))
        if part.text:
            show_prose(part.text, screen, 8 if part.title else 4)
        for name, text in part.entries:
            show_prose(f"`{name}`: {text}", screen, 8)
