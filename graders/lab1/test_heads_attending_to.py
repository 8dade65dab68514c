"""Grader of `heads_attending_to`, and of the picture of `plot_attention`."""

import numpy as np
import pytest

ONCE = ["<|endoftext|>", "The", " island", " of", " France", " is"]
#: Words that are no token of these, and words that are, with spaces around them.
ABSENT = ("Germany", "Fran", "france", "land", "FRANCE", "the")
THERE = ("is ", " is", "of ", " France ", "The ", "  island")
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
    try:
        return with_types(exercise.heads_attending_to(pattern, str_tokens, word, threshold))
    except ValueError:
        return {"heads": f"ValueError for the word {word!r} and the threshold {threshold}"}


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
    # Above by a little is above: sixteen times what float32 rounds at 0.5.
    little = 2**-20
    close = [
        [[(1, 0.25), (6, 0.25 + little)], [(1, 0.5)]],
        [[(6, little)], [(6, 0.5 + 2 * little)]],
        [[], [(6, 2 * little)]],
    ]
    for threshold in (0.5, 0.0):
        compare(on_known_heads, str_tokens=TWICE, word="France", threshold=threshold, shares=close)
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
    compare(on_words_that_are_absent, words=[*ABSENT, *THERE])


# --- the picture ---


TEXT = ["<|endoftext|>", "The", " capital", " of", " France", " is", " the", " capital"] * 4
LONG = "What does the second head of the first layer attend to in this text about France and its capital?"


def shown(figure, title):
    """What the figure shows, apart from choices of taste (colours, sizes, further words, where the title stands)."""
    from matplotlib.figure import Figure

    from mechgrade.bench.plots import read_figure

    if not isinstance(figure, Figure):
        return {"returned": figure if isinstance(figure, str) else type(figure).__name__}
    read = [axes for axes in read_figure(figure) if axes["images"]]
    if len(read) != 1 or len(read[0]["images"]) != 1:
        return {"returned": "Figure", "heatmaps (imshow)": sum(len(axes["images"]) for axes in read)}
    found = read[0]
    axes = next(axes for axes in figure.axes if axes.get_images() and getattr(axes, "_colorbar", None) is None)
    left, right, bottom, top = axes.get_images()[0].get_extent()
    size = found["images"][0].shape
    first_row_on_top = (bottom > top) == (axes.get_ylim()[0] > axes.get_ylim()[1]) and (
        axes.get_images()[0].origin == "upper"
    )
    return {
        "returned": "Figure",
        "image": found["images"][0],
        "first_row": "at the top" if first_row_on_top else "at the bottom",
        "first_column": "at the left"
        if (right > left) == (axes.get_xlim()[1] > axes.get_xlim()[0])
        else "at the right",
        "in_view": "the whole image"
        if covers(axes.get_xlim(), left, right) and covers(axes.get_ylim(), bottom, top)
        else "a part of the image",
        "x_name": name_of(found["xlabel"]),
        "y_name": name_of(found["ylabel"]),
        "x_tokens": by_place(axes.get_xticks(), found["xticks"], left, right, size[1]),
        "y_tokens": by_place(axes.get_yticks(), found["yticks"], *sorted((bottom, top)), size[0]),
        "title": title_of(figure, axes, title),
        "colours_of_their_own": "all values" if colours_span(axes.get_images()[0]) else "not all values",
        "colour_bar": "there is one"
        if any(getattr(axes, "_colorbar", None) is not None for axes in figure.axes)
        else "there is none",
    }


def covers(limits, *ends):
    """Whether an axis shows an image from end to end, whichever way it goes."""
    margin = 1e-6 * (max(ends) - min(ends))
    return bool(min(limits) <= min(ends) + margin and max(limits) >= max(ends) - margin)


def title_of(figure, axes, title):
    """The title that is asked for if it stands over the figure or over the image; else what stands there."""
    found = [axes.get_title(where) for where in ("center", "left", "right")] + [figure.get_suptitle()]
    return title if title in found else " ".join(filter(None, found)) or "there is no title"


def colours_span(image):
    """Whether every value has a colour of its own: outside the limits all values look the same."""
    low, high = image.get_clim()
    values = np.asarray(image.get_array(), dtype=float)
    return bool(low <= values.min() and values.max() <= high and low < high)


def name_of(label):
    """Which of the two names an axis has, whatever else it says."""
    words = [word for word in ("key", "query") if word in label.lower()]
    return words[0] if len(words) == 1 else label or "there is no name"


def by_place(places, labels, low, high, count):
    """The label in the middle of each cell; None where a cell has none, "misplaced" where it is off the middle."""
    width = (high - low) / count
    found = [None] * count
    for place, label in zip(places, labels, strict=True):
        cell = (place - low) / width - 0.5
        if -0.5 <= cell < count - 0.5:
            found[int(cell + 0.5)] = label if abs(cell - round(cell)) < 0.2 else "misplaced"
    return found


def fresh():
    """Draw without a screen, and with no figure open that another run has left."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    pyplot.close("all")


def on_random_pattern(exercise, bench, *, pos, title, seed):
    fresh()
    pattern = bench.pattern(pos, pos, seed=seed).float()
    return shown(exercise.plot_attention(pattern, TEXT[:pos], title), title)


def on_course_model_of_the_picture(exercise, bench, *, prompt):
    """Two figures with one title, of two heads: the second pattern requires a gradient."""
    fresh()
    patterns = bench.patterns(bench.tokens(prompt))[bench.n_layers - 1, 0]
    texts = bench.model.to_str_tokens(prompt)
    first = exercise.plot_attention(patterns[1 % bench.n_heads].clone(), texts, "one head")
    try:
        second = exercise.plot_attention(patterns[0].clone().requires_grad_(), texts, "one head")
    except RuntimeError as error:
        if "grad" not in str(error):
            raise
        second = f"RuntimeError: {error}"
    # Looked at when both are drawn: the second call must not have changed the first one's figure.
    return {"first": shown(first, "one head"), "second": shown(second, "one head")}


def on_patterns_that_do_not_fit(exercise, bench):
    """Which patterns are refused with five tokens, and with which error."""
    fresh()
    outcomes = {}
    # Several of each kind, so that it is seen which kind goes through.
    squares, wide, high = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11], [1, 2, 3, 4, 6, 7], [1, 2, 3, 4, 6, 7]
    shapes = [*((size, size) for size in squares), *((5, size) for size in wide), *((size, 5) for size in high), (5, 5)]
    for shape in shapes:
        try:
            exercise.plot_attention(bench.uniform(*shape, seed=0), TEXT[:5], "")
            outcomes[f"pattern {list(shape)}"] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"pattern {list(shape)}"] = type(error).__name__
    return outcomes


@pytest.mark.points(3)
def test_pictures_of_random_patterns(compare, seed):
    """Random patterns of several lengths; the tokens as labels, the given title."""
    for pos, title in [(5, "L1H2"), (22, LONG)]:
        found = compare(on_random_pattern, pos=pos, title=title, seed=seed)
        image = np.asarray(found["image"])
        assert np.all(np.triu(image, 1) == 0), (
            "above the diagonal there is no attention: rows are queries, columns keys"
        )


@pytest.mark.points(1)
def test_pictures_of_the_course_model(compare):
    """Two patterns of the course model, one of them with a gradient: each call gives a figure of its own."""
    compare(on_course_model_of_the_picture, prompt="The capital of France is")


@pytest.mark.points(1)
def test_patterns_that_do_not_fit(compare):
    """A pattern that does not fit the tokens raises a ValueError; one that fits does not."""
    compare(on_patterns_that_do_not_fit)
