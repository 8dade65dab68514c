"""A result as one HTML page: the course map, each exercise's verdict and diagnosis, and pictures of the learner's data.

Self-contained: no request, no font, no library; it opens from a disk without a network. Everything is in the markup, the
script only adds values on hover and by keyboard. Texts of learners are escaped by the template's engine.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from mechgrade.bench.providers import provider_for
from mechgrade.course import Course, Exercise, Lab
from mechgrade.course.hints import guide
from mechgrade.course.syntax import tree_of
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result
from mechgrade.grading.views import View
from mechgrade.progress.outlook import duration
from mechgrade.progress.progress import Entry, State
from mechgrade.protocol.printed import shortened
from mechgrade.reports import pictures
from mechgrade.reports.prose import render, render_code, render_inline
from mechgrade.reports.summary import finished
from mechgrade.reports.terminal import LOOKS, line_of, look, short

#: A page is smaller than this; pictures of what passed are left out where they would make it larger.
MAX_BYTES = 1_500_000
#: Of which so much may be pictures; the rest is for words.
PICTURE_BYTES = 1_000_000


@dataclass
class Figure:
    """One view, ready to draw.

    Attributes:
        title: the run and the place in its result.
        same: whether both agree.
        part: which part of a larger array is shown.
        kind: ``heatmap``, ``curve`` or ``words``.
        data: for the page's script.
    """

    title: str
    same: bool
    kind: str
    part: str = ""
    view: View | None = None
    axes: list[pictures.Axis] = field(default_factory=list)
    panels: list[pictures.Panel] = field(default_factory=list)
    curves: pictures.Curves | None = None
    data: str = ""
    wrong: int = 0


@dataclass
class Section:
    """One exercise on the page."""

    exercise: Exercise
    result: ExerciseResult
    entry: Entry
    sign: str
    words: str
    failure: Check | None
    found: Markup
    hints: int
    figures: list[tuple[Check, list[Figure]]] = field(default_factory=list)
    left_out: int = 0
    #: its row in the course map, and its part of the page
    row: Markup = field(default_factory=Markup)
    body: Markup = field(default_factory=Markup)

    @property
    def fault(self) -> bool:
        """Whether it could not be graded, by no fault of the learner's."""
        return self.result.verdict in FAULTS

    @property
    def ahead(self) -> bool:
        """Whether it is to be done yet."""
        return self.result.verdict not in ("passed", "not_applicable")

    @property
    def begun(self) -> bool:
        """Whether there is something to show of it."""
        idle = ("not_started", "not_applicable")
        return self.result.verdict != "not_started" or any(check.verdict not in idle for check in self.result.checks)

    @property
    def file(self) -> str:
        """The learner's file, from the current directory."""
        return short(self.result.file)

    def line(self, line: int) -> str:
        """A line of that file."""
        return line_of(self.result.file, line)


def page(course: Course, result: Result, state: State | None = None, learner: str = "") -> str:
    """The whole page.

    Args:
        course: for titles, minutes, hints and the texts after passing.
        result: graded with :attr:`mechgrade.grading.grader.Settings.views`, or there are no pictures.
        state: the learner's progress, for attempts and times.
        learner: whose page it is, where it is one of a class.
    """
    sections = [_section(course, entry, state or State()) for entry in result.exercises]
    left = PICTURE_BYTES
    # What failed first: that is what somebody reads the page for.
    for section in sorted(sections, key=lambda section: section.result.verdict == "passed"):
        left = _draw(course, section, left)
        _write(section)
    return _page(course, result, sections, learner)


class ClassPages:
    """The pages of a class. Learners with the same result of an exercise share its part of the page, which is made once.

    Args:
        course: as for :func:`page`.
    """

    #: How many parts are held.
    most = 512

    def __init__(self, course: Course) -> None:
        self._course = course
        # By identity: whoever reads results from a store makes one object of equal ones. A held section keeps its result, so no other takes its place.
        self._sections: OrderedDict[int, Section] = OrderedDict()

    def page(self, learner: str, result: Result) -> str:
        """A learner's page, without pictures, attempts and times."""
        return _page(self._course, result, [self._section(each) for each in result.exercises], learner)

    def _section(self, result: ExerciseResult) -> Section:
        section = self._sections.get(id(result))
        if section is None:
            section = self._sections[id(result)] = _section(self._course, result, State())
            _write(section)
            if len(self._sections) > self.most:
                self._sections.popitem(last=False)
        return section


def _page(course: Course, result: Result, sections: list[Section], learner: str) -> str:
    labs = [_part(course, lab, sections) for lab in course.labs.values()]
    labs = [part for part in labs if part.begun or part.ahead]
    passed = sum(section.result.verdict == "passed" for section in sections)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            course=course,
            result=result,
            labs=labs,
            learner=learner,
            passed=passed,
            count=len(result.applicable),
            minutes=lambda some: duration(sum(s.exercise.minutes for s in some if s.ahead)),
            sections=sections,
            following=next((s for s in sections if s.ahead), None),
            style=Markup(part_of_page("figures.css") + part_of_page("style.css")),
            script=Markup(part_of_page("figures.js")),
            policy=_policy(),
        )
    )


def _write(section: Section) -> None:
    """What a page says of an exercise, as HTML."""
    row, body = (environment().get_template(f"{name}.html.j2") for name in ("row", "section"))
    section.row = Markup(row.render(section=section, duration=duration))
    section.body = Markup(
        body.render(
            section=section,
            looks=LOOKS,
            inline=render_inline,
            code=render_code,
            width=pictures.WIDTH,
            height=pictures.HEIGHT,
        )
    )


@dataclass(frozen=True)
class Part:
    """A lab on the page.

    Attributes:
        begun: the exercises that have something to show.
        ahead: those that are not started.
        summary: what the lab has taught, once all of it is passed.
    """

    lab: Lab
    begun: list[Section]
    ahead: list[Section]
    summary: Markup


def _part(course: Course, lab: Lab, sections: Sequence[Section]) -> Part:
    here = [section for section in sections if section.exercise.lab == lab.name]
    passed = {section.exercise for section in here if section.result.verdict == "passed"}
    begun = [section for section in here if section.begun]
    ahead = [section for section in here if not section.begun]
    return Part(lab, begun, ahead, render(finished(course, lab, passed.__contains__)))


@lru_cache(maxsize=1)
def _policy() -> str:
    """What a browser may do with the page: run this script alone, load nothing."""
    digest = base64.b64encode(hashlib.sha256(part_of_page("figures.js").encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    )


_FOLDER = Path(__file__).with_name("page")


@lru_cache(maxsize=8)
def part_of_page(name: str) -> str:
    """A style or a script beside the templates."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The templates of pages. What they are given is escaped, unless it is :class:`markupsafe.Markup`."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shortened"] = shortened
    return made


def _section(course: Course, result: ExerciseResult, state: State) -> Section:
    exercise = course.exercise(result.exercise, result.lab)
    sign, words, _ = look(result.verdict, result.points)
    teaching = guide(course, exercise)
    found = render(teaching.found) if result.verdict == "passed" else Markup()
    failure = result.first_failure if result.verdict != "not_started" else None
    return Section(exercise, result, state.of(exercise), sign, words, failure, found, len(teaching.hints))


# --- pictures ------------------------------------------------------------------------------------------------------------


def _draw(course: Course, section: Section, left: int) -> int:
    """Draw an exercise's figures as long as there is room; what is left of it."""
    if not any(check.views for check in section.result.checks):
        return left
    names = axes_names(course, section.exercise)
    for check in section.result.checks:
        figures = []
        different = [view for view in check.views if not view.same]
        for view in different or check.views:
            if not different and isinstance(view.mine, str):
                continue  # that two words are the same is no picture
            figure = figure_of(course, view, names)
            size = len(figure.data) + sum(len(panel.image) + 90 * len(panel.texts) for panel in figure.panels) + 2500
            if figure.curves is not None:
                size += sum(map(len, figure.curves.mine + figure.curves.reference))
            if size > left:
                section.left_out += 1
                continue
            left -= size
            figures.append(figure)
            if check.verdict == "passed":
                break  # one is enough to look at
        if figures:
            section.figures.append((check, figures))
    return left


def figure_of(course: Course, view: View, names: list[tuple[str, ...]]) -> Figure:
    """A view, ready to draw. ``names``: see :func:`axes_names`."""
    title = f"result{view.path}" if view.path else "the result"
    if isinstance(view.mine, str) or isinstance(view.reference, str):
        return Figure(title, view.same, "words", view=view)
    fitting = next((each for each in names if len(each) == len(view.shape)), None)
    view = pictures.as_curve(view, fitting)
    axes = pictures.axes_of(view, fitting, _labels(course, view))
    assert not isinstance(view.mine, str) and not isinstance(view.reference, str)
    same = view.same
    figure = Figure(title, same, "", pictures.place_of(view, fitting), view, axes, wrong=pictures.wrong_cells(view))
    content: dict[str, Any] = {
        "axes": [axis.name for axis in axes],
        "labels": [axis.labels for axis in axes],
        "mine": pictures.rounded(view.mine),
        "reference": None if same else pictures.rounded(view.reference),
    }
    if len(axes) == 2:
        figure.kind = "heatmap"
        figure.panels = pictures.heatmap_panels(view.mine, None if same else view.reference)
    else:
        figure.kind = "curve"
        figure.curves = pictures.curves_of(view.mine, None if same else view.reference)
    figure.data = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return figure


def pictures_of(course: Course, exercise: Exercise, check: Check, most: int = 2) -> str:
    """The pictures of one check, as HTML for another page: the learner's data, and beside it the reference's where they differ."""
    names = axes_names(course, exercise)
    figures = [figure_of(course, view, names) for view in check.views if not isinstance(view.mine, str)]
    template = environment().get_template("pictures.html.j2")
    return template.render(figures=figures[:most], width=pictures.WIDTH, height=pictures.HEIGHT) if figures else ""


def axes_names(course: Course, exercise: Exercise) -> list[tuple[str, ...]]:
    """What an exercise calls the axes of its results. A learner may have taken the annotations out: then the reference's."""
    found = annotated_axes(course.stub_path(exercise), exercise.name)
    return found or annotated_axes(course.solution_path(exercise), exercise.name)


def annotated_axes(path: Path, name: str) -> list[tuple[str, ...]]:
    """The axes that the return annotation of an exercise's function names, from ``Float[Tensor, "layer head"]``."""
    try:
        tree = tree_of(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return []
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.returns is not None]
    functions.sort(key=lambda node: node.name != name)
    found = []
    for function in functions:
        assert function.returns is not None
        for node in ast.walk(function.returns):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.split()
                if words and all(re.fullmatch(r"\w[\w\-+]*(=\d+)?", word) for word in words):
                    found.append(tuple(word.split("=")[0] for word in words))
    return found


def _labels(course: Course, view: View) -> Mapping[str, Sequence[str]]:
    """The pieces of the one text among a run's inputs, as the course's own model takes it, by the axes that run along them."""
    texts = [value for value in view.inputs.values() if isinstance(value, str) and " " in value]
    return provider_for(course).labels(course.place_of(course.model().source), texts[0]) if len(texts) == 1 else {}
