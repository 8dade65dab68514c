# %% [markdown]
# # A report on every head
#
# You have measured heads in several ways: where they look (induction, previous token, duplicate token, first token),
# and what they copy. Before you go on, put the numbers side by side. A reader who was not there must see what every
# head does, and why you say so. In this exercise you make the two parts of such a report: a **table** for programs and
# a **heatmap** for eyes.
#
# **Naming heads.** Let $s_m(l, n)$ be the score of head $n$ of layer $l$ on measure $m$. All measures here run from 0
# to 1 and mean "this much of its attention does this". A head is named after its strongest measure, if that is strong
# enough:
#
# $$m^* = \underset{m}{\arg\max}\; s_m(l, n), \qquad
#   \mathrm{role}(l, n) = \begin{cases} m^* & s_{m^*}(l, n) > \theta \\ \text{"other"} & \text{else} \end{cases}$$
#
# - The score must be strictly above the threshold $\theta$.
# - If two measures are equally strong, the one that comes first among the scores wins.
# - "Other" is an honest name: none of *these* measures describes the head. It does not mean that the head does nothing.
#
# **A small example.** With $\theta = 0.4$: a head with induction 0.1 and previous 0.9 is "previous". A head with
# induction 0.3 and previous 0.2 is "other".
#
# **Shapes.** Each measure is `[layer, head]`. The table has one row for each head, layer by layer: head 0 of layer 0
# first. The heatmap has the same heads from top to bottom and the measures from left to right, so its data is
# `[layer * head, measure]`.
#
# **A figure that can be read.** A reader needs to know what the rows and the columns are (axis labels), which row is
# which (tick labels), what a colour means (a colour bar), and what to see in the figure (a title). The colours should
# show the *scores*. If you normalise each column, every measure looks as if it had found something.
#
# Olsson et al. (2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895)) compare the heads of
# many models in such reports. In Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593),
# figure 2) heads get names by what they do in a circuit.

# %% [markdown] tags=["hint"]
# Make the table first: two loops, layer outside and head inside. For one head collect its score on each measure and
# find the largest. Compare it with the threshold after that. Python's `max(names, key=…)` gives the first of equals.

# %% [markdown] tags=["hint"]
# Table and heatmap hold the same numbers. For the heatmap each measure becomes a *column*: flatten `[layer, head]` row
# by row, and stack the flat measures along a new last axis. Then `axes.imshow(…, aspect="auto")`.

# %% [markdown] tags=["hint"]
# `axes.set_xticks(positions, labels)` sets ticks and names together. If you set names alone, they go to the ticks that
# matplotlib has chosen. The colour bar belongs to the figure: `figure.colorbar(image, ax=axes)`.

# %%
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


# %%
def head_report(
    scores: dict[str, Float[Tensor, "layer head"]], threshold: float
) -> tuple[list[dict[str, str | int | float]], Figure]:
    """Name every head after its strongest score, in a table, and show all scores in a heatmap.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895; Wang et al. 2022, https://arxiv.org/abs/2211.00593

    Args:
        scores: the measures by their names, each of shape `[layer, head]`.
        threshold: a head gets a role if its highest score is strictly above it. (A score that differs from it by rounding
            alone may be above or not.)

    Returns:
        A tuple `(table, figure)`. `table` has a dict for each head, in the order of layers and, within a layer, of
        heads: `"name"` (such as `"L1H0"`: layer 1, head 0), `"layer"`, `"head"` (integers), `"role"` (the name of the
        highest score, the first of equal ones; `"other"` if it is not above the threshold), `"score"` (the highest
        score, a Python float, whatever the role). `figure` is a matplotlib figure with a single heatmap, drawn with
        `imshow`: its data are the scores as they are, a row for each head as in the table and a column for each
        measure as in `scores`. The first row is on top. Every row and every column has a tick label: the heads' names (y)
        and the measures' names (x). The axis labels are `head` (y) and `score` (x). The figure has a title (of the axes or
        of the whole figure) and a colour bar.

    Raises:
        ValueError: there are no scores, or not all are of the same shape `[layer, head]`.

    """
    ### BEGIN SOLUTION
    shapes = {tuple(score.shape) for score in scores.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError(f"all scores should have one shape [layer, head], but there are {sorted(shapes)}")
    layers, heads = shapes.pop()
    table: list[dict[str, str | int | float]] = []
    for layer in range(layers):
        for head in range(heads):
            of_head = {name: score[layer, head].item() for name, score in scores.items()}
            best = max(of_head, key=lambda name: of_head[name])
            role = best if of_head[best] > threshold else "other"
            name = f"L{layer}H{head}"
            table.append({"name": name, "layer": layer, "head": head, "role": role, "score": of_head[best]})

    values = torch.stack([score.flatten() for score in scores.values()], dim=-1).detach().cpu().numpy()
    figure = Figure(figsize=(2.5 + len(scores), 1.5 + 0.35 * len(table)), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="score")
    axes.set_xticks(range(len(scores)), list(scores))
    axes.set_yticks(range(len(table)), [str(row["name"]) for row in table])
    axes.set(xlabel="score", ylabel="head", title="What every head does")
    return table, figure
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The report on the heads of the course model, on repeated random tokens.

# %% tags=["demo"]
if __name__ == "__main__":
    from pathlib import Path

    from mechgrade.bench import open_bench
    from mechgrade.course import find_course

    bench = open_bench()
    half = 20
    tokens = bench.repeated_tokens(batch=4, half=half, seed=1)
    pattern = bench.patterns(tokens)
    second = torch.arange(half + 1, 2 * half + 1)
    scores = {
        "induction": pattern[..., second, second - half + 1].mean(dim=(1, 3)),
        "previous": pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3)),
        "duplicate": pattern[..., second, second - half].mean(dim=(1, 3)),
        "first": pattern[..., 1:, 0].mean(dim=(1, 3)),
    }
    table, figure = head_report(scores, threshold=0.4)
    for row in table:
        print(f"{row['name']:6} {row['role']:10} {row['score']:.2f}")
    path = Path(find_course(), "outputs/attention_patterns/head_report.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"saved {path}")

# %% [markdown] tags=["found"]
# **What you found.** On one page you see which heads make up the induction circuit, in which layers they are, and which
# heads these measures do not explain. The last group is where research begins. What would you measure next?
#
# Put three warnings under such a table:
#
# - A role holds *on this kind of input*. On repeated random tokens a head may look idle that works on names or on
#   syntax. For example, L2H0 is "other" here, <!-- claim: report.mover --> and in Lab 2 it writes the answer.
# - A threshold is a decision of yours. Say which one you took, and whether the picture changes with it.
# - A name is a hypothesis about what a head is for. Ablation tests it, a score does not.
#
# (In the course's model, the attention of some of these heads was supervised for a part of the training;
# `mechgrade model-card` says which.)
#
# **In GPT-2 small** the same report has 144 rows: run this file with `MODEL=gpt2-small`. Count the rows that come out
# as "first": a head that rests on BOS has not shown what it is for. In the circuit that Wang et al. (2022, figure 2)
# found for indirect objects, 26 heads have a part, in seven groups. Three of the groups are previous-token,
# duplicate-token and induction heads.
#
# **With TransformerLens** everything here works on plain tensors, so a `TransformerBridge` and the deprecated
# `HookedTransformer` give the same report. To look into one head further, the library CircuitsVis draws attention
# patterns that you can point at, in a notebook.
