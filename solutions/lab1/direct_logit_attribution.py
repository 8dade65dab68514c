# %% [markdown]
# # Direct logit attribution
#
# The residual stream is a sum, and the last step of the model is *almost* linear. So the answer can be divided among
# those who wrote it: this is **direct logit attribution**. What is divided is a **logit difference**, between the token
# that is correct and one that would be wrong: it measures how much the model prefers the one, and whatever raises all
# logits alike drops out.
#
# Let $x$ be the stream after the last layer, at the last position; $u = W_U[:, \text{correct}] - W_U[:, \text{wrong}]$
# the direction in which the two answers differ; $\sigma$ the scale by which the final LayerNorm divides. Then
#
# $$\ell_{\text{correct}} - \ell_{\text{wrong}} \;=\; \frac{x - \bar{x}}{\sigma} \cdot u + \big(b_U[\text{correct}] -
#   b_U[\text{wrong}]\big), \qquad x = \sum_c x_c$$
#
# where $\bar{x}$ is the mean over the $d$ entries. The one thing that is not linear is $\sigma$, which depends on all
# of $x$. Take it as the number that it *was* in this run (`ln_final.hook_scale`), the same for every component. Then
# the contribution of a component $x_c$ is $\frac{x_c - \bar{x}_c}{\sigma} \cdot u$, and the contributions add up to the
# logit difference exactly.
#
# **The components.** Each head: $x_{l,n} = z^{(l,n)} W_O^{(l,n)}$, with $z$ from `blocks.{l}.attn.hook_z` `[batch, pos,
# head, d_head]` and `model.W_O` `[layer, head, d_head, d_model]`. Each MLP: `blocks.{l}.hook_mlp_out`. And **the
# rest**, so that nothing is lost: both embeddings, the output biases of attention `model.b_O` `[layer, d_model]`, which
# belong to no head, and the difference in $b_U$.
#
# The name and the use of the method are in Elhage et al. (2021, [A Mathematical
# Framework](https://transformer-circuits.pub/2021/framework/index.html)); Wang et al. (2022, [Interpretability in the
# Wild](https://arxiv.org/abs/2211.00593)) start their search for a circuit with the logit difference.

# %% [markdown] tags=["hint"]
# The order of work: one run that keeps all you need; the direction `[batch, d_model]`, different for each prompt; every
# component at the last position; then the same little function for all of them: centre, divide by the scale, dot
# product with the direction.

# %% [markdown] tags=["hint"]
# If your parts do not sum to the logit difference, see by how much they miss it. The same amount for all prompts with
# the same two answers: a bias is missing. A factor: the scale. For the scale, print its shape, and mind the position.

# %% [markdown] tags=["hint"]
# `W_U` is `[d_model, d_vocab]`, so `model.W_U[:, correct]` is `[d_model, batch]`. One `torch.einsum` over
# `[batch, layer, head, d_head]`, `[layer, head, d_head, d_model]` and the direction gives all heads at once.

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
        model: a `TransformerBridge` (in compatibility mode) or a `HookedTransformer`, with its LayerNorms folded. What
            its layers write need not be centred: subtract each component's mean over its entries.
        tokens: prompts of equal length, shape `[batch, pos]`.
        correct: the token id of the right answer to each prompt, shape `[batch]`.
        wrong: the token id of a wrong one, shape `[batch]`.

    Returns:
        `heads` `[batch, layer, head]`, `mlps` `[batch, layer]` and `rest` `[batch]` (embeddings, `b_O` of all layers,
        and `b_U`), in logits: what each contributes to the logit of `correct` minus that of `wrong` at the last
        position, at the scale that the final LayerNorm had in this run. They sum to the logit difference.

    """
    ### BEGIN SOLUTION
    layers = range(model.cfg.n_layers)
    z_names = [f"blocks.{layer}.attn.hook_z" for layer in layers]
    mlp_names = [f"blocks.{layer}.hook_mlp_out" for layer in layers]
    inputs = ["hook_embed", "hook_pos_embed"]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[*z_names, *mlp_names, *inputs, "ln_final.hook_scale"])
    direction = (model.W_U[:, correct] - model.W_U[:, wrong]).T  # [batch, d_model]
    # Centring the direction in place of every component is the same: the product cannot tell.
    direction = (direction - direction.mean(dim=-1, keepdim=True)) / cache["ln_final.hook_scale"][:, -1]
    z = torch.stack([cache[name][:, -1] for name in z_names], dim=1)  # [batch, layer, head, d_head]
    mlps = torch.stack([cache[name][:, -1] for name in mlp_names], dim=1)  # [batch, layer, d_model]
    rest = sum(cache[name][:, -1] for name in inputs) + model.b_O.sum(dim=0)
    return {
        "heads": torch.einsum("blnh,lnhd,bd->bln", z, model.W_O, direction),
        "mlps": torch.einsum("bld,bd->bl", mlps, direction),
        "rest": (rest * direction).sum(dim=-1) + model.b_U[correct] - model.b_U[wrong],
    }
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Who prefers Mary to John? The mean over prompts with the two names in both roles.

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

# %% [markdown] tags=["found"]
# **What you found.** A handful of components carry the difference; the others write in directions in which the two
# answers do not differ. A negative number is a component that argues *for the wrong answer*, and such heads are real,
# not an error of yours.
#
# Mind the word *direct*. A head in an early layer that finds the repeated name, on whose finding all later heads rely,
# may have a contribution of nearly nothing here: it speaks to the heads and not to the logits. Attribution sees who
# pronounces the answer. Activation patching (Lab 2) sees who is needed for it.
#
# And mind the scale: a frozen $\sigma$ is an accounting rule. Had one component been absent, the scale would have been
# another.
#
# **In GPT-2 small** Wang et al. (2022) find on this task *name movers* (heads 9.9, 9.6 and 10.0, layer.head), which
# write the indirect object, and *negative name movers* (10.7 and 11.10), which write against it. McDougall et al.
# (2023, [Copy Suppression](https://arxiv.org/abs/2310.04625)) explain what 10.7 does.
#
# **With TransformerLens** `cache.stack_head_results()` and `cache.logit_attrs(...)` do this for you. When a model is
# prepared as in this course, all weights that write to the stream are centred already, so centring changes nothing; on
# raw weights it does.
