# Generated from solutions/lab1/describe_model.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Describing a model
#
# This lab asks one question: how does the model know that Paris is the capital of France? First learn the sizes
# of the model: then you know how much there is to search. Every model in TransformerLens keeps its sizes in one place,
# `model.cfg`. The names there are the letters in all formulas of this course:
#
# | name | meaning | symbol |
# |---|---|---|
# | `n_layers` | number of blocks, each one attention layer and one MLP | $L$ |
# | `n_heads` | attention heads in a layer | $H$ |
# | `d_model` | width of the residual stream | $d$ |
# | `d_head` | width of one head's queries, keys and values | $d_h$ |
# | `d_mlp` | number of hidden neurons of an MLP | $m$ |
# | `d_vocab` | number of tokens in the vocabulary | $V$ |
# | `n_ctx` | longest input, in tokens | $T$ |
#
# One number is missing: how many **parameters** the model has. Count the parameters that were trained, each one once:
#
# - token embedding $W_E$ `[d_vocab, d_model]` and position embedding $W_{pos}$ `[n_ctx, d_model]`;
# - in each layer, attention: $W_Q, W_K, W_V$ `[n_heads, d_model, d_head]` with biases `[n_heads, d_head]`, and $W_O$
#   `[n_heads, d_head, d_model]` with the bias `[d_model]`;
# - in each layer, the MLP: $W_{in}$ `[d_model, d_mlp]`, $W_{out}$ `[d_mlp, d_model]`, each with a bias on its output;
# - two LayerNorms in each layer and one at the end: a weight and a bias `[d_model]` each;
# - the unembedding $W_U$ adds nothing: GPT-2 uses the token embedding again, transposed ([Press and Wolf
#   2016](https://arxiv.org/abs/1608.05859)).
#
# **A small example.** A LayerNorm with `d_model = 4` has a weight of 4 numbers and a bias of 4 numbers, so 8
# parameters. An MLP with `d_model = 4` and `d_mlp = 16` has $4 \cdot 16 + 16$ on the way in and $16 \cdot 4 + 4$ on the
# way out, so 148.
#
# **Why not add up `model.parameters()`?** What is in memory is not always what was trained. TransformerLens prepares a
# model: it folds the LayerNorm weights into the next matrices and centres matrices. After that, $W_U$ is no longer
# equal to $W_E^\top$, and it needs memory of its own. A `TransformerBridge` also keeps queries, keys and values twice:
# joined (as GPT-2 stores them) and split. A sum over all parameters depends on these choices. The size of the model
# does not.
#
# **A model in an empty file.** In this course `open_bench()` loads the model for you. In a project of your own you
# write:
#
# ```
# from transformer_lens.model_bridge import TransformerBridge
#
# model = TransformerBridge.boot_transformers("gpt2", device="cpu")
# model.enable_compatibility_mode()  # once: folds LayerNorm, centres weights, gives hooks their usual names
# logits, cache = model.run_with_cache("The capital of France is")
# print(cache["pattern", 0].shape)  # [batch, head, query, key]
# ```
#
# A *hook point* is a named place in the model, such as `blocks.0.attn.hook_pattern`. You can read the activation
# there, or attach a function to it, a *hook*. `cache["pattern", 0]` is short for this name. `HookedTransformer` is
# the older class with the same names, and it is deprecated. All functions of this course work on both.

# %%
from typing import Any


# %%
def describe_model(model: Any) -> dict[str, int]:
    """List the dimensions of a model and count its parameters.

    Source: Radford et al. 2019 (GPT-2); Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        model: a `TransformerBridge` or `HookedTransformer` of GPT-2's architecture; its sizes are ints in `model.cfg`.

    Returns:
        A dict of Python integers with the keys `n_layers, n_heads, d_model, d_head, d_mlp, d_vocab, n_ctx` and
        `n_params`. `n_params` counts the trained parameters: both embeddings, weights and biases of attention and MLPs,
        the LayerNorms' weights and biases; the unembedding shares the token embedding's and is not counted again.

    """
    sizes = {
        name: int(getattr(model.cfg, name))
        for name in ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    }
    width, hidden = sizes["d_model"], sizes["d_mlp"]
    joined = sizes["n_heads"] * sizes["d_head"]
    norm = 2 * width
    attention = 3 * (width + 1) * joined + (joined + 1) * width
    mlp = (width + 1) * hidden + (hidden + 1) * width
    embeddings = (sizes["d_vocab"] + sizes["n_ctx"]) * width
    block = attention + mlp + 2 * norm
    return {**sizes, "n_params": embeddings + sizes["n_layers"] * block + norm}


# %% [markdown]
# **Look at it.** The model's sizes, and your count beside the sum over `model.parameters()` on both model classes of
# TransformerLens. Then a picture of where the parameters are.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    size = describe_model(bench.model)
    for name, number in size.items():
        print(f"{name:10} {number:>12,}")
    for backend in ("bridge", "hooked"):
        plain = sum(parameter.numel() for parameter in open_bench(backend=backend).model.parameters())
        print(f"sum over model.parameters(), {backend}: {plain:,}")
    heads = size["n_heads"] * size["d_head"]
    parts = {
        "token embedding": size["d_vocab"] * size["d_model"],
        "position embedding": size["n_ctx"] * size["d_model"],
        "attention": size["n_layers"] * (4 * size["d_model"] * heads + 3 * heads + size["d_model"]),
        "MLPs": size["n_layers"] * (2 * size["d_model"] * size["d_mlp"] + size["d_mlp"] + size["d_model"]),
        "LayerNorms": (2 * size["n_layers"] + 1) * 2 * size["d_model"],
    }
    plots.bars(
        list(parts.values()),
        x=list(parts),
        xlabel="part of the model",
        ylabel="parameters",
        title=f"Where the {size['n_params']:,} parameters are",
        save="attention_patterns/describe_model",
    )
