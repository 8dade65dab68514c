"""Grader of `faithfulness`."""

import pytest

from interp.words import IOI_WORDS


def left(bench):
    """The first hook that is still on the model."""
    return next(iter(bench.open_hooks()), "nothing")


def spread(logits):
    """How far the last position's logits spread: a metric that is never near zero."""
    return logits[:, -1].std(dim=-1).mean()


def places(bench, circuit):
    """Heads as (layer, head), whatever the model's size; negative numbers count from the end."""
    return [(layer % bench.n_layers, head % bench.n_heads) for layer, head in circuit]


def measured(exercise, bench, tokens, templates, circuit, metric, reference, reference_templates):
    try:
        share = exercise.faithfulness(bench.model, tokens, templates, circuit, metric, reference, reference_templates)
    except ValueError:
        return {"faithfulness": f"ValueError for the templates {templates.tolist()} and {reference_templates.tolist()}"}
    return {"faithfulness": share, "hooks_left": left(bench)}


def on_random_tokens(exercise, bench, *, templates, reference_templates, pos, circuit, seed):
    import torch

    tokens = bench.integers(0, bench.d_vocab, (len(templates), pos), seed=seed)
    reference = bench.integers(0, bench.d_vocab, (len(reference_templates), pos), seed=seed + 1)
    numbers = (torch.tensor(each, device=bench.device) for each in (templates, reference_templates))
    own, theirs = numbers
    return measured(exercise, bench, tokens, own, places(bench, circuit), spread, reference, theirs)


def on_the_whole_model(exercise, bench, *, batch, pos, seed):
    import torch

    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    reference = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    templates = torch.arange(batch, device=bench.device) % 2
    everyone = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    return measured(exercise, bench, tokens, templates, everyone, spread, reference, templates)


def on_names(exercise, bench, *, templates, count, circuit, seed):
    """IOI prompts of several templates; the reference prompts have a third name in the place of the second subject."""
    import torch

    from interp.prompts import NAMES, ioi_prompts

    prompts = [p for template in templates for p in ioi_prompts(count, seed, template=template)]
    reference = []
    for number, prompt in enumerate(prompts):
        third = [name for name in NAMES if name not in (prompt.io, prompt.subject)][number]
        reference.append(f" {third}".join(prompt.clean.rsplit(" " + prompt.subject, 1)))
    together = bench.tokens([p.clean for p in prompts] + reference)
    numbers = torch.tensor([p.template for p in prompts], device=bench.device)
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows, ends = range(len(prompts)), [bench.tokens(p.clean).shape[1] - 1 for p in prompts]

    def logit_difference(logits):
        return (logits[rows, ends, right] - logits[rows, ends, wrong]).mean()

    task, others = together[: len(prompts)], together[len(prompts) :]
    return measured(exercise, bench, task, numbers, places(bench, circuit), logit_difference, others, numbers)


def with_a_negative_share(exercise, bench, *, batch, pos, seed, turned):
    """A metric that is positive on the whole model and negative without any head, or turned round."""
    import torch

    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    reference = bench.integers(0, bench.d_vocab, (batch + 1, pos), seed=seed + 1)
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(bench.n_layers)]
    means = {name: z.mean(0, keepdim=True) for name, z in bench.cache(reference, names).items()}
    hooks = [(name, lambda z, hook, name=name: means[name].expand_as(z).clone()) for name in names]
    with torch.no_grad():
        alone = spread(bench.model.run_with_hooks(tokens, fwd_hooks=hooks))
    whole = spread(bench.run(tokens))
    level = alone + 0.75 * (whole - alone)
    sign = 1 if (whole > alone) != turned else -1
    own, theirs = (torch.zeros(rows, dtype=torch.int64, device=bench.device) for rows in (batch, batch + 1))
    return exercise.faithfulness(
        bench.model, tokens, own, [], lambda logits: sign * (spread(logits) - level), reference, theirs
    )


def on_a_deep_model(exercise, bench, *, circuit, unit, seed):
    """Eleven layers, where a layer's number can have two digits, and a metric of all logits, large or small."""
    import torch

    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": 11, "n_heads": 2, "d_model": 8, "d_head": 4, "d_mlp": 6, "d_vocab": 13, "n_ctx": 4}
    model = small_model(bench, normal_weights(bench, 0.5), **sizes, act_fn="relu")
    tokens, reference = (bench.integers(0, 13, (rows, 3), seed=seed + rows) for rows in (2, 5))
    own, theirs = (torch.tensor(numbers, device=bench.device) for numbers in ([11, 2], [2, 11, 2, 2, 11]))
    circuit = tuple(map(tuple, circuit))

    def size(logits):
        return logits.square().mean() * unit

    return exercise.faithfulness(model, tokens, own, circuit, size, reference, theirs)


class MetricError(Exception):
    """What the metric raises in the scenario below."""


def with_a_metric_that_fails(exercise, bench, *, templates):
    """Whether hooks are left when the metric has failed, in its first call or in its second."""
    import torch

    own = torch.tensor(templates, device=bench.device)
    tokens = bench.integers(0, bench.d_vocab, (len(templates), 3), seed=0)
    found = {}
    for calls in (1, 2):
        rest = [None] * calls

        def metric(logits, rest=rest):
            rest.pop()
            if not rest:
                raise MetricError
            return spread(logits)

        try:
            exercise.faithfulness(bench.model, tokens, own, [(0, 0)], metric, tokens.flip(0), own)
        except MetricError:
            found[f"hooks_left_by_call_{calls}"] = left(bench)
            bench.model.reset_hooks()
    return found


def on_templates_without_reference(exercise, bench, *, cases):
    import torch

    outcomes = {}
    for templates, reference_templates in cases:
        own, theirs = (torch.tensor(each, device=bench.device) for each in (templates, reference_templates))
        tokens = bench.integers(0, bench.d_vocab, (len(templates), 4), seed=0)
        reference = bench.integers(0, bench.d_vocab, (len(reference_templates), 4), seed=1)
        case = f"templates {templates} and {reference_templates}"
        try:
            exercise.faithfulness(bench.model, tokens, own, [(0, 0)], spread, reference, theirs)
            outcomes[case] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[case] = type(error).__name__
    return outcomes


@pytest.mark.points(4)
def test_on_random_tokens(compare, seed):
    """Circuits of several sizes on random tokens; prompts and reference prompts of several templates, mixed."""
    for templates, reference_templates, pos, circuit in [
        ([4, 7, 4], [7, 4, 7, 7, 4], 5, [[0, 1], [-1, 0]]),
        ([0, 1, 2, 1], [2, 2, 1, 0, 0, 1, 0], 6, [[1, 2]]),
        ([3, 3], [3, 3, 3, 8], 4, [[0, 0], [0, 2], [1, 1], [-1, 1]]),
    ]:
        found = compare(
            on_random_tokens,
            templates=templates,
            reference_templates=reference_templates,
            pos=pos,
            circuit=circuit,
            seed=seed,
        )
        assert found["hooks_left"] == "nothing", "hooks are left on the model: the next run would be ablated too"


@pytest.mark.points(2)
def test_both_ends(compare, seed):
    """The whole model has faithfulness 1, the empty circuit what its ablated heads leave; any metric, any model."""
    whole = compare(on_the_whole_model, batch=4, pos=5, seed=seed)
    assert abs(whole["faithfulness"] - 1) < 1e-4, "a circuit of all heads is the model itself: its faithfulness is 1"
    compare(on_random_tokens, templates=[0, 1], reference_templates=[1, 0, 0], pos=5, circuit=[], seed=seed)
    for turned in (False, True):
        found = compare(with_a_negative_share, batch=2, pos=4, seed=seed, turned=turned)
        assert abs(found + 3) < 0.01, "the metric is -3 times that of the whole model, and so is the share"
    for circuit, unit in [([[10, 1], [2, 0]], 1.0), ([[4, 0], [9, 1]], 2**-40)]:
        compare(on_a_deep_model, circuit=circuit, unit=unit, seed=seed)
    compare(with_a_metric_that_fails, templates=[1, 0])


@pytest.mark.points(3)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_names(compare, seed):
    """Prompts with two names in templates of different length, with reference prompts of three names."""
    for templates, circuit in [([0, 1], [[1, 2], [-1, 0]]), ([5, 3], [[0, 0], [-1, 0], [1, 0]])]:
        compare(on_names, templates=templates, count=3, circuit=circuit, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A prompt whose template has no reference prompt raises a ValueError; a reference prompt too many does not."""
    compare(on_random_tokens, templates=[2], reference_templates=[1, 2, 3], pos=4, circuit=[[0, 0]], seed=0)
    # Several of each kind: no prompt has one, the first has one, the first has none.
    none = [([number], [1, 3]) for number in (0, 2, 4, 5, 6, 7)]
    first = [([0, number], [0, 0]) for number in (1, 2, 3, 4, 5, 6)]
    later = [([number, 0], [0, 0]) for number in (1, 2, 3, 4, 5, 6)]
    compare(on_templates_without_reference, cases=[*none, *first, *later])
