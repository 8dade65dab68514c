# Generated from solutions/lab1/logit_lens.py by mechgrade build. This copy is yours: write your code in it.
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
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
        last = torch.full((tokens.shape[0],), tokens.shape[1] - 1, device=tokens.device)
        rows = torch.arange(tokens.shape[0], device=tokens.device)
        # the layers take the place of the positions: LayerNorm and unembedding treat each row alone
        streams = torch.stack([cache[name][rows, last] for name in names], dim=1)  # [batch, layer, d_model]
        normalised = model.ln_final(streams)
        logits = model.unembed(normalised)
        log_p = logits - logits.logsumexp(dim=-1, keepdim=True)
        chosen = log_p[rows, :, targets.to(log_p.device)]  # [batch, layer]
    return chosen.exp().T


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
