"""Grader of `head_report`."""

import numpy as np
import pytest

MEASURES = ("induction", "previous", "duplicate", "first", "current")


def random_scores(bench, layers, heads, measures, seed):
    return {name: bench.uniform(layers, heads, seed=seed + n) for n, name in enumerate(MEASURES[:measures])}


def given(bench, scores):
    import torch

    return {name: torch.tensor(rows, dtype=bench.dtype, device=bench.device) for name, rows in scores.items()}


def shown_in(figure):
    """What a reader sees in a figure: its heatmap, its labels, and whether it has a title and a colour bar."""
    from mechgrade.bench.plots import read_figure

    panels = [panel for panel in read_figure(figure) if panel["images"]]
    if len(panels) != 1:
        return {"heatmaps": len(panels)}
    panel = panels[0]
    return {
        "heatmaps": 1,
        "data": np.ma.getdata(panel["images"][0]),
        "x_names": panel["xticks"],
        "y_names": panel["yticks"],
        "x_label": panel["xlabel"].strip().lower(),
        "y_label": panel["ylabel"].strip().lower(),
        "has_a_title": bool(panel["title"].strip()),
        "colours_span_it": colours_span(figure),
        "has_a_colour_bar": len(read_figure(figure)) < len(figure.axes),
    }


def colours_span(figure):
    """Whether every value has a colour of its own: outside the limits all values look the same."""
    image = next(image for axes in figure.axes for image in axes.get_images())
    low, high = image.get_clim()
    values = np.asarray(image.get_array(), dtype=float)
    return bool(low <= values.min() and values.max() <= high and low < high)


def table_on_random_scores(exercise, bench, *, layers, heads, measures, threshold, seed):
    table, _ = exercise.head_report(random_scores(bench, layers, heads, measures, seed), threshold)
    return table


def table_on_given_scores(exercise, bench, *, scores, threshold):
    table, _ = exercise.head_report(given(bench, scores), threshold)
    return table


def figure_on_random_scores(exercise, bench, *, layers, heads, measures, seed):
    scores = random_scores(bench, layers, heads, measures, seed)
    _, figure = exercise.head_report({name: score * 0.7 for name, score in scores.items()}, 0.4)
    return shown_in(figure)


def figure_on_course_model(exercise, bench, *, batch, half, seed):
    import torch

    pattern = bench.patterns(bench.repeated_tokens(batch=batch, half=half, seed=seed))
    second = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    scores = {
        "induction": pattern[..., second, second - half + 1].mean((1, 3)),
        "previous": pattern.diagonal(-1, -2, -1).mean((1, 3)),
    }
    _, figure = exercise.head_report(scores, 0.4)
    return shown_in(figure)


def on_scores_that_do_not_fit(exercise, bench, *, shapes):
    scores = {name: bench.uniform(*shape, seed=0) for name, shape in zip(MEASURES, shapes, strict=False)}
    try:
        exercise.head_report(scores, 0.4)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(3)
def test_table_of_random_scores(compare, seed):
    """The table for random scores: every head in its place, with its name, role and highest score."""
    for layers, heads, measures, threshold in [(2, 4, 3, 0.75), (3, 2, 2, 0.6), (1, 5, 4, 0.9)]:
        table = compare(
            table_on_random_scores, layers=layers, heads=heads, measures=measures, threshold=threshold, seed=seed
        )
        assert len(table) == layers * heads, "the table should have one row for each head"


@pytest.mark.points(2)
def test_ties_and_threshold(compare):
    """Equal scores and scores at the threshold: the first of equals wins, and a role needs more than the threshold."""
    scores = {
        "previous": [[0.5, 0.25, 0.75], [0.125, 1.0, 0.5]],
        "induction": [[0.5, 0.75, 0.75], [0.25, 0.0, 0.25]],
        "first": [[0.25, 0.625, 0.875], [0.25, 1.0, 0.375]],
    }
    table = compare(table_on_given_scores, scores=scores, threshold=0.5)
    roles = [row["role"] for row in table]
    expected = ["other", "induction", "first", "other", "previous", "other"]
    assert roles == expected, f"the roles of these heads above 0.5 are {expected}"
    compare(table_on_given_scores, scores=scores, threshold=0.2)


@pytest.mark.points(4)
def test_heatmap(compare, seed):
    """The heatmap: its data, the names on its ticks, its axis labels, its title and colour bar."""
    for layers, heads, measures in [(2, 4, 3), (4, 2, 5)]:
        compare(figure_on_random_scores, layers=layers, heads=heads, measures=measures, seed=seed)
    compare(figure_on_course_model, batch=2, half=8, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """No scores at all, scores of different shapes, or scores that are no map raise a ValueError."""
    for shapes in [[], [[2, 3], [3, 2]], [[4], [4]]]:
        compare(on_scores_that_do_not_fit, shapes=shapes)
