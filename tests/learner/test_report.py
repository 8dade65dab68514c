"""The HTML report in a real browser: silent, without a request, accessible, small, printable, and right."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from support import ROOT, grade_folder

from mechgrade.course import Course, load_course
from mechgrade.course.variants import programs
from mechgrade.grading.recordings import Run
from mechgrade.grading.verdicts import Check, ExerciseResult, Result
from mechgrade.grading.views import LEAVES, SIDE, views_of
from mechgrade.progress.progress import Entry, State
from mechgrade.protocol.outcome import Place
from mechgrade.protocol.wire import Array
from mechgrade.reports.html import MAX_BYTES, annotated_axes, page
from mechgrade.reports.pictures import as_curve, axes_of, place_of, wrong_cells
from mechgrade.reports.prose import render, render_code, render_inline

#: Exercises and what the learner's file holds: a known mistake, the reference, or the stub.
SUBMISSION = {
    "induction_scores": "offset_half",
    "loss_by_position": "probabilities",
    "find_heads": "threshold_included",
    "predict_repeat": None,
    "attention_motifs": "right",
    "heads_attending_to": "right",
}


@pytest.fixture(scope="module")
def graded(course: Course, worker, tmp_path_factory) -> tuple[Result, Path]:
    """A submission with something of everything, graded with views; its page as a file."""
    folder = tmp_path_factory.mktemp("report")
    chosen = [course.exercise(name) for name in SUBMISSION]
    for exercise in chosen:
        what = SUBMISSION[exercise.name]
        target = folder / exercise.lab / f"{exercise.name}.py"
        target.parent.mkdir(exist_ok=True)
        if what == "right":
            shutil.copy(course.solution_path(exercise), target)
        elif what is None:
            shutil.copy(ROOT / "exercises" / exercise.lab / target.name, target)
        else:
            wrong = [each for each in programs(course, exercise) if each.sentence]
            target.write_text(next((each for each in wrong if each.name == what), wrong[0]).source)
    result = grade_folder(course, worker, folder, chosen, views=True)
    path = folder / "report.html"
    path.write_text(page(course, result), encoding="utf-8")
    return result, path


@pytest.fixture
def opened(chromium, graded):
    """The page, open; everything that it logs or asks for is kept in ``heard``."""
    tab = chromium.new_page(viewport={"width": 1000, "height": 1200})
    tab.heard = []
    tab.on("console", lambda message: tab.heard.append(f"console: {message.text}"))
    tab.on("pageerror", lambda error: tab.heard.append(f"error: {error}"))
    tab.on("request", lambda request: tab.heard.append(f"request: {request.url}"))
    tab.goto(graded[1].as_uri())
    yield tab
    tab.close()


def test_it_is_silent_and_asks_for_nothing(opened, graded):
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    opened.mouse.wheel(0, 10_000)
    wanted = [line for line in opened.heard if not line.startswith("request: data:")]
    assert wanted == [f"request: {graded[1].as_uri()}"]
    assert graded[1].stat().st_size < MAX_BYTES


def test_axe_finds_nothing(opened):
    from axe_playwright_python.sync_playwright import Axe

    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 15  # it did look


def test_axe_would_find_something(opened):
    """The test above can fail."""
    from axe_playwright_python.sync_playwright import Axe

    opened.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert Axe().run(opened).violations_count > 0


def test_values_by_hover_and_by_keyboard(opened, graded):
    section = opened.locator("#lab3-induction_scores")
    picture = section.locator("figure").first
    (view, *_) = graded[0].exercises[0].checks[0].views
    picture.locator("image").first.scroll_into_view_if_needed()
    box = picture.locator("image").first.bounding_box()
    rows, columns = view.mine.shape
    opened.mouse.move(box["x"] + box["width"] * (1.5 / columns), box["y"] + box["height"] * (0.5 / rows))
    said = picture.locator(".readout").inner_text()
    assert said.startswith(f"layer L0, head H1: yours {float(f'{view.mine[0, 1]:.4g}')}"), said
    assert f"reference {float(f'{view.reference[0, 1]:.4g}')}" in said
    picture.locator(".panels").focus()
    opened.keyboard.press("ArrowDown")
    assert picture.locator(".readout").inner_text().startswith("layer L1, head H1: yours ")
    for _ in range(9):
        opened.keyboard.press("ArrowRight")
    assert picture.locator(".readout").inner_text().startswith(f"layer L1, head H{columns - 1}")


def test_everything_can_be_reached_by_the_keyboard(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.keyboard.press("Enter")
    seen = set()
    for _ in range(40):
        opened.keyboard.press("Tab")
        seen.add(opened.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert {"panels", "SUMMARY"} <= seen


def test_it_prints_with_everything_open(opened, tmp_path):
    closed = opened.locator("details:not([open])").count()
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert closed and opened.locator("details:not([open])").count() == 0
    opened.emulate_media(media="print")
    assert not opened.locator(".skip").is_visible() and opened.locator("svg.heatmap").first.is_visible()
    assert opened.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("width", [360, 390])
def test_it_fits_a_narrow_window(opened, width):
    opened.set_viewport_size({"width": width, "height": 700})
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_that_a_learner_wrote_makes_it_wider_than_a_phone(chromium, course, tmp_path):
    """A long path, a line without a blank, a wide print: each stays in the page, or scrolls in a box of its own."""
    long = "x" * 300
    exercise = course.exercise("find_heads")
    views = views_of(
        f"on_inputs({long}=1)",
        {"prompt": long},
        Run({"a": long, long: Array(np.eye(3), "float64")}, {}),
        {"a": long + long, long: Array(np.eye(3) * 2, "float64")},
    )
    place = Place(7, long, long)
    told = Check("all", "wrong", 0, 5, asks=long, message=f"`{long}`", sentence=long, place=place, views=views)
    told.output, told.gave = f"{long}\n{long}", long
    entry = ExerciseResult("lab3", "find_heads", 5, [told], file=f"/{long}/{exercise.name}.py")
    path = tmp_path / "report.html"
    path.write_text(page(course, Result("embedded", "bridge", "cpu", "full", [entry]), learner=long), encoding="utf-8")
    tab = chromium.new_page(viewport={"width": 390, "height": 844})
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.close()


def test_in_the_dark_it_is_dark_and_can_be_read(chromium, graded):
    from axe_playwright_python.sync_playwright import Axe

    tab = chromium.new_page(viewport={"width": 1000, "height": 1200}, color_scheme="dark")
    tab.goto(graded[1].as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert _lightness(tab, "background-color") < 0.2 < 0.8 < _lightness(tab, "color")
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    # Words in a picture are no text to axe.
    fills = tab.evaluate("[...document.querySelectorAll('svg.curve text')].map(each => getComputedStyle(each).fill)")
    assert fills and min(map(_light, fills)) > 0.6
    tab.emulate_media(media="print")  # ink is dark, and paper is white
    assert _lightness(tab, "color") < 0.2 and _light(fills[0]) > 0.6
    assert _light(tab.evaluate("getComputedStyle(document.querySelector('svg.curve text')).fill")) < 0.2
    tab.close()


def _lightness(tab, what: str) -> float:
    return _light(tab.evaluate(f"getComputedStyle(document.body).getPropertyValue('{what}')"))


def _light(colour: str) -> float:
    """How light a colour is, from 0 to 1, as ``rgb(1, 2, 3)``."""
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_what_is_not_started_is_a_line_and_no_section(opened, course):
    (stub,) = [name for name, what in SUBMISSION.items() if what is None]
    title = course.exercise(stub).title
    assert opened.locator(f"#lab3-{stub}").count() == 0
    assert opened.locator("nav .ahead").all_inner_texts() == [
        f"1 not started, about {course.exercise(stub).minutes} min: {title}"
    ]
    assert opened.locator("nav table").filter(has_text=title).count() == 0
    assert opened.locator("section.exercise").count() == len(SUBMISSION) - 1
    places = opened.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(each => each.hash.slice(1))")
    assert [each for each in places if opened.locator(f"[id='{each}']").count() != 1] == []


def test_it_says_no_time_that_nobody_measured(course):
    """Whoever has passed everything in five minutes has not worked for the hours that the course thought of."""
    result = Result("embedded", "bridge", "cpu", "full")
    for exercise in course.exercises("lab1"):
        check = Check("all", "passed", exercise.points, exercise.points)
        result.exercises.append(ExerciseResult("lab1", exercise.name, exercise.points, [check], file="x.py"))
    told = re.sub(r"<[^>]+>", "", page(course, result).partition("<body>")[2].partition("<main")[0])
    assert "9 of 9 exercises passed" in told and not re.search(r"\d h|\bworked|of work|\bleft\b", told)
    entry = course.exercise("describe_model")
    told = page(course, result, State({str(entry): Entry(seconds=180.0)}))
    assert "(3 min worked)" in told


def test_a_lab_that_is_passed_says_what_was_learned(course):
    """And one of which an exercise is missing does not."""
    result = Result("embedded", "bridge", "cpu", "full")
    for exercise in course.exercises("lab1"):
        check = Check("all", "passed", exercise.points, exercise.points)
        result.exercises.append(ExerciseResult("lab1", exercise.name, exercise.points, [check], file="x.py"))
    text = page(course, result)
    assert text.count("You have passed all of lab1") == text.count("What experts do next") == 1
    result.exercises.pop()
    assert "What experts do next" not in page(course, result)


#: Each drawn word of a picture with how far it stands out of its picture's box, in the picture's units.
_STANDS_OUT = """() => [...document.querySelectorAll('figure svg text')].map(text => {
  const matrix = text.transform.baseVal.consolidate()?.matrix, box = text.getBBox(), all = text.ownerSVGElement.viewBox.baseVal;
  const corners = [[box.x, box.y], [box.x + box.width, box.y + box.height]].map(([x, y]) =>
    matrix ? [matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f] : [x, y]);
  const [xs, ys] = [0, 1].map(axis => corners.map(corner => corner[axis]));
  return [text.textContent, Math.max(all.x - Math.min(...xs), Math.max(...xs) - all.x - all.width,
                                     all.y - Math.min(...ys), Math.max(...ys) - all.y - all.height)];
})"""


def test_no_word_of_a_picture_is_cut_off(opened):
    """The title over a narrow difference, a long token under a cell: a browser clips what stands outside the picture's box."""
    opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    words = opened.evaluate(_STANDS_OUT)
    assert len(words) > 50 and any(word == "yours − reference" for word, _ in words)
    assert [(word, out) for word, out in words if out > 1] == []


def test_what_it_says(graded, course):
    text = graded[1].read_text()
    (wrong,) = [each for each in graded[0].exercises if each.exercise == "induction_scores"]
    told = re.sub(r"<[^>]+>", "", text)
    assert wrong.first_failure.sentence.split("*")[0].replace("'", "&#39;") in told
    assert told.count("not right yet") >= 3 and "1 not started" in told and "What you found." in told
    assert "yours − reference" in text and 'class="reference" points' in text  # a heatmap and a curve that differ
    assert ">France<" in text  # the tokens of the prompt
    assert (
        re.findall(r"(?:src|href)=\"(?!#|data:|https://)[^\"]*", text) == []
    )  # links in the prose are all that leads out


def test_text_of_a_learner_is_text(course):
    """What a learner prints or returns can neither close the page's tags nor run in it."""
    bad = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    exercise = course.exercise("find_heads")
    entry = ExerciseResult("lab3", "find_heads", 5, file=str(course.stub_path(exercise)))
    run = Run({"a": bad, "b": Array(np.eye(3), "float64")}, {})
    views = views_of("f()", {"prompt": bad}, run, {"a": bad + bad, "b": Array(np.eye(3) * 2, "float64")})
    entry.checks.append(
        Check("all", "wrong", 0, 5, asks=bad, message=bad, sentence=bad, output=bad, gave=bad, views=views)
    )
    text = page(course, Result("embedded", "bridge", "cpu", "full", [entry]), learner=bad)

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.seen.append(tag + "".join(f" {name}" for name, _ in attrs if name.startswith("on")))

    tags = Tags()
    tags.feed(text)
    assert tags.seen.count("script") == 2 and "img" not in tags.seen  # one figure's data, and the page's own
    assert not [tag for tag in tags.seen if " on" in tag]


def test_formulas_are_drawn_and_text_is_no_markup():
    assert "<math" in render("so $\\ln 50\\,257 \\approx 10.8$ nats") and "$" not in render("so $x^2$")
    assert "<math" in render("$$\\frac{1}{2}$$") and 'display="block"' in render("$$\\frac{1}{2}$$")
    assert render_inline("a *word* <b>bold</b>") == "a <em>word</em> &lt;b&gt;bold&lt;/b&gt;"
    assert '<mi>log</mi><mspace width="0.167em"/><mi>p</mi>' in render("$\\log p$")
    assert "mspace" not in render("$\\log(p)$")
    assert "<script" not in render("$<script>alert(1)</script>$")
    assert render_code("no `f<1>`, [a](b) *c*") == "no <code>f&lt;1&gt;</code>, [a](b) *c*"


def test_a_page_of_large_results_stays_small(course):
    big = Array(np.random.default_rng(0).normal(size=(3, 200, 300)), "float64")
    result = Result("embedded", "bridge", "cpu", "full")
    for exercise in course.exercises():
        entry = ExerciseResult(exercise.lab, exercise.name, exercise.points, file=str(course.stub_path(exercise)))
        other = Array(big.values + 1, "float64")
        views = views_of("f()", {}, Run([big] * 2, {}), [other] * 2)
        assert all(view.mine.shape == (SIDE, SIDE) for view in views)
        entry.checks.append(Check("all", "wrong", 0, exercise.points, message="wrong", views=views))
        result.exercises.append(entry)
    text = page(course, result)
    assert len(text.encode()) < MAX_BYTES
    assert "pictures are left out" in text


def test_views_hold_what_differs_and_say_where():
    mine = Array(np.zeros((2, 3, 100, 5), np.float32), "float32")
    other = mine.values.copy()
    other[1, 2, 77, 3] = 5
    (view,) = views_of("f()", {}, Run(Array(other, "float32"), {}), mine)
    assert (view.start[:2], view.axes, view.shape) == ((1, 2), (2, 3), (2, 3, 100, 5))
    assert view.start[2] <= 77 < view.start[2] + SIDE and not view.same
    assert view.reference[77 - view.start[2], 3 - view.start[3]] == 5
    nan = Array(np.full((2, 2), np.nan, np.float32), "float32")
    (view,) = views_of("f()", {}, Run(Array(np.zeros((2, 2), np.float32), "float32"), {}), nan)
    assert not view.same
    many = [Array(np.eye(2), "float64")] * 50
    assert len(views_of("f()", {}, Run(many, {}), many)) == LEAVES
    (view,) = views_of("f()", {}, Run(1.0, {}), None)
    assert (view.mine, view.reference) == ("None", "1")


def test_a_few_values_are_said_and_not_drawn():
    few, off = Array(np.array([0.5, -0.0, 2.0]), "float64"), Array(np.array([0.5, -0.0, 2.5]), "float64")
    (view,) = views_of("f()", {}, Run(few, {}), off)
    assert (view.mine, view.reference, view.same) == ("0.5, 0, 2.5", "0.5, 0, 2", False)
    (view,) = views_of("f()", {}, Run(few, {"": 1.0}), off)  # within what rounding explains
    assert view.same


def test_the_curve_of_one_text_counts_its_own_values():
    mine = Array(np.zeros((3, 8), np.float32), "float32")
    (view,) = views_of("f()", {}, Run(Array(np.ones((3, 8), np.float32), "float32"), {}), mine)
    assert wrong_cells(as_curve(view, ("batch", "pos"))) == 8


def test_the_part_of_a_larger_array_is_said_as_one_reads_it():
    large = Array(np.zeros((2, 3, 100, 5), np.float32), "float32")
    (view,) = views_of("f()", {}, Run(large, {}), large)
    assert place_of(view, None) == "[0, 0, 0:48, :] of shape [2, 3, 100, 5]"
    assert place_of(view, ("batch", "head", "pos", "d_head")) == "batch 0 of 2, head 0 of 3, pos 0 to 47 of 100"
    assert place_of(view, ("batch", "head", "pos", "_")) == place_of(view, ("batch", "head", "pos", "d_head"))
    assert [axis.name for axis in axes_of(view, ("batch", "head", "pos", "_"))] == ["pos", "axis 3"]


def test_axes_come_from_the_annotation(course):
    assert annotated_axes(course.solution_path(course.exercise("induction_scores")), "induction_scores") == [
        ("layer", "head")
    ]
    assert annotated_axes(Path("/no/such/file.py"), "x") == []


def test_hidden_inputs_leave_no_trace_in_the_page(course, worker, tmp_path):
    """In final grading the values of hidden inputs are the grader's secret; the page shows the public ones alone."""
    wrong = next(each for each in programs(course, course.exercise("induction_scores")) if each.name == "offset_half")
    path = tmp_path / "lab3" / "induction_scores.py"
    path.parent.mkdir()
    path.write_text(wrong.source)
    exercise = course.exercise("induction_scores")
    result = grade_folder(course, worker, tmp_path, [exercise], views=True, hidden="a long secret")
    views = [view for check in result.exercises[0].checks for view in check.views]
    assert views and {view.inputs["seed"] for view in views if "seed" in view.inputs} == {0}


@pytest.mark.slow
def test_the_command_writes_the_page(tmp_path, at_desk, desk):
    done = at_desk("grade", "--exercise", "find_heads", "--html", "report.html")
    assert done.returncode == 0 and "Report report.html" in done.stdout
    assert json.dumps(load_course(desk.root).title)[1:-1] in (desk.root / "report.html").read_text()
