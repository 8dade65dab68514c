"""Grader of `cache_budget`."""

import random

import pytest

IN_A_LAYER = (
    *("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post"),
    *("ln1.hook_normalized", "ln2.hook_normalized", "ln1.hook_scale", "ln2.hook_scale"),
    *("attn.hook_q", "attn.hook_k", "attn.hook_v", "attn.hook_z", "attn.hook_attn_scores", "attn.hook_pattern"),
    *("mlp.hook_pre", "mlp.hook_post"),
)
ONCE = (
    *("hook_embed", "hook_pos_embed", "ln_final.hook_scale", "ln_final.hook_normalized"),
    *("unembed.hook_in", "unembed.hook_out"),
)


def predicted(exercise, *arguments):
    """The entries, and the type of each: a number of another library looks like a Python integer here."""
    found = exercise.cache_budget(*arguments)
    return {**found, "types": {name: type(value).__name__ for name, value in found.items()}}


def measured(cache, bytes_per_value):
    return {"activations": len(cache), "bytes": bytes_per_value * sum(value.numel() for value in cache.values())}


def in_the_table(n_layers):
    return [f"blocks.{layer}.{name}" for layer in range(n_layers) for name in IN_A_LAYER] + list(ONCE)


def on_course_model(exercise, bench, *, batch, pos, bytes_per_value):
    """A real cache with the names of the table: a bridge knows the same tensors under further names."""
    cache = bench.cache(bench.integers(0, bench.d_vocab, (batch, pos), seed=0), in_the_table(bench.n_layers))
    return {
        "predicted": predicted(exercise, bench.model.cfg, batch, pos, bytes_per_value),
        "measured": measured(cache, bytes_per_value),
    }


def on_random_model(exercise, bench, *, sizes, batch, pos):
    """A full cache of a small untrained model whose sizes GPT-2 would not have; four bytes by default."""
    from interp.random_models import normal_weights, small_model

    model = small_model(bench, normal_weights(bench, 0.1), **sizes, act_fn="gelu_new")
    tokens = bench.integers(0, sizes["d_vocab"], (batch, pos), seed=0)
    names = in_the_table(sizes["n_layers"])
    _, cache = model.run_with_cache(tokens)
    return {
        "predicted": predicted(exercise, model.cfg, batch, pos),
        "measured": measured({name: cache[name] for name in names}, 4),
    }


def on_sizes_alone(exercise, bench, *, sizes, batch, pos, bytes_per_value):
    """A configuration that has the named sizes and nothing else."""
    from types import SimpleNamespace

    return exercise.cache_budget(SimpleNamespace(**sizes), batch, pos, bytes_per_value)


def drawn(seed):
    """Sizes, a batch and a length that nobody could have listed."""
    draw = random.Random(seed).randint
    return (draw(1, 3), draw(2, 5), draw(12, 40), draw(3, 9), draw(17, 70), draw(20, 90), 40), draw(2, 5), draw(3, 30)


def assert_as_measured(found, what):
    predicted, real = found["predicted"], found["measured"]
    for name in ("activations", "bytes"):
        assert predicted[name] == real[name], f"you predict {predicted[name]:,} {name}, but {what} holds {real[name]:,}"


@pytest.mark.points(2)
@pytest.mark.needs("learned_positions", "layer_norm", "sequential_blocks", "ungrouped_heads")
def test_on_course_model(compare):
    """Real caches of the course model, in several batches, lengths and precisions."""
    for batch, pos, width in [(1, 5, 4), (3, 5, 4), (2, 11, 2)]:
        found = compare(on_course_model, batch=batch, pos=pos, bytes_per_value=width)
        assert_as_measured(found, f"a cache of {batch} sequences of {pos} positions, {width} bytes a value,")


@pytest.mark.points(2)
def test_on_other_models(compare, seed):
    """Real caches of small models of other shapes."""
    names = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    for sizes, batch, pos in [((2, 4, 20, 6, 50, 37, 16), 3, 7), ((1, 3, 16, 4, 24, 11, 40), 2, 20), drawn(seed)]:
        found = compare(on_random_model, sizes=dict(zip(names, sizes, strict=True)), batch=batch, pos=pos)
        assert_as_measured(found, f"a cache of a model with {sizes} for {', '.join(names)}")


@pytest.mark.points(1)
def test_on_the_sizes_of_gpt2_small(compare):
    """The sizes of GPT-2 small, on a batch of long prompts in half precision; and a cache of very many bytes."""
    # https://huggingface.co/openai-community/gpt2/blob/main/config.json
    sizes = {"n_layers": 12, "n_heads": 12, "d_model": 768, "d_head": 64, "d_mlp": 3072, "d_vocab": 50257}
    found = compare(on_sizes_alone, sizes=sizes, batch=10, pos=1024, bytes_per_value=2)
    assert found["activations"] == 210, "12 layers of 17 activations, and 6 that occur once, make 210"
    sizes = {"n_layers": 97, "n_heads": 96, "d_model": 12287, "d_head": 129, "d_mlp": 49151, "d_vocab": 50257}
    compare(on_sizes_alone, sizes=sizes, batch=11, pos=1_000_003, bytes_per_value=2)
