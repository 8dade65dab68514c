"""The list of promises: it cannot say what the text does not, leave a sentence out, or call a promise tried that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support import one_exercise

from mechgrade.authoring.promises import broken_promises, kept, read_promises, sentences
from mechgrade.course import Course, load_course

LIST = "solutions/lab3/variants/find_heads.yaml"
STUB = '''# %% [markdown]
# # Title
#
# - First rule.
# - A rule of two
#   lines, e.g. 0.5. Its second sentence.
#
# No list, and no rule.

# %%
def f(x, y):
    """Do something.

    Note:
        This explains.

    Args:
        x: numbers, shape
            `[a, b]`. Never empty.
        y: a number.

    Returns:
        Their sum.

    Raises:
        ValueError: `x` is empty.
        TypeError: no number.
    """
    # - not a rule of the text
'''


def test_every_exercise_has_its_list_and_the_lists_are_right(course: Course) -> None:
    without = [str(each) for each in course.exercises() if read_promises(course, each)[0] is None]
    assert without == []
    assert [problem for each in course.exercises() for problem in broken_promises(course, each)] == []


def test_the_sentences_that_must_be_listed() -> None:
    assert [each.text for each in sentences(STUB)] == [
        "x: numbers, shape `[a, b]`.",
        "Never empty.",
        "y: a number.",
        "Their sum.",
        "ValueError: `x` is empty.",
        "TypeError: no number.",
        "First rule.",
        "A rule of two lines, e.g. 0.5.",
        "Its second sentence.",
    ]


def edit(change: Callable[[dict], object]) -> Callable[[str], str]:
    def changed(text: str) -> str:
        document = yaml.safe_load(text)
        change(document)
        return yaml.safe_dump(document)

    return changed


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (edit(lambda d: d["promises"]["strict"]["says"].append("at least the threshold")), "does not stand in"),
        (edit(lambda d: d["promises"].pop("empty")), "nothing is said of 'Empty when no head"),
        (edit(lambda d: d["promises"].pop("empty")), "no promise is broken by the misconception best_when_none"),
        (edit(lambda d: d["describes"].clear()), "nothing is said of 'scores: one score"),
        (
            edit(lambda d: d["promises"]["strict"].update(broken_by=["threshold_includet"])),
            "no misconception 'threshold_includet'",
        ),
        (edit(lambda d: d["promises"]["strict"]["broken_by"].append("not_sorted")), "not_sorted breaks 2 promises"),
        (edit(lambda d: d["promises"]["strict"].update(broken_by=[])), "promises.strict.broken_by"),
        (edit(lambda d: d["promises"]["strict"].update(brocken_by=[])), "promises.strict.brocken_by"),
        (edit(lambda d: d["promises"]["strict"].update(says=3)), "found 3; allowed: a passage of the exercise's text"),
        (edit(lambda d: d.update(promise={})), "promise: unknown key (did you mean 'promises'?)"),
        (lambda _: "promises: [", "not YAML"),
        (lambda _: "", "the file is empty"),
    ],
)
def test_what_is_wrong_is_told(change: Callable[[str], str], part: str, tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    (root / LIST).write_text(change((root / LIST).read_text()))
    course = load_course(root)
    told = list(broken_promises(course, course.exercise("find_heads")))
    assert any(part in each and each.startswith(f"{LIST}:") for each in told), told


def test_a_problem_about_a_name_or_a_passage_has_its_line(tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    lines = (root / LIST).read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if "broken_by: [threshold_included" in line)
    lines[place] = lines[place].replace("threshold_included", "threshold_includet")
    lines.append("  - at least the threshold")  # `describes` is the last key
    (root / LIST).write_text("\n".join(lines) + "\n")
    course = load_course(root)
    told = list(broken_promises(course, course.exercise("find_heads")))
    assert any(each.startswith(f"{LIST}:{place + 1}: there is no misconception") for each in told), told
    assert any(each.startswith(f"{LIST}:{len(lines)}: 'at least the threshold' does not") for each in told), told


def test_a_course_need_not_list_promises(tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    (root / LIST).unlink()
    course = load_course(root)
    assert list(broken_promises(course, course.exercise("find_heads"))) == []


def test_line_ends_and_comment_marks_of_the_text_do_not_count(tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    source = root / "solutions/lab3/find_heads.py"
    text = source.read_text()
    old = "# - If no head is above the threshold, the list is empty."
    assert old in text
    source.write_text(text.replace(old, "# - If no head is above the\n#   threshold, the list\n#   is empty."))
    course = load_course(root)
    assert list(broken_promises(course, course.exercise("find_heads"))) == []


def test_a_promise_is_kept_only_if_all_its_programs_were_rejected(course: Course) -> None:
    found, _ = read_promises(course, course.exercise("find_heads"))
    assert found is not None
    every = {name: True for promise in found.promises.values() for name in promise.broken_by}
    assert all(kept(found, every).values())
    assert [name for name, is_kept in kept(found, every | {"ascending": False}).items() if not is_kept] == [
        "descending"
    ]
    del every["threshold_included"]  # never graded
    assert [name for name, is_kept in kept(found, every).items() if not is_kept] == ["strict"]
