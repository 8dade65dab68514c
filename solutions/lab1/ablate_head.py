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

# %% [markdown] tags=["hint"]
# You need at most three runs: the loss without a change; for mean ablation, the head's `z`; the loss with the
# replacement. Write the hook first, and print something in it to see that it is called.

# %% [markdown] tags=["hint"]
# Which axis of `[batch, pos, head, d_head]` is the head? Replace this one slice, and leave the other heads as they are.
# For the mean, remove the batch axis and keep the positions apart; broadcasting gives the same mean to every sequence.

# %% [markdown] tags=["hint"]
# Inside the hook you have the whole batch, so you can take the mean from the activation that the hook gets. Return the
# activation, and change a copy: another part of the program may hold the original.

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

# %% [markdown] tags=["found"]
# **What you found.** The two ablations disagree most about L0H0: the loss rises by 1.890 with zero and by 0.005 with
# the mean. <!-- claim: ablation.L0H0 --> On these sentences L0H0 gives the later layers something constant, and little about the input. Zero
# breaks the model; the mean does not.
#
# **Back to Paris.** You tested your two suspects on the prompts for all 48 countries. The mean probability of
# the right capital is 0.99. With L0H0 at its mean over the countries, it is 0.06; with L2H2 at its mean, it is 0.97. <!-- claim: capitals.ablated -->
# Each of the other seven heads can go, too: the probability stays above 0.97. <!-- claim: capitals.others --> So the head that "only looks one token
# back" is the one that the model needs.
#
# Three more experiments complete the story:
#
# - *Where?* L0H0 at its mean at the last position alone gives 0.06 again. At any other position nothing is lost. <!-- claim: capitals.at-end -->
# - *Is it enough?* With all eight other heads at their means, the model still gives the capital 0.97. <!-- claim: capitals.alone --> And the test
#   in the other direction: the prompt names another country, and only L0H0's output comes from the right one. The
#   probability of the right capital rises from 0.000 to 0.961. With L2H2's output in place of L0H0's, it is 0.001. <!-- claim: capitals.patched -->
# - *Who looks up the capital?* With MLP 0, MLP 1 or MLP 2 at its mean at the last position, the probability is 0.41,
#   0.94 or 0.39. <!-- claim: capitals.mlps -->
#
# Here is your answer. In layer 0, L0H0 carries the country one step, from " France" to " is". MLP 0 and MLP 2 turn the
# country into its capital. L2H2 looks at the country and changes little: by then the last position has the country
# already.
#
# A rise of nearly nothing can have three reasons:
#
# - The head does nothing on *this* text. L0H0 is such a head on the sentences above, and not on capitals.
# - The head does something that the mean over all tokens hides, such as the last name of a sentence.
# - Other parts step in. McGrath et al. (2023, [The Hydra Effect](https://arxiv.org/abs/2307.15771)) found that later
#   layers make up for an ablated layer in language models. Then ablation shows less than the component did.
#
# **In larger models** Michel et al. (2019, [Are Sixteen Heads Really Better than
# One?](https://arxiv.org/abs/1905.10650), section 3) removed the heads of trained translation models and of BERT one by
# one. Most heads could go alone without a significant loss in quality.
#
# **With TransformerLens** hook names are the same on both model classes. On a `TransformerBridge` a hook point can have
# a second name, so `hook.name` may differ from the name that you attached to. Do not depend on it.
