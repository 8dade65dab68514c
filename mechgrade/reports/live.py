"""The parts of the live page, as HTML: what `mechgrade learn` shows of one exercise, and of the way ahead.

Each part is an element with an id. The page's script puts a new one in the place of the old one, so that what a learner has
opened, focused or scrolled stays. Everything that a learner wrote is escaped by the templates' engine.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from mechgrade.course import Course, Exercise
from mechgrade.course.hints import guide
from mechgrade.course.lesson import Lesson
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result
from mechgrade.progress.current import first_open
from mechgrade.progress.outlook import duration, outlook
from mechgrade.progress.progress import State
from mechgrade.protocol.printed import shortened
from mechgrade.reports import pictures
from mechgrade.reports.course_map import status
from mechgrade.reports.docstring import parts_of
from mechgrade.reports.html import Figure, axes_names, environment, figure_of
from mechgrade.reports.prose import render, render_code, render_inline
from mechgrade.reports.summary import finished
from mechgrade.reports.terminal import LOOKS, look

#: Pictures of one check, and bytes of all pictures of an exercise.
FIGURES, FIGURE_BYTES = 4, 600_000
#: Lines of what learner code printed.
PRINTED_LINES = 40
#: The ids of the parts, which are the macros of ``parts.html.j2``.
PARTS = ("said", "chip", "map", "text", "hints", "verdict", "trial", "after")


@dataclass(frozen=True)
class Shown:
    """A check, with the pictures of its data.

    Attributes:
        first: whether it is the one to read first.
        printed: what the learner's code printed, its beginning and its end.
        left_out: how many pictures there was no room for.
    """

    check: Check
    first: bool
    figures: tuple[Figure, ...]
    printed: str
    left_out: int


@dataclass(frozen=True)
class Plot:
    """A picture that a demonstration has saved: where under ``outputs/``, its bytes, and a name for its address."""

    place: str
    png: bytes = field(repr=False)
    digest: str


@dataclass(frozen=True)
class Trial:
    """A run of the file's own demonstration. ``source``: the hash of the file that was run; ``refused``: what the disk did."""

    running: bool
    source: str
    printed: str = ""
    error: str = ""
    refused: str = ""
    not_started: bool = False
    stopped: bool = False
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What is known of an exercise in this session.

    Attributes:
        result: of the last grading; None before there was one.
        checks: that result's, with pictures.
        source: the hash of the file that was graded.
        grading: whether the file is being graded now.
        failure: why it could not be graded.
        saved: when the file was saved that was graded, in seconds since the epoch.
        trial: the last run of its demonstration.
    """

    result: Result | None = None
    checks: tuple[Shown, ...] = ()
    source: str = ""
    grading: bool = False
    failure: str = ""
    saved: float = 0.0
    trial: Trial | None = None

    @property
    def entry(self) -> ExerciseResult | None:
        """The exercise in the result."""
        return self.result.exercises[0] if self.result is not None else None

    @property
    def passed(self) -> bool:
        """Whether the last grading passed it."""
        return self.entry is not None and self.entry.verdict == "passed"

    @property
    def untouched(self) -> bool:
        """Whether nothing of the exercise is written yet."""
        idle = ("not_started", "not_applicable")
        return self.entry is not None and all(check.verdict in idle for check in self.entry.checks)


@dataclass(frozen=True)
class Face:
    """What one page shows.

    Attributes:
        seen: the exercise's last verdict.
        lesson: what its file gives to read; None where there is no file that can be read.
        state: where the learner stands in the course.
        remark: what the learner should know besides, such as that the progress cannot be kept.
    """

    course: Course
    exercise: Exercise
    seen: Seen
    lesson: Lesson | None
    state: State
    remark: str = ""

    def is_done(self, exercise: Exercise) -> bool:
        """Whether nothing is to be done in an exercise, in the one that is shown by its last verdict."""
        entry = self.seen.entry
        if exercise == self.exercise and entry is not None and entry.verdict in ("passed", "not_applicable"):
            return True
        return self.state.is_done(exercise)

    @property
    def following(self) -> Exercise | None:
        """What is to be done after this exercise."""
        return first_open(self.course.exercises(), self.exercise, self.is_done)

    @property
    def title(self) -> str:
        """What stands in the browser's tab."""
        sign = LOOKS[self.seen.entry.verdict][0] if self.seen.entry is not None else "·"
        return f"{sign} {self.exercise.title}"

    @property
    def said(self) -> str:
        """The verdict in a sentence or two, for a screen reader."""
        entry = self.seen.entry
        if self.seen.failure:
            return f"{self.exercise.title} could not be graded: {self.seen.failure}"
        if entry is None:
            return ""
        if entry.verdict == "not_applicable":
            return f"{self.exercise.title}: {LOOKS[entry.verdict][1]}. {entry.message}."
        words = f"{self.exercise.title}: {look(entry.verdict, entry.points)[1]}, {entry.points:g} of {entry.max_points:g} points."
        failure = entry.first_failure
        if failure is None or entry.verdict == "not_started":
            return words
        return f"{words} {re.sub('[`*$]', '', failure.sentence or failure.message)}"


def checks_of(course: Course, exercise: Exercise, entry: ExerciseResult) -> tuple[Shown, ...]:
    """An exercise's checks with their pictures. The check to read first has all the room that it needs."""
    names = axes_names(course, exercise)
    first = entry.first_failure
    left = FIGURE_BYTES
    shown = {}
    for check in sorted(entry.checks, key=lambda each: each is not first):
        different = [view for view in check.views if not view.same]
        # That two words are the same is no picture, and one picture of what is right is enough.
        views = different or [view for view in check.views if not isinstance(view.mine, str)][:1]
        figures: list[Figure] = []
        for view in views[:FIGURES]:
            figure = figure_of(course, view, names)
            size = len(figure.data) + sum(len(panel.image) for panel in figure.panels)
            if size <= left:
                left -= size
                figures.append(figure)
        printed = shortened(check.output, PRINTED_LINES)
        shown[check.name] = Shown(check, check is first, tuple(figures), printed, len(views) - len(figures))
    return tuple(shown[check.name] for check in entry.checks)


def document(face: Face, version: str) -> str:
    """The whole page. ``version``: of the page's own files; an open page of another version loads itself anew."""
    made = environment().get_template("learn.html.j2")
    return made.render(parts=parts(face), title=face.title, course=face.course, exercise=face.exercise, version=version)


def parts(face: Face) -> dict[str, Markup]:
    """The parts of the page, by id."""
    module: Any = environment().get_template("parts.html.j2").make_module(_given(face))
    return {name: Markup(getattr(module, name)()) for name in PARTS}


def _given(face: Face) -> dict[str, object]:
    """What the templates work with."""
    course, exercise = face.course, face.exercise
    lab = course.lab(exercise.lab)
    order = course.exercises()
    at = order.index(exercise)
    teaching = guide(course, exercise)
    view = outlook(course, face.state)
    return {
        "face": face,
        "course": course,
        "exercise": exercise,
        "seen": face.seen,
        "entry": face.seen.entry,
        "lab": lab,
        "number": list(lab.exercises).index(exercise.name) + 1,
        "neighbours": (order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None),
        "path": course.stub_path(exercise).relative_to(course.root).as_posix(),
        "clock": time.strftime("%H:%M:%S", time.localtime(face.seen.saved)) if face.seen.saved else "",
        "reading": _reading(face.lesson) if face.lesson is not None else None,
        "hints_read": [render(text) for text in teaching.hints[: face.state.of(exercise).hints]],
        "hints_there": len(teaching.hints),
        "found": render(re.sub(r"^\*\*What you found\.?\*\*\.?\s*", "", teaching.found))
        if face.seen.passed
        else Markup(),
        "summary": render(finished(course, lab, face.is_done)) if face.seen.passed else Markup(),
        "outlook": view,
        "passed": sum(each.passed for each in view.labs),
        "count": len(order),
        "minutes_left": duration(sum(each.minutes_left for each in view.labs)),
        "look": look,
        "looks": LOOKS,
        "faults": FAULTS,
        "status": status,
        "duration": duration,
        "inline": render_inline,
        "block": render,
        "code": render_code,
        "width": pictures.WIDTH,
        "height": pictures.HEIGHT,
    }


@dataclass(frozen=True)
class _Reading:
    """A lesson as HTML."""

    title: str
    text: Markup
    after: Markup
    functions: tuple[tuple[str, Markup], ...]


@lru_cache(maxsize=16)
def _reading(lesson: Lesson) -> _Reading:
    """Formulas take the time of a small grade to set, and texts hardly ever change."""
    made: Any = environment().get_template("docstring.html.j2").make_module({"inline": render_inline, "block": render})
    functions = tuple((each.signature, Markup(made.doc(parts_of(each.doc)))) for each in lesson.functions or ())
    return _Reading(lesson.title, render(lesson.text), render(lesson.after), functions)
