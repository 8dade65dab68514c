# WRONG: the duplicate score is averaged inside each sequence first and then over the sequences that have copies, not over the queries of the whole batch together; promised: 'summed over them, mean over those queries of the whole batch for which there is at least one'
# Generated from solutions/lab3/attention_motifs.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Attention motifs
#
# Most heads of a small transformer have a few simple habits. Four of them are so common that you should measure them
# for every head before you ask anything else:
#
# - a **previous-token** head looks one position back. It moves the token before into the present position, and an
#   induction head in a later layer needs this;
# - a **current-token** head looks at its own position;
# - a **first-token** head looks at position 0, BOS. Usually this means that the head is at rest: attention must sum to
#   1, so a head with nothing to do must put it somewhere;
# - a **duplicate-token** head looks at earlier occurrences of its own token.
#
# **Definitions.** $A^{(l,n)}_{b,\,q,\,k}$ is the attention of head $n$ in layer $l$ from query $q$ to key $k$, for
# sequence $b$ of a batch $\mathcal{B}$ with tokens $t_{b,q}$ and positions $0 \dots P-1$. The row $q = 0$ never counts:
# BOS can only look at itself, so this row is the same for every head and says nothing. Three motifs average over all
# other rows:
#
# $$\mathrm{previous} = \frac{1}{|\mathcal{B}|(P-1)} \sum_{b} \sum_{q=1}^{P-1} A_{b,q,q-1} \qquad
#   \mathrm{current} = \frac{1}{|\mathcal{B}|(P-1)} \sum_{b} \sum_{q=1}^{P-1} A_{b,q,q} \qquad
#   \mathrm{first} = \frac{1}{|\mathcal{B}|(P-1)} \sum_{b} \sum_{q=1}^{P-1} A_{b,q,0}$$
#
# The fourth motif averages only over the rows in which there is something to find. Let
# $E_{b,q} = \{k < q : t_{b,k} = t_{b,q}\}$ be the earlier occurrences of the query's token, and
# $D = \{(b, q) : E_{b,q} \neq \emptyset\}$ the queries that have any, of the whole batch together:
#
# $$\mathrm{duplicate} = \frac{1}{|D|} \sum_{(b,q) \in D} \;\sum_{k \in E_{b,q}} A_{b,q,k}$$
#
# **A small example.** The tokens are `BOS, a, b, a`, and the last row of a pattern is `[0.1, 0.6, 0.1, 0.2]`. Only the
# last query has an earlier copy, at position 1. So duplicate = 0.6.
#
# Some cases to know:
#
# - If a token has occurred several times before, the attention on all its earlier copies adds up.
# - If nothing repeats at all, $D$ is empty, and the score is 0.
# - Position 0 is a key like any other.
# - The motifs overlap: at $q = 1$ the previous position *is* the first.
#
# **Shapes.** `pattern` is `[layer, batch, head, query, key]`, `tokens` is `[batch, pos]`, and each of the four results
# is `[layer, head]`.
#
# Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html), "Induction Heads") describe previous-token
# heads as a part of the induction circuit. Wang et al. (2022, [Interpretability in the
# Wild](https://arxiv.org/abs/2211.00593), section 3.3) found duplicate-token heads in GPT-2 small.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def attention_motifs(
    pattern: Float[Tensor, "layer batch head query key"], tokens: Int[Tensor, "batch pos"]
) -> dict[str, Float[Tensor, "layer head"]]:
    """Score every head on four simple habits of attention.

    The query at position 0 (BOS) never counts.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html; Wang et al. 2022,
    https://arxiv.org/abs/2211.00593

    Args:
        pattern: attention patterns, all layers stacked, always five axes: `[layer, batch, head, query, key]`, `query = key =
            pos`; each row (over key) sums to 1.
        tokens: the token ids that the patterns were computed on, `[batch, pos]`.

    Returns:
        Four scores between 0 and 1, each of shape `[layer, head]`:
        `"previous"`, attention to the position before, mean over the batch and the queries `1 … pos - 1`;
        `"current"`, attention to the query's own position, mean over the same;
        `"first"`, attention to position 0, mean over the same;
        `"duplicate"`, attention to all earlier positions that hold the query's token, summed over them, mean over those
        queries of the whole batch for which there is at least one (0 where there is none at all).

    Raises:
        ValueError: the shapes of `pattern` and `tokens` do not fit together (another batch, or another number of queries
            or keys than of tokens), or there are fewer than two positions.

    """
    if pattern.dim() != 5 or tokens.dim() != 2:
        raise ValueError("pattern must have five axes and tokens two")
    batch, pos = tokens.shape
    if pattern.shape[1] != batch:
        raise ValueError(f"pattern has a batch of {pattern.shape[1]}, tokens one of {batch}")
    if pattern.shape[3] != pos or pattern.shape[4] != pos:
        raise ValueError(f"pattern is {tuple(pattern.shape[3:])}, but there are {pos} tokens")
    if pos < 2:
        raise ValueError("at least two positions are needed")

    before = torch.arange(pos - 1, device=pattern.device)
    present = before + 1
    rows = pattern[:, :, :, 1:]  # without the query at BOS
    scores = {
        "previous": pattern[..., present, before].mean(dim=(1, 3)),
        "current": pattern[..., present, present].mean(dim=(1, 3)),
        "first": rows[..., 0].mean(dim=(1, 3)),
    }

    ids = tokens.to(pattern.device)
    same = (ids.unsqueeze(2) == ids.unsqueeze(1)).tril(diagonal=-1)  # [batch, query, key]
    asked = same.any(dim=-1)
    on_copies = torch.einsum("lbhqk,bqk->lbhq", pattern, same.to(pattern.dtype))
    each = on_copies.sum(dim=3) / asked.sum(dim=1).clamp(min=1)[None, :, None]
    scores["duplicate"] = each.sum(dim=1) / max(int(asked.any(dim=1).sum()), 1)
    return scores


# %% [markdown]
# **Look at it.** One row for each head, one column for each motif, on repeated random tokens.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    tokens = bench.repeated_tokens(batch=4, half=20, seed=1)
    _, cache = bench.model.run_with_cache(tokens)
    pattern = torch.stack([cache["pattern", layer] for layer in range(bench.n_layers)])
    motifs = attention_motifs(pattern, tokens)
    heads = [f"L{layer}H{head}" for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    table = torch.stack([score.flatten() for score in motifs.values()], dim=-1)
    print("head    " + "".join(f"{name:>11}" for name in motifs))
    for name, row in zip(heads, table.tolist(), strict=True):
        print(f"{name:8}" + "".join(f"{score:11.2f}" for score in row))
    plots.heatmap(
        table,
        x=list(motifs),
        y=heads,
        xlabel="motif",
        ylabel="head",
        title="What every head does on repeated random tokens",
        value="mean attention",
        save="attention_patterns/attention_motifs",
    )
