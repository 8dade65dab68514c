# Generated from solutions/lab1/heads_attending_to.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Who looks at France?
#
# You can compute an attention pattern. Now look at patterns. To answer "The capital of France is", the model needs
# information about France at the last position, where it predicts the answer. Which heads look from there at "France"?
# You answer in two steps: a picture of one head, then a list of all heads that look at a word.
#
# ## One head: a picture
#
# A pattern is a square of numbers, and a picture of the square says more than the numbers. You will need this figure
# again and again: one pattern as a heatmap, with the tokens on both axes. A reader needs three things from it:
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
# ## All heads: a list
#
# A picture shows one head. Now ask every head, and get a list. The first suspects are the heads whose *last* position
# attends to "France". Let $A^{(l,n)}_{i,j}$ be the pattern of head $n$ in layer $l$, and $P$ the positions of the word:
#
# $$a(l, n) = \sum_{j \in P} A^{(l,n)}_{\,\mathrm{last},\, j}, \qquad \text{listed if } a(l, n) > \theta$$
#
# **A small example.** The word stands at the positions 2 and 4. A head's last row is `[0.1, 0.0, 0.3, 0.2, 0.4]`. Then
# $a = 0.3 + 0.4 = 0.7$, and the head is listed for $\theta = 0.5$.
#
# **Finding the word.** `model.to_str_tokens(prompt)` gives the tokens as texts, with BOS first. Older material looks up
# the word with `tokens.index("France")`. That raises an error: in the middle of a sentence, GPT-2's token is
# `" France"`, with a space in front. So remove the spaces on both sides before you compare, and accept the word with or
# without its space. A word can also occur twice. Then the attention to *all* its places counts, because the head may
# read any of them.
#
# ## Shapes
#
# For the picture, `pattern` is `[query, key]`, from `cache["pattern", layer][batch, head]`; `tokens` are the texts that
# `model.to_str_tokens` gives, leading spaces included, one for each position. For the list, `pattern` is
# `[layer, head, query, key]`, of one prompt. Rows are the positions that look.

# %%
import torch
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
    count = len(tokens)
    if pattern.ndim != 2 or pattern.shape[0] != count or pattern.shape[1] != count:
        raise ValueError(f"a pattern of shape {tuple(pattern.shape)} does not fit {count} tokens")
    side = min(max(4.0, 0.25 * count), 60.0)
    figure = plt.figure()
    axes = figure.add_subplot()
    figure.set_layout_engine("constrained")
    figure.set_size_inches(side + 1.5, side + 1.0)
    image = axes.imshow(pattern.detach().to("cpu", torch.float32).numpy(), origin="upper", cmap="Blues")
    axes.set_xticks(range(count), tokens, rotation=90, parse_math=False)
    axes.set_yticks(range(count), tokens, parse_math=False)
    axes.set_xlabel("key (attended to)")
    axes.set_ylabel("query (attends)")
    axes.set_title(title, parse_math=False)
    figure.colorbar(image, ax=axes, label="attention")
    return figure


# %%
def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    """List the heads whose last position attends to a word by more than a threshold.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        pattern: the attention patterns of one prompt, shape `[layer, head, query, key]`.
        str_tokens: the texts of the prompt's tokens, one for each position.
        word: the word to look for, never empty, with or without spaces around it. A token counts when its text equals
            the word after both are stripped of all surrounding spaces (other white space, such as a line break, may be
            stripped or not). Upper and lower case are different, and several tokens that spell the word together do
            not count.
        threshold: heads with attention strictly above it are listed (in float32 or as Python numbers: rounding may
            decide about a head that meets it). It may be negative: then a head with attention 0 is listed too.

    Returns:
        Tuples `(layer, head, attention)` in ascending order of `(layer, head)`; the attention is the sum over all
        places of the word, a Python float. Empty when no head is above the threshold.

    Raises:
        ValueError: no token is the word.

    """
    wanted = word.strip(" ")
    is_word = torch.tensor([text.strip(" ") == wanted for text in str_tokens], device=pattern.device)
    if not is_word.any():
        raise ValueError(f"no token is {wanted!r}")
    last = pattern[:, :, -1, :].detach().masked_fill(~is_word, 0.0).sum(dim=-1)  # [layer, head]
    found = []
    for layer, row in enumerate(last.tolist()):
        found += [(layer, head, attention) for head, attention in enumerate(row) if attention > threshold]
    return found


# %% [markdown]
# **Look at it.** First the question of the quickstart: who looks at "France"? Then the picture of the head that looks
# most.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots
    from mechgrade.course import find_course

    bench = open_bench()
    prompt = "The capital of France is"
    logits, cache = bench.model.run_with_cache(bench.model.to_tokens(prompt))
    str_tokens = bench.model.to_str_tokens(prompt)
    print(f"{prompt!r}: the model says {bench.model.tokenizer.decode([logits[0, -1].argmax().item()])!r}")
    pattern = torch.stack([cache["pattern", layer][0] for layer in range(bench.n_layers)])
    for layer, head, attention in heads_attending_to(pattern, str_tokens, "France", 0.3):
        print(f"L{layer}H{head}: {attention:.0%} of its attention to 'France'")
    attention = torch.zeros(bench.n_layers, bench.n_heads)
    for layer, head, value in heads_attending_to(pattern, str_tokens, "France", -1.0):
        attention[layer, head] = value
    plots.heatmap(
        attention,
        x=[f"H{head}" for head in range(bench.n_heads)],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="head",
        ylabel="layer",
        title="Attention from the last position to ' France'",
        value="attention",
        save="attention_patterns/heads_attending_to",
    )
    layer, head = divmod(int(attention.argmax()), bench.n_heads)
    figure = plot_attention(pattern[layer, head], str_tokens, f"What does L{layer}H{head} attend to?")
    path = find_course() / "outputs" / "attention_patterns" / "plot_attention.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    print(f"saved {path}")
