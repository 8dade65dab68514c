# Generated from solutions/lab1/plot_attention.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # A picture of attention
#
# You can compute an attention pattern. Now look at one. A pattern is a square of numbers, and a picture of the square
# says more than the numbers. In this exercise you make the figure that you will need again and again: one pattern as a
# heatmap, with the tokens on both axes.
#
# A reader needs three things from such a figure:
#
# - **Which way round?** Rows are queries (the position that looks), columns are keys (what it looks at). Name the axes:
#   both carry the same tokens, so the labels alone do not tell.
# - **Which token?** Every position has its label, on both axes.
# - **How much?** A colour bar.
#
# **matplotlib** in short: `figure, axes = plt.subplots()` makes a figure; `axes.imshow(array)` draws an array with row
# 0 at the top and column 0 at the left; `axes.set_xticks(positions, labels)` puts labels at positions. Without
# positions matplotlib chooses the places of the ticks itself, and labels end up in wrong places. The array must be on
# the CPU and without a gradient. Older notebooks end with `plt.show()`, which draws the figure and gives you nothing to
# keep. Here you return the figure.
#
# **Shapes.** `pattern` is `[query, key]`, from `cache["pattern", layer][batch, head]`; `tokens` are the texts that
# `model.to_str_tokens` gives, leading spaces included, one for each position.

# %%
from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


# %%
def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    """Draw one attention pattern as a heatmap with the tokens on both axes.

    Source: https://matplotlib.org/stable/api/_as_gen/matplotlib.axes.Axes.imshow.html.

    Args:
        pattern: one head's attention pattern on one text, shape `[query, key]`; it may lie on any device and may
            require a gradient.
        tokens: the texts of the tokens, one for each position.
        title: the figure's title.

    Returns:
        A matplotlib figure with one image (`imshow`) that shows the pattern: queries downwards, keys to the right, the
        first position at the top left. The x-axis is named `key`, the y-axis `query` (more words may follow). The
        figure has a colour bar.

        - Every position is labelled with its token on both axes, as given, however many tokens there are.
        - The title stands above the image or above the whole figure, as given, however long it is.
        - Each call makes a figure of its own, also with the same title.

    Raises:
        ValueError: the pattern is not a square with one row and column for each token.

    """
    raise NotImplementedError("plot_attention: not written yet")


# %% [markdown]
# **Look at it.** The head that looks most at " France" from the end of "The capital of France is".

# %% tags=["demo"]
if __name__ == "__main__":
    import torch

    from mechgrade.bench import open_bench
    from mechgrade.course import find_course

    bench = open_bench()
    prompt = "The capital of France is"
    _, cache = bench.model.run_with_cache(bench.model.to_tokens(prompt))
    tokens = bench.model.to_str_tokens(prompt)
    pattern = torch.stack([cache["pattern", layer][0] for layer in range(bench.n_layers)])
    layer, head = divmod(int(pattern[:, :, -1, tokens.index(" France")].argmax()), bench.n_heads)
    figure = plot_attention(pattern[layer, head], tokens, f"What does L{layer}H{head} attend to?")
    path = find_course() / "outputs" / "attention_patterns" / "plot_attention.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"saved {path}")
