# %% [markdown]
# # Ablating the induction heads
#
# An induction score says where a head *looks*. Does the model *need* the head? Only an intervention answers that:
# remove the heads, and measure what the model can no longer do.
#
# **What to remove.** Head $n$ of layer $l$ writes $z^{(l,n)} W_O^{(l,n)}$ to the residual stream, where $z$ is its
# mixture of values, `[batch, pos, head, d_head]` at the hook `blocks.{l}.attn.hook_z`. Set $z^{(l,n)}$ to zero at every
# position. This removes what the head says and leaves all other heads of the layer alone. It is called **zero
# ablation**. Ablate all heads of a set $S$ in the *same* run. Heads that do the same work can replace each other, and
# one at a time each of them may look unimportant.
#
# **What to measure.** The mean loss on the second half of repeated random tokens (BOS, `half` tokens, the same again),
# where only a look back helps. With $\ell_{b,i}$ the loss, in nats, of the prediction made at position $i$ of the token
# at position $i + 1$:
#
# $$L(S) = \frac{1}{|\mathcal{B}|\,h} \sum_{b \in \mathcal{B}} \;\sum_{i = h}^{2h-1} \ell_{b,i}
#   \quad \text{in a run without the heads } S$$
#
# **Compared with what?** Removing *any* head harms a model a little, because later layers were trained with it. So also
# ablate other sets $C_1, \dots, C_m$ of as many heads, chosen without regard to what they do, and take the difference:
#
# $$\mathrm{effect} = L(S) - \frac{1}{m} \sum_{k=1}^{m} L(C_k)$$
#
# **A small example.** Without the chosen heads the loss is 7.0. Without two control sets it is 0.8 and 1.2. The effect
# is $7.0 - 1.0 = 6.0$.
#
# The effect is positive when the chosen heads matter more than others for this task. Without the control, a large
# $L(S)$ would prove nothing.
#
# **Leave no trace.** A hook that stays on the model changes every later run, silently. `run_with_hooks` removes its
# hooks at the end; `add_hook` does not.
#
# Olsson et al. (2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895), the appendix on
# ablations) ablate each head of small models in a gentler way, called pattern-preserving: the head's output is set to
# zero, but all attention patterns stay as they were. Then a head counts for what it writes, and not for what it lets
# later heads find. Your ablation removes both.

# %% [markdown] tags=["hint"]
# Split the work: write a function that takes *one* set of heads and returns one number, the loss on the second half.
# Everything else follows when you call it with different sets. What should it return for the empty set?

# %% [markdown] tags=["hint"]
# A hook is a function `hook(activation, hook)` that returns the activation to go on with. The simplest way is one hook
# for each *layer* that zeroes all chosen heads of that layer. If you make hooks in a loop over heads instead, be
# careful: a function made in a loop sees the loop's variable as it is when the hook *runs*, which is after the loop.
# `functools.partial` fixes the value.

# %% [markdown] tags=["hint"]
# `model.run_with_hooks(tokens, fwd_hooks=[(name, function), …], return_type="loss",
# loss_per_token=True)` gives losses `[batch, pos - 1]`. Entry `i` is about token `i + 1`. Which entries are about
# tokens of the second half?

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


# %%
def ablate_induction(
    model, tokens: Int[Tensor, "batch pos"], heads: Heads, controls: list[Heads]
) -> dict[str, float | Float[Tensor, " control"]]:
    """Measure what zero-ablating some heads costs on the second half of repeated tokens, against control heads.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (ablation of induction heads).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks before the call, and none after it, also when
            the call ends with an error.
        tokens: BOS, `half` random tokens, the same again: `[batch, pos]` with `pos = 1 + 2 * half`.
        heads: the heads to ablate, all in the same run, as `(layer, head)`: their `z` is zero at every position. May be
            empty.
        controls: sets of heads to compare with, at least one. Each set is ablated in a run of its own.

    Returns:
        Mean losses on the tokens of the second half, over the batch and the positions, in nats:
        `"clean"`, of the model as it is (float); `"ablated"`, without `heads` (float); `"controls"`, without each of
        the control sets (tensor of shape `[control]`); and `"effect"`, `"ablated"` minus the mean of `"controls"`
        (float).

    Raises:
        ValueError: `pos` is not `1 + 2 * half` with `half` at least 1, there is no control set, or some head (of `heads`
            or of a control set) is not in the model. Negative numbers are not in the model.

    """
    ### BEGIN SOLUTION
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError(f"{pos} positions are not BOS and two halves of equal length")
    if not controls:
        raise ValueError("there is no control set to compare with")
    for layer, head in [pair for group in [heads, *controls] for pair in group]:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(f"the model has no head ({layer}, {head})")

    def second_half_loss(group: Heads) -> Tensor:
        by_layer: dict[int, list[int]] = {}
        for layer, head in group:
            by_layer.setdefault(layer, []).append(head)

        def silence(z: Float[Tensor, "batch pos head d_head"], hook) -> Float[Tensor, "batch pos head d_head"]:
            z = z.clone()
            z[:, :, by_layer[hook.layer()]] = 0
            return z

        hooks = [(f"blocks.{layer}.attn.hook_z", silence) for layer in by_layer]
        with torch.no_grad():
            loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
        return loss[:, pos // 2 :].mean()

    ablated = second_half_loss(heads)
    control_losses = torch.stack([second_half_loss(group) for group in controls])
    return {
        "clean": second_half_loss([]).item(),
        "ablated": ablated.item(),
        "controls": control_losses,
        "effect": (ablated - control_losses.mean()).item(),
    }
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Rank the heads by their induction score. Ablate the best one, the best two, and so on; each time
# against eight random sets of as many other heads.

# %% tags=["demo"]
if __name__ == "__main__":
    import random

    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    half = 20
    tokens = bench.repeated_tokens(batch=8, half=half, seed=1)
    pattern = bench.patterns(tokens)
    queries = torch.arange(half + 1, 2 * half + 1)
    scores = pattern[..., queries, queries - half + 1].mean(dim=(1, 3))
    everyone = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    ranked = sorted(everyone, key=lambda pair: -scores[pair].item())
    chance = random.Random(0)
    curves: dict[str, list[float]] = {"best induction heads": [], "random other heads": [], "no head": []}
    for count in range(1, min(4, len(everyone) // 2) + 1):
        chosen, others = ranked[:count], ranked[count:]
        found = ablate_induction(bench.model, tokens, chosen, [chance.sample(others, count) for _ in range(8)])
        curves["best induction heads"].append(found["ablated"])
        curves["random other heads"].append(found["controls"].mean().item())
        curves["no head"].append(found["clean"])
        names = " ".join(f"L{layer}H{head}" for layer, head in chosen)
        print(
            f"{names}: {found['clean']:.2f} -> {found['ablated']:.2f} nats, random heads "
            f"{found['controls'].mean().item():.2f}, effect {found['effect']:+.2f}"
        )
    plots.lines(
        curves,
        x=list(range(1, len(curves["no head"]) + 1)),
        xlabel="number of heads ablated",
        ylabel="loss on the second half (nats)",
        title="What the repetition costs without some heads",
        save="attention_patterns/ablate_induction",
    )

# %% [markdown] tags=["found"]
# **What you found.** The loss of the second half is 0.22. Without L1H1 it is 1.94, without L1H0 3.30, and without both
# 7.15. <!-- claim: induction.ablated --> The two rises of one head add up to less than the rise without both: each head can do a part of the other's
# work. If you ablate heads only one at a time, you take both for less important than they are together.
#
# Look at the controls with the same care. Among the "other" heads of the first step is the second induction head. And
# there is the head that both depend on: without the previous-token head L0H0 the loss is 6.86, although L0H0 is no
# induction head. <!-- claim: induction.without-previous --> A random set that contains one of these does as much harm as the chosen head. Then the effect may
# be near zero, or below. So in a small model look at the control losses one by one, not only at their mean.
#
# Zero is not a natural value for a head's output. Later layers never saw it in training, and a part of the damage may
# come from the surprise. Ablating with the *mean* output is the usual remedy. The control sets are another remedy,
# because they suffer from the same surprise.
#
# **In GPT-2 small** run this file with `MODEL=gpt2-small`, and see over how many heads the work is spread. For small
# attention-only models, Olsson et al. (2022, argument 3) report that in-context learning decreases greatly when
# induction heads are removed, and call this causal evidence. For larger models with MLPs they call their evidence
# correlational.
#
# **With TransformerLens** hooks that read `hook_z` work on a `TransformerBridge` and on the deprecated
# `HookedTransformer`. On both, `with model.hooks(fwd_hooks=[…]):` keeps hooks for several runs and removes them at the
# end.
