# WRONG: axes of length 1 are squeezed away from the results, so that a batch of one loses its batch axis; promised: '`heads` `[batch, layer, head]`, `mlps` `[batch, layer]` and `rest` `[batch]`'
# Generated from solutions/lab1/direct_logit_attribution.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Direct logit attribution
#
# The residual stream is a sum, and the last step of the model is *almost* linear. So we can divide the answer among the
# parts that wrote it. This is **direct logit attribution**. We divide a **logit difference**: the logit of the correct
# token minus the logit of a wrong token. The difference says how much the model prefers the correct token. Everything
# that raises all logits alike drops out.
#
# Let $x$ be the stream after the last layer, at the last position. Let
# $u = W_U[:, \text{correct}] - W_U[:, \text{wrong}]$ be the direction in which the two answers differ, and $\sigma$ the
# scale by which the final LayerNorm divides. Then
#
# $$\ell_{\text{correct}} - \ell_{\text{wrong}} \;=\; \frac{x - \bar{x}}{\sigma} \cdot u + \big(b_U[\text{correct}] -
#   b_U[\text{wrong}]\big), \qquad x = \sum_c x_c$$
#
# where $\bar{x}$ is the mean over the $d$ entries. Only $\sigma$ is not linear, because it depends on all of $x$. Take
# $\sigma$ as the number that it *was* in this run (`ln_final.hook_scale`), the same for every component. Then the
# contribution of a component $x_c$ is $\frac{x_c - \bar{x}_c}{\sigma} \cdot u$, and the contributions add up to the
# logit difference exactly.
#
# **A small example.** Let $u = (1, -1)$ and $\sigma = 2$. A head writes $(3, -1)$ and an MLP writes $(-1, 1)$. Both
# have no mean left after centring: $(2, -2)$ and $(-1, 1)$. The head contributes $(2 + 2) / 2 = 2$, and the MLP
# contributes $(-1 - 1) / 2 = -1$. Together they give 1.
#
# **The components.** Each head: $x_{l,n} = z^{(l,n)} W_O^{(l,n)}$, with $z$ from `blocks.{l}.attn.hook_z`
# `[batch, pos, head, d_head]` and `model.W_O` `[layer, head, d_head, d_model]`. Each MLP: `blocks.{l}.hook_mlp_out`.
# And **the rest**, so that nothing is lost: both embeddings, the output biases of attention `model.b_O`
# `[layer, d_model]`, which belong to no head, and the difference in $b_U$.
#
# The method is described by Elhage et al. (2021, [A Mathematical
# Framework](https://transformer-circuits.pub/2021/framework/index.html), "The Path Expansion Trick"). Wang et al.
# (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 3.1) use the logit difference to
# start their search for a circuit.

# %%
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Divide the logit difference of two answers among heads, MLPs and the rest.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        model: a `TransformerBridge` (in compatibility mode) or a `HookedTransformer`, with its LayerNorms folded. It has
            no hooks afterwards. What its layers write need not be centred: subtract each component's mean over its
            entries.
        tokens: prompts of equal length, shape `[batch, pos]`.
        correct: the token id of the right answer to each prompt, shape `[batch]`.
        wrong: the token id of a wrong one, shape `[batch]`.

    Returns:
        `heads` `[batch, layer, head]`, `mlps` `[batch, layer]` and `rest` `[batch]` (embeddings, `b_O` of all layers,
        and `b_U`), in logits: what each contributes to the logit of `correct` minus that of `wrong` at the last
        position, at the scale that the final LayerNorm had in this run. They sum to the logit difference.

    """
    layers = range(model.cfg.n_layers)
    zs = [f"blocks.{layer}.attn.hook_z" for layer in layers]
    outs = [f"blocks.{layer}.hook_mlp_out" for layer in layers]
    others = ["hook_embed", "hook_pos_embed", "ln_final.hook_scale"]
    try:
        with torch.no_grad():
            _, cache = model.run_with_cache(tokens, names_filter=[*zs, *outs, *others])
    finally:
        model.reset_hooks()
    with torch.no_grad():
        correct, wrong = (ids.to(model.W_U.device).long() for ids in (correct, wrong))
        scale = cache["ln_final.hook_scale"][:, -1]  # [batch, 1]
        direction = (model.W_U[:, correct] - model.W_U[:, wrong]).T  # [batch, d_model]
        # centring is symmetric: (x - mean(x)) . u == x . (u - mean(u))
        direction = (direction - direction.mean(dim=-1, keepdim=True)) / scale
        heads = [
            torch.einsum("bhe,hed,bd->bh", cache[name][:, -1], model.W_O[layer], direction)
            for layer, name in enumerate(zs)
        ]
        mlps = [(cache[name][:, -1] * direction).sum(dim=-1) for name in outs]
        start = cache["hook_embed"][:, -1] + cache["hook_pos_embed"][:, -1] + model.b_O.sum(dim=0)
        rest = (start * direction).sum(dim=-1) + model.b_U[correct] - model.b_U[wrong]
        return {"heads": torch.stack(heads, dim=1), "mlps": torch.stack(mlps, dim=1), "rest": rest.squeeze()}


# %% [markdown]
# **Look at it.** Which parts prefer Mary to John? The mean over prompts with the two names in both roles.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    pairs = [("Mary", "John"), ("John", "Mary"), ("Anna", "Mark"), ("Mark", "Anna")]
    template = "Then, {0} and {1} went to the store. {0} gave a bottle to"
    tokens = bench.tokens([template.format(subject, indirect) for indirect, subject in pairs])
    correct, wrong = (torch.tensor([bench.model.to_single_token(" " + p[place]) for p in pairs]) for place in (0, 1))
    found = direct_logit_attribution(bench.model, tokens, correct, wrong)
    logits = bench.run(tokens)[:, -1]
    rows = torch.arange(len(pairs))
    true = logits[rows, correct] - logits[rows, wrong]
    total = found["heads"].sum((1, 2)) + found["mlps"].sum(1) + found["rest"]
    print(f"logit difference {true.mean().item():.2f}; contributions sum to {total.mean().item():.2f}")
    print(
        f"heads {found['heads'].sum((1, 2)).mean().item():.2f}, MLPs {found['mlps'].sum(1).mean().item():.2f}, "
        f"the rest {found['rest'].mean().item():.2f}"
    )
    table = torch.cat([found["heads"].mean(0), found["mlps"].mean(0)[:, None]], dim=1)
    plots.heatmap(
        table,
        x=[*(f"H{head}" for head in range(bench.n_heads)), "MLP"],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="component",
        ylabel="layer",
        title="Who prefers the indirect object to the subject?",
        value="logits",
        save="attention_patterns/direct_logit_attribution",
    )
