"""Grader of `ablate_induction`."""

import numpy as np
import pytest


def some_heads(bench, count, seed):
    """Different heads of the model, drawn at random."""
    places = bench.uniform(bench.n_layers * bench.n_heads, seed=seed).argsort()[:count].tolist()
    return [divmod(place, bench.n_heads) for place in places]


def packed(found):
    """The three numbers as one tensor: an effect near 0 is a difference of large losses, and its rounding is theirs."""
    import torch

    names = ("clean", "ablated", "effect")
    if not isinstance(found, dict) or {*found} != {*names, "controls"}:
        return found
    if not all(isinstance(found[name], float) for name in names):
        return found
    numbers = torch.tensor([found[name] for name in names], dtype=torch.float64)
    return {"clean, ablated, effect": numbers, "controls": found["controls"]}


def on_random_heads(exercise, bench, *, batch, half, count, controls, seed):
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    heads = some_heads(bench, count, seed + 1)
    sets = [some_heads(bench, count, seed + 2 + number) for number in range(controls)]
    found = exercise.ablate_induction(bench.model, tokens, heads, sets)
    return {"found": packed(found), "open_hooks": bool(bench.open_hooks())}


def on_heads_of_two_layers(exercise, bench, *, batch, half, seed):
    """Two heads of the first layer and one of the last, against sets of other sizes."""
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    last, final = bench.n_layers - 1, bench.n_heads - 1
    heads = [(0, 0), (0, min(1, final)), (last, final)]
    sets = [[(0, final), (last, 0)], [(0, 0)], [(last, 0), (last, final), (0, 0)]]
    found = exercise.ablate_induction(bench.model, tokens, heads, sets)
    return {"found": packed(found), "open_hooks": bool(bench.open_hooks())}


def on_heads_of_one_layer(exercise, bench, *, batch, half, seed):
    """Two heads of each layer in turn (one where there is no more), with the same heads as their own control."""
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    found = []
    for layer in range(bench.n_layers):
        heads = [(layer, head) for head in sorted({0, bench.n_heads - 1})]
        found.append(packed(exercise.ablate_induction(bench.model, tokens, heads, [heads[::-1], heads[:1]])))
    return {"found": found, "open_hooks": bool(bench.open_hooks())}


def on_no_head(exercise, bench, *, batch, half, seed):
    """The empty set beside two single heads, and the model's own loss before and after."""
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    last = (bench.n_layers - 1, bench.n_heads - 1)
    try:
        found = exercise.ablate_induction(bench.model, tokens, [], [[(0, 0)], [last]])
    except ValueError:  # with a message of the learner's own, which says nothing here
        found = "ValueError"
    own = bench.model(tokens, return_type="loss", loss_per_token=True)[:, half:].mean()
    return {"found": packed(found), "model_s_own_loss": own, "open_hooks": bool(bench.open_hooks())}


def on_calls_of_all_kinds(exercise, bench, *, calls):
    """What is raised for some inputs, and whether hooks are left. The first call is possible."""
    # In the checks a head that there is not is written as a word: the model's size is not known there.
    words = {
        "no layer": (bench.n_layers, 0),
        "no head": (0, bench.n_heads),
        "negative": (0, -1),
        "negative layer": (-1, 0),
        "layer far too large": (bench.n_layers + 3, 0),
        "head far too large": (0, bench.n_heads + 3),
    }

    def pairs(group):
        return [words[pair] if isinstance(pair, str) else tuple(pair) for pair in group]

    results, given, with_hooks = {}, [], []
    for pos, heads, controls in calls:
        tokens = bench.integers(0, bench.d_vocab, (2, pos), seed=0)
        try:
            found = exercise.ablate_induction(bench.model, tokens, pairs(heads), [pairs(group) for group in controls])
            given.append(sorted(found) if isinstance(found, dict) else type(found).__name__)
            raised = "nothing"
        except ValueError:
            raised = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            raised = type(error).__name__
        call = f"pos={pos}, heads={heads}, controls={controls}"
        results[call] = raised
        if bench.open_hooks():
            with_hooks.append(call)
            bench.model.reset_hooks()  # or the next call would be blamed for them
    return {"raised": results, "hooks_left_after": with_hooks, "keys": given[0] if given else None}


def on_runs_that_fail(exercise, bench, *, half, fails_from):
    """Whether hooks are left when a run of the model fails: the first one, or a later one."""
    tokens = bench.integers(0, bench.d_vocab, (2, 1 + 2 * half), seed=0)
    with_hooks = []
    for first in fails_from:
        runs = 0

        def fail(*_, first=first):
            nonlocal runs
            runs += 1
            if runs >= first:
                raise RuntimeError(f"run {runs} of the model fails")

        handle = bench.model.blocks[0].register_forward_pre_hook(fail)
        try:
            exercise.ablate_induction(bench.model, tokens, [(0, 0)], [[(0, 0)], [(0, 0)]])
        except NotImplementedError:
            raise
        except Exception:  # what is raised is up to the model
            pass
        finally:
            handle.remove()
        if bench.open_hooks():
            with_hooks.append(f"run {first} of the model fails")
            bench.model.reset_hooks()
    return {"hooks_left_where": with_hooks}


def assert_consistent(found):
    _, ablated, effect = found["clean, ablated, effect"]
    gap = abs(effect - (ablated - np.mean(found["controls"])))
    assert gap < 1e-3, "the effect should be the loss without the heads minus the mean loss without the controls"


@pytest.mark.points(6)
@pytest.mark.needs(context=17)
def test_random_heads(compare, seed):
    """Several heads at once, against several control sets, on batches of several sizes."""
    assert_consistent(compare(on_heads_of_two_layers, batch=1, half=5, seed=seed)["found"])
    for batch, half, count, controls in [(2, 8, 3, 2), (4, 1, 1, 2)]:
        found = compare(on_random_heads, batch=batch, half=half, count=count, controls=controls, seed=seed)
        assert_consistent(found["found"])


@pytest.mark.points(5)
@pytest.mark.needs(context=15)
def test_heads_of_one_layer(compare, seed):
    """Heads of the same layer: together in one run, in any order, and the others of the layer stay."""
    for found in compare(on_heads_of_one_layer, batch=2, half=7, seed=seed)["found"]:
        assert_consistent(found)
        same = abs(found["clean, ablated, effect"][1] - found["controls"][0]) < 1e-4
        assert same, "the same heads in another order should give the same loss"


@pytest.mark.points(3)
@pytest.mark.needs(context=13)
def test_nothing_ablated(compare, seed):
    """No head to ablate gives the model's own loss, before and after; and the model is as it was."""
    found = compare(on_no_head, batch=3, half=6, seed=seed)
    own = float(found["model_s_own_loss"])
    for name, loss in zip(("clean", "ablated"), found["found"]["clean, ablated, effect"], strict=False):
        assert abs(loss - own) < 1e-3, f"{name!r} should be the model's own loss when no head is gone"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A head that the model lacks, no control set, or no two equal halves raise a ValueError. No error leaves a hook."""
    one, head = [[[0, 0]]], [[0, 0]]
    calls = [(7, head, one), *((pos, [], one) for pos in (3, 5, 7, 9, 11, 13))]
    # Each clause in six cases, so that one which is left out can be told from others.
    for wrong in ("no layer", "no head", "negative", "negative layer"):
        calls += [(7, [wrong], one), (5, [[0, 0], wrong], one), (9, [wrong, [0, 0]], one)]
        calls += [(7, head, [[[0, 0]], [[0, 0], wrong]]), (7, head, [[wrong], [[0, 0]]]), (5, [], [[wrong]])]
    for wrong in ("layer far too large", "head far too large"):
        calls += [(7, [wrong], one), (5, head, [[[0, 0]], [wrong]])]
    calls += [(pos, some, []) for pos in (3, 5, 7) for some in (head, [])]
    calls += [(pos, head, one) for pos in (2, 4, 6, 8, 10, 12, 14)]
    calls += [(1, some, controls) for some in (head, []) for controls in (one, [[]], [[[0, 0]], [[0, 0]]])]
    compare(on_calls_of_all_kinds, calls=calls)
    compare(on_runs_that_fail, half=3, fails_from=[1, 2, 3])
