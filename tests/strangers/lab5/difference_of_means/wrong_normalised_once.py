# WRONG: the direction is normalised in the dot product only, and the part is taken off along the long direction; promised: 'Each is orthogonal to the direction.'
# Generated from solutions/lab5/difference_of_means.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # A direction from two sets of texts
#
# In Lab 4 a trained autoencoder gave you directions. Often you need no autoencoder. Take texts in which the model is
# about to do something, and texts in which it is not. Run the model on both sets, and subtract the mean activations:
#
# $$\mathbf{d} = \frac{1}{|P|} \sum_{\mathbf{x} \in P} \mathbf{x} \;-\;
#   \frac{1}{|N|} \sum_{\mathbf{x} \in N} \mathbf{x}$$
#
# This **difference of means** is a candidate for "the direction of the behaviour". It costs two averages. But it is
# only a candidate: two sets of texts differ in more than one thing. So test $\mathbf{d}$ from both sides.
#
# 1. **Add** $\mathbf{d}$ in texts without the behaviour. Does the behaviour come? Then $\mathbf{d}$ is *sufficient*.
# 2. **Project $\mathbf{d}$ out** in texts with the behaviour. Does the behaviour go? Then the model *needs*
#    $\mathbf{d}$.
#
# To project a direction out means to remove the part of the activation that lies along it. The rest stays as it is:
#
# $$\mathbf{x} \longrightarrow \mathbf{x} - (\mathbf{x} \cdot \hat{\mathbf{d}})\, \hat{\mathbf{d}}, \qquad
#   \hat{\mathbf{d}} = \mathbf{d} / |\mathbf{d}|$$
#
# **A small example.** The activations with the behaviour are $(4, 5)$ and $(2, 3)$, with the mean $(3, 4)$. Without it
# there is only $(0, 0)$. So $\mathbf{d} = (3, 4)$, its length is 5, and $\hat{\mathbf{d}} = (0.6, 0.8)$. Now project
# $\mathbf{d}$ out of $\mathbf{x} = (5, 0)$. The part along $\hat{\mathbf{d}}$ is $5 \cdot 0.6 = 3$, so the result is
# $(5, 0) - 3 \cdot (0.6, 0.8) = (3.2, -2.4)$. Check: $(3.2, -2.4) \cdot (3, 4) = 0$.
#
# **Everywhere.** A model writes into the residual stream in every block. If you project the direction out at one place,
# a later block can write it again. So the experiment projects it out of the stream in front of *every* block, and
# behind the last one. Here a block is any function that takes the stream and gives what it adds to the stream.
#
# **Shapes.** `positive` is `[n, d_model]` and `negative` is `[m, d_model]`; $n$ and $m$ may differ. The direction is
# `[d_model]`. Activations and streams may have any axes in front: `[..., d_model]`.
#
# Sources: Marks and Tegmark 2023, [The Geometry of Truth](https://arxiv.org/abs/2310.06824) (difference of means,
# "mass-mean"); Arditi et al. 2024, [Refusal in Language Models Is Mediated by a Single
# Direction](https://arxiv.org/abs/2406.11717), section 2 (adding, and projecting out everywhere).

# %%
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]


# %%
def difference_of_means(
    positive: Float[Tensor, "positive d_model"], negative: Float[Tensor, "negative d_model"]
) -> Float[Tensor, " d_model"]:
    """Give the mean activation with a behaviour minus the mean activation without it.

    Source: Marks and Tegmark 2023, https://arxiv.org/abs/2310.06824

    Args:
        positive: activations with the behaviour, shape `[positive, d_model]`.
        negative: activations without it, shape `[negative, d_model]`; the two numbers of activations may differ.

    Returns:
        The direction, shape `[d_model]`, with the length that it has.

    Raises:
        ValueError: one of the two sets is empty.

    """
    if len(positive) == 0 or len(negative) == 0:
        raise ValueError("both sets need activations")
    return positive.sum(dim=0) / len(positive) - negative.sum(dim=0) / len(negative)


def project_out(
    activations: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Remove the part of each activation that lies along a direction.

    Source: Arditi et al. 2024, https://arxiv.org/abs/2406.11717, section 2.4.

    Args:
        activations: shape `[..., d_model]`, with any axes in front, or none. They are not changed.
        direction: shape `[d_model]`, of any length but zero.

    Returns:
        New activations of the same shape. Each is orthogonal to the direction.

    Raises:
        ValueError: the direction is zero in all entries.

    """
    if not direction.any():
        raise ValueError("the direction is zero")
    unit = direction / direction.abs().max()  # first the size: squares of tiny numbers would be 0
    unit = unit / unit.norm()
    along = (activations * unit).sum(dim=-1, keepdim=True)
    return activations - along * direction


def stream_without(
    blocks: Sequence[Block], stream: Float[Tensor, "... d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "... d_model"]:
    """Carry a residual stream through blocks that each add to it, with a direction projected out everywhere.

    Source: Arditi et al. 2024, https://arxiv.org/abs/2406.11717, section 2.4.

    Args:
        blocks: functions in their order, each from a stream `[..., d_model]` to what it adds to it, of the same shape.
        stream: what enters the first block, shape `[..., d_model]`. It is not changed.
        direction: shape `[d_model]`, of any length but zero.

    Returns:
        The stream behind the last block. The direction is projected out of what enters each block, and of the result.

    """
    clean = project_out(stream, direction)
    for block in blocks:
        clean = project_out(clean + block(clean), direction)
    return clean


# %% [markdown]
# **Look at it.** The behaviour: *the next word is a name*. In "Julia and Mark went to the hotel. Mark gave a bottle to"
# a name comes next. In "Julia and Mark went to" the word "the" comes next. Both texts end in "to". The direction is
# made on some texts and tested on others.

# %% tags=["demo"]
if __name__ == "__main__":
    from functools import partial

    from mechgrade.bench import open_bench, plots

    from interp.directions import name_or_the, probabilities

    bench = open_bench(lab="lab1")  # Lab 5 is graded on tensors alone; here we want a model
    model, place = bench.model, "blocks.0.hook_resid_mid"
    train, test = name_or_the(48, seed=1), name_or_the(48, seed=2)

    def at_the_end(texts: list[str]) -> Tensor:
        tokens = bench.tokens(texts)
        last = tokens.ne(bench.bos).cumsum(dim=1).argmax(dim=1)
        activations: Tensor = bench.cache(tokens, [place])[place][torch.arange(len(texts)), last]
        return activations

    direction = difference_of_means(*map(at_the_end, train))
    lot = torch.randn(len(direction), generator=torch.Generator().manual_seed(0))
    lot = lot / lot.norm() * direction.norm()

    def added(step: Tensor, tokens: Tensor) -> Tensor:
        logits: Tensor = model.run_with_hooks(tokens, fwd_hooks=[(place, lambda value, hook: value + step)])
        return logits

    def without(names: list[str], tokens: Tensor) -> Tensor:
        hooks = [(name, lambda value, hook: project_out(value, direction)) for name in names]
        logits: Tensor = model.run_with_hooks(tokens, fwd_hooks=hooks)
        return logits

    shares = [share / 4 for share in range(-6, 7)]
    curves = {}
    for label, texts in zip(("texts before a name", "texts before 'the'"), test, strict=True):
        for kind, vector in (("", direction), (", a random direction", lot)):
            curves[label + kind] = [probabilities(model, texts, partial(added, share * vector))[0] for share in shares]
        name, the = probabilities(model, texts, model)
        print(f"{label}: a name {name:.2f}, 'the' {the:.2f}")
        every = [f"blocks.{layer}.hook_resid_{at}" for layer in range(bench.n_layers) for at in ("pre", "mid", "post")]
        for names in ([place], every):
            name, the = probabilities(model, texts, partial(without, names))
            print(f"  projected out at {len(names)} hook points: a name {name:.2f}, 'the' {the:.2f}")
    plots.lines(
        curves,
        x=shares,
        xlabel="how much of the direction is added",
        ylabel="probability that a name comes next",
        title="Steering by a difference of means",
        save="patching_results/difference_of_means",
    )
