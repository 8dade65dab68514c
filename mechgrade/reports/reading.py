"""An exercise's text in the terminal: Markdown with its formulas as Unicode, what the functions promise, where to write."""

from __future__ import annotations

from dataclasses import replace

from rich.padding import Padding
from rich.text import Text

from mechgrade.course import Course, Exercise
from mechgrade.course.lesson import Function, Lesson, read_lesson
from mechgrade.course.version import read_base
from mechgrade.reports.docstring import parts_of
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import short
from mechgrade.reports.words import WIDEST, plain_screen, say_all, show_prose
from mechgrade.submissions.assemble import interface
from mechgrade.submissions.submission import Submission

NO_TEXT = "Your file no longer holds the exercise's text."


def lesson_of(course: Course, exercise: Exercise) -> Lesson:
    """What a learner's file of an exercise gives to read, with those functions that are the exercise's.

    Where the text is gone from that file, the stub is read that the course came with.

    Raises:
        SubmissionError: there is no file, or no text in it.
    """
    lesson = read_lesson(Submission.of_course(course).source(exercise))
    if not (lesson.title or lesson.text):
        lesson = _given(course, exercise) or replace(lesson, text=f"{NO_TEXT} {_way_back(course, exercise)}")
    if lesson.functions is None:
        return lesson
    wanted = interface(course, exercise)
    own = tuple(each for each in lesson.functions if each.name.partition(".")[0] in wanted)
    return replace(lesson, functions=own)


def _given(course: Course, exercise: Exercise) -> Lesson | None:
    """The text as the course came with it; None where that is not kept here, as in a git checkout."""
    name = course.stub_path(exercise).relative_to(course.root).as_posix()
    stub = read_base(course.root).texts.get(name)
    lesson = read_lesson(stub.decode("utf-8", "replace")) if stub is not None else None
    return replace(lesson, text=f"{NO_TEXT} This is the course's.\n\n{lesson.text}") if lesson else None


def _way_back(course: Course, exercise: Exercise) -> str:
    """How the stub comes back, in a sentence."""
    name = course.stub_path(exercise).relative_to(course.root).as_posix()
    if course.solution_path(exercise).is_file():
        return f"Move `{name}` away and run `mechgrade build`: it writes the file anew, with the text."
    return f"It stands in `{name}` of the course's archive, or of the git repository that the course came from."


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
    show_prose(lesson.text, screen)
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
