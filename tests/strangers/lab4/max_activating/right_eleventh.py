# Generated from solutions/lab4/max_activating.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What a latent responds to
#
# A latent has no name when training ends. So first look at the texts on which it is most active, its **top activating
# examples**. Every dashboard of latents shows such a list, and every automatic description of a latent starts from one.
#
# The list is only as good as its rules. Public code often breaks one of these:
#
# - **Strongest first.** Examples with the same activation come in the order of their rows.
# - **One example a text.** Otherwise a latent that is active on a whole sentence would fill the list with that
#   sentence. A text is represented by the position at which it activates the latent most. If there are several, take
#   the first.
# - **Only what is active.** A text on which the latent is silent is no example. So the list may be shorter than $k$.
#   Any activation above 0 is active, even a weak one.
# - **Only text.** Special positions (BOS, padding) do not count as active and do not appear in windows.
# - **In context.** Show up to $w$ tokens on each side of the position $p$, from $p - w$ to $p + w$. At the edge of a
#   text the window ends. It does not wrap around, and it is not filled up.
#
# **A small example.** One text has the tokens `BOS a b c d` and the activations `0 0 3 1 0`. With $w = 2$ the peak is
# `b` at position 2. The window would go from 0 to 4, but BOS is not text: it is `a b c d`, and the peak is entry 1 of
# the window.
#
# **Shapes.** `activations`: one latent's activation at every position, `[batch, pos]`; `tokens` and `text`, which says
# what is text, have the same shape. The text of a row is one stretch, without special positions in between.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features),
# who show such lists for every feature; Bills et al. 2023, [Language models can explain neurons in language
# models](https://openaipublic.blob.core.windows.net/neuron-explainer/paper/index.html), who let a model read them.

# %%
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


# %%
def max_activating(
    activations: Float[Tensor, "batch pos"],
    tokens: Int[Tensor, "batch pos"],
    text: Bool[Tensor, "batch pos"],
    k: int,
    window: int,
) -> list[dict[str, Any]]:
    """List the texts on which a latent is most active, with their context.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        activations: the latent's activations, none negative, shape `[batch, pos]`.
        tokens: the texts, shape `[batch, pos]`.
        text: which positions are text; in each row one stretch, perhaps an empty one, shape `[batch, pos]`.
        k: the largest number of examples; 0 gives an empty list.
        window: the largest number of tokens to show on each side.

    Returns:
        At most k examples, the strongest first, at most one from each row, and none at which the latent is silent. Each
        is a dict:

        - `activation`: the latent's activation, a float;
        - `row` and `position`: where it is in `tokens`;
        - `window`: the ids of the tokens around it, a list of integers, as far as there is text;
        - `peak`: the place of the position within `window`.

    """
    examples: list[dict[str, Any]] = []
    rows = zip(activations.tolist(), tokens.tolist(), text.tolist(), strict=True)
    for row, (values, ids, real) in enumerate(rows):
        best = None
        for position, (value, is_text) in enumerate(zip(values, real, strict=True)):
            if is_text and value > 0 and (best is None or value > values[best]):
                best = position
        if best is None:
            continue
        left = right = best
        while left > 0 and best - left < window and real[left - 1]:
            left -= 1
        while right + 1 < len(ids) and right - best < window and real[right + 1]:
            right += 1
        examples.append(
            {
                "activation": float(values[best]),
                "row": row,
                "position": best,
                "window": ids[left : right + 1],
                "peak": best - left,
            }
        )
    examples.sort(key=lambda example: -example["activation"])  # a stable order: equal ones stay by row
    return examples[:k]


# %% [markdown]
# **Look at it.** The top examples of some latents, as a table. Say what each latent stands for before you read on. Then
# look for an example that speaks against your answer.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench
    from mechgrade.course import find_course

    from interp.prompts import mixed_prompts

    bench = open_bench()
    name = bench.sae.cfg.metadata.hook_name
    tokens = bench.tokens(["".join(sentence) for sentence in mixed_prompts(400, seed=0)])
    text = tokens != bench.bos  # here the padding is the same token
    with torch.no_grad():
        latents = bench.sae.encode(bench.cache(tokens, [name])[name])
    rate = (latents[text] > 0).float().mean(dim=0)
    # Latents between rare and common, the ones with the highest peaks.
    peaks = latents[text].max(dim=0).values * ((rate > 0.005) & (rate < 0.05))
    lines = ["# What some latents respond to", ""]
    for latent in peaks.topk(8).indices.tolist():
        lines += [f"## Latent {latent}, active at {rate[latent]:.1%} of all tokens", ""]
        for example in max_activating(latents[..., latent], tokens, text, k=6, window=5):
            words = [bench.model.to_string([token]) for token in example["window"]]
            words[example["peak"]] = f" **{words[example['peak']].strip()}**"
            lines.append(f"- {example['activation']:5.1f}: {''.join(words).strip()}")
        lines.append("")
    print("\n".join(lines))
    path = find_course() / "outputs" / "sae_features" / "top_examples.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    print(f"saved {path}")
