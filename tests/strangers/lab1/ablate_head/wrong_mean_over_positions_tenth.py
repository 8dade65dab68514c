# WRONG: the mean is taken over the batch and the positions together; promised: '`mean` its mean over the batch, at each position its own.'
# Generated from solutions/lab1/ablate_head.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Ablating one head
#
# You have two suspects, and you know who writes the answer. One question is left: which of the suspects does the model
# *need*? Watching cannot answer it. So take a head away. To **ablate** a head, replace its output by something without
# information, run the rest of the model, and measure how much worse the loss gets:
#
# $$\Delta(l, n) = \mathcal{L}\big(\text{model with head } n \text{ of layer } l \text{ replaced}\big) -
#   \mathcal{L}(\text{model})$$
#
# Replace $z$ (`blocks.{l}.attn.hook_z`, `[batch, pos, head, d_head]`). This is the head's output before $W_O$, where
# the heads are still apart. There are two common replacements:
#
# - **Zero ablation** puts 0 there. This is simple. But later layers may count on what the head gives *on average*, and
#   0 may be far from everything that they ever saw.
# - **Mean ablation** puts the head's mean over the batch there, at each position its own:
#   $\bar{z}_{i} = \frac{1}{|B|} \sum_b z_{b,i}$. This removes what the head says about *this* input and keeps what it
#   always says. Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 2.1) use
#   mean ablation for this reason.
#
# **A small example.** A head gives 4.9 on the first prompt and 5.1 on the second. The mean is 5.0. Mean ablation
# changes each value by 0.1, and zero ablation changes it by 5. The head says little about the input, and only mean
# ablation shows that.
#
# **Hooks.** A forward hook is a function `hook(activation, hook)`. TransformerLens calls the function when it has
# computed the activation, and what the function returns takes the activation's place. `model.run_with_hooks(tokens,
# return_type="loss", fwd_hooks=[(name, function)])` attaches hooks for one run and removes them afterwards.
# `model.add_hook` attaches a hook until `model.reset_hooks()`. A hook that stays on the model changes all later
# results, silently.
#
# **Shapes.** `tokens` is `[batch, pos]`, the loss is the mean over all predicted tokens of the batch
# (`return_type="loss"`). The result is one number. It is positive when the head was useful on this text.

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
    if how not in ("zero", "mean"):
        raise ValueError(f"how must be 'zero' or 'mean', not {how!r}")

    def replace(z, hook):
        chosen = torch.zeros(z.shape[2], 1, dtype=torch.bool, device=z.device)
        chosen[head] = True  # [head, 1], broadcasts over batch, pos and d_head
        filling = torch.zeros_like(z) if how == "zero" else z.mean(dim=(0, 1), keepdim=True).expand_as(z)
        return torch.where(chosen, filling, z)

    name = f"blocks.{layer}.attn.hook_z"
    with torch.no_grad():
        with model.hooks(fwd_hooks=[(name, replace)]):
            ablated = model(tokens, return_type="loss").item()
        whole = model(tokens, return_type="loss").item()
    return ablated - whole


# %% [markdown]
# **Look at it.** Every head ablated in turn, both ways, on sentences with indirect objects. Then your two suspects,
# each at its mean over 48 countries: what is left of the right capital?

# %% tags=["demo"]
if __name__ == "__main__":
    from functools import partial

    from mechgrade.bench import open_bench, plots

    from interp.prompts import capital_prompts, ioi_prompts

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

    def at_its_mean(z, hook, head):
        z[:, :, head] = z[:, :, head].mean(dim=0)
        return z

    capitals = capital_prompts()
    tokens = bench.tokens([prompt.text for prompt in capitals])
    answers = torch.tensor([bench.model.to_single_token(prompt.answer) for prompt in capitals], device=tokens.device)
    print(f"the right capital, mean probability over {len(capitals)} countries")
    for name, suspects in {"whole model": [], "without L0H0": [(0, 0)], "without L2H2": [(2, 2)]}.items():
        hooks = [(f"blocks.{layer}.attn.hook_z", partial(at_its_mean, head=head)) for layer, head in suspects]
        last = bench.model.run_with_hooks(tokens, fwd_hooks=hooks)[:, -1].softmax(dim=-1)
        print(f"{name:13} {last.gather(1, answers[:, None]).mean().item():.2f}")
