"""Grader of `plot_attention`."""

import numpy as np
import pytest

TEXT = ["<|endoftext|>", "The", " capital", " of", " France", " is", " the", " capital"] * 4
LONG = "What does the second head of the first layer attend to in this text about France and its capital?"


def shown(figure, title):
    """What the figure shows, apart from choices of taste (colours, sizes, further words, where the title stands)."""
    from matplotlib.figure import Figure

    from mechgrade.bench.plots import read_figure

    if not isinstance(figure, Figure):
        return {"returned": type(figure).__name__}
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
        "first_row_on_top": bool(first_row_on_top),
        "first_column_on_the_left": bool((right > left) == (axes.get_xlim()[1] > axes.get_xlim()[0])),
        "whole_image_in_view": covers(axes.get_xlim(), left, right) and covers(axes.get_ylim(), bottom, top),
        "x_name": name_of(found["xlabel"]),
        "y_name": name_of(found["ylabel"]),
        "x_tokens": by_place(axes.get_xticks(), found["xticks"], left, right, size[1]),
        "y_tokens": by_place(axes.get_yticks(), found["yticks"], *sorted((bottom, top)), size[0]),
        "title": title_of(figure, axes, title),
        "colours_span_it": colours_span(axes.get_images()[0]),
        "colour_bar": any(getattr(axes, "_colorbar", None) is not None for axes in figure.axes),
    }


def covers(limits, *ends):
    """Whether an axis shows an image from end to end, whichever way it goes."""
    margin = 1e-6 * (max(ends) - min(ends))
    return bool(min(limits) <= min(ends) + margin and max(limits) >= max(ends) - margin)


def title_of(figure, axes, title):
    """The title that is asked for if it stands over the figure or over the image; else what stands there."""
    found = [axes.get_title(where) for where in ("center", "left", "right")] + [figure.get_suptitle()]
    return title if title in found else " ".join(filter(None, found))


def colours_span(image):
    """Whether every value has a colour of its own: outside the limits all values look the same."""
    low, high = image.get_clim()
    values = np.asarray(image.get_array(), dtype=float)
    return bool(low <= values.min() and values.max() <= high and low < high)


def name_of(label):
    """Which of the two names an axis has, whatever else it says."""
    words = [word for word in ("key", "query") if word in label.lower()]
    return words[0] if len(words) == 1 else label


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


def on_course_model(exercise, bench, *, prompt):
    """Two figures with one title, of two heads: the second pattern requires a gradient."""
    fresh()
    patterns = bench.patterns(bench.tokens(prompt))[bench.n_layers - 1, 0]
    texts = bench.model.to_str_tokens(prompt)
    first = exercise.plot_attention(patterns[1 % bench.n_heads].clone(), texts, "one head")
    second = exercise.plot_attention(patterns[0].clone().requires_grad_(), texts, "one head")
    # Looked at when both are drawn: the second call must not have changed the first one's figure.
    return {"first": shown(first, "one head"), "second": shown(second, "one head")}


def on_patterns_that_do_not_fit(exercise, bench):
    """Which patterns are refused with five tokens, and with which error."""
    fresh()
    outcomes = {}
    for shape in [(4, 4), (5, 4), (4, 5), (6, 6), (5, 5)]:
        try:
            exercise.plot_attention(bench.uniform(*shape, seed=0), TEXT[:5], "")
            outcomes[f"pattern {list(shape)}"] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"pattern {list(shape)}"] = type(error).__name__
    return outcomes


@pytest.mark.points(3)
def test_on_random_pattern(compare, seed):
    """Random patterns of several lengths; the tokens as labels, the given title."""
    for pos, title in [(5, "L1H2"), (22, LONG)]:
        found = compare(on_random_pattern, pos=pos, title=title, seed=seed)
        image = np.asarray(found["image"])
        assert np.all(np.triu(image, 1) == 0), (
            "above the diagonal there is no attention: rows are queries, columns keys"
        )


@pytest.mark.points(1)
def test_on_course_model(compare):
    """Two patterns of the course model, one of them with a gradient: each call gives a figure of its own."""
    compare(on_course_model, prompt="The capital of France is")


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A pattern that does not fit the tokens raises a ValueError; one that fits does not."""
    compare(on_patterns_that_do_not_fit)
