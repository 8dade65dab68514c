# Generated from solutions/lab3/ablate_induction.py by mechgrade build. This copy is yours: write your code in it.
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
    n_layers, n_heads = model.cfg.n_layers, model.cfg.n_heads
    pos = tokens.shape[-1]
    if tokens.dim() != 2 or pos < 3 or pos % 2 == 0:
        raise ValueError(f"tokens must be [batch, 1 + 2 * half] with half >= 1, got shape {tuple(tokens.shape)}")
    if len(controls) == 0:
        raise ValueError("at least one control set is needed")
    for layer, head in [pair for group in [heads, *controls] for pair in group]:
        if layer not in range(n_layers) or head not in range(n_heads):
            raise ValueError(f"the model has no head ({layer}, {head})")

    def loss_without(group):
        silent = torch.zeros(n_layers, n_heads, dtype=torch.bool)
        for layer, head in group:
            silent[layer, head] = True
        hooks = []
        for layer in range(n_layers):
            if silent[layer].any():

                def silence(z, hook, layer=layer):
                    return z.masked_fill(silent[layer].to(z.device)[:, None], 0.0)

                hooks.append((f"blocks.{layer}.attn.hook_z", silence))
        return second_half_loss(model.run_with_hooks(tokens, fwd_hooks=hooks))

    def second_half_loss(logits):
        half = (pos - 1) // 2
        predictions = logits[:, half:-1].float()
        targets = tokens[:, half + 1 :].to(predictions.device).long()
        losses = torch.nn.functional.cross_entropy(predictions.transpose(1, 2), targets, reduction="none")
        return losses.mean().item()

    with torch.no_grad():
        clean = second_half_loss(model(tokens))
        ablated = loss_without(heads)
        others = torch.tensor([loss_without(group) for group in controls])
    return {"clean": clean, "ablated": ablated, "controls": others, "effect": ablated - others.mean().item()}


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
