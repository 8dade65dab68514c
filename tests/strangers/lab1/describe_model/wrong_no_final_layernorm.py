# WRONG: the LayerNorm at the end is forgotten; promised: 'two LayerNorms in each layer and one at the end'
from math import prod


def describe_model(model):
    keys = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    sizes = {key: int(getattr(model.cfg, key)) for key in keys}
    layers, heads, d, dh, hidden, vocab, ctx = sizes.values()
    once = [(vocab, d), (ctx, d)]
    per_layer = [(2, 2, d)]  # two LayerNorms, weight and bias
    per_layer += 3 * [(heads, d, dh), (heads, dh)]
    per_layer += [(heads, dh, d), (d,)]
    per_layer += [(d, hidden), (hidden,), (hidden, d), (d,)]
    return sizes | {"n_params": sum(map(prod, once)) + layers * sum(map(prod, per_layer))}
