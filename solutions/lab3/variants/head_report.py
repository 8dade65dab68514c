"""Right and wrong ways to report on heads."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(scores):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    shapes = {tuple(score.shape) for score in scores.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError("no scores, or scores of several shapes")


def size_of(scores):
    return next(iter(scores.values())).shape


def name_of(layer, head):
    return f"L{layer}H{head}"


def by_threshold(of_head, threshold):
    """The right role: the highest score, if it is above the threshold."""
    best = max(of_head, key=of_head.get)
    return best if of_head[best] > threshold else "other"


def table_of(scores, threshold, role_of=by_threshold, name=name_of):
    """The right table, or one with other roles or names."""
    layers, heads = size_of(scores)
    table = []
    for layer in range(layers):
        for head in range(heads):
            of_head = {measure: score[layer, head].item() for measure, score in scores.items()}
            role = role_of(of_head, threshold)
            row = {"name": name(layer, head), "layer": layer, "head": head, "role": role}
            table.append(row | {"score": max(of_head.values())})
    return table


def values_of(scores):
    return torch.stack([score.flatten() for score in scores.values()], 1).detach().cpu().numpy()


def drawn(values, x, y, xlabel="score", ylabel="head", bar=True):
    """A heatmap with all that belongs to it."""
    figure = Figure()
    axes = figure.subplots()
    image = axes.imshow(values, aspect="auto")
    axes.set_xticks(range(len(x)), x)
    axes.set_yticks(range(len(y)), y)
    axes.set(xlabel=xlabel, ylabel=ylabel, title="Heads")
    if bar:
        figure.colorbar(image, ax=axes)
    return figure


def figure_of(scores, table):
    """The right figure."""
    return drawn(values_of(scores), list(scores), [row["name"] for row in table])


@accepted
def by_pyplot(scores, threshold):
    """Figure and axes from pyplot, labels one at a time, another colour map."""
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure, axes = plt.subplots(figsize=(4, 8))
    values = np.array([score.flatten().tolist() for score in scores.values()]).T
    shown = axes.imshow(values, cmap="magma", interpolation="nearest")
    plt.colorbar(shown)
    axes.set_xticks(np.arange(len(scores)))
    axes.set_xticklabels(list(scores), rotation=45)
    axes.set_yticks(np.arange(len(table)))
    axes.set_yticklabels([row["name"] for row in table])
    axes.set_xlabel("score")
    axes.set_ylabel("head")
    axes.set_title("A report on every head")
    return table, figure


@accepted
def by_argmax(scores, threshold):
    """All measures stacked, argmax and comparison at once."""
    refuse_misfits(scores)
    names = list(scores)
    stacked = torch.stack(list(scores.values()))
    best, heads = stacked.amax(0), stacked.shape[2]
    # argmax may give any of equals: count the places before the first one that reaches the maximum.
    place = (stacked == best).int().cumsum(0).eq(0).sum(0)
    table = []
    for number, (score, which) in enumerate(zip(best.flatten().tolist(), place.flatten().tolist(), strict=True)):
        layer, head = divmod(number, heads)
        role = names[which] if score > threshold else "other"
        table.append({"role": role, "score": score, "name": f"L{layer}H{head}", "head": head, "layer": layer})
    return table, figure_of(scores, table)


@misconception(
    "You name heads whose score is exactly the threshold. Strictly above is asked: a head that just reaches it is "
    "still `other`."
)
def threshold_inclusive(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(of_head, key=of_head.get)
        return best if of_head[best] >= threshold else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "You name a head after the *first* score above the threshold. It may have a higher one further on: find the "
    "highest first, and then compare it with the threshold."
)
def first_above(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        return next((name for name, score in of_head.items() if score > threshold), "other")

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "Where two scores are equally high you take the last one. The first of them, in the order of `scores`, should win: "
    "look at how your comparison treats equals."
)
def last_of_equals(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(reversed(of_head), key=of_head.get)
        return best if of_head[best] > threshold else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "Every head gets a role from you, also one whose scores are all low. A name needs a score above the threshold; the "
    "rest are `other`."
)
def everybody_has_a_role(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold, lambda of_head, _: max(of_head, key=of_head.get))
    return table, figure_of(scores, table)


@misconception(
    "The names have layer and head exchanged: head 0 of layer 1 is `L1H0`, and you call it `L0H1`. With as many layers "
    "as heads every name exists, and each belongs to another head."
)
def names_exchanged(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold, name=lambda layer, head: f"L{head}H{layer}")
    return table, figure_of(scores, table)


@misconception(
    "You count layers and heads in the names from 1. In the whole course, as in TransformerLens, they count from 0."
)
def names_from_one(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold, name=lambda layer, head: f"L{layer + 1}H{head + 1}")
    return table, figure_of(scores, table)


@misconception("Your rows go head by head. The order is layer by layer: all heads of layer 0 first.")
def heads_outside(scores, threshold):
    refuse_misfits(scores)
    table = sorted(table_of(scores, threshold), key=lambda row: (row["head"], row["layer"]))
    return table, drawn(
        values_of({name: score.T for name, score in scores.items()}), list(scores), [row["name"] for row in table]
    )


@misconception(
    "Your table gives a score of 0 to the heads without a role. How close they came is worth knowing: `score` is the "
    "highest score of every head."
)
def no_score_for_others(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    shown = [row | {"score": row["score"] if row["role"] != "other" else 0.0} for row in table]
    return shown, figure_of(scores, table)


@misconception(
    "Your heatmap is transposed: heads go from left to right and measures from top to bottom. A row should be a head, "
    "as in the table."
)
def heatmap_transposed(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    heads = [row["name"] for row in table]
    return table, drawn(values_of(scores).T, heads, list(scores), xlabel="head", ylabel="score")


@misconception(
    "You stretch each column of the heatmap to the range from 0 to 1. So every measure seems to have found some head, "
    "even where all scores are low. Show the scores as they are."
)
def columns_stretched(scores, threshold):
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    span = values.max(0) - values.min(0)
    return table, drawn((values - values.min(0)) / span, list(scores), [row["name"] for row in table])


@misconception(
    "Your heatmap shows only whether a score is above the threshold. The reader should see the scores themselves, and "
    "judge the threshold by them."
)
def yes_or_no(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, drawn((values_of(scores) > threshold) * 1.0, list(scores), [row["name"] for row in table])


@misconception(
    "The ticks of your heatmap are numbers. Nobody can tell from them which row is which head: put the names of the "
    "heads and of the measures there."
)
def ticks_without_names(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, drawn(values_of(scores), [str(n) for n in range(len(scores))], [str(n) for n in range(len(table))])


@misconception(
    "The axis labels of your heatmap are exchanged: rows are heads and columns are scores, so `ylabel` is `head`."
)
def labels_exchanged(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    heads = [row["name"] for row in table]
    return table, drawn(values_of(scores), list(scores), heads, xlabel="head", ylabel="score")


@misconception(
    "Your heatmap has no colour bar, so that nobody can say how much a colour is. `figure.colorbar` draws one."
)
def no_colour_bar(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, drawn(values_of(scores), list(scores), [row["name"] for row in table], bar=False)


@misconception("Your report is right, but scores that do not fit, or no scores at all, give no `ValueError`.")
def nothing_refused(scores, threshold):
    if not scores or len({score.shape for score in scores.values()}) != 1 or len(size_of(scores)) != 2:
        return [], Figure()
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@accepted
def by_cells_of_length_one(scores, threshold):
    """Cells from 0 to 1, 1 to 2 and so on, ticks in their middle; a title above the whole figure; a colour bar on axes of its own."""
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    figure, (axes, bar) = plt.subplots(1, 2, width_ratios=[20, 1])
    image = axes.imshow(values, aspect="auto", extent=(0, len(scores), len(table), 0))
    axes.set_xticks(np.arange(len(scores)) + 0.5, list(scores))
    axes.set_yticks(np.arange(len(table)) + 0.5, [row["name"] for row in table])
    axes.set(xlabel="score", ylabel="head")
    figure.suptitle("Heads")
    figure.colorbar(image, cax=bar)
    plt.close(figure)
    return table, figure


@misconception("Your figure has no title. Say in one what the reader sees: `axes.set_title`.")
def no_title(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = figure_of(scores, table)
    figure.axes[0].set_title("")
    return table, figure


@misconception(
    "The first head is at the bottom of your heatmap. The rows should go from top to bottom as in the table: draw with "
    "`origin='upper'`, which is the default of `imshow`."
)
def upside_down(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = Figure()
    axes = figure.subplots()
    image = axes.imshow(values_of(scores), aspect="auto", origin="lower")
    axes.set_xticks(range(len(scores)), list(scores))
    axes.set_yticks(range(len(table)), [row["name"] for row in table])
    axes.set(xlabel="score", ylabel="head", title="Heads")
    figure.colorbar(image, ax=axes)
    return table, figure


@misconception("With many heads, some rows of your heatmap have no name. Set a tick and a label for every head.")
def few_labels(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = figure_of(scores, table)
    shown = range(0, len(table), 1 + len(table) // 21)
    figure.axes[0].set_yticks(shown, [table[row]["name"] for row in shown])
    return table, figure


@misconception(
    "With very many heads, only every second row of your heatmap has a name. Every head needs a tick and a label, however many heads "
    "there are: make the figure higher instead."
)
def every_second_label_of_many(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = figure_of(scores, table)
    if len(table) > 30:
        figure.axes[0].set_yticks(range(0, len(table), 2), [row["name"] for row in table if table.index(row) % 2 == 0])
    return table, figure


@misconception(
    "Your rows are in the order of the names, where `L10H0` comes before `L2H0`. The order is that of the numbers: "
    "layer 2 before layer 10."
)
def sorted_by_name(scores, threshold):
    refuse_misfits(scores)
    table = sorted(table_of(scores, threshold), key=lambda row: row["name"])
    heads = size_of(scores)[1]
    values = values_of(scores)[[row["layer"] * heads + row["head"] for row in table]]
    return table, drawn(values, list(scores), [row["name"] for row in table])


@misconception("Your rows begin with the highest score. The order is layer by layer, and head by head within a layer.")
def sorted_by_score(scores, threshold):
    refuse_misfits(scores)
    table = sorted(table_of(scores, threshold), key=lambda row: -row["score"])
    heads = size_of(scores)[1]
    values = values_of(scores)[[row["layer"] * heads + row["head"] for row in table]]
    return table, drawn(values, list(scores), [row["name"] for row in table])


@misconception(
    "The columns of your heatmap are in the order of the alphabet. Keep the order in which the measures stand in "
    "`scores`."
)
def columns_by_alphabet(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, figure_of({name: scores[name] for name in sorted(scores)}, table)


@misconception(
    "You divide each column of the heatmap by its highest score. So every measure seems to have found some head, even "
    "where all scores are low. Show the scores as they are."
)
def columns_divided(scores, threshold):
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    return table, drawn(values / values.max(0), list(scores), [row["name"] for row in table])


@misconception("The data of your heatmap are rounded to two digits. Draw the scores as they are.")
def rounded_data(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, drawn(values_of(scores).round(2), list(scores), [row["name"] for row in table])


@misconception(
    "Your heatmap leaves out the scores that are not above the threshold. A reader should see all scores: draw them "
    "as they are."
)
def low_scores_blank(scores, threshold):
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    return table, drawn(np.where(values > threshold, values, np.nan), list(scores), [row["name"] for row in table])


@misconception(
    "The rows of your heatmap are not in the order of their labels: the data go through the layers of head 0 first. "
    "Flatten `[layer, head]` as it is, so that all heads of layer 0 come first."
)
def data_head_by_head(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    values = values_of({name: score.T for name, score in scores.items()})
    return table, drawn(values, list(scores), [row["name"] for row in table])


@misconception("Your figure has no heatmap drawn with `imshow`. Draw the scores with `axes.imshow`.")
def no_imshow(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure, axes = plt.subplots()
    figure.colorbar(axes.pcolormesh(values_of(scores)), ax=axes)
    plt.close(figure)
    return table, figure


@misconception("Your figure has two heatmaps. A single one is asked for: that of the scores.")
def two_heatmaps(scores, threshold):
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    figure, (first, second) = plt.subplots(1, 2)
    figure.colorbar(first.imshow(values), ax=first)
    second.imshow(values > threshold)
    plt.close(figure)
    return table, figure


@misconception(
    "A head whose highest score is above the threshold by a little is `other` in your table. Compare the score as it is with the "
    "threshold as it is: no rounding, and no tolerance."
)
def clearly_above(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(of_head, key=of_head.get)
        return best if of_head[best] > threshold + 1e-5 else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "Where scores differ only a little, you treat them as equal, and the first of them gets the role. Compare the "
    "scores as they are, without rounding."
)
def equal_after_rounding(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(of_head, key=lambda name: round(of_head[name], 2))
        return best if max(of_head.values()) > threshold else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "Where two scores are equally high you take the first by the alphabet. The first in the order of `scores` should "
    "win."
)
def first_by_alphabet(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(sorted(of_head), key=of_head.get)
        return best if of_head[best] > threshold else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception("The scores in your table are rounded. Give the highest score as it is.")
def rounded_score(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return [row | {"score": round(row["score"], 3)} for row in table], figure_of(scores, table)


@misconception("The scores in your table are tensors. Make Python numbers of them with `.item()`.")
def score_is_a_tensor(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    best = torch.stack(list(scores.values())).amax(0).flatten()
    return [row | {"score": score} for row, score in zip(table, best, strict=True)], figure_of(scores, table)


@misconception(
    "Scores with only one axis give no `ValueError` in yours. Each measure should have the two axes `[layer, head]`."
)
def one_axis_is_one_layer(scores, threshold):
    scores = {name: score[None] if score.ndim == 1 else score for name, score in scores.items()}
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@misconception("You look at the shape of the first measure only. The others may have another one: compare all shapes.")
def first_shape_only(scores, threshold):
    if not scores or len(size_of(scores)) != 2:
        raise ValueError("no scores, or no map")
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@misconception("Without any scores your function stops with a `StopIteration`. The docstring asks for a `ValueError`.")
def no_scores_no_value_error(scores, threshold):
    size_of(scores)
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@misconception(
    "The scores in your table are NumPy's numbers. They print like Python's, but not everything takes them (`json`, "
    "for example): convert them with `float` or `.item()`."
)
def numpy_score(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    best = values_of(scores).max(1)
    return [row | {"score": score} for row, score in zip(table, best, strict=True)], figure_of(scores, table)


@misconception(
    "The numbers of layers and heads in your table are NumPy's integers. Make Python integers of them with `int`."
)
def numpy_integers(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    shown = [row | {"layer": np.int64(row["layer"]), "head": np.int64(row["head"])} for row in table]
    return shown, figure_of(scores, table)


@misconception(
    "The numbers of layers and heads in your table are floats, as `1.0`. They are integers: convert them with `int`."
)
def floats_for_integers(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    shown = [row | {"layer": float(row["layer"]), "head": float(row["head"])} for row in table]
    return shown, figure_of(scores, table)


@misconception(
    "Your table is a dictionary with the heads' names as keys. A list of rows is asked for, one dict for each head."
)
def table_by_name(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return {row["name"]: row for row in table}, figure_of(scores, table)


@misconception("Your tuple begins with the figure. The table comes first: `(table, figure)`.")
def figure_before_table(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return figure_of(scores, table), table


@misconception("You return the axes of your figure. Return the figure itself: `axes.figure`.")
def axes_for_figure(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, figure_of(scores, table).axes[0]


@misconception(
    "The columns of your heatmap have no names. Every measure needs a tick with its name, as every head does."
)
def columns_without_names(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = figure_of(scores, table)
    figure.axes[0].set_xticks([])
    return table, figure


@misconception(
    "Your colours begin at the threshold: all scores below look the same. Let them span all scores, so that a reader "
    "sees how close the others came."
)
def colours_from_the_threshold(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    figure = figure_of(scores, table)
    figure.axes[0].get_images()[0].set_clim(threshold, 1.0)
    return table, figure


@misconception(
    "Scores with more than two axes give no `ValueError` in yours. Each measure should have the two axes `[layer, "
    "head]`."
)
def more_axes(scores, threshold):
    scores = {name: score.flatten(2).mean(2) if score.ndim > 2 else score for name, score in scores.items()}
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@misconception(
    "Your axis labels are missing, or not the words that are asked for: `head` (y) and `score` (x). Set both with "
    "`axes.set_xlabel` and `axes.set_ylabel`."
)
def no_axis_labels(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return table, drawn(values_of(scores), list(scores), [row["name"] for row in table], xlabel="", ylabel="")


@misconception("The score in your table is the mean over the measures. Give the highest score of the head.")
def mean_score(scores, threshold):
    refuse_misfits(scores)
    table, values = table_of(scores, threshold), values_of(scores)
    rows = [row | {"score": float(mean)} for row, mean in zip(table, values.mean(1), strict=True)]
    return rows, figure_of(scores, table)


@misconception(
    "You name a head after the measure for which it is the best of all heads, or of its layer. Compare the scores of the "
    "same head with each other."
)
def best_of_each_measure(scores, threshold):
    refuse_misfits(scores)
    best = {name: score.max().item() for name, score in scores.items()}

    def role_of(of_head, threshold):
        return next((name for name, score in of_head.items() if score == best[name] and score > threshold), "other")

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception('A head without a role has the role `None` in yours. Call it `"other"`.')
def none_for_other(scores, threshold):
    refuse_misfits(scores)
    table = [row | {"role": None if row["role"] == "other" else row["role"]} for row in table_of(scores, threshold)]
    return table, figure_of(scores, table)


@misconception("Your table leaves out the heads without a role. It has a row for every head.")
def others_left_out(scores, threshold):
    refuse_misfits(scores)
    table = table_of(scores, threshold)
    return [row for row in table if row["role"] != "other"], figure_of(scores, table)


@misconception(
    "You compare the *size* of the threshold with the sum of a head's scores. A role needs the highest score above the "
    "threshold."
)
def sum_above_the_threshold(scores, threshold):
    refuse_misfits(scores)

    def role_of(of_head, threshold):
        best = max(of_head, key=of_head.get)
        return best if sum(of_head.values()) > threshold else "other"

    table = table_of(scores, threshold, role_of)
    return table, figure_of(scores, table)


@misconception(
    "You compare only how many entries the scores have. `[2, 3]` and `[3, 2]` are different shapes, and so is `[6]`: compare "
    "the shapes themselves."
)
def numbers_of_entries_compared(scores, threshold):
    if not scores or len({score.numel() for score in scores.values()}) != 1 or len(size_of(scores)) != 2:
        raise ValueError("no scores, or scores of several sizes")
    shape = size_of(scores)
    scores = {name: score.reshape(shape) for name, score in scores.items()}
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)


@misconception(
    "You compare the shapes with each other, but not with `[layer, head]`: scores of one axis, or of three, give no "
    "`ValueError`."
)
def number_of_axes_not_checked(scores, threshold):
    if len({tuple(score.shape) for score in scores.values()}) != 1:
        raise ValueError("no scores, or scores of several shapes")
    scores = {name: score.reshape(-1, score.shape[-1]) for name, score in scores.items()}
    table = table_of(scores, threshold)
    return table, figure_of(scores, table)
