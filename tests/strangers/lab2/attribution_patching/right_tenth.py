# Generated from solutions/lab2/attribution_patching.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Attribution patching
#
# A map of all heads takes one run for each head, and a map of all heads at all positions takes many more. In a large
# model this is too slow. **Attribution patching** estimates the whole map from three passes: a clean run, a corrupted
# run, and *one* backward pass.
#
# The idea is a first-order Taylor expansion. Take the metric $m$ of the corrupted run as a function of one head's
# output $z$. Patching moves $z$ from $z_{\mathrm{corr}}$ to $z_{\mathrm{clean}}$. If the metric were linear between the
# two, the change would be
#
# $$m(z \leftarrow z_{\mathrm{clean}}) - m(z_{\mathrm{corr}}) \;\approx\; \sum_{b,\,i,\,d}
#   \big(z_{\mathrm{clean}} - z_{\mathrm{corr}}\big)_{b,i,d}\;
#   \frac{\partial m}{\partial z_{b,i,d}}\bigg|_{\mathrm{corrupted\ run}}$$
#
# for sequence $b$, position $i$ and component $d$ of the head. The gradient is taken in the run that gets patched. One
# backward pass gives this gradient for *all* heads of all layers.
#
# **A small example.** Let $m(z) = z^2$, $z_{\mathrm{corr}} = 1$ and $z_{\mathrm{clean}} = 3$. The true change is
# $9 - 1 = 8$. The estimate is $(3 - 1) \cdot 2 = 4$. For $z_{\mathrm{clean}} = 1.1$ the true change is 0.21, and the
# estimate is 0.2.
#
# **Shapes.** Each layer's `hook_z` is `[batch, pos, head, d_head]`, and so is its gradient. The result is
# `[layer, head]`. The metric is already a mean over the batch, so its gradient contains the $1/|\mathcal{B}|$: sum over
# the batch.
#
# **With TransformerLens: where gradients come from.** PyTorch records a computation for the backward pass when
# something in it has `requires_grad`. Usually these are the weights. In the course's models the weights have it
# switched off, because nothing is trained and gradients cost memory. So without further work there is nothing to
# differentiate:
#
# ```
# RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn
# ```
#
# Do not switch the weights on again. It is enough that the *first activation* asks for gradients. A hook at
# `hook_embed` can return `value.detach().requires_grad_(True)`, and everything computed from it, all of the `hook_z`,
# is recorded. A second kind of hook keeps the `hook_z` tensors. Then `torch.autograd.grad(metric(logits), [z0, z1, …])`
# gives one gradient for each.
#
# The two model classes differ in one point. A `HookedTransformer` goes on with the same tensor that your hook got. A
# `TransformerBridge` may give your hook a reshaped view, and it goes on with the original unless the hook *returns*
# something. So return what you keep. That works on both.
#
# The method is due to Neel Nanda (2023, [Attribution
# Patching](https://www.neelnanda.io/mechanistic-interpretability/attribution-patching)). Syed et al. (2023,
# [Attribution Patching Outperforms Automated Circuit Discovery](https://arxiv.org/abs/2310.10348)) use it on edges, and
# Kramár et al. (2024, [AtP*](https://arxiv.org/abs/2403.00745), section 3) study where it fails.

# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def attribution_patching(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer head"]:
    """Estimate, to first order, how patching each head's output would change the metric of the corrupted run.

    Source: Nanda 2023, https://www.neelnanda.io/mechanistic-interpretability/attribution-patching

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size, whose weights do not
            require gradients. It is left as it was, also when `metric` fails: no hook, no gradient, no weight switched on.
        clean_tokens: the prompts to patch from, `[batch, pos]`.
        corrupted_tokens: the prompts to patch into, of the same shape.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor without axes; differentiable.

    Returns:
        The estimated *change* of the metric for each head, `[layer, head]`: z of the clean run minus z of the corrupted
        run, times the metric's gradient by z in the corrupted run, summed over batch, positions and `d_head`. It takes
        one backward pass, and does not require gradients itself. The caller may have switched gradients off with
        `torch.no_grad()`; the estimate is the same.

    Raises:
        ValueError: the two batches of tokens have different shapes.

    """
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError(f"shapes differ: {tuple(clean_tokens.shape)} and {tuple(corrupted_tokens.shape)}")
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, clean = model.run_with_cache(clean_tokens, names_filter=names)

    # Add a zero to every z. The gradient by this zero is the gradient by z, and it is a leaf: nothing else is switched on.
    zeros, seen = {}, {}

    def add_zero(name):
        def hook_function(z, hook):
            seen[name] = z.detach().clone()
            zeros[name] = torch.zeros_like(seen[name], requires_grad=True)
            return z + zeros[name]

        return hook_function

    with torch.enable_grad():
        hooks = [(name, add_zero(name)) for name in names]
        value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))
        leaves = [zeros[name] for name in names]
        gradients = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
    with torch.no_grad():
        moved = torch.stack([clean[name] - seen[name] for name in names])
        return (moved * torch.stack(gradients)).sum(dim=(1, 2, 4))


# %% [markdown]
# **Look at it.** The estimate beside the truth, which takes one run for each head.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(8, seed=1, template=1)
    clean, corrupted = bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts])
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows = torch.arange(len(prompts))

    def logit_difference(logits: Tensor) -> Tensor:
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean()

    estimate = attribution_patching(bench.model, clean, corrupted, logit_difference)

    _, cache = bench.model.run_with_cache(clean)
    bottom = logit_difference(bench.model(corrupted))
    truth = torch.zeros_like(estimate)
    for layer in range(bench.n_layers):
        for head in range(bench.n_heads):

            def patch(z: Tensor, hook: Any, head: int = head) -> Tensor:
                z = z.clone()
                z[:, :, head] = cache[hook.name][:, :, head]
                return z

            patched = bench.model.run_with_hooks(corrupted, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", patch)])
            truth[layer, head] = logit_difference(patched) - bottom
    heads = [f"L{layer}H{head}" for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    both = torch.stack([truth.flatten(), estimate.flatten()])
    print(f"correlation over the heads: {torch.corrcoef(both)[0, 1]:.2f}")
    for name, (true, guess) in zip(heads, both.T.tolist(), strict=True):
        print(f"{name:6} true change {true:7.2f}   estimate {guess:7.2f}")
    plots.heatmap(
        both.T,
        x=["patched", "estimated"],
        y=heads,
        xlabel="",
        ylabel="head",
        title="The change of the logit difference",
        value="change against the corrupted run",
        save="patching_results/attribution_patching",
    )
