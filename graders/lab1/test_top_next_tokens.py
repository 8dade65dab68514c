"""Grader of `top_next_tokens`."""

import numpy as np
import pytest

PROMPTS = (
    "The capital of France is",
    "The capital of Spain is",
    "Then, Anna and Mark went to the park. Anna gave a book to",
    "abc def ghi abc",
)


def on_prompt(exercise, bench, *, prompt, k):
    return exercise.top_next_tokens(bench.model, prompt, k)


def on_random_tokens(exercise, bench, *, length, k, seed):
    """A text of words that do not belong together; long or short."""
    words = [" France", " Paris", " is", " the", " Mary", " John", " a", " of", " to", " store", " gave", " and"]
    places = bench.integers(0, len(words), (length,), seed=seed).tolist()
    return exercise.top_next_tokens(bench.model, "The" + "".join(words[place] for place in places), k)


def on_the_whole_vocabulary(exercise, bench, *, prompt):
    """As many tokens as there are. Their order is a matter of rounding far down the list, so it is not looked at."""
    pairs = exercise.top_next_tokens(bench.model, prompt, bench.d_vocab)
    return {"tokens": len(pairs), "probability": float(sum(number for _, number in pairs))}


def on_a_k_that_makes_no_sense(exercise, bench, *, k):
    try:
        exercise.top_next_tokens(bench.model, "The", bench.d_vocab + 1 if k == "too many" else k)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


def assert_probabilities(pairs):
    numbers = np.array([number for _, number in pairs])
    assert np.all((numbers >= 0) & (numbers <= 1)), "probabilities are between 0 and 1"
    assert numbers.sum() <= 1 + 1e-5, "the probabilities of some tokens cannot sum to more than 1"
    assert np.all(np.diff(numbers) <= 1e-7), "the most likely token comes first"


@pytest.mark.points(3)
def test_on_prompts(compare):
    """Prompts of several lengths, the ones of the labs to come among them."""
    for prompt, k in zip(PROMPTS, (3, 1, 2, 3), strict=True):
        assert_probabilities(compare(on_prompt, prompt=prompt, k=k))


@pytest.mark.points(1)
def test_on_random_words(compare, seed):
    """Words in no order, where no token is certain; and all the tokens that there are."""
    for length in (4, 9):
        assert_probabilities(compare(on_random_tokens, length=length, k=3, seed=seed))
    compare(on_the_whole_vocabulary, prompt="The")


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A k below 1 or beyond the vocabulary raises a ValueError."""
    for k in (0, "too many"):
        compare(on_a_k_that_makes_no_sense, k=k)
