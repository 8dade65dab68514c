"""Grader of `selective_cache`."""

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
        "hooked_more_than_the_names": max(hooked, default=0) > len(names),
        "hooks_left": bool(bench.open_hooks()),
    }


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


def on_other_names(exercise, bench, *, names):
    """Which lists of names are refused, and with which error; and whether a hook stays after an error."""
    tokens = bench.integers(0, bench.d_vocab, (2, 4), seed=0)
    outcomes, hooks_left = {}, []
    for some in names:
        try:
            outcomes[", ".join(some)] = f"{len(exercise.selective_cache(bench.model, tokens, some, None))} entries"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[", ".join(some)] = type(error).__name__
        hooks_left.append(bool(bench.open_hooks()))
    return {"raised": outcomes, "hooks_left": any(hooks_left)}


def on_a_position_that_is_not_there(exercise, bench, *, pos):
    """Whether a hook stays when the run ends in an error. Whether it does is not looked at."""
    tokens = bench.integers(0, bench.d_vocab, (2, pos), seed=0)
    try:
        exercise.selective_cache(bench.model, tokens, ["blocks.0.hook_resid_post"], pos)
    except NotImplementedError:
        raise
    except Exception:  # which error a missing position gives, the text does not say
        pass
    return {"hooks_left": bool(bench.open_hooks())}


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
        return {"stays_on_the_device": False}
    return {"stays_on_the_device": any(value.device.type == "meta" for value in kept.values())}


@pytest.mark.points(3)
def test_one_position(compare, seed):
    """One position of the named activations: the last, the first, one in the middle; with no memory but its own."""
    for kind, batch, pos, position in [
        ("hook_resid_post", 3, 6, 2),
        ("attn.hook_z", 2, 5, 0),
        ("hook_resid_post", 1, 5, -1),  # of a single sequence, a slice is contiguous as it is, and still a view
    ]:
        compare(on_course_model, kind=kind, batch=batch, pos=pos, position=position, seed=seed)
    compare(on_another_device, position=-1)


@pytest.mark.points(3)
def test_whole_activations(compare, seed):
    """Whole activations of one kind."""
    compare(on_course_model, kind="attn.hook_pattern", batch=2, pos=5, position=None, seed=seed)
    compare(on_another_device, position=None)


@pytest.mark.points(2)
def test_several_kinds(compare, seed):
    """Activations of several kinds at once, each under its own name."""
    compare(on_two_kinds, batch=2, pos=5, seed=seed)


@pytest.mark.points(2)
def test_clear_errors(compare):
    """A name that the model does not have raises a ValueError; no name at all does not. No error leaves a hook behind."""
    good = "blocks.0.hook_resid_post"
    names = [[good, "blocks.0.hook_residpost"], ["pattern", good], ["embed"], [good, "resid_post"], [], [good]]
    compare(on_other_names, names=names)
    compare(on_a_position_that_is_not_there, pos=4)
