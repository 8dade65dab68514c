# Generated from solutions/lab3/head_report.py by mechgrade build. This copy is yours: write your code in it.
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
    raise NotImplementedError("head_report: not written yet")


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
