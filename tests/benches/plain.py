"""Five plain functions with their graders, written by hand and made from the signature. Both try the same things."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plain:
    """An exercise: its function, wrong lines in place of its last one, and two graders."""

    function: str
    wrong: tuple[str, ...]
    by_hand: str
    made: str

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.partition("def ")[2].partition("(")[0]

    def programs(self) -> list[str]:
        """The wrong programs."""
        head = self.function.rstrip().rpartition("\n")[0]
        return [f"{head}\n    {line}\n" for line in self.wrong]


SOFTMAX = Plain(
    """\
def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
    ("return e / e.sum(axis=0, keepdims=True)", "return e / e.max(axis=-1, keepdims=True)", "return e / e.sum()"),
    '''\
import numpy as np
import pytest


def on_random_scores(exercise, bench, *, row, column, seed):
    return exercise.softmax(bench.normal(row, column, seed=seed))


def on_zeros(exercise, bench, *, row, column):
    return exercise.softmax(np.zeros((row, column)))


def on_ties(exercise, bench, *, row, column, seed):
    return exercise.softmax((bench.normal(row, column, seed=seed) * 2).round() / 2)


def on_large_scores(exercise, bench, *, row, column, seed):
    return exercise.softmax(bench.normal(row, column, seed=seed) * 1000)


def on_a_slice(exercise, bench, *, row, column, seed):
    return exercise.softmax(bench.normal(row, 2 * column, seed=seed)[:, ::2])


def on_float32(exercise, bench, *, row, column, seed):
    return exercise.softmax(bench.normal(row, column, seed=seed).astype(np.float32))


@pytest.mark.points(4)
def test_random_scores(compare, seed):
    """Random scores, in several shapes."""
    for row, column in [(3, 7), (5, 2), (2, 11)]:
        compare(on_random_scores, row=row, column=column, seed=seed)


@pytest.mark.points(1)
def test_extremes(compare):
    """One row, one column, zeros, ties, large numbers, a slice, float32."""
    compare(on_random_scores, row=1, column=7, seed=0)
    compare(on_random_scores, row=3, column=1, seed=0)
    compare(on_zeros, row=3, column=7)
    for scenario in (on_ties, on_large_scores, on_a_slice, on_float32):
        compare(scenario, row=3, column=7, seed=0)
''',
    """\
from mechgrade.grading.functions import checks_of_function, reals

checks_of_function(__name__, 5, scores=reals("row", "column", also=["large"]))
""",
)

ONE_HOT = Plain(
    """\
def one_hot(labels, classes):
    out = np.zeros((len(labels), classes))
    out[np.arange(len(labels)), labels] = 1
    return out
""",
    ("return out.T", "return out[:, 1:]", "return 1 - out"),
    '''\
import numpy as np
import pytest


def on_random_labels(exercise, bench, *, item, classes, seed):
    return exercise.one_hot(bench.integers(0, 4, (item,), seed=seed), classes)


def on_equal_labels(exercise, bench, *, item, classes, label):
    return exercise.one_hot(np.full(item, label), classes)


@pytest.mark.points(4)
def test_random_labels(compare, seed):
    """Random labels."""
    for item in (3, 5, 2):
        compare(on_random_labels, item=item, classes=4 + seed % 6, seed=seed)


@pytest.mark.points(1)
def test_extremes(compare):
    """No label, the first class, the last class, more classes than labels show."""
    compare(on_random_labels, item=0, classes=4, seed=0)
    for label in (0, 3):
        compare(on_equal_labels, item=3, classes=4, label=label)
    for classes in (4, 9):
        compare(on_random_labels, item=3, classes=classes, seed=0)
''',
    """\
from mechgrade.grading.functions import Axis, checks_of_function, integers

checks_of_function(__name__, 5, labels=integers(0, 3, Axis("item", least=0)), classes=integers(4, 9))
""",
)

MOVING_MEAN = Plain(
    """\
def moving_mean(x, width):
    total = np.cumsum(np.concatenate([[0.0], x]))
    return (total[width:] - total[:-width]) / width
""",
    (
        "return total[width:] - total[:-width]",
        "return (total[width:] - total[:-width]) / len(x)",
        "return total[1:] / width",
    ),
    '''\
import numpy as np
import pytest


def on_random_numbers(exercise, bench, *, time, width, seed):
    return exercise.moving_mean(bench.normal(time, seed=seed), width)


def on_zeros(exercise, bench, *, time, width):
    return exercise.moving_mean(np.zeros(time), width)


def on_a_slice(exercise, bench, *, time, width, seed):
    return exercise.moving_mean(bench.normal(2 * time, seed=seed)[::2], width)


@pytest.mark.points(4)
def test_random_numbers(compare, seed):
    """Random numbers, in several lengths."""
    for place, time in enumerate((4, 5, 6)):
        compare(on_random_numbers, time=time, width=1 + (seed + place) % 4, seed=seed)


@pytest.mark.points(1)
def test_extremes(compare):
    """Zeros, a slice, a width of one and one as long as the numbers."""
    compare(on_zeros, time=4, width=2)
    compare(on_a_slice, time=4, width=2, seed=0)
    for width in (1, 4):
        compare(on_random_numbers, time=4, width=width, seed=0)
''',
    """\
from mechgrade.grading.functions import Axis, checks_of_function, integers, reals

checks_of_function(
    __name__, 5, x=reals(Axis("time", least=4), without=["other precision"]), width=integers(1, 4)
)
""",
)

DISTANCES = Plain(
    """\
def distances(left, right):
    gap = left[:, None, :] - right[None, :, :]
    return np.sqrt((gap**2).sum(axis=-1))
""",
    ("return (gap**2).sum(axis=-1)", "return np.abs(gap).sum(axis=-1)", "return np.sqrt((gap**2).sum(axis=-1)).T"),
    '''\
import numpy as np
import pytest


def on_random_points(exercise, bench, *, first, second, axis, seed):
    return exercise.distances(bench.normal(first, axis, seed=seed), bench.normal(second, axis, seed=seed + 1))


def on_zeros(exercise, bench, *, first, second, axis, seed):
    return exercise.distances(np.zeros((first, axis)), bench.normal(second, axis, seed=seed))


def on_slices(exercise, bench, *, first, second, axis, seed):
    left, right = bench.normal(first, 2 * axis, seed=seed), bench.normal(second, 2 * axis, seed=seed + 1)
    return exercise.distances(left[:, ::2], right[:, ::2])


@pytest.mark.points(4)
def test_random_points(compare, seed):
    """Random points, in several shapes."""
    for first, second, axis in [(3, 7, 2), (5, 2, 7), (2, 11, 3)]:
        compare(on_random_points, first=first, second=second, axis=axis, seed=seed)


@pytest.mark.points(1)
def test_extremes(compare):
    """One point, one axis, zeros, slices."""
    for first, second, axis in [(1, 7, 2), (3, 1, 2), (3, 7, 1)]:
        compare(on_random_points, first=first, second=second, axis=axis, seed=0)
    for scenario in (on_zeros, on_slices):
        compare(scenario, first=3, second=7, axis=2, seed=0)
''',
    """\
from mechgrade.grading.functions import checks_of_function, reals

checks_of_function(__name__, 5, left=reals("first", "axis"), right=reals("second", "axis"))
""",
)

COUNT_LETTER = Plain(
    """\
def count_letter(text, letter):
    return sum(each == letter for each in text)
""",
    ("return len(text)", "return int(letter in text)", "return sum(each != letter for each in text)"),
    '''\
import pytest


def on_random_text(exercise, bench, *, length, letter, seed):
    drawn = bench.integers(0, 3, (length,), seed=seed)
    return exercise.count_letter("".join("ab "[each] for each in drawn), letter)


def on_equal_letters(exercise, bench, *, length, letter):
    return exercise.count_letter("a" * length, letter)


@pytest.mark.points(4)
def test_random_text(compare, seed):
    """Random texts of several lengths."""
    for place, length in enumerate((3, 5, 2)):
        compare(on_random_text, length=length, letter="ab"[(seed + place) % 2], seed=seed)


@pytest.mark.points(1)
def test_extremes(compare):
    """The empty text, one letter throughout, either letter."""
    compare(on_random_text, length=0, letter="a", seed=0)
    for letter in "ab":
        compare(on_equal_letters, length=3, letter=letter)
        compare(on_random_text, length=3, letter=letter, seed=0)
''',
    """\
from mechgrade.grading.functions import Axis, checks_of_function, one_of, text

checks_of_function(__name__, 5, text=text("ab ", Axis("length", least=0)), letter=one_of("a", "b"))
""",
)

ALL = (SOFTMAX, ONE_HOT, MOVING_MEAN, DISTANCES, COUNT_LETTER)


def lines(text: str) -> int:
    """The lines that an author writes: those with something in them."""
    return sum(bool(line.strip()) for line in text.splitlines())
