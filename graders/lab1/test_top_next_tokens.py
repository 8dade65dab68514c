"""Grader of `top_next_tokens`."""

import numpy as np
import pytest

PROMPTS = (
    "The capital of France is",
    "Then, Anna and Mark went to the park. Anna gave a book to",
    "abc def ghi abc",
)


def on_prompt(exercise, bench, *, prompt, k):
    """The pairs, and the types of their numbers: a NumPy number looks like a Python float here."""
    pairs = list(exercise.top_next_tokens(bench.model, prompt, k))
    return {"pairs": pairs, "types": sorted({type(pair[1]).__name__ for pair in pairs})}


def on_texts_as_they_are(exercise, bench, *, prompts, k):
    """Spaces around a text belong to it, of an empty text BOS remains, and a text that begins with BOS gets one more."""
    return {prompt: exercise.top_next_tokens(bench.model, prompt, k) for prompt in prompts}


class LargeLogits:
    """A model whose logits are all larger by one number, so that its probabilities are the same."""

    def __init__(self, model, shift):
        self._model, self._shift = model, shift

    def __getattr__(self, name):
        return getattr(self._model, name)

    def __call__(self, *args, **kwargs):
        return self._model(*args, **kwargs) + self._shift


def on_random_tokens(exercise, bench, *, length, k, seed):
    """A text of words that do not belong together."""
    words = [" France", " Paris", " is", " the", " Mary", " John", " a", " of", " to", " store", " gave", " and"]
    places = bench.integers(0, len(words), (length,), seed=seed).tolist()
    return exercise.top_next_tokens(bench.model, "The" + "".join(words[place] for place in places), k)


def on_the_whole_vocabulary(exercise, bench, *, prompt, shift):
    """As many tokens as there are, with large logits. Far down the list the order is a matter of rounding: it is not
    looked at.
    """
    pairs = exercise.top_next_tokens(LargeLogits(bench.model, shift), prompt, bench.d_vocab)
    return {"tokens": len(pairs), "probability": float(sum(number for _, number in pairs))}


def on_other_k(exercise, bench):
    """Which k are refused, and with which error."""
    size = bench.d_vocab
    outcomes = {}
    for name, k in {"-1": -1, "0": 0, "1": 1, "d_vocab + 1": size + 1, "-d_vocab": -size}.items():
        try:
            exercise.top_next_tokens(bench.model, "The", k)
            outcomes[f"k = {name}"] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"k = {name}"] = type(error).__name__
    return outcomes


def assert_probabilities(pairs):
    numbers = np.array([number for _, number in pairs])
    assert np.all((numbers >= 0) & (numbers <= 1)), "probabilities are between 0 and 1"
    assert numbers.sum() <= 1 + 1e-5, "the probabilities of some tokens cannot sum to more than 1"
    assert np.all(np.diff(numbers) <= 1e-7), "the most likely token comes first"


@pytest.mark.points(3)
def test_on_prompts(compare):
    """Prompts of several lengths, the ones of the labs to come among them; and an empty one."""
    for prompt, k in zip(PROMPTS, (3, 2, 3), strict=True):
        assert_probabilities(compare(on_prompt, prompt=prompt, k=k)["pairs"])
    compare(on_texts_as_they_are, prompts=["", "The capital of France is ", " The", "<|endoftext|>The"], k=1)


@pytest.mark.points(1)
def test_on_random_words(compare, seed):
    """Words in no order, where no token is certain; and all the tokens that there are, with large logits."""
    assert_probabilities(compare(on_random_tokens, length=9, k=3, seed=seed))
    compare(on_the_whole_vocabulary, prompt="The", shift=128.0)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A k below 1 or beyond the vocabulary raises a ValueError; 1 does not."""
    compare(on_other_k)
