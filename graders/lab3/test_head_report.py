"""Grader of `head_report`."""

import numpy as np
import pytest

MEASURES = ("induction", "previous", "duplicate", "first", "current")

#: What separates nearly equal scores: sixteen times what float32 rounds at 0.5.
A_LITTLE = 2**-20


def random_scores(bench, layers, heads, measures, seed):
    return {name: bench.uniform(layers, heads, seed=seed + n) for n, name in enumerate(MEASURES[:measures])}


def given(bench, scores):
    import torch

    return {name: torch.tensor(rows, dtype=bench.dtype, device=bench.device) for name, rows in scores.items()}


def shown_in(figure):
    """What a reader sees in a figure: its heatmap, its labels, and whether it has a title and a colour bar."""
    from matplotlib.figure import Figure

    from mechgrade.bench.plots import read_figure

    if not isinstance(figure, Figure):
        return {"returned": type(figure).__name__}
    drawn = [axes for axes in figure.axes if getattr(axes, "_colorbar", None) is None]
    maps = [(axes, panel) for axes, panel in zip(drawn, read_figure(figure), strict=True) if panel["images"]]
    if len(maps) != 1 or len(maps[0][1]["images"]) != 1:
        return {"heatmaps (imshow)": sum(len(panel["images"]) for _, panel in maps)}
    axes, panel = maps[0]
    image = axes.get_images()[0]
    left, right, bottom, top = image.get_extent()
    first_row_on_top = (bottom > top) == (axes.get_ylim()[0] > axes.get_ylim()[1]) and image.origin == "upper"
    data = np.ma.getdata(panel["images"][0])
    x_names = by_place(axes.get_xticks(), panel["xticks"], left, right, data.shape[1])
    titles = [axes.get_title(loc) for axes in drawn for loc in ("left", "center", "right")] + [figure.get_suptitle()]
    return {
        "heatmaps (imshow)": 1,
        "data": data,
        "first_row": "on top" if first_row_on_top else "at the bottom of the heatmap",
        "x_names": x_names,
        "y_names": by_place(axes.get_yticks(), panel["yticks"], *sorted((bottom, top)), data.shape[0]),
        "columns_without_a_name": x_names.count(None),
        "axis_labels": f"{panel['xlabel'].strip().lower()!r} along x, {panel['ylabel'].strip().lower()!r} along y",
        "title": "there is one" if any(title.strip() for title in titles) else "the figure has none",
        "colours": "span all scores" if colours_span(image) else "do not span all scores",
        "colour_bar": "there is one" if len(drawn) < len(figure.axes) else "the figure has none",
    }


def by_place(places, labels, low, high, count):
    """The label in the middle of each cell; None where a cell has none, "misplaced" where it is off the middle."""
    width = (high - low) / count
    found = [None] * count
    for place, label in zip(places, labels, strict=True):
        cell = (place - low) / width - 0.5
        if -0.5 <= cell < count - 0.5:
            found[int(cell + 0.5)] = label if abs(cell - round(cell)) < 0.2 else "misplaced"
    return found


def colours_span(image):
    """Whether every value has a colour of its own: outside the limits all values look the same."""
    low, high = image.get_clim()
    values = np.asarray(image.get_array(), dtype=float)
    return bool(low <= values.min() and values.max() <= high and low < high)


def kind_of(value):
    """`int`, or `numpy.int64`."""
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def with_types(table):
    """The table as it is, and the types of its numbers: NumPy's numbers look like Python's as data."""
    if not isinstance(table, list) or not all(isinstance(row, dict) for row in table):
        return table
    types = {key: sorted({kind_of(row.get(key)) for row in table}) for key in ("layer", "head", "score")}
    return {"table": table, "types": types}


def table_on_random_scores(exercise, bench, *, layers, heads, measures, threshold, seed):
    table, _ = exercise.head_report(random_scores(bench, layers, heads, measures, seed), threshold)
    return with_types(table)


def table_on_given_scores(exercise, bench, *, scores, threshold):
    table, _ = exercise.head_report(given(bench, scores), threshold)
    return with_types(table)


def table_on_many_ties(exercise, bench, *, layers, heads, measures, threshold, seed):
    """Scores in quarters, a fourth of them a little higher: many are equal, nearly equal, or at the threshold."""
    scores = {
        name: (
            bench.integers(0, 4, (layers, heads), seed=seed + n) / 4
            + (bench.integers(0, 4, (layers, heads), seed=seed + n + 10) == 0) * A_LITTLE
        ).to(bench.dtype)
        for n, name in enumerate(MEASURES[:measures])
    }
    table, _ = exercise.head_report(scores, threshold)
    return with_types(table)


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


def on_shapes_of_all_kinds(exercise, bench, *, shapes):
    """What is raised for scores of some shapes. Those of the first are possible."""
    found, given = {}, []
    for several in shapes:
        scores = {name: bench.uniform(*shape, seed=0) for name, shape in zip(MEASURES, several, strict=False)}
        try:
            table, _ = exercise.head_report(scores, 0.4)
            given.append(len(table))
            raised = "nothing"
        except ValueError:
            raised = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            raised = type(error).__name__
        found[f"scores of shapes {several}"] = raised
    return {"raised": found, "result": given[0] if given else None}


@pytest.mark.points(3)
def test_table_of_random_scores(compare, seed):
    """The table for random scores: every head in its place, with its name, role and highest score."""
    for layers, heads, measures, threshold in [(2, 4, 3, 0.75), (11, 1, 2, 0.6), (1, 11, 4, 0.9)]:
        found = compare(
            table_on_random_scores, layers=layers, heads=heads, measures=measures, threshold=threshold, seed=seed
        )
        assert len(found["table"]) == layers * heads, "the table should have one row for each head"


@pytest.mark.points(2)
def test_ties_and_threshold(compare):
    """Equal and nearly equal scores, and scores at the threshold: the first of equals wins; a role needs more than the threshold."""
    compare(table_on_many_ties, layers=9, heads=8, measures=3, threshold=0.5, seed=11)
    compare(table_on_many_ties, layers=7, heads=4, measures=4, threshold=0.75, seed=31)
    scores = {
        "induction": [[0.5, 0.75, 0.75, 0.75], [0.25, 1.0, 0.5 + A_LITTLE, 0.0]],
        "previous": [[0.5, 0.75, 0.75, 0.75 + A_LITTLE], [0.125, 0.0, 0.5, 0.0]],
        "first": [[0.25, 0.625, 0.875, 0.75 + A_LITTLE], [0.25, 1.0, 0.375, 0.0]],
    }
    found = compare(table_on_given_scores, scores=scores, threshold=0.5)
    roles = [row["role"] for row in found["table"]]
    expected = ["other", "induction", "first", "previous", "other", "induction", "induction", "other"]
    assert roles == expected, f"the roles of these heads above 0.5 are {expected}"
    compare(table_on_given_scores, scores=scores, threshold=0.0)
    small = {name: [[score * 2**-18 for score in row] for row in rows] for name, rows in scores.items()}
    for threshold in (0.0, 2**-19):
        compare(table_on_given_scores, scores=small, threshold=threshold)


@pytest.mark.points(4)
@pytest.mark.needs(context=17)
def test_heatmap(compare, seed):
    """The heatmap: its data, the names on its ticks, its axis labels, its title and colour bar."""
    for layers, heads, measures in [(2, 5, 5), (11, 2, 3), (7, 6, 2)]:
        compare(figure_on_random_scores, layers=layers, heads=heads, measures=measures, seed=seed)
    compare(figure_on_course_model, batch=2, half=8, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """No scores at all, scores of different shapes, or scores that are no map raise a ValueError."""
    possible = [[[2, 3], [2, 3]]]
    # Each clause in six cases, so that one which is left out can be told from others.
    one_odd = [[[2, 3], [2, 4]], [[2, 3], [2, 3], [2, 4]], [[2, 3], [3, 3]], [[2, 1], [2, 3]], [[1, 3], [2, 3]]]
    one_odd += [[[2, 2], [2, 3], [2, 3]], [[2, 3], [3, 2]], [[2, 3], [6]], [[4, 2], [2, 4]], [[2, 6], [3, 4]]]
    one_odd += [[[1, 6], [2, 3]], [[6, 2], [3, 4]]]
    one_axis = [[[4], [4]], [[3]], [[2], [2], [2]], [[1]], [[7], [7]], [[6]]]
    more_axes = [[[2, 3, 1], [2, 3, 1]], [[2, 3, 2]], [[1, 2, 3]], [[2, 2, 2], [2, 2, 2]], [[3, 1, 4]], [[1, 1, 1]]]
    compare(on_shapes_of_all_kinds, shapes=[*possible, [], *one_odd, *one_axis, *more_axes])
