"""An exercise's text, read out of a learner's own file: `mechgrade read`, formulas in a terminal, docstrings as text."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from support import ROOT

from learner.conftest import Run
from mechgrade.course import Course
from mechgrade.course.lesson import read_lesson
from mechgrade.course.version import BASE, base_of
from mechgrade.reports.docstring import Part, parts_of
from mechgrade.reports.prose import mathml, render
from mechgrade.reports.reading import show_lesson
from mechgrade.reports.screen import Screen
from mechgrade.reports.unicode import unicode_math
from mechgrade.submissions.assemble import interface

_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+(?:\n[^$\n]+)?)\$", re.DOTALL)


def shown(course: Course, name: str, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    show_lesson(course, course.exercise(name), Screen(console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_exercise_has_a_text_without_tex_and_says_what_to_write(course: Course) -> None:
    for exercise in course.exercises():
        text = shown(course, exercise.name)
        assert all(f"def {name}(" in text for name in interface(course, exercise)), exercise
        assert f"Write in    exercises/{exercise}.py" in text
        assert "**Look at it.**" not in text and "Look at it." in text
        assert not re.search(r"\\[a-z]+|\$\S", text), exercise
        assert all(cell_len(line.rstrip()) <= 80 for line in text.splitlines() if "def " not in line), exercise


def test_links_are_written_out_and_bare_addresses_once(course: Course) -> None:
    text = " ".join(shown(course, "induction_scores").split())
    assert "In-context Learning and Induction Heads (https://arxiv.org/abs/2209.11895)" in text
    assert text.count("Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (prefix matching).") == 1


@pytest.mark.parametrize(
    ("formula", "line"),
    [
        (r"S_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_h}}", "Sᵢⱼ = (qᵢ · kⱼ)/√dₕ"),
        (r"A^{(l,n)}_{b,\,i,\,j}", "A_(b,i,j)^(l,n)"),
        (r"x^{(l+1)} = x^{(l)} + \mathrm{attn}^{(l)}", "x⁽ˡ⁺¹⁾ = x⁽ˡ⁾ + attn⁽ˡ⁾"),
        (r"\frac{1}{|B|} \sum_{b \in B} z_b", "1/|B| ∑_(b∈B) z_b"),
        (r"-\log p(t_{i+1} \mid t_0 \dots t_i)", "−log p(tᵢ₊₁ ∣ t₀ … tᵢ)"),
        (r"m^* = \underset{m}{\arg\max}\; s_m", "m^* = arg maxₘ sₘ"),
        (r"\hat{\mathbf{x}}, \bar x, \tilde m", "x̂, x̄, m̃"),
        (r"\mathbf{d}'_j \longrightarrow \mathbf{d}_j / \ell_j", "dⱼ′ ⟶ dⱼ / ℓⱼ"),
        (r"x \leftarrow \begin{cases} a & i = p \\ b & i \neq p \end{cases}", "x ← {a (i = p); b (i ≠ p)"),
        (r"\underbrace{x + y}_{\text{the input}} - n^{-1/2}", "[x + y: the input] − n^(−1/2)"),
        (r"50\,257 \setminus \{h\}", "50 257 ∖ {h}"),
        (r"\frac", r"\frac"),
    ],
)
def test_a_formula_as_a_line(formula: str, line: str) -> None:
    assert unicode_math(formula) == line


def test_every_formula_of_the_course_is_read(course: Course) -> None:
    """On pages too: a command that the library does not know would stand there as it is written."""
    formulas = {
        (found[1] or found[2]).strip()
        for exercise in course.exercises()
        for found in _FORMULA.finditer(read_lesson(course.stub_path(exercise).read_text()).text)
    }
    assert len(formulas) > 200
    for formula in formulas:
        assert "\\" not in mathml(formula), formula
        assert not re.search(r"\\|<m[a-z]|</", unicode_math(formula)), formula


def test_a_word_in_a_formula_is_one_name_and_a_sign_is_no_name() -> None:
    assert "<mi>softmax</mi>" in mathml(r"\mathrm{softmax}(x)")
    assert "<mo>∼</mo>" in mathml(r"r \sim U") and "<mi>π</mi>" in mathml(r"\pi").replace("&#x003C0;", "π")
    assert 'display="block"' in render("1. so\n   $$x = 1$$") and "$" not in render("1. so\n   $$x = 1$$")
    assert "<table>" in render("| a | b |\n|---|---|\n| $x$ | 1 |")


def test_a_file_that_does_not_parse_still_has_its_text() -> None:
    text = (ROOT / "exercises/lab3/find_heads.py").read_text()
    broken = read_lesson(text.replace("    raise NotImplementedError", "    return ("))
    whole = read_lesson(text)
    assert broken.functions is None and whole.functions is not None
    assert (broken.title, broken.text, broken.after) == (whole.title, whole.text, whole.after)
    assert whole.title == "Finding heads" and whole.text and whole.after.startswith("**Look at it.**")
    assert [function.name for function in whole.functions] == ["find_heads"]
    assert whole.functions[0].signature.startswith("def find_heads(") and whole.functions[0].signature.endswith(":")
    assert read_lesson("").functions == () and read_lesson("print(1)\n").text == ""
    assert read_lesson("def f(x): return x\n").functions[0].signature == "def f(x): return x"  # type: ignore[index]


def test_a_docstring_as_text() -> None:
    doc = (
        "Measure it.\n\nSource: Olsson 2022, https://arxiv.org/abs/2209.11895.\n\nArgs:\n    pattern: of heads,\n"
        "        stacked.\n    half: a number.\n\nReturns:\n    Shape `[layer]`: a mean.\n\nRaises:\n    ValueError: odd."
    )
    assert parts_of(doc) == [
        Part("", "Measure it."),
        Part("Source", "Olsson 2022, <https://arxiv.org/abs/2209.11895>."),
        Part("Args", entries=(("pattern", "of heads, stacked."), ("half", "a number."))),
        Part("Returns", "Shape `[layer]`: a mean."),
        Part("Raises", entries=(("ValueError", "odd."),)),
    ]


def test_the_command(desk: Course, at_desk: Run) -> None:
    assert at_desk("read").stdout.startswith("Describing a model\nlab1, ")
    assert "the token after that is at i − h + 1" in " ".join(at_desk("read", "induction_s").stdout.split())
    plain = at_desk("read", "sae_loss", "--plain", FORCE_COLOR="1").stdout
    assert "\x1b" not in plain and "▌" not in plain
    desk.stub_path(desk.exercise("find_heads")).write_text("def find_heads(scores, threshold):\n    return []\n")
    without = at_desk("read", "find_heads").stdout
    assert "no longer holds the exercise's text" in without and "def find_heads(scores, threshold):" in without
    desk.stub_path(desk.exercise("find_heads")).unlink()
    gone = at_desk("read", "find_heads")
    said = " ".join(gone.stderr.split())
    assert gone.returncode == 2 and "there is no file lab3/find_heads.py" in said and "brings the stub back" in said


RING = '''# %% [markdown]
# # A ring buffer
#
# Keep the last samples.

# %%
class RingBuffer:
    """The last samples of a stream."""

    def __init__(self, size: int) -> None:
        raise NotImplementedError

    @property
    def mean(self) -> float:
        """Average what is kept.

        Returns:
            The mean; 0.0 when there are none.
        """
        raise NotImplementedError

    def _own(self) -> None:
        """Nobody's task."""
'''


def test_the_methods_of_a_class_are_read_with_it() -> None:
    """They are most of the task: without them a learner does not know what to write."""
    found = read_lesson(RING).functions
    assert found is not None
    assert [each.name for each in found] == ["RingBuffer", "RingBuffer.__init__", "RingBuffer.mean"]
    assert found[1].signature == "    def __init__(self, size: int) -> None:"
    assert found[2].signature == "    @property\n    def mean(self) -> float:"
    assert "0.0 when there are none" in found[2].doc


def test_a_text_that_is_gone_is_read_from_what_the_course_came_with(desk: Course, at_desk: Run) -> None:
    path = desk.stub_path(desk.exercise("find_heads"))
    stub = path.read_bytes()
    path.write_text("def find_heads(scores, threshold):\n    return []\n")
    written = " ".join(at_desk("read", "find_heads").stdout.split())
    has_sources = desk.solution_path(desk.exercise("find_heads")).is_file()
    assert ("run mechgrade build" if has_sources else "of the course's archive") in written
    (desk.root / BASE).write_bytes(base_of({"exercises/lab3/find_heads.py": stub}))
    given = " ".join(at_desk("read", "find_heads").stdout.split())
    assert "no longer holds the exercise's text. This is the course's." in given
    assert "Args:" in given and "threshold" in given
