"""Small models with random weights: of shapes that no trained model of the course has.

The only place that knows how TransformerLens makes one. Up to 3.x that is ``HookedTransformer``, which is there at once; 4.0 removed it, and its
``TransformerBridge.boot_native`` takes a second. Both get the same weights, so they give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

#: A parameter's values by its number and its name, as ``HookedTransformer`` counts and names them, and its shape.
Weights = Callable[[int, str, tuple[int, ...]], Tensor]


def small_model(bench: Any, weights: Weights, **config: Any) -> Any:
    """An untrained model without gradients.

    Args:
        bench: gives the device and the type.
        weights: gives the values of each parameter.
        config: the fields of ``HookedTransformerConfig``: sizes, the activation, the normalisation.
    """
    config = {
        "attn_only": False,
        "normalization_type": "LN",
        **config,
        "device": str(bench.device),
        "dtype": bench.dtype,
    }
    hooked = _hooked(config)
    if hooked is None:
        return _bridge(weights, config)
    model = hooked.eval().requires_grad_(False)
    for number, (name, parameter) in enumerate(model.named_parameters()):
        parameter.copy_(weights(number, name, tuple(parameter.shape)))
    return model


def random_model(bench: Any, *, n_layers: int, seed: int, d_mlp: int | None = None, loudness: float = 1.0) -> Any:
    """A model with two heads, 15 tokens and a context of eight of them.

    With more than ten layers, the numbers of its layers have one digit or two.

    Args:
        bench: gives the device, the type and the weights.
        n_layers: how many layers.
        seed: of the weights.
        d_mlp: width of the MLPs; None leaves them out.
        loudness: factor of all that is written to the residual stream. In a quiet stream, the small number that LayerNorm
            adds before its square root counts.
    """

    def weights(number: int, name: str, shape: tuple[int, ...]) -> Tensor:
        written = name.rpartition(".")[2] in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out")
        values: Tensor = bench.normal(*shape, seed=seed + number) / 2 * (loudness if written else 1)
        return values

    sizes = {"n_layers": n_layers, "d_model": 8, "n_ctx": 8, "d_head": 3, "n_heads": 2, "d_vocab": 15, "d_mlp": d_mlp}
    return small_model(bench, weights, **sizes, act_fn="gelu_new", attn_only=d_mlp is None, normalization_type="LNPre")


def normal_weights(bench: Any, scale: float, seed: int = 0) -> Weights:
    """Normal numbers times a scale, another seed for each parameter."""
    return lambda number, name, shape: scale * bench.normal(*shape, seed=seed + number)


def _hooked(config: dict[str, Any]) -> Any:
    """A ``HookedTransformer``; None where there is none any more."""
    try:
        from transformer_lens import HookedTransformer, HookedTransformerConfig
    except ImportError:
        return None
    return HookedTransformer(HookedTransformerConfig(**config, init_weights=False))


def _bridge(weights: Weights, config: dict[str, Any]) -> Any:
    """The same model as a bridge in compatibility mode, its weights as they are."""
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_native(
        {**config, "init_mode": "gpt2", "seed": 0}, device=config["device"], dtype=config["dtype"]
    )
    model = model.eval().requires_grad_(False)
    there = {name.replace("._original_component", ""): parameter for name, parameter in model.named_parameters()}
    for number, (name, shape) in enumerate(_parameters(config)):
        native, values = _native(name, weights(number, name, shape))
        # 4.x keeps the unembedding's bias beside the parameters.
        there.pop(native, model.unembed.original_component.bias).copy_(values)
    if there:
        raise ValueError(f"this TransformerLens has parameters that the course does not know: {', '.join(there)}")
    model.enable_compatibility_mode(no_processing=True)
    return model


def _parameters(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names and shapes of ``HookedTransformer``'s parameters, in its order."""
    d_model, d_head, n_heads, d_vocab = (config[name] for name in ("d_model", "d_head", "n_heads", "d_vocab"))
    learned = config["normalization_type"] == "LN"

    def norm(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield from ((f"{name}.{part}", (d_model,)) for part in "wb" if learned)

    yield "embed.W_E", (d_vocab, d_model)
    yield "pos_embed.W_pos", (config["n_ctx"], d_model)
    for layer in range(config["n_layers"]):
        block = f"blocks.{layer}"
        yield from norm(f"{block}.ln1")
        if not config["attn_only"]:
            yield from norm(f"{block}.ln2")
        yield f"{block}.attn.W_Q", (n_heads, d_model, d_head)
        yield f"{block}.attn.W_O", (n_heads, d_head, d_model)
        yield f"{block}.attn.b_Q", (n_heads, d_head)
        yield f"{block}.attn.b_O", (d_model,)
        yield f"{block}.attn.W_K", (n_heads, d_model, d_head)
        yield f"{block}.attn.W_V", (n_heads, d_model, d_head)
        yield f"{block}.attn.b_K", (n_heads, d_head)
        yield f"{block}.attn.b_V", (n_heads, d_head)
        if not config["attn_only"]:
            yield f"{block}.mlp.W_in", (d_model, config["d_mlp"])
            yield f"{block}.mlp.b_in", (config["d_mlp"],)
            yield f"{block}.mlp.W_out", (config["d_mlp"], d_model)
            yield f"{block}.mlp.b_out", (d_model,)
    yield from norm("ln_final")
    yield "unembed.W_U", (d_model, d_vocab)
    yield "unembed.b_U", (d_vocab,)


_NATIVE = {
    **{"embed.W_E": "tok_embed.weight", "pos_embed.W_pos": "pos.weight"},
    **{"unembed.W_U": "head.weight", "unembed.b_U": "head.bias"},
    **{
        f"attn.{kind}_{part}": f"attn.{part.lower()}.{word}"
        for part in "QKVO"
        for kind, word in (("W", "weight"), ("b", "bias"))
    },
    **{
        f"mlp.{kind}_{part}": f"mlp.fc_{part}.{word}"
        for part in ("in", "out")
        for kind, word in (("W", "weight"), ("b", "bias"))
    },
    **{
        f"{norm}.{kind}": f"{norm.replace('final', 'out')}.{word}"
        for norm in ("ln1", "ln2", "ln_final")
        for kind, word in (("w", "weight"), ("b", "bias"))
    },
}


def _native(name: str, values: Tensor) -> tuple[str, Tensor]:
    """A parameter of ``HookedTransformer`` as a linear layer of PyTorch keeps it: its name and its values."""
    block, place = "", name
    if name.startswith("blocks."):
        _, layer, place = name.split(".", 2)
        block = f"layers.{layer}."
    kind = place.rpartition(".")[2]
    if kind in ("W_Q", "W_K", "W_V"):
        values = values.transpose(1, 2).flatten(0, 1)  # [head, d_model, d_head] to [head * d_head, d_model]
    elif kind == "W_O":
        values = values.flatten(0, 1).T  # [head, d_head, d_model] to [d_model, head * d_head]
    elif kind in ("W_in", "W_out", "W_U"):
        values = values.T
    elif kind in ("b_Q", "b_K", "b_V"):
        values = values.flatten()
    return block + _NATIVE[place], values
