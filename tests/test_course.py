"""course.yaml: what an instructor mistypes is named with its line, and what is right is found."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.course import Course, CourseError, find_course, load_course

HERE = Path(__file__).parent.parent

GOOD = """\
schema: 1
title: A course
default_model: small
isolation: process
labs:
  lab1:
    title: One
    slug: 01-one
    minutes: 60
    gpu_memory_gb: 0.5
    exercises:
      first: {title: First, points: 5, minutes: 10}
      shared: {title: Shared, points: 2, minutes: 10}
  lab2:
    title: Two
    slug: 02-two
    minutes: 60
    gpu_memory_gb: 4
    exercises:
      second: {title: Second, points: 7, minutes: 10}
      shared: {title: Shared again, points: 2, minutes: 10}
models:
  small: {path: fixtures/models/small}
  big: {hub: gpt2-small, parts: {sae: fixtures/saes/big}}
limits: {seconds: 2.5}
"""


def write(root: Path, text: str) -> Path:
    (root / "course.yaml").write_text(text, encoding="utf-8")
    return root


def mistakes(root: Path, text: str) -> list[str]:
    """The mistakes of a text, without the path before them."""
    with pytest.raises(CourseError) as caught:
        load_course(write(root, text))
    found = [line.split("course.yaml:", 1)[1] for line in caught.value.mistakes]
    assert str(caught.value).splitlines() == list(caught.value.mistakes)
    return found


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return load_course(write(tmp_path, GOOD))


def test_the_shipped_course_loads() -> None:
    course = load_course(HERE)
    assert [exercise.name for exercise in course.exercises("lab3")][:2] == ["predict_repeat", "repeated_tokens"]
    assert course.model().name == course.default_model


def test_values_and_order_are_those_of_the_file(course: Course) -> None:
    assert [str(exercise) for exercise in course.exercises()] == [
        "lab1/first",
        "lab1/shared",
        "lab2/second",
        "lab2/shared",
    ]
    assert (course.exercise("second").points, course.exercise("second").lab) == (7, "lab2")
    assert (course.lab("lab1").points, course.lab("lab2").slug) == (7, "02-two")
    assert (course.model("big").hub, course.model("big").path, course.model().path) == (
        "gpt2-small",
        None,
        "fixtures/models/small",
    )
    assert (course.limits.seconds, course.limits.memory_mb) == (2.5, 2048)


def test_paths_lie_where_the_design_says(course: Course) -> None:
    exercise, root = course.exercise("first"), course.root
    assert course.stub_path(exercise) == root / "exercises/lab1/first.py"
    assert course.solution_path(exercise) == root / "solutions/lab1/first.py"
    assert course.variants_path(exercise) == root / "solutions/lab1/variants/first.py"
    assert course.grader_path(exercise) == root / "graders/lab1/test_first.py"
    assert course.hints_path("lab1") == course.hints_path(course.lab("lab1")) == root / "graders/lab1/hints.yaml"


def test_a_name_that_is_not_there_gets_a_near_one(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no exercise 'frist' in any lab .did you mean 'first'"):
        course.exercise("frist")
    with pytest.raises(CourseError, match=r"no lab 'lab11' .did you mean 'lab1'"):
        course.exercises("lab11")
    with pytest.raises(CourseError, match="no exercise 'second' in lab1; there are first, shared"):
        course.exercise("second", "lab1")
    with pytest.raises(CourseError, match=r"no model 'smal'.*did you mean 'small'"):
        course.model("smal")


def test_a_name_in_two_labs_asks_for_the_lab(course: Course) -> None:
    with pytest.raises(CourseError, match="'shared' is in lab1 and lab2: name the lab too"):
        course.exercise("shared")
    assert course.exercises("lab2", "shared")[0].title == "Shared again"


def test_the_course_is_found_from_below_and_its_absence_is_said(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    deep = tmp_path / "exercises" / "lab1"
    deep.mkdir(parents=True)
    assert find_course(deep) == tmp_path
    assert find_course(tmp_path / "course.yaml") == tmp_path
    (tmp_path / "course.yaml").unlink()
    with pytest.raises(CourseError, match=r"no course.yaml in .* or above it"):
        find_course(deep)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("points: 7", "points: 1001", "20: labs.lab2.exercises.second.points: found 1001; allowed: an integer from 1 to 1000"),
        ("points: 7", "points: '7'", "20: labs.lab2.exercises.second.points: found '7'; allowed: an integer from 1 to 1000"),
        ("points: 7", "points: true", "20: labs.lab2.exercises.second.points: found true; allowed: an integer from 1 to 1000"),
        ("title: Two", "title: 2", "15: labs.lab2.title: found 2; allowed: a text, not empty"),
        ("slug: 02-two", "slug: Two!", "16: labs.lab2.slug: found 'Two!'; allowed: a text that matches ^[a-z0-9]"),
        ("slug: 02-two", "slug: 01-one", "16: labs.lab2.slug: found '01-one', the slug of lab1 too; allowed: a slug of its own"),
        ("isolation: process", "isolation: none", "4: isolation: found 'none'; allowed: full or process"),
        ("schema: 1", "schema: 2", "1: schema: found 2; allowed: 1"),
        ("seconds: 2.5", "seconds: .inf", "25: limits.seconds: found inf; allowed: a number above 0"),
        ("seconds: 2.5", "second: 1", "25: limits.second: unknown key (did you mean 'seconds'"),
        ("title: First", "name: x, title: First", "12: labs.lab1.exercises.first.name: unknown key; allowed: title, points"),
        ("title: A course", "root: /", "2: root: unknown key; allowed: schema, title"),
        ("{hub: gpt2-small,", "{", "24: models.big: found a mapping (parts); allowed: exactly one"),
        ("{hub: gpt2-small,", "{hub: a, path: b,", "exactly one of path"),
        ("path: fixtures", "path: ../fixtures", "23: models.small.path: found '../fixtures/models/small'; allowed: a path inside"),
        ("default_model: small", "default_model: smal", "3: default_model: found 'smal' (did you mean 'small'?); allowed: small or big"),
        ("      second:", "      a-b:", "20: labs.lab2.exercises.a-b: found the name 'a-b'; allowed: a Python identifier"),
        ("      second:", "      class:", "20: labs.lab2.exercises.class: found the name 'class'; allowed: a Python identifier"),
        ("      second:", "      3:", "20: labs.lab2.exercises: found the key 3, which YAML does not read as text"),
        ("      second:", "      shared:", "21: labs.lab2.exercises.shared: found a second time (first on line 20); allowed: every key once"),
        ("labs:\n", "labs: &all\n  lab0: *all\n", "6: labs.lab0: an alias that contains itself"),
        ("title: Two", "title: !!python/name:os.system ''", "15: labs.lab2.title: found '' (tag"),
        ("title: Two", "title: 2026-13-45", "15: labs.lab2.title: found '2026-13-45'"),
        ("title: Two", "title: a: b", "15: not YAML: mapping values are not allowed here; a text with ': ' in it needs quotes"),
        ("    title: Two", "\ttitle: Two", "spaces for indentation"),
        ("parts: {sae: fixtures/saes/big}", "parts: {sae: /etc}", "24: models.big.parts.sae: found '/etc'; allowed: a path inside"),
        ("title: Two", "title: Two\n    uses: [sea]", "labs.lab2.uses.0: found 'sea' (did you mean 'sae'?); allowed: sae"),
        ("title: A course", "title: A course\nmodules: [json]", "3: modules.0: found 'json'; allowed: a package's folder"),
        ("title: A course", "title: A course\nmodules: [a/x, b/x.py]", "3: modules: found a list of 2; allowed: names that are all different"),
        ("title: A course", "title: A course\nbench: my bench", "3: bench: found 'my bench'; allowed: a text that matches"),
        ("limits: {seconds: 2.5}", "limits:", "25: limits: found nothing; allowed: a mapping with the keys seconds"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_place_finding_and_remedy(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert GOOD.count(old) >= 1
    assert any(expected in mistake for mistake in mistakes(tmp_path, GOOD.replace(old, new)))


def test_all_mistakes_come_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace("points: 7", "pionts: 7").replace("isolation: process", "isolation: 3")
    found = mistakes(tmp_path, text)
    assert [mistake.split(":")[0] for mistake in found] == ["4", "20", "20"]
    assert "20: labs.lab2.exercises.second.points: missing; allowed: an integer from 1 to 1000" in found


@pytest.mark.parametrize("text", ["", "# nothing\n", "~\n", "- a\n- b\n", "just a text\n"])
def test_a_file_without_a_mapping_is_told_so(tmp_path: Path, text: str) -> None:
    assert "allowed: a mapping" in mistakes(tmp_path, text)[0]


def test_a_missing_file_and_a_wrong_encoding_are_told_so(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no such file"):
        load_course(tmp_path)
    (tmp_path / "course.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(CourseError, match="not UTF-8"):
        load_course(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    (),
    ("labs",),
    ("models",),
    ("limits",),
    ("labs", "lab1"),
    ("labs", "lab1", "exercises"),
    ("labs", "lab1", "exercises", "first"),
]


@settings(max_examples=60, deadline=None)
@given(value=VALUES, place=st.sampled_from(PLACES), key=st.sampled_from(["title", "minutes", "labs", "new", "first"]))
def test_any_value_anywhere_gives_a_course_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, value: object, place: tuple[str, ...], key: str
) -> None:
    """An instructor never sees a traceback of ours, whatever is in the file."""
    data = yaml.safe_load(GOOD)
    part = data
    for step in place:
        part = part[step]
    part[key] = value
    root = write(tmp_path_factory.mktemp("course"), yaml.safe_dump(data, allow_unicode=True))
    try:
        load_course(root)
    except CourseError as error:
        assert error.mistakes
        assert all("course.yaml:" in mistake and "; allowed: " in mistake for mistake in error.mistakes)


@settings(max_examples=60, deadline=None)
@given(text=st.text())
def test_any_text_gives_a_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("course")
    (root / "course.yaml").write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(CourseError, match=r"course\.yaml:\d+: "):
        load_course(root)


def test_loading_the_course_imports_no_heavy_library() -> None:
    """Every command starts here: with torch imported, `mechgrade --help` would take seconds."""
    code = (
        "import sys, mechgrade.course; print([m for m in ('torch', 'numpy', 'pytest', 'jupytext') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
