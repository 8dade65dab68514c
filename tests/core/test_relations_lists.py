"""Which entries of a list are wrong, texts that end early, and what stands beside an error."""

from __future__ import annotations

import pytest
from core_pairs import pair, said

from mechgrade.grading.relations import Sources, relate
from mechgrade.protocol.wire import Tree

WORDS: list[Tree] = [" Paris", " to", "ing", " Mary"]


def listing(*runs: tuple[Tree, Tree]) -> str | None:
    """What is said of lists that a function returned."""
    return said(*(pair(want, got) for want, got in runs))


#: Scenarios that pack what a function returns.
PACKING = """
def of_rates(exercise, bench, *, k):
    return rates_of(exercise, k)

def rates_of(exercise, k):
    found = exercise.rates(k)
    return [list(pair) for pair in sorted(found.items())]

def of_few_rates(exercise, bench, *, k):
    return [[key, value] for key, value in exercise.rates(k).items() if value > 0]

def of_names(exercise, bench, *, k):
    return {"names": sorted(exercise.names(k))}
"""
RATES: list[Tree] = [[1, 0.25], [2, 0.5], [3, 0.0], [4, 0.75]]


def packed(scenario: str, *runs: tuple[Tree, Tree]) -> str | None:
    """What is said of what a scenario packed."""
    return relate([pair(want, got, scenario) for want, got in runs], Sources(PACKING))


def test_the_pairs_of_a_dict_are_told_as_a_dict() -> None:
    assert packed("of_rates", (RATES, RATES[1:])) == "Your dict is right, but lacks the key 1."
    assert packed("of_rates", (RATES[1:], RATES)) == "Your dict is right, but also has the key 1."
    assert packed("of_rates", (RATES, RATES[:2])) == "Your dict is right, but lacks the keys 3 and 4."
    other = (RATES[1:], RATES[1:3])
    assert packed("of_rates", (RATES, RATES[1:]), other) == "Your dict is right, but lacks some keys."
    assert packed("of_rates", (RATES, [[1, 0.5], *RATES[2:]])) is None, "another value too"
    assert "dict" not in str(packed("of_few_rates", (RATES, RATES[1:]))), "a scenario that leaves some out"


def test_a_list_that_the_scenario_made_is_not_the_learners() -> None:
    words = sorted(map(str, WORDS))
    assert packed("of_names", ({"names": words}, {"names": words[1:]})) == (
        "The list that is compared is right, but its first entry is missing."
    )
    assert packed("of_names", ({"names": words}, {"names": words[::2]})) == (
        "All entries of the list that is compared are right, but some are missing."
    )


def test_an_entry_that_alone_is_wrong() -> None:
    other = [*WORDS[:2], "xyz", WORDS[3]]
    one = "Only one of the 4 entries of your list is wrong, the one at index 2."
    two = "Only 2 of the 4 entries of your list are wrong, the first of them at index 2."
    assert listing((WORDS, other), (WORDS[:2], WORDS[:2])) == one
    assert listing((WORDS, [*other[:3], "abc"])) == two
    assert "entries" not in str(listing((WORDS, ["def", *other[1:3], "abc"]))), "most are wrong"
    assert "entries" not in str(listing((WORDS, other), (WORDS, other))), "of several lists no place is told"
    computed = said(pair({"sums": list(WORDS)}, {"sums": other}, "computed"))
    assert "your list" not in str(computed), "a list of the scenario's own is not the learner's"


@pytest.mark.parametrize(("end", "name"), [(0, "first"), (-1, "last")])
def test_one_end_alone_is_right(end: int, name: str) -> None:
    def wrong(want: list[Tree]) -> list[Tree]:
        got: list[Tree] = ["a", "b", "c", "d"][: len(want)]
        got[end] = want[end]
        return got

    first, second = (WORDS, wrong(WORDS)), (WORDS[1:], wrong(WORDS[1:]))
    sentence = f"In the lists that are wrong, only the {name} entry is right."
    assert listing(first, second) == sentence
    assert listing(first, second, (WORDS, WORDS)) == sentence
    assert listing(first) != sentence, "one list could be so by chance"


def test_lists_that_should_be_empty() -> None:
    surplus = "On these inputs your list has entries where it should be empty, and is right everywhere else."
    lacking = "On these inputs your list is empty where it should have entries, and is right everywhere else."
    assert listing(([], WORDS), (WORDS, WORDS)) == surplus
    assert listing((WORDS, []), (WORDS, WORDS)) == lacking
    assert listing((WORDS, []), ([], WORDS)) not in (surplus, lacking)


def test_texts_that_end_early() -> None:
    early: list[Tree] = [" Par", *WORDS[1:]]
    sentence = "Your texts are right as far as they go, but some of them end too early."
    assert listing((WORDS, early), (WORDS, WORDS)) == sentence
    blank: list[Tree] = [" ", *WORDS[1:]]
    assert listing((WORDS, blank)) != sentence, "a space begins many texts"


MISSING = "On these inputs your results are right, but not your errors: no `ValueError` is raised in 1 case."


@pytest.mark.parametrize(
    ("want", "got", "sentence"),
    [
        ({"raised": "ValueError", "texts": None}, {"raised": "nothing", "texts": []}, MISSING),
        (("ValueError", None), ("nothing", {"clean": "a"}), MISSING),
        (("nothing", {"clean": "a"}), ("ValueError", None), "`ValueError` is raised in 1 case where no error is"),
        # Where the error is right, what stands beside it is wrong by itself; and another text is no error.
        ({"raised": "nothing", "texts": None}, {"raised": "nothing", "texts": []}, None),
        ({"said": "yes", "texts": None}, {"said": "no", "texts": []}, None),
    ],
)
def test_what_a_call_gave_stands_beside_its_error(want: Tree, got: Tree, sentence: str | None) -> None:
    right: Tree = {"raised": "nothing", "texts": list(WORDS)}
    found = str(said(pair(right, right, "computed"), pair(want, got, "computed")))
    assert sentence in found if sentence else "your errors" not in found
