"""Grader of `heads_attending_to`."""

import pytest

ONCE = ["<|endoftext|>", "The", " island", " of", " France", " is"]
SPELT = ["France", " Paris", " Fr", "ance", " france", "France ", "  France", " F rance", " Frances", " France"]
TWICE = ["<|endoftext|>", "France", " borders", " Spain", ",", " and", " France", " is"]


def with_types(found):
    """The list as it is, and what its entries and their numbers are: a list of three or a NumPy number looks the same as
    data.
    """
    if not isinstance(found, list) or not all(isinstance(entry, tuple | list) for entry in found):
        return found
    kinds = {f"{type(entry).__name__} of {', '.join(type(part).__name__ for part in entry)}" for entry in found}
    return {"heads": found, "entries": sorted(kinds)}


def on_known_heads(exercise, bench, *, str_tokens, word, threshold, shares):
    """Heads whose last position gives known shares to known positions, and the rest to BOS.

    `shares` has for each layer and head a list of pairs of a position and the share of it.
    """
    import torch

    pos = len(str_tokens)
    pattern = torch.zeros(len(shares), len(shares[0]), pos, pos, dtype=bench.dtype, device=bench.device)
    for query in range(pos - 1):
        pattern[:, :, query, : query + 1] = 1 / (query + 1)
    for layer, heads in enumerate(shares):
        for head, pairs in enumerate(heads):
            pattern[layer, head, -1, 0] = 1 - sum(share for _, share in pairs)
            for position, share in pairs:
                pattern[layer, head, -1, position] += share
    return with_types(exercise.heads_attending_to(pattern, str_tokens, word, threshold))


def on_spellings(exercise, bench, *, words):
    """Every position has a share of its own, a power of ½: the sum tells which positions were counted."""
    pos = len(SPELT)
    pattern = bench.pattern(3, 2, pos, pos, seed=0)
    for place in range(6):
        shares = [2.0 ** -(1 + (key + place) % pos) for key in range(pos)]
        pattern[place // 2, place % 2, -1] = pattern.new_tensor(shares)
        pattern[place // 2, place % 2, -1, 1] += 2.0**-pos
    return {word: exercise.heads_attending_to(pattern, SPELT, word, 0.0) for word in words}


def on_many_heads(exercise, bench, *, layers, heads, threshold, seed):
    """Layers or heads with numbers of two digits; every third head gives the word exactly nothing."""
    pattern = bench.pattern(layers, heads, len(ONCE), len(ONCE), seed=seed).double()
    some = pattern.flatten(0, 1)[::3]
    some[:, -1, 0] += some[:, -1, 4]
    some[:, -1, 4] = 0
    return exercise.heads_attending_to(pattern, ONCE, "France", threshold)


def on_random_patterns(exercise, bench, *, layers, heads, rank, seed):
    """The threshold lies in the middle between two heads' attention, so that rounding cannot decide."""
    pattern = bench.pattern(layers, heads, len(TWICE), len(TWICE), seed=seed)
    threshold = between(pattern, (1, 6), rank)
    return exercise.heads_attending_to(pattern, TWICE, "France", threshold)


def on_course_model(exercise, bench, *, prompt, word, rank):
    tokens = bench.tokens(prompt)
    texts = bench.model.to_str_tokens(prompt)
    pattern = bench.patterns(tokens)[:, 0]
    places = [place for place, text in enumerate(texts) if text.strip() == word.strip()]
    return exercise.heads_attending_to(pattern, texts, word, between(pattern, places, rank))


def between(pattern, places, rank):
    """A threshold above which about `rank` heads are: the middle of the widest gap near there."""
    values = sorted((pattern[:, :, -1, list(places)].sum(-1)).flatten().double().tolist(), reverse=True)
    near = range(max(rank - 1, 1), min(rank + 2, len(values)))
    best = max(near, key=lambda place: values[place - 1] - values[place])
    return (values[best - 1] + values[best]) / 2


def on_words_that_are_absent(exercise, bench, *, words):
    """Which words are refused, and with which error."""
    pattern = bench.pattern(2, 3, len(ONCE), len(ONCE), seed=0)
    outcomes = {}
    for word in words:
        try:
            exercise.heads_attending_to(pattern, ONCE, word, 0.1)
            outcomes[word] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[word] = type(error).__name__
    return outcomes


@pytest.mark.points(2)
def test_on_known_heads(compare):
    """Heads whose attention is known; the word once and twice, with and without its space."""
    once = [[[(4, 0.75)], [(4, 0.5)], [(2, 0.875)]], [[(4, 0.25)], [], [(4, 1.0)]]]
    for word in ("France", " France"):
        found = compare(on_known_heads, str_tokens=ONCE, word=word, threshold=0.5, shares=once)["heads"]
        assert [tuple(entry[:2]) for entry in found] == [(0, 0), (1, 2)], (
            "above 0.5 are L0H0 with 0.75 and L1H2 with 1.0; L0H1 has exactly 0.5"
        )
    twice = [[[(1, 0.375), (6, 0.25)], [(1, 0.75)]], [[(6, 0.75)], [(3, 1.0)]], [[], [(1, 0.125), (6, 0.875)]]]
    found = compare(on_known_heads, str_tokens=TWICE, word="France", threshold=0.5, shares=twice)["heads"]
    assert [tuple(entry[:2]) for entry in found] == [(0, 0), (0, 1), (1, 0), (2, 1)], (
        "the word is at two places, and L0H0 gives 0.375 to the one and 0.25 to the other: 0.625 in all"
    )
    assert compare(on_known_heads, str_tokens=TWICE, word="borders", threshold=0.5, shares=twice)["heads"] == []
    compare(on_known_heads, str_tokens=ONCE, word="is", threshold=0.2, shares=[[[(2, 0.5)], [(5, 0.25)], [(5, 0.125)]]])
    for words in (["France", "Paris"], ["  France "]):
        compare(on_spellings, words=words)


@pytest.mark.points(1)
def test_on_random_patterns(compare, seed):
    """Random attention patterns, with different numbers of layers and heads; and a threshold below zero."""
    for layers, heads, rank in [(2, 5, 4), (4, 3, 6)]:
        compare(on_random_patterns, layers=layers, heads=heads, rank=rank, seed=seed)
    for layers, heads in [(2, 11), (11, 1)]:
        found = compare(on_many_heads, layers=layers, heads=heads, threshold=-0.5, seed=seed)
        assert len(found) == layers * heads, "every head is above -0.5, also the one that gives the word nothing"


@pytest.mark.points(1)
@pytest.mark.needs(single_tokens=[" France", " John"])
def test_on_course_model(compare):
    """The course model's attention to a country, and to a name that occurs twice."""
    compare(on_course_model, prompt="The capital of France is", word="France", rank=3)
    prompt = "Then, John and Mary went to the store. John gave a bottle to"
    compare(on_course_model, prompt=prompt, word=" John", rank=4)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A word that the prompt does not have raises a ValueError; one that it has does not."""
    compare(on_words_that_are_absent, words=["Germany", "Fran", "france", "land", "", " ", "is "])
