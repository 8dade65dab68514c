"""Of a function that never gave a value nothing is said, and least of all that it gave what it should."""

from __future__ import annotations

from core_pairs import numbers, tensor

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import compare
from mechgrade.grading.diagnose import Judged
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations import relation
from mechgrade.protocol.outcome import Outcome, Place
from mechgrade.protocol.wire import Tree

GRADER = """
def of_bins(exercise, bench, *, seed):
    try:
        return exercise.bins(seed)
    except ValueError:
        return "ValueError"

def of_scores(exercise, bench, *, seed):
    return exercise.score(exercise.bins, seed)

def of_shares(exercise, bench, *, seed):
    return exercise.share(seed)

def refused(exercise, bench, *, seed):
    found = {}
    for name, function in (("bins", exercise.bins), ("share", exercise.share), ("score", exercise.score)):
        try:
            function(seed)
            found[name] = "nothing"
        except ValueError:
            found[name] = "ValueError"
    return found

def mixed(exercise, bench, *, seed):
    found = {"mean share": float(sum(exercise.share(seed)))}
    try:
        found["score"] = exercise.score(seed)
    except ValueError:
        found["score"] = "ValueError"
    return found
"""
WANT = numbers(1, 3, 4)
WORDS: Tree = {"bins": "ValueError", "share": "nothing", "score": "ValueError"}
RAISES = "Line 7 raises `ValueError`, which is not expected."


def gave(scenario: str, want: Tree, got: Tree, check: str = "values") -> Judged:
    """A run that returned."""
    passed = compare(want, got, {}).same
    return Judged(Outcome("returned", got), Run(want, {}), passed, lambda names: {}, Call(scenario, {}), check)


def right(scenario: str, check: str = "values") -> Judged:
    """A run that gave what it should."""
    return gave(scenario, tensor(WANT), tensor(WANT), check)


def raised(scenario: str, function: str, check: str = "scores") -> Judged:
    """A run in which a function raised an error."""
    outcome = Outcome("raised", error="ValueError", message="no", trace=(Place(20, function), Place(7, "share")))
    return Judged(outcome, Run(tensor(WANT), {}), False, lambda names: {}, Call(scenario, {}), check)


def told(*judged: Judged) -> str | None:
    """What is said of them."""
    return relation(judged, GRADER)


def test_an_error_that_is_asked_for_is_no_value() -> None:
    """Every call of `score` raised: in one check the errors are asked for, in the other they are not."""
    wrong = gave("of_bins", tensor(WANT), tensor(numbers(5, 3, 4)))
    refused = gave("refused", WORDS, WORDS, "errors")
    assert told(right("of_shares"), wrong, refused, raised("of_scores", "score")) == (
        f"{RAISES} Where your code returned, only `bins` is wrong: `share` gave what it should."
    )
    assert (
        told(right("of_shares"), wrong, refused) == "On these inputs only `bins` is wrong: `share` gave what it should."
    )
    assert told(wrong, refused) is None, "of the others there are errors only"


def test_beside_an_error_nobody_knows_whose_value_is_right() -> None:
    both: Tree = {"mean share": 2.5, "score": "ValueError"}
    wrong = gave("of_bins", tensor(WANT), tensor(numbers(5, 3, 4)))
    assert told(wrong, gave("mixed", both, both)) is None


def test_all_is_right_only_where_something_of_the_function_was_compared_in_that_check() -> None:
    error = raised("of_scores", "score")
    everything = f"{RAISES} On these inputs all that was compared is right."
    assert told(right("of_scores", "scores"), error) == everything
    assert told(right("of_scores", "another"), error) is None, "in that check there is nothing of it"
    assert told(right("of_scores", "scores"), error, raised("of_scores", "score", "another")) is None
    assert told(gave("refused", WORDS, WORDS, "scores"), error) is None, "errors that are asked for are no values"


def test_the_functions_that_gave_what_they_should_are_named() -> None:
    error = raised("of_scores", "score")
    shares = right("of_shares")
    assert told(shares, error) == f"{RAISES} On these inputs `share` gave what it should."
    assert (
        told(shares, right("of_bins"), error) == f"{RAISES} On these inputs `bins` and `share` gave what they should."
    )
    nowhere = raised("of_scores", "hook")
    assert told(shares, right("of_bins"), nowhere) == f"{RAISES} On these inputs `share` gave what it should.", (
        "which of the two that the scenario calls raised is not known"
    )


def test_an_argument_is_written_into_by_a_function_that_never_gave_a_value() -> None:
    message = "`score` changed its argument `x` in place; work on a copy"
    written = Judged(
        Outcome("unusable", message=message),
        Run(tensor(WANT), {}),
        False,
        lambda names: {},
        Call("of_scores", {}),
        "scores",
    )
    says = "`score` changed its argument `x` in place."
    assert told(right("of_bins", "scores"), written) == f"{says} On these inputs `bins` gave what it should."
    assert told(right("of_scores", "scores"), written) == f"{says} On these inputs all that was compared is right."
