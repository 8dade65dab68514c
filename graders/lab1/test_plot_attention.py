"""Grader of `plot_attention`."""

import numpy as np
import pytest

TEXT = ["<|endoftext|>", "The", " capital", " of", " France", " is", " the", " capital"]


def shown(figure):
    """What the figure shows, apart from choices of taste (colours, sizes, further words)."""
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
        "x_name": name_of(found["xlabel"]),
        "y_name": name_of(found["ylabel"]),
        "x_tokens": by_place(axes.get_xticks(), found["xticks"], left, right, size[1]),
        "y_tokens": by_place(axes.get_yticks(), found["yticks"], *sorted((bottom, top)), size[0]),
        "title": found["title"],
        "colours_span_it": colours_span(axes.get_images()[0]),
        "colour_bar": any(getattr(axes, "_colorbar", None) is not None for axes in figure.axes),
    }


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


def on_random_pattern(exercise, bench, *, pos, title, seed):
    import matplotlib as mpl

    mpl.use("agg")
    pattern = bench.pattern(pos, pos, seed=seed).float()
    return shown(exercise.plot_attention(pattern, TEXT[:pos], title))


def on_course_model(exercise, bench, *, prompt, with_gradient):
    import matplotlib as mpl

    mpl.use("agg")
    pattern = bench.patterns(bench.tokens(prompt))[bench.n_layers - 1, 0, 1 % bench.n_heads]
    pattern.requires_grad_(with_gradient)
    return shown(exercise.plot_attention(pattern, bench.model.to_str_tokens(prompt), "one head"))


def on_a_pattern_that_does_not_fit(exercise, bench, *, shape):
    import matplotlib as mpl

    mpl.use("agg")
    try:
        exercise.plot_attention(bench.uniform(*shape, seed=0), TEXT[:5], "")
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(3)
def test_on_random_pattern(compare, seed):
    """Random patterns of several lengths; the tokens as labels, the given title."""
    for pos, title in [(5, "L1H2"), (8, "What does layer 5, head 1 attend to?"), (3, "short")]:
        found = compare(on_random_pattern, pos=pos, title=title, seed=seed)
        image = np.asarray(found["image"])
        assert np.all(np.triu(image, 1) == 0), (
            "above the diagonal there is no attention: rows are queries, columns keys"
        )


@pytest.mark.points(1)
def test_on_course_model(compare):
    """A pattern of the course model, once with a gradient."""
    for with_gradient in (False, True):
        compare(on_course_model, prompt="The capital of France is", with_gradient=with_gradient)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A pattern that does not fit the tokens raises a ValueError."""
    for shape in [(4, 4), (5, 4), (6, 6)]:
        compare(on_a_pattern_that_does_not_fit, shape=shape)
