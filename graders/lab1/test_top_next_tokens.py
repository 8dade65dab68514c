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
    return {"pairs": pairs, "types": sorted({type_of(pair[1]) for pair in pairs})}


def type_of(value):
    """The name of a type, with the library that it comes from: `int`, `numpy.int64`."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def on_texts_as_they_are(exercise, bench, *, prompts, k):
    """Spaces around a text belong to it, of an empty text BOS remains, and a text that begins with BOS gets one more."""
    found = {}
    for prompt in prompts:
        try:
            found[prompt] = exercise.top_next_tokens(bench.model, prompt, k)
        except ValueError:
            found[prompt] = f"ValueError for the prompt {prompt!r}"
    return found


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
    try:
        pairs = exercise.top_next_tokens(LargeLogits(bench.model, shift), prompt, bench.d_vocab)
    except ValueError:
        return {"tokens": "ValueError where as many tokens are asked for as there are"}
    numbers = [float(number) for _, number in pairs]
    return {"tokens": len(pairs), "probability": sum(numbers), "first_probabilities": numbers[:8]}


def on_other_k(exercise, bench):
    """Which k are refused, and with which error: several of each kind, so that it is seen which kind goes through."""
    size = bench.d_vocab
    asked = {"k = 1": ("The", 1), "k = -d_vocab": ("The", -size)}
    asked |= {f"k = {k}": ("The", k) for k in (-1, -2, -3, -5, -8)}
    asked |= {f"k = 0 after {prompt!r}": (prompt, 0) for prompt in ("The", " a", "", "of", "The capital", " and")}
    asked |= {f"k = d_vocab + {more}": ("The", size + more) for more in (1, 2, 3, 5, 8, 13)}
    outcomes = {}
    for name, (prompt, k) in asked.items():
        try:
            exercise.top_next_tokens(bench.model, prompt, k)
            outcomes[name] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[name] = type(error).__name__
    return outcomes


def assert_probabilities(pairs):
    numbers = np.array([number for _, number in pairs])
    assert np.all((numbers >= 0) & (numbers <= 1)), "probabilities are between 0 and 1"
    assert numbers.sum() <= 1 + 1e-5, "the probabilities of some tokens cannot sum to more than 1"
    assert np.all(np.diff(numbers) <= 1e-7), "the most likely token comes first"


@pytest.mark.points(3)
def test_on_prompts(compare):
    """Prompts of several lengths, the ones of the labs to come among them; and an empty one."""
    for prompt, k in zip(PROMPTS, (5, 2, 3), strict=True):
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
