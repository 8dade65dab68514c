"""mechgrade build: learners get stubs without answers, keep their work, and authors hear what is missing, with its line."""

import ast
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.authoring.archive import contents
from mechgrade.authoring.build import build, write_if_changed
from mechgrade.authoring.unlisted import left_out
from mechgrade.course import Course, load_course
from mechgrade.course.source import BuildError, take_apart

COURSE = """\
schema: 1
title: A course
default_model: small
isolation: process
labs:
  lab1:
    title: One
    slug: 01-one
    minutes: 60
    gpu_memory_gb: 0
    exercises:
      double: {title: Double, points: 5, minutes: 10}
models:
  small: {hub: gpt2-small}
"""

SOURCE = '''\
# %% [markdown]
# # Doubling
# Twice, $2x$: "### not a marker".

# %% [markdown] tags=["hint"]
# What is $x + x$?
#
# Nothing: more.

# %% [markdown] tags=["hint"]
# `2 * x`

# %%
from math import pi


# %%
def double(x: float) -> float:
    """Twice x.

    # %% this is no cell
    """
    if x == 0:
        # why: zero is easy
        return 0
    ### BEGIN SOLUTION
    secret = x + x
    return secret
    ### END SOLUTION


# %% tags=["demo"]
if __name__ == "__main__":
    print(double(pi))

# %% [markdown] tags=["found"]
# Twice is more.
'''

STUB = '''\
# Generated from solutions/lab1/double.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Doubling
# Twice, $2x$: "### not a marker".

# %%
from math import pi


# %%
def double(x: float) -> float:
    """Twice x.

    # %% this is no cell
    """
    if x == 0:
        # why: zero is easy
        return 0
    raise NotImplementedError("double: not written yet")


# %% tags=["demo"]
if __name__ == "__main__":
    print(double(pi))
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "solutions/lab1").mkdir(parents=True)
    (tmp_path / "solutions/lab1/double.py").write_text(SOURCE)
    return load_course(tmp_path)


def stub_of(course: Course) -> Path:
    return course.stub_path(course.exercise("double"))


def source_of(course: Course) -> Path:
    return course.solution_path(course.exercise("double"))


def problems(text: str) -> list[str]:
    with pytest.raises(BuildError) as caught:
        take_apart(text, "double", "s.py")
    return list(caught.value.problems)


def test_a_stub_is_the_source_without_answers_hints_and_findings(course: Course) -> None:
    assert build(course) == ["exercises/lab1/double.py", "graders/lab1/hints.yaml", "exercises/.generated.json"]
    assert stub_of(course).read_text() == STUB


def test_hints_are_read_back_as_they_were_written(course: Course) -> None:
    build(course)
    text = course.hints_path("lab1").read_text()
    hints = ["What is $x + x$?\n\nNothing: more.", "`2 * x`"]
    assert yaml.safe_load(text) == {"double": {"hints": hints, "found": "Twice is more."}}
    assert text.startswith("# Generated from solutions/lab1/*.py by mechgrade build.")
    assert "  - |-\n    What is $x + x$?\n" in text, "a diff of the hints must read like the hints"


def test_a_second_build_touches_nothing(course: Course) -> None:
    """Otherwise every build would make editors reload and make targets run again."""
    build(course)
    before = {path: path.stat().st_mtime_ns for path in course.root.rglob("*") if path.is_file()}
    assert build(course) == []
    assert build(course, check=True) == []
    assert {path: path.stat().st_mtime_ns for path in course.root.rglob("*") if path.is_file()} == before


def test_check_names_what_is_missing_and_stale_and_writes_nothing(course: Course) -> None:
    assert build(course, check=True) == [
        "exercises/lab1/double.py:1: missing; run `mechgrade build`",
        "graders/lab1/hints.yaml:1: missing; run `mechgrade build`",
        "exercises/.generated.json:1: missing; run `mechgrade build`",
    ]
    assert not stub_of(course).exists()
    build(course)
    source_of(course).write_text(SOURCE.replace("Doubling", "Doubles").replace("more.", "less."))
    assert build(course, check=True) == [
        "exercises/lab1/double.py:1: stale; run `mechgrade build`",
        "graders/lab1/hints.yaml:1: stale; run `mechgrade build`",
        "exercises/.generated.json:1: stale; run `mechgrade build`",
    ]
    build(course)
    assert "# # Doubles" in stub_of(course).read_text()


def test_a_learners_work_is_never_overwritten_without_force(course: Course) -> None:
    build(course)
    mine = STUB.replace('raise NotImplementedError("double: not written yet")', "return 2 * x")
    stub_of(course).write_text(mine)
    source_of(course).write_text(SOURCE.replace("Doubling", "Doubles"))
    assert "has changes that mechgrade build did not make" in build(course, check=True)[0]
    with pytest.raises(BuildError, match="--force"):
        build(course)
    assert stub_of(course).read_text() == mine
    build(course, force=True)
    assert "return 2 * x" not in stub_of(course).read_text()
    assert build(course, check=True) == []


@pytest.mark.parametrize("record", [None, "not json", "[]", '{"sha256": 3}'])
def test_without_a_readable_record_every_stub_counts_as_work(course: Course, record: str | None) -> None:
    build(course)
    path = course.root / "exercises/.generated.json"
    path.unlink() if record is None else path.write_text(record)
    source_of(course).write_text(SOURCE.replace("Doubling", "Doubles"))
    with pytest.raises(BuildError, match="did not make"):
        build(course)


def test_a_checkout_with_other_line_ends_is_no_work(course: Course) -> None:
    build(course)
    stub_of(course).write_bytes(stub_of(course).read_bytes().replace(b"\n", b"\r\n"))
    build(course)
    assert b"\r" not in stub_of(course).read_bytes()


def test_the_record_is_made_anew_after_a_build_that_was_stopped(course: Course) -> None:
    build(course)
    path = course.root / "exercises/.generated.json"
    old = path.read_text()
    source_of(course).write_text(SOURCE.replace("Doubling", "Doubles"))
    build(course)
    path.write_text(old)
    assert build(course) == ["exercises/.generated.json"]
    assert json.loads(path.read_text()) != json.loads(old)


def test_one_problem_stops_all_writing(course: Course) -> None:
    source_of(course).write_text(SOURCE.replace("    ### END SOLUTION\n", ""))
    with pytest.raises(BuildError, match=r"solutions/lab1/double\.py:26: .*without an"):
        build(course)
    assert not stub_of(course).exists()


def test_files_that_the_course_does_not_know_are_told(course: Course) -> None:
    build(course)
    for name in ("solutions/lab1/draft.py", "exercises/lab1/notes.md", "solutions/lab9/variants/old.py"):
        (course.root / name).parent.mkdir(parents=True, exist_ok=True)
        (course.root / name).write_text("")
    (course.root / "exercises/lab1/__pycache__").mkdir()
    (course.root / "exercises/lab1/__pycache__/double.pyc").write_text("")
    assert [line.split(":")[0] for line in build(course, check=True)] == [
        "exercises/lab1/notes.md",
        "solutions/lab1/draft.py",
        "solutions/lab9/variants/old.py",
    ]


def test_an_exercise_without_a_source_is_told(course: Course) -> None:
    source_of(course).unlink()
    assert build(course, check=True) == [
        "solutions/lab1/double.py:1: there is no such file; write it, or take the exercise out of course.yaml"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    ### BEGIN SOLUTION\n", "", "s.py:28: `### END SOLUTION` without a `### BEGIN SOLUTION`"),
        ("    ### END SOLUTION\n", "", "s.py:26: `### BEGIN SOLUTION` without an `### END SOLUTION`"),
        ("    return secret\n", "    ### BEGIN SOLUTION\n    return secret\n", "s.py:28: a second `### BEGIN SOLUTION`"),
        ("### BEGIN SOLUTION", "## BEGIN SOLUTION", "s.py:26: looks like a marker and is none"),
        ("secret = x + x", "secret = x  ### BEGIN SOLUTION", "s.py:27: looks like a marker and is none"),
        ('"### not a marker"', "### END SOLUTION", "s.py:3: looks like a marker and is none"),
        ("    secret = x + x\n    return secret\n", "\n", "s.py:26: an empty solution"),
        ('    ### END SOLUTION\n', 'y = 1\n### END SOLUTION\n', "s.py:26: the solution begins in double and ends outside it"),
        (' tags=["hint"]\n# `2', '\n# `2', "s.py:9: 1 hint cells; write at least 2"),
        ('tags=["hint"]\n# `2', 'tags=["hints"]\n# `2', "s.py:10: found the tag 'hints' (did you mean 'hint'?)"),
        ("# `2 * x`\n", "", "s.py:10: an empty hint cell"),
        ('# %% [markdown] tags=["hint"]\n# `2', '# %% tags=["hint"]\n# `2', "s.py:10: a code cell is tagged 'hint'"),
        (' tags=["found"]', "", "s.py:1: no cell for what was found"),
        ("# Twice is more.", '# Twice.\n\n# %% [markdown] tags=["found"]\n# More.', "s.py:39: a second cell tagged 'found'"),
        ('"""Twice x.\n\n    # %% this is no cell\n    """\n', "pass\n", "s.py:18: double has no docstring"),
        ("def double(x", "def double(x:", "s.py:18: does not parse"),
        ("# %% [markdown]\n# # Doubling", "import os\n# %% [markdown]\n# # Doubling", "s.py:1: text before the first cell"),
        ("    if x == 0:", "    if True:\n        pass\n    elif (\n    ### BEGIN SOLUTION\n        x\n    ### END SOLUTION\n    ):", "its stub does not parse"),
    ],
)  # fmt: skip
def test_a_problem_is_told_with_its_line_and_what_to_do(old: str, new: str, expected: str) -> None:
    assert SOURCE.count(old) == 1
    found = problems(SOURCE.replace(old, new))
    assert any(expected in problem for problem in found), found


def test_a_source_without_a_marker_is_told() -> None:
    text = SOURCE.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    assert problems(text) == ["s.py:1: no `### BEGIN SOLUTION`; mark what the learner is to write"]


def test_all_problems_of_a_file_come_at_once() -> None:
    text = SOURCE.replace(' tags=["hint"]', "").replace(' tags=["found"]', "").replace("    ### END SOLUTION\n", "")
    assert len(problems(text)) == 3


def test_every_solution_raises_in_the_name_of_its_function() -> None:
    text = SOURCE.replace(
        "# %% tags",
        '''class Box:
    """A box."""

    def open(self) -> int:
        """Open it."""
        ### BEGIN SOLUTION
        return 1
        ### END SOLUTION


### BEGIN SOLUTION
ANSWER = 42
### END SOLUTION

# %% tags''',
    )
    stub = take_apart(text, "double", "s.py").stub
    assert '        raise NotImplementedError("open: not written yet")\n' in stub
    assert '\nraise NotImplementedError("double: not written yet")\n' in stub
    assert "42" not in stub


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_if_changed(path, "new\ud800" + "x")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "old")]


STATEMENTS = st.lists(
    st.sampled_from(
        [
            "y = 'SECRET'",
            "# SECRET comment",
            "",
            "if x:\n    y = 'SECRET'",
            "def inner():\n    return 'SECRET'",
            "y = '''\n# %% SECRET\n'''",
            "for _ in 'SECRET':\n    pass",
        ]
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(solution=STATEMENTS, before=st.integers(0, 2), depth=st.integers(1, 3))
def test_no_line_of_any_solution_stays_in_a_stub(solution: list[str], before: int, depth: int) -> None:
    """A solution that stays is a solution in every learner's hands."""
    lines = [line for statement in [*solution, "return 'SECRET'"] for line in statement.split("\n")]
    pad = "    " * depth
    heads = "".join("    " * level + "if x:\n" for level in range(1, depth))
    block = "".join(f"{pad}{line}\n" if line else "\n" for line in lines)
    begin = "\n" * before + f"{pad}### BEGIN SOLUTION\n"
    function = f'def double(x):\n    """Twice."""\n{heads}{pad}pass\n{begin}{block}{pad}### END SOLUTION\n'
    text = SOURCE.split("def double")[0] + function + '\n# %% [markdown] tags=["found"]\n# More.\n'
    source = take_apart(text, "double", "s.py")
    assert "SECRET" not in source.stub
    assert f'{pad}raise NotImplementedError("double: not written yet")' in source.stub
    assert source.reference.count("SECRET") == text.count("SECRET")
    ast.parse(source.stub)


def _means_more(text: str) -> bool:
    """Whether build refuses it, with reason: a line that looks like a marker, or that Python reads as an encoding."""
    return "SOLUTION" in text.upper() or "coding" in text


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]) | st.just("\n"), min_size=1)


@settings(max_examples=60, deadline=None)
@given(hints=st.lists(TEXTS.filter(lambda text: text.strip() and not _means_more(text)), min_size=2, max_size=4))
def test_any_hint_survives_the_way_into_yaml(tmp_path_factory: pytest.TempPathFactory, hints: list[str]) -> None:
    root = tmp_path_factory.mktemp("course")
    (root / "course.yaml").write_text(COURSE)
    (root / "solutions/lab1").mkdir(parents=True)
    cells = "".join(
        '# %% [markdown] tags=["hint"]\n' + "".join(f"# {line}\n" for line in f"Hint: {hint}".split("\n")) + "\n"
        for hint in hints
    )
    text = cells + "# %%\n" + SOURCE.split("# %%\n", 1)[1]
    (root / "solutions/lab1/double.py").write_text(text, encoding="utf-8")
    course = load_course(root)
    build(course)
    read = yaml.safe_load(course.hints_path("lab1").read_text(encoding="utf-8"))["double"]["hints"]
    assert ["".join(hint.split()) for hint in read] == ["".join(f"Hint: {hint}".split()) for hint in hints]


def test_a_line_that_names_an_encoding_is_refused(tmp_path: Path) -> None:
    """Python would read the stub in that encoding, or not at all: a title such as "Decoding: a sum" is enough."""
    (tmp_path / "course.yaml").write_text(COURSE)
    (tmp_path / "solutions/lab1").mkdir(parents=True)
    text = "# %% [markdown]\n# # Decoding: a sum\n" + SOURCE
    (tmp_path / "solutions/lab1/double.py").write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match="does not parse"):
        build(load_course(tmp_path))


def test_a_remark_for_authors_stays_in_the_source() -> None:
    source = SOURCE.replace("# Twice, $2x$", "# Twice <!-- claim: twice -->, $2x$").replace(
        "# Twice is more.", "# Twice is more. <!-- claim: more --> And\n# <!-- a --> more."
    )
    source = source.replace("secret = x + x", 'secret = x + x  # "<!-- code -->"').replace(
        "# `2 * x`", "# `2 * x` <!-- b -->"
    )
    taken = take_apart(source, "double", "double.py")
    plain = take_apart(SOURCE, "double", "double.py")
    assert taken.stub == plain.stub
    assert taken.hints == plain.hints
    assert taken.found == "Twice is more. And\n more."
    assert "<!-- code -->" in taken.reference and "<!-- claim" not in taken.lesson


def test_an_exercise_that_is_not_listed_is_handed_out_in_no_part(course: Course) -> None:
    """It may be kept back for the exam: the stub, the grader and above all what its reference gives stay here, and are named."""
    build(course)
    kept_back = [
        "exercises/lab1/thrice_more.py",
        "exercises/lab9/answers.md",
        "graders/lab1/test_thrice_more.py",
        "graders/lab9/hints.yaml",
        "graders/lab9/test_gone.py",
        "fixtures/recorded/hub--other/lab9/gone.safetensors",
        "fixtures/recorded/small/lab1/thrice_more.json",
        "fixtures/recorded/small/lab1/thrice_more.safetensors",
    ]
    handed_out = [
        "graders/conftest.py",
        "graders/lab1/helpers.py",
        "graders/lab1/test_double.py",
        "fixtures/recorded/small/lab1/double.safetensors",
        "docs/labs/lab1.md",
    ]
    for name in [*kept_back, *handed_out, "solutions/lab1/thrice_more.py"]:
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Do thrice_more, not `gone`, next." if name.endswith(".md") else "")
    inside = contents(course, notebooks=False)
    assert not set(kept_back) & inside.keys()
    assert {*handed_out, "exercises/lab1/double.py"} <= inside.keys()
    told = left_out(course)
    assert [line.rpartition(": ")[2] for line in told[:-2]] == kept_back
    assert told[-2:] == [f"docs/labs/lab1.md still names {name}" for name in ("gone", "thrice_more")]
    checked = [line.partition(":")[0] for line in build(course, check=True) if "course.yaml does not know it" in line]
    assert sorted(checked) == sorted([*kept_back, "solutions/lab1/thrice_more.py"])
