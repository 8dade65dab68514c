"""An exercise's text in the terminal: Markdown with its formulas as Unicode, what the functions promise, where to write."""

from __future__ import annotations

import io
from collections.abc import Iterator

from markdown_it.token import Token
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text

from mechgrade.course import Course, Exercise
from mechgrade.course.lesson import Function, Lesson, read_lesson
from mechgrade.reports.docstring import parts_of
from mechgrade.reports.prose import tokens
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import short
from mechgrade.reports.unicode import unicode_math
from mechgrade.submissions.assemble import interface
from mechgrade.submissions.submission import Submission

#: A line longer than this is hard to read, however wide the terminal is.
WIDEST = 100
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
    words = Console(file=io.StringIO(), width=WIDEST, color_system=None, force_terminal=False)
    _show(course, exercise, lesson, Screen(words, plain=True))
    assert isinstance(words.file, io.StringIO)
    for line in words.file.getvalue().splitlines():
        screen.say(line.rstrip())


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
    _prose(lesson.text or NO_TEXT, screen)
    for function in lesson.functions or ():
        _function(function, screen)
    if lesson.after:
        screen.say()
        _prose(lesson.after, screen)
    name = exercise.name
    screen.say(f"\nWrite in    {short(str(course.stub_path(exercise)))}")
    screen.say(f"A hint      mechgrade hint {name}")
    screen.say(f"A verdict   mechgrade grade {name}")
    screen.say(f"Your plots  mechgrade try {name}")


def _prose(text: str, screen: Screen, indent: int = 0) -> None:
    # Addresses are written out: not every terminal follows a link that it does not show.
    prose = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    prose.parsed = [each for token in tokens(text) for each in _in_words(token, screen.plain)]
    screen.console.print(Padding(prose, (0, 0, 0, indent)))


def _in_words(token: Token, plain: bool) -> Iterator[Token]:
    """A token of Markdown with formulas as text; one that stands alone is set off as a quotation is."""
    # A bare address would be written twice.
    token.children = [child for child in token.children or [] if child.markup != "autolink"] or token.children
    for child in token.children or []:
        if child.type in ("math_inline", "math_inline_double"):
            child.type, child.content = "text", unicode_math(child.content)
    if token.type != "math_block":
        yield token
        return
    around = ["paragraph"] if plain else ["blockquote", "paragraph"]
    yield from (Token(f"{name}_open", "", 1) for name in around)
    formula = Token("text", "", 0, content=unicode_math(token.content))
    yield Token("inline", "", 0, children=[formula])
    yield from (Token(f"{name}_close", "", -1) for name in reversed(around))


def _function(function: Function, screen: Screen) -> None:
    screen.say()
    screen.console.print(Text(function.signature, style="cyan"), soft_wrap=screen.plain)
    for part in parts_of(function.doc):
        screen.say()
        if part.title:
            screen.console.print(Padding(Text(f"{part.title}:", style="bold"), (0, 0, 0, 4)))
        if part.text:
            _prose(part.text, screen, 8 if part.title else 4)
        for name, text in part.entries:
            _prose(f"`{name}`: {text}", screen, 8)
