"""What the texts say of the shipped models: every id is measured, every measurement is stated, and the two agree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interp.claims import Claim, Value, all_claims, claim, texts
from interp.claims import __main__ as command
from interp.claims.texts import Mention

HELD = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "interp"}


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grading in this process forgets the course's modules when it is done. These tests go on with those that they have."""
    for name, module in HELD.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_every_id_in_a_text_is_measured_and_every_measurement_is_stated() -> None:
    assert command.strays(set(all_claims()), texts.mentions()) == []


@pytest.mark.slow
def test_every_claim_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("passage", "values"),
    [
        ("from 0.993 to 0.087", (0.9931, 0.0874)),
        ("L0H0 gives 99% of it", ("L0H0", 0.994)),
        ("9.6 % of 144 heads in layer 2, MLP 0", (0.0962, 144)),
        ("a change of −5.6", (-5.61,)),
        ("1,550,016 numbers", (1550016,)),
        ("three of GPT-2's heads: 0.5", (0.46,)),
        ("nothing is lost", (True,)),
    ],
)
def test_a_passage_that_says_what_was_measured(passage: str, values: tuple[Value, ...]) -> None:
    assert texts.says(passage, values)


@pytest.mark.parametrize(
    ("passage", "values"),
    [
        ("from 0.993 to 0.087", (0.9931, 0.0884)),
        ("from 0.087 to 0.993", (0.993, 0.087)),
        ("L0H1 gives 99% of it", ("L0H0", 0.994)),
        ("99 of it", (0.994,)),
        ("a change of 5.6", (-5.61,)),
        ("in layer 2, MLP 0", (0,)),
        ("nothing is lost", (False,)),
        ("0.5", (0.5, 0.5)),
        ("0.5", (float("nan"),)),
    ],
)
def test_a_passage_that_says_something_else(passage: str, values: tuple[Value, ...]) -> None:
    assert not texts.says(passage, values)


def test_a_mention_has_the_text_since_the_one_before_it_and_its_line(tmp_path: Path) -> None:
    path = tmp_path / "an_exercise.py"
    path.write_text(
        '# %% [markdown]\n# Not 1.\n#\n# First 2\n# and 3. <!-- claim: a.b --> Then 4. <!-- claim: c -->\n\nx = "<!-- claim: d -->"\n'
    )
    found = [(each.name, each.line, each.passage) for each in texts.mentions_in(path)]
    assert found == [("a.b", 5, "First 2 and 3."), ("c", 5, "Then 4.")]


def test_what_is_fenced_claims_nothing(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("```\n1 <!-- claim: a -->\n```\n\n2 <!-- claim: b -->\n")
    assert [(each.name, each.line, each.passage) for each in texts.mentions_in(path)] == [("b", 5, "2")]


def test_a_claim_that_cannot_be_measured_does_not_hold() -> None:
    def fail() -> float:
        raise RuntimeError("no weights")

    verdict = command.judge(Claim("a", "a", fail), [])
    assert not verdict.holds and "no weights" in verdict.why


def test_a_text_that_says_something_else_is_named() -> None:
    mention = Mention("a", texts.ROOT / "README.md", 3, "it is 0.4")
    assert command.judge(Claim("a", "a", lambda: 0.5), [mention]).wrong == (mention,)
    assert command.judge(Claim("a", "a", lambda: 0.4), [mention]).holds


def test_an_id_on_one_side_only_is_told() -> None:
    mention = Mention("b", texts.ROOT / "README.md", 3, "it is 0.4")
    assert command.strays({"a"}, [mention]) == [
        "README.md:3: no function measures 'b'",
        "interp/claims: no text makes the claim 'a'",
    ]


def test_an_id_is_given_once_and_a_claim_says_what_it_measures() -> None:
    taken = next(iter(all_claims()))
    with pytest.raises(ValueError, match="two claims"):

        @claim(taken)
        def again() -> float:
            """A number."""
            return 1.0

    with pytest.raises(ValueError, match="no docstring"):

        @claim("nothing.said")
        def silent() -> float:
            return 1.0
