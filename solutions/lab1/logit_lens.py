# %% [markdown]
# # The logit lens
#
# The last step of a transformer turns the residual stream into logits: the final LayerNorm, then the unembedding. The
# **logit lens** applies this last step *too early*, to the stream after every layer. So you read what the model would
# answer if it had to stop there. The idea is from nostalgebraist (2020, [interpreting GPT: the logit
# lens](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens)).
#
# Take the stream $x_{l}$ that leaves layer $l$ (`blocks.{l}.hook_resid_post`), at the last position of a prompt:
#
# $$p_l(t) = \mathrm{softmax}\big( \mathrm{LN}_{\mathrm{final}}(x_l)\, W_U + b_U \big)_t$$
#
# $\mathrm{LN}_{\mathrm{final}}$ is the model's final LayerNorm ([Ba et al. 2016](https://arxiv.org/abs/1607.06450)). It
# divides by a scale that it takes from its input, so each layer's stream gets *its own* scale. For the last layer,
# $p_l$ is exactly the model's own answer. Use this as a test.
#
# **Shapes.** `tokens` is `[batch, pos]`, all rows equally long; `targets` `[batch]` holds one token id for each prompt.
# The result is `[layer, batch]`.
#
# **With TransformerLens** `model.ln_final(x)` and `model.unembed(x)` are these two steps, on both model classes, for
# `x` of shape `[batch, pos, d_model]`.

# %% [markdown] tags=["hint"]
# Write it for one layer first, and choose the last layer: your result must equal the softmax of the model's own logits.
# If it does not, which step is missing? Or did you take another activation?

# %% [markdown] tags=["hint"]
# You have the distributions `[layer, batch, d_vocab]`. From each, pick one number: the probability of the prompt's
# target. Use `torch.gather`, or index with `torch.arange(batch)` beside the targets.

# %%
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    """Give the probability of a target token as each layer would answer it.

    Source: nostalgebraist 2020, https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens.

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks afterwards.
        tokens: prompts of equal length, shape `[batch, pos]`. Nothing is padding: every token belongs to its prompt, an
            end-of-text at the end too.
        targets: one token id for each prompt, shape `[batch]`.

    Returns:
        Shape `[layer, batch]`: the probability of the target as the next token after the last position, read from the
        stream that leaves each layer (`hook_resid_post`) through the final LayerNorm and the unembedding. The last row
        is the model's own probability.

    """
    ### BEGIN SOLUTION
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
        last = torch.stack([cache[name][:, -1] for name in names])  # [layer, batch, d_model]
        probabilities = model.unembed(model.ln_final(last)).softmax(dim=-1)  # [layer, batch, d_vocab]
    return probabilities[:, torch.arange(len(targets)), targets]
    ### END SOLUTION


# %% [markdown]
# **Look at it.** At which layer does the model know the capital?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    capitals = {"France": " Paris", "Spain": " Madrid", "Italy": " Rome", "Germany": " Berlin", "Japan": " Tokyo"}
    tokens = bench.tokens([f"The capital of {country} is" for country in capitals])
    targets = torch.tensor([bench.model.to_single_token(capital) for capital in capitals.values()])
    by_layer = logit_lens(bench.model, tokens, targets)
    for layer, row in enumerate(by_layer.tolist()):
        numbers = zip(capitals.values(), row, strict=True)
        print(f"after layer {layer:2}: " + "  ".join(f"{capital.strip()} {number:.3f}" for capital, number in numbers))
    plots.lines(
        {f"{country}:{capital}": by_layer[:, place] for place, (country, capital) in enumerate(capitals.items())},
        xlabel="layer",
        ylabel="probability of the capital",
        title="What each layer would answer to 'The capital of ... is'",
        save="attention_patterns/logit_lens",
    )

# %% [markdown] tags=["found"]
# **What you found.** The answer is not there from the start. For " Paris" the lens reads 0.003 after layer 0, 0.007
# after layer 1 and 0.999 after layer 2. <!-- claim: france.lens --> Over all 48 countries the mean probability of the capital is 0.03, 0.10 and
# 0.99. <!-- claim: capitals.lens --> So something in the last layer makes the capital readable. You can look closer: between the attention and the
# MLP of the last layer the mean is 0.25, and after the MLP it is 0.99. <!-- claim: capitals.lens-in-layer-2 -->
#
# The lens tells you *when* the answer can be read. It does not tell you which part brought the country here, and in
# which layer. The next two exercises ask that.
#
# The lens has a weakness. Early layers write for the layers after them, in directions that may mean nothing to the
# unembedding. A low early probability says that you cannot *read* the answer yet. It does not say that the model does
# not have it. For this reason Belrose et al. (2023, [Eliciting Latent Predictions from Transformers with the Tuned
# Lens](https://arxiv.org/abs/2303.08112), section 3) train a small translation for each layer.
#
# **In GPT-2** (the largest of the family) the post that introduced the lens shows a similar course: guesses form in the
# middle layers, and later layers refine them. The input token itself is hardly visible after the first layers.
