"""An author's slip is a sentence with the file, the line and the reason, in whichever command meets it; never a traceback, never "up to date"."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.doors.cli import app

SOURCE = "solutions/week1/one.py"
VARIANTS = "solutions/week1/variants/one.py"
EQUIVALENT = "solutions/week1/variants/equivalent.yaml"
GRADER = "graders/week1/test_one.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course as `mechgrade init` makes it."""
    root = tmp_path_factory.mktemp("made") / "c"
    arguments = ["init", str(root), "--title", "Chance", "--bench", "none", "--lab", "week1", "--exercise", "one"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready_workers: None) -> Path:
    """A copy that a test may spoil, and in which the commands run."""
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "c"))
    return tmp_path / "c"


def said(*arguments: str) -> tuple[int, str]:
    """The exit code of a command, and all that it printed, with one blank for each run of blanks."""
    done = CliRunner().invoke(app, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception  # it would be a traceback
    return done.exit_code, " ".join(done.output.split())


def replace(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, "the test is out of date"
        return text.replace(old, new, 1)

    return change


def spoil(root: Path, path: str, change: Callable[[str], str]) -> None:
    file = root / path
    file.write_text(change(file.read_text() if file.is_file() else ""))


@pytest.mark.parametrize(
    ("path", "change", "commands", "part"),
    [
        (
            VARIANTS,
            replace('@misconception("You sum', '@misconception()  # "You sum'),
            ("record", "record --check", "audit", "audit --form", "build --check"),
            "has no sentence; write what the learner should be told",
        ),
        (VARIANTS, lambda text: text + "def (\n", ("record", "record --check", "build --check"), "does not parse"),
        (
            VARIANTS,
            lambda text: text + "def one():\n    return 1\n",
            ("record",),
            "one is a name in the exercise's source too; rename the helper",
        ),
        (
            VARIANTS,
            lambda text: text + "class Both:\n    @misconception('Inside.')\n    def one(self):\n        return 1\n",
            ("record", "audit --form"),
            "one is marked inside something else; write each variant at the top of the file",
        ),
        (SOURCE, lambda text: text + "def (\n", ("record", "record --check"), f"{SOURCE}:"),
        (
            GRADER,
            lambda text: text + "def (\n",
            ("record", "record --check", "audit", "audit --form", "build --check", "dist"),
            f"{GRADER}:",
        ),
        (
            GRADER,
            lambda text: "import no_such_library\n" + text,
            ("record",),
            "No module named 'no_such_library'",
        ),
        (
            "course.yaml",
            replace("points: 5", "points: 7"),
            ("record", "record --check", "audit --form", "build --check", "dist"),
            f"{GRADER}:1: its checks add up to 5 points, course.yaml says 7",
        ),
        (
            "course.yaml",
            lambda text: text.replace("points: 5", "points: 7"),
            ("export gradescope week1",),
            f"{GRADER}:1: its checks add up to 5 points, course.yaml says 7",
        ),
        (EQUIVALENT, lambda _: "one:\n\ta: b\n", ("audit", "audit --form"), f"{EQUIVALENT}:2: not YAML"),
        (EQUIVALENT, lambda _: "one: [\n", ("audit",), f"{EQUIVALENT}:"),
        (EQUIVALENT, lambda _: "one: reason\n", ("audit", "audit --form"), f"{EQUIVALENT}:1: one: found 'reason'"),
        (EQUIVALENT, lambda _: "[a]\n", ("audit",), f"{EQUIVALENT}:1: found a list of 1"),
        (
            EQUIVALENT,
            lambda _: "one:\n  a => b: the same\none:\n  c => d: the same\n",
            ("audit",),
            f"{EQUIVALENT}:3: one: found a second time (first on line 1)",
        ),
        (EQUIVALENT, lambda _: "one:\n  a => b:\n", ("audit",), f"{EQUIVALENT}:2: one.a => b: found nothing"),
    ],
)
def test_a_slip_is_told_in_a_sentence(
    root: Path, path: str, change: Callable[[str], str], commands: tuple[str, ...], part: str
) -> None:
    spoil(root, path, change)
    for each in commands:
        code, text = said(*each.split())
        assert code != 0 and part in text and "up to date" not in text, (each, text)
    assert not (root / "dist").exists()


def test_a_source_that_was_moved_is_told(root: Path) -> None:
    (root / SOURCE).rename(root / "solutions/week1/uno.py")
    for each in ("record", "record --check", "audit", "build"):
        code, text = said(*each.split())
        assert code == 1 and f"{SOURCE}:1: there is no such file" in text, (each, text)


def test_nothing_is_shipped_that_was_never_recorded(root: Path) -> None:
    shutil.rmtree(root / "fixtures/recorded")
    code, text = said("dist")
    assert code == 1 and "one.json:1: missing, so nobody could be graded; run `mechgrade record`" in text


def test_what_a_grader_imports_no_longer_is_not_said_to_have_changed(root: Path) -> None:
    spoil(root, GRADER, lambda text: "from mechgrade.grading import facts\n" + text)
    assert said("record")[0] == 0
    spoil(root, GRADER, replace("from mechgrade.grading import facts\n", ""))
    code, text = said("record", "--check")
    assert code == 1
    assert f"{GRADER} changed since it was recorded; " in text
    assert "mechgrade/grading/facts.py no longer count" in text


def test_a_grader_that_judges_nothing_has_one_story(root: Path) -> None:
    """The cause is told once. No mutant is said to survive, and no learner to have passed."""
    spoil(root, "course.yaml", replace("points: 5", "points: 7"))
    code, text = said("audit")
    assert code == 1 and "survives" not in text
    assert text.count("its checks add up to 5 points") == 2  # the rule of form, and the reference's verdict
    assert "misconception" not in text.partition("the reference is")[2]
    _, text = said("grade", "solutions")
    assert "grader error" in text and "could not be graded" in text
    assert "passed 5 / 7" not in text and "What you found" not in text


def test_an_exercise_that_was_never_recorded_has_no_survivors(root: Path) -> None:
    shutil.rmtree(root / "fixtures/recorded/none/week1")
    code, text = said("audit")
    assert code == 1 and "survives" not in text and "`mechgrade record`" in text


def test_a_reference_that_draws_without_a_seed_is_not_recorded(root: Path) -> None:
    spoil(root, SOURCE, replace("return x.mean(axis=1)", "return x.mean(axis=1) + np.random.default_rng().normal()"))
    code, text = said("record")
    assert code == 1 and "the reference does not give the same twice: on_" in text
    assert said("record", "--check")[0] == 1


def test_a_class_is_a_variant_too(root: Path) -> None:
    """Right and wrong classes are judged as functions are, and a method alone cannot be replaced."""
    (root / SOURCE).write_text(RING)
    (root / VARIANTS).write_text(RINGS)
    (root / GRADER).write_text(RING_GRADER)
    assert said("build")[0] == 0
    assert said("record")[0] == 0
    code, text = said("audit")
    assert code == 0, text
    assert "week1/one passed not started 2/2 2/2" in text
    for target, sentence in (
        ("RingBuffer.mean", "replaces 'RingBuffer.mean', a method; write the whole class, with replaces='RingBuffer'"),
        ("mean", "replaces 'mean', a method; write the whole class, with replaces='RingBuffer'"),
        ("RingBufer", "which the exercise's source does not define at its top (did you mean 'RingBuffer'?)"),
    ):
        (root / VARIANTS).write_text(RINGS.replace('least.", replaces="RingBuffer"', f'least.", replaces="{target}"'))
        code, text = said("record")
        assert code == 1 and sentence in text, text


RING = '''\
# %% [markdown]
# # A ring buffer
#
# Keep the last `size` samples.

# %% [markdown] tags=["hint"]
# What must be forgotten, and when?

# %% [markdown] tags=["hint"]
# `collections.deque(maxlen=size)` forgets by itself.

# %%
from collections import deque


# %%
class RingBuffer:
    """The last samples of a stream."""

    def __init__(self, size: int) -> None:
        """Begin with nothing.

        Args:
            size: how many samples are kept.
        """
        ### BEGIN SOLUTION
        self.kept = deque(maxlen=size)
        ### END SOLUTION

    def push(self, sample: float) -> None:
        """Take a sample in."""
        ### BEGIN SOLUTION
        self.kept.append(sample)
        ### END SOLUTION

    def mean(self) -> float:
        """Average what is kept."""
        ### BEGIN SOLUTION
        return sum(self.kept) / len(self.kept)
        ### END SOLUTION


# %% [markdown] tags=["found"]
# **What you found.** A moving average needs no past but the last samples.
'''

RINGS = '''\
"""Right and wrong ring buffers."""
# fewer: it is a test

from mechgrade.authoring.variants import accepted, misconception


class Listing:
    def __init__(self, size):
        self.size, self.items = size, []

    def push(self, sample):
        self.items = [*self.items, sample][-self.size :]

    def mean(self):
        return sum(self.items) / len(self.items)


@accepted(replaces="RingBuffer")
class WithList(Listing):
    """A list, cut after each push."""

    def like(self):
        return WithList(self.size)


@accepted(replaces="RingBuffer")
def from_a_function(size):
    """What gives an object need not be a class."""
    return Listing(size)


@misconception("You keep all samples: nothing is ever forgotten.", replaces="RingBuffer")
class Forever(Listing):
    def push(self, sample):
        self.items.append(sample)


@misconception("You divide by the size at least.", replaces="RingBuffer")
class BySize(Listing):
    def mean(self):
        return sum(self.items) / self.size
'''

RING_GRADER = '''\
"""Grader of `one`."""

import pytest


def on_stream(exercise, bench, *, size, n, seed):
    buffer, means = exercise.RingBuffer(size), []
    for sample in bench.normal(n, seed=seed):
        buffer.push(float(sample))
        means.append(buffer.mean())
    return means


@pytest.mark.points(5)
def test_on_stream(compare, seed):
    """Streams longer than the buffer, and shorter."""
    compare(on_stream, size=3, n=7, seed=seed)
    compare(on_stream, size=5, n=4, seed=seed)
'''


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("new-lab", "week-2", "two"), "'week-2' is no name for a lab: files and Python modules are called so"),
        (("new-lab", "week2", "t wo"), "such as 't_wo'"),
        (("new", "week1", "class"), "no word of Python, such as 'class_'"),
        (("init", "other", "--lab", "1-a"), "'1-a' is no name for a lab"),
    ],
)
def test_a_name_that_cannot_be_is_told_without_a_line_of_a_file(
    arguments: tuple[str, ...], told: str, root: Path
) -> None:
    before = (root / "course.yaml").read_text()
    code, text = said(*arguments)
    assert code == 2 and told in text and "course.yaml:" not in text, text
    assert (root / "course.yaml").read_text() == before


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("def near(data, *, seed): return 1", "facts=`near` is called with the data alone, and asks for seed too"),
        ("def near(data, bound): return 1", "and asks for bound too"),
        ("def near(): return 1", "takes no argument"),
        ("def near(data, bound=1, *more, seed=2): return 1", None),
    ],
)
def test_facts_that_cannot_be_made_of_the_data_alone_are_the_authors_fault(
    facts: str, told: str | None, root: Path
) -> None:
    """Learners would be told that what they return is of a wrong type."""
    check = "@pytest.mark.points(0)\ndef test_more(compare, seed):\n    '''More.'''\n    compare(on_anything, facts=near, seed=seed)\n"
    spoil(root, GRADER, lambda text: f"{text}\n\n{facts}\n\n\n{check}")
    for arguments in (("build", "--check"), ("record", "--check")):
        code, text = said(*arguments)
        assert (told in text and f"{GRADER}:" in text and code) if told else "facts=" not in text, text


@pytest.mark.parametrize("arguments", [("grade",), ("cohort", "grade", ".", "--out", "results")], ids=" ".join)
def test_an_empty_secret_is_refused(arguments: tuple[str, ...], root: Path) -> None:
    """A variable of a CI service that is not set: the class would be graded on public inputs alone."""
    code, text = said(*arguments, "--hidden", " ")
    assert code == 2 and "--hidden is empty" in text
    assert not (root / "results").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--out", "course.yaml"), "--out is the folder where results go, and course.yaml is a file"),
        (("--out", "r", "--isolation", "ful"), "there is no isolation 'ful'; a class is graded at full or process"),
        (("--out", "r", "--isolation", "inline"), "a class is graded at full or process"),
    ],
)
def test_an_option_that_a_class_cannot_have_is_refused(options: tuple[str, ...], told: str, root: Path) -> None:
    code, text = said("cohort", "grade", ".", *options)
    assert code == 2 and told in text, text
