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

# %% [markdown] tags=["hint"]
# Begin with one head: write a hook that changes one slice of `value`, run the model with it, and call `metric` on the
# logits. Two nested loops then make the map. Which indices select *one* head of `value`, and everything along the other
# axes? Look at the table: there are two answers.

# %% [markdown] tags=["hint"]
# Is the map unchanged everywhere? Then the hook does not return anything, or returns what it got. Does every head of a
# layer have the same number? Then you replace the whole activation. A function that is defined in a loop sees the loop
# variable's value when it is *called*. Here this is harmless, if you run the model inside the loop.

# %% [markdown] tags=["hint"]
# In the hook: `value = value.clone()`, then `value[:, :, head] = clean[:, :, head]` for the four vectors, and another
# index for the pattern. Collect `metric(logits)` in a list, and use `torch.stack` at the end.

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
    ### BEGIN SOLUTION
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError(f"activation is 'z', 'q', 'k', 'v' or 'pattern', not {activation!r}")

    def patched_run(layer: int, head: int) -> Tensor:
        name = f"blocks.{layer}.attn.hook_{activation}"
        # One head: of [batch, pos, head, d_head], or of [batch, head, query, key].
        which = (slice(None), head) if activation == "pattern" else (slice(None), slice(None), head)

        def patch(value: Tensor, hook: Any) -> Tensor:
            value = value.clone()
            value[which] = clean_cache[name][which]
            return value

        with torch.no_grad():
            return metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)]))

    layers = model.cfg.n_layers
    # Where several heads share their keys and values, there are fewer of these than heads.
    heads = clean_cache[f"blocks.0.attn.hook_{activation}"].shape[1 if activation == "pattern" else 2]
    results = [patched_run(layer, head) for layer in range(layers) for head in range(heads)]
    return torch.stack(results).reshape(layers, heads)
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** Two heads stand out. L1H2 brings back 1.00, and L2H0 brings back 0.80. No other head brings back a
# twentieth. <!-- claim: ioi.heads --> The columns show that the two do different jobs:
#
# - **L2H0** brings back 0.80 by its query, 0.80 by its pattern, and −0.00 by its values. <!-- claim: ioi.mover-inside --> L2H0 copies the right name
#   once it knows where to look. Wang et al. call such a head a **name mover**.
# - **L1H2** brings back 1.00 by its values and −0.00 by its pattern. <!-- claim: ioi.reader-inside --> L1H2 looks at the same place in both runs, the
#   giver's, and reports *which* name stands there.
#
# The two heads form a chain: patch L1H2, and the query of L2H0 follows. The shares of a chain do not add up to 1,
# because each link alone can bring the answer back. Path patching will show the link itself.
#
# **What is L1H2 looking for?** There are two explanations, and the map fits both. *Repetition*: L1H2 looks at a name
# that comes for the second time. *Giver*: L1H2 looks at the person who gives, named before or not. In all your prompts
# the giver was named before, so your prompts cannot tell the two apart. Which one do you believe? The next exercise,
# `separate_hypotheses`, finds out.
#
# (In the course's model, the attention of L1H2 and L2H0 from END was supervised for a part of the training. What they
# write was not. `mechgrade model-card` tells the story.)
#
# **In GPT-2 small** the circuit of Wang et al. has 26 heads. Among them are the name movers 9.6, 9.9 and 10.0 (section
# 3.1), the **S-inhibition heads** 7.3, 7.9, 8.6 and 8.10 (section 3.2), and *negative* name movers, 10.7 and 11.10
# (section 3.4), which work against the answer. S-inhibition heads stand where L1H2 stands in our chain: they attend to
# S2 and change the query of the name movers.
#
# **With TransformerLens** the module `transformer_lens.patching` has these five maps ready, for example
# `get_act_patch_attn_head_out_all_pos` for $z$.
