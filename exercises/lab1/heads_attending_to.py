# Generated from solutions/lab1/heads_attending_to.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Which heads look at a word
#
# The last picture showed one head. Now ask every head, and get a list. To answer "The capital of France is", the
# model needs information about France at the last position, where it predicts the answer. So the first suspects are
# the heads whose *last* position attends to "France". Let $A^{(l,n)}_{i,j}$ be the pattern of head $n$ in layer $l$,
# and $P$ the positions of the word:
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
# **Shapes.** `pattern` is `[layer, head, query, key]`, of one prompt. Rows are the positions that look.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    """List the heads whose last position attends to a word by more than a threshold.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        pattern: the attention patterns of one prompt, shape `[layer, head, query, key]`.
        str_tokens: the texts of the prompt's tokens, one for each position.
        word: the word to look for, with or without spaces around it. A token counts when its text equals the word
            after both are stripped of all surrounding spaces. Upper and lower case are different, and several tokens
            that spell the word together do not count.
        threshold: heads with attention strictly above it are listed. It may be negative: then a head with attention 0
            is listed too.

    Returns:
        Tuples `(layer, head, attention)` in ascending order of `(layer, head)`; the attention is the sum over all
        places of the word, a Python float. Empty when no head is above the threshold.

    Raises:
        ValueError: no token is the word.

    """
    raise NotImplementedError("heads_attending_to: not written yet")


# %% [markdown]
# **Look at it.** The question of the quickstart: who looks at "France"?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

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
