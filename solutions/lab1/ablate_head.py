# %% [markdown]
# # Ablating one head
#
# Watching shows what a head does; taking it away shows whether the model needs it. To **ablate** a head, replace its
# output by something without information, run the rest of the model on, and see how much worse the loss gets:
#
# $$\Delta(l, n) = \mathcal{L}\big(\text{model with head } n \text{ of layer } l \text{ replaced}\big) -
#   \mathcal{L}(\text{model})$$
#
# What is replaced is $z$ (`blocks.{l}.attn.hook_z`, `[batch, pos, head, d_head]`), the head's output before $W_O$,
# where the heads are still apart. By what?
#
# - **Zero ablation** puts 0 there. Simple; but the layers after it may count on what the head gives *on average*, and 0
#   may be far from anything that they ever saw.
# - **Mean ablation** puts the head's mean over the batch there, at each position its own: $\bar{z}_{i} = \frac{1}{|B|}
#   \sum_b z_{b,i}$. It removes what the head says about *this* input and keeps what it always says. Wang et al. (2022,
#   [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) use it for this reason.
#
# **Hooks.** A forward hook is a function `hook(activation, hook)` that TransformerLens calls when the activation is
# computed; what it returns takes the activation's place. `model.run_with_hooks(tokens, return_type="loss",
# fwd_hooks=[(name, function)])` attaches hooks for one run and removes them afterwards. `model.add_hook` attaches until
# `model.reset_hooks()`, and a hook that was left behind falsifies all that comes after, silently.
#
# **Shapes.** `tokens` is `[batch, pos]`, the loss is the mean over all predicted tokens of the batch
# (`return_type="loss"`). The result is one number; positive when the head was useful on this text.

# %% [markdown] tags=["hint"]
# Three runs at most: the loss as it is; for mean ablation, what the head's `z` is; the loss with the replacement. Write
# the hook first, and convince yourself that it is called: print something in it.

# %% [markdown] tags=["hint"]
# Which axis of `[batch, pos, head, d_head]` is the head? Replace this one slice and leave the others as they are. For
# the mean, take one axis away and keep the positions apart; broadcasting gives the same mean to every sequence.

# %% [markdown] tags=["hint"]
# In the hook the batch itself is there: the mean can be taken from the activation that the hook is given. Return the
# activation, and change a copy if anybody else may hold the original.

# %%
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor


# %%
def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    """Measure by how much the loss rises when one head's output is replaced.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 2 (mean ablation).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks afterwards, also after an error.
        tokens: texts of equal length, shape `[batch, pos]`.
        layer: the head's layer, from 0.
        head: the head's number in its layer, from 0.
        how: `zero` puts 0 in the place of the head's `z`; `mean` its mean over the batch, at each position its own.
            A batch of one is its own mean.

    Returns:
        The loss with the head ablated minus the loss without, in nats per token, a Python float. The loss is the
        model's own (`return_type="loss"`), the mean over batch and positions.

    Raises:
        ValueError: `how` is not exactly `zero` or `mean`. `Zero` and an empty text are wrong too.

    """
    ### BEGIN SOLUTION
    if how not in ("zero", "mean"):
        raise ValueError(f"how must be 'zero' or 'mean', but it is {how!r}")

    def replace(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, head] = 0 if how == "zero" else z[:, :, head].mean(dim=0)
        return z

    with torch.no_grad():
        before = model(tokens, return_type="loss")
        after = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", replace)])
    return (after - before).item()
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Every head ablated in turn, both ways, on sentences with indirect objects.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(12, seed=1, template=0)
    tokens = bench.tokens([prompt.clean + prompt.answer for prompt in prompts])
    heads = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    rises = {how: [ablate_head(bench.model, tokens, *place, how) for place in heads] for how in ("zero", "mean")}
    print(f"{len(prompts)} sentences like {prompts[0].clean + prompts[0].answer!r}")
    print("head     zero    mean   (rise of the loss, nats per token)")
    for place, (layer, head) in enumerate(heads):
        print(f"L{layer}H{head}  {rises['zero'][place]:7.3f} {rises['mean'][place]:7.3f}")
    plots.heatmap(
        torch.tensor([rises["zero"], rises["mean"]]),
        x=[f"L{layer}H{head}" for layer, head in heads],
        y=["zero", "mean"],
        xlabel="ablated head",
        ylabel="ablation",
        title="What the loss says about each head",
        value="rise of the loss (nats per token)",
        save="patching_results/ablate_head",
    )

# %% [markdown] tags=["found"]
# **What you found.** The heads are far from equal, and the two ablations do not agree on all of them: a head that hurts
# when set to zero, but not when set to its mean, was giving the later layers a constant, and nothing about the input.
#
# A rise of nearly nothing may have three reasons. The head does nothing on *this* text (try another). Or it does
# something that does not show in the mean over all tokens, like the last name of a sentence. Or others step in: McGrath
# et al. (2023, [The Hydra Effect](https://arxiv.org/abs/2307.15771)) found later layers to make up for an ablated one,
# in language models, so that ablation understates what a component did.
#
# **In larger models** Michel et al. (2019, [Are Sixteen Heads Really Better than
# One?](https://arxiv.org/abs/1905.10650)) ablated heads of trained translation models and of BERT one by one, and found
# most of them could be taken away alone without a significant loss in quality.
#
# **With TransformerLens** hook names are the same on both model classes. On a `TransformerBridge`, whose hook points
# can have a second name, `hook.name` need not be the name that you attached to; do not build on it.
