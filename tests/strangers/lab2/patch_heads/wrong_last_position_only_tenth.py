# WRONG: the head is patched at the last position (query) alone; promised: 'Patch every head on its own, at all positions, from the clean run into the corrupted run.'
# Generated from solutions/lab2/patch_heads.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Patching one head at a time
#
# The map of the residual stream says *where* the answer is stored, and in which layer it moves. It does not say *who*
# moves it. So patch one attention head at a time: run the model on the corrupted prompt, but let one head $(l, n)$ give
# the output that it gave on the clean prompt. If much of the clean behaviour comes back, this head's work matters.
#
# You can open a head further. Its output $z$ is made from its attention pattern $A$ and its values $v$, and the pattern
# is made from queries $q$ and keys $k$:
#
# $$A^{(l,n)} = \mathrm{softmax}\!\left(\frac{q^{(l,n)} {k^{(l,n)}}^{\top}}{\sqrt{d_{head}}} + \mathrm{mask}\right),
#   \qquad z^{(l,n)}_i = \sum_j A^{(l,n)}_{i,j}\, v^{(l,n)}_j$$
#
# You can patch each of the five alone, and each tells you something else:
#
# - Patching $z$ helps and patching the pattern does not: what counts is *what* is moved, not from where. Look at the
#   values.
# - Patching $q$ does nearly everything: an earlier layer has told the head where to look.
#
# With a metric $m$ of the logits, the map for activation $a \in \{z, q, k, v, A\}$ has one number for each head:
#
# $$M^{(a)}_{l,n} = m\big(\text{corrupted run, with } a^{(l,n)} \leftarrow a^{(l,n)}_{\mathrm{clean}}
#   \text{ at all positions}\big)$$
#
# **Shapes.** The head is not always on the same axis:
#
# | activation | hook name | shape |
# |---|---|---|
# | z, q, k, v | `blocks.{layer}.attn.hook_z`, … `hook_q`, `hook_k`, `hook_v` | `[batch, pos, head, d_head]` |
# | pattern | `blocks.{layer}.attn.hook_pattern` | `[batch, head, query, key]` |
#
# In many newer models several heads share one set of keys and values (*grouped-query attention*; in the course's model
# each head has its own). There the axis `head` of `k` and `v` is shorter, and so is the map.
#
# **With TransformerLens** a hook is a function `hook(value, hook)`.
# `model.run_with_hooks(tokens, fwd_hooks=[(name, function)])` calls it when the activation `name` has been computed,
# goes on with what it *returns*, and removes the hook at the end. `value` is the activation of the corrupted run. A
# `TransformerBridge` in compatibility mode and the deprecated `HookedTransformer` both know the names in the table. The
# cache takes the full name or the short form, `clean_cache["z", layer]`.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 3) studied this task in
# GPT-2 small. Heimersheim and Nanda (2024, [How to use and interpret activation
# patching](https://arxiv.org/abs/2404.15255)) explain how to read such maps, and how to misread them.

# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


# %%
def patch_heads(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    activation: str = "z",
) -> Float[Tensor, "layer head"]:
    """Patch every head on its own, at all positions, from the clean run into the corrupted run.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593; Heimersheim and Nanda 2024,
    https://arxiv.org/abs/2404.15255

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size; no hook is left on it,
            also when `metric` fails.
        corrupted_tokens: the prompts to run, `[batch, pos]`.
        clean_cache: the activations of the clean run, of the same shape; it holds the named activation of every layer
            and is not changed.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor without axes.
        activation: what to patch: `"z"` (the head's output before W_O), `"q"`, `"k"`, `"v"` or `"pattern"`.

    Returns:
        The metric of the patched runs, `[layer, head]`: as the metric gives it, not normalised. In which floating type,
        and on which device, is up to you.
        For `"k"` and `"v"` there are as many heads as the activation has, fewer than `n_heads` where heads share them.

    Raises:
        ValueError: `activation` is none of the five texts, letter for letter.

    """
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError(f"cannot patch {activation!r}")
    axis = 1 if activation == "pattern" else 2
    results = []
    with torch.no_grad():
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.attn.hook_{activation}"
            clean = clean_cache[name]
            count = clean.shape[axis]
            row = []
            for head in range(count):
                which = torch.tensor([head], device=clean.device)

                def patch(value, hook, clean=clean, which=which):
                    patched = value.index_copy(axis, which, clean.index_select(axis, which))
                    places = 3 - axis  # positions of z, q, k, v; queries of the pattern
                    return torch.cat([value.narrow(places, 0, value.shape[places] - 1), patched.narrow(places, value.shape[places] - 1, 1)], dim=places)

                logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])
                row.append(float(metric(logits)))
            results.append(row)
    return torch.tensor(results)


# %% [markdown]
# **Look at it.** The share of the logit difference that comes back: 0 is the corrupted run, 1 the clean run. The
# prompts differ only in the giver (S2), so the right answer changes with it.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(8, seed=1, template=1)
    clean, corrupted = (bench.tokens(texts) for texts in zip(*((p.clean, p.corrupted) for p in prompts), strict=True))
    right, wrong = (bench.tokens(names)[:, 1] for names in zip(*((p.answer, p.wrong) for p in prompts), strict=True))
    rows = torch.arange(len(prompts))

    def logit_difference(logits: Tensor) -> Tensor:
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean()

    logits, cache = bench.model.run_with_cache(clean)
    top, bottom = logit_difference(logits), logit_difference(bench.model(corrupted))
    print(prompts[0].clean, "…\n" + prompts[0].corrupted, "…")
    print(f"logit difference: clean {top:.2f}, corrupted {bottom:.2f}")
    names = ("z", "q", "k", "v", "pattern")
    maps = {
        name: (patch_heads(bench.model, corrupted, cache, logit_difference, name) - bottom) / (top - bottom)
        for name in names
    }
    heads = [f"L{layer}H{head}" for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    plots.heatmap(
        torch.stack([maps[name].flatten() for name in names], dim=-1),
        x=list(names),
        y=heads,
        xlabel="patched activation",
        ylabel="head",
        title="Each head patched on its own",
        value="recovered logit difference",
        save="patching_results/patch_heads",
    )
    for name in names:
        best = int(maps[name].argmax())
        print(f"{name:8} strongest head {heads[best]}, recovers {maps[name].flatten()[best]:.2f}")
