"""Grader of `selective_cache`, and of the prediction of `cache_budget`."""

import random

import pytest


def watched(exercise, bench, tokens, names, position):
    """Run the learner's function with gradients on, and look at what it hooks, keeps and leaves behind."""
    model = bench.model
    points = {id(point): point for point in model.hook_dict.values()}.values()
    hooked = []

    def count(*_):
        hooked.append(sum(bool(point.fwd_hooks) for point in points))

    own = []  # the model's own tensors at the named points, kept so that no other takes their place in memory
    probes = [
        model.hook_dict[name].register_forward_hook(lambda module, inputs, output: own.append(output)) for name in names
    ]
    parameters = [parameter for parameter in model.parameters() if parameter.is_floating_point()]
    probes.append(model.hook_dict["blocks.0.attn.hook_pattern"].register_forward_hook(count))
    try:
        for parameter in parameters:
            parameter.requires_grad_(True)
        kept = exercise.selective_cache(model, tokens, names, position)
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad = None
    finally:
        for probe in probes:
            probe.remove()
        for parameter in parameters:
            parameter.requires_grad_(False)
    import torch

    tensors = {name: value for name, value in kept.items() if isinstance(value, torch.Tensor)}
    places = {value.untyped_storage().data_ptr() for value in own}
    return {
        "kept": {name: numbers(value) if name in tensors else value for name, value in kept.items()},
        "devices": sorted({value.device.type for value in tensors.values()}),
        "keeps_a_graph": sorted(name for name, value in tensors.items() if value.requires_grad),
        "holds_more_than_its_values": sorted(
            name
            for name, value in tensors.items()
            if value.untyped_storage().nbytes() > value.numel() * value.element_size()
        ),
        "the_model's_own_memory": sorted(
            name for name, value in tensors.items() if value.untyped_storage().data_ptr() in places
        ),
        "points_hooked": points_hooked(max(hooked, default=0), len(names)),
        "hooks_left": left(bench),
    }


def points_hooked(most, named):
    """How many points were hooked at most during the run."""
    return "no more than the named ones" if most <= named else f"{most} points, where {named} are named"


def left(bench):
    """The first hook that is still on the model."""
    return next(iter(bench.open_hooks()), "nothing")


def numbers(value):
    """Enough of an activation to tell it from all others: a share of its last axis, and the sum of the rest."""
    import torch

    width = min(4, value.shape[-1])
    return torch.cat([value[..., :width], value[..., width:].sum(-1, keepdim=True)], dim=-1)


def on_course_model(exercise, bench, *, kind, batch, pos, position, seed):
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    names = [f"blocks.{layer}.{kind}" for layer in (0, bench.n_layers - 1)]
    return watched(exercise, bench, tokens, names, position)


def on_two_kinds(exercise, bench, *, batch, pos, seed):
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    names = ["blocks.0.attn.hook_pattern", "hook_embed", f"blocks.{bench.n_layers - 1}.hook_mlp_out"]
    return watched(exercise, bench, tokens, names, None)


def on_other_names(exercise, bench, *, names, positions):
    """Which lists of names are refused, and with which error; and whether a hook stays after an error. No name at all is
    asked for with several positions.
    """
    tokens = bench.integers(0, bench.d_vocab, (2, 4), seed=0)
    outcomes, hooks_left = {}, "nothing"
    asked = [(", ".join(some), some, None) for some in names]
    asked += [(f"no name, position {position}", [], position) for position in positions]
    for case, some, position in asked:
        try:
            outcomes[case] = f"{len(exercise.selective_cache(bench.model, tokens, some, position))} entries"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[case] = type(error).__name__
        hooks_left = left(bench) if hooks_left == "nothing" else hooks_left
    return {"raised": outcomes, "hooks_left": hooks_left}


def on_a_position_that_is_not_there(exercise, bench, *, pos):
    """Whether a hook stays when the run ends in an error. Whether it does is not looked at."""
    tokens = bench.integers(0, bench.d_vocab, (2, pos), seed=0)
    try:
        exercise.selective_cache(bench.model, tokens, ["blocks.0.hook_resid_post"], pos)
    except NotImplementedError:
        raise
    except Exception:  # which error a missing position gives, the text does not say
        pass
    return {"hooks_left": left(bench)}


def on_another_device(exercise, bench, *, position):
    """A model on the meta device, which knows shapes and no numbers: a move to the CPU asks for the numbers, and fails."""
    import torch

    from interp.random_models import random_model

    model = torch.nn.Module.to(random_model(bench, n_layers=2, seed=0), "meta")
    model.cfg.device = "meta"
    tokens = torch.zeros(2, 4, dtype=torch.long, device="meta")
    try:
        kept = exercise.selective_cache(model, tokens, ["blocks.1.hook_resid_post"], position)
    except NotImplementedError as error:
        if "meta" not in str(error):
            raise
        return {"on_the_model's_device": "nothing"}
    there = sorted(name for name, value in kept.items() if value.device.type == "meta")
    return {"on_the_model's_device": ", ".join(there) or "nothing"}


@pytest.mark.points(2)
def test_one_position(compare, seed):
    """One position of the named activations: the last, the first, one in the middle; with no memory but its own."""
    for kind, batch, pos, position in [
        ("hook_resid_post", 3, 6, 2),
        ("attn.hook_z", 2, 5, 0),
        ("hook_resid_post", 1, 5, -1),  # of a single sequence, a slice is contiguous as it is, and still a view
    ]:
        compare(on_course_model, kind=kind, batch=batch, pos=pos, position=position, seed=seed)
    compare(on_another_device, position=-1)


@pytest.mark.points(2)
def test_whole_activations(compare, seed):
    """Whole activations of one kind."""
    compare(on_course_model, kind="attn.hook_pattern", batch=2, pos=5, position=None, seed=seed)
    compare(on_another_device, position=None)


@pytest.mark.points(1)
def test_several_kinds(compare, seed):
    """Activations of several kinds at once, each under its own name."""
    compare(on_two_kinds, batch=2, pos=5, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A name that the model does not have raises a ValueError; no name at all does not. No error leaves a hook behind."""
    good = "blocks.0.hook_resid_post"
    # Several of each kind, so that it is seen which kind goes through.
    unknown = ("blocks.0.hook_residpost", "pattern", "resid_post", "blocks.99.hook_resid_post", "hook_Embed", "z")
    short = [["embed"], ["pos_embed"], ["embed", good], [good, "embed"], [good, "pos_embed"], ["embed", "pos_embed"]]
    names = [*([name, good] for name in unknown), *([good, name] for name in unknown), *short, [good]]
    compare(on_other_names, names=names, positions=[None, 0, 1, 2, 3, -1])
    compare(on_a_position_that_is_not_there, pos=4)


# --- what everything costs ---


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
    return {**found, "types": {name: type_of(value) for name, value in found.items()}}


def type_of(value):
    """The name of a type, with the library that it comes from: `int`, `numpy.int64`."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def measured(cache, bytes_per_value):
    return {"activations": len(cache), "bytes": bytes_per_value * sum(value.numel() for value in cache.values())}


def in_the_table(n_layers):
    return [f"blocks.{layer}.{name}" for layer in range(n_layers) for name in IN_A_LAYER] + list(ONCE)


def budget_on_course_model(exercise, bench, *, batch, pos, bytes_per_value):
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

    try:
        return exercise.cache_budget(SimpleNamespace(**sizes), batch, pos, bytes_per_value)
    except AttributeError as error:
        return f"AttributeError: {error}"


def drawn(seed):
    """Sizes, a batch and a length that nobody could have listed."""
    draw = random.Random(seed).randint
    return (draw(1, 3), draw(2, 5), draw(12, 40), draw(3, 9), draw(17, 70), draw(20, 90), 40), draw(2, 5), draw(3, 30)


def assert_as_measured(found, what):
    predicted, real = found["predicted"], found["measured"]
    for name in ("activations", "bytes"):
        assert predicted[name] == real[name], f"you predict {predicted[name]:,} {name}, but {what} holds {real[name]:,}"


@pytest.mark.points(1)
@pytest.mark.needs("learned_positions", "layer_norm", "sequential_blocks", "ungrouped_heads")
def test_budget_on_course_model(compare):
    """Real caches of the course model, in several batches, lengths and precisions."""
    for batch, pos, width in [(1, 5, 4), (3, 5, 4), (2, 11, 2)]:
        found = compare(budget_on_course_model, batch=batch, pos=pos, bytes_per_value=width)
        assert_as_measured(found, f"a cache of {batch} sequences of {pos} positions, {width} bytes a value,")


@pytest.mark.points(2)
def test_budget_on_other_models(compare, seed):
    """Real caches of small models of other shapes."""
    names = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    for sizes, batch, pos in [((2, 4, 20, 6, 50, 37, 16), 3, 7), ((1, 3, 16, 4, 24, 11, 40), 2, 20), drawn(seed)]:
        found = compare(on_random_model, sizes=dict(zip(names, sizes, strict=True)), batch=batch, pos=pos)
        assert_as_measured(found, f"a cache of a model with {sizes} for {', '.join(names)}")


@pytest.mark.points(1)
def test_budget_of_gpt2_small(compare):
    """The sizes of GPT-2 small, on a batch of long prompts in half precision; and a cache of very many bytes."""
    # https://huggingface.co/openai-community/gpt2/blob/main/config.json
    sizes = {"n_layers": 12, "n_heads": 12, "d_model": 768, "d_head": 64, "d_mlp": 3072, "d_vocab": 50257}
    found = compare(on_sizes_alone, sizes=sizes, batch=10, pos=1024, bytes_per_value=2)
    assert found["activations"] == 210, "12 layers of 17 activations, and 6 that occur once, make 210"
    sizes = {"n_layers": 97, "n_heads": 96, "d_model": 12287, "d_head": 129, "d_mlp": 49151, "d_vocab": 50257}
    compare(on_sizes_alone, sizes=sizes, batch=11, pos=1_000_003, bytes_per_value=2)
