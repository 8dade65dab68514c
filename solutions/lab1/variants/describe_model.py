"""Right and wrong ways to describe a model."""

import numpy as np

from mechgrade.authoring.variants import accepted, misconception

NAMES = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")


def sizes(model):
    """The dimensions as the configuration has them."""
    return {name: int(getattr(model.cfg, name)) for name in NAMES}


def counted(size, *, biases=True, norms=True, positions=True, unembedding=False):
    """The dimensions with a parameter count that may leave something out."""
    d, m, width = size["d_model"], size["d_mlp"], size["n_heads"] * size["d_head"]
    layer = 4 * d * width + 2 * d * m
    total = size["d_vocab"] * d * (2 if unembedding else 1)
    total += size["n_ctx"] * d if positions else 0
    layer += 3 * width + d + m + d if biases else 0
    layer += 4 * d if norms else 0
    return {**size, "n_params": total + size["n_layers"] * layer + (2 * d if norms else 0)}


@accepted
def by_shapes(model):
    """Every matrix and vector as a shape, and their products added up."""
    size = {name: int(getattr(model.cfg, name)) for name in NAMES}
    L, H, d, dh, m, V, T = size.values()
    shapes = [(V, d), (T, d), (d,), (d,)]
    for _ in range(L):
        shapes += [(H, d, dh)] * 3 + [(H, dh)] * 3 + [(H, dh, d), (d,)]
        shapes += [(d, m), (m,), (m, d), (d,)]
        shapes += [(d,)] * 4
    total = 0
    for shape in shapes:
        product = 1
        for length in shape:
            product *= length
        total += product
    return {**size, "n_params": total}


@accepted
def by_weights(model):
    """The weights that TransformerLens names, as they are in memory; folded LayerNorms and positions by size."""
    size = sizes(model)
    named = ("W_E", "W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "W_in", "b_in", "W_out", "b_out")
    total = sum(getattr(model, name).numel() for name in named)
    total += size["n_ctx"] * size["d_model"] + (2 * size["n_layers"] + 1) * 2 * size["d_model"]
    return dict(sorted({**size, "n_params": total}.items()))


@misconception(
    "You add up `model.parameters()`. What is in memory is not what was trained: the unembedding has a copy of its own "
    "there, and depending on the model class there are further copies, or the LayerNorms are gone. Count from the "
    "sizes in `model.cfg`."
)
def sum_over_parameters(model):
    return {**sizes(model), "n_params": sum(parameter.numel() for parameter in model.parameters())}


@misconception(
    "You count the unembedding as well. In GPT-2 it is the token embedding's matrix used a second time, so it was "
    "trained once: count it once."
)
def unembedding_counted(model):
    return counted(sizes(model), unembedding=True)


@misconception(
    "Your count has the matrices but not the biases. Queries, keys, values and the attention output have biases, and "
    "so have both layers of the MLP."
)
def biases_forgotten(model):
    return counted(sizes(model), biases=False)


@misconception(
    "Your count lacks the LayerNorms: two in every layer and one before the unembedding, each with a weight and a bias "
    "for every dimension of the stream. TransformerLens folds them away when it loads the model, but they were trained."
)
def norms_forgotten(model):
    return counted(sizes(model), norms=False)


@misconception(
    "Your count lacks the position embedding: one vector for every position up to `n_ctx`, trained like the tokens' "
    "own."
)
def positions_forgotten(model):
    return counted(sizes(model), positions=False)


@misconception(
    "Your `d_head` is `d_model`. A head works in a narrower space than the residual stream: the configuration has its "
    "width as an entry of its own."
)
def head_as_wide_as_model(model):
    return {**counted(sizes(model)), "d_head": model.cfg.d_model}


@misconception(
    "You compute `d_head` as `d_model // n_heads`. That holds for GPT-2, but it is a choice of its designers and no "
    "law: on a model that chose otherwise your answer is wrong. Read it from the configuration."
)
def head_width_derived(model):
    size = sizes(model)
    return counted({**size, "d_head": size["d_model"] // size["n_heads"]})


@misconception(
    "You compute `d_mlp` as four times `d_model`. That holds for GPT-2, but it is a choice of its designers and no "
    "law. Read it from the configuration."
)
def mlp_width_derived(model):
    size = sizes(model)
    return counted({**size, "d_mlp": 4 * size["d_model"]})


@misconception(
    "Your numbers are those of GPT-2 small, whatever model you are given. Read them from `model.cfg`: your function "
    "should describe any model."
)
def hard_coded(model):
    return counted(dict(zip(NAMES, (12, 12, 768, 64, 3072, 50257, 1024), strict=True)))


@misconception(
    "You take `cfg.n_params`. TransformerLens keeps there a rough number for scaling laws, without embeddings and "
    "biases, and on a `TransformerBridge` it may be missing altogether. Count yourself."
)
def count_from_config(model):
    return {**sizes(model), "n_params": int(model.cfg.n_params or 0)}


def corrected(model, change):
    """The right description with another count."""
    right = counted(sizes(model))
    return {**right, "n_params": right["n_params"] + change}


@misconception("Your `n_params` is a NumPy number. Finish with `int(...)`, so that it is a Python integer.")
def numpy_integer(model):
    size = counted(sizes(model))
    return {**size, "n_params": np.int64(size["n_params"])}


@misconception(
    "Your count lacks the LayerNorm at the end, before the unembedding. It has a weight and a bias, like the others."
)
def final_norm_forgotten(model):
    return corrected(model, -2 * model.cfg.d_model)


@misconception(
    "Your count has the LayerNorms' weights without their biases. Each LayerNorm has two vectors `[d_model]`."
)
def norms_without_bias(model):
    return corrected(model, -(2 * model.cfg.n_layers + 1) * model.cfg.d_model)


@misconception(
    "Your count lacks the LayerNorms where TransformerLens has folded them into the next weights. They were trained all "
    "the same: count them for every model."
)
def norms_skipped_when_folded(model):
    folded = str(model.cfg.normalization_type).endswith("Pre")
    return corrected(model, -(2 * model.cfg.n_layers + 1) * 2 * model.cfg.d_model if folded else 0)


@misconception(
    "Your count lacks `d_model` numbers in each layer, as many as an output bias has. The attention and the MLP have one "
    "each."
)
def output_bias_forgotten(model):
    return corrected(model, -model.cfg.n_layers * model.cfg.d_model)


@misconception(
    "You count the attention's output bias with `n_heads * d_head` entries. It is added to the stream, so it is "
    "`[d_model]`."
)
def output_bias_of_head_width(model):
    cfg = model.cfg
    return corrected(model, cfg.n_layers * (cfg.n_heads * cfg.d_head - cfg.d_model))


@misconception(
    "Your count takes `n_heads * d_head` to be `d_model`. In GPT-2 the two are equal; in general they are not. Use "
    "`n_heads * d_head` for attention."
)
def square_attention(model):
    size = sizes(model)
    return {**size, "n_params": counted({**size, "n_heads": 1, "d_head": size["d_model"]})["n_params"]}


@misconception(
    "Your count takes the MLP to be four times as wide as the stream. Use `d_mlp` from the configuration in the count "
    "too."
)
def mlp_width_derived_in_the_count(model):
    size = sizes(model)
    return {**size, "n_params": counted({**size, "d_mlp": 4 * size["d_model"]})["n_params"]}


@misconception(
    "Your `d_head` is `d_model // n_heads`, although your count is right. That holds for GPT-2 only: read `d_head` from "
    "the configuration."
)
def head_width_derived_in_the_sizes(model):
    size = counted(sizes(model))
    return {**size, "d_head": size["d_model"] // size["n_heads"]}


@misconception(
    "You count a bias of the unembedding, one number for each token. GPT-2 has no such bias: TransformerLens makes it "
    "when it folds the last LayerNorm."
)
def unembedding_bias_counted(model):
    return corrected(model, model.cfg.d_vocab)


@misconception("Your count lacks the token embedding $W_E$, one vector `[d_model]` for each token of the vocabulary.")
def token_embedding_forgotten(model):
    return corrected(model, -model.cfg.d_vocab * model.cfg.d_model)


@misconception(
    "Your count has the weights of one head in each layer. Every one of the `n_heads` heads has its own queries, keys, "
    "values and rows of $W_O$."
)
def one_head_counted(model):
    size = sizes(model)
    return {**size, "n_params": counted({**size, "n_heads": 1})["n_params"]}


@misconception(
    "Your count lacks one of the four attention matrices in each layer. $W_Q$, $W_K$, $W_V$ and $W_O$ are equally large."
)
def output_matrix_forgotten(model):
    cfg = model.cfg
    return corrected(model, -cfg.n_layers * cfg.n_heads * cfg.d_head * cfg.d_model)


@misconception(
    "Your count lacks the biases of queries, keys and values: three times `n_heads * d_head` numbers in each layer."
)
def head_biases_forgotten(model):
    cfg = model.cfg
    return corrected(model, -cfg.n_layers * 3 * cfg.n_heads * cfg.d_head)


@misconception("Your count has one layer. Attention, MLP and LayerNorms count in every one of the `n_layers` layers.")
def one_layer_counted(model):
    size = sizes(model)
    return {**size, "n_params": counted({**size, "n_layers": 1})["n_params"]}


@misconception(
    "Both biases of your MLPs have `d_model` entries. The first one is added to the hidden neurons, so it is `[d_mlp]`."
)
def mlp_bias_as_wide_as_the_stream(model):
    return corrected(model, model.cfg.n_layers * (model.cfg.d_model - model.cfg.d_mlp))


@misconception("Your count lacks the MLPs' biases: `d_mlp` numbers on the way in and `d_model` on the way out.")
def mlp_biases_forgotten(model):
    return corrected(model, -model.cfg.n_layers * (model.cfg.d_mlp + model.cfg.d_model))


@misconception(
    "Your count lacks the matrix $W_{out}$ of each MLP, or has one matrix where an MLP has two: one goes in, one out."
)
def one_matrix_for_an_mlp(model):
    return corrected(model, -model.cfg.n_layers * model.cfg.d_model * model.cfg.d_mlp)


@misconception(
    "Your count has one LayerNorm in each layer. There are two: one before attention, and one before the MLP."
)
def one_norm_in_a_layer(model):
    return corrected(model, -model.cfg.n_layers * 2 * model.cfg.d_model)


@misconception(
    "Your `n_heads` is the number of heads in the whole model. `model.cfg.n_heads` counts them in one layer."
)
def heads_of_all_layers(model):
    size = counted(sizes(model))
    return {**size, "n_heads": size["n_layers"] * size["n_heads"]}


@misconception("Your dict has the number of parameters under another name. Its key is `n_params`.")
def another_key(model):
    size = counted(sizes(model))
    return {"parameters": size.pop("n_params"), **size}


@misconception(
    "Your count lacks two of the four attention matrices in each layer. $W_Q$, $W_K$, $W_V$ and $W_O$ are equally large."
)
def two_attention_matrices(model):
    size = sizes(model)
    return corrected(model, -2 * size["n_layers"] * size["d_model"] * size["n_heads"] * size["d_head"])


@misconception(
    "Your count takes queries, keys and values for one, weights and biases. Each of the three has its own matrix and its "
    "own bias."
)
def one_of_queries_keys_and_values(model):
    size = sizes(model)
    width = size["n_heads"] * size["d_head"]
    return corrected(model, -2 * size["n_layers"] * (size["d_model"] * width + width))


@misconception(
    "Your count lacks two of the three biases of queries, keys and values. Each of the three has `n_heads * d_head` numbers "
    "in each layer."
)
def one_head_bias(model):
    size = sizes(model)
    return corrected(model, -2 * size["n_layers"] * size["n_heads"] * size["d_head"])


@misconception(
    "Your count has biases of queries, keys and values for one head in each layer. They are `[n_heads, d_head]`: each head "
    "has its own."
)
def biases_of_one_head(model):
    size = sizes(model)
    return corrected(model, -3 * size["n_layers"] * (size["n_heads"] - 1) * size["d_head"])


@misconception("Your count has the attention's output bias for each head. All heads of a layer share one, `[d_model]`.")
def output_bias_for_each_head(model):
    size = sizes(model)
    return corrected(model, size["n_layers"] * (size["n_heads"] - 1) * size["d_model"])


@misconception(
    "Both biases of your MLPs have `d_mlp` entries. The second one is added to the stream, so it is `[d_model]`."
)
def mlp_bias_as_wide_as_the_hidden_layer(model):
    size = sizes(model)
    return corrected(model, size["n_layers"] * (size["d_mlp"] - size["d_model"]))


@misconception("Your count lacks the bias of the MLPs' hidden neurons: `d_mlp` numbers in each layer.")
def hidden_bias_forgotten(model):
    return corrected(model, -model.cfg.n_layers * model.cfg.d_mlp)


@misconception(
    "Your count has the LayerNorm at the end in each layer, so three of them. A layer has two; the last one occurs once."
)
def final_norm_in_each_layer(model):
    return corrected(model, (model.cfg.n_layers - 1) * 2 * model.cfg.d_model)


@misconception(
    "Your count has one number for the weight, and one for the bias, of each LayerNorm. Both are vectors `[d_model]`."
)
def norms_of_two_numbers(model):
    return corrected(model, -(2 * model.cfg.n_layers + 1) * 2 * (model.cfg.d_model - 1))


@misconception(
    "Your count lacks both embeddings. `d_vocab` and `n_ctx` vectors of `d_model` numbers were trained as well."
)
def embeddings_forgotten(model):
    return corrected(model, -(model.cfg.d_vocab + model.cfg.n_ctx) * model.cfg.d_model)


@misconception("Your `n_params` is a float, as `/` or `float(...)` gives one. The docstring asks for a Python integer.")
def float_count(model):
    right = counted(sizes(model))
    return {**right, "n_params": float(right["n_params"])}
